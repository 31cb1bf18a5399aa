"""Checks an intake: finds the headings, checks every row, and stores the results.

It changes only the intake and its rows. A run that was killed is started again from the beginning;
one that was superseded by another process stops.
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
ColumnsBySheet = dict[str, dict[str, Column]]  # sheet → field → column


def is_small(intake: Intake) -> bool:
    """Whether the intake is checked while the user waits for the page."""
    return intake.size <= AT_ONCE_BYTES


def begin(intake: Intake, *, now: datetime, **fields: Any) -> Intake:
    """Queue the check of the rows; it starts after this transaction. Raises Stale."""
    return steps.begin(
        intake,
        CHECKING,
        from_states=CHECKABLE,
        at_once=is_small(intake),
        now=now,
        total=None,
        **fields,
    )


def restart(intake: Intake, fault: str) -> None:
    """Queue the check again because applying found the rows out of date; `fault` says why."""
    jobs.change_state(intake, CHECKING, fault=fault, total=None, done=0, moved_at=None, tries=0)
    jobs.enqueue(intake, at_once=intake.awaited and is_small(intake))


def _halt(intake: Intake, state: str, fault: str, refusal: Refusal | None) -> None:
    jobs.change_state(intake, UNREADABLE, fault=fault, counts={}, untaken=None, moved_at=None)
    IntakeRow.objects.filter(intake=intake).delete()


def open_file(intake: Intake) -> OpenFile:
    """Open the uploaded file. Raises reader.Unreadable."""
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
    with open_file(intake) as file:
        if not intake.matching and not _match_headings(intake, file, FieldNames(fields)):
            return False
        intake.remarks = [
            *file.remarks,
            *find_headings(file.tables, FieldNames(fields))[1],
            *_column_remarks(fields, headings_of(intake)),
        ]
        source = RowReader(file, headings_of(intake), fields, kind.split)
        jobs.save_progress(intake, total=source.expected, done=0)
        if intake.awaited and source.expected > AT_ONCE_ROWS:
            raise jobs.TooLong
        _check(intake, kind, context, source)
    return False


ACT = jobs.Act(carry_out, _halt)


def headings_of(intake: Intake) -> tuple[Headings, ...]:
    """The headings of its sheets, with the confirmed fields."""
    headings = tuple(Headings.of_json(table) for table in intake.tables)
    if not intake.matching:
        return headings
    return tuple(head.with_fields(intake.matching.get(head.sheet, {})) for head in headings)


# headings


def _match_headings(intake: Intake, file: OpenFile, names: FieldNames) -> bool:
    """Find the headings and store them; return whether the user need not choose columns."""
    headings, remarks = find_headings(file.tables, names)
    if not headings:
        raise Refusal(
            _(
                "The file has no visible table. Enter the rows on a sheet that is not hidden, "
                "save it and upload it again."
            )
        )
    remembered = Matching.objects.filter(
        user=intake.by, kind=intake.kind, headings=headings[0].digest
    ).first()
    if remembered is not None:
        headings = tuple(
            with_remembered_fields(head, remembered.columns, names) for head in headings
        )
    certain = is_fully_matched(headings, names) or (
        remembered is not None and is_matching_sufficient(headings, names)
    )
    intake.tables, intake.remarks = [head.as_json() for head in headings], remarks
    if not certain:
        with transaction.atomic():
            jobs.finish(intake, UPLOADED, tables=intake.tables, remarks=remarks)
        return False
    intake.matching = matching_of(headings)
    jobs.save_progress(intake, tables=intake.tables, remarks=remarks, matching=intake.matching)
    return True


def is_matching_sufficient(headings: Sequence[Headings], names: FieldNames) -> bool:
    """Whether a remembered matching is enough: columns skipped then are skipped again."""
    return names.required <= headings[0].matched.keys()


def matching_of(headings: Iterable[Headings]) -> dict[str, dict[str, str]]:
    """The value of `Intake.matching`: sheet → letter → field."""
    return {
        head.sheet: {column.letter: column.field for column in head.columns if column.field}
        for head in headings
    }


def _column_remarks(fields: Sequence[Field], headings: Sequence[Headings]) -> list[str]:
    """Remarks on columns that are not imported."""
    skipped = [
        column.heading or column.letter for column in headings[0].columns if not column.field
    ]
    readonly_fields = [
        field
        for field in fields
        if field.is_readonly(headings[0].matched) and not field.report_edits
    ]
    readonly = [str(field.label) for field in readonly_fields if field.name in headings[0].matched]
    remarks = (
        [
            _("Columns skipped because no field was chosen: %(names)s.")
            % {"names": "、".join(skipped)}
        ]
        if skipped
        else []
    )
    if readonly:
        remarks.append(
            _("Columns for reference only; changes in them are not imported: %(names)s.")
            % {"names": "、".join(readonly)}
        )
    return remarks


# rows


def _check(intake: Intake, kind: TableKind, context: IntakeContext, source: RowReader) -> None:
    with transaction.atomic():
        jobs.save_progress(intake)  # fails if another run took over, whose rows must stay
        IntakeRow.objects.filter(intake=intake).delete()
    columns = {head.sheet: head.matched for head in source.heads}
    checker, untaken = kind.checker(context, source.headed), UntakenSummary()
    counts, number = Counter[str](), 0
    for batch in _batches(source.rows()):
        rows = []
        for checked in checker.check(batch):
            rows.append(_row(intake, checked, columns))
            if checked.untaken:
                rows[-1].untaken = _untaken_data(checked, columns, untaken)
        with transaction.atomic():
            insert(IntakeRow, rows)
            number += len(rows)
            jobs.save_progress(intake, done=number)
        counts.update(row.verdict for row in rows)
    with transaction.atomic():
        counts = _add_late_faults(intake, checker.finish(), columns, counts)
        remarks = [*intake.remarks, *source.remarks, *checker.remarks()]
        if not number:
            remarks.append(
                _("There are no rows below the headings. Fill some in and upload the file again.")
            )
        results: dict[str, Any] = {"remarks": remarks, "untaken": untaken.as_json()}
        jobs.finish(intake, CHECKED, counts=dict(+counts), total=number, done=number, **results)


def _batches(rows: Iterator[Item]) -> Iterator[list[Item]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _fault_data(fault: Fault, sheet: str, columns: ColumnsBySheet) -> dict[str, str]:
    """A fault as JSON, with the letter and heading of its column."""
    data = fault_as_json(fault)
    column = columns[sheet].get(fault.field)
    if column is not None:
        data["column"] = data["column"] or column.letter
        data["heading"] = data["heading"] or column.heading
    return data


def _row(intake: Intake, checked: CheckedRow, columns: ColumnsBySheet) -> IntakeRow:
    file_row = checked.row
    faults = list(checked.faults)
    if file_row.faults:
        faults = [*file_row.faults, *(fault for fault in faults if fault not in file_row.faults)]
    return IntakeRow(
        intake=intake,
        number=file_row.number,
        sheet=file_row.sheet[:31],
        line=file_row.line,
        verdict=WRONG if faults else checked.verdict,
        label=checked.label[:LABEL_LENGTH],
        subject_id=checked.subject,
        seen=checked.seen,
        before=checked.before,
        after=checked.after,
        theirs=checked.theirs,
        faults=[_fault_data(fault, file_row.sheet, columns) for fault in faults],
    )


def _untaken_data(
    checked: CheckedRow, columns: ColumnsBySheet, summary: UntakenSummary
) -> list[dict[str, str]]:
    """The cells of a row that are not imported, as JSON; counts them in the summary."""
    row, cells = checked.row, []
    for cell in checked.untaken:
        column = columns[row.sheet].get(cell.field)
        if column:
            cell = replace(cell, column=column.letter, heading=column.heading)
        cells.append(cell)
    summary.add(cells, row.sheet if len(columns) > 1 else "", row.line)
    return [asdict(cell) for cell in cells]


def _add_late_faults(
    intake: Intake,
    late_faults: Iterable[tuple[int, Fault]],
    columns: ColumnsBySheet,
    counts: Counter[str],
) -> Counter[str]:
    """Add the faults known only after the last row; return the new counts."""
    by_row = defaultdict(list)
    for number, fault in late_faults:
        by_row[number].append(fault)
    for numbers in _batches(iter(sorted(by_row))):
        rows = list(IntakeRow.objects.filter(intake=intake, number__in=numbers))
        for row in rows:
            counts.subtract([row.verdict])
            row.verdict = WRONG
            row.faults += [_fault_data(fault, row.sheet, columns) for fault in by_row[row.number]]
            counts.update([WRONG])
        update_each(IntakeRow, rows, ["verdict", "faults"])
    return counts
