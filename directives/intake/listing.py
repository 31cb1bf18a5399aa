"""The faults of an intake as a workbook, so that whoever keeps the table can mend it without signing in."""

import tempfile
from datetime import datetime

from django.http import FileResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.intake.showing import fault_lines
from directives.models import Intake
from directives.sheets.out import FORMATS, Book, Column

COLUMNS = (
    Column("sheet", pgettext_lazy("workbook", "Sheet"), lambda line: line.row.sheet),
    Column("line", pgettext_lazy("table", "Row"), lambda line: line.row.line, "number", 8),
    Column("column", pgettext_lazy("table", "Column"), lambda line: line.fault.column, width=8),
    Column("heading", _("Heading"), lambda line: line.fault.heading),
    Column("value", _("Value in the file"), lambda line: line.fault.value, width=30),
    Column("expected", _("Expected"), lambda line: line.fault.expected, width=48),
    Column("remedy", _("Suggested fix"), lambda line: line.fault.remedy, width=48),
    Column("label", _("Record"), lambda line: line.row.label, width=30),
)


def faults_file(intake: Intake, *, now: datetime) -> FileResponse:
    """Every fault with its place, what was expected and what to do. It is the person's own file, so nobody need have a right to it."""
    notes = ((_("File"), intake.name), (_("Rows with errors"), intake.counts.get("wrong", 0)), (_("Rows"), sum(intake.counts.values())))
    book = Book(_("Faults of a table"), COLUMNS, fault_lines(intake), now, notes)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    FORMATS["xlsx"].write(book, file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{book.file_name}.xlsx", content_type=FORMATS["xlsx"].content_type)
