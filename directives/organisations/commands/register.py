"""The register of bodies: checked as a whole, then loaded; every fault at once, or everything."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from directives.base import tree_lock
from directives.base.refusals import Refusal
from directives.base.script import to_hant
from directives.base.wording import listed
from directives.core import audit
from directives.documents.ingest.sources import text_of
from directives.models import Organisation, User
from directives.models.organisations import KINDS, LEVELS
from directives.organisations.commands.tree import refresh_paths
from directives.tallies import recast

REQUIRED = ("code", "name_hans")


@dataclass(frozen=True, slots=True)
class BodyRow:
    """One row of a register of bodies, as text; `line` counts the header as 1."""

    line: int
    code: str = ""
    name_hans: str = ""
    name_hant: str = ""
    full_name_hans: str = ""
    level: str = "central"
    kind: str = "other"
    parent: str = ""
    valid_from: str = ""
    valid_to: str = ""
    successor: str = ""


COLUMNS = tuple(field.name for field in fields(BodyRow) if field.name != "line")


@dataclass(frozen=True, slots=True)
class RegisterFault:
    """What is wrong with one cell of a table, and what to do about it."""

    line: int
    column: str
    value: str
    message: str

    def __str__(self) -> str:
        place = _("row %(line)s, column “%(column)s”") % {"line": self.line, "column": self.column}
        return f"{place}: {self.value or '∅'} – {self.message}"


class RegisterFaults(Refusal):
    """A table cannot be loaded; nothing was stored. `faults` is every fault there is."""

    def __init__(self, faults: Sequence[RegisterFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True)
class LoadResult:
    """How many bodies a load made, changed and found the same."""

    new: int
    changed: int
    same: int


def read_table(source: bytes, *, name: str) -> list[BodyRow]:
    """The rows of a CSV file of bodies (UTF-8, UTF-8 with BOM or GB18030), with a header of `COLUMNS`.

    Raises DocumentError if it is not text, RegisterFaults if a required column is missing.
    """
    reader = csv.DictReader(io.StringIO(text_of(source, name=name)))
    header = [name.strip() for name in reader.fieldnames or ()]
    check_header(header)
    return body_rows((dict(zip(header, row.values(), strict=False)) for row in reader), start=2)


def check_header(header: Sequence[str]) -> None:
    """Raise RegisterFaults if a required column is missing, or one is there that would be lost."""
    expected = {"all": listed(COLUMNS)}
    missing = [
        RegisterFault(1, name, "", _("This column is missing. Expected: %(all)s") % expected)
        for name in REQUIRED
        if name not in header
    ]
    unknown = [name for name in header if name and name not in COLUMNS]
    extra = [
        RegisterFault(
            1,
            name,
            "",
            _("This column is not recognised and its content would be lost. Expected: %(all)s")
            % expected,
        )
        for name in unknown
    ]
    if missing or extra:
        raise RegisterFaults([*missing, *extra])


def body_rows(table: Iterable[Mapping[str, object]], *, start: int) -> list[BodyRow]:
    """Rows from mappings of column to cell; `start` is the line of the first."""
    rows = []
    for line, cells in enumerate(table, start):
        given = {name: str(cells.get(name) or "").strip() for name in COLUMNS}
        rows.append(BodyRow(line, **{name: text for name, text in given.items() if text}))
    return rows


def faults_of(rows: Sequence[BodyRow], known: Mapping[str, str]) -> list[RegisterFault]:
    """Every fault of a table; `known` maps the codes that are registered already to their parents' codes."""
    times = Counter(row.code for row in rows)
    codes = times.keys() | known.keys()
    found: list[RegisterFault] = []
    for row in rows:
        found += _faults_of_row(row, codes)
        if row.code and times[row.code] > 1:
            found.append(
                RegisterFault(
                    row.line,
                    "code",
                    row.code,
                    _("This code appears in more than one row. Each organisation needs its own."),
                )
            )
    return sorted(found + _cycles(rows, known), key=lambda fault: (fault.line, fault.column))


