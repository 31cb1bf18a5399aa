"""The bodies of the register that the names in a document mean.

A name means a body by its name in either script, by its full name, by the short form that follows
from these (市教育局 in a document of 白云市), or by the name that a body of another day had: who
succeeded an abolished body answers for it. Nothing is guessed: a name that fits several bodies is
ambiguous, and one that fits none is unknown, unless a person once said what it means (BodyAlias) or
it names a class of bodies (BodyClass).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice
from os.path import commonprefix

from django.db.models import Q

from directives.base.body_names import (
    FULL_NAME,
    LEVEL_WORDS,
    NAME,
    SHORT_NAME,
    Cut,
    cuts,
    keys_of_each,
    places,
    short_form,
)
from directives.base.script import fold
from directives.core.addressing import classes_named
from directives.models import BodyAlias, BodyClass, BodyName, Organisation
from directives.models.body_names import keyed
from directives.models.organisations import STEP, ancestors
from directives.models.scope import any_of, in_subtree

FORMER, ALIAS, CLASS = "former name", "alias", "class"
AMBIGUOUS, UNKNOWN = "ambiguous", "unknown"
OWN_NAMES = (NAME, FULL_NAME)
MOST_SUCCESSIONS = 4  # a body whose heirs were succeeded more often than this leads nowhere


@dataclass(frozen=True, slots=True)
class NamedBodies:
    """What a name of a document means; `candidates` only if it is ambiguous.

    `basis` is "name", "full name", "short name", "former name" (of another day), "alias" (a person
    said so), "class", "ambiguous" or "unknown".
    """

    name: str  # as the document says
    bodies: tuple[Organisation, ...]
    basis: str
    candidates: tuple[Organisation, ...] = ()


class _Reader:
    """Where a document stands that names bodies: the bodies above its owner, and its places."""

    def __init__(self, owner: Organisation | None) -> None:
        self.owner = owner
        self.path = owner.path if owner else ""

    @cached_property
    def _chain(self) -> list[Organisation]:
        """The owner and the bodies above, from the owner up."""
        bodies = Organisation.objects.in_bulk(ancestors(self.path)) if self.path else {}
        return [bodies[pk] for pk in reversed(ancestors(self.path)) if pk in bodies]

    @cached_property
    def places(self) -> dict[str, str]:
        """The places of the owner and of the bodies above, each with its level word."""
        words: dict[str, str] = {}
        for body in self._chain:
            words = places(body.name_hans) | places(body.full_name) | words
        return words

    @cached_property
    def own_places(self) -> dict[str, str]:
        """The place of the owner: of itself, or of the nearest body above that has one."""
        for body in self._chain:
            if place_words := _nearest(body.full_name) | _nearest(body.name_hans):
                return place_words
        return {}

    @cached_property
    def home(self) -> str:
        """The path of the topmost body of the owner's place: what is below is in that place."""
        if not self.own_places:
            return self.path[:STEP]
        at_home = [
            body
            for body in self._chain
            if not self.own_places.keys().isdisjoint(places(body.full_name or body.name_hans))
        ]
        return at_home[-1].path if at_home else self.path

    def is_at_home(self, row: BodyName) -> bool:
        return row.organisation.path.startswith(self.home)

    def stands_in(self, row: BodyName, cut: Cut) -> bool:
        """Whether a body whose name has no place is of the place that the document names."""
        body, above = row.organisation, row.organisation.parent
        named = _nearest(above.full_name) | _nearest(above.name_hans) if above else {}
        if cut.place:
            return cut.place in (named or self.own_places)
        words = {word[-1] for word in named.values()}
        is_of_word = cut.word[-1] in words if words else body.level in LEVEL_WORDS[cut.word]
        return is_of_word and self.is_at_home(row)

    def rank(self, body: Organisation, basis: str) -> tuple[int, ...]:
        """Lower is better: in the owner's tree, by a name of today, near the owner in the tree."""
        shared = len(commonprefix((body.path, self.path))) // STEP
        if basis == SHORT_NAME:  # where a body hangs does not say which district is meant
            return int(not shared), int(basis == FORMER)
        beside = self.path.startswith(body.path[:-STEP])  # below the owner or a body above it
        return int(not shared), int(basis == FORMER), -shared, int(not beside)


def _nearest(name: str) -> dict[str, str]:
    """The nearest place in a name, also with the wider one in front: 天河区, 广州市天河区."""
    named = [cut for cut in cuts(short_form(name)) if cut.place]
    if not named:
        return {}
    wider = named[-2].place if len(named) > 1 else ""
    return {named[-1].place: named[-1].word, named[-1].place.removeprefix(wider): named[-1].word}


