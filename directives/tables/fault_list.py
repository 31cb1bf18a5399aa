"""The faults of an intake, and its cells that are not imported, as a workbook."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.http import FileResponse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from directives.models import Intake, IntakeRow
from directives.models.intakes import WRONG
from directives.tables.book import Book, Column, Note
from directives.tables.fields import Fault, UntakenCell
from directives.tables.formats import file_response


@dataclass(frozen=True, slots=True)
class CellLine:
    """One cell that is wrong or not imported."""

    row: IntakeRow
    cell: Fault | UntakenCell

    @property
    def result(self) -> str:
        return gettext("Error") if isinstance(self.cell, Fault) else gettext("Not imported")

    @property
    def stored_value(self) -> str:
        return "" if isinstance(self.cell, Fault) else self.cell.stands

    @property
    def reason(self) -> str:
        return self.cell.expected if isinstance(self.cell, Fault) else self.cell.why

    @property
    def remedy(self) -> str:
        return self.cell.remedy if isinstance(self.cell, Fault) else self.cell.where


def cell_lines(intake: Intake) -> Iterator[CellLine]:
    """The cells in the order of the file."""
    for row in noted_rows(intake).order_by("number").iterator(chunk_size=1000):
        yield from (CellLine(row, Fault(**fault)) for fault in row.faults)
        yield from (CellLine(row, UntakenCell(**cell)) for cell in row.untaken or ())


def noted_rows(intake: Intake) -> QuerySet[IntakeRow]:
    """The rows with faults, or with cells that are not imported."""
    return IntakeRow.objects.filter(Q(verdict=WRONG) | Q(untaken__isnull=False), intake=intake)


COLUMNS = (
    Column("sheet", pgettext_lazy("workbook", "Sheet"), lambda line: line.row.sheet),
    Column("line", pgettext_lazy("table", "Row"), lambda line: line.row.line, "number", 8),
    Column("column", pgettext_lazy("table", "Column"), lambda line: line.cell.column, width=8),
    Column("heading", _("Heading"), lambda line: line.cell.heading),
    Column("found", _("Result"), lambda line: line.result, width=10),
    Column("value", _("Value in the file"), lambda line: line.cell.value, width=30),
    Column("stands", _("Current value"), lambda line: line.stored_value, width=30),
    Column(
        "expected",
        _("What was expected, or why it is not imported"),
        lambda line: line.reason,
        width=48,
    ),
    Column("remedy", _("Suggested fix"), lambda line: line.remedy, width=48),
    Column("label", _("Record"), lambda line: line.row.label, width=30),
)


def faults_file(intake: Intake, *, now: datetime) -> FileResponse:
    """Return the workbook. It is about the user's own file, so it needs no right to export."""
    notes: tuple[Note, ...] = (
        (_("File"), intake.name),
        (_("Rows with errors"), intake.counts.get("wrong", 0)),
        (_("Rows"), sum(intake.counts.values())),
    )
    if intake.untaken:
        notes += ((_("Cells not imported"), intake.untaken["cells"]),)
    book = Book(_("Faults of a table"), COLUMNS, cell_lines(intake), now, notes)
    response, _count = file_response(book, "xlsx")
    return response
