"""The odd but right files come to what they say, the wrong ones to just the faults that they have: through the whole dry run."""

from datetime import date

import pytest
from django.utils.timezone import now
from django.utils.translation import override

from directives.intake import reader
from directives.intake.fields import Asking, Fault, Given, Planned
from directives.intake.given import Reader
from directives.intake.kinds import KINDS
from directives.intake.matching import Names, certain, faults_of, heads_of
from directives.models import Organisation
from tests.factories import make_body, make_user
from tests.sheets.make import ACCEPT, REFUSE
from tests.sheets.manifest import Body
from tests.sheets.odd import BAD, GOOD

RIGHT = [file for file in GOOD if file.kind]
WRONG = [file for file in BAD if file.stage == "intake"]


def dry_run(path, kind: str) -> tuple[list[Fault], list[Planned], list[tuple[int, Fault]]]:
    """What a file comes to: faults of its headings, its rows, and faults that are known only at the end, by line."""
    kind, asking = KINDS[kind], Asking(make_user("keeper"), now(), date(2026, 11, 22))
    fields = kind.fields(asking)
    with reader.read(path, path.name) as opened:
        heads, _remarks = heads_of(opened.tables, Names(fields))
        headings = faults_of(heads[0], Names(fields)) if heads else []
        if headings or not heads:
            return headings, [], []
        source = Reader(opened, heads, fields)
        checker = kind.checker(asking, source.headed)
        given: list[Given] = list(source.rows())
        planned = checker.check(given)
    lines = {row.number: row.line for row in given}
    return headings, planned, [(lines[number], fault) for number, fault in checker.finish()]


def found(planned: list[Planned], late: list[tuple[int, Fault]]) -> set[tuple[int, str]]:
    """Every fault of a row as (line, field)."""
    return {(row.given.line, fault.field) for row in planned for fault in (*row.given.faults, *row.faults)} | {
        (line, fault.field) for line, fault in late
    }


def register(bodies: tuple[Body, ...]) -> None:
    for body in bodies:
        make_body(body.code, name_hans=body.name, valid_from=body.valid_from)


@pytest.mark.parametrize("file", RIGHT, ids=lambda file: file.name)
def test_what_is_odd_but_right_comes_to_its_bodies(file, db):
    register(file.known)
    headings, planned, late = dry_run(ACCEPT / file.name, file.kind)
    assert (headings, found(planned, late)) == ([], set())
    assert tuple(Body(*_told(row)) for row in planned) == file.bodies


def _told(row: Planned) -> tuple[str, str, date | None]:
    """Code, name and first day as they would stand afterwards."""
    body = Organisation.objects.filter(pk=row.subject).first()
    stored = {"code": body.code, "name_hans": body.name_hans, "valid_from": body.valid_from} if body else {}
    after = stored | row.after
    day = after.get("valid_from")
    return after["code"], after["name_hans"], date.fromisoformat(day) if isinstance(day, str) else day


@pytest.mark.parametrize("file", [file for file in WRONG if file.asks], ids=lambda file: file.name)
def test_what_is_unclear_is_asked(file, db):
    names = Names(KINDS[file.kind].fields(Asking(make_user("keeper"), now(), date(2026, 11, 22))))
    with reader.read(REFUSE / file.name, file.name) as opened:
        heads, _remarks = heads_of(opened.tables, names)
    assert not certain(heads, names)


@pytest.mark.parametrize("file", WRONG, ids=lambda file: file.name)
def test_what_is_wrong_is_told_by_line_and_field(file, db):
    register(file.known)
    with override("en"):
        headings, planned, late = dry_run(REFUSE / file.name, file.kind)
    assert {(0, fault.field) for fault in headings} | found(planned, late) == set(file.faults)
    assert [row for row in planned if not row.given.faults and not row.faults and row.verdict == "wrong"] == []


@pytest.mark.parametrize("file", WRONG, ids=lambda file: file.name)
def test_every_fault_says_what_is_expected_and_what_to_do(file, db):
    register(file.known)
    with override("zh-hans"):
        headings, planned, late = dry_run(REFUSE / file.name, file.kind)
        told = [*headings, *(fault for row in planned for fault in (*row.given.faults, *row.faults)), *(fault for _line, fault in late)]
        assert [fault for fault in told if not str(fault.expected) or not str(fault.remedy)] == []
