"""The filter of a list of obligations, and its orders."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.numbers import iso_date, whole_number
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
from directives.models import Obligation
from directives.models.documents import KINDS as DIRECTIVE_KINDS
from directives.models.obligations import CLOCKS, ObligationQuerySet
from directives.models.organisations import KINDS
from directives.models.scope import in_subtree_of

GREY = "grey"  # both grey lights
ON, OFF = "on_time", "off_time"  # the lights that count as on time, and the others
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
TREE, DOCUMENT = "tree", "document"  # the two default orders
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
    GREY: _("Grey: closed or not due"),
    ON: _("On time: green or grey"),
    OFF: _("Not on time: yellow or red"),
}
CLOCK_WORDS = {
    "receipt": _("Acknowledgement"),
    "plan": _("Plan"),
    "report": _("Report"),
    "completion": _("Completion"),
    "reply": pgettext_lazy("clock", "Reply"),
}
CAUSE_WORDS = {
    "near": _("Near due"),
    "returned": _("Returned, to be revised"),
    "behind": _("Behind schedule"),
    "silent": _("No recent activity"),
}
# values of `breakdown`: rows that are broken down, or these too; else only those that are counted
BROKEN_DOWN, ALL = "down", "all"
BREAKDOWN_WORDS = {
    BROKEN_DOWN: _("Broken down to organisations below"),
    ALL: _("All, also those broken down"),
}
UNDATED = "none"  # value of `due`: open rows without a due date
SORT_WORDS = {
    TREE: _("By organisation, in tree order"),
    DOCUMENT: _("Order of the document"),
    "due": _("By due date"),
    "light": _("Most urgent first"),
    "body": _("Code of the organisation"),
}
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
    "breakdown": set(BREAKDOWN_WORDS),
    "sort": set(ORDERS),
}


@dataclass(frozen=True, slots=True)
class ObligationFilter:
    """The conditions and the order of a list. "" and None do not limit; numbers are ids."""

    document: int | None = None
    section: int | None = None
    directive: int | None = None
    body: int | None = None  # with everything below it
    kind: str = ""  # of body
    about: str = ""  # kind of directive
    light: str = ""
    state: str = ""
    part: str = ""
    clock: str = ""  # red because this clock has run out
    owes: str = ""  # this clock is running
    on: date | None = None  # with `owes`: it runs out on this day
    cause: str = ""  # of a yellow light
    due: str = ""  # UNDATED, or ""
    breakdown: str = ""  # BROKEN_DOWN, ALL, or "" for the rows that figures count
    part_of: int | None = None  # the parts of this row
    q: str = ""
    sort: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "ObligationFilter":
        """Return the filter of a query string; invalid values are ignored."""
        read = parameters.get
        codes = {
            name: code if (code := read(name, "")) in codes else ""
            for name, codes in CHOICES.items()
        }
        return cls(
            document=whole_number(read("document", "")),
            section=whole_number(read("section", "")),
            directive=whole_number(read("directive", "")),
            body=whole_number(read("body", "")),
            part_of=whole_number(read("part_of", "")),
            on=iso_date(read("on", "")),
            q=read("q", "").strip()[:100],
            **codes,
        )

    @property
    def is_set(self) -> bool:
        """Whether the filter has any condition."""
        return replace(self, sort="") != ObligationFilter()

    @property
    def covers_several_colours(self) -> bool:
        """Whether the chosen light covers several colours."""
        return len(LIGHT_CHOICES[self.light]) > 1

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
    def breakdown_word(self) -> Words:
        return BREAKDOWN_WORDS.get(self.breakdown, "")

    @property
    def cause_word(self) -> Words:
        return CAUSE_WORDS.get(self.cause, "")

    def apply(self, rows: ObligationQuerySet, today: date) -> ObligationQuerySet:
        """Return the rows that match, unordered.

        Withdrawn ones only match if `state` says so, those broken down if `breakdown` does.
        """
        conditions: dict[str, object] = {
            "state": self.state,
            "state__in": () if self.state else LIVE,
            "document": self.document,
            "section": self.section,
            "directive": self.directive,
            "broken_from": self.part_of,
            "part": self.part,
            "organisation__kind": self.kind,
            "directive__kind": self.about,
            "light__in": LIGHT_CHOICES[self.light] if self.light else (),
            "light_code__in": CAUSES[self.cause] if self.cause else (),
        }
        rows = rows.filter(**{name: value for name, value in conditions.items() if value})
        if self.breakdown != ALL:
            rows = rows.filter(parts__gt=0) if self.breakdown else rows.filter(parts=0)
        if self.body:
            rows = rows.filter(in_subtree_of(self.body, "organisation__path"))
        if self.clock:
            rows = rows.late(self.clock)
        if self.owes:
            rows = rows.with_clock_running(self.owes, self.on)
        if self.due == UNDATED:
            rows = rows.undated()
        return rows.filter(_contains_text(self.q)) if self.q else rows

    def order(self, *, oversees: bool) -> Order:
        """The chosen order, or the default: tree order if the user oversees bodies."""
        return ORDERS[self.sort or (TREE if oversees else DOCUMENT)]

    def sorted(self, rows: QuerySet[Obligation], *, oversees: bool = False) -> QuerySet[Obligation]:
        """The rows in that order."""
        order = self.order(oversees=oversees)
        return order.sort(with_urgency(rows) if order.name == "light" else rows)


def with_urgency(rows: QuerySet[Obligation]) -> QuerySet[Obligation]:
    """Annotate the rows with the urgency of their light; 0 is the most urgent."""
    whens = [When(light=colour, then=Value(position)) for colour, position in URGENCY.items()]
    return rows.annotate(urgency=Case(*whens, output_field=IntegerField()))


def _contains_text(q: str) -> Q:
    """The condition that a directive or body mentions the text, in either script, or by code."""
    return (
        Q(directive__search_key__contains=fold(q))
        | Q(organisation__name_hans__icontains=to_hans(q))
        | Q(organisation__full_name__icontains=to_hans(q))
        | Q(organisation__code__iexact=q)
    )


@dataclass(frozen=True, slots=True)
class Labels:
    """The choices of the filter's lists, as (value, label) pairs."""

    sorts: tuple[tuple[str, Words], ...]
    kinds: tuple = KINDS
    states: tuple = OBLIGATION_STATES
    parts: tuple = PARTS
    clocks: tuple = tuple(CLOCK_WORDS.items())
    breakdowns: tuple = tuple(BREAKDOWN_WORDS.items())

    @classmethod
    def for_reader(cls, *, oversees: bool) -> "Labels":
        """Return the labels with the user's default order first, which has the value ""."""
        default = TREE if oversees else DOCUMENT
        others = tuple(row for row in SORT_WORDS.items() if row[0] not in (default, TREE))
        return cls((("", SORT_WORDS[default]), *others))
