"""Many at once, and at the wrong moment.

Whoever comes first, counts and record stay exact, and nobody waits for ever.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import sleep

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.utils import timezone
from tablib import Dataset

from directives import tallies
from directives.base import tree_lock
from directives.base.refusals import Refusal
from directives.catalogue.kinds import KINDS
from directives.core import audit, relighting
from directives.core.relighting import tick
from directives.core.transitions import change_obligations, move
from directives.indicators.commands import Period, ReportedFigure, file_figures
from directives.intakes.resources import ObligationResource, OrganisationResource
from directives.models import Event, Figure, JobRun, Obligation, Organisation, ReportEntry, TallyDay
from directives.obligations.commands import issuing
from directives.organisations import commands as organising
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_cycle,
    make_directive,
    make_indicator,
    make_obligation,
    make_report,
    make_section,
    make_user,
)
from tests.intakes.bringing import bring
from tests.spare import PATIENCE, side_by_side, wait_for
from tests.writers import losses, make_world

ROOT = Path(__file__).resolve().parent.parent
WRITERS = 8
MOVES = 120  # of all writers together; `python -m tests.writers --full` makes thousands


def url() -> str:
    """The database under test, for another process."""
    server = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{server['NAME']}"
    return f"postgres://{server['USER']}:{server['PASSWORD']}@{server['HOST']}:{server['PORT']}/{server['NAME']}"


def start(*arguments: str) -> subprocess.Popen:
    environment = os.environ | {"DATABASE_URL": url(), "QUNZHU_DOTENV": os.devnull}
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )


def test_eight_writers_on_the_same_ancestors_lose_nothing(transactional_db):
    make_world(provinces=1, cities=2, bodies=2)
    writers = [
        start("-m", "tests.writers", str(MOVES // WRITERS), str(seed)) for seed in range(WRITERS)
    ]
    printed = [writer.communicate(timeout=2 * PATIENCE)[0] for writer in writers]
    told = [json.loads(text) for text in printed]
    accepted = sum((Counter(one["accepted"]) for one in told), Counter())
    assert [one["failed"] for one in told] == [[]] * WRITERS
    assert accepted.total() == MOVES
    assert losses(accepted) == []
    assert tallies.drift() == []


class Tree:
    """centre ─ province ─ city ─ body, and another city.

    The body and the other city owe, one directive alike.
    """

    def __init__(self) -> None:
        self.centre = make_body("C", kind="centre")
        self.province = make_body("P", parent=self.centre)
        self.city = make_body("P1", parent=self.province)
        self.other = make_body("P2", parent=self.centre)
        self.body = make_body("P1B", parent=self.city)
        alike = make_directive(make_section())
        for body in (self.body, self.other, self.city):
            make_obligation(alike, body)
        self.row = make_obligation(make_directive(alike.section), self.body)
        self.indicator = make_indicator(alike.document, self.centre)
        self.report(0)
        self.admin = make_user("admin", is_staff=True, is_superuser=True)

    def report(self, value: int) -> None:
        figure = ReportedFigure(self.indicator, self.body, Period(2025, "year"), Decimal(value))
        file_figures([figure], by=None, now=NOW)

    def begin(self) -> Obligation:
        """The work of the body moves and a figure of its is corrected.

        Both in the transaction of whoever calls.
        """
        self.report(Figure.objects.get().version)
        row = Obligation.objects.select_related("organisation").get(pk=self.row.pk)
        percent = (row.percent + 7) % 100
        change_obligations([row], {"percent": percent}, action="test", by=None, now=NOW)
        return row


def put(body: str, to: str) -> Callable[[Tree], object]:
    return lambda tree: organising.move_body(
        getattr(tree, body), new_parent=getattr(tree, to), by=None, now=NOW
    )


def change_kind(tree: Tree) -> None:
    body = Organisation.objects.get(pk=tree.body.pk)
    kind = "other" if body.kind != "other" else "committee"
    organising.change_body(body, {"kind": kind}, version=body.version, by=None, now=NOW)


FREE = {  # what goes on while somebody's work moves and is not counted yet
    "rebuild": lambda tree: tallies.rebuild(),
    "check": lambda tree: tallies.drift(),
    "to another city": put("body", "other"),
    "back again": put("body", "city"),
    "its city to another province": put("city", "other"),
    "its city back": put("city", "province"),
    "another kind": change_kind,
    "a first child": lambda tree: make_body(parent=Organisation.objects.get(pk=tree.body.pk)),
    "a register": lambda tree: organising.load_register(
        [organising.BodyRow(2, code="P1", name_hans="城市", parent="P2", kind="committee")],
        by=None,
        now=NOW,
    ),
    "a table": lambda tree: bring(
        KINDS["bodies"], tree.admin, [{"code": "P1B", "name_hans": "改名"}]
    ).apply(),
    "prune": lambda tree: tallies.prune(),
    "a copy": lambda tree: tallies.copy_day(TODAY),
}


def apart(threads: ThreadPoolExecutor, work: Callable[[Tree], object], tree: Tree) -> Future:
    """The work in a thread, with a connection of its own."""

    def run() -> object:
        try:
            return work(tree)
        finally:
            connections.close_all()

    return threads.submit(run)


def test_the_tree_and_the_counts_change_while_work_is_under_way(transactional_db):
    """Somebody's row has changed and is not counted yet.

    Nothing here has to wait for them, and they are counted rightly.
    """
    tree = Tree()
    with ThreadPoolExecutor(1) as threads:
        for work in FREE.values():
            with tallies.counted():
                tree.begin()
                other = apart(threads, work, tree)
                if connection.vendor == "postgresql":
                    other.result(timeout=PATIENCE)
            other.result(timeout=PATIENCE)
            assert tallies.drift() == []


def test_work_goes_on_while_the_tree_and_the_counts_change(transactional_db):
    """The other way round.

    Whoever moves work now waits at most until the change is through, and is counted where it leads.
    """
    tree = Tree()
    with ThreadPoolExecutor(1) as threads:
        for name, work in FREE.items():
            with transaction.atomic():
                work(tree)
                other = apart(threads, Tree.begin, tree)
                sleep(0.2)
                assert not (
                    other.done() and name in {"to another city", "another kind", "a first child"}
                )
            other.result(timeout=PATIENCE)
            assert tallies.drift() == []


@pytest.mark.parametrize("first", ["move", "merge"])
def test_a_body_is_merged_while_its_work_moves(transactional_db, first):
    tree = Tree()

    def merge(tree: Tree) -> object:
        return organising.merge_bodies(tree.body, successor=tree.other, by=None, now=NOW)

    with ThreadPoolExecutor(1) as threads:
        if first == "move":
            with tallies.counted():
                tree.begin()
                other = apart(threads, merge, tree)
                sleep(0.3)
            assert other.result(timeout=PATIENCE).transferred == 1
        else:
            with tallies.counted():
                merge(tree)
                other = apart(threads, Tree.begin, tree)
                sleep(0.3)
            assert other.exception(timeout=PATIENCE) is None or isinstance(
                other.exception(), Refusal
            )
    assert Obligation.objects.get(pk=tree.row.pk).organisation == tree.other
    assert tallies.drift() == []


def queued_at_the_gate() -> bool:
    """Somebody waits until all who write counts in this database are through."""
    with connection.cursor() as cursor:
        here = "(SELECT oid FROM pg_database WHERE datname = current_database())"
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
            f"AND database = {here}"
        )
        return cursor.fetchone()[0] > 0


@pytest.mark.parametrize("act", ["merge", "table of bodies"])
def test_whoever_shuts_the_gate_holds_nothing_that_a_writer_refers_to(transactional_db, act):
    """PostgreSQL looks at foreign keys as a writer commits.

    The writer shares the lock of the tree by then.
    """
    if connection.vendor == "sqlite":
        pytest.skip("one writer at a time")
    tree = Tree()
    report = make_report(tree.body, make_cycle(tree.row.document))
    table = bring(KINDS["bodies"], tree.admin, [{"code": tree.body.code, "name_hans": "改名"}])
    acts = {
        "merge": lambda tree: organising.merge_bodies(
            tree.body, successor=tree.other, by=None, now=NOW
        ),
        "table of bodies": lambda tree: table.apply(),
    }
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            ReportEntry.objects.create(report=report, obligation=tree.row)
            audit.record("begin", report, by=None, now=NOW)
            tree_lock.share()
            other = apart(threads, acts[act], tree)
            assert wait_for(queued_at_the_gate)
        other.result(timeout=PATIENCE)
    assert ReportEntry.objects.get().obligation_id == tree.row.pk


def test_bodies_that_merge_into_each_other_at_once(transactional_db):
    """One of them is first; for the other the successor is gone."""
    tree = Tree()
    pairs = [(tree.body, tree.other), (tree.other, tree.body)]

    def merge(index: int) -> str:
        body, into = pairs[index]
        try:
            organising.merge_bodies(body, successor=into, by=None, now=NOW)
        except Refusal:
            return "refused"
        return "merged"

    assert sorted(side_by_side(merge, 2)) == ["merged", "refused"]
    assert tallies.drift() == []


def test_tick_import_and_issue_at_once(transactional_db):
    tree, later = Tree(), NOW + timedelta(days=100)
    directives = [make_directive(tree.row.section) for _number in range(4)]
    for directive in directives:
        make_obligation(directive, tree.body, due_on=TODAY + timedelta(days=30))
    rows = Obligation.objects.order_by("-pk").values_list("directive", "organisation__code")
    table = Dataset(
        *[(*pair, "王一诺") for pair in rows], headers=["directive", "organisation", "leader"]
    )
    fresh = [make_directive(tree.row.section) for _number in range(3)]

    def issue() -> object:
        terms = issuing.Terms()
        return issuing.issue(
            document=fresh[0].document,
            directives=fresh,
            organisations=[tree.city, tree.body, tree.other],
            terms=terms,
            by=None,
            now=later,
        )

    def work(index: int) -> object:
        return (
            lambda: tick(now=later),
            lambda: ObligationResource().import_data(table, raise_errors=True),
            issue,
        )[index]()

    side_by_side(work, 3)
    assert Obligation.objects.filter(leader="王一诺").count() == len(table)
    assert Event.objects.filter(action="issue").count() == 9
    assert tallies.drift() == []
    tick(now=later)
    assert tick(now=later) == 0


def test_two_ticks_at_once_change_each_light_once(transactional_db):
    tree, later = Tree(), NOW + timedelta(days=200)
    changed = side_by_side(lambda index: (tallies.copy_day(TODAY), tick(now=later)), 2)
    assert (
        sum(lights for _copied, lights in changed)
        == Event.objects.filter(action="light").count()
        == 4
    )
    assert sorted(copied > 0 for copied, _lights in changed) == [False, True]
    assert Obligation.objects.get(pk=tree.row.pk).light == "red"
    assert tallies.drift() == []


def test_a_tick_that_was_killed_goes_on_where_it_was(cast, monkeypatch):
    for _number in range(6):
        make_obligation(organisation=cast.child)
    monkeypatch.setattr(relighting, "BATCH", 2)
    write, batches = relighting._write, []

    def killed(alike: dict) -> None:
        batches.append(1)
        if len(batches) == 2:
            raise KeyboardInterrupt
        write(alike)

    monkeypatch.setattr(relighting, "_write", killed)
    with pytest.raises(KeyboardInterrupt):
        tick(now=NOW + timedelta(days=200))
    assert tallies.drift() == []
    assert [tick(now=NOW + timedelta(days=200)), tick(now=NOW + timedelta(days=200))] == [4, 0]
    assert Event.objects.filter(action="light").count() == 6
    assert tallies.drift() == []


def test_a_clock_that_was_set_back_changes_no_light_and_no_day(cast, time_machine, capsys):
    row = make_obligation(organisation=cast.child)
    time_machine.move_to(NOW + timedelta(days=200), tick=False)
    call_command("tick", verbosity=0)
    days, runs = list(TallyDay.objects.values()), list(JobRun.objects.order_by("name").values())
    time_machine.move_to(NOW + timedelta(days=5), tick=False)
    call_command("tick", verbosity=0)
    assert "--clock-mended" in capsys.readouterr().err
    assert (list(TallyDay.objects.values()), list(JobRun.objects.order_by("name").values())) == (
        days,
        runs,
    )
    row.refresh_from_db()
    assert (row.light, row.version) == ("red", 2)
    # Asked for: the lights of the day that the clock says.
    call_command("tick", verbosity=0, everything=True)
    row.refresh_from_db()
    assert row.light != "red"
    assert tallies.drift() == []


def test_a_clock_that_was_ahead_is_mended(cast, time_machine):
    row = make_obligation(organisation=cast.child)
    time_machine.move_to(NOW + timedelta(days=400), tick=False)
    call_command("tick", verbosity=0)
    time_machine.move_to(NOW, tick=False)
    call_command("tick", verbosity=0, clock_mended=True)
    today = timezone.localdate(NOW)
    assert JobRun.objects.get(name="tick").last_day == today
    assert set(TallyDay.objects.values_list("day", flat=True)) == {today - timedelta(days=1)}
    row.refresh_from_db()
    assert row.light == "yellow" or row.light == "green"
    time_machine.move_to(NOW + timedelta(days=1), tick=False)
    change_obligations([row], {"percent": 99}, action="test", by=None, now=NOW)
    call_command("tick", verbosity=0)
    assert TallyDay.objects.filter(day=today).count() == 3
    assert tallies.drift() == []


def test_an_import_of_bodies_carries_kinds_and_parents(cast):
    make_obligation(organisation=cast.child)
    table = Dataset(
        ("Q01A", "北京市总工会", "committee", "Q02", "provincial"),
        headers=["code", "name_hans", "kind", "parent", "level"],
    )
    result = OrganisationResource().import_data(table, dry_run=True, raise_errors=True)
    assert (result.has_errors(), Organisation.objects.get(code="Q01A").parent, tallies.drift()) == (
        False,
        cast.body,
        [],
    )
    OrganisationResource().import_data(table, raise_errors=True)
    moved = Organisation.objects.get(code="Q01A")
    assert (moved.kind, moved.parent, moved.path.startswith(cast.sibling.path)) == (
        "committee",
        cast.sibling,
        True,
    )
    assert tallies.drift() == []


def test_an_import_writes_the_counts_once(cast):
    rows = [make_obligation(organisation=cast.child, percent=number) for number in range(5)]
    table = Dataset(
        *[(row.directive_id, "Q01A", "supporting") for row in rows],
        headers=["directive", "organisation", "part"],
    )
    written: list[str] = []

    def note(execute: Callable, sql: str, params: object, many: bool, context: dict) -> object:
        written.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        ObligationResource().import_data(table, raise_errors=True)
    assert sum("INTO directives_mark " in sql for sql in written) == 1
    assert Obligation.objects.filter(part="supporting").count() == 5
    assert tallies.drift() == []


def test_a_move_meets_the_old_light(cast):
    """The tick was first: the form is stale, and nothing is half done."""
    row = make_obligation(organisation=cast.child)
    tick(now=NOW + timedelta(days=200))
    with pytest.raises(Refusal):
        move(row, "suspend", by=None, now=datetime.combine(TODAY, NOW.timetz()), reason="机构改革")
    assert tallies.drift() == []
