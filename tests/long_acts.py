"""A small office, and every kind of long act in it.

How it is asked for, and what shows that it was done once.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from directives import tallies
from directives.catalogue.kinds import KINDS
from directives.core.jobs import running
from directives.core.working_calendar import change_days
from directives.documents.commands import slow_reading, slow_registering
from directives.documents.commands.frames import frame_read
from directives.documents.ingest.reading import read
from directives.downloads import exporting
from directives.intakes import applying, starting
from directives.models import (
    BackgroundJob,
    CalendarDay,
    Cycle,
    Document,
    Event,
    Intake,
    IntakeRow,
    JobProgress,
    JobRun,
    Notice,
    Obligation,
    Organisation,
    User,
)
from directives.obligations.commands import bulk_issuing, choosing, issuing
from directives.reports import commands as reporting
from directives.tables.lists import ListQuery
from tests.factories import (
    make_body,
    make_directive,
    make_member,
    make_obligation,
    make_section,
    make_user,
)
from tests.kills import Kills
from tests.spare import PATIENCE, spare_port, wait_for

CONSTANTS = {
    "directives.obligations.commands.bulk_issuing.PART": 4,
    "directives.reports.commands.cycles.PART": 2,
    "directives.core.relighting.BATCH": 4,
    "directives.intakes.acts.BATCH": 5,
    "directives.intakes.checking.BATCH": 5,
    "directives.downloads.export_job.PROGRESS_INTERVAL": 600,
    "directives.documents.commands.slow_registering.STEP": 1,
}
BODIES, ROWS = 6, 12
OPENING = {
    "year": 2026,
    "period": "quarter",
    "number": 3,
    "opens_on": date(2026, 9, 17),
    "due_on": date(2026, 10, 15),
}


def address() -> str:
    """The test database, as another process reaches it."""
    told = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{told['NAME']}"
    return (
        f"postgres://{told['USER']}:{told['PASSWORD']}@{told['HOST']}:{told['PORT']}/{told['NAME']}"
    )


@dataclass
class World:
    """A small office: a supervisor above some bodies that owe nothing yet, and an administrator."""

    processes: Kills
    sign_in: Callable[[User], Client]
    files: Path
    number: int = 0

    def __post_init__(self) -> None:
        self.centre = make_body("C", kind="centre")
        self.bodies = [make_body(f"B{number}", parent=self.centre) for number in range(BODIES)]
        self.boss = make_member(self.centre, "supervisor", "boss", email="boss@example.org")
        self.staff = [
            make_member(body, "staff", f"staff{number}") for number, body in enumerate(self.bodies)
        ]
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
        token, cookie = self.cookies(user)
        return self.order(
            "request", path=path, form=form | {"csrfmiddlewaretoken": token}, cookie=cookie, **order
        )

    def cookies(self, user: User) -> tuple[str, str]:
        """The token of a form, and the cookies."""
        client = self.sign_in(user)
        client.get("/intakes/")
        cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        return client.cookies["csrftoken"].value, cookie

    def page(self, user: User, path: str) -> str:
        answer = self.sign_in(user).get(path)
        assert answer.status_code == 200
        return answer.content.decode()

    def worker(self) -> subprocess.Popen:
        """A real one."""
        return subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            cwd=settings.BASE_DIR,
            env=self.processes.environment,
        )

    @contextmanager
    def gunicorn(self) -> Iterator[tuple[subprocess.Popen, int]]:
        """A real web server, and its port."""
        port = spare_port()
        options = [
            "--workers=1",
            "--worker-class=gthread",
            "--threads=4",
            "--timeout=60",
            "--no-control-socket",
            "--log-level=critical",
        ]
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "qunzhu_tracker.wsgi:application",
            f"--bind=127.0.0.1:{port}",
            *options,
        ]
        server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=self.processes.environment)
        try:
            assert wait_for(partial(answers, port))
            yield server, port
        finally:
            if server.poll() is None:
                server.terminate()
                server.wait()

    def send(self, cookies: tuple[str, str], port: int, path: str, version: int) -> None:
        """Press a button of the administrator's; the server may die before it answers."""
        token, cookie = cookies
        form = {"csrfmiddlewaretoken": token, "version": version, "idempotency_key": str(uuid4())}
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        with suppress(ConnectionError, HTTPException), closing(connection):
            connection.request("POST", path, urlencode(form), headers)
            connection.getresponse().read()

    def time_passes(self) -> None:
        """Hearts that stopped are seen to have, and what waits for some seconds has waited."""
        long_ago = timezone.now() - timedelta(minutes=5)
        JobRun.objects.workers().update(last_ran_at=long_ago)
        DBTaskResult.objects.filter(
            status="READY", run_after__lt=timezone.now() + timedelta(days=1)
        ).update(run_after=long_ago)
        for model in running.MODELS.values():
            model.objects.exclude(moved_at=None).update(moved_at=long_ago)

    def rescue(self) -> None:
        self.time_passes()
        self.order("work", rescue=True)


