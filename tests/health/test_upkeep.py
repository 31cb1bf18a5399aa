"""A background service that does not run is seen.

On every page, in every file, by the proxy and by the doctor.
"""

import io
from datetime import UTC, date, datetime, timedelta
from urllib.parse import unquote

import openpyxl
import pytest
from django.core.management import call_command
from django.test import Client
from django_tasks_db.models import DBTaskResult

from directives.base import disk
from directives.core.relighting import tick
from directives.health import upkeep as upkeeping
from directives.health.banners import banners
from directives.health.upkeep import ENDED, Upkeep, UpkeepCache, read_upkeep
from directives.management.commands import worker
from directives.models import CalendarDay, JobRun, Obligation
from tests.core.test_worker import note
from tests.factories import NOW, TODAY, make_obligation

LATER = NOW + timedelta(days=10)  # 2026-10-23, 08:30 in Shanghai
PAGES = ("/", "/dashboard/", "/obligations/", "/nowhere/")
OLD = "亮灯及相关数据截至10月13日。后台服务自10月13日 08:30起未运行。"


@pytest.fixture
def office(cast, upkeep):
    """An obligation that will be near its day, lit and ticked on TODAY.

    Pages read how the background service does.
    """
    CalendarDay.objects.create(day=date(2027, 1, 1), working=False)
    for place in range(3):
        make_obligation(organisation=cast.body, due_on=date(2026, 10, 26 + place), percent=95)
    tick(now=NOW)
    worker.record("tick", NOW)
    worker.record("worker:a", NOW)
    upkeep()
    return cast


def text_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def cover_of(response) -> dict[str, object]:
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response)), read_only=True)
    return {
        row[0]: row[1]
        for row in book.worksheets[0].iter_rows(values_only=True, min_row=2, max_col=2)
    }


def test_ten_days_without_a_worker_are_said_everywhere(office, sign_in, time_machine, tmp_path):
    time_machine.move_to(LATER, tick=False)
    for who in (office.staff, office.viewer, office.supervisor, office.admin):
        client = sign_in(who)
        for address in PAGES:
            shown = text_of(client, address)
            assert shown.count(OLD) == 1, (who, address)
            assert "<span>亮灯截至10月13日</span>" in shown
    assert "请告知系统管理员。" in text_of(sign_in(office.staff), "/")
    assert "manage.py doctor" in text_of(sign_in(office.admin), "/admin/")
    assert OLD in text_of(sign_in(office.viewer), "/dashboard/?wall=1")

    response = sign_in(office.supervisor).get("/obligations/?export=xlsx")
    assert "2026-10-23 亮灯截至2026-10-13.xlsx" in unquote(response.headers["Content-Disposition"])
    assert cover_of(response)["亮灯截至"].date() == TODAY
    path = tmp_path / "ledger.xlsx"
    document = Obligation.objects.values_list("document_id", flat=True).first()
    call_command("ledger", document=document, out=path, stdout=io.StringIO())
    assert openpyxl.load_workbook(path).worksheets[0]["A4"].value == "亮灯截至"

    ready = Client().get("/readyz")
    assert (ready.status_code, ready.content) == (200, b"ready, but: worker, lights\n")

    tick(now=LATER)
    worker.record("tick", LATER)
    worker.record("worker:b", LATER)
    assert "亮灯截至" not in text_of(sign_in(office.staff), "/")
    assert "亮灯截至" not in cover_of(sign_in(office.supervisor).get("/obligations/?export=xlsx"))
    assert Client().get("/readyz").content == b"ready\n"


def test_it_is_said_in_the_readers_language(office, sign_in, time_machine):
    time_machine.move_to(LATER, tick=False)
    assert "亮燈截至10月13日" in text_of(sign_in(office.staff, "zh-hant"), "/nowhere/")
    shown = text_of(sign_in(office.staff, "en"), "/nowhere/")
    assert (
        "Lights, and the figures that follow from them, are as of 13 Oct. The background" in shown
    )


def test_nobody_outside_is_told(office, time_machine):
    time_machine.move_to(LATER, tick=False)
    assert "亮灯" not in text_of(Client(), "/accounts/login/")


