"""Triggers that refuse to change or delete what is append-only, on both engines."""

from django.db import migrations

TABLES = ("directives_event", "directives_submission", "directives_verdict", "directives_seal")


def guard(apps, schema_editor):
    for table in TABLES:
        for verb in ("UPDATE", "DELETE"):
            if schema_editor.connection.vendor == "sqlite":
                schema_editor.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
            else:
                schema_editor.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION directives_refuse()"
                )
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION directives_refuse()"
            )


def prepare(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE OR REPLACE FUNCTION directives_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$",
            params=None,  # with parameters, even none, psycopg would read the % as a placeholder
        )


def release(apps, schema_editor):
    for table in TABLES:
        for verb in ("update", "delete", "truncate"):
            on = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}{on}")


class Migration(migrations.Migration):
    dependencies = [("directives", "0002_calendar")]
    operations = [
        migrations.RunPython(prepare, migrations.RunPython.noop),
        migrations.RunPython(guard, release),
    ]
