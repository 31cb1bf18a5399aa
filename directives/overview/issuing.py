"""What a supervisor chooses from when directives are given to bodies, and what the choice comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise

from directives.addressing import pairs_proposed
from directives.issuing import Preview
from directives.models import Addressee, Directive, Document, Obligation, Organisation, Section, User
from directives.models.organisations import KINDS
from directives.models.scope import any_of, inside
from directives.script import to_hans
from directives.states import SUPERVISOR

LISTED = 600  # bodies that the page lists; of more, only those chosen show
CELLS = 12_000  # cells of a preview's table; a larger one shows counts alone


@dataclass(frozen=True, slots=True)
class DirectiveChoice:
    """A directive to choose: whom its words address, and how many bodies owe it already."""

    directive: Directive
    addressees: tuple[Addressee, ...]
    owed_by: int


@dataclass(frozen=True, slots=True)
class SectionChoice:
    section: Section
    directives: tuple[DirectiveChoice, ...]


@dataclass(frozen=True, slots=True)
class KindChoice:
    """The bodies of one kind; `gone` have ceased to exist and cannot be chosen."""

    kind: str
    label: str | Promise
    bodies: tuple[Organisation, ...]
    gone: tuple[Organisation, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """What the first step lists. `hidden`: bodies that exist but are not listed, for want of room."""

    sections: tuple[SectionChoice, ...]
    kinds: tuple[KindChoice, ...]
    parents: tuple[Organisation, ...]  # bodies below which others stand
    hidden: int


def candidates(user: User) -> QuerySet[Organisation]:
    """The bodies to which this person may give work: those strictly below the ones that they supervise."""
    posts = user.in_role(SUPERVISOR)
    below = any_of(inside(m.organisation.path, "path") & ~Q(pk=m.organisation_id) for m in posts)
    return Organisation.objects.filter(below).select_related("successor").order_by("code")


def matching(bodies: QuerySet[Organisation], *, kind: str, level: str, below: int | None, q: str, today: date) -> QuerySet[Organisation]:
    """Bodies that exist today, of a kind, of a level, below a body, by name or code."""
    bodies = bodies.existing_on(today)
    bodies = bodies.filter(kind=kind) if kind else bodies
    bodies = bodies.filter(level=level) if level else bodies
    if below:
        parent = Organisation.objects.filter(pk=below).first()
        bodies = bodies.filter(inside(parent.path, "path")).exclude(pk=below) if parent else bodies.none()
    return bodies.filter(Q(name_hans__icontains=to_hans(q)) | Q(code__iexact=q)) if q else bodies


def choices(document: Document, user: User, chosen: frozenset[int], *, today: date) -> Choices:
    """Everything the first step lists, in a fixed number of queries."""
    bodies = candidates(user)
    total = bodies.existing_on(today).count()
    listed = list(bodies if total <= LISTED else bodies.filter(pk__in=list(chosen)[:LISTED]))
    parents = tuple(bodies.filter(branch=True)[:200])
    shown = sum(_exists(body, today) for body in listed)
    return Choices(_sections(document), _kinds(listed, today), parents, total - shown)


def _exists(body: Organisation, today: date) -> bool:
    return body.valid_to is None or body.valid_to > today


def _kinds(bodies: Sequence[Organisation], today: date) -> tuple[KindChoice, ...]:
    groups = []
    for kind, label in KINDS:
        here = [body for body in bodies if body.kind == kind]
        if here:
            gone = tuple(body for body in here if not _exists(body, today))
            groups.append(KindChoice(kind, label, tuple(body for body in here if _exists(body, today)), gone))
    return tuple(groups)


def _sections(document: Document) -> tuple[SectionChoice, ...]:
    owed = dict(Obligation.objects.live().filter(document=document).values_list("directive_id").annotate(Count("pk")).order_by())
    directives = document.directives.select_related("section").prefetch_related("addressees").order_by("order")
    lines = (DirectiveChoice(row, tuple(row.addressees.all()), owed.get(row.pk, 0)) for row in directives)
    return tuple(SectionChoice(section, tuple(group)) for section, group in groupby(lines, lambda line: line.directive.section))


# what the choice comes to


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows behind what a person chose. `refused` have ceased to exist; `pairs` None is every directive to every body."""

    directives: tuple[Directive, ...]
    bodies: tuple[Organisation, ...]
    refused: tuple[Organisation, ...]
    pairs: frozenset[tuple[int, int]] | None

    @property
    def silent(self) -> tuple[Directive, ...]:
        """Chosen directives whose words address none of the chosen bodies."""
        if self.pairs is None:
            return ()
        heard = {directive for directive, _body in self.pairs}
        return tuple(directive for directive in self.directives if directive.pk not in heard)


def selection(
    document: Document, user: User, *, directives: frozenset[int], bodies: frozenset[int], addressed: bool, today: date
) -> Selection:
    """The directives and bodies of these ids that may be chosen; ids of anything else are left out."""
    rows = tuple(document.directives.filter(pk__in=directives, statement=False).select_related("section").order_by("order"))
    found = list(candidates(user).filter(pk__in=bodies))
    alive = tuple(body for body in found if _exists(body, today))
    gone = tuple(body for body in found if not _exists(body, today))
    pairs = pairs_proposed(rows, alive) if addressed else None
    return Selection(rows, alive, gone, pairs)


@dataclass(frozen=True, slots=True)
class Line:
    """One directive of a preview: a mark for each body (new, there, none), and their counts."""

    directive: Directive
    marks: tuple[str, ...]
    new: int
    there: int


def table(preview: Preview) -> tuple[Line, ...]:
    """The preview directive by directive; without marks where they would be too many to look at."""
    small = len(preview.directives) * len(preview.organisations) <= CELLS
    lines = []
    for directive in preview.directives:
        marks = tuple(_mark(preview, directive, body) for body in preview.organisations)
        lines.append(Line(directive, marks if small else (), marks.count("new"), marks.count("there")))
    return tuple(lines)


def _mark(preview: Preview, directive: Directive, body: Organisation) -> str:
    if (directive.pk, body.pk) in preview.existing:
        return "there"
    return "new" if preview.wants(directive, body) else "none"
