"""The list of obligations: one page by key, its counts, and the options of its filter."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from directives.base.clocks import Reason
from directives.base.script import fold, to_hans
from directives.base.wording import localized, localized_text
from directives.core.keyset import Order, Page, PageRequest, read_page
from directives.core.scope import FilterOnly, Lights, Scope
from directives.models import Directive, Document, Obligation, Organisation, Section, User
from directives.models.scope import in_view
from directives.obligations.queries.counting import (
    COUNT_LIMIT,
    CountedFilter,
    Reach,
    counts,
    guided,
)
from directives.obligations.queries.filters import (
    BROKEN_DOWN,
    LIGHT_CHOICES,
    TREE,
    URGENCY,
    ObligationFilter,
    with_urgency,
)

# A longer list is shown in tree order, which an index provides, whatever order was chosen.
SORTABLE = 20_000
TITLE = 24  # characters of a document's title in the filter
OFFERED = 200  # bodies listed in the filter
DIRECTIVES, BODIES = 200, 100  # matches of a search that are used; there may be more


@dataclass(frozen=True, slots=True)
class Options:
    """The choices of the filter's lists, and the rows that the filter names."""

    filter: ObligationFilter
    sections: tuple[Section, ...]  # of every document in view, each with its document
    documents: Mapping[int, Document]
    bodies: tuple[Organisation, ...]
    body: Organisation | None
    directive: Directive | None
    document: int | None  # id, if all rows of the filter are of one document
    contradictory: bool  # the chosen section is not of the chosen document

    @property
    def document_choices(self) -> Iterator[tuple[int, str]]:
        for pk, document in self.documents.items():
            title = localized(document, "title")
            yield pk, title if len(title) <= TITLE else title[: TITLE - 1] + "…"

    @property
    def body_choices(self) -> Iterator[tuple[int, str]]:
        return ((body.pk, localized(body, "name")) for body in self.bodies)

    @property
    def section_choices(self) -> Iterator[tuple[int, str]]:
        """The sections of the chosen document, or of all."""
        for section in self.sections:
            if self.filter.document in (None, section.document_id):
                title = localized(section, "title") or gettext("Closing paragraph")
                yield section.pk, f"{localized_text(section.number)} {title}".lstrip()


def nearby_bodies(user: User, body: int | None) -> tuple[Organisation, ...]:
    """The bodies that the filter offers, in one query, at most OFFERED.

    The user's own bodies and their children; the chosen body, its parent and its children.
    """
    scope = Scope.of(user)
    top_bodies = [tree.pk for tree in scope.trees][:OFFERED]
    user_bodies = [*top_bodies, *(single.pk for single in scope.bodies)][:OFFERED]
    condition = Q(pk__in=user_bodies) | Q(parent__in=top_bodies)
    if body:
        parent = Organisation.objects.filter(pk=body).values("parent")
        condition |= Q(pk=body) | Q(parent=body) | Q(pk__in=parent)
    rows = Organisation.objects.filter(in_view(user, "")).filter(condition).order_by("code")
    names = ("code", "name_hans", "name_hant", "path", "branch", "kind")
    return tuple(rows.only(*names)[:OFFERED])


def filter_options(user: User, obligation_filter: ObligationFilter) -> Options:
    """Return the lists of the filter, in two queries, or three with a directive."""
    titles = ("title", "title_hans", "title_hant", "fictional", "script")
    sections = tuple(
        Section.objects.visible_to(user)
        .select_related("document")
        .only(
            *("number", "order", "title", "title_hans", "title_hant", "document_id"),
            *(f"document__{name}" for name in titles),
        )
        .order_by("-document__registered_at", "order")
    )
    directive = None
    if obligation_filter.directive:
        directive = (
            Directive.objects.visible_to(user).filter(pk=obligation_filter.directive).first()
        )
    documents = {section.document_id: section.document for section in sections}
    bodies = nearby_bodies(user, obligation_filter.body)
    section = next((row for row in sections if row.pk == obligation_filter.section), None)
    part = directive or section
    document = obligation_filter.document or (part.document_id if part else None)
    if document is None and len(documents) == 1:
        document = next(iter(documents))
    return Options(
        filter=obligation_filter,
        sections=sections,
        documents=documents,
        bodies=bodies,
        body=next((body for body in bodies if body.pk == obligation_filter.body), None),
        directive=directive,
        document=document,
        contradictory=bool(
            section
            and obligation_filter.document
            and section.document_id != obligation_filter.document
        ),
    )


