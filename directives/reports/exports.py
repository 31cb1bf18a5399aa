"""Columns of the spreadsheets of the list of reports and of one report."""

from django.utils.translation import gettext_lazy as _

from directives.base.wording import localized, localized_text
from directives.reports.queries.entries import EntryLine
from directives.tables.book import Column, path_to

REPORT, OBLIGATION = path_to("report"), path_to("obligation")
REPORTS = (
    Column(
        "organisation",
        _("Organisation"),
        lambda row: localized(row.report.organisation, "name"),
        width=24,
        link=lambda row: REPORT(row.report.pk),
    ),
    Column(
        "document", _("Document"), lambda row: localized(row.report.document, "title"), width=36
    ),
    Column("cycle", _("Reporting cycle"), lambda row: row.report.cycle.name, width=16),
    Column("due_on", _("Due"), lambda row: row.report.cycle.due_on, "date"),
    Column("state", _("State"), lambda row: row.word, width=14),
    Column("entries", _("Entries"), lambda row: row.counts.total, "number"),
    Column("handed_in", _("Submitted"), lambda row: row.counts.handed_in, "number"),
    Column("accepted", _("Accepted"), lambda row: row.counts.accepted, "number"),
    Column("returned", _("Returned"), lambda row: row.counts.returned, "number"),
    Column(
        "submitted_at", _("First submitted"), lambda row: row.report.first_submitted_at, "moment"
    ),
    Column("completed_at", _("All accepted"), lambda row: row.report.completed_at, "moment"),
)


def _files(line: EntryLine) -> str:
    return "\n".join(file.name for file in line.files.files)


def _obligation(line: EntryLine) -> str:
    return OBLIGATION(line.entry.obligation_id)


ENTRIES = (
    Column(
        "code",
        _("Code"),
        lambda line: line.entry.obligation.directive.code,
        width=10,
        link=_obligation,
    ),
    Column(
        "text",
        _("Directive"),
        lambda line: localized(line.entry.obligation.directive, "text"),
        width=48,
    ),
    Column(
        "part", _("Responsibility"), lambda line: line.entry.obligation.get_part_display(), width=8
    ),
    Column("progress", _("Progress"), lambda line: localized_text(line.entry.progress), width=48),
    Column("problems", _("Problems"), lambda line: localized_text(line.entry.problems), width=28),
    Column(
        "next_steps", _("Next steps"), lambda line: localized_text(line.entry.next_steps), width=28
    ),
    Column("percent", _("Percent complete"), lambda line: line.entry.percent, "percent"),
    Column("last_percent", _("Last percent"), lambda line: line.earlier.percent, "percent"),
    Column(
        "unchanged_reason",
        _("Reason for no change"),
        lambda line: localized_text(line.entry.unchanged_reason),
        width=24,
    ),
    Column("state", _("State"), lambda line: line.status.word, width=12),
    Column("evidence", _("Evidence"), _files, width=24),
    Column("id", _("Record ID"), lambda line: line.entry.pk, "id", 8),
    Column("version", _("Version"), lambda line: line.entry.version, "id", 6),
)
