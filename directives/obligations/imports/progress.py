"""Progress in a ledger that comes back, and the report that it goes into."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from directives.base.states import DRAFT, EDITABLE, MANAGER, OBLIGATION_STATES, REPORTABLE, STAFF
from directives.models import IntakeRow, Obligation, ProgressReport, ReportEntry
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.intakes import WRONG
from directives.obligations.imports.readonly_columns import WORDS, Difference, percents
from directives.obligations.queries.ledger import LedgerRow
from directives.reports import commands as reporting
from directives.reports.commands import EntryEdit, EntryFields
from directives.reports.commands.drafting import Draft, drafts
from directives.tables.cells import value_reader
from directives.tables.comparing import changed_since, same_value, stale, verdict_of
from directives.tables.faults import Wrong
from directives.tables.fields import CheckedRow, Field, IntakeContext, IntakeRows, UntakenCell

HOME = ("cycle", "document", "organisation")
read_text = value_reader(Field("progress", ""))


@dataclass(slots=True)
class Edit:
    """Words that a row of the file changes, of an obligation as its line shows it."""

    planned: CheckedRow
    line: LedgerRow
    cells: Sequence[Difference]


class Untakable(Exception):
    """The words go into no report now: why, and where they are written instead."""


class Reports:
    """Finds the report into which the words of each row go."""

    def __init__(self, context: IntakeContext) -> None:
        self.context = context

    @cached_property
    def own(self) -> frozenset[int]:
        """The organisations for which the person fills in."""
        return frozenset(m.organisation_id for m in self.context.by.in_role(STAFF, MANAGER))

    def settle(self, edits: Sequence[Edit]) -> None:
        """Let each row change the entry of its obligation, or list its words as not taken over.

        Some queries for all of them.
        """
        if not edits:
            return
        reports, entries = self._reports(edits), self._entries(edits)
        meant: dict[int, list[Edit]] = {}
        known: dict[int, ProgressReport] = {}
        for edit in edits:
            try:
                report = self._report(
                    edit,
                    reports.get((edit.line.body.pk, edit.line.clause.document_id), []),
                    entries,
                )
                known[report.pk] = report
                meant.setdefault(report.pk, []).append(edit)
            except Untakable as reason:
                edit.planned.untaken += [_told(cell, *reason.args) for cell in edit.cells]
        for pk, own in meant.items():
            unmade = [edit.line.pk for edit in own if (pk, edit.line.pk) not in entries]
            fresh = drafts(known[pk], unmade) if unmade else {}
            for edit in own:
                _take(edit, known[pk], entries.get((pk, edit.line.pk)) or fresh[edit.line.pk])

    def _reports(self, edits: Iterable[Edit]) -> dict[tuple[int, int], list[ProgressReport]]:
        """Reports whose cycle has opened by organisation and document, the latest first."""
        homes = {(edit.line.body.pk, edit.line.clause.document_id) for edit in edits}
        bodies, documents = ({home[place] for home in homes} for place in (0, 1))
        rows = ProgressReport.objects.filter(
            organisation__in=bodies, document__in=documents, cycle__opens_on__lte=self.context.today
        )
        found: dict[tuple[int, int], list[ProgressReport]] = {}
        for report in (
            rows.select_related(*HOME).defer(*HEAVY_OF_DOCUMENT).order_by("-cycle__due_on", "-pk")
        ):
            found.setdefault((report.organisation_id, report.document_id), []).append(report)
        return found

    def _entries(self, edits: Iterable[Edit]) -> dict[tuple[int, int], ReportEntry]:
        rows = ReportEntry.objects.filter(obligation__in=[edit.line.pk for edit in edits])
        return {(entry.report_id, entry.obligation_id): entry for entry in rows}

    def _report(
        self,
        edit: Edit,
        reports: Sequence[ProgressReport],
        entries: Mapping[tuple[int, int], ReportEntry],
    ) -> ProgressReport:
        """The one report that takes the words and that the person fills in. Raises Untakable."""
        line, writes = edit.line, edit.line.body.pk in self.own
        if line.state not in REPORTABLE:
            why = _("Nothing is reported on an obligation that is “%(state)s”.") % {
                "state": dict(OBLIGATION_STATES)[line.state]
            }
            raise Untakable(why, _("On the page of the obligation."))
        mine = [(report, entries.get((report.pk, line.pk))) for report in reports]
        editable = [
            report
            for report, entry in mine
            if report.completed_at is None and (entry is None or entry.state in EDITABLE)
        ]
        if len(editable) > 1:
            cycles = "、".join(report.cycle.name for report in editable)
            raise Untakable(
                _("Several reports are open: %(cycles)s.") % {"cycles": cycles},
                _("In the report that they belong to."),
            )
        if editable and not writes:
            where = _("In the report for %(cycle)s.") % {"cycle": editable[0].cycle.name}
            raise Untakable(
                _("Progress is reported by the staff of the organisation itself."), where
            )
        if editable:
            return editable[0]
        raise Untakable(*_closed(mine))


def _closed(reports: Sequence[tuple[ProgressReport, ReportEntry | None]]) -> tuple[str, str]:
    """Why no report takes words now, and where they belong."""
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


def _told(cell: Difference, why: str, where: str) -> UntakenCell:
    return UntakenCell(cell.name, cell.value, cell.stands, why, where)


def _take(edit: Edit, report: ProgressReport, entry: ReportEntry | Draft) -> None:
    """Add the words of a row to what it changes.

    Words that somebody typed in the report meanwhile are contested.
    """
    planned, cycle = edit.planned, {"cycle": report.cycle.name}
    where = _("In the report for %(cycle)s.") % cycle
    if getattr(entry, "unchanged", False):
        why = (
            _("The report for %(cycle)s says that nothing has changed since the last one.") % cycle
        )
        planned.untaken += [_told(cell, why, where) for cell in edit.cells]
        return
    typed = isinstance(entry, ReportEntry) and not (entry.state == DRAFT and entry.saved_at is None)
    before, after, theirs = {}, {}, {}
    for cell in edit.cells:
        value, stands = _value(cell), getattr(entry, cell.name)
        if isinstance(value, Wrong):
            planned.untaken.append(
                _told(cell, _("Expected: %(expected)s") % {"expected": value.expected}, where)
            )
        elif not same_value(stands, value):
            before[cell.name], after[cell.name] = stands, value
            if (
                typed
                and stands not in ("", None)
                and not same_value(stands, getattr(edit.line, cell.name))
            ):
                theirs[cell.name] = stands
    if after and planned.verdict != WRONG:
        goes = {"cycle": None}
        planned.before |= goes | before
        planned.after |= {"cycle": report.cycle_id} | after
        planned.theirs |= (goes if len(theirs) == len(after) else {}) | theirs
        planned.verdict = verdict_of(planned)


def _value(cell: Difference) -> Any:
    """What an entry would hold."""
    if cell.name != "percent":
        value = read_text(cell.cell)
        return "" if value is None else value
    if not cell.value:
        return None
    found = [number for number in percents(cell.cell)[:1] if 0 <= number <= 100]
    return found[0] if found else Wrong(_("A whole number from 0 to 100"))


# writing


def words(values: Mapping[str, Any]) -> dict[str, Any]:
    """The words among what a row changes."""
    return {name: values[name] for name in WORDS if name in values}


def _by_report(
    rows: Iterable[IntakeRow],
) -> Iterator[tuple[ProgressReport | None, list[IntakeRow]]]:
    """The rows that change words, by their report; None where it is not there any more."""
    changing = [row for row in rows if words(row.after)]
    bodies = dict(
        Obligation.objects.filter(pk__in=[row.subject_id for row in changing])
        .order_by()
        .values_list("pk", "organisation_id")
    )

    def home(row: IntakeRow) -> tuple[int, int]:
        return row.after["cycle"], bodies.get(row.subject_id or 0, 0)

    for (cycle, body), own in groupby(sorted(changing, key=home), home):
        reports = ProgressReport.objects.filter(cycle=cycle, organisation=body)
        yield reports.select_related(*HOME).defer(*HEAVY_OF_DOCUMENT).first(), list(own)


def _entries(
    report: ProgressReport, rows: IntakeRows, context: IntakeContext
) -> dict[int, ReportEntry]:
    """The entries of these rows by obligation, until the transaction ends. Raises NotAllowed."""
    entries = report.entries.filter(obligation__in=[row.subject_id for row in rows])
    ids = entries.values_list("pk", flat=True)
    return {
        entry.obligation_id: entry
        for entry in reporting.lock_entries(report, list(ids), context.by).values()
    }


def _fields(entry: ReportEntry, values: Mapping[str, Any]) -> EntryFields:
    here = {name: getattr(entry, name) for name in EntryFields.__dataclass_fields__}
    return EntryFields(**here | words(values))


def _says(entry: ReportEntry, values: Mapping[str, Any]) -> bool:
    return all(same_value(getattr(entry, name), value) for name, value in words(values).items())


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """Save the words in the entries of their reports, as if they had been typed.

    Reports that nobody began are begun. Raises NotAllowed, and Stale where an entry says something
    else than when the table was checked.
    """
    for report, own in _by_report(rows):
        if report is None:
            raise stale(own[0])
        entries = _entries(report, own, context)
        if len(entries) < len(own):
            reporting.begin(report=report, by=context.by, now=context.now)
            entries = _entries(report, own, context)
        edits = []
        for row in own:
            entry = entries.get(row.subject_id or 0)
            if entry is None or entry.state not in EDITABLE or not _says(entry, row.before):
                raise stale(row, entry)
            edits.append(EntryEdit(entry, _fields(entry, row.after)))
        reporting.save_entries(edits, by=context.by, now=context.now)


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Entries say again what they said; where that is what a draft says, they are untouched drafts.

    Raises NotAllowed, and Invalid where an entry was handed in or says something else by now.
    """
    for report, own in _by_report(rows):
        if report is None:
            raise changed_since(own[0])
        entries, pairs = _entries(report, own, context), []
        for row in own:
            entry = entries.get(row.subject_id or 0)
            if entry is None or entry.state not in EDITABLE or not _says(entry, row.after):
                raise changed_since(row)
            pairs.append((row, entry))
        fresh = drafts(report, entries)
        redrafted, edits = [], []
        for row, entry in pairs:
            if _untouched(entry, row, fresh[entry.obligation_id]):
                redrafted.append(entry)
            else:
                edits.append(EntryEdit(entry, _fields(entry, row.before)))
        reporting.redraft_entries(report, redrafted, by=context.by, now=context.now)
        reporting.restore_entries(edits, marks={}, by=context.by, now=context.now)


def _untouched(entry: ReportEntry, row: IntakeRow, draft: Draft) -> bool:
    """Whether nothing but this row distinguishes an entry from its draft."""
    said = {name: getattr(entry, name) for name in WORDS} | words(row.before)
    return (
        entry.state == DRAFT
        and not entry.unchanged
        and all(same_value(said[name], getattr(draft, name)) for name in WORDS)
    )