@dataclass(frozen=True, slots=True)
class ObligationLine:
    """One obligation as the list shows and sorts it, with texts in both scripts."""

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
    original_due_on: date | None
    extensions_granted: int
    light: str
    light_code: str
    light_on: date | None
    looked_back: str

    @property
    def urgency(self) -> int:
        return URGENCY[self.light]

    @property
    def why(self) -> Reason | None:
        return Reason(self.light_code, self.light_on) if self.light_code else None


COLUMNS = (  # of an ObligationLine
    *("pk", "document_id", "directive_id"),
    *(f"directive__{name}" for name in ("order", "code", "text", "text_hans", "text_hant")),
    "organisation_id",
    *(f"organisation__{name}" for name in ("path", "code", "name_hans", "name_hant")),
    *("part", "state", "percent", "starts_on", "due_on", "original_due_on", "extensions_granted"),
    *("light", "light_code", "light_on", "looked_back"),
)


def _lines(rows: QuerySet[Obligation]) -> list[ObligationLine]:
    return [ObligationLine(*cells) for cells in rows.values_list(*COLUMNS)]


@dataclass(frozen=True, slots=True)
class Matches:
    """Ids of the rows that mention the search text."""

    directives: tuple[int, ...]
    bodies: tuple[int, ...]
    cut: bool  # there were more matches than are used

    def apply(self, rows: QuerySet[Obligation]) -> QuerySet[Obligation]:
        """Limit obligations to these directives or bodies."""
        if not self.bodies:
            return rows.filter(directive__in=self.directives)
        if not self.directives:
            return rows.filter(organisation__in=self.bodies)
        return rows.filter(Q(directive__in=self.directives) | Q(organisation__in=self.bodies))


def search(user: User, words: str) -> Matches:
    """Find the directives and bodies that mention the text, in either script.

    Bodies match by name or code. At most two queries.
    """
    texts = Directive.objects.filter(search_key__contains=fold(words)).order_by("document", "order")
    name = to_hans(words)
    names = Q(name_hans__icontains=name) | Q(full_name__icontains=name) | Q(code__iexact=words)
    bodies = Organisation.objects.filter(in_view(user, "")).filter(names).order_by("path")
    directive_ids = tuple(texts.values_list("pk", flat=True)[: DIRECTIVES + 1])
    body_ids = tuple(bodies.values_list("pk", flat=True)[: BODIES + 1])
    cut = len(directive_ids) > DIRECTIVES or len(body_ids) > BODIES
    return Matches(directive_ids[:DIRECTIVES], body_ids[:BODIES], cut)


