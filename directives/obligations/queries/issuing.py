"""What a supervisor can choose when assigning directives, and the preview of the choice."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.db.models import Count, Q, Sum
from django.db.models.functions import Length
from django.utils.functional import Promise

from directives.base.script import to_hans
from directives.core.addressing import pairs_proposed
from directives.models import (
    Addressee,
    Directive,
    Document,
    Obligation,
    Organisation,
    Section,
    Tally,
    User,
)
from directives.models.organisations import KINDS, LEVELS, OrganisationQuerySet
from directives.models.scope import in_subtree
from directives.obligations.commands.choosing import BodyGroup, Choice, candidates, chosen_bodies
from directives.obligations.commands.issuing import Preview

LISTED = 600  # bodies that the page lists; if there are more, it lists only the chosen ones
PARENTS = 400  # choices of “Parent”, the topmost first
CELLS = 12_000  # cells of a preview's table; a larger one shows counts alone


@dataclass(frozen=True, slots=True)
class DirectiveChoice:
    """A directive to choose, with its addressees and the number of bodies that have it already."""

    directive: Directive
    addressees: tuple[Addressee, ...]
    assigned_count: int


@dataclass(frozen=True, slots=True)
class SectionChoice:
    section: Section
    directives: tuple[DirectiveChoice, ...]


@dataclass(frozen=True, slots=True)
class KindChoice:
    """The bodies of one kind; those `abolished` no longer exist and cannot be chosen."""

    kind: str
    label: str | Promise
    bodies: tuple[Organisation, ...]
    abolished: tuple[Organisation, ...]


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """A chosen group of bodies, and how many there are today."""

    group: BodyGroup
    below: Organisation | None
    count: int

    @property
    def level(self) -> str | Promise:
        return dict(LEVELS).get(self.group.level, "")

    @property
    def kind(self) -> str | Promise:
        return dict(KINDS).get(self.group.kind, "")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the first step lists."""

    sections: tuple[SectionChoice, ...]
    kinds: tuple[KindChoice, ...]
    parents: tuple[Organisation, ...]
    hidden: int  # bodies that are not listed because there are too many
    groups: tuple[GroupChoice, ...] = ()


def matching(
    bodies: OrganisationQuerySet, *, kind: str, level: str, below: int | None, q: str, today: date
) -> OrganisationQuerySet:
    """Bodies that exist today, of a kind, of a level, below a body, by name or code."""
    bodies = bodies.existing_on(today)
    bodies = bodies.filter(kind=kind) if kind else bodies
    bodies = bodies.filter(level=level) if level else bodies
    if below:
        parent = Organisation.objects.filter(pk=below).first()
        if parent is None:
            return bodies.none()
        bodies = bodies.filter(in_subtree(parent.path, "path")).exclude(pk=below)
    return bodies.filter(Q(name_hans__icontains=to_hans(q)) | Q(code__iexact=q)) if q else bodies


def is_large(user: User, today: date) -> bool:
    """Whether there are too many bodies to list, so that they are chosen by group."""
    return candidates(user).existing_on(today)[: LISTED + 1].count() > LISTED


def choices(document: Document, user: User, choice: Choice, *, today: date) -> Choices:
    """Everything the first step lists, in a fixed number of queries."""
    bodies = candidates(user).select_related("successor").order_by("code")
    total = bodies.existing_on(today).count()
    rows = bodies if total <= LISTED else bodies.filter(pk__in=sorted(choice.bodies)[:LISTED])
    listed_bodies = list(rows)
    parents = tuple(bodies.filter(branch=True).order_by(Length("path"), "code")[:PARENTS])
    return Choices(
        _sections(document),
        _kinds(listed_bodies, today),
        parents,
        hidden=total - sum(_exists(body, today) for body in listed_bodies),
        groups=group_choices(user, choice.groups, today=today),
    )


def group_choices(
    user: User, groups: Sequence[BodyGroup], *, today: date
) -> tuple[GroupChoice, ...]:
    """Return each group with the number of its bodies, in two queries."""
    if not groups:
        return ()
    counts = {
        f"n{number}": Count("pk", filter=group.condition) for number, group in enumerate(groups)
    }
    totals = candidates(user).existing_on(today).aggregate(**counts)
    below = Organisation.objects.in_bulk([group.below for group in groups if group.below])
    return tuple(
        GroupChoice(group, below.get(group.below), totals[f"n{number}"])
        for number, group in enumerate(groups)
    )


