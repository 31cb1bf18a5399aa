"""Tables brought in, beside what that is compared with, each step in its process; see `intakes`."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count, cycle, islice
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from threading import Event, Thread
from time import perf_counter

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone, translation
from openpyxl import load_workbook
from xlsxwriter import Workbook

from directives.backups.throwaway import InstallationError
from directives.base.states import STAFF, SUPERVISOR
from directives.catalogue.kinds import KINDS
from directives.core import jobs
from directives.intakes import starting
from directives.models import (
    Document,
    Intake,
    IntakeRow,
    LogEntry,
    Measure,
    Organisation,
    Plan,
    User,
)
from directives.models.documents import HEAVY
from directives.models.intakes import APPLIED, APPLYING, CHECKED, NEW, UNDOING, UNDONE
from directives.plans.commands import MeasureContent, add_measures, owed_obligations, start_plan
from directives.tables import reader
from directives.tables.xlsx import write_xlsx
from tests.bench.desks import person
from tests.bench.exports import LANGUAGE, ledger
from tests.bench.places import MIB

MEASURES = 100
EDITED = 500  # cells of the ledger
DAYS = 300  # that the log goes back
OFTEN = 0.1  # seconds between two looks at what processes hold
SEED = 4
FLOOR = "floor"  # the kind of no table
LONG_AGO = date(1949, 10, 1)
WORDS = (
    "召开贯彻落实推进会，听取各处室工作进展汇报",
    "赴基层单位调研，与职工群众座谈并收集意见建议",
    "印发工作通知，明确责任分工和时间要求",
    "开展业务培训，参训人员覆盖各直属单位",
    "对照任务清单逐项核查，督促整改存在问题",
)


@dataclass(frozen=True, slots=True)
class Laid:
    """A table to be brought in: by whom, its kind, what it belongs to, where it lies, its rows."""

    kind: str
    by: int
    place: dict[str, int]
    path: str
    rows: int


@dataclass(frozen=True, slots=True)
class Turn:
    """What one step took, and what it changed.

    Seconds, and those of them that were computing, in both processes; MiB at its peak that the
    process held, of which `mapped` belongs to the database's own file, and that the process it
    started held; rows that would change or were changed.
    """

    seconds: float
    computing: float
    peak: float
    mapped: float
    child: float
    rows: int


# what is brought in


def lay_table(now: datetime, *, kind: str, rows: int, path: str) -> Laid:
    """Write the table of one kind into this folder, with all that it needs in the database."""
    with translation.override(LANGUAGE):
        return (_log if kind == "log" else _ledger)(now, rows, Path(path))


def _log(now: datetime, rows: int, folder: Path) -> Laid:
    """New lines of the log for the measures of one plan, made with XlsxWriter as anybody would."""
    document = Document.objects.filter(fictional=True).defer(*HEAVY).order_by("pk").first()
    body = (
        Organisation.objects.filter(
            branch=False, obligations__document=document, obligations__state="underway"
        )
        .order_by("path")
        .first()
    )
    if body is None:
        raise InstallationError("This database holds no made-up work.")
    staff = person("bench-log", body, STAFF)
    plan = start_plan(document=document, organisation=body, by=staff, now=now)
    Plan.objects.filter(pk=plan.pk).update(state="draft")  # a throw-away database
    plan, due = Plan.objects.get(pk=plan.pk), list(owed_obligations(plan)[:20])
    contents = [
        MeasureContent(f"第{number}批专项措施：{words}", obligations=(one,))
        for number, words, one in _lines(due, plan)
    ]
    if contents:
        add_measures(plan, contents=contents, by=staff, now=now)
    numbers = list(
        Measure.objects.filter(plan=plan).order_by("number").values_list("number", flat=True)
    )
    file = folder / "log.xlsx"
    with Workbook(file) as workbook:
        sheet = workbook.add_worksheet("工作记录")
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ("措施", "日期", "做了什么"))
        today = timezone.localdate(now)
        for line in range(1, rows + 1):
            sheet.write_number(line, 0, numbers[line % len(numbers)])
            sheet.write_datetime(line, 1, today - timedelta(days=line % DAYS), day)
            sheet.write_string(
                line, 2, f"{WORDS[line % len(WORDS)]}（第{line}次，{now:%m%d%H%M%S}）"
            )
    return Laid(
        "log", staff.pk, {"document": document.pk, "organisation": body.pk}, str(file), rows
    )


def _lines(due: list, plan: Plan) -> Iterator[tuple]:
    missing = MEASURES - plan.measures.count()
    return islice(zip(count(1), cycle(WORDS), cycle(due), strict=False), max(0, missing))


def _ledger(now: datetime, rows: int, folder: Path) -> Laid:
    """Our own ledger as it goes out, with some cells edited."""
    made = ledger(now, rows)
    document = Document.objects.filter(fictional=True).defer(*HEAVY).order_by("pk").first()
    root = Organisation.objects.filter(parent=None, branch=True).order_by("path").first()
    edited = set(random.Random(SEED).sample(range(1, rows), min(EDITED, rows // 2)))
    mark = f"{now:%m%d%H%M%S}"

    def leader(row) -> str:
        return f"顾明远{mark}" if row.number in edited and row.body.pk != root.pk else row.leader

    columns = tuple(
        replace(column, value=leader) if column.key == "leader" else column
        for column in made.columns
    )
    file = folder / "obligations.xlsx"
    with file.open("wb") as out:
        write_xlsx(replace(made, columns=columns), out)
    return Laid(
        "obligations",
        person("bench-above", root, SUPERVISOR).pk,
        {"document": document.pk},
        str(file),
        rows,
    )


# what it is compared with


def parse(now: datetime, laid: Laid) -> Callable[[], int]:
    """openpyxl alone, every row of every sheet as a tuple."""

    def read() -> int:
        book = load_workbook(laid.path, read_only=True, data_only=True)
        rows = sum(1 for sheet in book.worksheets for row in sheet.iter_rows(values_only=True))
        book.close()
        return rows

    return read


def read(now: datetime, laid: Laid) -> Callable[[], int]:
    """The same rows through the limited process, with its start and the package's checks."""

    def through() -> int:
        with reader.read(laid.path, Path(laid.path).name) as opened:
            return sum(1 for table in opened.tables for _row in opened.rows(table))

    return through


