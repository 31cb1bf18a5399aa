"""What waits for a supervisor: reviews, disputes, close requests, and overdue bodies.

Each kind is read oldest first by its own index, only as many rows as are shown. Totals come from
stored counts, or are counted up to a limit. So the cost does not depend on the number of bodies.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.urls import reverse
from django.utils.http import urlencode

from directives.base.states import CLOSING, DISPUTED, RED, SUBMITTED, SUPERVISOR
from directives.dashboard.queries.figures import address
from directives.models import (
    DocumentTotal,
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
WORST = 8  # overdue bodies shown
COUNTED = 1000  # limit to which waiting reports are counted
WIDE = 1000  # with more bodies, rows are not read body by body
MOVED = {"dispute": DISPUTED, "close": CLOSING}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A waiting plan, report, dispute or close request; `n`: waiting entries of a report."""

    kind: str
    n: int
    pk: int
    name_hans: str
    name_hant: str
    title_hans: str
    title_hant: str
    at: datetime | None
    code: str = ""
    words: str = ""

    @property
    def url(self) -> str:
        match self.kind:
            case "plan":
                return reverse("plan_review", args=[self.pk])
            case "report":
                return reverse("report_review", args=[self.pk])
        return reverse("obligation", args=[self.pk])


@dataclass(frozen=True, slots=True)
class Worst:
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
        return address(ObligationFilter(body=self.pk, light=RED))


@dataclass(frozen=True, slots=True)
class Inbox:
    """What waits, oldest first, and the child bodies with the most overdue rows.

    `reports` is at most COUNTED.
    """

    lines: tuple[Waiting, ...]
    overdue: tuple[Worst, ...]
    plans: int
    reports: int
    disputes: int
    closings: int

    @property
    def total(self) -> int:
        return self.plans + self.reports + self.disputes + self.closings

    @property
    def more(self) -> int:
        """The number of lines that are not shown."""
        return self.total - len(self.lines)

    def _in_words(self, number: int) -> str:
        return f"{number:,}+" if self.reports >= COUNTED else f"{number:,}"

    @property
    def total_told(self) -> str:
        """The total as text: 1,234, or 1,234+ if not all reports were counted."""
        return self._in_words(self.total)

    @property
    def more_told(self) -> str:
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
    posts: tuple[Membership, ...]
    homes: list[int] | QuerySet  # ids of the topmost supervised bodies; a query if they are many
    wide: bool = False  # more than WIDE bodies

    def first(self, rows: QuerySet, *order: str, limit: int) -> QuerySet:
        """The first of these rows that are of these bodies.

        For many bodies the index of all waiting rows is scanned, which soon finds enough. For few
        bodies, most waiting rows are of others, so the rows are read body by body.
        """
        elsewhere = ~Q(organisation__in=self.homes)
        if not self.wide:
            below = rows.filter(in_subtrees(self.posts, "organisation__path"), elsewhere)
            return below.order_by(*order)[:limit]
        bodies = Organisation.objects.filter(
            in_subtrees(self.posts, "path"), pk=OuterRef("organisation")
        )
        first = rows.filter(elsewhere, Exists(bodies)).order_by(*order).values("pk")[:limit]
        return rows.model.objects.filter(pk__in=first).order_by(*order)


def inbox(user: User) -> Inbox | None:
    """Return what waits for the user as a supervisor; None if they are none.

    The user's own requests are left out: others decide on them.
    """
    posts = user.in_role(SUPERVISOR)
    if not posts:
        return None
    tops = topmost(posts)
    homes: list[int] | QuerySet = [m.organisation_id for m in tops]
    if len(tops) > MANY:
        homes = Membership.objects.filter(user=user, role=SUPERVISOR).values("organisation")
    scope = InboxScope(user, posts, homes)
    counts = _stored_counts(scope)
    scope = replace(scope, wide=counts[""] > WIDE)
    reports, plans = _reports(scope), _plans(scope) if counts[SUBMITTED] else []
    disputes, closings = (
        _moved(scope, kind) if counts[state] else [] for kind, state in MOVED.items()
    )
    lines = sorted(
        plans + reports + disputes + closings,
        key=lambda line: (line.at is None, line.at, line.kind, line.pk),
    )
    return Inbox(
        tuple(lines[:SHOWN]),
        _worst(scope),
        plans=_figure(plans, counts[SUBMITTED]),
        reports=len(reports) if len(reports) <= SHOWN else _count(scope),
        disputes=_figure(disputes, counts[DISPUTED]),
        closings=_figure(closings, counts[CLOSING]),
    )


def _figure(lines: list[Waiting], stored: int) -> int:
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
        | Q(topic="state", word__in=MOVED.values())
        | Q(topic="bodies")
    )
    marks = Mark.objects.filter(topics, scope__in=scope.homes).order_by()
    rows = marks.values_list("word").annotate(n=Sum("count"))
    return dict.fromkeys((SUBMITTED, *MOVED.values(), ""), 0) | dict(rows)


NAMES = (
    *("organisation__name_hans", "organisation__name_hant"),
    *("document__title_hans", "document__title_hant"),
)
REPORTS = ProgressReport.objects.filter(waiting_since__isnull=False)
OLDEST = ("waiting_since", "organisation")


def _reports(scope: InboxScope) -> list[Waiting]:
    weight = Case(When(Q(submitted_by=scope.user) | Q(asked_by=scope.user), then=0), default=1)
    entries = (
        ReportEntry.objects.filter(report=OuterRef("pk"), state=SUBMITTED)
        .order_by()
        .values("report")
        .annotate(n=Sum(weight))
    )
    first = scope.first(REPORTS, *OLDEST, limit=SHOWN + 1).annotate(n=Subquery(entries.values("n")))
    return [
        Waiting("report", n, *row)
        for *row, n in first.values_list("pk", *NAMES, "waiting_since", "n")
        if n
    ]


def _count(scope: InboxScope) -> int:
    return scope.first(REPORTS, *OLDEST, limit=COUNTED).count()


def _plans(scope: InboxScope) -> list[Waiting]:
    rows = (
        Plan.objects.filter(live=True, state=SUBMITTED)
        .exclude(submitted_by=scope.user)
        .exclude(asked_by=scope.user)
    )
    first = scope.first(rows, "submitted_at", "organisation", limit=SHOWN + 1)
    return [Waiting("plan", 1, *row) for row in first.values_list("pk", *NAMES, "submitted_at")]


def _moved(scope: InboxScope, kind: str) -> list[Waiting]:
    """Disputes or close requests."""
    rows = Obligation.objects.filter(state=MOVED[kind]).exclude(asked_by=scope.user)
    first = scope.first(rows, "moved_at", limit=SHOWN + 1)
    return [
        Waiting(kind, 1, *row)
        for row in first.values_list("pk", *NAMES, "moved_at", "directive__code", "reason")
    ]


def _worst(scope: InboxScope) -> tuple[Worst, ...]:
    """The child bodies with the most overdue rows in their subtrees, from stored totals."""
    red = DocumentTotal.objects.filter(scope__parent__in=scope.homes, red__gt=0).order_by()
    rows = red.values_list(
        "scope", "scope__name_hans", "scope__name_hant", "scope__branch"
    ).annotate(n=Sum("red"))
    return tuple(Worst(*row) for row in rows.order_by("-n", "scope")[:WORST])
