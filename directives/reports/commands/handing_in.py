"""Handing in, whole or by parts: the manager's signature, and the numbered copy that never changes (报送)."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import FilteredRelation, Max, Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, NotAllowed
from directives.base.states import ACCEPTED, AWAITING, EDITABLE, RETURNED
from directives.core import audit, notices
from directives.core.copies import copy_body, copy_directive, copy_document, copy_person
from directives.core.last_heard import note_heard
from directives.core.rules import may
from directives.core.transitions import change_within, move_entries
from directives.models import Attachment, Obligation, ProgressReport, ReportEntry, Submission, User
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.writing import insert, update_where
from directives.reports.commands.drafting import entries_before
from directives.reports.commands.entries import LACKS, missing
from directives.tallies import counted, move_mark

FEW = 20  # entries of which the past is looked up one by one, not the whole report's

Percents = Mapping[int, int | None]  # by obligation: what was last accepted


def _chosen(
    report: ProgressReport, entries: Iterable[int] | None, states: frozenset[str]
) -> list[ReportEntry]:
    """The entries named, or all in these states, with what a move and a copy need of them."""
    rows = report.entries.owed().select_related("obligation__directive__section", "asked_by")
    rows = rows.filter(state__in=states) if entries is None else rows.filter(pk__in=set(entries))
    chosen = list(rows.order_by("obligation__directive__order"))
    if entries is not None and len(chosen) != len(set(entries)):
        raise Invalid({"entries": [_("A selected entry is not in this report.")]})
    for entry in chosen:
        entry.report = report
    return chosen


def _percents(report: ProgressReport, entries: Sequence[ReportEntry]) -> Percents:
    """What was last accepted in an earlier cycle of the document, of these entries at least."""
    rows = entries_before(report).filter(state=ACCEPTED)
    if len(entries) <= FEW:
        rows = rows.filter(obligation__in=[entry.obligation_id for entry in entries])
    return dict(rows.values_list("obligation", "percent"))


def _filed_at(entries: Sequence[ReportEntry]) -> dict[int, datetime]:
    """When the last file was added to each that was returned: of the others nobody asks."""
    returned = [entry.pk for entry in entries if entry.state == RETURNED]
    files = (
        Attachment.objects.filter(report_entry__in=returned)
        .values_list("report_entry")
        .annotate(last=Max("at"))
    )
    return dict(files.order_by()) if returned else {}


def _ready(
    entries: Iterable[int] | None, chosen: list[ReportEntry], percents: Percents
) -> list[ReportEntry]:
    """The entries to hand in: of those chosen all that are ready; where they were named, each must be."""
    filed_at = _filed_at(chosen)
    gaps = {
        row.pk: missing(row, percents.get(row.obligation_id), filed_at.get(row.pk))
        for row in chosen
    }
    ready = [entry for entry in chosen if not gaps[entry.pk]]
    if entries is not None and len(ready) != len(chosen):
        unready = [entry for entry in chosen if gaps[entry.pk]]
        raise Invalid(
            {
                entry.obligation.directive.code: [str(LACKS[gap]) for gap in gaps[entry.pk]]
                for entry in unready
            }
        )
    if not ready:
        raise Invalid(_("No entries ready to submit yet."))
    return ready


@counted()
def hand_in(
    *, report: ProgressReport, entries: Iterable[int] | None = None, by: User, now: datetime
) -> Submission | None:
    """Hand in the entries with these ids, or all that are ready. None: they wait for the manager's signature.

    Where the body has a manager, staff send for signature; the manager, or staff of a body without one, hand in at once.
    Raises NotAllowed, IllegalMove, Stale, or Invalid with what each entry lacks, by code.
    """
    if not may(by, "draft", report):
        raise NotAllowed(
            _("A report is submitted by the staff and manager of its own organisation.")
        )
    report = lock_report(report)
    chosen = _chosen(report, entries, EDITABLE)
    percents = _percents(report, chosen)
    ready = _ready(entries, chosen, percents)
    if may(by, "hand_in", report):
        return _submit(report, ready, "hand_in", percents, by=by, now=now)
    move_entries(ready, "ask_signature", by=by, now=now, granted="draft")
    notices.notify_to_sign(
        report.organisation,
        report.document,
        count=len(ready),
        url=reverse("report", args=[report.pk]),
        now=now,
    )
    return None


@counted()
def sign(
    *, report: ProgressReport, entries: Iterable[int] | None = None, by: User, now: datetime
) -> Submission:
    """The manager signs the entries with these ids, or all that wait: they are handed in as one submission."""
    report = lock_report(report)
    chosen = _awaiting(report, entries, by)
    return _submit(report, chosen, "sign", _percents(report, chosen), by=by, now=now)


@counted()
def decline(
    *,
    report: ProgressReport,
    entries: Iterable[int] | None = None,
    reason: str,
    by: User,
    now: datetime,
) -> int:
    """The manager sends entries back to the staff with a reason; returns how many."""
    report = lock_report(report)
    chosen = _awaiting(report, entries, by)
    move_entries(chosen, "decline", by=by, now=now, reason=reason, granted="sign")
    url = reverse("report", args=[report.pk])
    notices.notify_decided(
        report, "declined", count=len(chosen), reason=reason.strip(), url=url, now=now
    )
    return len(chosen)


@counted()
def recall(
    *, report: ProgressReport, entries: Iterable[int] | None = None, by: User, now: datetime
) -> int:
    """Take entries that wait for the signature back into the draft; returns how many."""
    chosen = _chosen(lock_report(report), entries, frozenset({AWAITING}))
    move_entries(chosen, "recall", by=by, now=now)
    return len(chosen)


def _awaiting(report: ProgressReport, entries: Iterable[int] | None, by: User) -> list[ReportEntry]:
    if not may(by, "sign", report):
        raise NotAllowed(_("A report is signed by the manager of its own organisation."))
    chosen = _chosen(report, entries, frozenset({AWAITING}))
    if not chosen:
        raise Invalid(_("No entries waiting for signature."))
    return chosen


def _submit(
    report: ProgressReport,
    entries: Sequence[ReportEntry],
    action: str,
    percents: Percents,
    *,
    by: User,
    now: datetime,
) -> Submission:
    """Hand in or sign, which the caller has found this person to be allowed; what was handed in is kept as it is."""
    move_entries(entries, action, by=by, now=now, granted=action)
    number = (report.submissions.aggregate(last=Max("number"))["last"] or 0) + 1
    submission = Submission(
        organisation=report.organisation, document=report.document, report=report, number=number, submitted_at=now, submitted_by=by,
        content={**_copy(report, entries, percents), "submitted_by": copy_person(by), "signed": action == "sign"},
    )  # fmt: skip
    insert([submission])
    audit.record(
        "submission",
        submission,
        by=by,
        now=now,
        after={"report": report.pk, "number": number, "entries": len(entries)},
    )
    before, report.first_submitted_at = report.point, report.first_submitted_at or now
    marks = {
        "first_submitted_at": report.first_submitted_at,
        "waiting_since": report.waiting_since or now,
    }
    update_where(ProgressReport, [report.pk], {**marks, "version": report.version + 1})
    move_mark(report.organisation_id, report.document_id, before, report.point)
    set_clocks(report, [entry.obligation for entry in entries], by=by, now=now)
    _tell(report, submission, len(entries), now)
    return submission


def set_clocks(
    report: ProgressReport, obligations: Sequence[Obligation], *, by: User | None, now: datetime
) -> None:
    """Set the report clock of these obligations, whose entries were handed in, where it is not yet what the entries say."""
    clocks = report_clocks(report, [row.pk for row in obligations])
    wanted = {row.pk: clocks[row.pk].fields() for row in obligations}
    differing = [
        row
        for row in obligations
        if any(getattr(row, name) != value for name, value in wanted[row.pk].items())
    ]
    change_within(differing, None, each=wanted, action="report_clock", by=by, now=now)
    note_heard(obligations, by=by, now=now)


def _tell(report: ProgressReport, submission: Submission, count: int, now: datetime) -> None:
    with translation.override(
        "zh-hans"
    ):  # stored words: the bodies' own language, whoever reads them
        what = _("%(period)s progress report, submission %(number)s, %(count)s entries") % {
            "period": report.cycle.name, "number": submission.number, "count": count,
        }  # fmt: skip
    notices.notify_handed_in(
        report, what=what, url=reverse("report_review", args=[report.pk]), now=now
    )


def _copy(
    report: ProgressReport, entries: Sequence[ReportEntry], percents: Percents
) -> dict[str, Any]:
    """What is handed in, word for word, as JSON."""
    body, document, cycle = report.organisation, report.document, report.cycle
    files: dict[int, list[dict[str, Any]]] = {}
    for file in Attachment.objects.filter(report_entry__in=[entry.pk for entry in entries]):
        one = {"id": file.pk, "name": file.name, "size": file.size, "sha256": file.sha256}
        files.setdefault(file.report_entry_id, []).append(one)
    return {
        "organisation": copy_body(body),
        "document": copy_document(document),
        "cycle": {
            "year": cycle.year,
            "period": cycle.period,
            "number": cycle.number,
            "due_on": cycle.due_on.isoformat(),
        },
        "count": len(entries),  # so that a list need not read the copy
        "entries": [
            _copy_entry(row, percents.get(row.obligation_id), files.get(row.pk, []))
            for row in entries
        ],
    }


def _copy_entry(
    entry: ReportEntry, last_percent: int | None, files: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "entry": entry.pk, "obligation": entry.obligation_id, "part": entry.obligation.part,
        **copy_directive(entry.obligation.directive), "asked_by": copy_person(entry.asked_by),
        "progress": entry.progress, "problems": entry.problems, "next_steps": entry.next_steps,
        "percent": entry.percent, "last_percent": last_percent,
        "unchanged": entry.unchanged, "unchanged_reason": entry.unchanged_reason, "files": files,
    }  # fmt: skip


HOME = ("organisation", "document", "cycle")
CHANGES = (
    "organisation_id",
    "begun_at",
    "first_submitted_at",
    "completed_at",
    "waiting_since",
    "version",
)  # while a report lives


def lock_report(report: ProgressReport) -> ProgressReport:
    """The report as it now stands, held until the transaction ends; with its body, document and cycle."""
    if not all(ProgressReport._meta.get_field(name).is_cached(report) for name in HOME):
        rows = ProgressReport.objects.select_for_update(no_key=True, of=("self",)).select_related(
            *HOME
        )
        return (
            rows.select_related("organisation__parent").defer(*HEAVY_OF_DOCUMENT).get(pk=report.pk)
        )
    stored = (
        ProgressReport.objects.select_for_update(no_key=True)
        .filter(pk=report.pk)
        .values_list(*CHANGES)
        .get()
    )
    fresh = copy(report)
    for name, value in zip(CHANGES, stored, strict=True):
        setattr(fresh, name, value)
    return fresh


@dataclass(frozen=True, slots=True)
class ReportClock:
    """`due_on` is None when nothing is owed; `returned`: what is owed was handed in before and sent back."""

    due_on: date | None = None
    returned: bool = False

    def fields(self) -> dict[str, date | bool | None]:
        """As the fields of an obligation."""
        return {"report_due_on": self.due_on, "report_returned": self.returned}


def report_clocks(report: ProgressReport, obligations: Iterable[int]) -> dict[int, ReportClock]:
    """The clock of each of these obligations of the report's body, from the entries as they now stand.

    Due is the earliest cycle of the document for which the entry is not handed in, or the report not begun.
    """
    wanted = list(obligations)
    held_back = Q(entries__obligation__in=wanted, entries__state__in=EDITABLE | {AWAITING})
    reports = ProgressReport.objects.filter(
        organisation=report.organisation_id, document=report.document_id
    )
    rows = reports.annotate(waiting=FilteredRelation("entries", condition=held_back)).filter(
        Q(begun_at=None) | Q(waiting__isnull=False)
    )
    pending: dict[int, list[tuple[date, bool]]] = {}
    for_all: list[tuple[date, bool]] = []
    found = rows.order_by().values_list(
        "cycle__due_on", "begun_at", "waiting__obligation", "waiting__submitted_at"
    )
    for due_on, begun_at, pk, handed_in_at in found:
        if pk is not None:
            pending.setdefault(pk, []).append((due_on, handed_in_at is not None))
        if begun_at is None:
            for_all.append((due_on, False))
    return {pk: _clock(pending.get(pk, []) + for_all) for pk in wanted}


def _clock(pending: list[tuple[date, bool]]) -> ReportClock:
    if not pending:
        return ReportClock()
    return ReportClock(
        min(due_on for due_on, _returned in pending), any(returned for _due_on, returned in pending)
    )
