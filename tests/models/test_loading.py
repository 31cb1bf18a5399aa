"""Many rows written the short way are the rows that the ORM would have written."""

from datetime import timedelta

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from directives.models import Intake, IntakeRow, sql
from directives.models.sql import insert, update_each
from tests.factories import NOW

TEXTS = ("一行\n两行", "tab\there", "back\\slash \\N \\.", "'quoted' \"twice\"", "", "％ %s {}")


@pytest.fixture(autouse=True)
def no_rows_are_few(monkeypatch):
    monkeypatch.setattr(sql, "FEW", 0)


@pytest.fixture
def intake(cast):
    return Intake.objects.create(
        kind="bodies",
        by=cast.admin,
        at=NOW,
        file="x",
        name="x",
        size=1,
        sha256="0",
        language="zh-hans",
        place={"document": 1},
    )


def rows_of(intake, first):
    """Rows with every sort of value, numbered from here."""
    return [
        IntakeRow(
            intake=intake,
            number=number,
            sheet="表",
            line=number,
            verdict="new",
            label=text,
            seen=None if number % 2 else number,
            after={"text": text, "none": None, "list": [1, 2.5, True]},
            faults=[] if number % 2 else [{"field": text}],
        )
        for number, text in enumerate(TEXTS, first)
    ]


def told(intake, first):
    rows = IntakeRow.objects.filter(
        intake=intake, number__gte=first, number__lt=first + len(TEXTS)
    ).order_by("number")
    return [
        {**row, "number": row["number"] - first, "id": 0, "line": 0, "seen": bool(row["seen"])}
        for row in rows.values()
    ]


def test_rows_are_the_same_as_through_the_orm(intake):
    short, long = rows_of(intake, 10), rows_of(intake, 20)
    insert(IntakeRow, short)
    IntakeRow.objects.bulk_create(long)
    assert told(intake, 10) == told(intake, 20)
    assert [row.pk for row in short] == list(
        IntakeRow.objects.filter(number__lt=20).order_by("number").values_list("pk", flat=True)
    )
    assert all(row._state.adding is False for row in short)


def test_ids_go_on_from_one_way_to_the_other(intake):
    insert(IntakeRow, rows_of(intake, 10))
    IntakeRow.objects.all().delete()
    later = IntakeRow.objects.create(intake=intake, number=1, line=1, verdict="new")
    more = rows_of(intake, 30)
    insert(IntakeRow, more)
    last = IntakeRow.objects.create(intake=intake, number=2, line=1, verdict="new")
    assert later.pk < more[0].pk < more[-1].pk < last.pk


def test_days_and_instants(cast):
    made = [
        Intake(
            kind="log",
            by=cast.admin,
            at=NOW + timedelta(days=day),
            file="x",
            name="x",
            size=day,
            sha256="0",
        )
        for day in range(3)
    ]
    insert(Intake, made)
    assert list(Intake.objects.order_by("size").values_list("at", flat=True)) == [
        row.at for row in made
    ]


def test_a_refused_row_is_told_as_the_orm_tells_it(intake):
    rows = rows_of(intake, 10)
    rows[1].number = rows[0].number
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(IntakeRow, rows)
    assert not IntakeRow.objects.exists()


def test_nothing_to_load(db):
    insert(IntakeRow, [])
    assert not IntakeRow.objects.exists()


def test_each_row_is_overwritten_with_its_own(intake):
    insert(IntakeRow, rows_of(intake, 10))
    rows = list(IntakeRow.objects.order_by("number"))
    for row, text in zip(rows, reversed(TEXTS), strict=True):
        row.label, row.seen, row.after, row.faults = (
            text,
            None if row.seen else row.number,
            {"other": [text, None]},
            [text],
        )
    update_each(IntakeRow, rows, ["label", "seen", "after", "faults"])
    assert list(IntakeRow.objects.order_by("number").values()) == [
        {field.attname: getattr(row, field.attname) for field in IntakeRow._meta.concrete_fields}
        for row in rows
    ]


def test_what_is_too_long_is_refused_and_not_cut(intake):
    insert(IntakeRow, rows_of(intake, 10))
    row = IntakeRow.objects.first()
    row.label = "长" * 201
    if connection.vendor == "postgresql":
        with pytest.raises(DataError), transaction.atomic():
            update_each(IntakeRow, [row], ["label"])
    assert IntakeRow.objects.get(pk=row.pk).label == TEXTS[0]
