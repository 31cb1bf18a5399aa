"""The schema is changed while people work.

What a migration may do to a big table, and what it does when one is busy.
"""

import importlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.core.management.commands import migrate as migrate_command
from django.db import NotSupportedError, connection, migrations, models, transaction
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED
from django.test.utils import CaptureQueriesContext

from directives.base.online import (
    AddConstraintOnline,
    AddFieldAgain,
    AddIndexOnline,
    RemoveIndexOnline,
    lock_timeout,
)
from directives.models import JobRun
from tests.spare import PATIENCE, side_by_side

FOLDER = Path(apps.get_app_config("directives").path) / "migrations"
FIRST = (
    10  # the migrations before were made for an empty database, or need the tracker to stand still
)
BIG = {
    "obligation",
    "itemstate",
    "plan",
    "measure",
    "logentry",
    "attachment",
    "progressreport",
    "reportentry",
    "submission",
    "verdict",
    "event",
    "unsealed",
    "notice",
    "formkey",
    "tally",
    "total",
    "mark",
    "owing",
    "tallyday",
    "organisation",
    "membership",
}
GAVE_UP = (
    "A table, or another migrate, was busy for longer than 0.3 s, "
    "so this gave up before anybody had to wait."
    " What is done is done; run it again, at a quieter time if need be."
)
INDEX = models.Index(fields=["text"], name="log_by_text_once")
CHECK = models.CheckConstraint(condition=~models.Q(text="", version=0), name="log_is_checked_once")


def faults(operation: Operation, *, atomic: bool) -> Iterator[str]:
    """Why an operation would make people wait, or break nodes that run the code before it."""
    table = getattr(operation, "model_name", getattr(operation, "name", "")).lower()
    online = isinstance(operation, AddConstraintOnline | AddIndexOnline | RemoveIndexOnline)
    if online and atomic:
        yield f"{table}: what is added online needs atomic = False"
    if (
        isinstance(operation, migrations.AddIndex | migrations.RemoveIndex)
        and not online
        and table in BIG
    ):
        yield f"{table}: use AddIndexOnline and RemoveIndexOnline"
    if isinstance(operation, migrations.AddConstraint) and not online and table in BIG:
        yield f"{table}: a constraint reads the whole table under a lock; use AddConstraintOnline"
    if isinstance(operation, migrations.AddField | migrations.AlterField):
        field = operation.field
        if (
            table in BIG
            and (field.db_index or field.unique)
            and isinstance(operation, migrations.AddField)
        ):
            yield (
                f"{table}.{operation.name}: db_index=False, "
                "db_constraint=False first, the index online"
            )
        if (
            isinstance(operation, migrations.AddField)
            and not field.null
            and not field.many_to_many
            and field.db_default is NOT_PROVIDED
        ):
            yield (
                f"{table}.{operation.name}: null=True or db_default, "
                "for the code before it inserts rows without it"
            )
    for inner in getattr(operation, "database_operations", ()):
        yield from faults(inner, atomic=atomic)


def modules() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("[0-9]*.py") if int(path.stem[:4]) >= FIRST)


@pytest.mark.parametrize("name", modules())
def test_a_migration_keeps_nobody_waiting(name):
    migration = importlib.import_module(f"directives.migrations.{name}").Migration
    made = {
        operation.name.lower()
        for operation in migration.operations
        if isinstance(operation, migrations.CreateModel)
    }
    found = [
        fault
        for operation in migration.operations
        for fault in faults(operation, atomic=migration.atomic)
    ]
    assert [fault for fault in found if fault.split(":")[0].split(".")[0] not in made] == []


@pytest.mark.parametrize(
    ("operation", "atomic", "said"),
    [
        (migrations.AddIndex("Obligation", INDEX), True, "use AddIndexOnline"),
        (AddIndexOnline("Obligation", INDEX), True, "needs atomic = False"),
        (
            migrations.AddField("event", "x", models.IntegerField(default=0)),
            True,
            "null=True or db_default",
        ),
        (
            migrations.AddField("event", "x", models.IntegerField(null=True, db_index=True)),
            True,
            "the index online",
        ),
        (
            migrations.AddConstraint("event", models.UniqueConstraint(fields=["at"], name="x")),
            True,
            "under a lock",
        ),
    ],
)
def test_what_keeps_people_waiting_is_seen(operation, atomic, said):
    assert [said in fault for fault in faults(operation, atomic=atomic)] == [True]


@pytest.mark.parametrize(
    "operation",
    [
        AddIndexOnline("Obligation", INDEX),
        AddConstraintOnline("event", CHECK),
        migrations.AddIndex("jobrun", INDEX),
        migrations.AddField("event", "x", models.IntegerField(null=True)),
    ],
)
def test_what_keeps_nobody_waiting_is_allowed(operation):
    assert list(faults(operation, atomic=False)) == []