# Of which day lights are


@pytest.mark.parametrize(
    ("ticked", "due", "wanted"),
    [
        # What the tick of today left is a matter for the doctor.
        (TODAY, date(2026, 10, 13), TODAY),
        (TODAY - timedelta(days=4), date(2026, 10, 12), TODAY - timedelta(days=4)),
        (TODAY - timedelta(days=4), date(2026, 10, 14), TODAY),  # no light has had to change
        (None, date(2026, 10, 14), TODAY),  # as they were lit when they were written
        (None, date(2026, 10, 11), date(2026, 10, 10)),
        (date.min, date(2026, 10, 11), date(2026, 10, 10)),  # the first tick is under way
        (TODAY + timedelta(days=1), date(2026, 10, 13), TODAY),  # the clock was wrong
    ],
)
def test_of_which_day_the_lights_are(cast, ticked, due, wanted):
    make_obligation(organisation=cast.body)
    Obligation.objects.update(light_changes_on=due)
    if ticked:
        JobRun.objects.create(name="tick", last_ran_at=NOW, last_day=ticked)
    assert read_upkeep(NOW).lights_on == wanted
    assert upkeeping.old_lights(NOW) == (wanted if wanted < TODAY else None)


@pytest.mark.parametrize(
    ("day", "clock", "late"),
    [
        # 01:59 of the 13th: the tick may take its time.
        (date(2026, 10, 12), "2026-10-12T17:59Z", False),
        (date(2026, 10, 12), "2026-10-12T18:00Z", True),
        (date(2026, 10, 11), "2026-10-12T16:10Z", True),
        (date(2026, 10, 13), "2026-10-13T15:59Z", False),
    ],
)
def test_a_night_explains_old_lights_and_a_day_does_not(day, clock, late):
    assert Upkeep(day, seen_at=None).lights_late(datetime.fromisoformat(clock)) is late


def test_an_empty_installation_is_not_late(db):
    assert read_upkeep(NOW) == Upkeep(TODAY, seen_at=None, full=False)


# What is read, and how often


def test_a_process_reads_it_once_in_a_while(db, monkeypatch, django_assert_num_queries):
    clock = iter([100.0, 114.0, 116.0, 116.0])
    monkeypatch.setattr(upkeeping, "monotonic", lambda: next(clock))
    upkeep_cache = UpkeepCache()
    # Runs, the oldest task, the calendar, the first light that is due.
    with django_assert_num_queries(4):
        upkeep_cache.get(NOW)
    with django_assert_num_queries(0):
        upkeep_cache.get(NOW)
    with django_assert_num_queries(4):
        upkeep_cache.get(NOW)


def test_a_worker_that_ended_as_it_should_was_seen(db):
    worker.record("worker:a", NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker.timezone, "now", lambda: NOW + timedelta(minutes=1))
        worker.end("worker:a")
    seen = read_upkeep(NOW)
    assert seen.seen_at == NOW + timedelta(minutes=1)
    assert JobRun.objects.get(name__startswith="worker").name == ENDED
    assert seen.silent(NOW + timedelta(minutes=5)) is False  # it is being restarted
    assert seen.silent(NOW + timedelta(minutes=7)) is True


def test_what_waits_and_was_backed_up_is_read(db):
    note.enqueue("x")
    DBTaskResult.objects.update(enqueued_at=NOW - timedelta(hours=2))
    JobRun.objects.create(name="backup", last_ran_at=NOW - timedelta(days=4), last_day=TODAY)
    seen = read_upkeep(NOW)
    assert (seen.tasks_wait(NOW), seen.backup_late(NOW)) == (True, True)
    # It was begun, and never ended well.
    JobRun.objects.update(last_ran_at=datetime(1970, 1, 1, tzinfo=UTC))
    assert read_upkeep(NOW).backed_up_at is None


# Who is told what

