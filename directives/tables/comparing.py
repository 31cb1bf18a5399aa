"""Compares a row of a file with what is stored, and with what was stored when it was exported."""

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

BATCH = 500  # ids in one query
LABEL_LENGTH = IntakeRow._meta.get_field("label").max_length


def json_value(value: Any) -> Any:
    """Convert a value to JSON: days as 2025-03-01, numbers without trailing zeros."""
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, list | tuple | set | frozenset):
        return [json_value(item) for item in value]
    return value


def text_of(value: Any) -> str:
    """The text of a cell: line breaks as they are stored, trimmed; "" for an empty one."""
    return "" if value is None else str(value).replace("\r\n", "\n").replace("\r", "\n").strip()


def without_apostrophes(text: str) -> str:
    """Strip the apostrophes that guard a formula: programs add, double and drop them."""
    return text.lstrip("'") if DANGEROUS.match(text) else text


def _normalised(text: str) -> str:
    """A text without what a program may add on saving: apostrophes, blanks at line ends."""
    return without_apostrophes("\n".join(line.rstrip() for line in text_of(text).split("\n")))


def same_value(stored: Any, imported: Any) -> bool:
    """Whether two values mean the same, whichever program saved the second.

    Text is exported in the reader's script, so both scripts are equal; a text of digits may have
    become a number.
    """
    if stored == imported:
        return True
    if not isinstance(stored, str) or not isinstance(imported, str):
        return False
    old, new = _normalised(stored), _normalised(imported)
    if old == new or (len(old) == len(new) and to_hans(old) == to_hans(new)):
        return True
    return new.isdecimal() and old.isdecimal() and old.lstrip("0") == new


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A stored row, its values as JSON holds them."""

    pk: int
    version: int
    label: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PastValues:
    """Values of rows when a file was exported, for the fields changed since; by id.

    Rows whose changes are not all in the audit record are missing.
    """

    by_id: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        model: type[Model],
        versions: Mapping[int, tuple[int, int]],
        fields_of: Callable[[dict[str, Any]], dict[str, Any]] = dict,
    ) -> "PastValues":
        """Read them from the audit record; one query for 500 rows.

        `versions`: id → (version in the file, version now). `fields_of` turns the `before` of an
        event into the fields of the table.
        """
        ids = [pk for pk, (exported, current) in versions.items() if exported < current]
        changes: dict[int, list[dict[str, Any]]] = {}
        for start in range(0, len(ids), BATCH):
            events = Event.objects.filter(
                subject_type=model._meta.model_name, subject_id__in=ids[start : start + BATCH]
            )
            for pk, before in events.order_by("-id").values_list("subject_id", "before"):
                changes.setdefault(pk, []).append(fields_of(before))
        by_id = {}
        for pk in ids:
            exported, current = versions[pk]
            since = changes.get(pk, [])[: current - exported]
            if len(since) == current - exported:  # else a change is not on record
                by_id[pk] = {name: value for before in since for name, value in before.items()}
        return cls(by_id)


def compare(
    row: FileRow,
    stored: StoredRow,
    values: Mapping[str, Any],
    past: PastValues,
    tied: Iterable[Sequence[str]] = (),
) -> CheckedRow:
    """Find what a row would change of the stored one; `values` holds its cells as JSON.

    A cell that still has the exported value is not an edit, even if another value is stored
    meanwhile; a cell edited in the file and in the product is a conflict. Where the exported values
    are not on record, every difference is a conflict. If one of several `tied` fields is in
    conflict, all of them that the row changes are.
    """
    exported_version = row.values.get("version") or stored.version
    edits = {
        name: value for name, value in values.items() if not same_value(stored.values[name], value)
    }
    conflicts: set[str] = set()
    if exported_version != stored.version:
        edits, conflicts = _since_export(edits, stored, past.by_id.get(stored.pk))
        for group in tied:
            conflicts.update(group if conflicts.intersection(group) else ())
    before = {name: stored.values[name] for name in edits}
    theirs = {name: value for name, value in before.items() if name in conflicts}
    label = stored.label[:LABEL_LENGTH]
    checked = CheckedRow(row, SAME, label, stored.pk, exported_version, before, edits, theirs)
    checked.verdict = verdict_of(checked)
    return checked


def _since_export(
    edits: Mapping[str, Any], stored: StoredRow, exported: Mapping[str, Any] | None
) -> tuple[dict[str, Any], set[str]]:
    """Leave out values that the file was exported with; return the edits and the conflicts."""
    if exported is None:
        return dict(edits), set(edits)
    edits = {
        name: value
        for name, value in edits.items()
        if name not in exported or not same_value(exported[name] or "", value or "")
    }
    conflicts = {
        name
        for name in edits
        if name in exported and not same_value(exported[name], stored.values[name])
    }
    return edits, conflicts


def verdict_of(checked: CheckedRow) -> str:
    """The verdict on a row without faults for which there is a stored one."""
    return CONFLICT if checked.theirs else CHANGED if checked.after else SAME


def wrong_row(
    row: FileRow, faults: Sequence[Fault], label: str = "", subject: int | None = None
) -> CheckedRow:
    """The result for a row with these faults and those of its unreadable cells."""
    return CheckedRow(row, WRONG, label[:LABEL_LENGTH], subject, faults=[*row.faults, *faults])


def new_row(row: FileRow, label: str, after: Mapping[str, Any]) -> CheckedRow:
    return CheckedRow(row, NEW, label[:LABEL_LENGTH], after=dict(after))


def refused_cell(field: str, value: str, reason: str) -> Fault:
    """The fault of a cell that a command would refuse; `reason` is the text of its refusal."""
    return Fault(field, value, _("A valid value"), reason)


def row_name(row: IntakeRow) -> str:
    """A row of the file as a refusal names it."""
    sheet = f"{row.sheet} " if row.sheet else ""
    return _("%(sheet)srow %(line)s (%(label)s)") % {
        "sheet": sheet,
        "line": row.line,
        "label": row.label,
    }


def stale(row: IntakeRow, theirs: object = None) -> Stale:
    """The error of applying a row whose stored one was changed since the check."""
    text = _(
        "%(row)s was changed by another user after the check. Check the table again, then decide."
    )
    return Stale(text % {"row": row_name(row)}, theirs=theirs)


def demand_unchanged(row: IntakeRow, stored: StoredRow | None) -> StoredRow:
    """Return the stored row; raise Stale if a value that the file changes is not as checked.

    Fields of `row.before` that the stored row does not have belong to another one.
    """
    if stored is None or any(
        not same_value(stored.values[name], value)
        for name, value in row.before.items()
        if name in stored.values
    ):
        raise stale(row, stored)
    return stored


def cannot_undo(row: IntakeRow, reason: str) -> Invalid:
    """The error of undoing a row on which something depends."""
    return Invalid(
        _("%(row)s can no longer be undone: %(why)s") % {"row": row_name(row), "why": reason}
    )


def changed_since(row: IntakeRow) -> Invalid:
    return cannot_undo(row, _("it was changed since."))


def demand_as_applied(
    rows: IntakeRows,
    stored: Mapping[int, Any],
    values_of: Callable[[Any], Mapping[str, Any]] | None = None,
) -> None:
    """Raise Invalid if a stored object, by id, is not as applying left it.

    With `values_of` its version may differ, as long as its values are those that were written: its
    light changed overnight, another field was filled in, or a later table was undone.
    """
    for row in rows:
        current = None if row.subject_id is None else stored.get(row.subject_id)
        if current is None:
            raise changed_since(row)
        if current.version != row.left and not (
            values_of and _has_written_values(row, values_of(current))
        ):
            raise changed_since(row)


def _has_written_values(row: IntakeRow, values: Mapping[str, Any]) -> bool:
    """Whether the values are those written; of an object that the row made, all of them."""
    names = values if row.verdict == NEW else row.after.keys() & values.keys()
    return all(same_value(values[name] or "", row.after.get(name) or "") for name in names)


@contextmanager
def undoing_row(row: IntakeRow) -> Iterator[None]:
    """Turn an Invalid raised within the block into one that names the row."""
    try:
        yield
    except Invalid as refusal:
        raise cannot_undo(row, str(refusal)) from refusal
