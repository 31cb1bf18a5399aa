"""Handing in a report, whole or in parts (报送): signature, and the copy that never changes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import FilteredRelation, Max, Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.base.states import ACCEPTED, AWAITING, CLOSED, EDITABLE, RETURNED, SUPPORTING
from directives.core import audit, notices
from directives.core.closed import demand_open_entries
from directives.core.copies import copy_body, copy_directive, copy_document, copy_person
from directives.core.last_heard import note_heard
from directives.core.rules import may
from directives.core.transitions import change_within, move_entries
from directives.models import Attachment, Obligation, ProgressReport, ReportEntry, Submission, User
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.sql import insert, update_where
from directives.reports.commands.drafting import entries_before
from directives.reports.commands.entries import LACKS, lacks
from directives.tallies import counted, move_mark

FEW_ENTRIES = 20  # entries up to which earlier percentages are read of these alone

Percents = Mapping[int, int | None]  # the last accepted percentage, by obligation

# The report, locked

RELATED = ("organisation", "document", "cycle")
CHANGEABLE = (
    "organisation_id",
    "begun_at",
    "first_submitted_at",
    "completed_at",
    "waiting_since",
    "version",
)


def lock_report(report: ProgressReport) -> ProgressReport:
    """The report as stored, with its RELATED rows, locked until the transaction ends.

    The lock makes hand-ins and verdicts on one report run one after another.
    """
    rows = ProgressReport.objects.filter(pk=report.pk)
    if not report._state.fields_cache.keys() >= set(RELATED):
        locked = rows.select_for_update(no_key=True, of=("self",))
        return (
            locked.select_related(*RELATED, "organisation__parent").defer(*HEAVY_OF_DOCUMENT).get()
        )
    stored = rows.select_for_update(no_key=True).values_list(*CHANGEABLE).get()
    current = copy(report)
    for name, value in zip(CHANGEABLE, stored, strict=True):
        setattr(current, name, value)
    return current


def _selected(
    report: ProgressReport, entries: Iterable[int] | None, states: frozenset[str]
) -> list[ReportEntry]:
    """The entries with these ids, or all in these states, with what moves and copies read."""
    rows = report.entries.owed().select_related("obligation__directive__section", "asked_by")
    rows = rows.filter(state__in=states) if entries is None else rows.filter(pk__in=set(entries))
    selected = list(rows.order_by("obligation__directive__order"))
    if entries is not None and len(selected) != len(set(entries)):
        raise Invalid({"entries": [_("A selected entry is not in this report.")]})
    for entry in selected:
        entry.report = report
    return selected


def _take_percents_of_parts(entries: Iterable[ReportEntry], *, by: User, now: datetime) -> None:
    """Give the entries of obligations that are broken down the present percentage of the parts."""
    changes = []
    for entry in entries:
        percent = entry.obligation.percent
        if entry.obligation.parts and entry.percent != percent:
            changes.append(audit.Change(entry, {"percent": entry.percent}, {"percent": percent}))
            entry.percent, entry.version = percent, entry.version + 1
            fields = {"percent": percent, "version": entry.version}
            if not update_where(ReportEntry, [entry.pk], fields, version=entry.version - 1):
                raise Stale
    audit.record_many("save", changes, by=by, now=now)


def _percents(report: ProgressReport, entries: Sequence[ReportEntry]) -> Percents:
    """The percentages last accepted in earlier cycles, at least for these entries."""
    rows = entries_before(report).filter(state=ACCEPTED)
    if len(entries) <= FEW_ENTRIES:
        rows = rows.filter(obligation__in=[entry.obligation_id for entry in entries])
    return dict(rows.values_list("obligation", "percent"))


def _last_file_at(entries: Sequence[ReportEntry]) -> dict[int | None, datetime]:
    """When the last file was added to each returned entry; `lacks` needs it for these alone."""
    returned = [entry.pk for entry in entries if entry.state == RETURNED]
    if not returned:
        return {}
    files = Attachment.objects.filter(report_entry__in=returned).order_by()
    return dict(files.values_list("report_entry").annotate(last=Max("at")))


def _ready(
    entries: Iterable[int] | None, selected: list[ReportEntry], percents: Percents
) -> list[ReportEntry]:
    """The chosen entries that are ready. Raises Invalid unless there are any.

    If the person named `entries`, all of them must be ready.
    """
    last_file_at = _last_file_at(selected)
    ready, missing = [], {}
    for entry in selected:
        missing_parts = lacks(entry, percents.get(entry.obligation_id), last_file_at.get(entry.pk))
        if missing_parts:
            missing[entry.obligation.directive.code] = [str(LACKS[key]) for key in missing_parts]
        else:
            ready.append(entry)
    if entries is not None and missing:
        raise Invalid(missing)
    if not ready:
        raise Invalid(_("No entries ready to submit yet."))
    return ready


@counted()
def hand_in(
    *, report: ProgressReport, entries: Iterable[int] | None = None, by: User, now: datetime
) -> Submission | None:
    """Hand in the entries with these ids, or all that are ready.

    The manager, or staff of an organisation without one, hand in at once. Other staff send the
    entries to be signed: then the result is None. Raises NotAllowed, IllegalMove, Stale, or Invalid
    with what each entry lacks, by code.
    """
    if not may(by, "draft", report):
        raise NotAllowed(
            _("A report is submitted by the staff and manager of its own organisation.")
        )
    report = lock_report(report)
    selected = _selected(report, entries, EDITABLE)
    _take_percents_of_parts(selected, by=by, now=now)
    percents = _percents(report, selected)
    ready = _ready(entries, selected, percents)
    if may(by, "hand_in", report):
        return _submit(report, ready, "hand_in", percents, by=by, now=now)
    move_entries(ready, "ask_signature", by=by, now=now, checked_right="draft")
    url = reverse("report", args=[report.pk])
    notices.notify_to_sign(report.organisation, report.document, count=len(ready), url=url, now=now)
    return None


@counted()
def sign(
    *, report: ProgressReport, entries: Iterable[int] | None = None, by: User, now: datetime
) -> Submission:
    """Sign the entries with these ids, or all that wait, and hand them in as one submission."""
    report = lock_report(report)
    selected = _awaiting(report, entries, by)
    _take_percents_of_parts(selected, by=by, now=now)
    return _submit(report, selected, "sign", _percents(report, selected), by=by, now=now)


@counted()
def decline(
    *,
    report: ProgressReport,
    entries: Iterable[int] | None = None,
    reason: str,
    by: User,
    now: datetime,
) -> int:
    """Return entries that wait for a signature to the staff, with a reason; returns how many."""
    report = lock_report(report)
    selected = _awaiting(report, entries, by)
    move_entries(selected, "decline", by=by, now=now, reason=reason, checked_right="sign")
    url = reverse("report", args=[report.pk])
    notices.notify_decided(
        report, "declined", count=len(selected), reason=reason.strip(), url=url, now=now
    )
    return len(selected)


@counted()
def recall(
    *, report: ProgressReport, entries: Iterable[int] | None = None, by: User, now: datetime
) -> int:
    """Make entries that wait for a signature editable again; returns how many."""
    selected = _selected(lock_report(report), entries, frozenset({AWAITING}))
    move_entries(selected, "recall", by=by, now=now)
    return len(selected)


def _awaiting(report: ProgressReport, entries: Iterable[int] | None, by: User) -> list[ReportEntry]:
    if not may(by, "sign", report):
        raise NotAllowed(_("A report is signed by the manager of its own organisation."))
    waiting = _selected(report, entries, frozenset({AWAITING}))
    if entries is not None:
        demand_open_entries(waiting)
    selected = [entry for entry in waiting if entry.obligation.state != CLOSED]
    if not selected:
        raise Invalid(_("No entries waiting for signature."))
    return selected


def _submit(
    report: ProgressReport,
    entries: Sequence[ReportEntry],
    action: str,
    percents: Percents,
    *,
    by: User,
    now: datetime,
) -> Submission:
    """Hand in or sign. The caller has checked the right."""
    move_entries(entries, action, by=by, now=now, checked_right=action)
    submission = Submission(
        organisation=report.organisation,
        document=report.document,
        report=report,
        number=(report.submissions.aggregate(last=Max("number"))["last"] or 0) + 1,
        content=_copy(report, entries, percents)
        | {"submitted_by": copy_person(by), "signed": action == "sign"},
        submitted_at=now,
        submitted_by=by,
    )
    insert(Submission, [submission])
    facts = {"report": report.pk, "number": submission.number, "entries": len(entries)}
    audit.record("submission", submission, by=by, now=now, after=facts)
    _mark_submitted(report, now)
    set_clocks(report, [entry.obligation for entry in entries], by=by, now=now)
    # The text is stored, so it is in the language of the organisations, not of this person.
    with translation.override("zh-hans"):
        what = _("%(period)s progress report, submission %(number)s, %(count)s entries") % {
            "period": report.cycle.name,
            "number": submission.number,
            "count": len(entries),
        }
    url = reverse("report_review", args=[report.pk])
    notices.notify_handed_in(report, what=what, url=url, now=now)
    return submission


def _mark_submitted(report: ProgressReport, now: datetime) -> None:
    before, report.first_submitted_at = report.mark_key, report.first_submitted_at or now
    marks = {
        "first_submitted_at": report.first_submitted_at,
        "waiting_since": report.waiting_since or now,
        "version": report.version + 1,
    }
    update_where(ProgressReport, [report.pk], marks)
    move_mark(report.organisation_id, report.document_id, before, report.mark_key)


# The copy of what is handed in


def _copy(
    report: ProgressReport, entries: Sequence[ReportEntry], percents: Percents
) -> dict[str, Any]:
    """The copy of what is handed in, as JSON."""
    cycle = report.cycle
    files: dict[int | None, list[dict[str, Any]]] = {}
    for file in Attachment.objects.filter(report_entry__in=[entry.pk for entry in entries]):
        files.setdefault(file.report_entry_id, []).append(
            {"id": file.pk, "name": file.name, "size": file.size, "sha256": file.sha256}
        )
    return {
        "organisation": copy_body(report.organisation),
        "document": copy_document(report.document),
        "cycle": {
            "year": cycle.year,
            "period": cycle.period,
            "number": cycle.number,
            "due_on": cycle.due_on.isoformat(),
        },
        "count": len(entries),  # lists read this alone, not the entries
        "entries": [
            _copy_entry(entry, percents.get(entry.obligation_id), files.get(entry.pk, []))
            for entry in entries
        ],
    }


def _copy_entry(
    entry: ReportEntry, last_percent: int | None, files: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "entry": entry.pk,
        "obligation": entry.obligation_id,
        "part": entry.obligation.part,
        **copy_directive(entry.obligation.directive),
        "asked_by": copy_person(entry.asked_by),
        "progress": entry.progress,
        "problems": entry.problems,
        "next_steps": entry.next_steps,
        "percent": entry.percent,
        "last_percent": last_percent,
        "unchanged": entry.unchanged,
        "unchanged_reason": entry.unchanged_reason,
        "files": files,
    }


# The report clock of obligations


class ReportClock(NamedTuple):
    """When the next report on an obligation is due, as fields of the obligation.

    `report_due_on` is None if no report is due; `report_returned`: it was handed in and returned.
    """

    report_due_on: date | None
    report_returned: bool


def report_clocks(report: ProgressReport, obligations: Iterable[int]) -> dict[int, ReportClock]:
    """The report clock of each of these obligations of the report's organisation.

    The due day is that of the earliest cycle of the document whose entry is not handed in, or
    whose report is not started and asks for one.
    """
    obligation_ids = list(obligations)
    not_submitted = Q(
        entries__obligation__in=obligation_ids, entries__state__in=EDITABLE | {AWAITING}
    )
    reports = ProgressReport.objects.filter(
        organisation=report.organisation_id, document=report.document_id
    )
    rows = reports.annotate(waiting=FilteredRelation("entries", condition=not_submitted)).filter(
        Q(begun_at=None) | Q(waiting__isnull=False)
    )
    columns = ("cycle__due_on", "begun_at", "waiting__obligation", "waiting__submitted_at")
    pending: dict[int, list[ReportClock]] = {pk: [] for pk in obligation_ids}
    not_started: list[tuple[date, bool]] = []
    for due_on, begun_at, obligation, handed_in_at, asks_supporting in rows.order_by().values_list(
        *columns, "cycle__asks_supporting"
    ):
        if obligation is not None:
            pending[obligation].append(ReportClock(due_on, handed_in_at is not None))
        if begun_at is None:
            not_started.append((due_on, asks_supporting))
    for pk, due_on in _asked_in(not_started, obligation_ids):
        pending[pk].append(ReportClock(due_on, False))
    return {
        pk: ReportClock(
            min((clock.report_due_on for clock in clocks if clock.report_due_on), default=None),
            any(clock.report_returned for clock in clocks),
        )
        for pk, clocks in pending.items()
    }


def _asked_in(
    cycles: Sequence[tuple[date, bool]], obligations: Sequence[int]
) -> Iterator[tuple[int, date]]:
    """Each obligation on which a cycle asks for an entry, with the due day of the cycle.

    Of a cycle are given its due day and whether it asks supporting bodies, too.
    """
    supporting: set[int] = set()
    if not all(asks_supporting for _due_on, asks_supporting in cycles):
        rows = Obligation.objects.filter(pk__in=obligations, part=SUPPORTING)
        supporting.update(rows.values_list("pk", flat=True))
    for due_on, asks_supporting in cycles:
        asked = (pk for pk in obligations if asks_supporting or pk not in supporting)
        yield from ((pk, due_on) for pk in asked)


def set_clocks(
    report: ProgressReport, obligations: Sequence[Obligation], *, by: User | None, now: datetime
) -> None:
    """Update the report clocks of these obligations, whose entries were handed in."""
    clocks = report_clocks(report, [row.pk for row in obligations])
    changed = [
        row for row in obligations if (row.report_due_on, row.report_returned) != clocks[row.pk]
    ]
    changes_by_id = {row.pk: clocks[row.pk]._asdict() for row in changed}
    change_within(changed, None, changes_by_id=changes_by_id, action="report_clock", by=by, now=now)
    note_heard(obligations, by=by, now=now)
