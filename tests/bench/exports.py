"""The ledger written as a workbook in several ways, each in a process of its own; see `sheets`."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain, cycle, islice, repeat
from tempfile import TemporaryFile
from threading import Event, Thread
from time import perf_counter, process_time
from typing import BinaryIO

from django.db import connection
from django.db.models import Prefetch
from django.urls import get_resolver
from django.utils import timezone, translation
from import_export import fields, resources
from xlsxwriter import Workbook

from directives.backups.throwaway import InstallationError
from directives.base.states import HANDED_IN, LEAD
from directives.base.wording import describe_light
from directives.models import CalendarDay, Document, ItemState, Measure, Obligation
from directives.models.documents import HEAVY
from directives.obligations.exports.ledger import Today, book
from directives.obligations.queries.filters import ObligationFilter
from directives.tables.book import Book, cell_value
from directives.tables.row_writer import NUMBER_FORMATS
from directives.tables.xlsx import write_xlsx
from tests.bench.places import MIB

LANGUAGE = "zh-hans"
# Those of FIELD.md; ours has the deadline as worded too, and two by which a file comes back.
COLUMNS = 18
SAMPLE = 1_000  # rows of the ledger, evenly spread, that the bare writer is fed
LOOK = 0.05  # seconds between two looks at the memory
STATUS = "/proc/self/status"
CLEAR = "/proc/self/clear_refs"


@dataclass(frozen=True, slots=True)
class Export:
    """What one way of writing took, and what it wrote.

    Seconds, and seconds of a processor; MiB at its peak over what the idle process held, and how
    many of them were its own: the others are pages of files, such as SQLite maps of its database,
    and the system takes them back at will; bytes of the file.
    """

    rows: int
    seconds: float
    busy: float
    peak: float
    own: float
    bytes: int


def _memory(name: str) -> int:
    """A line of the process's memory, in KiB; 0 where the kernel does not tell."""
    try:
        with open(STATUS, encoding="ascii") as lines:
            return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)
    except OSError:
        return 0


class Watch(Thread):
    """Looks now and then at how much memory is the process's own."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.idle = self.most = _memory("RssAnon")
        self.over = Event()

    def run(self) -> None:
        while not self.over.wait(LOOK):
            self.most = max(self.most, _memory("RssAnon"))

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.over.set()
        self.join()


def _measured(write: Callable[[BinaryIO], int]) -> Export:
    """Carry out one way of writing, with the peak of memory counted from now on."""
    if os.access(CLEAR, os.W_OK):
        with open(CLEAR, "w", encoding="ascii") as file:
            file.write("5")  # the peak is what is held now
    idle = _memory("VmRSS")
    with TemporaryFile() as file, Watch() as watch:
        begun, busy = perf_counter(), process_time()
        rows = write(file)
        seconds, busy = perf_counter() - begun, process_time() - busy
        size = file.seek(0, os.SEEK_END)
    return Export(
        rows,
        seconds,
        busy,
        (_memory("VmHWM") - idle) * 1024 / MIB,
        (watch.most - watch.idle) * 1024 / MIB,
        size,
    )


# our own


def ledger(now: datetime, rows: int) -> Book:
    """The ledger of the made-up document, as the page's button gives it, so many rows of it."""
    today = timezone.localdate(now)
    document = Document.objects.filter(fictional=True).defer(*HEAVY).order_by("pk").first()
    if document is None:
        raise InstallationError("This database holds no made-up work.")
    dated = Today(today, CalendarDay.objects.workdays(today))
    made = book(
        Obligation.objects.all(),
        ObligationFilter(document=document.pk),
        user=None,
        dated=dated,
        now=now,
    )
    return replace(made, rows=islice(made.rows, rows))


def ours(now: datetime, rows: int) -> Export:
    made = ledger(now, rows)
    return _measured(lambda file: write_xlsx(made, file))


def many(now: datetime, rows: int) -> Export:
    """The ledger over and over, read anew each time, until there are so many rows."""
    first = ledger(now, rows)
    again = chain.from_iterable(ledger(now, rows).rows for _turn in repeat(None))
    made = replace(first, rows=islice(chain(first.rows, again), rows))
    return _measured(lambda file: write_xlsx(made, file))


# the writer library alone