def _exists(body: Organisation, today: date) -> bool:
    return body.valid_to is None or body.valid_to > today


def _kinds(bodies: Sequence[Organisation], today: date) -> tuple[KindChoice, ...]:
    groups = []
    for kind, label in KINDS:
        of_kind = [body for body in bodies if body.kind == kind]
        if of_kind:
            existing = tuple(body for body in of_kind if _exists(body, today))
            abolished = tuple(body for body in of_kind if not _exists(body, today))
            groups.append(KindChoice(kind, label, existing, abolished))
    return tuple(groups)


def _sections(document: Document) -> tuple[SectionChoice, ...]:
    """The sections of the document with their directives, in order."""
    stored = Tally.objects.filter(scope__parent=None, document=document).order_by()
    assigned: Counter[int] = Counter(
        dict(stored.values_list("directive_id").annotate(Sum("count")))
    )
    # There are no stored counts for topmost bodies with none below them.
    childless = Organisation.objects.filter(parent=None, branch=False).values("pk")
    rows = Obligation.objects.counted().filter(document=document, organisation__in=childless)
    assigned.update(dict(rows.values_list("directive_id").annotate(Count("pk")).order_by()))
    directives = document.directives.select_related("section").prefetch_related("addressees")
    lines = (
        DirectiveChoice(row, tuple(row.addressees.all()), assigned.get(row.pk, 0))
        for row in directives.order_by("order")
    )
    return tuple(
        SectionChoice(section, tuple(group))
        for section, group in groupby(lines, lambda line: line.directive.section)
    )


# the preview of the choice


@dataclass(frozen=True, slots=True)
class Selection:
    """The chosen rows. Bodies in `refused` no longer exist. `pairs` None means all pairs."""

    directives: tuple[Directive, ...]
    bodies: tuple[Organisation, ...]
    refused: tuple[Organisation, ...]
    pairs: frozenset[tuple[int, int]] | None
    total: int = 0  # number of bodies if there are too many to load

    @property
    def count(self) -> int:
        """How many bodies are chosen."""
        return self.total or len(self.bodies)

    @property
    def unaddressed(self) -> tuple[Directive, ...]:
        """Chosen directives whose texts address none of the chosen bodies."""
        if self.pairs is None:
            return ()
        addressing = {directive for directive, _body in self.pairs}
        return tuple(row for row in self.directives if row.pk not in addressing)


def selection(document: Document, user: User, choice: Choice, *, today: date) -> Selection:
    """Return the directives and bodies that the user may choose; other ids are ignored."""
    rows = tuple(
        document.directives.filter(pk__in=choice.directives, statement=False)
        .select_related("section")
        .order_by("order")
    )
    total = chosen_bodies(user, choice, today).count() if choice.groups else 0
    if total > LISTED:
        return Selection(rows, (), (), None, total)
    selected = candidates(user).select_related("successor").order_by("code")
    selected_bodies = list(selected.filter(pk__in=choice.bodies)) if choice.bodies else []
    abolished = tuple(body for body in selected_bodies if not _exists(body, today))
    existing = [body for body in selected_bodies if _exists(body, today)]
    if choice.groups:
        bodies = chosen_bodies(user, choice, today).select_related("successor")
        existing = list(bodies.order_by("code"))
    pairs = pairs_proposed(rows, existing) if choice.addressed else None
    return Selection(rows, tuple(existing), abolished, pairs)


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One directive of a preview: a mark for each body ("new", "existing", "none"), and counts."""

    directive: Directive
    marks: tuple[str, ...]
    new: int
    existing: int


def table(preview: Preview) -> tuple[PreviewLine, ...]:
    """The preview by directive, without marks if the table would have too many cells."""
    shows_marks = len(preview.directives) * len(preview.organisations) <= CELLS
    lines = []
    for directive in preview.directives:
        marks = tuple(_mark(preview, directive, body) for body in preview.organisations)
        counts = marks.count("new"), marks.count("existing")
        lines.append(PreviewLine(directive, marks if shows_marks else (), *counts))
    return tuple(lines)


def _mark(preview: Preview, directive: Directive, body: Organisation) -> str:
    if (directive.pk, body.pk) in preview.existing:
        return "existing"
    return "new" if preview.includes(directive, body) else "none"
