"""What waits for a supervisor: reviews, disputes, requests to close or extend; overdue bodies.

Each kind is read oldest first by its own index, only as many rows as are shown. Totals come from
stored counts, or are counted up to a limit. So the cost does not depend on the number of bodies.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.urls import reverse
from django.utils.http import urlencode

from directives.base.states import (
    CLOSING,
    DISPUTED,
    EXTENDABLE,
    RED,
    REQUESTED,
    SUBMITTED,
    SUPERVISOR,
)
from directives.dashboard.queries.figures import obligations_url
from directives.models import (
    DocumentTotal,
    Extension,
    Mark,
    Membership,
    Obligation,
    Organisation,
    Plan,
    ProgressReport,
    ReportEntry,
    User,
)
from directives.models.scope import MANY, in_subtrees, topmost
from directives.obligations.queries.filters import ObligationFilter

SHOWN = 20  # lines of the whole inbox
OVERDUE_SHOWN = 8  # overdue bodies shown
COUNT_LIMIT = 1000  # limit to which waiting reports are counted
MANY_BODIES = 1000  # with more bodies, rows are not read body by body
REQUEST_STATES = {"dispute": DISPUTED, "close": CLOSING}


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A waiting plan, report, dispute or request; `n`: waiting entries of a report."""

    kind: str
    n: int
    pk: int
    name_hans: str
    name_hant: str
    title_hans: str
    title_hant: str
    at: datetime | None
    code: str = ""
    reason: str = ""

    @property
    def url(self) -> str:
        match self.kind:
            case "plan":
                return reverse("plan_review", args=[self.pk])
            case "report":
                return reverse("report_review", args=[self.pk])
        return reverse("obligation", args=[self.pk])


@dataclass(frozen=True, slots=True)
class OverdueBody:
    """A child body, with the number of overdue rows in its subtree."""

    pk: int
    name_hans: str
    name_hant: str
    branch: bool
    n: int

    @property
    def url(self) -> str:
        if self.branch:
            return f"{reverse('dashboard')}?{urlencode({'scope': self.pk})}"
        return obligations_url(ObligationFilter(body=self.pk, light=RED))


@dataclass(frozen=True, slots=True)
class Inbox:
    """What waits, oldest first, and the child bodies with the most overdue rows.

    `reports` is at most COUNT_LIMIT.
    """

    lines: tuple[WaitingLine, ...]
    overdue: tuple[OverdueBody, ...]
    plans: int
    reports: int
    disputes: int
    closings: int
    extensions: int = 0

    @property
    def total(self) -> int:
        return self.plans + self.reports + self.disputes + self.closings + self.extensions

    @property
    def more(self) -> int:
        """The number of lines that are not shown."""
        return self.total - len(self.lines)

    def _in_words(self, number: int) -> str:
        return f"{number:,}+" if self.reports >= COUNT_LIMIT else f"{number:,}"

    @property
    def total_text(self) -> str:
        """The total as text: 1,234, or 1,234+ if not all reports were counted."""
        return self._in_words(self.total)

    @property
    def more_text(self) -> str:
        return self._in_words(self.more)

    @property
    def reviews(self) -> str:
        """The number of plans and reports to review, as text; empty if there are none."""
        count = self.plans + self.reports
        return self._in_words(count) if count else ""


@dataclass(frozen=True, slots=True)
class InboxScope:
    """The supervisor and the bodies of an inbox: those strictly below the supervised ones."""

    user: User
    memberships: tuple[Membership, ...]
    supervised_ids: (
        list[int] | QuerySet
    )  # ids of the topmost supervised bodies; a query if they are many
    spans_many_bodies: bool = False  # more than MANY_BODIES bodies

    def first(self, rows: QuerySet, *order: str, limit: int) -> QuerySet:
        """The first of these rows that are of these bodies.

        For many bodies the index of all waiting rows is scanned, which soon finds enough. For few
        bodies, most waiting rows are of others, so the rows are read body by body.
        """
        is_below = ~Q(organisation__in=self.supervised_ids)
        if not self.spans_many_bodies:
            rows_below = rows.filter(in_subtrees(self.memberships, "organisation__path"), is_below)
            return rows_below.order_by(*order)[:limit]
        bodies = Organisation.objects.filter(
            in_subtrees(self.memberships, "path"), pk=OuterRef("organisation")
        )
        first = rows.filter(is_below, Exists(bodies)).order_by(*order).values("pk")[:limit]
        return rows.model.objects.filter(pk__in=first).order_by(*order)


def inbox(user: User) -> Inbox | None:
    """Return what waits for the user as a supervisor; None if they are none.

    The user's own requests are left out: others decide on them.
    """
    memberships = user.in_role(SUPERVISOR)
    if not memberships:
        return None
    topmost_memberships = topmost(memberships)
    supervised_ids: list[int] | QuerySet = [m.organisation_id for m in topmost_memberships]
    if len(topmost_memberships) > MANY:
        supervised_ids = Membership.objects.filter(user=user, role=SUPERVISOR).values(
            "organisation"
        )
    scope = InboxScope(user, memberships, supervised_ids)
    counts = _stored_counts(scope)
    scope = replace(scope, spans_many_bodies=counts[""] > MANY_BODIES)
    reports, plans = _reports(scope), _plans(scope) if counts[SUBMITTED] else []
    disputes, closings = (
        _requests(scope, kind) if counts[state] else [] for kind, state in REQUEST_STATES.items()
    )
    extensions = _extensions(scope)
    lines = sorted(
        plans + reports + disputes + closings + extensions,
        key=lambda line: (line.at is None, line.at, line.kind, line.pk),
    )
    return Inbox(
        tuple(lines[:SHOWN]),
        _most_overdue(scope),
        plans=_total(plans, counts[SUBMITTED]),
        reports=len(reports) if len(reports) <= SHOWN else _report_count(scope),
        disputes=_total(disputes, counts[DISPUTED]),
        closings=_total(closings, counts[CLOSING]),
        extensions=len(extensions) if len(extensions) <= SHOWN else _extension_count(scope),
    )


