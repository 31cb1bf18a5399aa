"""The bodies of the register that the names in a document mean.

A name means a body by its name in either script, by its full name, or by the name that a body of
another day had: who succeeded an abolished body answers for it. Nothing is guessed: a name that
fits several bodies is ambiguous, and one that fits none is unknown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from os.path import commonprefix

from django.db.models import Q

from directives.base.script import fold, to_hans, to_hant
from directives.models import Organisation
from directives.models.organisations import STEP

NAME, FULL_NAME, FORMER = "name", "full name", "former name"
AMBIGUOUS, UNKNOWN = "ambiguous", "unknown"
MOST_SUCCESSIONS = 4  # a body whose heirs were succeeded more often than this leads nowhere


@dataclass(frozen=True, slots=True)
class NamedBodies:
    """What a name of a document means; `candidates` only if it is ambiguous.

    `basis` is "name", "full name", "former name" (of another day), "ambiguous" or "unknown".
    """

    name: str  # as the document says
    bodies: tuple[Organisation, ...]
    basis: str
    candidates: tuple[Organisation, ...] = ()


def bodies_named(
    names: Iterable[str], *, owner: Organisation | None, on: date
) -> dict[str, NamedBodies]:
    """What each name means on that day in a document of `owner`, in a fixed number of queries."""
    keys = {name: fold(name) for name in names}
    found = _found(keys)
    heirs = _successors(found, on)
    by_key: dict[str, list[tuple[str, Organisation]]] = {}
    for body in found:
        for key, basis in _keys(body):
            by_key.setdefault(key, []).append((basis, body))
    path = owner.path if owner else ""
    return {
        name: _decided(name, by_key.get(key, []), heirs, path, on) for name, key in keys.items()
    }


def _found(keys: Mapping[str, str]) -> list[Organisation]:
    """The bodies of any day that have one of these names."""
    spellings = {*keys, *keys.values()} - {""}
    spellings |= {to_hans(name) for name in keys} | {to_hant(name) for name in keys}
    named = Q(name_hans__in=spellings) | Q(name_hant__in=spellings) | Q(full_name__in=spellings)
    return list(Organisation.objects.filter(named).order_by("code"))


def _keys(body: Organisation) -> Iterable[tuple[str, str]]:
    """The keys under which a body is found, each with its basis."""
    names = dict.fromkeys((fold(body.name_hans), fold(body.name_hant)), NAME)
    if body.full_name:
        names.setdefault(fold(body.full_name), FULL_NAME)
    return names.items()


def _successors(found: Sequence[Organisation], on: date) -> dict[int, Organisation]:
    """By id, the body of that day that answers for each abolished one."""
    known = {body.pk: body for body in found}
    for _step in range(MOST_SUCCESSIONS):
        missing = {b.successor_id for b in known.values() if b.successor_id and _ended(b, on)}
        missing -= known.keys()
        known |= Organisation.objects.in_bulk(sorted(filter(None, missing)))
    heirs = {}
    for body in found:
        heir, visited = body, {body.pk}
        while _ended(heir, on) and heir.successor_id in known and heir.successor_id not in visited:
            heir = known[heir.successor_id]
            visited.add(heir.pk)
        if not _ended(heir, on):
            heirs[body.pk] = heir
    return heirs


def _ended(body: Organisation, on: date) -> bool:
    return body.valid_to is not None and body.valid_to <= on


def _decided(
    name: str,
    found: Sequence[tuple[str, Organisation]],
    heirs: Mapping[int, Organisation],
    owner_path: str,
    on: date,
) -> NamedBodies:
    """What a name means: the body that it fits best, all of them if none fits better."""
    meant: dict[int, tuple[tuple[int, ...], str, Organisation]] = {}
    for basis, body in found:
        heir = heirs.get(body.pk)
        if heir is None:
            continue
        basis = basis if heir is body else FORMER
        rank = _rank(heir, basis, owner_path)
        if heir.pk not in meant or rank < meant[heir.pk][0]:
            meant[heir.pk] = rank, basis, heir
    if not meant:
        return NamedBodies(name, (), UNKNOWN)
    best = min(rank for rank, _basis, _heir in meant.values())
    fitting = [(basis, heir) for rank, basis, heir in meant.values() if rank == best]
    if len(fitting) == 1:
        basis, heir = fitting[0]
        return NamedBodies(name, (heir,), basis)
    return NamedBodies(name, (), AMBIGUOUS, tuple(heir for _basis, heir in fitting))


def _rank(body: Organisation, basis: str, owner_path: str) -> tuple[int, ...]:
    """Lower is better: in the owner's tree, by a name of today, near the owner in the tree."""
    shared = len(commonprefix((body.path, owner_path))) // STEP
    beside = owner_path.startswith(body.path[:-STEP])  # below the owner or a body above it
    return int(not shared), int(basis == FORMER), -shared, int(not beside)
