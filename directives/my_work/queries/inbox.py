"""What waits for a supervisor: reviews, disputes, close-outs, bodies that are overdue.

Each kind is read oldest first by its own index and no further than is shown; how many there are
comes from the kept counts, or is counted up to a limit. So the page costs the same for a county and
for the nation.
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
WORST = 8  # overdue bodies
COUNTED = 1000  # reports that wait are counted up to here
WIDE = 1000  # bodies; more of them are not gone through one by one
MOVED = {"dispute": DISPUTED, "close": CLOSING}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: a plan, report, dispute or close; `n` entries of a report."""

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
    """A body right below, with the overdue rows of its whole subtree."""

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
    """What waits, the oldest first, and the bodies right below with most overdue rows.

    Reports are counted up to COUNTED.
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
        """Lines that are left out."""
        return self.total - len(self.lines)

    def _told(self, number: int) -> str:
        return f"{number:,}+" if self.reports >= COUNTED else f"{number:,}"

    @property
    def total_told(self) -> str:
        """The total as the page says it: 1,234, or 1,234+ where not all reports were counted."""
        return self._told(self.total)

    @property
    def more_told(self) -> str:
        return self._told(self.more)

    @property
    def reviews(self) -> str:
        """Hand-ins to review, as the page says it; empty where there is none."""
        return self._told(self.plans + self.reports) if self.plans + self.reports else ""


@dataclass(frozen=True, slots=True)
class InboxScope:
    """Whose inbox it is, and of which bodies: those strictly below the ones supervised."""

    user: User
    posts: tuple[Membership, ...]
    homes: list[int] | QuerySet  # of the posts, the topmost: ids, or a query where they are many
    wide: bool = False  # more than WIDE bodies

    def first(self, rows: QuerySet, *order: str, limit: int) -> QuerySet:
        """The first of these rows that are of these bodies.

        Among many bodies the index of what waits is walked, and soon ends; among few it is read
        body by body, as most of what waits is others'.
        """
        elsewhere = ~Q(organisation__in=self.homes)
        if not self.wide:
            return rows.filter(in_subtrees(self.posts, "organisation__path"), elsewhere).order_by(
                *order
            )[:limit]
        bodies = Organisation.objects.filter(
            in_subtrees(self.posts, "path"), pk=OuterRef("organisation")
        )
        walked = rows.filter(elsewhere, Exists(bodies)).order_by(*order).values("pk")[:limit]
        return rows.model.objects.filter(pk__in=walked).order_by(*order)


def inbox(user: User) -> Inbox | None:
    """What waits for this person as a supervisor; None if they are none.

    What they asked for themselves waits for others.
    """
    posts = user.in_role(SUPERVISOR)
    if not posts:
        return None
    tops = topmost(posts)
    homes: list[int] | QuerySet = [m.organisation_id for m in tops]
    if len(tops) > MANY:
        homes = Membership.objects.filter(user=user, role=SUPERVISOR).values("organisation")
    scope = InboxScope(user, posts, homes)
    kept = _kept(scope)
    scope = replace(scope, wide=kept[""] > WIDE)
    reports, plans = _reports(scope), _plans(scope) if kept[SUBMITTED] else []
    disputes, closings = (
        _moved(scope, kind) if kept[state] else [] for kind, state in MOVED.items()
    )
    lines = sorted(
        plans + reports + disputes + closings,
        key=lambda line: (line.at is None, line.at, line.kind, line.pk),
    )
    return Inbox(
        tuple(lines[:SHOWN]),
        _worst(scope),
        plans=_figure(plans, kept[SUBMITTED]),
        reports=len(reports) if len(reports) <= SHOWN else _count(scope),
        disputes=_figure(disputes, kept[DISPUTED]),
        closings=_figure(closings, kept[CLOSING]),
    )


def _figure(lines: list[Waiting], kept: int) -> int:
    """How many there are: those read, where that is all of them, else the kept count.

    The kept count also holds what the supervisor's own body owes.
    """
    return len(lines) if len(lines) <= SHOWN else max(len(lines), kept)


def _kept(scope: InboxScope) -> dict[str, int]:
    """Kept counts in the subtrees supervised, in one query.

    Of plans handed in, disputes and close-outs by their state, and of bodies ("").
    """
    topics = (
        Q(topic="filed", word=SUBMITTED)
        | Q(topic="state", word__in=MOVED.values())
        | Q(topic="bodies")
    )
    rows = (
        Mark.objects.filter(topics, scope__in=scope.homes)
        .order_by()
        .values_list("word")
        .annotate(n=Sum("count"))
    )
    return dict.fromkeys((SUBMITTED, *MOVED.values(), ""), 0) | dict(rows)


NAMES = (
    "organisation__name_hans",
    "organisation__name_hant",
    "document__title_hans",
    "document__title_hant",
)


REPORTS = ProgressReport.objects.filter(waiting_since__isnull=False)
OLDEST = ("waiting_since", "organisation")


def _reports(scope: InboxScope) -> list[Waiting]:
    mine = Case(When(Q(submitted_by=scope.user) | Q(asked_by=scope.user), then=0), default=1)
    entries = (
        ReportEntry.objects.filter(report=OuterRef("pk"), state=SUBMITTED)
        .order_by()
        .values("report")
        .annotate(n=Sum(mine))
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
    """Disputes or close-outs."""
    rows = Obligation.objects.filter(state=MOVED[kind]).exclude(asked_by=scope.user)
    first = scope.first(rows, "moved_at", limit=SHOWN + 1)
    return [
        Waiting(kind, 1, *row)
        for row in first.values_list("pk", *NAMES, "moved_at", "directive__code", "reason")
    ]


def _worst(scope: InboxScope) -> tuple[Worst, ...]:
    """The bodies right below with most overdue rows in their subtrees, from the kept totals."""
    red = DocumentTotal.objects.filter(scope__parent__in=scope.homes, red__gt=0).order_by()
    rows = red.values_list(
        "scope", "scope__name_hans", "scope__name_hant", "scope__branch"
    ).annotate(n=Sum("red"))
    return tuple(Worst(*row) for row in rows.order_by("-n", "scope")[:WORST])
