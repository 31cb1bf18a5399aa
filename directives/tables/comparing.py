"""Holding a row of a file against what stands in the product: what differs, and who changed it since the file went out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, Stale
from directives.base.script import to_hans
from directives.models import Event, IntakeRow
from directives.models.intakes import CHANGED, CONFLICT, NEW, SAME, WRONG
from directives.tables.book import DANGEROUS
from directives.tables.fields import CheckedRow, Fault, FileRow, IntakeRows

AT_ONCE = 500  # ids of one condition
LABEL = IntakeRow._meta.get_field("label").max_length
Said = Callable[[dict[str, Any]], dict[str, Any]]


def json_value(value: Any) -> Any:
    """A value as JSON holds it; days as 2025-03-01, numbers without zeros that say nothing."""
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, list | tuple | set | frozenset):
        return [json_value(one) for one in value]
    return value


def text_of(value: Any) -> str:
    """A cell of words: line ends as they are stored, no blanks around; "" for an empty one."""
    return "" if value is None else str(value).replace("\r\n", "\n").replace("\r", "\n").strip()


def without_apostrophes(text: str) -> str:
    """A text without the apostrophes by which a spreadsheet takes it for no formula: programs add, double and drop them."""
    return text.lstrip("'") if DANGEROUS.match(text) else text


def _lines(text: str) -> str:
    """A text without what a program that saves it may add: apostrophes, and blanks at the ends of lines."""
    return without_apostrophes("\n".join(line.rstrip() for line in text_of(text).split("\n")))


def same_value(stored: Any, given: Any) -> bool:
    """Whether two values say the same, whichever program saved the second.

    Words went out in the reader's script, so both scripts of a text are one; a text of digits alone may have become a number.
    """
    if stored == given:
        return True
    if not isinstance(stored, str) or not isinstance(given, str):
        return False
    mine, theirs = _lines(stored), _lines(given)
    if mine == theirs or (len(mine) == len(theirs) and to_hans(mine) == to_hans(theirs)):
        return True
    return theirs.isdecimal() and mine.isdecimal() and mine.lstrip("0") == theirs


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row of the product, its fields as JSON holds them."""

    pk: int
    version: int
    label: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PastValues:
    """What rows said when a file went out, as far as the record tells: by id, fields changed since with what they were."""

    known: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, model: type[Model], seen: Mapping[int, tuple[int, int]], said: Said = dict
    ) -> "PastValues":
        """Read from the record what changed; `seen`: id → (version in the file, version now). One query for 500 rows.

        `said` puts what the record holds into the fields of the table.
        """
        ids = [pk for pk, (then, now) in seen.items() if then < now]
        events: dict[int, list[dict[str, Any]]] = {}
        for start in range(0, len(ids), AT_ONCE):
            found = Event.objects.filter(
                subject_type=model._meta.model_name, subject_id__in=ids[start : start + AT_ONCE]
            )
            for pk, before in found.order_by("-id").values_list("subject_id", "before"):
                events.setdefault(pk, []).append(said(before))
        known = {}
        for pk in ids:
            steps = seen[pk][1] - seen[pk][0]
            newest = events.get(pk, [])[:steps]
            if len(newest) == steps:  # every step from that version to this one is on record
                known[pk] = {name: value for before in newest for name, value in before.items()}
        return cls(known)


def compare(
    row: FileRow,
    here: StoredRow,
    wanted: Mapping[str, Any],
    past: PastValues,
    tied: Iterable[Sequence[str]] = (),
) -> CheckedRow:
    """What a row would change of a stored one. `wanted` holds the cells that the file has, as JSON holds them.

    A cell that still says what went out is not an edit, though the product says something else by now; a cell that was
    edited and was changed in the product as well is a conflict. Where the record does not tell, every difference is one.
    `tied` are fields that make sense together alone: where one of them is contested, so are the others that the row changes.
    """
    seen = row.values.get("version") or here.version
    mine = {
        name: value for name, value in wanted.items() if not same_value(here.values[name], value)
    }
    contested: set[str] = set()
    if seen != here.version:
        was = past.known.get(here.pk)
        if was is not None:
            mine = {
                name: value
                for name, value in mine.items()
                if name not in was or not same_value(was[name] or "", value or "")
            }
        contested = {
            name
            for name in mine
            if was is None or (name in was and not same_value(was[name], here.values[name]))
        }
        for together in tied:
            contested.update(together if contested.intersection(together) else ())
    before = {name: here.values[name] for name in mine}
    theirs = {
        name: value for name, value in before.items() if name in contested
    }  # the same as `before`, where all are
    planned = CheckedRow(row, SAME, here.label[:LABEL], here.pk, seen, before, dict(mine), theirs)
    planned.verdict = verdict_of(planned)
    return planned


