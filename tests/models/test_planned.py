"""Statements whose plans PostgreSQL keeps: through the product, they say what they always said."""

from datetime import datetime

import pytest
from django.db import connection

from directives import accounts
from directives.core import audit
from directives.models import Event, ReportEntry
from directives.models.sql import PreparedCursor, prepared_cursor
from directives.reports import commands as reporting
from qunzhu_tracker.databases import databases
from qunzhu_tracker.environment import Environment
from tests.factories import NOW, make_cycle, make_obligation, make_report

only_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite plans in no time"
)


def kept() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT btrim(statement) FROM pg_prepared_statements")
        return {text.split()[0] + " " + text.split()[1] for (text,) in cursor.fetchall()}


@pytest.fixture
def entry(cast):
    row = make_obligation(organisation=cast.body)
    found = make_report(cast.body, make_cycle(row.document), row).entries.get()
    ReportEntry.objects.filter(pk=found.pk).update(
        progress="办了一半", percent=50, saved_at=NOW, saved_by=cast.staff
    )
    return ReportEntry.objects.get(pk=found.pk)


def test_an_entry_on_the_desk_is_as_the_orm_reads_it(cast, entry):
    found = [
        reporting.entry_to_save(entry.pk, by=accounts.person(cast.staff.pk)).entry
        for _turn in range(7)
    ]
    stored = ReportEntry.objects.get(pk=entry.pk)
    names = [field.attname for field in ReportEntry._meta.concrete_fields]
    assert {tuple(getattr(one, name) for name in names) for one in found} == {
        tuple(getattr(stored, name) for name in names)
    }
    assert isinstance(found[0].saved_at, datetime) and found[0].saved_at.tzinfo is not None


@only_postgresql
def test_plans_are_kept_and_used_again(cast, entry):
    for _turn in range(7):
        reporting.entry_to_save(entry.pk, by=accounts.person(cast.staff.pk))
    assert {"SELECT entry.id,", "SELECT directives_user.id,"} <= kept()


@only_postgresql
def test_a_column_added_meanwhile_changes_nothing(cast, entry):
    before = accounts.person(cast.staff.pk).held_memberships
    reporting.entry_to_save(entry.pk, by=cast.staff)
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE"
        )  # nothing of this transaction waits for its end
        for table in (
            "directives_reportentry",
            "directives_user",
            "directives_membership",
            "directives_event",
        ):
            cursor.execute(f"ALTER TABLE {table} ADD COLUMN spare integer")
    assert accounts.person(cast.staff.pk).held_memberships == before
    assert reporting.entry_to_save(entry.pk, by=cast.staff).entry.pk == entry.pk
    audit.record("save", entry, by=cast.staff, now=NOW)
    assert Event.objects.get().subject_id == entry.pk


@only_postgresql
def test_where_queries_are_listed_they_say_their_values(db, django_assert_num_queries):
    def plain():
        with prepared_cursor(connection) as cursor:
            return not isinstance(cursor.cursor, PreparedCursor)

    assert not plain()
    with django_assert_num_queries(0):
        assert plain()


@pytest.mark.parametrize(("pooler", "threshold"), [("true", None), ("false", 5)])
def test_behind_pgbouncer_no_plan_is_kept(pooler, threshold, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgres://a@127.0.0.1/b")
    monkeypatch.setenv("DB_PGBOUNCER", pooler)
    assert (
        databases(Environment(), var=tmp_path, web=True)["default"]["OPTIONS"]["prepare_threshold"]
        == threshold
    )
