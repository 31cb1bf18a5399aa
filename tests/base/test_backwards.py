"""Going back to an earlier schema: refused where rows or values would be lost, each of them named,
before anything is changed.
"""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.db.migrations import Migration, operations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import StateApps

from directives.base.migration_losses import losses
from directives.models import JobRun
from tests.factories import NOW, TODAY, make_body, make_document, make_indicator
from tests.migrated import migrated_database
from tests.node import environment, python

OWN = sorted(
    name
    for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    if app == "directives"
)
OTHERS = ("auth", "contenttypes", "sessions", "account", "mfa", "admin", "django_tasks_database")
_numbers = count(1)
VALUES = {
    models.BooleanField: lambda: True,
    models.DateTimeField: lambda: (
        datetime(2026, 10, 13, tzinfo=UTC) + timedelta(seconds=next(_numbers))
    ),
    models.DateField: lambda: date(2026, 10, 13) + timedelta(days=next(_numbers)),
    models.DecimalField: lambda: Decimal(next(_numbers)),
    models.JSONField: lambda: {"a": next(_numbers)},
    models.UUIDField: uuid4,
    models.BinaryField: lambda: b"x",
    models.IntegerField: lambda: 2 + next(_numbers) % 90,
    models.CharField: lambda: f"x{next(_numbers)}",
    models.TextField: lambda: f"x{next(_numbers)}",
    models.FileField: lambda: f"x/{next(_numbers)}",
}
# What a constraint asks of a row, where any value will not do.
LEGAL: dict[str, dict[str, Any]] = {
    "Directive": {"kind": "statement", "modality": ""},  # as every heading and dropped row
    "Repair": {"state": "confirmed"},
    "IntakeRow": {"choice": "mine"},
    "Submission": {"plan_id": None},
    "Indicator": {"places": 2},
    "Attachment": {
        "plan_id": None,
        "log_entry_id": None,
        "reply_request_id": None,
        "look_back_id": None,
    },
    "CloseOutEvidence": {"file_id": None},
}


def value_of(field: models.Field) -> Any:
    """A value that says something: neither empty nor what the field says by itself."""
    if field.choices:
        return next(
            choice for choice, _word in field.flatchoices if choice not in ("", field.default)
        )
    value = next(make for kind, make in VALUES.items() if isinstance(field, kind))()
    return value[-field.max_length :] if isinstance(value, str) and field.max_length else value


def row_of(model: type[models.Model]) -> models.Model:
    """The first row of a table; one is made where there is none."""
    known = model._base_manager.first()
    if known is not None:
        return known
    given = {}
    for field in model._meta.local_concrete_fields:
        if field.attname in LEGAL.get(model.__name__, {}) or field.auto_created:
            continue
        if field.is_relation:
            given[field.attname] = (
                row_of(field.related_model).pk if field.related_model is not model else None
            )
        else:
            given[field.name] = value_of(field)
    row = model(**given, **LEGAL.get(model.__name__, {}))
    models.Model.save_base(row, force_insert=True)
    return row


@pytest.fixture
def full(db) -> None:
    """A row in every table, that says something in every column."""
    JobRun.objects.all().delete()  # what the worker notes of a new installation says little
    for model in apps.get_models(include_auto_created=True):
        if model._meta.can_migrate(connection):
            row_of(model)


def backwards_to(
    app: str, name: str | None
) -> tuple[list[tuple[Migration, bool]], MigrationExecutor]:
    executor = MigrationExecutor(connection)
    return executor.migration_plan([(app, name)]), executor


