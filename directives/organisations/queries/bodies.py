"""The register of bodies: the tree with its lights, and the page of one body."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter, itemgetter

from django.db.models import Q, QuerySet

from directives.base.script import to_hans
from directives.base.states import MANAGER, SUPERVISOR
from directives.core.keyset import Column, Order, Page, PageRequest, read_page
from directives.core.scope import NO_LIGHTS, Lights, Scope, lights_by, lights_of_bodies
from directives.models import (
    Document,
    Membership,
    Organisation,
    Plan,
    ProgressReport,
    Section,
    User,
)
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.scope import covers

COUNT_LIMIT = 10_000  # rows that are counted one by one; a longer list says “more than”
NODES = 300  # bodies of one tree page
PEOPLE = 100  # of a body, on its page
BATCH = 500  # bodies of an export that are read at once
BY_CODE = Order("code", (Column("code"),))


@dataclass(frozen=True, slots=True)
class BodyLine:
    """A body with its lights, which are None if its work is outside the scope of the user."""

    body: Organisation
    lights: Lights | None


@dataclass(frozen=True, slots=True)
class Node:
    """A body in the tree."""

    body: Organisation
    lights: Lights | None
    children: tuple["Node", ...]
    has_unlisted_children: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Tree:
    """A page of the tree."""

    roots: tuple[Node, ...]
    page: Page

    @property
    def late(self) -> tuple[Node, ...]:
        """The leaves with overdue obligations, those with most first."""
        red = [(node.lights.red, node) for node in _leaves(self.roots) if node.lights]
        late = sorted((pair for pair in red if pair[0]), key=itemgetter(0), reverse=True)
        return tuple(node for _count, node in late)


def matching_bodies(
    visible: QuerySet[Organisation],
    *,
    q: str = "",
    kind: str = "",
    level: str = "",
    abolished: bool = False,
) -> QuerySet[Organisation]:
    """Bodies by code; `q` is part of a name, in either script, or the beginning of the code."""
    rows = visible.select_related("successor", "parent").order_by("code")
    if q.strip():
        text = q.strip()
        names = (
            Q(name_hans__icontains=to_hans(text))
            | Q(name_hant__icontains=text)
            | Q(full_name__icontains=to_hans(text))
        )
        rows = rows.filter(names | Q(code__istartswith=text))
    if kind:
        rows = rows.filter(kind=kind)
    if level:
        rows = rows.filter(level=level)
    return rows if abolished else rows.filter(valid_to=None)


def body_lines(user: User, bodies: Sequence[Organisation]) -> tuple[BodyLine, ...]:
    """Bodies with their lights, in two queries."""
    scope = Scope.of(user)
    lights = lights_of_bodies(scope, bodies)
    return tuple(
        BodyLine(body, lights.get(body.pk, NO_LIGHTS) if scope.sees(body) else None)
        for body in bodies
    )


def bodies_page(
    user: User, bodies: QuerySet[Organisation], query: Mapping[str, str]
) -> tuple[Page, tuple[BodyLine, ...]]:
    """One page of a list of bodies."""
    total = bodies.order_by()[: COUNT_LIMIT + 1].count()
    page = read_page(
        bodies,
        BY_CODE,
        PageRequest.from_query(query, BY_CODE),
        total=total if total <= COUNT_LIMIT else None,
    )
    return page, body_lines(user, page.rows)


def iter_body_lines(user: User, bodies: QuerySet[Organisation]) -> Iterator[BodyLine]:
    """Bodies with their lights, read in batches."""
    rows = bodies.iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        yield from body_lines(user, batch)


def tree_of(user: User, under: Organisation | None, query: Mapping[str, str]) -> Tree:
    """The tree below its roots or one body, as deep as a page holds, with abolished bodies."""
    children_page, rows, deepest = _levels(
        Organisation.objects.visible_to(user), under, PageRequest.from_query(query, BY_CODE)
    )
    lines = body_lines(user, rows)
    children: dict[int | None, list[BodyLine]] = {}
    for line in lines:
        top = line.body == under or line.body.parent_id is None
        children.setdefault(None if top else line.body.parent_id, []).append(line)
    return Tree(_nodes(children, None, deepest), children_page)


def _leaves(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        if node.children:
            yield from _leaves(node.children)
        else:
            yield node


def _levels(
    visible: QuerySet[Organisation], under: Organisation | None, turn: PageRequest
) -> tuple[Page, list[Organisation], int]:
    """A page of the children, all listed bodies, and the length of the deepest paths.

    A further level is listed if all of it fits.
    """
    bodies = visible.select_related("successor").order_by("code")
    children_page = read_page(bodies.filter(parent=under), BY_CODE, turn, total=None, size=NODES)
    level = list(children_page.rows)
    rows, deepest = [under] if under else [], len(under.path) if under else 0
    while level and (not deepest or len(rows) + len(level) <= NODES + 1):
        rows += level
        deepest = len(level[0].path)
        branches = [body.pk for body in level if body.branch]
        has_room = branches and len(rows) < NODES
        level = list(bodies.filter(parent__in=branches)[: NODES + 1]) if has_room else []
    return children_page, rows, deepest


def _nodes(
    children: dict[int | None, list[BodyLine]], parent: int | None, deepest: int
) -> tuple[Node, ...]:
    """The nodes under a parent, abolished bodies last."""
    lines = sorted(children.get(parent, ()), key=lambda line: line.body.valid_to is not None)
    return tuple(
        Node(
            line.body,
            line.lights,
            _nodes(children, line.body.pk, deepest),
            has_unlisted_children=line.body.branch and len(line.body.path) >= deepest,
            open=parent is None,
        )
        for line in lines
    )


# one body


@dataclass(frozen=True, slots=True)
class SectionLine:
    section: Section
    lights: Lights


@dataclass(frozen=True, slots=True)
class DocumentLines:
    document: Document
    lights: Lights
    sections: tuple[SectionLine, ...]
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class BodyView:
    body: Organisation
    ancestors: tuple[Organisation, ...]
    children: tuple[BodyLine, ...]
    child_count: int  # the number of children, of which the first are listed
    predecessors: tuple[Organisation, ...]
    people: tuple[Membership, ...] | None  # None if the user may not see them
    in_scope: bool  # whether its work is in the scope of the user
    of_subtree: bool  # the figures are of the subtree, not of the body alone
    lights: Lights
    documents: tuple[DocumentLines, ...]
    reports: tuple[ProgressReport, ...]


def body_view(user: User, body: Organisation) -> BodyView:
    scope = Scope.of(user)
    documents = _documents(user, scope, body) if scope.sees(body) else ()
    total = NO_LIGHTS
    for line in documents:
        total = total.plus(line.lights)
    ancestors = Organisation.objects.in_bulk(body.strict_ancestor_ids)
    children = body.children.select_related("successor").order_by("code")[:NODES]
    return BodyView(
        body=body,
        ancestors=tuple(ancestors[pk] for pk in body.strict_ancestor_ids if pk in ancestors),
        children=body_lines(user, list(children)),
        child_count=body.children.count() if body.branch else 0,
        predecessors=tuple(sorted(body.predecessors.order_by()[:NODES], key=attrgetter("code"))),
        people=_people(body) if may_see_people(user, body) else None,
        in_scope=scope.sees(body),
        of_subtree=body.branch and scope.sees_below(body),
        lights=total,
        documents=documents,
        reports=_reports(user, body),
    )


def may_see_people(user: User, body: Organisation) -> bool:
    """Managers and supervisors see the people of their subtree, administrators all."""
    return user.is_staff or covers(user, body.path, MANAGER, SUPERVISOR)


def _people(body: Organisation) -> tuple[Membership, ...]:
    return tuple(
        body.memberships.filter(user__is_active=True)
        .select_related("user")
        .order_by("role", "user__full_name")[:PEOPLE]
    )


def _documents(user: User, scope: Scope, body: Organisation) -> tuple[DocumentLines, ...]:
    lights = lights_in_body(scope, body)
    sections = (
        Section.objects.filter(pk__in=lights).select_related("document").defer(*HEAVY_OF_DOCUMENT)
    )
    plans = {
        plan.document_id: plan
        for plan in Plan.objects.visible_to(user).filter(organisation=body, live=True)
    }
    by_document: dict[Document, list[SectionLine]] = {}
    for section in sections.order_by("-document__registered_at", "order"):
        by_document.setdefault(section.document, []).append(
            SectionLine(section, lights[section.pk])
        )
    return tuple(
        _lines(document, lines, plans.get(document.pk)) for document, lines in by_document.items()
    )


def _lines(document: Document, sections: list[SectionLine], plan: Plan | None) -> DocumentLines:
    total = NO_LIGHTS
    for line in sections:
        total = total.plus(line.lights)
    return DocumentLines(document, total, tuple(sections), plan)


def lights_in_body(scope: Scope, body: Organisation) -> dict[int, Lights]:
    """Lights of a body by section id, without sections that have no obligations."""
    part = Scope(trees=(body,)) if scope.sees_below(body) else Scope(bodies=(body,))
    return {pk: lights for pk, lights in lights_by(part, "section").items() if lights.total}


def _reports(user: User, body: Organisation) -> tuple[ProgressReport, ...]:
    """The latest reports that were started."""
    rows = ProgressReport.objects.visible_to(user).filter(organisation=body).exclude(begun_at=None)
    return tuple(
        rows.select_related("cycle", "document")
        .defer(*HEAVY_OF_DOCUMENT)
        .order_by("-cycle__due_on")[:6]
    )
