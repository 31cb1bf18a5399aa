"""The columns of the list of reports, and of one report."""

from django.utils.translation import gettext_lazy as _

from directives.overview.entries import Line
from directives.sheets.out import Column
from directives.wording import picked, scripted

REPORTS = (
    Column(_("Body"), lambda row: picked(row.report.organisation, "name"), width=24),
    Column(_("Document"), lambda row: picked(row.report.document, "title"), width=36),
    Column(_("Cycle"), lambda row: row.report.cycle.name, width=16),
    Column(_("Due"), lambda row: row.report.cycle.due_on, "date"),
    Column(_("State"), lambda row: row.word, width=14),
    Column(_("Entries"), lambda row: row.counts.total, "number"),
    Column(_("Handed in"), lambda row: row.counts.handed_in, "number"),
    Column(_("Accepted"), lambda row: row.counts.accepted, "number"),
    Column(_("Returned"), lambda row: row.counts.returned, "number"),
    Column(_("First handed in"), lambda row: row.report.first_submitted_at, "moment"),
    Column(_("All accepted"), lambda row: row.report.completed_at, "moment"),
)


def _files(line: Line) -> str:
    return "\n".join(file.name for file in line.files.files)


ENTRIES = (
    Column(_("Code"), lambda line: line.entry.obligation.directive.code, width=10),
    Column(_("Directive"), lambda line: picked(line.entry.obligation.directive, "text"), width=48),
    Column(_("Part"), lambda line: line.entry.obligation.get_part_display(), width=8),
    Column(_("Progress"), lambda line: scripted(line.entry.progress), width=48),
    Column(_("Problems"), lambda line: scripted(line.entry.problems), width=28),
    Column(_("Next steps"), lambda line: scripted(line.entry.next_steps), width=28),
    Column(_("Percent complete"), lambda line: line.entry.percent, "percent"),
    Column(_("Last percent"), lambda line: line.earlier.percent, "percent"),
    Column(_("Why nothing changed"), lambda line: scripted(line.entry.unchanged_reason), width=24),
    Column(_("State"), lambda line: line.word, width=12),
    Column(_("Evidence"), _files, width=24),
)