def asked(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def columns_of(state: StateApps) -> dict[str, set[str]]:
    """Each table of a state of the schema, with its columns."""
    known = state.get_models(include_auto_created=True)
    return {
        m._meta.db_table: {f.column for f in m._meta.local_concrete_fields}
        for m in known
        if m._meta.can_migrate(connection)
    }


@cache
def present_state() -> StateApps:
    """The schema after all migrations; made once, since rendering it takes a second."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return loader.project_state(loader.graph.leaf_nodes()).apps


@pytest.mark.parametrize("name", OWN)
def test_each_step_back_names_every_table_and_column_that_would_go(full, name):
    """Held against the difference of the two states of the schema, whatever the operations are
    called.
    """
    before = dict(zip(OWN, [None, *OWN], strict=False))[name]
    plan, executor = backwards_to("directives", before)
    undone = [(migration.app_label, migration.name) for migration, _backwards in plan]
    assert ("directives", name) in undone
    now = columns_of(present_state())
    kept = [node for node in executor.loader.graph.nodes if node not in undone]
    then = columns_of(executor.loader.project_state(kept).apps)
    wanted = {
        f"{asked(f'SELECT count(*) FROM {table}')} rows of {table}"
        for table in now.keys() - then.keys()
    }
    for table in now.keys() & then.keys():
        for column in now[table] - then[table]:
            quoted = connection.ops.quote_name(column)
            said = asked(
                f"SELECT count(*) FROM {table} "
                f"WHERE {quoted} IS NOT NULL AND CAST({quoted} AS text) <> ''"
            )
            wanted |= {f"{said} values of {table}.{column}"} if said else set()
    found = {loss.what for loss in losses(plan, present_state(), connection)}
    assert {what for what in found if re.match(r"\d+ (rows|values) of", what)} == wanted
    assert all(not what.startswith("0 ") for what in found)


@pytest.mark.parametrize("app", OTHERS)
def test_the_tables_of_others_are_looked_at_too(full, app):
    plan, _executor = backwards_to(app, None)
    found = {loss.what.split(" rows of ")[-1] for loss in losses(plan, present_state(), connection)}
    own = {
        model._meta.db_table
        for model in apps.get_app_config(app).get_models()
        if model._meta.can_migrate(connection)
    }
    assert own - found == set()
    assert own or app in ("admin", "auth")


@pytest.mark.parametrize(
    ("operation", "lost"),
    [
        (operations.RunPython(lambda apps, editor: None), ["it cannot be undone"]),
        (operations.RunPython(lambda apps, editor: None, operations.RunPython.noop), []),
        (operations.RunPython(lambda apps, editor: None, row_of), ["whatever row_of deletes"]),
        (operations.RunSQL("SELECT 1"), ["it cannot be undone"]),
        (operations.RunSQL("SELECT 1", "DELETE FROM x"), ["whatever its SQL deletes"]),
        (operations.RunSQL("SELECT 1", operations.RunSQL.noop), []),
        (operations.RenameModel("JobRun", "Other"), ["whatever RenameModel deletes"]),
        (
            operations.AddField("JobRun", "held_by", models.CharField(max_length=40)),
            ["1 values of directives_jobrun.held_by"],
        ),
        (operations.AddField("JobRun", "long_gone", models.CharField(max_length=40)), []),
        (operations.CreateModel("LongGone", []), []),
        (
            operations.SeparateDatabaseAndState([operations.CreateModel("JobRun", [])]),
            ["1 rows of directives_jobrun"],
        ),
        (
            operations.SeparateDatabaseAndState(
                state_operations=[operations.CreateModel("JobRun", [])]
            ),
            [],
        ),
    ],
)
def test_each_sort_of_operation(db, operation, lost):
    JobRun.objects.all().delete()  # what the worker notes of a new installation says little
    row_of(JobRun)
    migration = Migration("0099_x", "directives")
    migration.operations = [operation]
    assert [loss.what for loss in losses([(migration, True)], apps, connection)] == lost
    assert losses([(migration, False)], apps, connection) == []


def test_what_says_nothing_is_no_loss(db):
    """A column that holds what it says by itself, or nothing, goes without a word."""
    JobRun.objects.create(name="tick", last_ran_at=NOW, last_day=TODAY)
    plan, _executor = backwards_to("directives", "0005_counts")
    assert [
        loss.what for loss in losses(plan, present_state(), connection) if "held_by" in loss.what
    ] == []


def test_the_command_refuses_before_anything_is_changed(transactional_db):
    """Through the command itself, on tables with rows."""
    indicator = make_indicator(make_document(), make_body("C0"))
    tables = connection.introspection.table_names()
    with pytest.raises(CommandError) as refused:
        call_command("migrate", "directives", "0015", verbosity=0)
    told = str(refused.value)
    assert "directives.0016_sheets_and_statistics: 1 rows of directives_indicator" in told
    assert "Nothing was changed" in told and "--lose-data" in told
    assert connection.introspection.table_names() == tables
    assert apps.get_model("directives", "Indicator").objects.get() == indicator
    call_command("migrate", "directives", verbosity=0)  # forwards asks nothing


DOWN = """
import django, sys
django.setup()
from django.core.management import CommandError, call_command
for name in sys.argv[1:]:
    try:
        call_command("migrate", "directives", name, verbosity=0)
    except CommandError as refused:
        print(name, str(refused).splitlines()[0])
        call_command("migrate", "directives", name, verbosity=0, lose_data=True)
"""


@pytest.mark.torture
def test_down_to_nothing_and_up_again(tmp_path, transactional_db):
    """Every migration of the product, one after the other, on a copy: refused, then carried out
    when told to, and the way up again.
    """
    with migrated_database(tmp_path) as url:
        told = environment(tmp_path, url) | {"DJANGO_SETTINGS_MODULE": "qunzhu_tracker.settings"}
        python(told, "-m", "tests.node_world")
        said = python(told, "-c", DOWN, *reversed(OWN[:-1]), "zero").stdout.splitlines()
        assert (
            "0015_what_waits_by_state Going back would lose:" in said
            and "zero Going back would lose:" in said
        )
        python(told, "manage.py", "migrate", "-v0")
        assert python(told, "manage.py", "migrate", "--check", check=False).returncode == 0