def bare(now: datetime, rows: int) -> Export:
    """XlsxWriter in constant memory, fed what a sample of the ledger's rows holds.

    Nothing is read or worked out meanwhile.
    """
    made = ledger(now, rows)
    columns = [one for one in made.columns if one.key != "due_words"][:COLUMNS]
    step = max(1, rows // SAMPLE)
    sample = [
        [
            (place, cell_value(column.value(row), column.kind), column.kind)
            for place, column in enumerate(columns)
        ]
        for row in islice(made.rows, 0, None, step)
    ]

    def write(file: BinaryIO) -> int:
        with Workbook(file, {"constant_memory": True}) as workbook:
            base = {"valign": "top", "text_wrap": True}
            formats = {
                kind: workbook.add_format({**base, "num_format": code})
                for kind, code in NUMBER_FORMATS.items()
            }
            sheet = workbook.add_worksheet()
            methods = {
                str: sheet.write_string,
                int: sheet.write_number,
                float: sheet.write_number,
                date: sheet.write_datetime,
            }
            ready = [
                [
                    (methods[type(cell)], place, cell, formats[kind])
                    for place, cell, kind in row
                    if cell is not None
                ]
                for row in sample
            ]
            line = -1
            for line, row in enumerate(islice(cycle(ready), rows)):
                for method, place, cell, form in row:
                    method(line, place, cell, form)
        return line + 1

    return _measured(write)


# django-import-export


class LedgerResource(resources.ModelResource):
    """The same columns as a resource of django-import-export, written as its manual has it.

    Related rows are fetched in batches.
    """

    clause = fields.Field("directive__code")
    directive = fields.Field("directive__text_hans")
    body = fields.Field("organisation__name_hans")
    items, measures, leads, light, slip, number = (fields.Field() for _column in range(6))

    class Meta:
        model = Obligation
        fields = (
            "number",
            "clause",
            "directive",
            "items",
            "measures",
            "leads",
            "body",
            "leader",
            "contact",
            "due_on",
            "progress",
            "problems",
            "next_steps",
            "percent",
            "state",
            "light",
            "slip",
            "note",
        )
        export_order = fields
        chunk_size = 2_000

    def __init__(self, dated: Today, leads: dict[int, str]) -> None:
        super().__init__()
        self.dated, self.leads, self.count = dated, leads, 0

    def dehydrate_number(self, row: Obligation) -> int:
        self.count += 1
        return self.count

    def dehydrate_items(self, row: Obligation) -> str:
        return "\n".join(
            f"{one.item.number}. {one.item.name_hans}（{one.get_state_display()}）"
            for one in row.item_states.all()
        )

    def dehydrate_measures(self, row: Obligation) -> str:
        return "\n".join(measure.text for measure in row.measures.all())

    def dehydrate_leads(self, row: Obligation) -> str:
        return self.leads.get(row.directive_id, "")

    def dehydrate_light(self, row: Obligation) -> str:
        return "：".join(filter(None, describe_light(self.dated, row)))

    def dehydrate_slip(self, row: Obligation) -> str:
        return ""


def peer(now: datetime, rows: int) -> Export:
    """The same rows through django-import-export's own export."""
    today = timezone.localdate(now)
    dated = Today(today, CalendarDay.objects.workdays(today))
    handed_in = Measure.objects.filter(plan__live=True, plan__state__in=HANDED_IN)
    states = ItemState.objects.select_related("item").order_by("item__number")
    found = (
        Obligation.objects.live()
        .filter(document__fictional=True)
        .select_related("directive", "organisation")
        .order_by("pk")
    )
    found = found.prefetch_related(
        Prefetch("measures", handed_in), Prefetch("item_states", states)
    )[:rows]

    def write(file: BinaryIO) -> int:
        leads: dict[int, str] = {}
        for directive, name in (
            Obligation.objects.live()
            .filter(part=LEAD)
            .values_list("directive", "organisation__name_hans")
        ):
            leads.setdefault(directive, name)
        data = LedgerResource(dated, leads).export(found)
        file.write(data.xlsx)
        return len(data)

    return _measured(write)


WAYS: dict[str, Callable[[datetime, int], Export]] = {
    "bare": bare,
    "ours": ours,
    "peer": peer,
    "many": many,
}


def export(now: datetime, *, way: str, rows: int) -> Export:
    """One way of writing so many rows.

    What a process that serves pages holds anyhow is there before: addresses, words, a connection.
    """
    get_resolver().url_patterns  # noqa: B018 - reading them loads them
    connection.ensure_connection()
    with translation.override(LANGUAGE):
        return WAYS[way](now, rows)
