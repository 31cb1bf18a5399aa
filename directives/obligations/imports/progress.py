"""Importing the progress columns of an edited ledger into progress reports."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from directives.base.states import (
    DRAFT,
    EDITABLE,
    OBLIGATION_STATES,
    REPORTABLE,
    SUPPORTING,
    WORKING,
)
from directives.models import IntakeRow, Obligation, ProgressReport, ReportEntry
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.intakes import WRONG
from directives.obligations.imports.readonly_columns import REPORTED_FIELDS, Difference, percents
from directives.obligations.queries.ledger import LedgerRow
from directives.reports import commands as reporting
from directives.reports.commands import EntryEdit, EntryFields
from directives.reports.commands.drafting import Draft, drafts
from directives.tables.cells import value_reader
from directives.tables.comparing import changed_since, same_value, stale, verdict_of
from directives.tables.faults import Wrong
from directives.tables.fields import CheckedRow, Field, IntakeContext, IntakeRows, UntakenCell

RELATED = ("cycle", "document", "organisation")
read_text = value_reader(Field("progress", ""))


@dataclass(slots=True)
class Edit:
    """The progress texts that a row of the file changes."""

    checked: CheckedRow
    line: LedgerRow  # the obligation as the ledger shows it
    cells: Sequence[Difference]


class NoReport(Exception):
    """No report takes the texts now. The arguments: why, and where to write them instead."""


class Reports:
    """Finds the report that takes the progress texts of each row."""

    def __init__(self, context: IntakeContext) -> None:
        self.context = context

    @cached_property
    def reporting_bodies(self) -> frozenset[int]:
        """The organisations whose reports the user writes."""
        return frozenset(self.context.by.bodies_as(*WORKING))

    def add_changes(self, edits: Sequence[Edit]) -> None:
        """Add to each row the changes of its report entry, or list its texts as not imported.

        The number of queries does not grow with the number of edits of a report.
        """
        if not edits:
            return
        reports, entries = self._reports(edits), self._entries(edits)
        by_report: dict[int, list[Edit]] = {}
        reports_by_id: dict[int, ProgressReport] = {}
        for edit in edits:
            key = (edit.line.body.pk, edit.line.clause.document_id)
            try:
                report = self._report(edit, reports.get(key, []), entries)
            except NoReport as reason:
                edit.checked.untaken += [_not_imported(cell, *reason.args) for cell in edit.cells]
                continue
            reports_by_id[report.pk] = report
            by_report.setdefault(report.pk, []).append(edit)
        for pk, edits_of_report in by_report.items():
            missing = [e.line.pk for e in edits_of_report if (pk, e.line.pk) not in entries]
            new_drafts = drafts(reports_by_id[pk], missing) if missing else {}
            for edit in edits_of_report:
                entry = entries.get((pk, edit.line.pk)) or new_drafts[edit.line.pk]
                _add_texts(edit, reports_by_id[pk], entry)

    def _reports(self, edits: Iterable[Edit]) -> dict[tuple[int, int], list[ProgressReport]]:
        """Reports of cycles that have opened, latest first, by organisation and document."""
        keys = {(edit.line.body.pk, edit.line.clause.document_id) for edit in edits}
        bodies, documents = ({key[place] for key in keys} for place in (0, 1))
        rows = ProgressReport.objects.filter(
            organisation__in=bodies, document__in=documents, cycle__opens_on__lte=self.context.today
        )
        rows = rows.select_related(*RELATED).defer(*HEAVY_OF_DOCUMENT)
        reports: dict[tuple[int, int], list[ProgressReport]] = {}
        for report in rows.order_by("-cycle__due_on", "-pk"):
            reports.setdefault((report.organisation_id, report.document_id), []).append(report)
        return reports

    def _entries(self, edits: Iterable[Edit]) -> dict[tuple[int, int], ReportEntry]:
        rows = ReportEntry.objects.filter(obligation__in=[edit.line.pk for edit in edits])
        return {(entry.report_id, entry.obligation_id): entry for entry in rows}

    def _report(
        self,
        edit: Edit,
        reports: Sequence[ProgressReport],
        entries: Mapping[tuple[int, int], ReportEntry],
    ) -> ProgressReport:
        """Return the one editable report that the user writes. Raises NoReport."""
        line = edit.line
        if line.state not in REPORTABLE:
            why = _("Nothing is reported on an obligation that is “%(state)s”.") % {
                "state": dict(OBLIGATION_STATES)[line.state]
            }
            raise NoReport(why, _("On the page of the obligation."))
        with_entries = _asking(line, reports, entries)
        editable = [
            report
            for report, entry in with_entries
            if report.completed_at is None and (entry is None or entry.state in EDITABLE)
        ]
        if len(editable) > 1:
            cycles = "、".join(report.cycle.name for report in editable)
            raise NoReport(
                _("Several reports are open: %(cycles)s.") % {"cycles": cycles},
                _("In the report that they belong to."),
            )
        if not editable:
            raise NoReport(*_closed(with_entries))
        if line.body.pk not in self.reporting_bodies:
            where = _("In the report for %(cycle)s.") % {"cycle": editable[0].cycle.name}
            raise NoReport(
                _("Progress is reported by the staff of the organisation itself."), where
            )
        return editable[0]


def _asking(
    line: LedgerRow,
    reports: Sequence[ProgressReport],
    entries: Mapping[tuple[int, int], ReportEntry],
) -> list[tuple[ProgressReport, ReportEntry | None]]:
    """The reports that ask about an obligation, with their entry; raises NoReport if none does."""
    asking = [
        (report, entry)
        for report in reports
        if (entry := entries.get((report.pk, line.pk)))
        or line.part != SUPPORTING
        or report.cycle.asks_supporting
    ]
    if reports and not asking:
        raise NoReport(
            _("A supporting organisation gives inputs when it is asked; the lead reports."),
            _("On the page of the obligation."),
        )
    return asking


def _closed(reports: Sequence[tuple[ProgressReport, ReportEntry | None]]) -> tuple[str, str]:
    """Why no report takes the texts now, and where they belong."""
    if not reports:
        return _("No reporting cycle is open."), _(
            "In the next report, once a reporting cycle is open."
        )
    report, entry = reports[0]
    state = entry.get_state_display() if entry else _("Accepted")
    why = _("They go into the report for %(cycle)s, which is “%(state)s”.") % {
        "cycle": report.cycle.name,
        "state": state,
    }
    return why, _("In that report, if it is returned; otherwise in the next one.")


def _not_imported(cell: Difference, why: str, where: str) -> UntakenCell:
    return UntakenCell(cell.name, cell.value, cell.stored, why, where)


def _add_texts(edit: Edit, report: ProgressReport, entry: ReportEntry | Draft) -> None:
    """Add the progress texts of a row to its changes.

    A text that somebody has typed in the report meanwhile makes a conflict.
    """
    checked, cycle = edit.checked, {"cycle": report.cycle.name}
    where = _("In the report for %(cycle)s.") % cycle
    if getattr(entry, "unchanged", False):
        why = (
            _("The report for %(cycle)s says that nothing has changed since the last one.") % cycle
        )
        checked.untaken += [_not_imported(cell, why, where) for cell in edit.cells]
        return
    was_edited = isinstance(entry, ReportEntry) and not (
        entry.state == DRAFT and entry.saved_at is None
    )
    before, after, theirs = {}, {}, {}
    for cell in edit.cells:
        value, current = _value(cell), getattr(entry, cell.name)
        if isinstance(value, Wrong):
            why = _("Expected: %(expected)s") % {"expected": value.expected}
            checked.untaken.append(_not_imported(cell, why, where))
        elif not same_value(current, value):
            before[cell.name], after[cell.name] = current, value
            in_ledger = getattr(edit.line, cell.name)
            if was_edited and current not in ("", None) and not same_value(current, in_ledger):
                theirs[cell.name] = current
    if after and checked.verdict != WRONG:
        no_cycle = {"cycle": None}
        checked.before |= no_cycle | before
        checked.after |= {"cycle": report.cycle_id} | after
        checked.theirs |= (no_cycle if len(theirs) == len(after) else {}) | theirs
        checked.verdict = verdict_of(checked)


def _value(cell: Difference) -> Any:
    """The value of a cell as an entry stores it, or Wrong."""
    if cell.name != "percent":
        value = read_text(cell.cell)
        return "" if value is None else value
    if not cell.value:
        return None
    number = next(iter(percents(cell.cell)), -1)
    return number if 0 <= number <= 100 else Wrong(_("A whole number from 0 to 100"))


# writing


def report_texts(values: Mapping[str, Any]) -> dict[str, Any]:
    """The progress texts among the values of a row."""
    return {name: values[name] for name in REPORTED_FIELDS if name in values}


def _by_report(
    rows: Iterable[IntakeRow],
) -> Iterator[tuple[ProgressReport | None, list[IntakeRow]]]:
    """Group the rows that change progress texts by report; None if it no longer exists."""
    changing = [row for row in rows if report_texts(row.after)]
    bodies = dict(
        Obligation.objects.filter(pk__in=[row.subject_id for row in changing])
        .order_by()
        .values_list("pk", "organisation_id")
    )

    def report_key(row: IntakeRow) -> tuple[int, int]:
        return row.after["cycle"], bodies.get(row.subject_id or 0, 0)

    for (cycle, body), group in groupby(sorted(changing, key=report_key), report_key):
        reports = ProgressReport.objects.filter(cycle=cycle, organisation=body)
        yield reports.select_related(*RELATED).defer(*HEAVY_OF_DOCUMENT).first(), list(group)


def _entries(
    report: ProgressReport, rows: IntakeRows, context: IntakeContext
) -> dict[int, ReportEntry]:
    """Lock the entries of these rows. Returns them by obligation id. Raises NotAllowed."""
    entries = report.entries.filter(obligation__in=[row.subject_id for row in rows])
    ids = entries.values_list("pk", flat=True)
    return {
        entry.obligation_id: entry
        for entry in reporting.lock_entries(report, list(ids), context.by).values()
    }


def _fields(entry: ReportEntry, values: Mapping[str, Any]) -> EntryFields:
    current = {name: getattr(entry, name) for name in EntryFields.__dataclass_fields__}
    return EntryFields(**current | report_texts(values))


def _has_texts(entry: ReportEntry, values: Mapping[str, Any]) -> bool:
    return all(
        same_value(getattr(entry, name), value) for name, value in report_texts(values).items()
    )


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """Save the progress texts in the entries of their reports, as if they had been typed.

    Starts reports that nobody has started. Raises NotAllowed, and Stale if an entry has changed
    since the table was checked.
    """
    for report, report_rows in _by_report(rows):
        if report is None:
            raise stale(report_rows[0])
        entries = _entries(report, report_rows, context)
        if len(entries) < len(report_rows):
            reporting.begin(report=report, by=context.by, now=context.now)
            entries = _entries(report, report_rows, context)
        edits = []
        for row in report_rows:
            entry = entries.get(row.subject_id or 0)
            if entry is None or entry.state not in EDITABLE or not _has_texts(entry, row.before):
                raise stale(row, entry)
            edits.append(EntryEdit(entry, _fields(entry, row.after)))
        reporting.save_entries(edits, by=context.by, now=context.now)


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Restore the texts of entries; entries equal to a fresh draft become untouched drafts again.

    Raises NotAllowed, and Invalid if an entry was submitted or has changed since the import.
    """
    for report, report_rows in _by_report(rows):
        if report is None:
            raise changed_since(report_rows[0])
        entries, pairs = _entries(report, report_rows, context), []
        for row in report_rows:
            entry = entries.get(row.subject_id or 0)
            if entry is None or entry.state not in EDITABLE or not _has_texts(entry, row.after):
                raise changed_since(row)
            pairs.append((row, entry))
        new_drafts = drafts(report, entries)
        redrafted, edits = [], []
        for row, entry in pairs:
            if _untouched(entry, row, new_drafts[entry.obligation_id]):
                redrafted.append(entry)
            else:
                edits.append(EntryEdit(entry, _fields(entry, row.before)))
        reporting.redraft_entries(report, redrafted, by=context.by, now=context.now)
        reporting.restore_entries(edits, marks={}, by=context.by, now=context.now)


def _untouched(entry: ReportEntry, row: IntakeRow, draft: Draft) -> bool:
    """Whether the entry without the changes of this row equals a fresh draft."""
    restored = {name: getattr(entry, name) for name in REPORTED_FIELDS} | report_texts(row.before)
    return (
        entry.state == DRAFT
        and not entry.unchanged
        and all(same_value(restored[name], getattr(draft, name)) for name in REPORTED_FIELDS)
    )
