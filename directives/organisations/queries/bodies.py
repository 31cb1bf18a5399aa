"""The register of bodies: the tree with its lights, and one body with what it owes, files and reports."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter

from django.db.models import Q, QuerySet

from directives.base.script import to_hans
from directives.base.states import MANAGER, SUPERVISOR
from directives.core.keyset import Column, Leaf, Order, Turn, leaf
from directives.core.scope import NONE, Lights, Scope, lights_by, lights_of_bodies
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
from directives.obligations.queries.counting import COUNT_LIMIT

NODES = 300  # bodies of one tree page
PEOPLE = 100  # of a body, on its page
BATCH = 500  # bodies of a file that are read together
BY_CODE = Order("code", (Column("code"),))


@dataclass(frozen=True, slots=True)
class BodyLine:
    """A body with its lights; None where its work is out of the reader's view."""

    body: Organisation
    lights: Lights | None


@dataclass(frozen=True, slots=True)
class Node:
    """A body in the tree. `deeper`: it has children that the page does not list."""

    body: Organisation
    lights: Lights | None
    children: tuple["Node", ...]
    deeper: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree page: its topmost bodies, and which of those right below them it lists: all where there is room."""

    roots: tuple[Node, ...]
    leaf: Leaf

    @property
    def late(self) -> tuple[Node, ...]:
        """The bodies at the ends of the tree that have something overdue, the most first."""
        ends = [node for node in _ends(self.roots) if node.lights and node.lights.red]
        return tuple(sorted(ends, key=lambda node: -node.lights.red))


def matching_bodies(
    seen: QuerySet[Organisation],
    *,
    q: str = "",
    kind: str = "",
    level: str = "",
    abolished: bool = False,
) -> QuerySet[Organisation]:
    """Bodies by name in either script, full name or code, in order of their codes; abolished ones where asked for."""
    rows = seen.select_related("successor", "parent").order_by("code")
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
    """Bodies with their lights, in two queries whatever their number."""
    scope = Scope.of(user)
    lights = lights_of_bodies(scope, bodies)
    return tuple(
        BodyLine(body, lights.get(body.pk, NONE) if scope.sees(body) else None) for body in bodies
    )


def bodies_page(
    user: User, found: QuerySet[Organisation], query: Mapping[str, str]
) -> tuple[Leaf, tuple[BodyLine, ...]]:
    """One page of the bodies that were looked for."""
    total = found.order_by()[: COUNT_LIMIT + 1].count()
    shown = leaf(
        found, BY_CODE, Turn.of(query, BY_CODE), total=total if total <= COUNT_LIMIT else None
    )
    return shown, body_lines(user, shown.rows)


def iter_body_lines(user: User, found: QuerySet[Organisation]) -> Iterator[BodyLine]:
    """All of them, read in batches: the register of a nation is never held whole."""
    rows = found.iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        yield from body_lines(user, batch)


def tree_of(user: User, under: Organisation | None, query: Mapping[str, str]) -> Tree:
    """The tree from its roots, or from one body, as deep as fits one page; abolished bodies stand in it too."""
    first, rows, reached = _levels(
        Organisation.objects.visible_to(user), under, Turn.of(query, BY_CODE)
    )
    lines = body_lines(user, rows)
    children: dict[int | None, list[BodyLine]] = {}
    for line in lines:
        top = line.body == under or line.body.parent_id is None
        children.setdefault(None if top else line.body.parent_id, []).append(line)
    return Tree(_nodes(children, None, reached), first)


def _ends(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        if node.children:
            yield from _ends(node.children)
        else:
            yield node


def _levels(
    seen: QuerySet[Organisation], under: Organisation | None, turn: Turn
) -> tuple[Leaf, list[Organisation], int]:
    """A page of the bodies right below, all listed bodies, and how deep they go: further levels follow while a whole one fits."""
    known = seen.select_related("successor").order_by("code")
    first = leaf(known.filter(parent=under), BY_CODE, turn, total=None, size=NODES)
    level = list(first.rows)
    rows, reached = [under] if under else [], len(under.path) if under else 0
    while level and (not reached or len(rows) + len(level) <= NODES + 1):
        rows += level
        reached = len(level[0].path)
        branches = [body.pk for body in level if body.branch]
        level = (
            list(known.filter(parent__in=branches)[: NODES + 1])
            if branches and len(rows) < NODES
            else []
        )
    return first, rows, reached


def _nodes(
    children: dict[int | None, list[BodyLine]], parent: int | None, reached: int
) -> tuple[Node, ...]:
    """Nodes under a parent; bodies that exist come before those that do not."""
    lines = sorted(children.get(parent, ()), key=lambda line: line.body.valid_to is not None)
    return tuple(
        Node(
            line.body,
            line.lights,
            _nodes(children, line.body.pk, reached),
            deeper=line.body.branch and len(line.body.path) >= reached,
            open=parent is None,
        )
        for line in lines
    )


# one body


@dataclass(frozen=True, slots=True)
class SectionLine:
    """What a body owes in one section of a document."""

    section: Section
    lights: Lights


@dataclass(frozen=True, slots=True)
class DocumentLines:
    """What a body owes under one document: lights by section, the state of its plan."""

    document: Document
    lights: Lights
    sections: tuple[SectionLine, ...]
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class BodyView:
    """All that the page of a body says. `people` is None where the reader may not see them."""

    body: Organisation
    above: tuple[Organisation, ...]
    children: tuple[BodyLine, ...]
    below: int  # how many bodies stand right below, of which the first are listed
    predecessors: tuple[Organisation, ...]
    people: tuple[Membership, ...] | None
    sees: bool
    whole: bool  # the figures are of the subtree, not of the body alone
    lights: Lights
    documents: tuple[DocumentLines, ...]
    reports: tuple[ProgressReport, ...]


def body_view(user: User, body: Organisation) -> BodyView:
    """The page of a body, as far as this person may see it."""
    scope = Scope.of(user)
    documents = _documents(user, scope, body) if scope.sees(body) else ()
    total = NONE
    for line in documents:
        total = total.plus(line.lights)
    known = Organisation.objects.in_bulk(body.strict_ancestor_ids)
    children = body.children.select_related("successor").order_by("code")[:NODES]
    return BodyView(
        body=body,
        above=tuple(known[pk] for pk in body.strict_ancestor_ids if pk in known),
        children=body_lines(user, list(children)),
        below=body.children.count() if body.branch else 0,
        predecessors=tuple(sorted(body.predecessors.order_by()[:NODES], key=attrgetter("code"))),
        people=_people(body) if may_see_people(user, body) else None,
        sees=scope.sees(body),
        whole=body.branch and scope.sees_below(body),
        lights=total,
        documents=documents,
        reports=_reports(user, body),
    )


def may_see_people(user: User, body: Organisation) -> bool:
    """Managers and supervisors see the people of their subtree, administrators everybody's."""
    return user.is_staff or any(
        body.path.startswith(m.organisation.path) for m in user.in_role(MANAGER, SUPERVISOR)
    )


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
    found: dict[Document, list[SectionLine]] = {}
    for section in sections.order_by("-document__registered_at", "order"):
        found.setdefault(section.document, []).append(SectionLine(section, lights[section.pk]))
    return tuple(
        _lines(document, lines, plans.get(document.pk)) for document, lines in found.items()
    )


def _lines(document: Document, sections: list[SectionLine], plan: Plan | None) -> DocumentLines:
    total = NONE
    for line in sections:
        total = total.plus(line.lights)
    return DocumentLines(document, total, tuple(sections), plan)


def lights_in_body(scope: Scope, body: Organisation) -> dict[int, Lights]:
    """Lights of a body by section id; sections under which nothing is owed are left out."""
    part = Scope(trees=(body,)) if scope.sees_below(body) else Scope(bodies=(body,))
    return {pk: lights for pk, lights in lights_by(part, "section").items() if lights.total}


def _reports(user: User, body: Organisation) -> tuple[ProgressReport, ...]:
    """The last reports that were begun."""
    rows = ProgressReport.objects.visible_to(user).filter(organisation=body).exclude(begun_at=None)
    return tuple(
        rows.select_related("cycle", "document")
        .defer(*HEAVY_OF_DOCUMENT)
        .order_by("-cycle__due_on")[:6]
    )
