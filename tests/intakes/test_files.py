"""Every file of tests/tables that means something, brought in as a person would.

What is kept of it is what the file's name says.
"""

import pytest

from directives.intakes import starting
from directives.intakes.checking import headings_of
from directives.intakes.steps import context_of, kind_of
from directives.models import IntakeRow
from directives.models.intakes import CHECKED, UPLOADED
from directives.tables.matching import FieldNames, heading_faults
from tests.factories import NOW
from tests.intakes.test_dry_run import asking_of as register_for
from tests.intakes.test_dry_run import small  # noqa: F401 - a fixture
from tests.tables.make import ACCEPT, REFUSE
from tests.tables.odd import BAD, GOOD


@pytest.fixture
def imported(db, request, bring, django_capture_on_commit_callbacks):
    """Bring a file in; the columns found are confirmed as they are, where that is asked."""

    def come(file, folder):
        context = register_for(file, request)
        keeper = context.by
        if file.kind == "bodies":
            keeper.is_staff = keeper.is_superuser = True
            keeper.save()
        intake = bring(
            keeper,
            (folder / file.name).read_bytes(),
            name=file.name,
            kind=file.kind,
            **context.place,
        )
        if (
            intake.state == UPLOADED
            and not getattr(file, "asks", False)
            and not of_headings(intake)
        ):
            chosen = {column.letter: column.field for column in headings_of(intake)[0].columns}
            with django_capture_on_commit_callbacks(execute=True):
                starting.match(intake, chosen, language="zh-hans", by=keeper, now=NOW)
            intake.refresh_from_db()
        return intake

    return come


def of_headings(intake):
    """The fields whose columns are missing or stand twice."""
    fields = kind_of(intake).fields(context_of(intake, NOW))
    return {
        (0, fault.field) for fault in heading_faults(headings_of(intake)[0], FieldNames(fields))
    }


def of_rows(intake):
    rows = IntakeRow.objects.filter(intake=intake, verdict="wrong")
    return {(row.line, fault["field"]) for row in rows for fault in row.faults}


@pytest.mark.parametrize("file", [file for file in GOOD if file.kind], ids=lambda file: file.name)
def test_what_is_odd_but_right_is_found_without_a_fault(file, imported):
    intake = imported(file, ACCEPT)
    assert (intake.state, intake.fault, intake.counts.get("wrong", 0)) == (CHECKED, "", 0)
    assert intake.total == len(file.bodies) if file.kind == "bodies" else intake.total


@pytest.mark.parametrize(
    "file", [file for file in BAD if file.stage == "intake"], ids=lambda file: file.name
)
def test_what_is_wrong_is_kept_with_its_place(file, imported):
    intake = imported(file, REFUSE)
    found = of_rows(intake) if intake.state == CHECKED else of_headings(intake)
    assert (found, intake.fault) == (set(file.faults), "")
    assert intake.state == (
        UPLOADED if file.asks or 0 in {line for line, _field in file.faults} else CHECKED
    )
    assert [
        row
        for row in IntakeRow.objects.filter(intake=intake)
        if (row.verdict == "wrong") != bool(row.faults)
    ] == []
