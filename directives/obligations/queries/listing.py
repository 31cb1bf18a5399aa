"""The list of obligations: one page of it by key, what stands around it, and what its filter offers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from directives.base.clocks import Reason
from directives.base.script import fold, to_hans
from directives.base.wording import picked, scripted
from directives.core.keyset import Leaf, Order, Turn, leaf
from directives.core.scope import Lights, Scope
from directives.models import Directive, Obligation, Organisation, Section, User
from directives.models.scope import in_view
from directives.obligations.queries.counting import (
    COUNT_LIMIT,
    CountedFilter,
    Counts,
    Reach,
    counts,
    guided,
)
from directives.obligations.queries.filters import TREE, URGENCY, ObligationFilter, with_urgency

SORTABLE = 20_000  # rows that are sorted anew for a page; a longer list keeps the order of the tree, which an index gives
TITLE = 24  # characters of a document's title in the filter's list
OFFERED = 200  # bodies of the filter's list
DIRECTIVES, BODIES = 200, 100  # that one search goes through; there may be more


@dataclass(frozen=True, slots=True)
class Chip:
    """A light to choose, and how many rows show it; None where they were not counted."""

    light: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Options:
    """What the filter's lists offer, and the names of what it asks for."""

    sections: tuple[Section, ...]  # of every document in view, each with its document
    bodies: tuple[Organisation, ...]
    directive: Directive | None

    @property
    def documents(self) -> dict[int, Any]:
        return {section.document_id: section.document for section in self.sections}

    @property
    def document_choices(self) -> Iterator[tuple[int, str]]:
        return ((pk, _short(picked(document, "title"))) for pk, document in self.documents.items())

    @property
    def body_choices(self) -> Iterator[tuple[int, str]]:
        return ((body.pk, picked(body, "name")) for body in self.bodies)

    def section_choices(self, document: int | None) -> Iterator[tuple[int, str]]:
        """The sections of a document, or of all."""
        for section in self.sections:
            if document in (None, section.document_id):
                title = picked(section, "title") or gettext("Closing paragraph")
                yield section.pk, f"{scripted(section.number)} {title}".lstrip()

    def body(self, pk: int | None) -> Organisation | None:
        return next((body for body in self.bodies if body.pk == pk), None)

    def document(self, chosen: ObligationFilter) -> int | None:
        """The document of every row that the filter can find; None where there may be several."""
        named = chosen.document or (self.directive.document_id if self.directive else None)
        named = named or next(
            (row.document_id for row in self.sections if row.pk == chosen.section), None
        )
        return named or (next(iter(self.documents)) if len(self.documents) == 1 else None)


def _short(title: str) -> str:
    return title if len(title) <= TITLE else title[: TITLE - 1] + "…"


def nearby_bodies(user: User, body: int | None) -> tuple[Organisation, ...]:
    """Bodies to choose from: the person's own and those right below, and around a chosen one the same; one query, at most OFFERED."""
    scope = Scope.of(user)
    around = (
        Q(pk=body)
        | Q(parent=body)
        | Q(pk__in=Organisation.objects.filter(pk=body).values("parent"))
    )
    top = [tree.pk for tree in scope.trees][:OFFERED]
    own = [*top, *(found.pk for found in scope.bodies)][:OFFERED]
    wanted = Q(pk__in=own) | Q(parent__in=top)
    rows = Organisation.objects.filter(in_view(user, "")).filter(
        wanted | around if body else wanted
    )
    return tuple(
        rows.only("code", "name_hans", "name_hant", "path", "branch", "kind").order_by("code")[
            :OFFERED
        ]
    )


def options(user: User, chosen: ObligationFilter) -> Options:
    """The lists of the filter: in two queries, and one more where one directive is asked for."""
    documents = Section.objects.visible_to(user).select_related("document")
    titles = (
        "document__title",
        "document__title_hans",
        "document__title_hant",
        "document__fictional",
        "document__script",
    )
    sections = documents.only(
        "number", "order", "title", "title_hans", "title_hant", "document_id", *titles
    )
    found = (
        Directive.objects.visible_to(user).filter(pk=chosen.directive).first()
        if chosen.directive
        else None
    )
    return Options(
        tuple(sections.order_by("-document__registered_at", "order")),
        nearby_bodies(user, chosen.body),
        found,
    )


@dataclass(frozen=True, slots=True)
class ObligationLine:
    """One obligation as the list shows it, with what its orders go by. Its words are in both scripts."""

    pk: int
    document_id: int
    directive_id: int
    directive_order: int
    code: str
    text: str
    text_hans: str
    text_hant: str
    organisation_id: int
    organisation_path: str
    organisation_code: str
    name_hans: str
    name_hant: str
    part: str
    state: str
    percent: int
    starts_on: date
    due_on: date | None
    light: str
    light_code: str
    light_on: date | None

    @property
    def urgency(self) -> int:
        return URGENCY[self.light]

    @property
    def why(self) -> Reason | None:
        return Reason(self.light_code, self.light_on) if self.light_code else None


COLUMNS = (
    "pk", "document_id", "directive_id", "directive__order", "directive__code", "directive__text", "directive__text_hans",
    "directive__text_hant", "organisation_id", "organisation__path", "organisation__code", "organisation__name_hans",
    "organisation__name_hant", "part", "state", "percent", "starts_on", "due_on", "light", "light_code", "light_on",
)  # fmt: skip


def _lines(rows: QuerySet[Obligation]) -> list[ObligationLine]:
    return [ObligationLine(*cells) for cells in rows.values_list(*COLUMNS)]


