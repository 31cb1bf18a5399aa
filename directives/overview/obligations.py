"""The ledger (台账): obligations under a filter, as the page shows them and as the sheet prints them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any

from django.db.models import Case, Count, F, IntegerField, OrderBy, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Concat

from directives.models import Directive, ItemState, Measure, Obligation, Organisation, Section, User
from directives.models.obligations import CLOCKS
from directives.models.organisations import KINDS
from directives.models.scope import LAST
from directives.overview.scope import Lights, Scope, gathered
from directives.script import fold, to_hans
from directives.states import CLOSED_LIGHT, COLOURS, GREEN, HANDED_IN, LEAD, LIVE, OBLIGATION_STATES, PARTS, RED, UNDUE, YELLOW

BATCH = 500  # rows whose items and measures are read together
GREY = "grey"  # both lamps that are grey
LIGHT_CHOICES = {colour: (colour,) for colour in COLOURS} | {GREY: (CLOSED_LIGHT, UNDUE), "": COLOURS}
URGENCY = {RED: 0, YELLOW: 1, GREEN: 2, UNDUE: 3, CLOSED_LIGHT: 4}
IN_ORDER = ("document_id", "directive__order", "organisation__code", "pk")
SORTS: dict[str, tuple[Any, ...]] = {
    "": IN_ORDER,
    "due": (OrderBy(F("due_on"), nulls_last=True), *IN_ORDER),
    "light": ("urgency", OrderBy(F("due_on"), nulls_last=True), *IN_ORDER),
    "body": ("organisation__code", *IN_ORDER),
}
CHOICES = {
    "kind": {code for code, _label in KINDS},
    "light": set(LIGHT_CHOICES),
    "state": {code for code, _label in OBLIGATION_STATES},
    "part": {code for code, _label in PARTS},
    "clock": set(CLOCKS),
    "sort": set(SORTS),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which obligations, and in what order; "" and None ask for nothing in particular. Numbers are ids."""

    document: int | None = None
    section: int | None = None
    directive: int | None = None
    body: int | None = None  # with everything below it
    kind: str = ""
    light: str = ""
    state: str = ""
    part: str = ""
    clock: str = ""  # the clock that has run out
    q: str = ""
    sort: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "Filter":
        """The filter that an address asks for; what makes no sense is left out."""
        words = {name: parameters.get(name, "") for name in CHOICES}
        known = {name: word for name, word in words.items() if word in CHOICES[name]}
        ids = {name: parameters.get(name, "") for name in ("document", "section", "directive", "body")}
        numbers = {name: int(text) for name, text in ids.items() if text.isascii() and text.isdigit() and len(text) < 16}
        return cls(**numbers, **known, q=parameters.get("q", "").strip()[:100])

    def apply(self, rows: QuerySet[Obligation], today: date) -> QuerySet[Obligation]:
        """The rows of this filter, in no order. Withdrawn work shows only where it is asked for."""
        rows = rows.filter(state=self.state) if self.state else rows.filter(state__in=LIVE)
        exact = {"document": self.document, "section": self.section, "directive": self.directive, "part": self.part}
        rows = rows.filter(**{name: value for name, value in exact.items() if value})
        if self.kind:
            rows = rows.filter(organisation__kind=self.kind)
        if self.body:
            rows = rows.filter(_below(self.body))
        if self.light:
            rows = rows.filter(light__in=LIGHT_CHOICES[self.light])
        if self.clock:
            rows = rows.late(self.clock, today)
        return rows.filter(_mentions(self.q)) if self.q else rows

    def sorted(self, rows: QuerySet[Obligation]) -> QuerySet[Obligation]:
        """The rows in the order that the filter asks for."""
        if self.sort == "light":
            whens = [When(light=colour, then=Value(place)) for colour, place in URGENCY.items()]
            rows = rows.annotate(urgency=Case(*whens, output_field=IntegerField()))
        return rows.order_by(*SORTS[self.sort])


def _below(body: int) -> Q:
    """Work of a body and of everything below it; the path is looked up in the same query."""
    path = Subquery(Organisation.objects.filter(pk=body).values("path"))
    return Q(organisation__path__gte=path, organisation__path__lte=Concat(path, Value(LAST)))


def _mentions(q: str) -> Q:
    """The words stand in the directive (in either script), or in the body's name, or are its code."""
    names = Q(organisation__name_hans__icontains=to_hans(q)) | Q(organisation__full_name__icontains=to_hans(q))
    return Q(directive__search_key__contains=fold(q)) | names | Q(organisation__code__iexact=q)


@dataclass(frozen=True, slots=True)
class Body:
    """A body as a list names it."""

    pk: int
    code: str
    name_hans: str
    name_hant: str


@dataclass(frozen=True, slots=True)
class Clause:
    """A directive as a list quotes it, with where it stands."""

    pk: int
    code: str
    text: str
    text_hans: str
    text_hant: str
    document_id: int
    title: str
    title_hans: str
    title_hant: str


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One named item of a directive, and how far the body has got with it."""

    number: int
    name_hans: str
    name_hant: str
    state: str
    on: date | None


@dataclass(frozen=True, slots=True)
class Detail:
    """What only the sheet prints."""

    items: tuple[ItemLine, ...] = ()
    measures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One line of the ledger. `leads`: who leads the directive; `detail` is None where it was not read."""

    pk: int
    number: int  # 序号, from 1 over the whole list
    clause: Clause
    body: Body
    part: str
    leader: str
    contact: str
    note: str
    state: str
    percent: int
    progress: str
    problems: str
    next_steps: str
    starts_on: date
    due_on: date | None
    light: str
    light_reason: dict[str, str]
    leads: tuple[Body, ...] = ()
    detail: Detail | None = None


