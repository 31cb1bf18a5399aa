"""Three duties of the installation as columns of the account, and rights that wait for a second person.

Whoever administered by the group that the sample makes holds both administrative duties from now on, and the group no longer
has members: a duty that is taken away would go on in it. Going back loses who holds which duty, as `migrate` says first; a
superuser then puts administrators into the group again.
"""

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q

GROUP = "Administrators"
FIELDS = {
    "is_system_administrator": "System administrator",
    "is_security_administrator": "Security administrator",
    "is_auditor": "Auditor",
}
RIGHTS = [
    ("supervisor", "Supervisor"),
    ("system_administrator", "System administrator"),
    ("security_administrator", "Security administrator"),
    ("auditor", "Auditor"),
]


def hand_over(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    people = apps.get_model("directives", "User").objects
    group = apps.get_model("auth", "Group").objects.filter(name=GROUP).first()
    if group is None:
        return
    people.filter(groups=group, is_staff=True).update(
        is_system_administrator=True, is_security_administrator=True
    )
    group.user_set.clear()


class Migration(migrations.Migration):
    dependencies = [
        ("directives", "0024_sign_in"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        *(
            migrations.AddField(
                "user",
                name,
                models.BooleanField(default=False, db_default=False, verbose_name=label),
            )
            for name, label in FIELDS.items()
        ),
        migrations.CreateModel(
            "PendingRight",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("right", models.CharField(choices=RIGHTS, max_length=30, verbose_name="right")),
                ("asked_at", models.DateTimeField(verbose_name="asked at")),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked by",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directives.organisation",
                        verbose_name="body",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pending_rights",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "right that waits for confirmation",
                "verbose_name_plural": "rights that wait for confirmation",
                "ordering": ["asked_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["person", "right", "organisation"], name="one_pending_role"
                    ),
                    models.UniqueConstraint(
                        condition=Q(organisation=None),
                        fields=["person", "right"],
                        name="one_pending_duty",
                    ),
                    models.CheckConstraint(
                        condition=Q(right="supervisor", organisation__isnull=False)
                        | (~Q(right="supervisor") & Q(organisation=None)),
                        name="pending_role_in_a_body",
                    ),
                ],
            },
        ),
        migrations.RunPython(hand_over, migrations.RunPython.noop),
    ]
