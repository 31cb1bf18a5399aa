"""The bench, in its smallest form: it serves, asks for every page, writes, and tells its finds."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from directives.documents.ingest.reading import read
from tests.bench import sheets
from tests.bench.courses import (
    ALL_BOARD,
    BOARD,
    CONSTANT,
    DEEP,
    EXPORT,
    LIST,
    MATRIX,
    RANKING,
    ROWS,
    SAVE,
    STAFF_LIST,
    Course,
)
from tests.bench.exports import Export
from tests.bench.places import Memory
from tests.bench.race import Crowd, Times
from tests.bench.reading import LENGTH, Read, long_plan
from tests.bench.results import (
    FACTS,
    Growth,
    Line,
    Outcome,
    Writing,
    compared,
    comparison,
    growth_of,
    lines_of,
    markdown,
    unmet,
    worse,
)
from tests.bench.sheets import Found
from tests.bench.writers import Written

pytestmark = pytest.mark.once  # a run finds migrated tables through `django_db_setup`

COUNTED = {"floor: constant": 0, "floor: 50 rows": 1}
MAY_GROW = {
    SAVE,
    EXPORT,
    "log entry save, staff",
    "review, one entry accepted",
}  # writes, and a file of rows


def bench(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "bench", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        env=os.environ | environment,
    )


def test_a_short_run_measures_everything_and_leaves_nothing(tmp_path, django_db_setup):
    size = (
        "--scale=sample",
        "--engine=sqlite",
        "--bodies=5",
        "--rounds=1",
        "--writers=1",
        "--seconds=0.3",
        "--requests=8",
    )
    done = bench(*size, "--json", TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    lines = {line["name"]: line for line in told["lines"]}
    assert lines.keys() >= {
        CONSTANT,
        ROWS,
        LIST,
        DEEP,
        STAFF_LIST,
        BOARD,
        RANKING,
        MATRIX,
        SAVE,
        EXPORT,
    }
    assert (told["scale"], told["database"], told["directives"], told["obligations"]) == (
        "sample",
        "sqlite",
        69,
        345,
    )
    assert {name: lines[name]["queries"] for name in COUNTED} == COUNTED
    assert {name for name, line in lines.items() if line["queries"] > 12} <= MAY_GROW
    assert all(line["median_ms"] > 0 and line["times"] == 1 for line in lines.values())
    assert told["crowd"]["floor"] > 0 < told["crowd"]["page"]
    assert sum(told["writing"]["moves"].values()) > 0 == told["writing"]["drift"]
    assert len(told["after"]) == 2
    assert all(worker["rss"] > worker["pss"] > 10 for worker in told["after"])
    assert list(tmp_path.iterdir()) == []


def test_a_short_run_takes_the_ledger_out_and_tables_in_and_leaves_nothing(
    tmp_path, django_db_setup
):
    size = (
        "--sheets",
        "--scale=sample",
        "--engine=sqlite",
        "--bodies=4",
        "--rounds=1",
        "--rows=100",
        "--full",
    )
    done = bench(*size, "--json", TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    ways = results["ways"]
    assert {way: turns[0]["rows"] for way, turns in ways.items()} == {
        "bare": 100,
        "ours": 100,
        "peer": 100,
        "many": 1000,
    }
    assert all(turn["seconds"] > 0 < turn["bytes"] for turns in ways.values() for turn in turns)
    log, ledger = results["brought"]
    assert (log["kind"], ledger["kind"]) == ("log", "obligations")
    assert [
        log["turns"][way][0]["rows"] for way in ("insert", "check", "entries", "apply", "undo")
    ] == [100] * 5
    changed = {ledger["turns"][way][0]["rows"] for way in ("check", "apply", "undo")}
    assert (
        len(changed) == 1 and 25 < changed.pop() <= 50
    )  # not those of the body at the top, which nobody supervises
    turns = [turn for table in (log, ledger) for turns in table["turns"].values() for turn in turns]
    assert all(turn["seconds"] > 0 < turn["peak"] for turn in turns)
    assert list(tmp_path.iterdir()) == []


def exports(**changes) -> Found:
    """A run in which everything is as it is asked to be."""
    ways = {
        "bare": Export(100_000, 8.0, 8.0, 5.0, 5.0, 10),
        "ours": Export(100_000, 10.0, 9.0, 80.0, 40.0, 10),
        "peer": Export(100_000, 50.0, 50.0, 400.0, 40.0, 10),
        "many": Export(1_000_000, 99.0, 99.0, 120.0, 50.0, 10),
    }
    return Found(
        "province", "sqlite", {way: [changes.get(way, turn)] for way, turn in ways.items()}
    )


@pytest.mark.parametrize(
    ("changes", "short"),
    [
        ({}, 0),
        (
            {"ours": Export(100_000, 10.1, 9.0, 80.0, 40.0, 10)},
            2,
        ),  # slower than the bare writer allows, and than the peer does
        (
            {"ours": Export(100_000, 10.0, 9.0, 80.2, 40.0, 10)},
            2,
        ),  # heavier than allowed, and than a fifth of the peer
        ({"many": Export(1_000_000, 99.0, 99.0, 92.0, 50.4, 10)}, 1),
    ],
)
def test_what_is_asked_of_the_ledger_as_a_workbook_and_not_so_is_named(changes, short):
    found = exports(**changes)
    assert len(sheets.unmet(found)) == short
    assert sheets.markdown(found).count("| not met |") == short


def times(**took: float) -> list[Times]:
    return [Times(Course(name, lambda: None), [median]) for name, median in took.items()]


def test_each_course_is_told_beside_the_two_floors():
    lines = lines_of(times(constant=2.0, rows=4.0, page=10.0))
    assert [line.per_constant for line in lines] == [1.0, 2.0, 5.0]
    assert [line.per_rows for line in lines] == [0.5, 1.0, 2.5]
    spread = Times(Course("page", lambda: None), [1.0, 2.0, 3.0])
    assert (spread.median, round(spread.p95, 2)) == (2.0, 2.9)


def test_the_document_that_is_timed_has_so_many_characters_and_is_read():
    assert len(long_plan(LENGTH)) == LENGTH
    sentences = list(read(long_plan(LENGTH).encode(), name="a.txt").sentences)
    assert sum(not sentence.statement for sentence in sentences) > 100


def test_growth_is_the_larger_database_over_the_smaller():
    grown = growth_of(times(page=10.0), times(page=12.0))
    assert grown == [Growth("page", 10.0, 12.0)]
    assert grown[0].ratio == 1.2


def outcome(**changes) -> Outcome:
    """A run in which everything is as it is asked to be."""
    names = (CONSTANT, ROWS, LIST, DEEP, STAFF_LIST, BOARD, ALL_BOARD, RANKING, MATRIX, SAVE)
    lines = [Line(name, 10.0, 12.0, 6.0, 2.5, 12, 1000, 30) for name in names]
    made = Outcome(
        scale="nation",
        database="postgresql",
        bodies=35000,
        documents=100,
        directives=100,
        obligations=3_500_000,
        report_entries=7_000_000,
        database_bytes=9 * 2**30,
        page=1000,
        lines=lines,
        growth=[Growth(BOARD, 10.0, 13.0)],
        against="small",
        crowd=Crowd(8, 100.0, 40.0),
        writing=Writing(8, {"accept": 1000}, 10.0, 60.0, 0),
        before=[Memory(90, 60)],
        after=[Memory(160, 90)],
        reading=Read(1000.0, 70, 70),
    )
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("changes", "short"),
    [
        ({}, []),
        (
            {"growth": [Growth(BOARD, 10.0, 13.2)]},
            ["dashboard, root: growth from the smaller database"],
        ),
        (
            {"growth": [Growth(ALL_BOARD, 10.0, 13.2)]},
            ["dashboard, root, all documents: growth from the smaller database"],
        ),
        ({"growth": []}, []),  # not measured is not unmet
        (
            {"reading": Read(1000.1, 70, 69)},
            [
                "a document of 10,000 characters is read, ms",
                "share of the readings of tests/documents/readings that are exact",
            ],
        ),
        (
            {"crowd": Crowd(8, 100.0, 39.0)},
            ["list at concurrency 8: share of the floor's requests/s"],
        ),
        (
            {"writing": Writing(8, {"accept": 990}, 10.0, 60.0, 1)},
            ["accepted moves a second, all writers", "tallies that drifted"],
        ),
        (
            {"writing": Writing(8, {"accept": 990}, 10.0, 60.0, 0), "database": "sqlite"},
            [],
        ),  # asked of PostgreSQL alone
        (
            {"after": [Memory(150, 90), Memory(161, 90)]},
            ["heaviest web worker after the bench, MiB"],
        ),
    ],
)
def test_what_is_asked_and_not_so_is_named(changes, short):
    assert unmet(outcome(**changes)) == short


def test_every_limit_on_a_page_is_looked_at():
    slow = [replace(line, per_rows=7.0, per_constant=7.0, queries=13) for line in outcome().lines]
    slow[3] = replace(slow[3], median_ms=16.0)
    assert len(unmet(outcome(lines=slow))) == 10
    assert len(FACTS) == 18


def test_the_markdown_says_of_each_fact_whether_it_is_met():
    text = markdown(outcome(after=[Memory(161, 90)]))
    assert "| heaviest web worker after the bench, MiB | 161 | ≤ 160 | not met |" in text
    assert text.count("| met |") == 16
    assert "3,500,000 obligations" in text
    assert "100.0 accepted moves/s" in text
    assert "which is 40%" in text


def test_writers_are_told_together():
    told = Writing.of(
        [Written({"accept": 3, "close": 1}, 2.0, 50.0), Written({"accept": 1}, 2.5, 70.0)], 0
    )
    assert (told.moves, told.seconds, told.median_ms, told.rate) == (
        {"accept": 4, "close": 1},
        2.5,
        70.0,
        2.0,
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [{"rounds": 0}, {"bodies": 1}, {"inside": True}, {"scale": "small", "against": "small"}],
)
def test_what_makes_no_sense_is_refused(arguments):
    with pytest.raises(CommandError):
        call_command("bench", **arguments)


def test_checkouts_are_compared_by_course():
    def asked(name: str, queries: int, *took: float) -> Times:
        return Times(Course(name, lambda: None), list(took), queries)

    before = [asked("list", 6, 30.0, 32.0, 34.0), asked("save", 9, 20.0), asked("new", 3, 10.0)]
    after = [asked("list", 6, 33.0, 35.0, 50.0), asked("save", 10, 20.0), asked("new", 3, 11.5)]
    rows = compared(before, after)
    assert comparison(rows).splitlines()[2] == "| list | 6 | 6 | 32.0 | 35.0 | 1.09 |"
    assert worse(rows) == ["save: 10 queries (9), 1.00 ×", "new: 3 queries (3), 1.15 ×"]