OWN = (
    "part", "leader", "contact", "note", "state", "percent", "progress", "problems", "next_steps", "starts_on", "due_on", "light",
    "light_reason",
)  # fmt: skip
CLAUSE = (
    "directive_id", "directive__code", "directive__text", "directive__text_hans", "directive__text_hant", "document_id",
    "document__title", "document__title_hans", "document__title_hant",
)  # fmt: skip
BODY = ("organisation_id", "organisation__code", "organisation__name_hans", "organisation__name_hant")


def _read(rows: QuerySet[Obligation], first: int) -> Iterator[LedgerRow]:
    """Ledger lines without leads and detail. Clauses and bodies that repeat are kept once."""
    clauses: dict[int, Clause] = {}
    bodies: dict[int, Body] = {}
    after_clause = 1 + len(CLAUSE)
    after_body = after_clause + len(BODY)
    # One query, streamed; chunked so that a long list is never held whole.
    for number, cells in enumerate(rows.values_list("pk", *CLAUSE, *BODY, *OWN).iterator(chunk_size=BATCH), first):
        clause = clauses.get(cells[1]) or Clause(*cells[1:after_clause])
        body = bodies.get(cells[after_clause]) or Body(*cells[after_clause:after_body])
        clauses[clause.pk], bodies[body.pk] = clause, body
        yield LedgerRow(cells[0], number, clause, body, *cells[after_body:])


def _with_leads(rows: list[LedgerRow], known: dict[int, tuple[Body, ...]]) -> list[LedgerRow]:
    """The lines with who leads each; one query for directives that are not yet in `known`."""
    wanted = {row.clause.pk for row in rows if row.part != LEAD} - known.keys()
    if wanted:
        found: dict[int, list[Body]] = {}
        leading = Obligation.objects.live().filter(directive__in=wanted, part=LEAD).order_by("organisation__code")
        for directive, *cells in leading.values_list("directive_id", *BODY):
            found.setdefault(directive, []).append(Body(*cells))
        known |= {pk: tuple(found.get(pk, ())) for pk in wanted}
    return [replace(row, leads=(row.body,) if row.part == LEAD else known[row.clause.pk]) for row in rows]


def _with_detail(rows: list[LedgerRow], user: User | None) -> list[LedgerRow]:
    """The lines with their items and measures: two queries."""
    keys = [row.pk for row in rows]
    items: dict[int, list[ItemLine]] = {}
    states = ItemState.objects.filter(obligation__in=keys).order_by("item__number")
    for pk, *cells in states.values_list("obligation_id", "item__number", "item__name_hans", "item__name_hant", "state", "on"):
        items.setdefault(pk, []).append(ItemLine(*cells))
    measures: dict[int, list[str]] = {}
    seen = Measure.objects.visible_to(user) if user else Measure.objects.filter(plan__state__in=HANDED_IN)
    served = seen.filter(plan__live=True, obligations__in=keys).order_by("plan", "number")
    for pk, text in served.values_list("obligations", "text"):
        measures.setdefault(pk, []).append(text)
    return [replace(row, detail=Detail(tuple(items.get(row.pk, ())), tuple(measures.get(row.pk, ())))) for row in rows]


def lines(rows: QuerySet[Obligation], *, first: int = 1) -> list[LedgerRow]:
    """The lines of one page, in two queries; `first` is the number of the first."""
    return _with_leads(list(_read(rows, first)), {})


def ledger(rows: QuerySet[Obligation], user: User | None) -> Iterator[LedgerRow]:
    """Every line with its detail, read in batches of at most three queries beside the list itself.

    Measures of plans that are still drafts show only to their own body; `user` None is the system.
    """
    known: dict[int, tuple[Body, ...]] = {}
    source = _read(rows, 1)
    while batch := list(islice(source, BATCH)):
        yield from _with_detail(_with_leads(batch, known), user)


# what stands around the list


def lights(rows: QuerySet[Obligation]) -> Lights:
    """How many of the rows show each light."""
    counted = rows.order_by().values("light").annotate(n=Count("pk"), p=Value(0))
    return gathered(({"all": 0, **row} for row in counted), "all").get(0, Lights())


@dataclass(frozen=True, slots=True)
class Options:
    """What the filter's lists offer, and the names of what it asks for."""

    sections: tuple[Section, ...]  # of every document in view, each with its document
    bodies: tuple[Organisation, ...]
    directive: Directive | None

    @property
    def documents(self) -> dict[int, Any]:
        return {section.document_id: section.document for section in self.sections}


def options(user: User, chosen: Filter) -> Options:
    """The lists of the filter: in two queries, and one more where one directive is asked for."""
    documents = Section.objects.visible_to(user).select_related("document")
    titles = ("document__title", "document__title_hans", "document__title_hant", "document__fictional", "document__script")
    sections = documents.only("number", "order", "title", "title_hans", "title_hant", "document_id", *titles)
    scope = Scope.of(user)
    top = [tree.pk for tree in scope.trees]
    own = [body.pk for body in scope.bodies]
    near = Organisation.objects.filter(scope.condition("")).filter(Q(pk__in=top + own) | Q(parent__in=top) | Q(pk=chosen.body))
    found = Directive.objects.visible_to(user).filter(pk=chosen.directive).first() if chosen.directive else None
    return Options(tuple(sections.order_by("-document__registered_at", "order")), tuple(near.order_by("code")), found)


def names(people: Iterable[Body], *, shown: int = 3) -> tuple[tuple[Body, ...], int]:
    """The first few of a list of bodies, and how many more there are."""
    listed = tuple(people)
    return listed[:shown], max(0, len(listed) - shown)
