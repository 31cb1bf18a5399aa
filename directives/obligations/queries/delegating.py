"""Breaking an obligation down: the organisations to choose from, and the tree of its parts."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from directives.base.states import LIVE
from directives.models import Obligation, Organisation, User
from directives.models.organisations import OrganisationQuerySet
from directives.models.scope import in_subtree
from directives.obligations.queries.issuing import matching
from directives.obligations.queries.obligation import visible_obligations

LISTED = 500  # organisations to choose from
SHOWN = 500  # parts of one row, and parts at one level of the tree
DEEPEST = 12  # levels of the tree


@dataclass(frozen=True, slots=True)
class PartChoice:
    """An organisation below, and what it has of the directive already."""

    body: Organisation
    chosen: bool
    row: Obligation | None  # live
    is_part: bool  # of the obligation that is broken down
    is_later: bool  # due after it

    @property
    def is_taken(self) -> bool:
        """Whether it cannot be chosen: it has a part of this obligation or another one."""
        return self.row is not None and self.row.broken_from_id is not None


@dataclass(frozen=True, slots=True)
class BreakDownPage:
    """The organisations to choose from; `children` are those directly below, as far as free."""

    lines: tuple[PartChoice, ...]
    children: int
    more: bool  # more organisations match than are listed


def bodies_below(row: Obligation, today: date) -> OrganisationQuerySet:
    """The organisations that exist below that of the obligation."""
    body = row.organisation
    bodies = Organisation.objects.existing_on(today).filter(in_subtree(body.path, "path"))
    return bodies.exclude(pk=body.pk).order_by("code")


def free_children(row: Obligation, today: date) -> OrganisationQuerySet:
    """Those directly below without a part of this obligation or another one."""
    taken = Obligation.objects.live().filter(directive=row.directive_id, broken_from__isnull=False)
    children = bodies_below(row, today).filter(parent=row.organisation_id)
    return children.exclude(pk__in=taken.values("organisation"))


def break_down_page(
    row: Obligation, *, chosen: Collection[int], all_below: bool, q: str, today: date
) -> BreakDownPage:
    """Return the page; without a search text it lists the organisations directly below."""
    below = bodies_below(row, today)
    if q:
        bodies_found = matching(below, q=q, kind="", level="", below=None, today=today)
    else:
        bodies_found = below.filter(parent=row.organisation_id)
    listed = list(bodies_found[: LISTED + 1])
    named = {body.pk for body in listed}
    others = list(below.filter(pk__in=[pk for pk in chosen if pk not in named][:LISTED]))
    bodies = [*others, *listed[:LISTED]]
    rows = Obligation.objects.live().filter(
        directive=row.directive_id, organisation__in=[body.pk for body in bodies]
    )
    known = {known.organisation_id: known for known in rows}
    lines = tuple(
        _line(row, body, known.get(body.pk), body.pk in chosen or _is_child(row, body, all_below))
        for body in bodies
    )
    return BreakDownPage(lines, free_children(row, today).count(), len(listed) > LISTED)


def _is_child(row: Obligation, body: Organisation, all_below: bool) -> bool:
    return all_below and body.parent_id == row.organisation_id


def _line(
    row: Obligation, body: Organisation, known: Obligation | None, chosen: bool
) -> PartChoice:
    is_part = known is not None and known.broken_from_id == row.pk
    is_later = bool(known and known.due_on and row.due_on and known.due_on > row.due_on)
    return PartChoice(body, chosen, known, is_part, is_later)


# the tree


@dataclass(frozen=True, slots=True)
class TreeLine:
    """One obligation of the tree, indented by its depth; `hidden`: its parts not listed."""

    row: Obligation
    depth: int
    hidden: int
    is_here: bool  # the page was opened from it


def tree(row: Obligation, user: User) -> tuple[TreeLine, ...]:
    """The highest visible row that this is a part of, with its parts at every level.

    One query for each level up and down.
    """
    visible = visible_obligations(user).select_related(None).select_related("organisation")
    top = row
    for _level in range(DEEPEST):
        above = visible.filter(pk=top.broken_from_id).first() if top.broken_from_id else None
        if above is None:
            break
        top = above
    return tuple(_lines(top, _parts_by_whole(visible, top), row.pk, depth=0))


def _parts_by_whole(visible: QuerySet[Obligation], top: Obligation) -> dict[int, list[Obligation]]:
    parts: dict[int, list[Obligation]] = {}
    level: Iterable[Obligation] = [top]
    for _level in range(DEEPEST):
        wholes = [row.pk for row in level if row.parts or row is top]
        if not wholes:
            break
        rows = visible.filter(broken_from__in=wholes, state__in=LIVE)
        level = list(rows.order_by("organisation__path")[:SHOWN])
        for part in level:
            parts.setdefault(part.broken_from_id or 0, []).append(part)
    return parts


def _lines(
    row: Obligation, parts: dict[int, list[Obligation]], here: int, *, depth: int
) -> Iterator[TreeLine]:
    parts_of_row = parts.get(row.pk, [])
    yield TreeLine(row, depth, max(0, row.parts - len(parts_of_row)), row.pk == here)
    for part in parts_of_row:
        yield from _lines(part, parts, here, depth=depth + 1)
