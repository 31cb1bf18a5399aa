"""What signing in knows of a person, its open sessions, failed attempts and earlier passwords.

The demo accounts of an installation with fictional documents are marked as made up.
"""

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q

DEMO = ("staff", "manager", "supervisor", "viewer", "admin", "province", "city", "county", "leaf")


def mark(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    if apps.get_model("directives", "Document").objects.filter(fictional=True).exists():
        made_up = (
            Q(username__in=DEMO)
            | Q(username__startswith="filler-")
            | Q(username__startswith="reviewer-")
        )
        apps.get_model("directives", "User").objects.filter(made_up).update(made_up=True)


class Migration(migrations.Migration):
    dependencies = [
        ("directives", "0023_document_owner"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            "user",
            "made_up",
            models.BooleanField(default=False, db_default=False, editable=False),
        ),
        migrations.AddField(
            "user",
            "password_given",
            models.BooleanField(
                default=False, db_default=False, editable=False, verbose_name="password was given"
            ),
        ),
        migrations.AddField(
            "user", "password_set_at", models.DateTimeField(editable=False, null=True)
        ),
        migrations.AddField(
            "user",
            "sign_ins_without_factor",
            models.PositiveSmallIntegerField(default=0, db_default=0, editable=False),
        ),
        migrations.CreateModel(
            "FormerPassword",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128)),
                ("at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former_passwords",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            "OpenSession",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=40, unique=True)),
                ("began_at", models.DateTimeField()),
                ("address", models.CharField(blank=True, max_length=64)),
                ("agent", models.CharField(blank=True, max_length=200)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="open_sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            "SignInAttempt",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account", models.CharField(max_length=64)),
                ("address", models.CharField(max_length=64)),
                ("browser", models.CharField(blank=True, max_length=40)),
                ("at", models.DateTimeField()),
                ("succeeded", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "at"], name="attempt_of_account"),
                    models.Index(fields=["address", "at"], name="attempt_from_address"),
                ],
            },
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
