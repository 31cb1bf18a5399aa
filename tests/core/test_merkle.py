"""Merkle trees against the definition of RFC 9162.

The frontier has its root, and proofs show what is so and nothing else.
"""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directives.core.sealing import merkle

pytestmark = pytest.mark.once


def leaves_of(size: int) -> list[bytes]:
    return [merkle.leaf(str(number).encode()) for number in range(size)]


def test_the_hashes_are_those_of_the_standard():
    assert merkle.root_of([]).hex() == hashlib.sha256().hexdigest()
    assert merkle.leaf(b"x") == hashlib.sha256(b"\0x").digest()
    assert merkle.node(b"l", b"r") == hashlib.sha256(b"\1lr").digest()
    a, b, c = leaves_of(3)
    assert merkle.root_of([a, b, c]) == merkle.node(merkle.node(a, b), c)


@given(st.integers(0, 70), st.integers(0, 70))
def test_a_frontier_has_the_root_of_its_leaves_wherever_it_goes_on(first, more):
    leaves, tree = leaves_of(first + more), merkle.Frontier()
    for one in leaves[:first]:
        tree.add(one)
    tree = merkle.Frontier.from_hex(tree.size, tree.as_hex())
    grown = tree.copy()
    for one in leaves[first:]:
        grown.add(one)
    assert (tree.root(), grown.root()) == (merkle.root_of(leaves[:first]), merkle.root_of(leaves))
    assert len(grown.roots) == (first + more).bit_count()


@given(
    st.integers(1, 70).flatmap(
        lambda size: st.tuples(st.just(size), st.integers(0, size - 1), st.integers(0, size - 1))
    )
)
def test_a_proof_of_inclusion_holds_for_its_leaf_alone(drawn):
    size, index, other = drawn
    leaves = leaves_of(size)
    proof, root = merkle.inclusion(index, leaves), merkle.root_of(leaves)
    assert merkle.is_included(leaves[index], index, size, proof, root)
    assert merkle.is_included(leaves[other], index, size, proof, root) == (other == index)
    assert merkle.is_included(leaves[index], other, size, proof, root) == (other == index)
    assert not merkle.is_included(leaves[index], index, size, [*proof, root], root)
    assert not merkle.is_included(leaves[index], index, size, proof[:-1], root) or not proof
    assert not merkle.is_included(leaves[index], size, size, proof, root)


@given(st.integers(1, 70).flatmap(lambda size: st.tuples(st.integers(1, size), st.just(size))))
def test_a_proof_of_consistency_holds_for_what_was_continued_alone(drawn):
    before, after = drawn
    leaves = leaves_of(after)
    first, second = merkle.root_of(leaves[:before]), merkle.root_of(leaves)
    proof = merkle.consistency(before, leaves)
    assert merkle.is_continued(before, first, after, second, proof)
    other = merkle.root_of([merkle.leaf(b"another"), *leaves[1:before]])
    assert not merkle.is_continued(before, other, after, second, proof)
    assert not merkle.is_continued(before, first, after, other, proof)
    assert not merkle.is_continued(before, first, after, second, [*proof, first])
    assert not merkle.is_continued(before, first, after, second, proof[:-1]) or not proof
    assert not merkle.is_continued(after + 1, first, after, second, proof)


@given(st.integers(0, 70), st.integers(1, 70))
def test_a_tree_of_which_only_the_end_is_known_proves_it(first, more):
    leaves, base = leaves_of(first + more), merkle.Frontier()
    for one in leaves[:first]:
        base.add(one)
    grown = merkle.ExtendedTree(base, leaves[first:])
    assert [grown.proof(index) for index in range(first, first + more)] == [
        merkle.inclusion(index, leaves) for index in range(first, first + more)
    ]