def checked_rows(now: datetime, laid: Laid) -> Callable[[], int]:
    """One bulk_create of rows as a dry run keeps them."""
    after = {"measure": "12. 第1批专项措施", "on": "2026-03-01", "text": WORDS[0]}
    intake = Intake.objects.create(
        kind=FLOOR, by_id=laid.by, at=now, file="x", name="x", size=1, sha256="0", language=LANGUAGE
    )

    def insert() -> int:
        said = {
            "intake": intake,
            "sheet": "Sheet1",
            "verdict": NEW,
            "label": WORDS[1],
            "after": after,
        }
        made = (IntakeRow(number=number, line=number, **said) for number in range(laid.rows))
        return len(IntakeRow.objects.bulk_create(made, batch_size=500))

    return insert


def log_rows(now: datetime, laid: Laid) -> Callable[[], int]:
    """One bulk_create of rows as the log has them."""
    measure = Measure.objects.order_by("pk").last()

    def insert() -> int:
        made = (
            LogEntry(
                measure=measure, on=LONG_AGO, text=f"{WORDS[2]}{n}", by_id=laid.by, created_at=now
            )
            for n in range(laid.rows)
        )
        return len(LogEntry.objects.bulk_create(made, batch_size=500))

    return insert


def _computed() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in (getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN))
    )


def clear(laid: Laid) -> None:
    """Take away what was written for comparison."""
    Intake.objects.filter(kind=FLOOR).delete()
    LogEntry.objects.filter(on=LONG_AGO).delete()


