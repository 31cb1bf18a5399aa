"""A table brought in without its file: rows checked, written and taken back by a kind alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from directives.models import Intake, IntakeRow, User
from directives.models.intakes import CHANGED, CONFLICT, NEW, WRONG
from directives.tables.fields import CheckedRow, Fault, FileRow, IntakeContext, TableKind
from directives.tallies import counted
from tests.factories import NOW

CHUNK = 500


@dataclass
class ImportedTable:
    """What checking found, and the rows as they are kept."""

    kind: TableKind
    context: IntakeContext
    planned: list[CheckedRow]
    rows: list[IntakeRow]

    @property
    def verdicts(self) -> list[str]:
        return [row.verdict for row in self.planned]

    @property
    def faults(self) -> list[tuple[int, str, str]]:
        """(row, field, what was expected), in the order of the rows."""
        return [
            (row.row.number, fault.field, fault.expected)
            for row in self.planned
            for fault in row.faults
        ]

    def apply(self, *, mine: bool = True) -> list[IntakeRow]:
        """Write every row that changes something, in one transaction; conflicts as the file says.

        With `mine` false, conflicts are not written at all.
        """
        assert WRONG not in self.verdicts, self.faults
        wanted = [
            row
            for row in self.rows
            if row.verdict in (NEW, CHANGED) or (mine and row.verdict == CONFLICT)
        ]
        with counted():
            for start in range(0, len(wanted), CHUNK):
                self.kind.write(self.context, wanted[start : start + CHUNK])
                IntakeRow.objects.bulk_update(
                    wanted[start : start + CHUNK], ["subject_id", "left"], batch_size=500
                )
        return wanted

    def undo(self, *, later: timedelta = timedelta(minutes=5)) -> None:
        """Take back everything that was written."""
        rows = [row for row in self.rows if row.left is not None]
        with counted():
            self.kind.undo(replace(self.context, now=self.context.now + later), rows)


def bring(
    kind: TableKind,
    by: User,
    rows: Sequence[Mapping[str, Any]],
    *,
    now: datetime = NOW,
    chunk: int = CHUNK,
    **place: int,
) -> ImportedTable:
    """Check rows given by field; a row that ends with "faults" has some that could not be read."""
    by = User.objects.get(pk=by.pk)
    context = IntakeContext(by, now, timezone.localdate(now), place)
    checker = kind.checker(context, frozenset(name for row in rows for name in row))
    given = [FileRow(number, "Sheet1", number + 1, dict(row)) for number, row in enumerate(rows, 1)]
    planned: list[CheckedRow] = []
    for start in range(0, len(given), chunk):
        planned += checker.check(given[start : start + chunk])
    for number, fault in checker.finish():
        planned[number - 1].faults.append(fault)
        planned[number - 1].verdict = WRONG
    return ImportedTable(kind, context, planned, _kept(kind, context, planned))


def _kept(kind: TableKind, context: IntakeContext, planned: list[CheckedRow]) -> list[IntakeRow]:
    intake = Intake.objects.create(
        kind=kind.key,
        place=dict(context.place),
        by=context.by,
        at=context.now,
        file="x",
        name="x.xlsx",
        size=1,
        sha256="0",
        language="zh-hans",
    )
    rows = [
        IntakeRow(
            intake=intake,
            number=one.row.number,
            sheet=one.row.sheet,
            line=one.row.line,
            verdict=one.verdict,
            label=one.label,
            subject_id=one.subject,
            seen=one.seen,
            before=one.before,
            after=one.after,
            theirs=one.theirs,
            faults=[asdict(fault) for fault in one.faults if isinstance(fault, Fault)],
        )
        for one in planned
    ]
    IntakeRow.objects.bulk_create(rows, batch_size=500)
    return list(IntakeRow.objects.filter(intake=intake).order_by("number"))