def _total(lines: list[WaitingLine], stored: int) -> int:
    """The number of lines if all were read, otherwise the stored count.

    The stored count includes the supervised body itself.
    """
    return len(lines) if len(lines) <= SHOWN else max(len(lines), stored)


def _stored_counts(scope: InboxScope) -> dict[str, int]:
    """Stored counts of the supervised subtrees, in one query.

    Of submitted plans, disputes and close requests by their state, and of bodies ("").
    """
    topics = (
        Q(topic="filed", word=SUBMITTED)
        | Q(topic__in=("state", "broken"), word__in=REQUEST_STATES.values())
        | Q(topic="bodies")
    )
    marks = Mark.objects.filter(topics, scope__in=scope.supervised_ids).order_by()
    rows = marks.values_list("word").annotate(n=Sum("count"))
    return dict.fromkeys((SUBMITTED, *REQUEST_STATES.values(), ""), 0) | dict(rows)


NAMES = (
    *("organisation__name_hans", "organisation__name_hant"),
    *("document__title_hans", "document__title_hant"),
)
REPORTS = ProgressReport.objects.filter(waiting_since__isnull=False)
OLDEST = ("waiting_since", "organisation")


def _reports(scope: InboxScope) -> list[WaitingLine]:
    weight = Case(When(Q(submitted_by=scope.user) | Q(asked_by=scope.user), then=0), default=1)
    entries = (
        ReportEntry.objects.filter(report=OuterRef("pk"), state=SUBMITTED)
        .order_by()
        .values("report")
        .annotate(n=Sum(weight))
    )
    first = scope.first(REPORTS, *OLDEST, limit=SHOWN + 1).annotate(n=Subquery(entries.values("n")))
    return [
        WaitingLine("report", n, *row)
        for *row, n in first.values_list("pk", *NAMES, "waiting_since", "n")
        if n
    ]


def _report_count(scope: InboxScope) -> int:
    return scope.first(REPORTS, *OLDEST, limit=COUNT_LIMIT).count()


def _plans(scope: InboxScope) -> list[WaitingLine]:
    rows = (
        Plan.objects.filter(live=True, state=SUBMITTED)
        .exclude(submitted_by=scope.user)
        .exclude(asked_by=scope.user)
    )
    first = scope.first(rows, "submitted_at", "organisation", limit=SHOWN + 1)
    return [WaitingLine("plan", 1, *row) for row in first.values_list("pk", *NAMES, "submitted_at")]


def _requests(scope: InboxScope, kind: str) -> list[WaitingLine]:
    """Disputes or close requests."""
    rows = Obligation.objects.filter(state=REQUEST_STATES[kind]).exclude(asked_by=scope.user)
    first = scope.first(rows, "moved_at", limit=SHOWN + 1)
    return [
        WaitingLine(kind, 1, *row)
        for row in first.values_list("pk", *NAMES, "moved_at", "directive__code", "reason")
    ]


def _waiting_extensions(scope: InboxScope) -> QuerySet[Extension]:
    # Few wait: they are read by their index, not the obligations of all bodies below.
    below = Obligation.objects.filter(
        in_subtrees(scope.memberships, "organisation__path"),
        ~Q(organisation__in=scope.supervised_ids),
        pk=OuterRef("obligation"),
        state__in=EXTENDABLE,
    )
    waiting = Extension.objects.filter(Exists(below), state=REQUESTED)
    return waiting.exclude(asked_by=scope.user)


def _extensions(scope: InboxScope) -> list[WaitingLine]:
    order = ("asked_at", "pk")
    first = _waiting_extensions(scope).order_by(*order).values("pk")[: SHOWN + 1]
    rows = Extension.objects.filter(pk__in=first).order_by(*order)
    names, code = (f"obligation__{name}" for name in NAMES), "obligation__directive__code"
    cells = rows.values_list("obligation", *names, "asked_at", code, "reason")
    return [WaitingLine("extension", 1, *row) for row in cells]


def _extension_count(scope: InboxScope) -> int:
    return _waiting_extensions(scope).order_by()[:COUNT_LIMIT].count()


def _most_overdue(scope: InboxScope) -> tuple[OverdueBody, ...]:
    """The child bodies with the most overdue rows in their subtrees, from stored totals."""
    totals = DocumentTotal.objects.filter(
        scope__parent__in=scope.supervised_ids, red__gt=0
    ).order_by()
    rows = totals.values_list(
        "scope", "scope__name_hans", "scope__name_hant", "scope__branch"
    ).annotate(n=Sum("red"))
    return tuple(OverdueBody(*row) for row in rows.order_by("-n", "scope")[:OVERDUE_SHOWN])