def answers(port: int) -> bool:
    with (
        suppress(OSError, HTTPException),
        closing(HTTPConnection("127.0.0.1", port, timeout=5)) as asked,
    ):
        asked.request("GET", "/healthz")
        return asked.getresponse().status == 200
    return False


@contextmanager
def nothing_at_once(module: Any, limit: str) -> Iterator[None]:
    """However little there is to do, it is left to the worker."""
    before = getattr(module, limit)
    setattr(module, limit, 0)
    try:
        yield
    finally:
        setattr(module, limit, before)


class LongAct:
    """One kind of long act.

    How it is asked for, what shows that it was done once, and by whom it was asked for.
    """

    kind = "act_done"  # of its notice
    by = "boss"

    def __init__(self, world: World) -> None:
        self.world = world

    def ask(self) -> BackgroundJob:
        """Ask for it, in a transaction that is committed; returns its row."""
        raise NotImplementedError

    def done(self, row: BackgroundJob) -> bool:
        """It is done, wholly and once."""
        raise NotImplementedError

    def begin(self, kill: float | None = None) -> tuple[BackgroundJob, list[str] | None]:
        """Ask for it and have a process carry it out, which is killed.

        Returns the row and the statements.
        """
        row = self.ask()
        return row, self.world.order("work", kill=kill)


class Issue(LongAct):
    def ask(self):
        directives = self.world.new_directives()
        choice = choosing.Choice(frozenset(row.pk for row in directives), (choosing.BodyGroup(),))
        terms = issuing.Terms()
        return bulk_issuing.issue_in_parts(
            document=directives[0].document,
            choice=choice,
            terms=terms,
            by=self.world.boss,
            now=timezone.now(),
        )

    def done(self, row):
        given = Obligation.objects.filter(document=row.document_id)
        told = Notice.objects.filter(
            kind="issued", facts__document=f"《{row.document.title_hans}》"
        )
        written = Event.objects.filter(document_id=row.document_id, action="issue").count()
        return (row.state, row.made, given.count(), told.count(), written) == (
            "done",
            12,
            12,
            BODIES,
            12,
        )


class OpenCycle(LongAct):
    def ask(self):
        document = self.world.owing()[0].document
        with nothing_at_once(reporting.cycles, "AT_ONCE"):
            cycle = reporting.open_cycle(
                document=document, by=self.world.boss, now=timezone.now(), **OPENING
            )
        return reporting.opening_job(cycle)

    def done(self, row):
        cycle = Cycle.objects.get(document=row.document_id)
        told = Notice.objects.filter(kind="cycle", facts__document=f"《{row.document.title_hans}》")
        clocks = Obligation.objects.filter(document=row.document_id, report_due_on=cycle.due_on)
        return (row.state, row.made, cycle.reports.count(), told.count(), clocks.count()) == (
            "done",
            6,
            BODIES,
            BODIES,
            12,
        )


class Relight(LongAct):
    by = "admin"

    def ask(self):
        today = timezone.localdate()
        due = CalendarDay.objects.workdays(today).add(today, 6)
        Obligation.objects.update(due_on=due, percent=95, plan_due_on=None, report_due_on=None)
        if not Obligation.objects.exists():
            self.world.owing()
        with tallies.counted():
            Obligation.objects.update(
                light="undue" if Obligation.objects.first().light != "grey" else "red",
                light_code="",
            )
        tallies.rebuild()
        self.day = today + timedelta(days=1000 + self.world.fresh())
        change_days(
            [CalendarDay(day=self.day, working=False)], {}, by=self.world.admin, now=timezone.now()
        )
        return JobProgress.objects.get(kind="relight", state="waiting")

    def done(self, row):
        lights = set(Obligation.objects.values_list("light", flat=True))
        return (row.state, row.done, row.made, lights) == ("done", 12, 12, lights - {"undue"})


class Table(LongAct):
    """A table of bodies, brought in by the administrator in a web process."""

    by = "admin"

    rows = ROWS

    def text(self, number: int) -> str:
        return "编码,名称,上级单位\n" + "".join(
            f"T{number}-{row},单位{number}之{row},C\n" for row in range(self.rows)
        )

    def made(self, row: Intake) -> int:
        return Organisation.objects.filter(
            code__startswith=f"{row.name.removesuffix('.csv')}-"
        ).count()

    def new(self) -> Intake:
        """One that is uploaded, and checked here, in the process of the test."""
        number = self.world.fresh()
        upload = SimpleUploadedFile(f"T{number}.csv", self.text(number).encode())
        row = starting.start_intake(
            kind=KINDS["bodies"],
            place={},
            upload=upload,
            language="zh-hans",
            by=self.world.admin,
            now=timezone.now(),
        )
        row.refresh_from_db()
        assert row.state == "checked"
        return row

    def press(self, row: Intake, act: str, kill: float | None) -> list[str] | None:
        form = {
            "idempotency_key": f"00000000-0000-0000-0000-{self.world.fresh():012}",
            "version": row.version,
        }
        return self.world.post(
            self.world.admin, f"/intakes/{row.pk}/{act}/", form, act=act, kill=kill
        )


