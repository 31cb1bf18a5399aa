"""Whatever process is killed, at whatever moment: the act is done once, or offered again, and its page and a notice say so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from directives import issuing, reporting, tallies
from directives.calendaring import enter
from directives.intake import applying, starting
from directives.intake.kinds import KINDS
from directives.jobs import running
from directives.models import (
    CalendarDay,
    Carried,
    Cycle,
    Event,
    Intake,
    IntakeRow,
    JobProgress,
    JobRun,
    Notice,
    Obligation,
    Organisation,
    Submission,
    User,
)
from directives.reporting import EntryFields
from directives.sheets import exporting
from directives.sheets.lists import Asked
from tests.factories import make_body, make_directive, make_member, make_obligation, make_section, make_user
from tests.kills import AFTER, Kills, points

CONSTANTS = {
    "directives.issuing.parts.PART": 4, "directives.reporting.cycles.PART": 2, "directives.ticking.BATCH": 4,
    "directives.intake.acts.BATCH": 5, "directives.intake.checking.BATCH": 5, "directives.sheets.carrying.EVERY": 600,
}  # fmt: skip
BODIES, ROWS = 6, 12
IDLE = "后台服务没有运行"


def address() -> str:
    """The test database, as another process reaches it."""
    told = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{told['NAME']}"
    return f"postgres://{told['USER']}:{told['PASSWORD']}@{told['HOST']}:{told['PORT']}/{told['NAME']}"


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("killed")


@pytest.fixture(scope="module")
def processes(var: Path, django_db_setup: None) -> Iterator[Kills]:
    kills = Kills(address(), str(var))
    yield kills
    kills.end()


@dataclass
class World:
    """A small office: a supervisor above some bodies that owe nothing yet, and an administrator."""

    processes: Kills
    sign_in: Callable[[User], Client]
    number: int = 0
    directives: list = field(default_factory=list)

    def __post_init__(self) -> None:
        self.centre = make_body("C", kind="centre")
        self.bodies = [make_body(f"B{number}", parent=self.centre) for number in range(BODIES)]
        self.boss = make_member(self.centre, "supervisor", "boss", email="boss@example.org")
        self.staff = [make_member(body, "staff", f"staff{number}") for number, body in enumerate(self.bodies)]
        self.admin = make_user("admin", is_staff=True, is_superuser=True)

    def fresh(self) -> int:
        """A number that was not given before: each turn of an act is about something of its own."""
        self.number += 1
        return self.number

    def new_directives(self) -> list:
        section = make_section()
        return [make_directive(section), make_directive(section)]

    def owing(self) -> list[Obligation]:
        return [make_obligation(row, body) for row in self.new_directives() for body in self.bodies]

    def order(self, do: str, **order: Any) -> list[str] | None:
        return self.processes(do, constants=CONSTANTS, **order)

    def post(self, user: User, path: str, form: dict, **order: Any) -> list[str] | None:
        """A form sent to a web process, with the cookies of a browser."""
        client = self.sign_in(user)
        client.get("/intakes/")
        token = client.cookies["csrftoken"].value
        cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        return self.order("request", path=path, form=form | {"csrfmiddlewaretoken": token}, cookie=cookie, **order)

    def page(self, user: User, path: str) -> str:
        answer = self.sign_in(user).get(path)
        assert answer.status_code == 200
        return answer.content.decode()

    def time_passes(self) -> None:
        """Hearts that stopped are seen to have, and what waits for some seconds has waited."""
        long_ago = timezone.now() - timedelta(minutes=5)
        JobRun.objects.workers().update(last_ran_at=long_ago)
        DBTaskResult.objects.filter(status="READY", run_after__lt=timezone.now() + timedelta(days=1)).update(run_after=long_ago)
        for model in running.MODELS.values():
            model.objects.exclude(moved_at=None).update(moved_at=long_ago)

    def rescue(self) -> None:
        self.time_passes()
        self.order("work", rescue=True)


class LongAct:
    """One kind of long act: how it is asked for, what shows that it was done once, and by whom it was asked for."""

    kind = ""  # of its notice
    by = "boss"
    web = False  # a web process carries it out at once

    def __init__(self, world: World) -> None:
        self.world = world

    def ask(self) -> Carried:
        """Ask for it, in a transaction that is committed; returns its row."""
        raise NotImplementedError

    def done(self, row: Carried) -> bool:
        """It is done, wholly and once."""
        raise NotImplementedError

    def begin(self, kill: float | None = None) -> tuple[Carried, list[str] | None]:
        """Ask for it and have a process carry it out, which is killed; returns the row and the statements."""
        row = self.ask()
        return row, self.world.order("work", kill=kill)


class Issue(LongAct):
    kind = "act_done"

    def ask(self):
        directives = self.world.new_directives()
        choice = issuing.Choice(frozenset(row.pk for row in directives), (issuing.Pick(),))
        terms = issuing.Terms()
        return issuing.issue_in_parts(
            document=directives[0].document, choice=choice, terms=terms, by=self.world.boss, now=timezone.now(),
        )  # fmt: skip

    def done(self, row):
        given = Obligation.objects.filter(document=row.document_id)
        told = Notice.objects.filter(kind="issued", facts__document=f"《{row.document.title_hans}》")
        written = Event.objects.filter(document_id=row.document_id, action="issue").count()
        return (row.state, row.made, given.count(), told.count(), written) == ("done", 12, 12, BODIES, 12)


class OpenCycle(LongAct):
    kind = "act_done"

    def ask(self):
        document = self.world.owing()[0].document
        was, reporting.cycles.AT_ONCE = reporting.cycles.AT_ONCE, 0
        try:
            opening = {"year": 2026, "period": "quarter", "number": 3, "opens_on": date(2026, 9, 17), "due_on": date(2026, 10, 15)}
            cycle = reporting.open_cycle(document=document, by=self.world.boss, now=timezone.now(), **opening)
        finally:
            reporting.cycles.AT_ONCE = was
        return reporting.job_of(cycle)

    def done(self, row):
        cycle = Cycle.objects.get(document=row.document_id)
        told = Notice.objects.filter(kind="cycle", facts__document=f"《{row.document.title_hans}》")
        clocks = Obligation.objects.filter(document=row.document_id, report_due_on=cycle.due_on)
        return (row.state, row.made, cycle.reports.count(), told.count(), clocks.count()) == ("done", 6, BODIES, BODIES, 12)


class Relight(LongAct):
    kind, by = "act_done", "admin"

    def ask(self):
        today = timezone.localdate()
        due = CalendarDay.objects.workdays(today).add(today, 6)
        Obligation.objects.update(due_on=due, percent=95, plan_due_on=None, report_due_on=None)
        if not Obligation.objects.exists():
            self.world.owing()
        with tallies.counted():
            Obligation.objects.update(light="grey" if Obligation.objects.first().light != "grey" else "red", light_code="")
        tallies.rebuild()
        self.day = today + timedelta(days=1000 + self.world.fresh())
        enter([CalendarDay(day=self.day, working=False)], {}, by=self.world.admin, now=timezone.now())
        return JobProgress.objects.get(kind="relight", state="waiting")

    def done(self, row):
        lights = set(Obligation.objects.values_list("light", flat=True))
        return (row.state, row.done, row.made, lights) == ("done", 12, 12, lights - {"grey"})


class Table(LongAct):
    """A table of bodies, brought in by the administrator in a web process."""

    kind, by, web = "", "admin", True

    def text(self, number: int) -> str:
        return "代码,名称,上级单位\n" + "".join(f"T{number}-{row},单位{number}之{row},C\n" for row in range(ROWS))

    def made(self, row: Intake) -> int:
        return Organisation.objects.filter(code__startswith=f"{row.name.removesuffix('.csv')}-").count()

    def new(self) -> Intake:
        """One that is uploaded, and checked here, in the process of the test."""
        number = self.world.fresh()
        upload = SimpleUploadedFile(f"T{number}.csv", self.text(number).encode())
        row = starting.bring_in(kind=KINDS["bodies"], place={}, upload=upload, language="zh-hans", by=self.world.admin, now=timezone.now())
        row.refresh_from_db()
        assert row.state == "checked"
        return row

    def press(self, row: Intake, act: str, kill: float | None) -> list[str] | None:
        form = {"idempotency_key": f"00000000-0000-0000-0000-{self.world.fresh():012}", "version": row.version}
        return self.world.post(self.world.admin, f"/intakes/{row.pk}/{act}/", form, act=act, kill=kill)


class Check(Table):
    def begin(self, kill=None):
        row = self.new()
        return row, self.press(row, "check", kill)

    def done(self, row):
        return (row.state, row.counts, IntakeRow.objects.filter(intake=row).count(), self.made(row)) == ("checked", {"new": ROWS}, ROWS, 0)


class Apply(Table):
    def begin(self, kill=None):
        row = self.new()
        return row, self.press(row, "apply", kill)

    def done(self, row):
        events = Event.objects.filter(action="import", subject_id=row.pk, subject_type="intake").count()
        return (row.state, row.done, self.made(row), events) == ("applied", ROWS, ROWS, 1)


class Undo(Table):
    def begin(self, kill=None):
        row = self.new()
        applying.apply(row, by=self.world.admin, now=timezone.now())
        row.refresh_from_db()
        assert (row.state, self.made(row)) == ("applied", ROWS)
        return row, self.press(row, "undo", kill)

    def done(self, row):
        events = Event.objects.filter(action="undo_import", subject_id=row.pk).count()
        return (row.state, self.made(row), events) == ("undone", 0, 1)


class WorkerApply(Apply):
    """The same for a table too long for a web process."""

    kind, web = "act_done", False

    def begin(self, kill=None):
        row = self.new()
        was, applying.acts.AT_ONCE_ROWS = applying.acts.AT_ONCE_ROWS, 0
        try:
            applying.apply(row, by=self.world.admin, now=timezone.now())
        finally:
            applying.acts.AT_ONCE_ROWS = was
        return row, self.world.order("work", kill=kill)


class Exporting(LongAct):
    kind = "export_ready"

    def ask(self):
        if not Obligation.objects.exists():
            self.world.owing()
        now, boss = timezone.now(), self.world.boss
        asked = Asked(boss, QueryDict(""), timezone.localdate(now), now, None)
        return exporting.ask(
            key="ledger", place={}, query="", wanted="csv", asked=asked, language="zh-hans", by=boss, now=now,
        )  # fmt: skip

    def done(self, row):
        if row.state != "ready":
            return False
        with row.file.open("rb") as file:
            return len(file.read().decode("utf-8-sig").splitlines()) == 13


@pytest.fixture
def world(transactional_db: None, processes: Kills, var: Path, settings: Any, sign_in: Callable) -> World:
    settings.MEDIA_ROOT = var / "files"
    return World(processes, sign_in)


@pytest.mark.parametrize("kind", [Issue, OpenCycle, Relight, Check, Apply, Undo, WorkerApply, Exporting])
def test_an_act_whose_process_is_killed_is_carried_out_all_the_same(world, kind):
    """Before its first write, in the middle, just before its last commit; nothing twice, nothing half."""
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
        assert (IDLE in page, "<form" in page.partition("<main")[2] or kind is Relight) == (True, True)
        world.rescue()
        row.refresh_from_db()
        assert act.done(row), (point, row.state, row.fault)
        assert tallies.drift() == []
        assert IDLE not in world.page(by, row.get_absolute_url())
        told = Notice.objects.filter(user=by, kind__in=("act_done", "export_ready")).values_list("kind", "url")
        assert list(told) == [(act.kind or "act_done", row.get_absolute_url())]


def test_killed_again_and_again_at_the_same_point_it_stops_and_a_person_goes_on(world):
    act = Issue(world)
    _row, said = act.begin()
    row, _said = act.begin(kill=points(said)[1])
    for _worker in range(3):
        world.time_passes()
        world.order("work", kill=said.index("COMMIT"), rescue=True)
    row.refresh_from_db()
    assert (row.state, row.done < row.total, row.done > 0, tallies.drift()) == ("stopped", True, True, [])
    page = world.page(world.boss, row.get_absolute_url())
    assert ("在同一处中断了三次" in page, f'action="/jobs/{row.pk}/go-on/"' in page, "hx-trigger" in page) == (True, True, False)
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
    for kill in (None, None, 0, 1, 2):  # the first copies the day before, too
        Obligation.objects.update(light="yellow", light_code="", light_on=None, light_changes_on=date(2000, 1, 1))
        tallies.rebuild()
        JobRun.objects.filter(name="tick").update(last_day=date(2000, 1, 1), held_by="")
        said = world.order("tick", kill=None if kill is None else places[kill])
        if kill is None:
            places = points(said)
        else:
            assert said is None
            assert tallies.drift() == []
            assert world.order("tick") is not None  # a living worker has it, as far as anybody knows
            world.time_passes()
            world.order("tick")
        wrong = Obligation.objects.filter(light_changes_on__lte=timezone.localdate()).count()
        assert (wrong, tallies.drift(), JobRun.objects.get(name="tick").last_day) == (0, [], timezone.localdate())
    assert rows == Obligation.objects.count()


def test_a_report_whose_web_process_is_killed_is_handed_in_once(world):
    """Until the commit nothing has happened; after it, the same form sent again finds it done."""
    body, staff = world.bodies[0], world.staff[0]
    said = None
    for number, kill in enumerate((None, 0, 1, 2, 2 + AFTER)):
        row = make_obligation(make_directive(), body)
        opening = {"year": 2026, "period": "quarter", "number": 3, "opens_on": date(2026, 9, 17), "due_on": date(2026, 10, 15)}
        cycle = reporting.open_cycle(document=row.document, by=world.boss, now=timezone.now(), **opening)
        report = reporting.begin(report=cycle.reports.get(), by=staff, now=timezone.now())
        entry = report.entries.get()
        fields = EntryFields("已印发", "缺人", "补人", 60)
        reporting.save_entry(entry=entry, fields=fields, version=entry.version, by=staff, now=timezone.now())
        form = {"idempotency_key": f"00000000-0000-0000-0000-00000000010{number}", "entry": entry.pk}
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
        assert (Submission.objects.filter(report=report).count(), sent, tallies.drift()) == (1, 1, [])
        mails = DBTaskResult.objects.filter(task_path="directives.notices.mail").count()
        assert mails == number + 1  # a mail of the notice waits in the queue, whenever the process died
