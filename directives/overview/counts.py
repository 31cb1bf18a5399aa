"""The queries behind a dashboard: a fixed number, whatever the number of bodies, directives and rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce

from django.db.models import Case, Count, DateField, F, Q, QuerySet, Sum, TextField, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Concat, TruncDate

from directives.models import Cycle, Event, Obligation, Organisation, ReportEntry, Section, Total, User
from directives.models.obligations import CLOCKS
from directives.models.scope import inside
from directives.overview.obligations import CAUSES
from directives.overview.scope import NONE, Lights, Scope
from directives.states import ACCEPTED, ASSIGNED, RED, SUBMITTED, YELLOW

AHEAD = timedelta(days=45)  # how far ahead “what comes next” looks
BACK = timedelta(days=400)  # cycles that opened before are not compared with


@dataclass(frozen=True, slots=True)
class Body:
    """A body as a dashboard names it."""

    pk: int
    code: str
    name_hans: str
    name_hant: str
    path: str
    parent_id: int | None = None
    branch: bool = False

    @classmethod
    def of(cls, body: Organisation) -> "Body":
        return cls(body.pk, body.code, body.name_hans, body.name_hant, body.path, body.parent_id, body.branch)


@dataclass(frozen=True, slots=True)
class Vantage:
    """From where one looks: at the whole subtree of a body, or only at what it owes itself."""

    body: Body
    whole: bool

    def condition(self, field: str = "organisation") -> Q:
        """Rows in view; `field` leads to their body."""
        return inside(self.body.path, f"{field}__path") if self.whole else Q(**{field: self.body.pk})


def sections_in_view(user: User) -> tuple[Section, ...]:
    """Every section of every document that the person sees, newest document first, each with its document's names."""
    names = ("title", "title_hans", "title_hant", "fictional", "script")
    only = ("number", "order", "title", "title_hans", "title_hant", "document_id", *(f"document__{name}" for name in names))
    rows = Section.objects.visible_to(user).select_related("document").only(*only)
    return tuple(rows.order_by("-document__registered_at", "-document_id", "order"))


# lights by body and section


BODY = ("code", "name_hans", "name_hant", "path", "parent_id", "branch")


@dataclass(frozen=True, slots=True)
class Ground:
    """The lights of a body and of the bodies right below it: body → section → lights."""

    bodies: dict[int, Body]
    lights: dict[int, dict[int, Lights]]

    def over(self, body: int) -> Lights:
        """The sum over the sections."""
        return reduce(Lights.plus, self.lights.get(body, {}).values(), NONE)

    def of(self, body: int, section: int) -> Lights:
        return self.lights.get(body, {}).get(section, NONE)


def _ground(bodies: dict[int, Body], rows: Iterable[tuple[int, int, str, int, int]]) -> Ground:
    lights: dict[int, dict[int, Lights]] = {}
    for body, section, light, count, percents in rows:
        parts = lights.setdefault(body, {})
        parts[section] = parts.get(section, NONE).plus(Lights(**{light: count}, percent_sum=percents))
    return Ground(bodies, lights)


def ground_below(body: int, document: int) -> Ground:
    """The tallies of a body and its children under a document: one query."""
    near = Organisation.objects.filter(Q(pk=body) | Q(parent=body)).values("pk")
    rows = Total.objects.filter(scope__in=near, document=document, count__gt=0)
    columns = ("scope_id", "section_id", "light", "count", "percent_sum", *(f"scope__{name}" for name in BODY))
    found = list(rows.values_list(*columns))
    bodies = {pk: Body(pk, *cells) for pk, cells in {row[0]: row[5:] for row in found}.items()}
    return _ground(bodies, (row[:5] for row in found))


def ground_of_own(body: Body, document: int) -> Ground:
    """What one body owes itself, counted from its own few rows: one query."""
    rows = Obligation.objects.live().filter(organisation=body.pk, document=document).order_by()
    counted = rows.values_list("organisation_id", "section_id", "light").annotate(Count("pk"), Sum("percent"))
    return _ground({body.pk: body}, counted)


# one row of counts


@dataclass(frozen=True, slots=True)
class Census:
    """Counts of live obligations in view. `late` by clock may overlap: one row can have missed two dates."""

    directives: int
    bodies: int
    live: int
    unreceived: int
    plan_owed: int
    plan_missing: int
    report_missing: int
    late: dict[str, int]
    causes: dict[str, int]


