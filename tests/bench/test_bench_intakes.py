"""The bench of tables brought in, in its smallest form."""

import pytest

from tests.bench import intakes
from tests.bench.intakes import Brought
from tests.bench.tables import Turn

pytestmark = pytest.mark.once


def brought(**changes: Turn) -> Brought:
    """A table for which everything is as it is asked to be."""
    turns = dict.fromkeys(
        intakes.ORDER, Turn(seconds=10, computing=9, peak=150, mapped=10, child=30, rows=7)
    )
    return Brought("log", 1000, {way: [turn] for way, turn in {**turns, **changes}.items()})


@pytest.mark.parametrize(
    ("changes", "short"),
    [
        ({}, 0),
        ({"check": Turn(41, 9, 150, 10, 30, 7)}, 1),
        ({"apply": Turn(41, 9, 150, 10, 30, 7)}, 1),
        ({"read": Turn(14, 9, 150, 10, 30, 7)}, 1),
        ({"apply": Turn(10, 9, 400, 50, 0, 7)}, 1),
        (
            {"apply": Turn(10, 9, 400, 100, 0, 7)},
            0,
        ),  # what SQLite maps of its file is not the process's own
        ({"check": Turn(10, 9, 290, 0, 30, 7)}, 1),  # the process that reads counts too
    ],
)
def test_what_is_asked(changes, short):
    found = [brought(**changes)]
    assert len(intakes.unmet(found)) == short
    assert intakes.markdown(found).count("| not met |") == short
