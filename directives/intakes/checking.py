"""Checks an intake: finds the headings, checks every row, and stores the results.

Nothing else is changed. A run that was killed is started again; one that finds that another
process took the intake over stops.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO, TypeVar, cast

from django.db import transaction
from django.utils.translation import gettext as _

from directives.base.refusals import Refusal
from directives.core import jobs
from directives.intakes import steps
from directives.intakes.steps import (
    AT_ONCE_BYTES,
    AT_ONCE_ROWS,
    context_of_act,
    fault_as_json,
    kind_of,
)
from directives.models import Intake, IntakeRow, Matching
from directives.models.intakes import CHECKABLE, CHECKED, CHECKING, UNREADABLE, UPLOADED, WRONG
from directives.models.sql import insert, update_each
from directives.tables import reader
from directives.tables.fields import CheckedRow, Fault, Field, IntakeContext, TableKind
from directives.tables.layout import OpenFile
from directives.tables.matching import (
    Column,
    FieldNames,
    Headings,
    find_headings,
    is_fully_matched,
    with_remembered_fields,
)
from directives.tables.rows import RowReader
from directives.tables.untaken_cells import UntakenSummary

BATCH = 500
LABEL_LENGTH = IntakeRow._meta.get_field("label").max_length
Item = TypeVar("Item")
Places = dict[str, dict[str, Column]]  # sheet → field → column


def is_small(intake: Intake) -> bool:
    """Whether it is checked while the user waits for the page."""
    return intake.size <= AT_ONCE_BYTES


def begin(intake: Intake, *, now: datetime, **fields: Any) -> Intake:
    """Have the rows checked, once this transaction has committed. Raises Stale."""
    return steps.begin(
        intake, CHECKING, since=CHECKABLE, at_once=is_small(intake), now=now, total=None, **fields
    )


def again(intake: Intake, fault: str) -> None:
    """Check the rows again because applying found them out of date; `fault` says why."""
    jobs.change_state(intake, CHECKING, fault=fault, total=None, done=0, moved_at=None, tries=0)
    jobs.enqueue(intake, at_once=intake.awaited and is_small(intake))


def _halt(intake: Intake, state: str, fault: str, refusal: Refusal | None) -> None:
    jobs.change_state(intake, UNREADABLE, fault=fault, counts={}, untaken=None, moved_at=None)
    IntakeRow.objects.filter(intake=intake).delete()


def opened(intake: Intake) -> OpenFile:
    """Open its file. Raises reader.Unreadable."""
    try:
        path = intake.file.path
    except NotImplementedError:  # in object storage
        with intake.file.open("rb") as file:
            return reader.read(cast(BinaryIO, file), intake.name)
    return reader.read(path, intake.name)


def carry_out(intake: Intake) -> bool:
    """Check the whole file from the beginning."""
    kind, context = kind_of(intake), context_of_act(intake)
    fields = kind.fields(context)
    with opened(intake) as file:
        if not intake.matching and not _look(intake, file, FieldNames(fields)):
            return False
        intake.remarks = [
            *file.remarks,
            *find_headings(file.tables, FieldNames(fields))[1],
            *_passed_over(fields, heads(intake)),
        ]
        source = RowReader(file, heads(intake), fields, kind.split)
        jobs.save_progress(intake, total=source.expected, done=0)
        if intake.awaited and source.expected > AT_ONCE_ROWS:
            raise jobs.TooLong
        _check(intake, kind, context, source)
    return False


ACT = jobs.Act(carry_out, _halt)


def heads(intake: Intake) -> tuple[Headings, ...]:
    """The headings of its sheets, with the confirmed fields."""
    found = tuple(Headings.of_json(table) for table in intake.tables)
    if not intake.matching:
        return found
    return tuple(head.with_fields(intake.matching.get(head.sheet, {})) for head in found)


# headings


def _look(intake: Intake, file: OpenFile, names: FieldNames) -> bool:
    """Find the headings and store them; return whether the user need not be asked."""
    found, remarks = find_headings(file.tables, names)
    if not found:
        raise Refusal(
            _(
                "The file has no visible table. Enter the rows on a sheet that is not hidden, "
                "save it and upload it again."
            )
        )
    known = Matching.objects.filter(
        user=intake.by, kind=intake.kind, headings=found[0].digest
    ).first()
    if known is not None:
        found = tuple(with_remembered_fields(head, known.columns, names) for head in found)
    sure = is_fully_matched(found, names) or (known is not None and certain_as_before(found, names))
    intake.tables, intake.remarks = [head.as_json() for head in found], remarks
    if not sure:
        with transaction.atomic():
            jobs.finish(intake, UPLOADED, tables=intake.tables, remarks=remarks)
        return False
    intake.matching = chosen(found)
    jobs.save_progress(intake, tables=intake.tables, remarks=remarks, matching=intake.matching)
    return True


def certain_as_before(found: Sequence[Headings], names: FieldNames) -> bool:
    """Whether a remembered matching is enough: columns skipped then are skipped now."""
    return names.required <= found[0].matched.keys()


def chosen(found: Iterable[Headings]) -> dict[str, dict[str, str]]:
    """The value of `Intake.matching`: sheet → letter → field."""
    return {
        head.sheet: {column.letter: column.field for column in head.columns if column.field}
        for head in found
    }


def _passed_over(fields: Sequence[Field], found: Sequence[Headings]) -> list[str]:
    """Remarks on columns that are not imported."""
    left = [column.heading or column.letter for column in found[0].columns if not column.field]
    only = [
        field for field in fields if field.is_readonly(found[0].matched) and not field.report_edits
    ]
    shown = [str(field.label) for field in only if field.name in found[0].matched]
    remarks = (
        [_("Columns skipped because no field was chosen: %(names)s.") % {"names": "、".join(left)}]
        if left
        else []
    )
    if shown:
        remarks.append(
            _("Columns for reference only; changes in them are not imported: %(names)s.")
            % {"names": "、".join(shown)}
        )
    return remarks


# rows


def _check(intake: Intake, kind: TableKind, context: IntakeContext, source: RowReader) -> None:
    with transaction.atomic():
        jobs.save_progress(intake)  # fails if another run took over, whose rows must stay
        IntakeRow.objects.filter(intake=intake).delete()
    places = {head.sheet: head.matched for head in source.heads}
    checker, untaken = kind.checker(context, source.headed), UntakenSummary()
    counts, number = Counter[str](), 0
    for batch in _batches(source.rows()):
        rows = []
        for checked in checker.check(batch):
            rows.append(_row(intake, checked, places))
            if checked.untaken:
                rows[-1].untaken = _untaken(checked, places, untaken)
        with transaction.atomic():
            insert(IntakeRow, rows)
            number += len(rows)
            jobs.save_progress(intake, done=number)
        counts.update(row.verdict for row in rows)
    with transaction.atomic():
        counts = _late(intake, checker.finish(), places, counts)
        kept = [*intake.remarks, *source.remarks, *checker.remarks()]
        if not number:
            kept.append(
                _("There are no rows below the headings. Fill some in and upload the file again.")
            )
        results: dict[str, Any] = {"remarks": kept, "untaken": untaken.as_json()}
        jobs.finish(intake, CHECKED, counts=dict(+counts), total=number, done=number, **results)


def _batches(rows: Iterator[Item]) -> Iterator[list[Item]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _placed(fault: Fault, sheet: str, places: Places) -> dict[str, str]:
    """A fault as JSON, with the letter and heading of its column."""
    data = fault_as_json(fault)
    column = places[sheet].get(fault.field)
    if column is not None:
        data["column"] = data["column"] or column.letter
        data["heading"] = data["heading"] or column.heading
    return data


def _row(intake: Intake, checked: CheckedRow, places: Places) -> IntakeRow:
    given = checked.row
    faults = list(checked.faults)
    if given.faults:
        faults = [*given.faults, *(fault for fault in faults if fault not in given.faults)]
    return IntakeRow(
        intake=intake,
        number=given.number,
        sheet=given.sheet[:31],
        line=given.line,
        verdict=WRONG if faults else checked.verdict,
        label=checked.label[:LABEL_LENGTH],
        subject_id=checked.subject,
        seen=checked.seen,
        before=checked.before,
        after=checked.after,
        theirs=checked.theirs,
        faults=[_placed(fault, given.sheet, places) for fault in faults],
    )


def _untaken(checked: CheckedRow, places: Places, summary: UntakenSummary) -> list[dict[str, str]]:
    """The cells of a row that are not imported, as JSON; counts them in the summary."""
    row, cells = checked.row, []
    for cell in checked.untaken:
        column = places[row.sheet].get(cell.field)
        if column:
            cell = replace(cell, column=column.letter, heading=column.heading)
        cells.append(cell)
    summary.add(cells, row.sheet if len(places) > 1 else "", row.line)
    return [asdict(cell) for cell in cells]


def _late(
    intake: Intake, found: Iterable[tuple[int, Fault]], places: Places, counts: Counter[str]
) -> Counter[str]:
    """Add the faults known only after the last row; return the new counts."""
    late = defaultdict(list)
    for number, fault in found:
        late[number].append(fault)
    for numbers in _batches(iter(sorted(late))):
        rows = list(IntakeRow.objects.filter(intake=intake, number__in=numbers))
        for row in rows:
            counts.subtract([row.verdict])
            row.verdict = WRONG
            row.faults += [_placed(fault, row.sheet, places) for fault in late[row.number]]
            counts.update([WRONG])
        update_each(IntakeRow, rows, ["verdict", "faults"])
    return counts
