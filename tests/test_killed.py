"""Whatever process is killed, at whatever moment.

The act is done once, or offered again, and its page and a notice say so.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from directives import tallies
from directives.models import JobProgress, JobRun, Notice, Obligation, Submission
from directives.obligations.commands import bulk_issuing, choosing, issuing
from directives.reports import commands as reporting
from directives.reports.commands import EntryFields
from tests.factories import make_body, make_directive, make_obligation, make_section
from tests.kills import AFTER, Kills, kill_with_children, points
from tests.long_acts import (
    ACTS,
    BODIES,
    OPENING,
    Issue,
    LongAct,
    LongTable,
    Relight,
    World,
    address,
)
from tests.spare import wait_for

IDLE = "后台服务没有运行"
KILLS = 40  # of each act, by the long form


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("killed")


@pytest.fixture(scope="module")
def processes(var: Path, django_db_setup: None) -> Iterator[Kills]:
    kills = Kills(address(), str(var))
    yield kills
    kills.end()


@pytest.fixture
def world(
    transactional_db: None, processes: Kills, var: Path, settings: Any, sign_in: Callable
) -> World:
    settings.MEDIA_ROOT = var / "files"
    return World(processes, sign_in, var / "files")


@pytest.mark.parametrize("kind", ACTS)
def test_an_act_whose_process_is_killed_is_carried_out_all_the_same(world, kind):
    """Before its first write, in the middle, just before its last commit.

    Nothing twice, nothing half.
    """
    act = kind(world)
    by = getattr(world, act.by)
    row, said = act.begin()
    row.refresh_from_db()
    assert act.done(row), "without a kill"
    for point in points(said):
        Notice.objects.filter(user=by).delete()
        row, said = act.begin(kill=point)
        assert said is None
        row.refresh_from_db()
        world.time_passes()
        assert (row.state in row.BUSY, act.done(row), tallies.drift()) == (True, False, [])
        page = world.page(by, row.get_absolute_url())
        assert (IDLE in page, "<form" in page.partition("<main")[2] or kind is Relight) == (
            True,
            True,
        )
        world.rescue()
        row.refresh_from_db()
        assert act.done(row), (point, row.state, row.fault)
        assert tallies.drift() == []
        assert IDLE not in world.page(by, row.get_absolute_url())
        told = Notice.objects.filter(user=by, kind__in=("act_done", "export_ready")).values_list(
            "kind", "url"
        )
        assert list(told) == [(act.kind, row.get_absolute_url())]


def test_killed_again_and_again_at_the_same_point_it_stops_and_a_person_goes_on(world):
    act = Issue(world)
    _row, said = act.begin()
    row, _said = act.begin(kill=points(said)[1])
    for _worker in range(3):
        world.time_passes()
        world.order("work", kill=said.index("COMMIT"), rescue=True)
    row.refresh_from_db()
    assert (row.state, row.done < row.total, row.done > 0, tallies.drift()) == (
        "stopped",
        True,
        True,
        [],
    )
    page = world.page(world.boss, row.get_absolute_url())
    assert (
        "在同一处中断了三次" in page,
        f'action="/jobs/{row.pk}/go-on/"' in page,
        "hx-trigger" in page,
    ) == (True, True, False)
    notice = Notice.objects.get(user=world.boss, kind="act_stopped")
    assert notice.url == row.get_absolute_url()
    form = {"idempotency_key": "00000000-0000-0000-0000-000000000009", "version": row.version}
    assert world.post(world.boss, f"/jobs/{row.pk}/go-on/", form) is not None
    world.order("work")
    row.refresh_from_db()
    assert act.done(row)


def test_a_tick_whose_worker_is_killed_is_carried_out_by_the_next(world):
    rows = len(world.owing())
    JobRun.objects.create(name="tick", last_ran_at=timezone.now(), last_day=date.min)
    places: list[float] = []
    for kill in (None, None, 0, 1, 2):  # the first copies the day before, too
        Obligation.objects.update(
            light="yellow", light_code="", light_on=None, light_changes_on=date(2000, 1, 1)
        )
        tallies.rebuild()
        JobRun.objects.filter(name="tick").update(last_day=date(2000, 1, 1), held_by="")
        said = world.order("tick", kill=None if kill is None else places[kill])
        if kill is None:
            places = points(said)
        else:
            assert said is None
            assert tallies.drift() == []
            # A living worker has it, as far as anybody knows.
            assert world.order("tick") is not None
            world.time_passes()
            world.order("tick")
        wrong = Obligation.objects.filter(light_changes_on__lte=timezone.localdate()).count()
        assert (wrong, tallies.drift(), JobRun.objects.get(name="tick").last_day) == (
            0,
            [],
            timezone.localdate(),
        )
    assert rows == Obligation.objects.count()


def test_a_report_whose_web_process_is_killed_is_handed_in_once(world):
    """Until the commit nothing has happened; after it, the same form sent again finds it done."""
    body, staff = world.bodies[0], world.staff[0]
    said = None
    for number, kill in enumerate((None, 0, 1, 2, 2 + AFTER)):
        row = make_obligation(make_directive(), body)
        cycle = reporting.open_cycle(
            document=row.document, by=world.boss, now=timezone.now(), **OPENING
        )
        report = reporting.begin(report=cycle.reports.get(), by=staff, now=timezone.now())
        entry = report.entries.get()
        fields = EntryFields("已印发", "缺人", "补人", 60)
        reporting.save_entry(
            entry=entry, fields=fields, version=entry.version, by=staff, now=timezone.now()
        )
        form = {
            "idempotency_key": f"00000000-0000-0000-0000-00000000010{number}",
            "entry": entry.pk,
        }
        path = f"/reports/{report.pk}/hand-in/"
        Notice.objects.all().delete()
        if kill is not None:
            place = points(said)[int(kill)] + kill % 1
            assert world.post(staff, path, form, kill=place) is None
            handed = Submission.objects.filter(report=report).count()
            assert (handed, tallies.drift()) == (int(kill % 1 > 0), [])
            assert (path in world.page(staff, f"/reports/{report.pk}/")) is (not handed)
        again = world.post(staff, path, form)
        said = said or again
        assert again[-1].startswith("302")
        sent = Notice.objects.filter(user=world.boss, kind="handed_in").count()
        assert (Submission.objects.filter(report=report).count(), sent, tallies.drift()) == (
            1,
            1,
            [],
        )
        mails = DBTaskResult.objects.filter(task_path="directives.core.notices.mail").count()
        # A mail of the notice waits in the queue, whenever the process died.
        assert mails == number + 1


# the long forms


def killed_often(world: World, act: LongAct, random: Random, length: int) -> int:
    """Kill whoever carries it out, at any of so many statements, until it is done.

    Returns how many were killed.
    """

    def moment() -> float:
        """Of an act that is written in one transaction nothing stays before its end.

        Every fifth process lives.
        """
        return random.randrange(length * 5 // 4) + random.choice((0, AFTER))

    row, said = act.begin(kill=moment())
    kills = int(said is None)
    for _process in range(60):
        row.refresh_from_db()
        assert tallies.drift() == []
        if act.done(row):
            return kills
        world.time_passes()
        type(row).objects.filter(pk=row.pk).update(tries=0)  # else a person would be asked
        said = world.order("work", rescue=True, kill=moment())
        kills += said is None
    raise AssertionError(f"{row.pk} {row.state} {row.fault}")


@pytest.mark.torture
@pytest.mark.parametrize("kind", ACTS)
def test_hundreds_of_processes_killed_at_any_statement(
    world: World, kind: type, record_property: Callable[[str, object], None]
) -> None:
    act, random, kills, acts = kind(world), Random(9), 0, 0
    _row, said = act.begin()
    while kills < KILLS:
        kills, acts = kills + killed_often(world, act, random, len(said)), acts + 1
    record_property(
        "figure",
        f"{kind.__name__}: {kills} processes killed over {acts} acts, each done once, no drift",
    )
    assert kills >= KILLS


@pytest.mark.torture
def test_an_issue_over_1173_bodies_whose_worker_is_killed_three_times(world, record_property):
    for number in range(1173 - BODIES):
        make_body(f"N{number:04}", parent=world.centre)
    section = make_section()
    directives = [make_directive(section) for _number in range(10)]
    choice = choosing.Choice(frozenset(row.pk for row in directives), (choosing.BodyGroup(),))
    job = bulk_issuing.issue_in_parts(
        document=section.document,
        choice=choice,
        terms=issuing.Terms(),
        by=world.boss,
        now=timezone.now(),
    )
    reached = []
    for _worker in range(3):
        world.time_passes()
        process, before = world.worker(), JobProgress.objects.get(pk=job.pk).done
        assert wait_for(lambda before=before: JobProgress.objects.get(pk=job.pk).done > before)
        kill_with_children(process)
        job.refresh_from_db()
        reached.append(job.done)
        assert Obligation.objects.count() == job.made == 10 * job.done < 11_730
        assert ("从此处继续" in world.page(world.boss, f"/jobs/{job.pk}/"), tallies.drift()) == (
            False,
            [],
        )
    world.time_passes()
    assert IDLE in world.page(world.boss, f"/jobs/{job.pk}/")
    process = world.worker()
    assert wait_for(lambda: JobProgress.objects.get(pk=job.pk).state == "done", 600)
    process.terminate()
    process.wait()
    assert (Obligation.objects.count(), tallies.drift()) == (11_730, [])
    assert Notice.objects.filter(user=world.boss, kind="act_done").count() == 1
    record_property(
        "figure", f"An issue over 1,173 bodies, killed at {reached}, went on and was done"
    )


@pytest.mark.torture
@pytest.mark.parametrize("act", ["apply", "undo", "check"])
def test_a_table_of_1500_rows_whose_web_process_is_killed(world, act, record_property):
    """A real gunicorn, killed at moments after the form was sent."""
    table, seen, cookies = LongTable(world), Counter(), world.cookies(world.admin)
    for delay in (0.02, 0.15, 0.15, 0.3, 0.6, 1.0, 1.5, 2.5):
        row = table.ready(act)
        with world.gunicorn() as (server, port):
            sender = Thread(
                target=world.send, args=(cookies, port, f"/intakes/{row.pk}/{act}/", row.version)
            )
            sender.start()
            time.sleep(delay)
            kill_with_children(server)
            sender.join()
        row.refresh_from_db()
        seen[row.state] += 1
        page = world.page(world.admin, f"/intakes/{row.pk}/")
        assert ("<form" in page.partition("<main")[2], tallies.drift()) == (
            row.state != "undone",
            [],
        )
        busy = row.state in row.BUSY
        world.rescue()
        row.refresh_from_db()
        assert table.whole(row, act, carried=busy), (delay, row.state, row.fault)
        assert tallies.drift() == []
    record_property(
        "figure",
        (
            f"{act} of 1,500 rows, the web process killed: found {dict(seen)}, "
            "each then carried out or offered again"
        ),
    )