@dataclass(frozen=True, slots=True)
class Chip:
    """A light to choose, and the number of its rows; None if they were not counted."""

    light: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list, with its counts."""

    page: Page
    options: Options
    matches: Matches | None  # None: no search
    unsorted: bool  # too many rows for the chosen order: they are in tree order
    lights: Lights | None  # of the filter without its light
    chips: tuple[Chip, ...]  # the same, the most urgent first
    total: str  # number of those rows, as text
    waiting: int  # of the rows of the whole filter, those that the user may acknowledge
    broken_down: int  # rows that are not listed because their parts are

    limit = COUNT_LIMIT
    sortable = SORTABLE
    match_limits = (DIRECTIVES, BODIES)


def in_reach(
    user: User, counted_filter: CountedFilter, reach: Reach, matches: Matches | None, *, today: date
) -> QuerySet[Obligation]:
    """The rows that the user sees and the filter without its light selects.

    The conditions are such that a few rows are found without scanning the whole table.
    """
    rows = Obligation.objects.all()
    if not reach.ranges:
        return rows.none()
    if len(reach.ranges) > 1 or not reach.trees:
        rows = rows.visible_to(user)
    conditions = counted_filter.filter
    other_conditions = replace(
        conditions, body=None, light="", document=counted_filter.document, q=""
    )
    matching: QuerySet[Obligation] = other_conditions.apply(rows, today)
    if matches is not None:
        matching = matches.apply(matching)
    if reach.trees:
        return guided(matching, counted_filter)
    return matching.filter(organisation__in=reach.single_bodies) if conditions.body else matching


def _between_paths(
    rows: QuerySet[Obligation], reach: Reach, order: Order, page_request: PageRequest
) -> QuerySet[Obligation]:
    """Limit the rows to the paths from the first to the last in reach.

    In tree order, the page's own start replaces the first path: SQLite uses one bound of an index.
    """
    if not reach.trees:
        return rows
    low, high = reach.ranges[0][0], max(high for _low, high in reach.ranges)
    if order.name == TREE and page_request.key and page_request.backwards:
        high = min(high, page_request.key[0])
    elif order.name == TREE and page_request.key:
        low = max(low, page_request.key[0])
    return rows.filter(organisation__path__gte=low, organisation__path__lte=high)


def _broken_down(counted_filter: CountedFilter) -> CountedFilter:
    """The filter of the rows that this one leaves out because they are broken down."""
    obligation_filter = replace(counted_filter.filter, breakdown=BROKEN_DOWN)
    return replace(counted_filter, filter=obligation_filter)


def _in_paths(
    broken_down: QuerySet[Obligation], reach: Reach, options: Options
) -> QuerySet[Obligation]:
    """Limit rows that are broken down to those in reach."""
    if not reach.trees:
        return broken_down
    low, high = reach.ranges[0][0], max(high for _low, high in reach.ranges)
    within = Q(organisation__path__gte=low, organisation__path__lte=high)
    # Those of one directive are few, and found by an index without the bodies in reach.
    return broken_down.filter(FilterOnly(within) if options.filter.directive else within)


def listing(user: User, options: Options, query: Mapping[str, str], *, today: date) -> Listing:
    """Return the page of the list that the query string asks for."""
    obligation_filter, counted_filter = (
        options.filter,
        CountedFilter(options.filter, options.document),
    )
    body_is_hidden = obligation_filter.body and not options.body
    reach = Reach() if body_is_hidden else Reach.of(user, options.body)
    matches = search(user, obligation_filter.q) if obligation_filter.q else None
    rows = in_reach(user, counted_filter, reach, matches, today=today)
    broken_down = in_reach(user, _broken_down(counted_filter), reach, None, today=today)
    order = obligation_filter.order(oversees=user.oversees)
    on_all_pages = _between_paths(rows, reach, order, PageRequest())
    counted = counts(
        user, reach, counted_filter, on_all_pages, _in_paths(broken_down, reach, options)
    )
    is_long = counted.matching is None or counted.matching > SORTABLE
    unsorted = order.name != TREE and bool(reach.branches) and is_long
    if unsorted:
        order = replace(obligation_filter, sort=TREE).order(oversees=True)
    page_request = PageRequest.from_query(query, order)
    if obligation_filter.light:
        rows = rows.filter(light__in=LIGHT_CHOICES[obligation_filter.light])
    rows = _between_paths(
        rows if counted.matching != 0 else rows.none(), reach, order, page_request
    )
    if order.name == "light":
        rows = with_urgency(rows)
    return Listing(
        page=read_page(rows, order, page_request, total=counted.matching, read=_lines),
        options=options,
        matches=matches,
        unsorted=unsorted,
        lights=counted.lights,
        chips=tuple(Chip(colour, getattr(counted.lights, colour, None)) for colour in URGENCY),
        total=f"{COUNT_LIMIT:,}+" if counted.total is None else f"{counted.total:,}",
        waiting=counted.waiting,
        broken_down=counted.broken_down,
    )