def _faults_of_row(row: BodyRow, codes: Iterable[str]) -> Iterable[RegisterFault]:
    for name in REQUIRED:
        if not getattr(row, name):
            yield RegisterFault(row.line, name, "", _("This cell must not be empty."))
    for name, allowed in (("level", dict(LEVELS)), ("kind", dict(KINDS))):
        if getattr(row, name) not in allowed:
            yield RegisterFault(
                row.line,
                name,
                getattr(row, name),
                _("Expected one of: %(all)s") % {"all": listed(allowed)},
            )
    for name in ("parent", "successor"):
        if getattr(row, name) and getattr(row, name) not in codes:
            yield RegisterFault(
                row.line,
                name,
                getattr(row, name),
                _(
                    "No organisation has this code, here or in the register. Add it, or correct "
                    "the code."
                ),
            )
    days = {}
    for name in ("valid_from", "valid_to"):
        days[name] = _day(getattr(row, name))
        if getattr(row, name) and days[name] is None:
            yield RegisterFault(
                row.line, name, getattr(row, name), _("Expected a date such as 2018-03-17.")
            )
    if days["valid_from"] and days["valid_to"] and days["valid_to"] <= days["valid_from"]:
        yield RegisterFault(
            row.line, "valid_to", row.valid_to, _("The organisation would end before it begins.")
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def parent_cycle(code: str, parents: Mapping[str, str]) -> list[str]:
    """The codes from a body up through its parents and back to itself; empty where they do not come back to it."""
    seen, at = [code], parents.get(code, "")
    while at and at in parents and at not in seen:
        seen.append(at)
        at = parents[at]
    return [*seen, code] if at and at == code else []


def _cycles(rows: Sequence[BodyRow], known: Mapping[str, str]) -> list[RegisterFault]:
    """Rows whose chain of parents comes back to themselves."""
    parents = dict(known) | {row.code: row.parent for row in rows}
    found = []
    for row in rows:
        chain = parent_cycle(row.code, parents)
        if chain:
            told = {"chain": " → ".join(chain)}
            found.append(
                RegisterFault(
                    row.line, "parent", row.parent, _("The parents form a circle: %(chain)s") % told
                )
            )
    return found


def check_rows(rows: Sequence[BodyRow]) -> None:
    """Raise RegisterFaults with every fault of the table, held against the register as it stands."""
    known = {
        code: parent or ""
        for code, parent in Organisation.objects.values_list("code", "parent__code")
    }
    found = faults_of(rows, known)
    if not rows:
        found = [RegisterFault(1, "code", "", _("The table has no rows."))]
    if found:
        raise RegisterFaults(found)


@transaction.atomic
def load_register(rows: Sequence[BodyRow], *, by: User | None, now: datetime) -> LoadResult:
    """Make or change the bodies of a table, parents first. Raises RegisterFaults and stores nothing if anything is wrong."""
    tree_lock.hold_alone()
    check_rows(rows)
    bodies = {body.code: body for body in Organisation.objects.all()}
    counts: Counter[str] = Counter()
    for row in rows:
        before = bodies.get(row.code)
        body = before or Organisation(code=row.code)
        changed = _fill(body, row)
        counts["new" if before is None else "changed" if changed else "same"] += 1
        if changed and "kind" in changed[0] and before is not None:
            recast(body, kind=body.kind)
        if before is None or changed:
            body.version += before is not None
            body.save()
            bodies[row.code] = body
            audit.record(
                "found" if before is None else "change",
                body,
                by=by,
                now=now,
                before=changed[0] if before else {},
                after=changed[1],
            )
    link_rows(rows, by=by, now=now)
    return LoadResult(counts["new"], counts["changed"], counts["same"])


@transaction.atomic
def link_rows(rows: Sequence[BodyRow], *, by: User | None, now: datetime) -> int:
    """Link stored bodies to the parents and successors that a checked table names; returns how many stand elsewhere now."""
    tree_lock.hold_alone()
    bodies = {body.code: body for body in Organisation.objects.all()}
    told = []
    for row in rows:
        body = bodies[row.code]
        before = {"parent_id": body.parent_id, "successor_id": body.successor_id}
        after = {
            f"{name}_id": bodies[code].pk if code else None
            for name, code in (("parent", row.parent), ("successor", row.successor))
        }
        if before != after:
            Organisation.objects.filter(pk=body.pk).update(**after)
            told.append(audit.Change(body, before, after))
    audit.record_many("move", told, by=by, now=now)
    return refresh_paths()


def _fill(body: Organisation, row: BodyRow) -> tuple[dict, dict] | None:
    """Set the plain fields from the row; the fields that changed, before and after."""
    wanted: dict[str, object] = {
        name: getattr(row, name) for name in ("name_hans", "level", "kind")
    }
    wanted["full_name"] = row.full_name_hans
    wanted["name_hant"] = row.name_hant or to_hant(row.name_hans)
    wanted |= {name: _day(getattr(row, name)) for name in ("valid_from", "valid_to")}
    different = [name for name in wanted if getattr(body, name) != wanted[name]]
    before = {name: getattr(body, name) for name in different}
    for name in different:
        setattr(body, name, wanted[name])
    return (before, {name: wanted[name] for name in different}) if different else None
