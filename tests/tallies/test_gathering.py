"""Which transaction a change of the counts belongs to.

Above all where something runs after a commit.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from django.db import connection, connections, transaction

from directives import tallies
from directives.core.transitions import move
from directives.models import Obligation
from tests.factories import NOW, make_body, make_directive, make_obligation, make_section

OUTSIDE = pytest.raises(transaction.TransactionManagementError, match="counted")


@pytest.fixture
def rows(transactional_db, cast):
    section = make_section()
    return [make_obligation(make_directive(section), cast.child) for _number in range(4)]


def suspend(row: Obligation) -> None:
    move(Obligation.objects.get(pk=row.pk), "suspend", by=None, now=NOW, reason="机构改革")


def suspended() -> int:
    return Obligation.objects.filter(state="suspended").count()


def later(act: Callable, *args: object) -> None:
    transaction.on_commit(lambda: act(*args))


def test_what_runs_after_a_commit_is_counted_in_a_transaction_of_its_own(rows, cast):
    """Also where it runs after such a transaction, or after a plain one, or changes the tree."""

    def after() -> None:
        with tallies.counted():
            suspend(rows[1])
            later(suspend, rows[2])

    with tallies.counted():
        suspend(rows[0])
        later(after)
        later(lambda: make_body("Q01B", parent=cast.child))
    assert (suspended(), tallies.drift()) == (3, [])
    with transaction.atomic():
        with tallies.counted():
            later(suspend, rows[3])
        assert suspended() == 3
    assert (suspended(), tallies.drift()) == (4, [])


def test_a_failure_after_a_commit_takes_nothing_else_along(rows):
    def broken() -> None:
        with tallies.counted():
            suspend(rows[1])
            raise RuntimeError

    with tallies.counted():
        suspend(rows[0])
        transaction.on_commit(broken, robust=True)
        later(suspend, rows[2])
    assert (suspended(), tallies.drift()) == (2, [])
    with pytest.raises(RuntimeError), tallies.counted():
        later(broken)
    suspend(rows[3])
    assert (suspended(), tallies.drift()) == (3, [])


def test_after_a_commit_nothing_is_gathered_outside_a_transaction(rows):
    """Neither by the gathering that was written, nor by a delta of it that was kept."""
    kept, refused = [], []

    def try_to_count() -> None:
        for delta in (
            tallies.pending_delta,
            lambda: kept[0].count_mark(1, 1, ("state", "x", NOW.date())),
        ):
            with transaction.atomic():
                try:
                    delta()
                except transaction.TransactionManagementError as error:
                    refused.append(str(error))

    with tallies.counted():
        delta = tallies.pending_delta()
        kept.append(delta)
        later(try_to_count)
    assert ["counted()" in text for text in refused] == [True, True]
    with OUTSIDE:
        delta.add(tallies.Standing.of(rows[0]))


def test_what_takes_over_the_context_in_another_thread_counts_for_itself(rows):
    def elsewhere() -> BaseException | None:
        try:
            with OUTSIDE:
                tallies.pending_delta()
            if connection.vendor == "postgresql":  # SQLite has one writer, which is outside
                suspend(rows[1])
        finally:
            connections.close_all()

    with tallies.counted(), ThreadPoolExecutor(1) as threads:
        threads.submit(copy_context().run, elsewhere).result()
        suspend(rows[0])
    assert (suspended(), tallies.drift()) == (2 if connection.vendor == "postgresql" else 1, [])


def test_a_transaction_inside_a_gathering_is_a_part_of_it(rows):
    """A durable one is refused by Django; a plain one is written with all the rest."""
    with tallies.counted():
        with pytest.raises(RuntimeError), transaction.atomic(durable=True):
            suspend(rows[0])
        with transaction.atomic():
            suspend(rows[1])
            later(suspend, rows[2])
        suspend(rows[3])
    assert (suspended(), tallies.drift()) == (3, [])
