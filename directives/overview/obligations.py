"""Which obligations a reader asks for: the filter, how many show each light, what the filter offers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Case, Count, F, IntegerField, OrderBy, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Concat
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directives.models import Directive, Obligation, Organisation, Section, User
from directives.models.obligations import CLOCKS
from directives.models.organisations import KINDS
from directives.models.scope import LAST
from directives.overview.scope import Lights, Scope, gathered
from directives.script import fold, to_hans
from directives.states import (
    ASSIGNED,
    CLOSED_LIGHT,
    COLOURS,
    GREEN,
    LIGHTS,
    LIVE,
    OBLIGATION_STATES,
    ON_TIME,
    PARTS,
    RED,
    STAFF,
    UNDUE,
    YELLOW,
)

GREY = "grey"  # both lamps that are grey
ON, OFF = "on_time", "off_time"  # the two sides of the share that is on time
LIGHT_CHOICES = {colour: (colour,) for colour in COLOURS} | {
    GREY: (CLOSED_LIGHT, UNDUE),
    ON: tuple(colour for colour in COLOURS if colour in ON_TIME),
    OFF: tuple(colour for colour in COLOURS if colour not in ON_TIME),
    "": COLOURS,
}
CAUSES = {  # why a light is yellow
    "near": ("receipt_near", "plan_near", "report_near", "completion_near"),
    "returned": ("plan_returned", "report_returned"),
    "behind": ("behind",),
}
URGENCY = {RED: 0, YELLOW: 1, GREEN: 2, UNDUE: 3, CLOSED_LIGHT: 4}
IN_ORDER = ("document_id", "directive__order", "organisation__code", "pk")
SORTS: dict[str, tuple[Any, ...]] = {
    "": IN_ORDER,
    "due": (OrderBy(F("due_on"), nulls_last=True), *IN_ORDER),
    "light": ("urgency", OrderBy(F("due_on"), nulls_last=True), *IN_ORDER),
    "body": ("organisation__code", *IN_ORDER),
}
LIGHT_WORDS = dict(LIGHTS) | {
    GREY: _("Grey: closed or not due"), ON: _("On time: green or grey"), OFF: _("Not on time: yellow or red"),
}  # fmt: skip
CLOCK_WORDS = {"receipt": _("Receipt"), "plan": _("Plan"), "report": _("Report"), "completion": _("Completion")}
CAUSE_WORDS = {"near": _("Near due"), "returned": _("Returned, to be revised"), "behind": _("Behind schedule")}
SORT_WORDS = {"": _("Order of the document"), "due": _("Due day"), "light": _("Most urgent first"), "body": _("Body")}
Words = str | Promise
CHOICES = {
    "kind": {code for code, _label in KINDS},
    "light": set(LIGHT_CHOICES),
    "state": {code for code, _label in OBLIGATION_STATES},
    "part": {code for code, _label in PARTS},
    "clock": set(CLOCKS),
    "owes": set(CLOCKS),
    "cause": set(CAUSES),
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
    owes: str = ""  # the clock that runs: what it counts has not been done
    on: date | None = None  # … and runs out on this day
    cause: str = ""
    q: str = ""
    sort: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "Filter":
        """The filter that an address asks for; what makes no sense is left out."""
        words = {name: parameters.get(name, "") for name in CHOICES}
        known = {name: word for name, word in words.items() if word in CHOICES[name]}
        ids = {name: parameters.get(name, "") for name in ("document", "section", "directive", "body")}
        numbers = {name: int(text) for name, text in ids.items() if text.isascii() and text.isdigit() and len(text) < 16}
        return cls(**numbers, **known, on=_day(parameters.get("on", "")), q=parameters.get("q", "").strip()[:100])

    @property
    def narrows(self) -> bool:
        """Something is asked for besides the order."""
        return replace(self, sort="") != Filter()

    @property
    def mixed(self) -> bool:
        """The light asked for is more than one colour."""
        return len(LIGHT_CHOICES[self.light]) > 1

    @property
    def light_word(self) -> Words:
        return LIGHT_WORDS.get(self.light, "")

    @property
    def owes_word(self) -> Words:
        return CLOCK_WORDS.get(self.owes, "")

    @property
    def cause_word(self) -> Words:
        return CAUSE_WORDS.get(self.cause, "")

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
            rows = rows.late(self.clock)
        if self.owes:
            rows = rows.owing(self.owes, self.on)
        if self.cause:
            rows = rows.filter(light_code__in=CAUSES[self.cause])
        return rows.filter(_mentions(self.q)) if self.q else rows

    def sorted(self, rows: QuerySet[Obligation]) -> QuerySet[Obligation]:
        """The rows in the order that the filter asks for."""
        if self.sort == "light":
            whens = [When(light=colour, then=Value(place)) for colour, place in URGENCY.items()]
            rows = rows.annotate(urgency=Case(*whens, output_field=IntegerField()))
        return rows.order_by(*SORTS[self.sort])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _below(body: int) -> Q:
    """Work of a body and of everything below it; the path is looked up in the same query."""
    path = Subquery(Organisation.objects.filter(pk=body).values("path"))
    return Q(organisation__path__gte=path, organisation__path__lte=Concat(path, Value(LAST)))


def _mentions(q: str) -> Q:
    """The words stand in the directive (in either script), or in the body's name, or are its code."""
    names = Q(organisation__name_hans__icontains=to_hans(q)) | Q(organisation__full_name__icontains=to_hans(q))
    return Q(directive__search_key__contains=fold(q)) | names | Q(organisation__code__iexact=q)


# what stands around the list


@dataclass(frozen=True, slots=True)
class Chip:
    """A light to choose, and how many rows show it."""

    light: str
    count: int


@dataclass(frozen=True, slots=True)
class Labels:
    """What the filter's lists are made of: (value, label) each."""

    kinds: tuple = KINDS
    states: tuple = OBLIGATION_STATES
    parts: tuple = PARTS
    clocks: tuple = tuple(CLOCK_WORDS.items())
    sorts: tuple = tuple(SORT_WORDS.items())


LABELS = Labels()


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


@dataclass(frozen=True, slots=True)
class Listing:
    """What stands around the list: the lights under the filter but for the light itself, and what the filter offers."""

    lights: Lights
    shown: int  # rows under the whole filter
    waiting: int  # rows shown that the reader may acknowledge
    options: Options

    @property
    def chips(self) -> tuple[Chip, ...]:
        """The lights, the most urgent first."""
        return tuple(Chip(colour, self.lights.count(colour)) for colour in URGENCY)

    def contradicts(self, chosen: Filter) -> bool:
        """The section asked for is of another document than the one asked for."""
        section = next((row for row in self.options.sections if row.pk == chosen.section), None)
        return bool(section and chosen.document and section.document_id != chosen.document)


def listing(user: User, rows: QuerySet[Obligation], chosen: Filter, *, today: date) -> Listing:
    """Counts and options of a list, in at most four queries. `rows` are those that the reader sees."""
    own = [m.organisation_id for m in user.in_role(STAFF)]
    waits = Count("pk", filter=Q(state=ASSIGNED, organisation__in=own)) if own else Value(0)
    counted = replace(chosen, light="").apply(rows, today).order_by().values("light")
    counts = list(counted.annotate(n=Count("pk"), p=Value(0), waits=waits, all=Value(0)))
    inside = [row for row in counts if row["light"] in LIGHT_CHOICES[chosen.light]]
    lights = gathered(counts, "all").get(0, Lights())
    return Listing(lights, sum(row["n"] for row in inside), sum(row["waits"] for row in inside), options(user, chosen))