def census(view: Vantage, document: int, today: date) -> Census:
    """Everything that one pass over the obligations in view can count: one query."""
    rows = Obligation.objects.live().filter(view.condition(), document=document)
    late = {name: Q(light=RED, light_code__in=(f"{name}_overdue", f"{name}_returned_overdue")) for name in CLOCKS}
    causes = {name: Q(light=YELLOW, light_code__in=codes) for name, codes in CAUSES.items()}
    running = {name: Q(**{f"{CLOCKS[name][0]}__isnull": False}) & ~Q(state="closed") for name in ("plan", "report")}
    found = rows.aggregate(
        directives=Count("directive", distinct=True),
        bodies=Count("organisation", distinct=True),
        live=Count("pk"),
        unreceived=Count("pk", filter=Q(state=ASSIGNED)),
        plan_owed=Count("pk", filter=~Q(deliverable="") | running["plan"]),
        plan_missing=Count("pk", filter=running["plan"]),
        report_missing=Count("pk", filter=running["report"]),
        **{f"late_{name}": Count("pk", filter=condition) for name, condition in late.items()},
        **{f"cause_{name}": Count("pk", filter=condition) for name, condition in causes.items()},
    )
    by_clock = {name: found.pop(f"late_{name}") for name in late}
    by_cause = {name: found.pop(f"cause_{name}") for name in causes}
    return Census(**found, late=by_clock, causes=by_cause)


# grouped counts of several tables, in one query


@dataclass(frozen=True, slots=True)
class Group:
    """A count. Its topic says what the rest means: opens, due, report, next, event."""

    topic: str
    key: str
    word: str
    day: date | None
    n: int


def _text(value: str) -> Value:
    return Value(value, output_field=TextField())


def _columns(rows: QuerySet, topic: str, key: object, word: object, day: object) -> QuerySet:
    marked = rows.order_by().annotate(topic=_text(topic), key=Cast(key, TextField()), word=word, on_day=day)
    return marked.values_list("topic", "key", "word", "on_day").annotate(n=Count("pk"))


def groups(view: Vantage, document: int, *, today: date, since: datetime) -> list[Group]:
    """Cycles, hand-ins by day, due days ahead and events since an instant, counted together: one query."""
    cycles = Cycle.objects.filter(document=document, opens_on__range=(today - BACK, today))
    period = Concat(Cast("year", TextField()), _text(" "), Cast("period", TextField()), _text(" "), Cast("number", TextField()))
    entries = ReportEntry.objects.filter(view.condition("report__organisation"), report__cycle__in=cycles)
    handed = Case(When(state__in=(SUBMITTED, ACCEPTED), then=_text("in")), default=_text("out"))
    changed = Concat(Coalesce(KT("before__light"), _text("")), _text(">"), Coalesce(KT("after__light"), _text("")))
    happened = Event.objects.filter(view.condition(), document_id=document, at__gte=since)
    parts = [
        _columns(cycles, "opens", F("pk"), period, F("opens_on")),
        _columns(cycles, "due", F("pk"), period, F("due_on")),
        _columns(entries, "report", F("report__cycle_id"), handed, TruncDate("submitted_at")),
        _columns(
            happened,
            "event",
            Concat(Cast("subject_type", TextField()), _text(":"), Cast("action", TextField())),
            changed,
            Cast(Value(None), DateField()),
        ),
        *(_columns(_ahead(view, document, clock, today), "next", _text(clock), _text(""), F(CLOCKS[clock][0])) for clock in CLOCKS),
    ]
    return [Group(*row) for row in parts[0].union(*parts[1:], all=True)]


def _ahead(view: Vantage, document: int, clock: str, today: date) -> QuerySet[Obligation]:
    field = CLOCKS[clock][0]
    return Obligation.objects.owing(clock).filter(view.condition(), document=document, **{f"{field}__range": (today, today + AHEAD)})


def topics(rows: Iterable[Group], topic: str) -> list[Group]:
    return [row for row in rows if row.topic == topic]


def vantage(user: User, asked: int | None) -> Vantage | None:
    """From where the person looks, as far as their own places tell: None for a body that is not among them.

    Asked for nothing, it is the highest body that they oversee, else the first for which they fill in.
    """
    scope = Scope.of(user)
    places = [*((tree, True) for tree in sorted(scope.trees, key=lambda body: body.depth)), *((body, False) for body in scope.bodies)]
    found = next(((body, whole) for body, whole in places if asked in (None, body.pk)), None)
    return Vantage(Body.of(found[0]), found[1]) if found else None