@dataclass(frozen=True, slots=True)
class _Forms:
    """A name of a document with the forms under which its body may be registered."""

    exact: str
    short: str
    without_place: tuple[Cut, ...]  # 市教育局 of 白云市教育局 and of 市教育局
    with_word: tuple[str, ...]  # 市教育局 and 市委教育局 of 教育局, in a document of a city
    of_each: tuple[str, ...]  # 县教育局 and 区教育局 of 各县（区）教育局

    @classmethod
    def of(cls, name: str, reader: "_Reader") -> "_Forms":
        short = short_form(name)
        parted = tuple(cuts(short))
        words = () if parted else sorted(set(reader.own_places.values()))
        with_word = tuple(word + part + short for word in words for part in ("", "委"))
        return cls(fold(name), short, parted, with_word, tuple(keys_of_each(name)))

    @property
    def keys(self) -> set[str]:
        of_cuts = {key for cut in self.without_place for key in (cut.key, cut.rest)}
        return {self.exact, self.short, *self.with_word, *of_cuts, *self.of_each}

    @property
    def starts_with_level(self) -> bool:
        return any(not cut.place for cut in self.without_place)


Rows = Sequence[BodyName]


def bodies_named(
    names: Iterable[str], *, owner: Organisation | None, on: date
) -> dict[str, NamedBodies]:
    """What each name means on that day in a document of `owner`, in a fixed number of queries."""
    reader = _Reader(owner)
    forms = {name: _Forms.of(name, reader) for name in names}
    name_rows = _rows_with(forms.values(), reader)
    classes = classes_named(forms)
    aliases = _aliases(forms.values(), owner)
    aliased_bodies = [body for alias in aliases.values() for body in alias.bodies.all()]
    living = _living([*aliased_bodies, *(row.organisation for row in name_rows)], on)
    by_key: dict[str, list[BodyName]] = {}
    for row in name_rows:
        by_key.setdefault(row.key, []).append(row)
    meant = {}
    for name, form in forms.items():
        if alias := aliases.get(form.exact):
            heirs = [heir for body in alias.bodies.all() for heir in living[body.pk]]
            meant[name] = NamedBodies(name, tuple(dict.fromkeys(heirs)), ALIAS)
        if name not in meant or not meant[name].bodies:
            tiers = _tiers(form, by_key, reader)
            tiers = islice(tiers, 1) if name in classes else tiers
            meant[name] = _decided(name, tiers, living, reader)
        if not meant[name].bodies and form.of_each:
            meant[name] = _of_each_place(name, form, by_key, living, reader)
    unknown = {name: classes[name] for name in classes if not meant[name].bodies}
    return meant | _of_classes(unknown, reader, on)


def _of_each_place(
    name: str,
    form: _Forms,
    by_key: Mapping[str, Rows],
    living: Mapping[int, Sequence[Organisation]],
    reader: _Reader,
) -> NamedBodies:
    """The bodies with a name of this form in the places below the owner: 各县（区）教育局."""
    rows = [row for key in form.of_each for row in by_key.get(key, ())]
    below = [row for row in rows if row.place not in reader.places and reader.is_at_home(row)]
    bodies = {heir for row in below if row.place for heir in living[row.organisation_id]}
    ordered = tuple(sorted(bodies, key=lambda body: body.code))
    return NamedBodies(name, ordered, CLASS if ordered else UNKNOWN)


def _aliases(forms: Iterable[_Forms], owner: Organisation | None) -> dict[str, BodyAlias]:
    """What people said of these names, by key: in the documents nearest to the owner."""
    keys = {form.exact for form in forms}
    aliases = BodyAlias.objects.for_documents_of(owner).filter(key__in=keys)
    rows = aliases.select_related("owner").prefetch_related("bodies")
    by_key = {}
    for alias in sorted(rows, key=lambda row: row.owner.path if row.owner else ""):
        by_key[alias.key] = alias
    return by_key


def _of_classes(
    named: Mapping[str, BodyClass], reader: _Reader, on: date
) -> dict[str, NamedBodies]:
    """The bodies of these classes by name, in one query; those without any are left out."""
    if not named:
        return {}
    any_of_them = any_of(row.condition(reader.owner) for row in named.values())
    bodies = Organisation.objects.existing_on(on).filter(any_of_them).order_by("path")
    if reader.home:
        bodies = bodies.filter(in_subtree(reader.home, "path"))
    rows = [body for body in bodies if reader.owner is None or body.pk != reader.owner.pk]
    classes = {}
    for name, body_class in named.items():
        taken = [body for body in rows if body_class.takes(body, reader.owner)]
        if taken:
            taken = _topmost(taken) if body_class.topmost else taken
            classes[name] = NamedBodies(name, tuple(taken), CLASS)
    return classes