class Check(Table):
    def begin(self, kill=None):
        row = self.new()
        return row, self.press(row, "check", kill)

    def done(self, row):
        return (
            row.state,
            row.counts,
            IntakeRow.objects.filter(intake=row).count(),
            self.made(row),
        ) == ("checked", {"new": ROWS}, ROWS, 0)


class Apply(Table):
    def begin(self, kill=None):
        row = self.new()
        return row, self.press(row, "apply", kill)

    def done(self, row):
        events = Event.objects.filter(
            action="import", subject_id=row.pk, subject_type="intake"
        ).count()
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

    def begin(self, kill=None):
        row = self.new()
        with nothing_at_once(applying.acts, "AT_ONCE_ROWS"):
            applying.apply(row, by=self.world.admin, now=timezone.now())
        return row, self.world.order("work", kill=kill)


class Exporting(LongAct):
    kind = "export_ready"

    def ask(self):
        if not Obligation.objects.exists():
            self.world.owing()
        now, boss = timezone.now(), self.world.boss
        asked = ListQuery(boss, QueryDict(""), timezone.localdate(now), now, None)
        return exporting.ask(
            key="ledger",
            place={},
            query="",
            format_key="csv",
            list_request=asked,
            language="zh-hans",
            by=boss,
            now=now,
        )

    def done(self, row):
        kept = list((self.world.files / "exports").rglob(f"{row.pk}.*"))
        if row.state != "ready" or len(kept) != 1 or kept[0].stat().st_size != row.size:
            return False
        with row.file.open("rb") as file:
            return len(file.read().decode("utf-8-sig").splitlines()) == 13


class Read(LongAct):
    """A document that takes long to read."""

    def ask(self):
        title = f"关于第{self.world.fresh()}项工作的意见"
        text = f"{title}\n一、健全制度\n各单位要建立制度。要定期开会。\n"
        return slow_reading.start_reading(
            upload=slow_reading.Upload(text.encode(), "意见.txt"),
            by=self.world.boss,
            now=timezone.now(),
        )

    def done(self, row):
        if (row.state, row.made) != ("done", 2):
            return False
        return (
            slow_reading.reading_of(row).text_read == slow_reading.upload_of(row).content.decode()
        )


class Register(LongAct):
    """A document of more sentences than a person should wait for."""

    def ask(self):
        title = f"关于第{self.world.fresh()}项工作的意见"
        text = f"{title}\n一、健全制度\n各单位要建立制度。要定期开会。\n"
        upload = slow_reading.Upload(text.encode(), "意见.txt")
        reading = read(upload.content, name=upload.name)
        return slow_registering.start_registering(
            reading=reading,
            upload=upload,
            read_by=None,
            by=self.world.boss,
            now=timezone.now(),
            organisation=None,
            fictional=False,
            frame=frame_read(reading),
        )

    def done(self, row):
        if row.state != "done":
            stored = Document.objects.filter(title=f"关于第{self.world.number}项工作的意见")
            assert not stored.exists(), "a document that is stored in part"
            return False
        written = Event.objects.filter(document_id=row.document_id, action="register").count()
        return (row.made, row.document.directives.count(), written) == (2, 2, 1)


class LongTable(Table):
    """One of as many rows as a web process carries out at once, nearly."""

    rows = 1500

    def ready(self, act: str) -> Intake:
        """A table for which the button of this act stands on its page."""
        row = self.new()
        if act == "undo":
            applying.apply(row, by=self.world.admin, now=timezone.now())
            row.refresh_from_db()
        return row

    def whole(self, row: Intake, act: str, *, carried: bool) -> bool:
        """Nothing half, nothing twice.

        What was `carried` out in part when the process died is done.
        """
        ends = {"apply": ("applied",), "undo": ("undone",), "check": ("checked",)}[act]
        if not carried:
            ends += {"apply": ("checked",), "undo": ("applied",), "check": ()}[act]
        written = self.rows if row.state == "applied" else 0
        return (
            row.state in ends
            and self.made(row) == written
            and IntakeRow.objects.filter(intake=row).count() == self.rows
        )


ACTS = (Issue, OpenCycle, Relight, Check, Apply, Undo, WorkerApply, Exporting, Read, Register)
