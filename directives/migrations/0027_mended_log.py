"""The work log can be corrected and withdrawn; which report used which entry; verdicts keep the reviewer's name.

SQLite may add a column by making the table anew, and its triggers go with the old one: they are set again.
"""

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

APPEND_ONLY = ("directives_event", "directives_submission", "directives_verdict", "directives_seal")


def guard_again(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor != "sqlite":
        return
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            editor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def key(to: str, related: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related,
        to=to,
    )


class Migration(migrations.Migration):
    dependencies = [("directives", "0026_where_from")]

    operations = [
        migrations.AddField("logentry", "corrects", key("directives.logentry", "corrections")),
        migrations.AddField(
            "logentry", "withdrawn_at", models.DateTimeField(null=True, verbose_name="withdrawn at")
        ),
        migrations.AddField("logentry", "withdrawn_by", key(settings.AUTH_USER_MODEL, "+")),
        migrations.AddField(
            "verdict",
            "by_name",
            models.CharField(blank=True, db_default="", default="", max_length=150),
        ),
        migrations.CreateModel(
            "LogUse",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="log_uses",
                        to="directives.reportentry",
                    ),
                ),
                (
                    "log_entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uses",
                        to="directives.logentry",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            "loguse",
            models.UniqueConstraint(fields=["entry", "log_entry"], name="log_used_once_per_entry"),
        ),
        migrations.RunPython(guard_again, migrations.RunPython.noop),
    ]