def _topmost(bodies: Sequence[Organisation]) -> list[Organisation]:
    """The bodies, in the order of their paths, without those below another one."""
    tops: list[Organisation] = []
    for body in bodies:
        if not tops or not body.path.startswith(tops[-1].path):
            tops.append(body)
    return tops


def _tiers(forms: _Forms, by_key: Mapping[str, Rows], reader: _Reader) -> Iterator[Rows]:
    """The rows that a name may mean, the surest first."""
    short = by_key.get(forms.short, ())
    yield [row for row in by_key.get(forms.exact, ()) if row.basis in OWN_NAMES]
    yield [row for row in short if not row.place]
    yield [row for row in short if row.place in reader.own_places]
    yield [row for row in short if row.place in reader.places]
    yield [row for row in short if not forms.starts_with_level or reader.is_at_home(row)]
    with_word = [row for key in forms.with_word for row in by_key.get(key, ())]
    yield [row for row in with_word if row.place in reader.own_places]
    yield [row for row in with_word if not row.place and reader.is_at_home(row)]
    for cut in forms.without_place:
        for key in (cut.key, cut.rest):
            rows = [row for row in by_key.get(key, ()) if row.basis in OWN_NAMES]
            yield [row for row in rows if reader.stands_in(row, cut)]


def _rows_with(forms: Iterable[_Forms], reader: _Reader) -> list[BodyName]:
    """The rows of these names, of bodies of any day, in one query."""
    near = Q(place="") | Q(place__in=[*reader.places])
    if reader.home:
        near |= in_subtree(reader.home, "organisation__path")
    rows = keyed(key for form in forms for key in form.keys)
    return list(rows.filter(near) if reader.home else rows)


def _living(bodies: Iterable[Organisation], on: date) -> dict[int, list[Organisation]]:
    """By id, the bodies of that day that answer for each: itself, its heir, its predecessors."""
    known = {body.pk: body for body in bodies}
    of_later = _predecessors([body for body in known.values() if _begins_after(body, on)], on)
    for _step in range(MOST_SUCCESSIONS):
        missing = {b.successor_id for b in known.values() if b.successor_id and _ended(b, on)}
        missing -= known.keys()
        known |= Organisation.objects.in_bulk(sorted(filter(None, missing)))
    living = {}
    for body in known.values():
        heir, visited = body, {body.pk}
        while _ended(heir, on) and heir.successor_id in known and heir.successor_id not in visited:
            heir = known[heir.successor_id]
            visited.add(heir.pk)
        living[body.pk] = [] if _ended(heir, on) else [heir]
    return living | of_later


def _predecessors(bodies: Sequence[Organisation], on: date) -> dict[int, list[Organisation]]:
    """The bodies of that day whose later successors these are."""
    by_heir: dict[int, list[Organisation]] = {body.pk: [] for body in bodies}
    if bodies:
        for body in Organisation.objects.existing_on(on).filter(successor__in=bodies):
            by_heir[body.successor_id or 0].append(body)
    return by_heir


def _begins_after(body: Organisation, on: date) -> bool:
    return body.valid_from is not None and body.valid_from > on


def _ended(body: Organisation, on: date) -> bool:
    return body.valid_to is not None and body.valid_to <= on


def _decided(
    name: str, tiers: Iterable[Rows], living: Mapping[int, Sequence[Organisation]], reader: _Reader
) -> NamedBodies:
    """What a name means: the body that it fits best, or all of them if none fits better."""
    for rows in tiers:
        meant: dict[int, tuple[tuple[int, ...], str, Organisation]] = {}
        for row in rows:
            for heir in living[row.organisation_id]:
                basis = row.basis if heir.pk == row.organisation_id else FORMER
                rank = reader.rank(heir, basis)
                if heir.pk not in meant or rank < meant[heir.pk][0]:
                    meant[heir.pk] = rank, basis, heir
        if meant:
            best = min(rank for rank, _basis, _heir in meant.values())
            fitting = [(basis, heir) for rank, basis, heir in meant.values() if rank == best]
            if len(fitting) == 1:
                return NamedBodies(name, (fitting[0][1],), fitting[0][0])
            return NamedBodies(name, (), AMBIGUOUS, tuple(heir for _basis, heir in fitting))
    return NamedBodies(name, (), UNKNOWN)