@dataclass(frozen=True, slots=True)
class Mentions:
    """Ids of what mentions the words; None: nothing was searched for. `cut`: more was found than is gone through."""

    directives: tuple[int, ...] | None = None
    bodies: tuple[int, ...] = ()
    cut: bool = False

    def apply(self, rows: QuerySet[Obligation]) -> QuerySet[Obligation]:
        """The rows of these directives or of these bodies."""
        if self.directives is None:
            return rows
        if not self.bodies:
            return rows.filter(directive__in=self.directives)
        if not self.directives:
            return rows.filter(organisation__in=self.bodies)
        return rows.filter(Q(directive__in=self.directives) | Q(organisation__in=self.bodies))


def mentions(user: User, q: str) -> Mentions:
    """What mentions the words, in either script: the directive's text, the body's name, or its code. At most two queries."""
    if not q:
        return Mentions()
    directives = Directive.objects.filter(search_key__contains=fold(q)).order_by(
        "document", "order"
    )
    names = (
        Q(name_hans__icontains=to_hans(q)) | Q(full_name__icontains=to_hans(q)) | Q(code__iexact=q)
    )
    bodies = Organisation.objects.filter(in_view(user, "")).filter(names).order_by("path")
    said = tuple(directives.values_list("pk", flat=True)[: DIRECTIVES + 1])
    named = tuple(bodies.values_list("pk", flat=True)[: BODIES + 1])
    return Mentions(
        said[:DIRECTIVES], named[:BODIES], len(said) > DIRECTIVES or len(named) > BODIES
    )


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list and what stands around it."""

    counts: Counts
    leaf: Leaf
    options: Options
    chosen: ObligationFilter
    found: Mentions  # what the words searched for were found in
    unsorted: bool  # too many rows for the order asked for: they stand in that of the tree

    @property
    def lights(self) -> Lights | None:
        return self.counts.lights

    @property
    def waiting(self) -> int:
        return self.counts.waiting

    @property
    def total(self) -> str:
        """How many rows there are under the filter but for its light, as a chip says it."""
        return f"{COUNT_LIMIT:,}+" if self.counts.total is None else f"{self.counts.total:,}"

    limit = COUNT_LIMIT
    sortable = SORTABLE
    most = (DIRECTIVES, BODIES)

    @property
    def section_choices(self) -> Iterator[tuple[int, str]]:
        return self.options.section_choices(self.chosen.document)

    @property
    def chips(self) -> tuple[Chip, ...]:
        """The lights, the most urgent first."""
        return tuple(
            Chip(colour, self.lights.count(colour) if self.lights else None) for colour in URGENCY
        )


def contradicts(chosen: ObligationFilter, offered: Options) -> bool:
    """The section asked for is of another document than the one asked for."""
    section = next((row for row in offered.sections if row.pk == chosen.section), None)
    return bool(section and chosen.document and section.document_id != chosen.document)


def in_reach(
    user: User,
    chosen: ObligationFilter,
    reach: Reach,
    known: CountedFilter,
    found: Mentions,
    *,
    today: date,
) -> QuerySet[Obligation]:
    """The rows of a filter but for its light, as the person sees them; nowhere is the whole table walked for a few."""
    rows = Obligation.objects.all()
    if not reach.ranges:
        return rows.none()
    if len(reach.ranges) > 1 or not reach.trees:
        rows = rows.visible_to(user)
    rows = found.apply(
        replace(chosen, body=None, light="", document=known.document, q="").apply(rows, today)
    )
    if not reach.trees and chosen.body:
        return rows.filter(organisation__in=reach.single)
    return guided(rows, known) if reach.trees else rows


def _along(
    rows: QuerySet[Obligation], reach: Reach, order: Order, turn: Turn
) -> QuerySet[Obligation]:
    """The rows from the first path of the reach to the last; in the order of the tree, only from where the page begins."""
    if not reach.trees:
        return rows
    low, high = reach.ranges[0][0], max(high for _low, high in reach.ranges)
    if order.name == TREE and turn.after:
        low = max(low, turn.after[0])
    if order.name == TREE and turn.before:
        high = min(high, turn.before[0])
    return rows.filter(organisation__path__gte=low, organisation__path__lte=high)


def listing(
    user: User, chosen: ObligationFilter, offered: Options, query: Mapping[str, str], *, today: date
) -> Listing:
    """The page of the list that an address asks for."""
    body = offered.body(chosen.body)
    reach = Reach.of(user, body) if body or not chosen.body else Reach((), ())
    known = CountedFilter(chosen, offered.document(chosen))
    found = mentions(user, chosen.q)
    dark = in_reach(user, chosen, reach, known, found, today=today)
    order = chosen.order(oversees=user.oversees)
    counted = counts(user, reach, known, _along(dark, reach, order, Turn()), today=today)
    unsorted = (
        order.name != TREE
        and bool(reach.branches)
        and (counted.shown is None or counted.shown > SORTABLE)
    )
    if unsorted:
        order = replace(chosen, sort=TREE).order(oversees=True)
    turn = Turn.of(query, order)
    rows = dark.filter(light__in=chosen.lights) if chosen.light else dark
    rows = rows if counted.shown != 0 else rows.none()
    rows = _along(rows, reach, order, turn)
    page = leaf(
        with_urgency(rows) if order.name == "light" else rows,
        order,
        turn,
        total=counted.shown,
        read=_lines,
    )
    return Listing(counted, page, offered, chosen, found, unsorted)
