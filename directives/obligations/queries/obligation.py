"""The page of one obligation, with everything related to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from directives.base.states import (
    ASSIGNED,
    CLOSED,
    CLOSING,
    DISPUTED,
    DRAFT,
    ESTABLISHED,
    LEAD,
    OBLIGATION_MOVES,
    OPEN,
    OWN_PAGE,
    RETURNED,
    SUBMITTED,
    SUPPORTING,
    SUSPENDED,
)
from directives.base.workdays import Workdays
from directives.core.deciders import Deciders, deciders
from directives.core.deciding import requesters
from directives.core.rules import may
from directives.core.transitions import can_move, open_moves
from directives.models import (
    CloseOut,
    Event,
    ItemState,
    LogEntry,
    Measure,
    Obligation,
    Organisation,
    ReplyRequest,
    ReportEntry,
    Tally,
    User,
)
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.obligations.queries.closing import Nameable, close_outs, nameable
from directives.obligations.queries.filters import ALL
from directives.obligations.queries.looking_back import LookBackLine, look_backs_at
from directives.record.queries.timeline import TimelineEntry, timeline
from directives.replies.queries.lines import RequestLine, request_lines, with_related

LOG = 6  # log entries shown


@dataclass(frozen=True, slots=True)
class Clock:
    """One of the five clocks; `days` are the working days left, None if it does not run."""

    label: str | Promise
    on: date | None
    days: int | None
    fallback: str | Promise  # text if there is no date

    @property
    def days_overdue(self) -> int:
        """Working days since it ran out."""
        return -self.days if self.days is not None and self.days < 0 else 0


@dataclass(frozen=True, slots=True)
class Step:
    """A move that the user may make now."""

    action: str
    label: str | Promise
    reasoned: bool
    settles: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a page where the user continues the work; `due`: it waits for the user."""

    label: str | Promise
    url: str
    due: bool = False


@dataclass(frozen=True, slots=True)
class Handed:
    """The obligation of another organisation that was handed over; linked if it is visible."""

    pk: int
    organisation: Organisation
    visible: bool


@dataclass(frozen=True, slots=True)
class ObligationPage:
    """What the page of an obligation shows to one user."""

    row: Obligation
    clocks: tuple[Clock, ...]
    leads: tuple[Organisation, ...]
    bodies_with_directive: int  # bodies that have the same directive
    items: tuple[ItemState, ...]
    measures: tuple[Measure, ...]
    log: tuple[LogEntry, ...]
    entries: tuple[ReportEntry, ...]  # newest cycle first
    timeline: tuple[TimelineEntry, ...]
    close_outs: tuple[CloseOut, ...]  # newest first
    nameable: Nameable | None  # what a request to close may name, if the user may make one
    look_backs: tuple[LookBackLine, ...]
    steps: tuple[Step, ...]
    links: tuple[Link, ...]
    handed_to: tuple[Handed, ...] = ()  # what another organisation got in place of this row
    handed_from: tuple[Handed, ...] = ()  # those in whose place this one is
    requests: tuple[RequestLine, ...] = ()  # inputs and instructions, the latest first
    whole: tuple[Handed, ...] = ()  # what this row is a part of
    can_release: bool = False  # make a part an obligation of its own again
    deciders: Deciders | None = None  # if the user made the request that waits here

    @property
    def established(self) -> int:
        return sum(item.state == ESTABLISHED for item in self.items)


def visible_obligations(user: User) -> QuerySet[Obligation]:
    """The obligations that the user sees, with directive, section, body and document."""
    return (
        Obligation.objects.visible_to(user)
        .select_related("directive", "section", "organisation", "document")
        .defer(*HEAVY_OF_DOCUMENT)
    )


