"""Reading and hashing the events that a seal covers."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from directives.base import event_codes
from directives.core.sealing.merkle import Frontier, leaf
from directives.models import Event, Seal

FIELDS = ("id", *event_codes.FIELDS)
AT_ONCE = 5000  # rows of one read


@dataclass(frozen=True, slots=True)
class HashedRows:
    """The SHA-256 of a sequence of events, their count, and the Merkle tree up to them."""

    digest: str
    count: int
    tree: Frontier


def ranges_of(ids: Iterable[int]) -> list[list[int]]:
    """Sorted ids as closed ranges: 1 2 3 7 → [[1, 3], [7, 7]]."""
    ranges: list[list[int]] = []
    for number in ids:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def valid_ranges(ranges: Any) -> list[list[int]]:
    """The ranges of a seal; empty if they were forged into something else."""
    if not isinstance(ranges, list):
        return []
    are_pairs = (isinstance(r, list) and [*map(type, r)] == [int, int] for r in ranges)
    return ranges if all(are_pairs) else []


def tree_of(seal: Seal) -> Frontier | None:
    """The tree that a seal states; None if its root is another."""
    if seal.total is None or seal.tree is None:
        return None
    try:
        tree = Frontier.from_hex(seal.total, seal.tree)
    except (TypeError, ValueError):
        return None
    is_consistent = tree.size.bit_count() == len(tree.roots)
    return tree if is_consistent and tree.root().hex() == seal.root else None


def events_in(ranges: list[list[int]]) -> Iterator[dict[str, Any]]:
    """The existing events in these ranges of ids."""
    for first, last in ranges:
        rows = Event.objects.filter(id__range=(first, last)).order_by("id").values(*FIELDS)
        yield from rows if last - first < AT_ONCE else rows.iterator(chunk_size=AT_ONCE)


def hash_rows(rows: Iterable[dict[str, Any]], tree: Frontier) -> HashedRows:
    """Hash the rows and append them to a copy of the tree."""
    digest, count, grown = hashlib.sha256(), 0, tree.copy()
    for row in rows:
        data = event_codes.canonical_bytes(row)
        digest.update(data + b"\n")
        grown.add(leaf(data))
        count += 1
    return HashedRows(digest.hexdigest(), count, grown)
