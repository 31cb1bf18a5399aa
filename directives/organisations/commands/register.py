"""Loading the register of bodies from a table, which is checked as a whole first."""

import csv
import io
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from directives.base import tree_lock
from directives.base.refusals import Refusal
from directives.base.script import to_hant
from directives.base.wording import join_words
from directives.core import audit
from directives.documents.ingest.sources import text_of
from directives.models import Organisation, User
from directives.models.organisations import KINDS, LEVELS
from directives.organisations.commands.tree import refresh_paths
from directives.tallies import change_kind

REQUIRED = ("code", "name_hans")


@dataclass(frozen=True, slots=True)
class BodyRow:
    """One row of a register of bodies, as text."""

    line: int  # the header is line 1
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
    line: int
    column: str
    value: str
    message: str

    def __str__(self) -> str:
        place = _("row %(line)s, column “%(column)s”") % {"line": self.line, "column": self.column}
        return f"{place}: {self.value or '∅'} – {self.message}"


class RegisterFaults(Refusal):
    """A table is refused; `faults` are all of them."""

    def __init__(self, faults: Sequence[RegisterFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The numbers of bodies added, changed and left unchanged."""

    new: int
    changed: int
    unchanged: int


def read_table(source: bytes, *, name: str) -> list[BodyRow]:
    """The rows of a CSV file (UTF-8, UTF-8 with BOM or GB18030) with a header of `COLUMNS`.

    Raises DocumentError if it is not text, RegisterFaults if a required column is missing.
    """
    reader = csv.DictReader(io.StringIO(text_of(source, name=name)))
    header = [name.strip() for name in reader.fieldnames or ()]
    check_header(header)
    return body_rows((dict(zip(header, row.values(), strict=False)) for row in reader), start=2)


def check_header(header: Sequence[str]) -> None:
    """Raise RegisterFaults if a required column is missing or one is unknown."""
    expected = {"all": join_words(COLUMNS)}
    missing = _("This column is missing. Expected: %(all)s")
    unknown = _("This column is not recognised and its content would be lost. Expected: %(all)s")
    faults = [
        *((name, missing) for name in REQUIRED if name not in header),
        *((name, unknown) for name in header if name and name not in COLUMNS),
    ]
    if faults:
        raise RegisterFaults([RegisterFault(1, name, "", text % expected) for name, text in faults])


def body_rows(table: Iterable[Mapping[str, object]], *, start: int) -> list[BodyRow]:
    """Rows from mappings of column to cell; `start` is the line of the first."""
    rows = []
    for line, cells in enumerate(table, start):
        texts = {name: str(cells.get(name) or "").strip() for name in COLUMNS}
        rows.append(BodyRow(line, **{name: text for name, text in texts.items() if text}))
    return rows


def faults_of(rows: Sequence[BodyRow], registered: Mapping[str, str]) -> list[RegisterFault]:
    """Every fault of a table; `registered`: code of a registered body → code of its parent."""
    occurrences = Counter(row.code for row in rows)
    codes = occurrences.keys() | registered.keys()
    faults: list[RegisterFault] = []
    for row in rows:
        faults += _faults_of_row(row, codes)
        if row.code and occurrences[row.code] > 1:
            text = _("This code appears in more than one row. Each organisation needs its own.")
            faults.append(RegisterFault(row.line, "code", row.code, text))
    faults += _faults_of_cycles(rows, registered)
    return sorted(faults, key=lambda fault: (fault.line, fault.column))


def _faults_of_row(row: BodyRow, codes: Container[str]) -> Iterable[RegisterFault]:
    def fault(name: str, message: str) -> RegisterFault:
        return RegisterFault(row.line, name, getattr(row, name), message)

    for name in REQUIRED:
        if not getattr(row, name):
            yield fault(name, _("This cell must not be empty."))
    for name, allowed in (("level", dict(LEVELS)), ("kind", dict(KINDS))):
        if getattr(row, name) not in allowed:
            yield fault(name, _("Expected one of: %(all)s") % {"all": join_words(allowed)})
    for name in ("parent", "successor"):
        if getattr(row, name) and getattr(row, name) not in codes:
            text = _(
                "No organisation has this code, here or in the register. Add it, or correct the "
                "code."
            )
            yield fault(name, text)
    valid_from, valid_to = _day(row.valid_from), _day(row.valid_to)
    for name, day in (("valid_from", valid_from), ("valid_to", valid_to)):
        if getattr(row, name) and day is None:
            yield fault(name, _("Expected a date such as 2018-03-17."))
    if valid_from and valid_to and valid_to <= valid_from:
        yield fault("valid_to", _("The organisation would end before it begins."))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def parent_cycle(code: str, parents: Mapping[str, str]) -> list[str]:
    """The codes from a body through its ancestors back to itself; [] if there is no cycle."""
    chain, parent = [code], parents.get(code, "")
    while parent and parent in parents and parent not in chain:
        chain.append(parent)
        parent = parents[parent]
    return [*chain, code] if parent and parent == code else []


def _faults_of_cycles(
    rows: Sequence[BodyRow], registered: Mapping[str, str]
) -> Iterable[RegisterFault]:
    parents = dict(registered) | {row.code: row.parent for row in rows}
    for row in rows:
        if chain := parent_cycle(row.code, parents):
            text = _("The parents form a circle: %(chain)s") % {"chain": " → ".join(chain)}
            yield RegisterFault(row.line, "parent", row.parent, text)


def check_rows(rows: Sequence[BodyRow]) -> None:
    """Raise RegisterFaults with every fault of the table."""
    parents = Organisation.objects.values_list("code", "parent__code")
    faults = faults_of(rows, {code: parent or "" for code, parent in parents})
    if not rows:
        faults = [RegisterFault(1, "code", "", _("The table has no rows."))]
    if faults:
        raise RegisterFaults(faults)


@transaction.atomic
def load_register(rows: Sequence[BodyRow], *, by: User | None, now: datetime) -> LoadResult:
    """Add or change the bodies of a table. Raises RegisterFaults."""
    tree_lock.hold_exclusively()
    check_rows(rows)
    bodies = {body.code: body for body in Organisation.objects.all()}
    counts: Counter[str] = Counter()
    for row in rows:
        is_new = row.code not in bodies
        body = bodies.setdefault(row.code, Organisation(code=row.code))
        before, after = _fill(body, row)
        counts["new" if is_new else "changed" if after else "same"] += 1
        if is_new:
            body.save()
            audit.record("found", body, by=by, now=now, after=after)
        elif after:
            if "kind" in after:
                change_kind(body, kind=body.kind)
            body.version += 1
            body.save()
            audit.record("change", body, by=by, now=now, before=before, after=after)
    link_rows(rows, by=by, now=now)
    return LoadResult(counts["new"], counts["changed"], counts["same"])


@transaction.atomic
def link_rows(rows: Sequence[BodyRow], *, by: User | None, now: datetime) -> int:
    """Set the parents and successors of a checked table; returns how many bodies moved."""
    tree_lock.hold_exclusively()
    bodies = {body.code: body for body in Organisation.objects.all()}
    changes = []
    for row in rows:
        body = bodies[row.code]
        before = {"parent_id": body.parent_id, "successor_id": body.successor_id}
        after = {
            f"{name}_id": bodies[code].pk if code else None
            for name, code in (("parent", row.parent), ("successor", row.successor))
        }
        if before != after:
            Organisation.objects.filter(pk=body.pk).update(**after)
            changes.append(audit.Change(body, before, after))
    audit.record_many("move", changes, by=by, now=now)
    return refresh_paths()


def _fill(body: Organisation, row: BodyRow) -> tuple[dict[str, Any], dict[str, Any]]:
    """Set the fields other than parent and successor; returns the changed ones, old and new."""
    values = {
        "name_hans": row.name_hans,
        "level": row.level,
        "kind": row.kind,
        "full_name": row.full_name_hans,
        "name_hant": row.name_hant or to_hant(row.name_hans),
        "valid_from": _day(row.valid_from),
        "valid_to": _day(row.valid_to),
    }
    different = [name for name in values if getattr(body, name) != values[name]]
    before = {name: getattr(body, name) for name in different}
    for name in different:
        setattr(body, name, values[name])
    return before, {name: values[name] for name in different}