def clocks(row: Obligation, *, today: date, workdays: Workdays) -> tuple[Clock, ...]:
    """The five clocks of an obligation, in the order in which they run."""
    acknowledged = row.state not in {ASSIGNED, DISPUTED}
    runs = row.state in OPEN - {SUSPENDED}
    table = (
        (
            _("Acknowledgement"),
            row.acknowledge_by,
            _("Acknowledged") if acknowledged else _("No date set"),
        ),
        (_("Plan"), row.plan_due_on, _("Nothing due")),
        (_("Report"), row.report_due_on, _("Nothing due")),
        (_("Completion"), row.due_on, _("No date set")),
        (pgettext_lazy("clock", "Reply"), row.reply_due_on, _("Nothing due")),
    )
    return tuple(
        Clock(label, on, workdays.between(today, on) if on and runs else None, fallback)
        for label, on, fallback in table
    )


def obligation_page(
    row: Obligation, user: User, *, today: date, workdays: Workdays
) -> ObligationPage:
    """Return the page of one obligation, in a fixed number of queries."""
    measures, entries = _measures(row, user), _entries(row, user)
    # What is asked of a row is seen by all who see the row.
    asked = with_related(ReplyRequest.objects.filter(obligation=row))
    requests = request_lines(asked.order_by("-asked_at", "-pk"), today=today, workdays=workdays)
    return ObligationPage(
        row=row,
        clocks=clocks(row, today=today, workdays=workdays),
        leads=_leads(row),
        bodies_with_directive=_bodies_with_directive(row),
        items=tuple(row.item_states.select_related("item").order_by("item__number")),
        measures=measures,
        log=_log(row, user),
        entries=entries,
        timeline=timeline(Event.objects.readable_by(user).filter(obligation_id=row.pk)),
        close_outs=close_outs(row),
        nameable=nameable(row) if can_move(row, "request_close", user) else None,
        look_backs=look_backs_at(row, user),
        steps=steps(row, user),
        links=tuple(_links(row, user, measures, entries, requests)),
        requests=requests,
        handed_to=_handed(user, pk=row.handed_to_id) if row.handed_to_id else (),
        handed_from=_handed(user, handed_to=row.pk),
        whole=_handed(user, pk=row.broken_from_id) if row.broken_from_id else (),
        can_release=may(user, "release", row),
        deciders=deciders(row, user),
    )


def _measures(row: Obligation, user: User) -> tuple[Measure, ...]:
    logged = Count("log", filter=Q(log__withdrawn_at=None))
    measures = Measure.objects.visible_to(user).filter(obligations=row, plan__live=True)
    return tuple(measures.select_related("plan").annotate(logged=logged).order_by("plan", "number"))


def _log(row: Obligation, user: User) -> tuple[LogEntry, ...]:
    """The latest entries of the work log."""
    log = (
        LogEntry.objects.of_visible_bodies(user)
        .not_withdrawn()
        .filter(measure__obligations=row)
        .with_state()
    )
    log = log.select_related("by", "measure__plan__organisation", "corrects")
    return tuple(log.annotate(files_count=Count("files")).order_by("-on", "-pk")[:LOG])


def _entries(row: Obligation, user: User) -> tuple[ReportEntry, ...]:
    entries = ReportEntry.objects.visible_to(user).filter(obligation=row)
    return tuple(entries.select_related("report__cycle").order_by("-report__cycle__due_on", "-pk"))


def _handed(user: User, **conditions: int | None) -> tuple[Handed, ...]:
    """The obligations of other organisations, named also where the user does not see them."""
    visible = Obligation.objects.visible_to(user).filter(pk=OuterRef("pk"))
    rows = Obligation.objects.filter(**conditions).select_related("organisation")
    return tuple(
        Handed(each.pk, each.organisation, each.visible)
        for each in rows.annotate(visible=Exists(visible)).order_by("pk")
    )


def _leads(row: Obligation) -> tuple[Organisation, ...]:
    """The bodies that lead the directive, at most four."""
    if row.part == LEAD:
        return (row.organisation,)
    lead_rows = (
        Obligation.objects.live()
        .filter(directive=row.directive_id, part=LEAD)
        .select_related("organisation")
        .order_by("organisation_id")
    )
    return tuple(lead.organisation for lead in lead_rows[:4])


