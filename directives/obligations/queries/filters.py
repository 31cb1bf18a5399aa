"""Which obligations a reader asks for, and in what order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Case, IntegerField, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Concat
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import whole
from directives.base.script import fold, to_hans
from directives.base.states import (
    CLOSED_LIGHT,
    COLOURS,
    GREEN,
    LIGHTS,
    LIVE,
    OBLIGATION_STATES,
    ON_TIME,
    PARTS,
    RED,
    UNDUE,
    YELLOW,
)
from directives.core.keyset import Column, Order
from directives.models import Obligation, Organisation
from directives.models.documents import KINDS as DIRECTIVE_KINDS
from directives.models.obligations import CLOCKS
from directives.models.organisations import KINDS
from directives.models.scope import LAST

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
    "silent": ("silent",),
}
URGENCY = {RED: 0, YELLOW: 1, GREEN: 2, UNDUE: 3, CLOSED_LIGHT: 4}
TREE, DOCUMENT = "tree", "document"  # the two orders that an unsorted list may have
PLACE = (Column("document_id"), Column("directive__order"))
IN_ORDER = (*PLACE, Column("organisation__code"), Column("pk"))
DUE = Column("due_on", empty=True, day=True)
ORDERS = {
    TREE: Order(TREE, (Column("organisation__path"), *PLACE, Column("pk"))),
    DOCUMENT: Order(DOCUMENT, IN_ORDER),
    "due": Order("due", (DUE, *IN_ORDER)),
    "light": Order("light", (Column("urgency"), DUE, *IN_ORDER)),
    "body": Order("body", (Column("organisation__code"), *PLACE, Column("pk"))),
}
LIGHT_WORDS = dict(LIGHTS) | {
    GREY: _("Grey: closed or not due"), ON: _("On time: green or grey"), OFF: _("Not on time: yellow or red"),
}  # fmt: skip
CLOCK_WORDS = {
    "receipt": _("Acknowledgement"),
    "plan": _("Plan"),
    "report": _("Report"),
    "completion": _("Completion"),
}
CAUSE_WORDS = {
    "near": _("Near due"), "returned": _("Returned, to be revised"), "behind": _("Behind schedule"),
    "silent": _("No recent activity"),
}  # fmt: skip
UNDATED = "none"  # asks for open rows without a day of completion
SORT_WORDS = {
    TREE: _("By organisation, in tree order"), DOCUMENT: _("Order of the document"), "due": _("By due date"),
    "light": _("Most urgent first"), "body": _("Code of the organisation"),
}  # fmt: skip
Words = str | Promise
CHOICES = {
    "kind": {code for code, _label in KINDS},
    "about": {code for code, _label in DIRECTIVE_KINDS},
    "light": set(LIGHT_CHOICES),
    "state": {code for code, _label in OBLIGATION_STATES},
    "part": {code for code, _label in PARTS},
    "clock": set(CLOCKS),
    "owes": set(CLOCKS),
    "cause": set(CAUSES),
    "due": {UNDATED},
    "sort": set(ORDERS),
}


@dataclass(frozen=True, slots=True)
class ObligationFilter:
    """Which obligations, and in what order; "" and None ask for nothing in particular. Numbers are ids."""

    document: int | None = None
    section: int | None = None
    directive: int | None = None
    body: int | None = None  # with everything below it
    kind: str = ""  # of body
    about: str = ""  # kind of directive
    light: str = ""
    state: str = ""
    part: str = ""
    clock: str = ""  # red, and by its reason this clock has run out
    owes: str = ""  # the clock that runs: what it counts has not been done
    on: date | None = None  # … and runs out on this day
    cause: str = ""
    due: str = ""  # UNDATED, or ""
    q: str = ""
    sort: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "ObligationFilter":
        """The filter that an address asks for; what makes no sense is left out."""
        words = {name: parameters.get(name, "") for name in CHOICES}
        known = {name: word for name, word in words.items() if word in CHOICES[name]}
        ids = {
            name: parameters.get(name, "") for name in ("document", "section", "directive", "body")
        }
        numbers = {
            name: number for name, text in ids.items() if (number := whole(text)) is not None
        }
        return cls(
            **numbers,
            **known,
            on=_day(parameters.get("on", "")),
            q=parameters.get("q", "").strip()[:100],
        )

    @property
    def narrows(self) -> bool:
        """Something is asked for besides the order."""
        return replace(self, sort="") != ObligationFilter()

    @property
    def mixed(self) -> bool:
        """The light asked for is more than one colour."""
        return len(self.lights) > 1

    @property
    def lights(self) -> tuple[str, ...]:
        """The colours asked for; all of them where none is."""
        return LIGHT_CHOICES[self.light]

    @property
    def light_word(self) -> Words:
        return LIGHT_WORDS.get(self.light, "")

    @property
    def owes_word(self) -> Words:
        return CLOCK_WORDS.get(self.owes, "")

    @property
    def about_word(self) -> Words:
        return dict(DIRECTIVE_KINDS).get(self.about, "")

    @property
    def cause_word(self) -> Words:
        return CAUSE_WORDS.get(self.cause, "")

    def apply(self, rows: QuerySet[Obligation], today: date) -> QuerySet[Obligation]:
        """The rows of this filter, in no order. Withdrawn work shows only where it is asked for."""
        rows = rows.filter(state=self.state) if self.state else rows.filter(state__in=LIVE)
        exact = {
            "document": self.document,
            "section": self.section,
            "directive": self.directive,
            "part": self.part,
        }
        rows = rows.filter(**{name: value for name, value in exact.items() if value})
        if self.kind:
            rows = rows.filter(organisation__kind=self.kind)
        if self.about:
            rows = rows.filter(directive__kind=self.about)
        if self.body:
            rows = rows.filter(_below(self.body))
        if self.light:
            rows = rows.filter(light__in=self.lights)
        if self.clock:
            rows = rows.late(self.clock)
        if self.owes:
            rows = rows.owing(self.owes, self.on)
        if self.cause:
            rows = rows.filter(light_code__in=CAUSES[self.cause])
        if self.due == UNDATED:
            rows = rows.undated()
        return rows.filter(_mentions(self.q)) if self.q else rows

    def order(self, *, oversees: bool) -> Order:
        """The order asked for; by itself body by body for those who see many bodies, else that of the document."""
        return ORDERS[self.sort or (TREE if oversees else DOCUMENT)]

    def sorted(self, rows: QuerySet[Obligation], *, oversees: bool = False) -> QuerySet[Obligation]:
        """The rows in that order."""
        order = self.order(oversees=oversees)
        return order.sort(with_urgency(rows) if order.name == "light" else rows)


def with_urgency(rows: QuerySet[Obligation]) -> QuerySet[Obligation]:
    """The rows with the place of their light among the lights, the most urgent first."""
    whens = [When(light=colour, then=Value(place)) for colour, place in URGENCY.items()]
    return rows.annotate(urgency=Case(*whens, output_field=IntegerField()))


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
    names = Q(organisation__name_hans__icontains=to_hans(q)) | Q(
        organisation__full_name__icontains=to_hans(q)
    )
    return Q(directive__search_key__contains=fold(q)) | names | Q(organisation__code__iexact=q)


@dataclass(frozen=True, slots=True)
class Labels:
    """What the filter's lists are made of: (value, label) each."""

    kinds: tuple = KINDS
    states: tuple = OBLIGATION_STATES
    parts: tuple = PARTS
    clocks: tuple = tuple(CLOCK_WORDS.items())
    sorts: tuple = tuple((code, word) for code, word in SORT_WORDS.items() if code != TREE)

    def for_reader(self, *, oversees: bool) -> "Labels":
        """The orders as this reader finds them: their own first, under no name of its own in the address."""
        own = TREE if oversees else DOCUMENT
        others = [code for code in SORT_WORDS if code not in (own, TREE)]
        return replace(
            self, sorts=(("", SORT_WORDS[own]), *((code, SORT_WORDS[code]) for code in others))
        )


LABELS = Labels()
