"""The bench of bulk issues, in its smallest form."""

import json

import pytest
from django.conf import settings

from tests.bench import issues
from tests.bench.issues import Issue, Issued
from tests.bench.test_bench import bench

pytestmark = pytest.mark.once


def test_a_short_run_assigns_in_each_way_by_both_checkouts(tmp_path, django_db_setup):
    size = ("--issue=2", "--scale=sample", "--engine=sqlite", "--bodies=5", "--rounds=1")
    before = f"--before={settings.BASE_DIR}"
    done = bench(*size, before, "--json", TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    turns = [(one["way"], one["is_before"]) for one in told["turns"]]
    assert turns == [
        ("chosen", False),
        ("chosen", True),
        ("addressed", False),
        ("addressed", True),
        ("said", False),
    ]
    rows = [one["rows"] for one in told["turns"]]
    assert rows[0] == rows[1] > rows[2] == rows[3] == rows[4] > 0
    assert all(one["statements"] > 10 and one["computing"] > 0 for one in told["turns"])
    assert told["drift"] == 0
    assert list(tmp_path.iterdir()) == []


def issued(drift: int = 0, **work: float) -> Issued:
    """A run of which each way took so long: by name, and by name_before."""
    turns = [
        Issue(name.removesuffix("_before"), "_before" in name, 10, 3, 30, 9.0, took, 0.5, 90.0)
        for name, took in work.items()
    ]
    return Issued("province", "sqlite", 11, 1, drift, turns)


@pytest.mark.parametrize(
    ("work", "short"),
    [
        ({"chosen": 1.0, "addressed": 1.0, "said": 1.1}, []),
        (
            {"chosen": 1.0, "addressed": 1.0, "said": 1.2},
            ["as the document says: × chosen to those addressed"],
        ),
        ({"chosen": 1.2, "chosen_before": 1.0}, ["to all organisations: × before"]),
        ({"chosen": 1.0, "drift": 2}, ["tallies that drifted"]),
    ],
)
def test_what_is_asked_of_a_bulk_issue_and_not_so_is_named(work, short):
    found = issued(**work)
    assert issues.unmet(found) == short
    assert issues.markdown(found).count("| not met |") == len(short)