def verdict_of(planned: CheckedRow) -> str:
    """What a row without faults that speaks of a stored one comes to."""
    return CONFLICT if planned.theirs else CHANGED if planned.after else SAME


def wrong_row(
    row: FileRow, faults: Sequence[Fault], label: str = "", subject: int | None = None
) -> CheckedRow:
    """A row that cannot be taken; the faults of its unreadable cells are among them."""
    return CheckedRow(row, WRONG, label[:LABEL], subject, faults=[*row.faults, *faults])


def new_row(row: FileRow, label: str, after: Mapping[str, Any]) -> CheckedRow:
    """A row that would be made."""
    return CheckedRow(row, NEW, label[:LABEL], after=dict(after))


def refused_cell(field: str, value: str, why: str) -> Fault:
    """The fault of a cell that a command would refuse, in the command's own words."""
    return Fault(field, value, _("A valid value"), why)


def row_name(row: IntakeRow) -> str:
    """How a refusal names a row of the file."""
    sheet = f"{row.sheet} " if row.sheet else ""
    return _("%(sheet)srow %(line)s (%(label)s)") % {
        "sheet": sheet,
        "line": row.line,
        "label": row.label,
    }


def stale(row: IntakeRow, theirs: object = None) -> Stale:
    """What applying raises where a row was changed since it was checked."""
    text = _(
        "%(row)s was changed by another user after the check. Check the table again, then decide."
    )
    return Stale(text % {"row": row_name(row)}, theirs=theirs)


def demand_unchanged(row: IntakeRow, here: StoredRow | None) -> StoredRow:
    """The stored row, if what the file changes of it still says what it said when the table was checked; else raises Stale.

    Fields of `row.before` that the stored row does not have belong to another one.
    """
    if here is None or any(
        not same_value(here.values[name], value)
        for name, value in row.before.items()
        if name in here.values
    ):
        raise stale(row, here)
    return here


def cannot_undo(row: IntakeRow, why: str) -> Invalid:
    """What undoing raises where something was built on a row."""
    return Invalid(
        _("%(row)s can no longer be undone: %(why)s") % {"row": row_name(row), "why": why}
    )


def changed_since(row: IntakeRow) -> Invalid:
    return cannot_undo(row, _("it was changed since."))


def demand_as_applied(
    rows: IntakeRows,
    stored: Mapping[int, Any],
    said: Callable[[Any], Mapping[str, Any]] | None = None,
) -> None:
    """Raise Invalid where one of these rows is not any more as applying left it; `stored` are those that they wrote, by id.

    Where `said` tells what a stored one says, it may have another version by now, as long as it still says what was written: its
    light changed overnight, somebody filled in another field, or a later table was taken back.
    """
    for row in rows:
        here = stored.get(row.subject_id)
        if here is None or (
            here.version != row.left and (said is None or not _still(row, said(here)))
        ):
            raise changed_since(row)


def _still(row: IntakeRow, said: Mapping[str, Any]) -> bool:
    """Whether a stored row says what was written of it: of one that the table made, everything."""
    names = said if row.verdict == NEW else row.after.keys() & said.keys()
    return all(same_value(said[name] or "", row.after.get(name) or "") for name in names)


@contextmanager
def undoing_row(row: IntakeRow) -> Iterator[None]:
    """What refuses to go within this block has something built on it, and the refusal names this row."""
    try:
        yield
    except Invalid as refusal:
        raise cannot_undo(row, str(refusal)) from refusal
