"""The page on which a lead, or a supervisor, sees how far the supporting bodies are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from directives.base.states import LEAD, OPEN, REPLY_GIVEN, SUPPORTING
from directives.base.workdays import Workdays
from directives.core.rules import may
from directives.models import Directive, LogEntry, Obligation, Organisation, ReplyRequest, User
from directives.models.scope import in_supervised
from directives.replies.queries.lines import RequestLine, request_lines, with_related

LEADS = 4  # lead bodies that are named
LOG = 3  # log entries shown of each body
LOG_READ = 500  # latest entries from which they are taken


@dataclass(frozen=True, slots=True)
class SupportLine:
    """A supporting body: what it was asked, and its latest work on the directive."""

    obligation: Obligation
    inputs: tuple[RequestLine, ...]
    log: tuple[LogEntry, ...]
    may_ask: bool

    @property
    def replied(self) -> int:
        return sum(line.request.state in REPLY_GIVEN for line in self.inputs)

    @property
    def late(self) -> int:
        return sum(line.late for line in self.inputs)

    @property
    def logged_on(self) -> date | None:
        return self.log[0].on if self.log else None


@dataclass(frozen=True, slots=True)
class Support:
    """Who leads, and the supporting bodies on this page."""

    leads: tuple[Organisation, ...]
    lines: tuple[SupportLine, ...]

    @property
    def may_ask(self) -> bool:
        return any(line.may_ask for line in self.lines)

    @property
    def asked(self) -> int:
        return sum(len(line.inputs) for line in self.lines)

    @property
    def replied(self) -> int:
        return sum(line.replied for line in self.lines)

    @property
    def late(self) -> int:
        return sum(line.late for line in self.lines)


def supporting_rows(user: User, directive: Directive) -> QuerySet[Obligation]:
    """The supporting obligations of a directive that the person sees, or whose lead they are."""
    rows = Obligation.objects.live().filter(directive=directive, part=SUPPORTING)
    seen = rows.visible_to(user) | rows.supporting(user)
    return seen.select_related("organisation").order_by("organisation__path")


def may_ask_any(user: User, directive: Directive) -> bool:
    """Whether there is a supporting body that the person may ask for an input."""
    rows = Obligation.objects.live().filter(directive=directive, part=SUPPORTING)
    above = rows.filter(in_supervised(user, "organisation"))
    return above.exists() or rows.supporting(user).exists()


def leads_of(directive: Directive) -> tuple[Organisation, ...]:
    """The bodies that lead a directive, at most LEADS."""
    rows = Obligation.objects.live().filter(directive=directive, part=LEAD)
    leading = rows.select_related("organisation").order_by("organisation_id")[:LEADS]
    return tuple(row.organisation for row in leading)


def support(
    directive: Directive, rows: Sequence[Obligation], user: User, *, today: date, workdays: Workdays
) -> Support:
    """The page of these rows of `supporting_rows`, in a fixed number of queries."""
    inputs: defaultdict[int | None, list[ReplyRequest]] = defaultdict(list)
    asked = with_related(ReplyRequest.objects.visible_to(user)).filter(obligation__in=rows)
    for request in asked.order_by("due_on", "pk"):
        inputs[request.obligation_id].append(request)
    log = _log(rows, user)
    led_rows = Obligation.objects.filter(pk__in=[row.pk for row in rows]).supporting(user)
    led = set(led_rows.values_list("pk", flat=True))
    lines = (
        SupportLine(
            row,
            request_lines(inputs[row.pk], today=today, workdays=workdays),
            log.get(row.pk, ()),
            row.state in OPEN and (row.pk in led or may(user, "oversee", row)),
        )
        for row in rows
    )
    return Support(leads_of(directive), tuple(lines))


def _log(rows: Sequence[Obligation], user: User) -> Mapping[int, tuple[LogEntry, ...]]:
    """The latest log entries by obligation."""
    entries = LogEntry.objects.visible_to(user).not_withdrawn()
    newest = entries.filter(measure__obligations__in=rows).order_by("-on", "-pk")
    chosen: defaultdict[int, list[int]] = defaultdict(list)
    for obligation, pk in newest.values_list("measure__obligations", "pk")[:LOG_READ]:
        if len(chosen[obligation]) < LOG:
            chosen[obligation].append(pk)
    ids = {pk for of_row in chosen.values() for pk in of_row}
    stored = LogEntry.objects.select_related("by").in_bulk(ids) if ids else {}
    return {pk: tuple(stored[one] for one in of_row) for pk, of_row in chosen.items()}
