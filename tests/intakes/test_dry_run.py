"""Files through the whole dry run.

The odd but right ones come to what they say, the wrong ones to just the faults that they have.
"""

from datetime import date

import pytest
from django.utils.translation import override

from directives import tallies
from directives.catalogue.kinds import KINDS
from directives.models import Organisation
from directives.reports import commands as reporting
from directives.tables import reader
from directives.tables.fields import CheckedRow, Fault, FileRow, IntakeContext
from directives.tables.matching import FieldNames, find_headings, heading_faults, is_fully_matched
from directives.tables.rows import RowReader
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_cycle,
    make_directive,
    make_document,
    make_indicator,
    make_measure,
    make_obligation,
    make_plan,
    make_section,
    make_user,
)
from tests.tables.make import ACCEPT, REFUSE
from tests.tables.manifest import Bad, Body, Good
from tests.tables.odd import BAD, GOOD

pytestmark = pytest.mark.once  # tests/intakes/test_files.py brings the same files into both engines

RIGHT = [file for file in GOOD if file.kind]
WRONG = [file for file in BAD if file.stage == "intake"]


@pytest.fixture
def small(cast) -> dict[str, IntakeContext]:
    """The register of the tests: who brings in which kind of table, and what it belongs to."""
    section = make_section(make_document(), number="九")
    words = ("各单位要办好第一件事。", "各单位要办好第二件事。")
    rows = [
        make_obligation(make_directive(section, code=f"九.1.{n}", text=text), cast.body)
        for n, text in enumerate(words, 1)
    ]
    make_obligation(rows[0].directive, cast.child)
    make_measure(make_plan(cast.body, section.document), rows[0])
    make_indicator(section.document, cast.centre, code="ZZ-01", name_hans="基层组织数", places=1)
    cycle, document = make_cycle(section.document), {"document": section.document_id}
    report = cycle.reports.create(document=section.document, organisation=cast.body)
    with tallies.counted():
        tallies.pending_delta().count_mark(
            report.organisation_id, report.document_id, report.mark_key
        )
    reporting.begin(report=report, by=cast.staff, now=NOW)
    own = {"organisation": cast.body.pk}
    return {
        "entries": IntakeContext(cast.staff, NOW, TODAY, {"cycle": cycle.pk} | own),
        "log": IntakeContext(cast.staff, NOW, TODAY, document | own),
        "statistics": IntakeContext(cast.manager, NOW, TODAY, document),
        "obligations": IntakeContext(cast.supervisor, NOW, TODAY, document),
        "measures": IntakeContext(cast.staff, NOW, TODAY, document | own),
        "people": IntakeContext(cast.admin, NOW, TODAY),
        "tasks": IntakeContext(cast.supervisor, NOW, TODAY),
    }


def asking_of(file: Good | Bad, request: pytest.FixtureRequest) -> IntakeContext:
    """Who brings a file in; the register holds what it needs."""
    if file.kind != "bodies":
        return request.getfixturevalue("small")[file.kind]
    for body in file.known:
        make_body(body.code, name_hans=body.name, valid_from=body.valid_from)
    return IntakeContext(make_user("keeper"), NOW, TODAY)


def dry_run(
    path, kind: str, context: IntakeContext
) -> tuple[list[Fault], list[CheckedRow], list[tuple[int, Fault]]]:
    """What a file comes to: faults of its headings, its rows, faults at the end, by line."""
    kind = KINDS[kind]
    fields = kind.fields(context)
    with reader.read(path, path.name) as opened:
        heads, _remarks = find_headings(opened.tables, FieldNames(fields))
        headings = heading_faults(heads[0], FieldNames(fields)) if heads else []
        if headings or not heads:
            return headings, [], []
        source = RowReader(opened, heads, fields, kind.split)
        checker = kind.checker(context, source.headed)
        given: list[FileRow] = list(source.rows())
        planned = checker.check(given)
    lines = {row.number: row.line for row in given}
    return headings, planned, [(lines[number], fault) for number, fault in checker.finish()]


def found(planned: list[CheckedRow], late: list[tuple[int, Fault]]) -> set[tuple[int, str]]:
    """Every fault of a row as (line, field)."""
    return {
        (row.row.line, fault.field) for row in planned for fault in (*row.row.faults, *row.faults)
    } | {(line, fault.field) for line, fault in late}


@pytest.mark.parametrize("file", RIGHT, ids=lambda file: file.name)
def test_what_is_odd_but_right_comes_to_its_bodies(file, db, request):
    headings, planned, late = dry_run(ACCEPT / file.name, file.kind, asking_of(file, request))
    assert (headings, found(planned, late)) == ([], set())
    told = tuple(Body(*_told(row)) for row in planned) if file.kind == "bodies" else ()
    assert told == file.bodies
    assert planned != []


def _told(row: CheckedRow) -> tuple[str, str, date | None]:
    """Code, name and first day as they would stand afterwards."""
    body = Organisation.objects.filter(pk=row.subject).first()
    stored = (
        {"code": body.code, "name_hans": body.name_hans, "valid_from": body.valid_from}
        if body
        else {}
    )
    after = stored | row.after
    day = after.get("valid_from")
    return (
        after["code"],
        after["name_hans"],
        date.fromisoformat(day) if isinstance(day, str) else day,
    )


@pytest.mark.parametrize("file", [file for file in WRONG if file.asks], ids=lambda file: file.name)
def test_what_is_unclear_is_asked(file, db, request):
    names = FieldNames(KINDS[file.kind].fields(asking_of(file, request)))
    with reader.read(REFUSE / file.name, file.name) as opened:
        heads, _remarks = find_headings(opened.tables, names)
    assert not is_fully_matched(heads, names)


@pytest.mark.parametrize("file", WRONG, ids=lambda file: file.name)
def test_what_is_wrong_is_told_by_line_and_field_with_what_is_expected_and_what_to_do(
    file, db, request
):
    with override("zh-hans"):
        headings, planned, late = dry_run(REFUSE / file.name, file.kind, asking_of(file, request))
        faults = [
            *headings,
            *(fault for row in planned for fault in (*row.row.faults, *row.faults)),
            *(fault for _line, fault in late),
        ]
        assert [fault for fault in faults if not str(fault.expected) or not str(fault.remedy)] == []
    assert {(0, fault.field) for fault in headings} | found(planned, late) == set(file.faults)
    assert [
        row for row in planned if not row.row.faults and not row.faults and row.verdict == "wrong"
    ] == []
    assert file.faults or file.asks or planned == []