def _bodies_with_directive(row: Obligation) -> int:
    """The number of bodies with the same directive, from the counts of the topmost bodies.

    Topmost bodies with none below have no stored counts, so their rows are counted.
    """
    tallies = Tally.objects.filter(
        scope__parent=None, document=row.document_id, directive=row.directive_id
    )
    childless = Organisation.objects.filter(parent=None, branch=False).values("pk")
    obligations = Obligation.objects.counted().filter(
        directive=row.directive_id, organisation__in=childless
    )
    return (tallies.aggregate(n=Sum("count"))["n"] or 0) + obligations.count()


def _links(
    row: Obligation,
    user: User,
    measures: tuple[Measure, ...],
    entries: tuple[ReportEntry, ...],
    requests: tuple[RequestLine, ...],
) -> Iterator[Link]:
    """The pages where the user replies, reports on the obligation, or reviews reports on it."""
    works = may(user, "work", row)
    owed = next((line.request for line in reversed(requests) if line.request.is_owed), None)
    if works and owed:
        yield Link(pgettext("move", "Reply"), reverse("reply_request", args=[owed.pk]), due=True)
    if works and row.state in OPEN:
        entry = next((entry for entry in entries if entry.state in {DRAFT, RETURNED}), None)
        if entry:
            returned = entry.state == RETURNED
            label = _("Revise this entry") if returned else _("Write the progress entry")
            yield Link(label, f"{reverse('report', args=[entry.report_id])}#e-{entry.pk}", due=True)
        if row.plan_due_on and row.state != ASSIGNED:
            yield Link(_("Write the plan"), reverse("plans"), due=True)
        if measures:
            yield Link(_("Log progress"), f"{reverse('log')}?measure={measures[0].pk}")
    elif may(user, "oversee", row):
        if can_move(row, "redirect", user):
            move = OBLIGATION_MOVES["redirect"]
            yield Link(move.label, reverse("hand_over", args=[row.pk]))
        submitted = (entry for entry in entries if entry.state == SUBMITTED)
        entry = next((entry for entry in submitted if user.pk not in requesters(entry)), None)
        if entry:
            url = f"{reverse('report_review', args=[entry.report_id])}#e-{entry.pk}"
            yield Link(_("Review the progress entry"), url, due=True)
        if row.state == CLOSED:
            url = f"{reverse('obligations')}?state={CLOSING}&breakdown={ALL}"
            yield Link(_("Other close requests to verify"), url)
    yield from _further_links(row, user, works=works)


def _further_links(row: Obligation, user: User, *, works: bool) -> Iterator[Link]:
    """Where the user sees supporting bodies, breaks the obligation down, or instructs."""
    if can_move(row, "break_down", user):
        label = OBLIGATION_MOVES["break_down"].label
        yield Link(label, reverse("break_down", args=[row.pk]))
    led = Obligation.objects.live().filter(directive=row.directive_id).supporting(user)
    if row.part == SUPPORTING or (works and row.part == LEAD and led.exists()):
        yield Link(
            _("Lead and supporting organisations"), reverse("support", args=[row.directive_id])
        )
    if row.state in OPEN and may(user, "instruct", row):
        yield Link(_("Write an instruction"), f"{reverse('instruct')}?obligation={row.pk}")


def open_items(row: Obligation, action: str) -> QuerySet[ItemState]:
    """The items for which a closing move asks a reason: those not established."""
    items = (
        row.item_states.exclude(state=ESTABLISHED).select_related("item").order_by("item__number")
    )
    return items if OBLIGATION_MOVES[action].settles else items.none()


def steps(row: Obligation, user: User) -> tuple[Step, ...]:
    """The moves that the user may make, in the order of OBLIGATION_MOVES."""
    moves = ((action, OBLIGATION_MOVES[action]) for action in open_moves(row, user))
    return tuple(
        Step(action, move.label, move.reasoned, move.settles)
        for action, move in moves
        if action not in OWN_PAGE
    )