# An index, online


def state() -> ProjectState:
    return ProjectState.from_apps(apps)


def carry_out(
    operation: Operation, before: ProjectState, *, backwards: bool = False
) -> ProjectState:
    after = before.clone()
    operation.state_forwards("directives", after)
    with connection.schema_editor(atomic=False) as editor:
        if backwards:
            operation.database_backwards("directives", editor, after, before)
        else:
            operation.database_forwards("directives", editor, before, after)
    return after


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, "directives_logentry"))


def test_an_index_is_added_and_removed_on_either_engine(transactional_db):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        after = carry_out(AddIndexOnline("logentry", INDEX), state())
    assert INDEX.name in indexes()
    assert any("CONCURRENTLY" in query["sql"] for query in asked) == (
        connection.vendor == "postgresql"
    )
    carry_out(RemoveIndexOnline("logentry", INDEX.name), after)
    assert INDEX.name not in indexes()
    carry_out(AddIndexOnline("logentry", INDEX), state())
    carry_out(AddIndexOnline("logentry", INDEX), state(), backwards=True)
    assert INDEX.name not in indexes()


def test_a_column_that_a_broken_off_attempt_has_added_is_left_as_it_is(transactional_db):
    column, table = models.IntegerField(null=True), "directives_logentry"
    after = carry_out(AddFieldAgain("logentry", "once", column), state())
    carry_out(AddFieldAgain("logentry", "once", column), state())
    with connection.cursor() as cursor:
        assert [
            one.name for one in connection.introspection.get_table_description(cursor, table)
        ].count("once") == 1
    before = state()
    with connection.schema_editor(atomic=False) as editor:
        AddFieldAgain("logentry", "once", column).database_backwards(
            "directives", editor, after, before
        )
    with connection.cursor() as cursor:
        assert "once" not in {
            one.name for one in connection.introspection.get_table_description(cursor, table)
        }


only_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer, and no lock timeout"
)


@only_postgresql
def test_what_a_broken_attempt_left_is_taken_away(transactional_db):
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE INDEX {INDEX.name} ON directives_logentry (id)")
        cursor.execute(
            f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{INDEX.name}'::regclass"
        )
    carry_out(AddIndexOnline("logentry", INDEX), state())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid, pg_get_indexdef(indexrelid) "
            f"FROM pg_index WHERE indexrelid = '{INDEX.name}'::regclass"
        )
        valid, definition = cursor.fetchone()
    assert (valid, definition.endswith("(text)")) == (True, True)
    carry_out(AddIndexOnline("logentry", INDEX), state(), backwards=True)


@only_postgresql
def test_an_online_index_refuses_a_transaction(db):
    with (
        pytest.raises(NotSupportedError, match="atomic = False"),
        connection.schema_editor(atomic=True) as editor,
    ):
        AddIndexOnline("logentry", INDEX).database_forwards("directives", editor, state(), state())


# A busy table


@only_postgresql
def test_a_lock_timeout_is_given_back(db):
    with connection.cursor() as cursor:
        with lock_timeout(connection, 1.5):
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("1500ms",)
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


@only_postgresql
def test_a_migration_gives_up_on_a_busy_table_and_can_be_run_again(transactional_db, monkeypatch):
    """One reads on in a long transaction; the other would change the table.

    Everybody after would queue behind it.
    """
    reading, tried = threading.Event(), threading.Event()

    def change(self, *arguments, **options):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE directives_jobrun ADD COLUMN spare integer")

    def read():
        with transaction.atomic():
            JobRun.objects.count()
            reading.set()
            return tried.wait(PATIENCE)

    def migrate():
        reading.wait(PATIENCE)
        try:
            call_command("migrate", verbosity=0, lock_timeout=0.3)
        except CommandError as error:
            return str(error)
        finally:
            tried.set()

    monkeypatch.setattr(migrate_command.Command, "handle", change)
    assert side_by_side(lambda index: (read, migrate)[index](), 2) == [True, GAVE_UP]
    call_command(
        "migrate", verbosity=0, lock_timeout=PATIENCE
    )  # the server's own housekeeping may hold the table for a moment
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE directives_jobrun DROP COLUMN spare")
        # The server is shared: other databases of it lock what they like.
        here = "(SELECT oid FROM pg_database WHERE datname = current_database())"
        cursor.execute(
            f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = {here}"
        )
        assert cursor.fetchone() == (0,)


@only_postgresql
def test_behind_pgbouncer_nothing_is_migrated_or_dumped(db, settings, tmp_path):
    settings.DB_PGBOUNCER = True
    with pytest.raises(CommandError, match="PostgreSQL itself, not PgBouncer"):
        call_command("migrate", verbosity=0)
    with pytest.raises(CommandError, match="PostgreSQL itself, not PgBouncer"):
        call_command("backup", str(tmp_path / "x"))
