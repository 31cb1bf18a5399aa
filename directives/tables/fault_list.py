"""The faults of an intake, and its cells that are not taken over, as a workbook for whoever keeps the table."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.http import FileResponse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from directives.models import Intake, IntakeRow
from directives.models.intakes import WRONG
from directives.tables.book import Book, Column
from directives.tables.fields import Fault, UntakenCell
from directives.tables.formats import FORMATS


@dataclass(frozen=True, slots=True)
class CellLine:
    """One cell that is wrong or not taken over, with its place, as a row of a list."""

    row: IntakeRow
    cell: Fault | UntakenCell

    @property
    def fault(self) -> Fault | None:
        return self.cell if isinstance(self.cell, Fault) else None

    @property
    def untaken(self) -> UntakenCell | None:
        return self.cell if isinstance(self.cell, UntakenCell) else None


def cell_lines(intake: Intake) -> Iterable[CellLine]:
    """Every cell of an intake that is wrong or not taken over, in the order of the file."""
    for row in noted_rows(intake).order_by("number").iterator(chunk_size=1000):
        yield from (CellLine(row, Fault(**fault)) for fault in row.faults)
        yield from (CellLine(row, UntakenCell(**cell)) for cell in row.untaken or ())


def noted_rows(intake: Intake) -> QuerySet[IntakeRow]:
    """The rows with faults, or with cells that are not taken over."""
    return IntakeRow.objects.filter(Q(verdict=WRONG) | Q(untaken__isnull=False), intake=intake)


COLUMNS = (
    Column("sheet", pgettext_lazy("workbook", "Sheet"), lambda line: line.row.sheet),
    Column("line", pgettext_lazy("table", "Row"), lambda line: line.row.line, "number", 8),
    Column("column", pgettext_lazy("table", "Column"), lambda line: line.cell.column, width=8),
    Column("heading", _("Heading"), lambda line: line.cell.heading),
    Column(
        "found",
        _("Result"),
        lambda line: gettext("Error") if line.fault else gettext("Not imported"),
        width=10,
    ),
    Column("value", _("Value in the file"), lambda line: line.cell.value, width=30),
    Column(
        "stands",
        _("Current value"),
        lambda line: line.untaken.stands if line.untaken else "",
        width=30,
    ),
    Column(
        "expected",
        _("What was expected, or why it is not imported"),
        lambda line: _why(line),
        width=48,
    ),
    Column("remedy", _("Suggested fix"), lambda line: _what_to_do(line), width=48),
    Column("label", _("Record"), lambda line: line.row.label, width=30),
)


def _why(line: CellLine) -> str:
    return line.fault.expected if line.fault else line.untaken.why


def _what_to_do(line: CellLine) -> str:
    return line.fault.remedy if line.fault else line.untaken.where


def faults_file(intake: Intake, *, now: datetime) -> FileResponse:
    """Every such cell with its place, why, and what to do. It is the person's own file, so nobody need have a right to it."""
    notes = (
        (_("File"), intake.name),
        (_("Rows with errors"), intake.counts.get("wrong", 0)),
        (_("Rows"), sum(intake.counts.values())),
    )
    notes += ((_("Cells not imported"), intake.untaken["cells"]),) if intake.untaken else ()
    book = Book(_("Faults of a table"), COLUMNS, cell_lines(intake), now, notes)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    FORMATS["xlsx"].write(book, file)
    file.seek(0)
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"{book.file_name}.xlsx",
        content_type=FORMATS["xlsx"].content_type,
    )