# the steps


def dry_run(now: datetime, laid: Laid) -> Callable[[], int]:
    path = Path(laid.path)
    with transaction.atomic():
        by = User.objects.get(pk=laid.by)
        upload = SimpleUploadedFile(path.name, path.read_bytes())
        intake = starting.start_intake(
            kind=KINDS[laid.kind],
            place=laid.place,
            upload=upload,
            language=LANGUAGE,
            by=by,
            now=now,
        )

    def run() -> int:
        jobs.run("intake", intake.pk)
        return _changes(intake.pk, CHECKED)

    return run


def apply(now: datetime, laid: Laid) -> Callable[[], int]:
    pk = Intake.objects.filter(kind=laid.kind, state=CHECKED).order_by("pk").last().pk
    Intake.objects.filter(pk=pk).update(state=APPLYING, asked_at=now)

    def run() -> int:
        jobs.run("intake", pk)
        return _changes(pk, APPLIED)

    return run


def undo(now: datetime, laid: Laid) -> Callable[[], int]:
    pk = Intake.objects.filter(kind=laid.kind, state=APPLIED).order_by("pk").last().pk
    Intake.objects.filter(pk=pk).update(state=UNDOING, asked_at=now)

    def run() -> int:
        jobs.run("intake", pk)
        return _changes(pk, UNDONE)

    return run


def _changes(pk: int, state: str) -> int:
    """The rows that change something, once the intake is in that state.

    Raises InstallationError if it is not.
    """
    intake = Intake.objects.get(pk=pk)
    if intake.state != state or intake.counts.get("wrong"):
        raise InstallationError(f"{intake.kind}: {intake.state} {intake.counts} {intake.fault}")
    return sum(intake.counts.get(verdict, 0) for verdict in ("new", "changed", "conflict"))


FLOORS = {"insert": checked_rows, "entries": log_rows}
WAYS = {**FLOORS, "parse": parse, "read": read, "check": dry_run, "apply": apply, "undo": undo}


def turn(now: datetime, *, way: str, laid: Laid) -> Turn:
    """One step or floor, measured."""
    with translation.override(LANGUAGE):
        step = WAYS[way](now, laid)
        with _watched() as held:
            begun, cpu = perf_counter(), _computed()
            rows = step()
            seconds, computing = perf_counter() - begun, _computed() - cpu
        if way in FLOORS:
            clear(laid)
    return Turn(
        seconds, computing, held["VmHWM"] / MIB, held["RssFile"] / MIB, held["child"] / MIB, rows
    )


# memory


@contextmanager
def _watched() -> Iterator[dict[str, float]]:
    """What this process and those that it starts hold at their peak, in bytes.

    Looked at now and then, complete at the end.
    """
    held, over = {"child": 0.0}, Event()
    idle = _memory(os.getpid()).get("RssFile", 0)

    def watch() -> None:
        while not over.wait(OFTEN):
            held["child"] = max(held["child"], _children())

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield held
    finally:
        over.set()
        watcher.join()
        mine = _memory(os.getpid())
        held |= {"VmHWM": mine.get("VmHWM", 0), "RssFile": mine.get("RssFile", 0) - idle}


def _children() -> float:
    """The most that the processes started here held at their peak, together."""
    lists = (task / "children" for task in Path("/proc/self/task").iterdir())
    found = {
        pid
        for listed in lists
        if listed.exists()
        for pid in listed.read_text(encoding="ascii").split()
    }
    return sum(_memory(int(pid)).get("VmHWM", 0) for pid in found)


def _memory(pid: int) -> dict[str, float]:
    """The kernel's figures of one process, in bytes; empty where it tells none."""
    try:
        lines = (
            Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
        )
    except OSError:
        return {}
    return {
        name: int(told.split()[0]) * 1024
        for name, _colon, told in (line.partition(":") for line in lines)
        if told.endswith("kB")
    }
