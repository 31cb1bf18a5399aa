"""Events say from which address and in which request they were written; what people were refused is counted.

SQLite adds a column by making the table anew, and its triggers go with the old one: they are set again, also those of the
seals, which lost theirs when signing began.
"""

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

APPEND_ONLY = ("directives_event", "directives_submission", "directives_verdict", "directives_seal")


def words(length: int, name: str) -> models.CharField:
    return models.CharField(
        blank=True, db_default="", default="", max_length=length, verbose_name=name
    )


def guard_again(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor != "sqlite":
        return
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            editor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


class Migration(migrations.Migration):
    dependencies = [("directives", "0025_duties")]

    operations = [
        migrations.AddField("event", "address", words(45, "from address")),
        migrations.AddField("event", "request", words(40, "request")),
        migrations.CreateModel(
            "RefusalCount",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("count", models.PositiveIntegerField(default=0)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.RunPython(guard_again, migrations.RunPython.noop),
    ]
