"""Merkle trees of RFC 9162, section 2.1: roots, inclusion proofs and consistency proofs.

A tree that only grows is stored as its `Frontier`: the roots of its perfect subtrees, at most one
for each bit of its size.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

EMPTY = hashlib.sha256(b"").digest()  # the root of a tree without leaves


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The number of leaves on the left: the largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1


@dataclass
class Frontier:
    """What is needed of a tree to append to it: its size and the roots of its perfect subtrees.

    The largest subtree comes first.
    """

    size: int = 0
    roots: list[bytes] = field(default_factory=list)

    def add(self, leaf_hash: bytes) -> None:
        """Append the hash of a leaf."""
        size = self.size
        while size & 1:
            leaf_hash, size = node(self.roots.pop(), leaf_hash), size >> 1
        self.roots.append(leaf_hash)
        self.size += 1

    def root(self) -> bytes:
        if not self.roots:
            return EMPTY
        *larger, result = self.roots
        for left in reversed(larger):
            result = node(left, result)
        return result

    def copy(self) -> "Frontier":
        return Frontier(self.size, [*self.roots])

    def as_hex(self) -> list[str]:
        """The roots as JSON; the size is stored separately."""
        return [root.hex() for root in self.roots]

    @classmethod
    def from_hex(cls, size: int, roots: Iterable[str]) -> "Frontier":
        return cls(size, [bytes.fromhex(root) for root in roots])


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over hashes of leaves, by the definition (MTH)."""
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaves[0]
    middle = _split(len(leaves))
    return node(root_of(leaves[:middle]), root_of(leaves[middle:]))


def inclusion(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The proof that the leaf of this index is in the tree (PATH)."""
    if len(leaves) == 1:
        return []
    middle = _split(len(leaves))
    if index < middle:
        return [*inclusion(index, leaves[:middle]), root_of(leaves[middle:])]
    return [*inclusion(index - middle, leaves[middle:]), root_of(leaves[:middle])]


def is_included(
    node_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether the proof shows that this leaf hash is at the index of the tree."""
    if not 0 <= index < size:
        return False
    at, last = index, size - 1
    for other in proof:
        if not last:
            return False
        if at & 1 or at == last:
            node_hash = node(other, node_hash)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node_hash = node(node_hash, other)
        at, last = at >> 1, last >> 1
    return not last and node_hash == root


class ExtendedTree:
    """A tree that continues a frontier with further leaves, and proves any of these.

    It keeps every perfect subtree that contains one of them: two hashes for each leaf.
    """

    def __init__(self, base: Frontier, leaves: Sequence[bytes]) -> None:
        self.base, self.size = base.size, base.size + len(leaves)
        self.base_subtrees: dict[
            tuple[int, int], bytes
        ] = {}  # level and place of the subtrees of the base
        levels = [n for n in reversed(range(base.size.bit_length())) if base.size >> n & 1]
        start = 0
        for level, root in zip(levels, base.roots, strict=True):
            self.base_subtrees[level, start >> level] = root
            start += 1 << level
        self.levels: list[Sequence[bytes]] = [leaves]
        # Subtrees at the right edge that are not perfect
        self.edge_subtrees: dict[tuple[int, int], bytes] = {}
        while self.base >> len(self.levels) < self.size >> len(self.levels):
            level = len(self.levels)
            places = range(self.base >> level, self.size >> level)
            self.levels.append(
                [
                    node(
                        self._perfect(level - 1, 2 * place), self._perfect(level - 1, 2 * place + 1)
                    )
                    for place in places
                ]
            )

    def _perfect(self, level: int, place: int) -> bytes:
        """The root over the 2^level leaves from place·2^level on."""
        first = self.base >> level
        return (
            self.base_subtrees[level, place] if place < first else self.levels[level][place - first]
        )

    def _root_over(self, first: int, end: int) -> bytes:
        """The root over the leaves from `first` to `end`, exclusive, which form a subtree."""
        size = end - first
        if size & (size - 1) == 0:
            level = size.bit_length() - 1
            return self._perfect(level, first >> level)
        if (first, end) not in self.edge_subtrees:
            middle = first + _split(size)
            left, right = self._root_over(first, middle), self._root_over(middle, end)
            self.edge_subtrees[first, end] = node(left, right)
        return self.edge_subtrees[first, end]

    def proof(self, index: int) -> list[bytes]:
        """The proof (PATH) that the leaf of this index, beyond the base, is in the tree."""
        first, end, path = 0, self.size, []
        while end - first > 1:
            middle = first + _split(end - first)
            if index < middle:
                path.append(self._root_over(middle, end))
                end = middle
            else:
                path.append(self._root_over(first, middle))
                first = middle
        return path[::-1]


def consistency(size: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The proof (PROOF) that the tree continues that of its first `size` leaves; `size` > 0."""
    return _continued(size, leaves, whole=True)


def _continued(size: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if size == len(leaves):
        return [] if whole else [root_of(leaves)]
    middle = _split(len(leaves))
    if size <= middle:
        return [*_continued(size, leaves[:middle], whole=whole), root_of(leaves[middle:])]
    return [*_continued(size - middle, leaves[middle:], whole=False), root_of(leaves[:middle])]


def is_continued(
    before: int, first: bytes, after: int, second: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the proof shows that a tree continues another.

    The tree has `after` leaves and the root `second`, the earlier one `before` and `first`.
    """
    if not 0 < before <= after:
        return False
    if before == after:
        return not proof and first == second
    proof = [first, *proof] if not before & (before - 1) else [*proof]
    if not proof:
        return False
    at, last = before - 1, after - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = proof[0]
    for other in proof[1:]:
        if not last:
            return False
        if at & 1 or at == last:
            old, new = node(other, old), node(other, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, other)
        at, last = at >> 1, last >> 1
    return not last and old == first and new == second
