import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directives", "0042_delegation_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="obligation",
            name="extensions_granted",
            field=models.SmallIntegerField(
                db_default=0, default=0, editable=False, verbose_name="extensions"
            ),
        ),
        migrations.CreateModel(
            name="Extension",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("old_due_on", models.DateField(verbose_name="due date when requested")),
                ("asked_due_on", models.DateField(verbose_name="due date requested")),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                ("asked_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("granted", "Granted"),
                            ("refused", "Refused"),
                        ],
                        default="requested",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "granted_due_on",
                    models.DateField(blank=True, null=True, verbose_name="due date granted"),
                ),
                (
                    "decision_reason",
                    models.CharField(
                        blank=True, max_length=500, verbose_name="reason of the decision"
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "obligation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="extensions",
                        to="directives.obligation",
                    ),
                ),
            ],
            options={
                "verbose_name": "extension request",
                "verbose_name_plural": "extension requests",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "requested")),
                        fields=["asked_at"],
                        name="extension_waits",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "requested")),
                        fields=("obligation",),
                        name="one_open_extension",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("asked_due_on__gt", models.F("old_due_on"))),
                        name="extension_asks_for_a_later_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "requested"), ("decided_at__isnull", False), _connector="OR"
                        ),
                        name="decided_extension_has_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "granted"), _negated=True),
                            ("granted_due_on__isnull", False),
                            _connector="OR",
                        ),
                        name="granted_extension_has_its_day",
                    ),
                ],
            },
        ),
    ]