WELL = {"lights_on": date.max, "seen_at": NOW}
AGO = NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (WELL, None),
        (WELL | {"seen_at": AGO}, "后台服务自10月12日 08:30起未运行。较大的导出和导入"),
        (WELL | {"seen_at": None}, "后台服务从未运行。较大的导出和导入"),
        (WELL | {"waiting_since": AGO}, "后台任务自10月12日 08:30起一直在排队。"),
        (WELL | {"backed_up_at": NOW - timedelta(days=4)}, "最近一次备份时间为10月9日 08:30。"),
        (WELL | {"full": True}, "服务器磁盘已满"),
        (WELL | {"full": True, "seen_at": None}, "服务器磁盘已满"),
    ],
)
def test_overseers_are_told_the_worst_and_nobody_else_is(cast, facts, said):
    state = Upkeep(**facts)
    told = banners(state, cast.supervisor, NOW)
    assert [said in banner.message for banner in told] == ([True] if said else [])
    assert [banner.message.endswith("请告知系统管理员。") for banner in told] == (
        [True] if said else []
    )
    assert [
        banner.message.endswith("按其提示处理。") for banner in banners(state, cast.admin, NOW)
    ] == ([True] if said else [])
    for who in (cast.staff, cast.manager, cast.viewer, cast.outsider):
        assert banners(state, who, NOW) == ()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"seen_at": NOW}, "今天的更新尚未完成。"),
        ({"seen_at": None}, "后台服务从未运行。"),
        ({"seen_at": AGO}, "后台服务自10月12日 08:30起未运行。"),
    ],
)
def test_everybody_is_told_of_old_lights(cast, facts, said):
    for who in (cast.staff, cast.manager, cast.viewer, cast.outsider, cast.supervisor, cast.admin):
        (banner,) = banners(Upkeep(lights_on=date(2026, 10, 11), **facts), who, NOW)
        assert f"亮灯及相关数据截至10月11日。{said}" in banner.message


def test_from_november_on_overseers_are_told_that_the_calendar_ends(
    cast,
    sign_in,
    upkeep,
    time_machine,
):
    upkeep()
    for moment, told in (
        ("2026-10-31T15:59Z", False),
        ("2026-10-31T16:00Z", True),
        ("2027-02-01T00:00Z", True),
    ):
        now = datetime.fromisoformat(moment)
        time_machine.move_to(now, tick=False)
        worker.record("worker:a", now)
        for who, sees in (
            (cast.supervisor, told),
            (cast.admin, told),
            (cast.staff, False),
            (cast.viewer, False),
        ):
            assert ("2027年工作日历尚未录入" in text_of(sign_in(who), "/nowhere/")) is sees, (
                moment,
                who,
            )
    assert '<a href="/intakes/new/calendar/">导入工作日历</a>' in text_of(
        sign_in(cast.admin),
        "/nowhere/",
    )
    assert "/intakes/new/calendar/" in text_of(sign_in(cast.admin), "/admin/")
    assert "/intakes/new/calendar/" not in text_of(sign_in(cast.supervisor), "/nowhere/")
    CalendarDay.objects.create(day=date(2027, 10, 1), working=False)
    assert "尚未录入" not in text_of(sign_in(cast.supervisor), "/nowhere/")


# A proxy


def test_a_full_disk_makes_a_node_unready(db, monkeypatch):
    monkeypatch.setattr(disk, "free_bytes", lambda path: disk.MINIMUM_FREE - 1)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"not ready: the disk is full\n")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"lights_on": date(2026, 1, 1)}, b"ready, but: lights\n"),
        ({"seen_at": None}, b"ready, but: worker\n"),
        ({"waiting_since": datetime(2026, 1, 1, tzinfo=UTC)}, b"ready, but: queue\n"),
        ({"missing_years": (2027,)}, b"ready\n"),
    ],
)
def test_a_dead_worker_keeps_no_node_from_serving(db, upkeep, facts, words):
    upkeep(**facts)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.content) == (200, words)


def test_whatever_fails_readiness_is_no_crash(db, monkeypatch, caplog):
    def broken() -> dict[str, int]:
        raise ValueError("on purpose")

    monkeypatch.setattr(disk, "full_folders", broken)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"not ready: it could not be found out\n")
    assert "on purpose" in caplog.text
