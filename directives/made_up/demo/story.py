"""Makes the demo: bodies, people, documents, and all work until today."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice

from django.db.models import Max, Model

from directives import tallies
from directives.core import audit, sealing
from directives.made_up.demo import calendar as days
from directives.made_up.demo import further_documents, indexes, opinion, people
from directives.made_up.demo.bodies import TreeNode, place_in_tree, tree
from directives.made_up.demo.calendar import Calendar
from directives.made_up.demo.draw import Draws
from directives.made_up.demo.figures import Figures, define
from directives.made_up.demo.filings import Filings
from directives.made_up.demo.past_totals import PastTotals
from directives.made_up.demo.plans import Plans
from directives.made_up.demo.record import Record
from directives.made_up.demo.sink import sink
from directives.made_up.demo.terms import all_terms
from directives.made_up.demo.work import Work
from directives.models import (
    Cycle,
    Document,
    Event,
    Figure,
    ItemState,
    LogEntry,
    Measure,
    Obligation,
    Organisation,
    Plan,
    ProgressReport,
    ReportEntry,
    Submission,
    TallyDay,
    User,
    Verdict,
)
from directives.models.body_names import index_names

# The large tables, which are filled without their indexes.
LARGE_TABLES = (
    *(Obligation, ReportEntry, ProgressReport, ItemState),
    *(Plan, Measure, Measure.obligations.through, LogEntry),
    *(Submission, Verdict, Event, TallyDay, Figure),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of the record and of the papers is written at a scale."""

    full_record_interval: int  # one body in so many has a full record, submissions and verdicts
    log_entries_per_measure: int  # entries of the work log for each measure
    include_leaves: bool  # bodies without others below owe the further documents too
    leaves: frozenset[int]  # days on which totals of bodies without others below were copied


SCALES = {
    "small": Scale(1, 4, True, frozenset(days.HISTORY)),
    "province": Scale(10, 3, True, frozenset(days.HISTORY)),
    "nation": Scale(200, 1, False, frozenset({-88, -28, -7, -1})),
}


@dataclass(slots=True)
class Story:
    """Makes the demo. `say` is called with a line for each step: its rows and seconds."""

    scale: str
    seed: int
    now: datetime
    password: str
    print_line: Callable[[str], object]
    documents: int = 1

    def make(self) -> None:
        """Make and count everything, in one transaction."""
        with indexes.large_transaction():
            calendar = Calendar(self.now)
            bodies = self._bodies(calendar)
            provinces = sorted({node.body.province for node in bodies} - {""})
            participants = people.make(self.password, provinces, now=calendar.at(days.BEGAN, 11))
            supervisor = User.objects.get(username="supervisor")
            registered_at = calendar.at(days.REGISTERED, 8)
            further = [
                further_documents.register(number, by=supervisor, now=registered_at)
                for number in range(1, self.documents)
            ]
            document = opinion.register(by=supervisor, now=calendar.at(days.REGISTERED, 9))
            # The first body is the centre, which assigns the work and has no obligations.
            self._write_large_tables(calendar, bodies[1:], participants, document)
            if further:
                with self._step("Obligations of further documents") as rows:
                    models = document.directives.filter(statement=False).order_by("order")
                    include_leaves = SCALES[self.scale].include_leaves
                    rows.append(
                        further_documents.assign(
                            further, list(models), include_leaves=include_leaves
                        )
                    )
            with self._step("What waits for a verdict") as rows:
                rows.append(ProgressReport.objects.settle_waiting())
            with self._step("Tallies") as rows:
                rows.append(tallies.rebuild())
            if further:
                further_documents.copy_days(further, calendar.day(days.HISTORY[0]))
            with self._step("Statistics of the engine"):
                indexes.analyse()

    @contextmanager
    def _step(self, name: str) -> Iterator[list[int]]:
        """A step; what it puts into the list is said to be its rows."""
        begun_day = time.monotonic()
        rows: list[int] = []
        yield rows
        count = f"{sum(rows):>12,} rows" if rows else ""
        self.print_line(f"{name:<42}{count:>17} {time.monotonic() - begun_day:>8.1f} s")

    def _bodies(self, calendar: Calendar) -> list[TreeNode]:
        with self._step("Bodies") as rows:
            bodies = place_in_tree(tree(self.scale), free(Organisation))
            row_sink = sink(
                Organisation,
                "id code name_hans name_hant full_name level kind parent_id path branch version",
            )
            ids = {node.body.code: node.pk for node in bodies}
            for node in bodies:
                body = node.body
                names = body.code, body.name.hans, body.name.hant, body.full_name
                place = ids.get(body.parent_code), node.path, node.branch
                row_sink.add(row_sink.cells(node.pk, *names, body.level, body.kind, *place, 1))
            row_sink.flush()
            indexes.reset_sequences([Organisation])
            rows.append(len(bodies))
            stored = Organisation.objects.order_by("pk").iterator(chunk_size=1000)
            while batch := list(islice(stored, 1000)):
                index_names(batch)
                changes = [
                    audit.Change(row, {}, {"name_hans": row.name_hans, "kind": row.kind})
                    for row in batch
                ]
                audit.record_many("found", changes, by=None, now=calendar.at(days.BEGAN, 9))
        return bodies

    def _cycles(self, calendar: Calendar, document: Document, reports: int) -> tuple[Cycle, Cycle]:
        """The last cycle and this one, opened by the supervisor of the centre."""
        by = User.objects.get(username="supervisor")

        def opened(number: int, due_on: date) -> Cycle:
            opens_on, at = calendar.day(number), calendar.at(number, 9)
            fields = {
                "year": opens_on.year,
                "period": "quarter",
                "number": (opens_on.month + 2) // 3,
                "opens_on": opens_on,
                "due_on": due_on,
            }
            cycle = Cycle.objects.create(document=document, created_at=at, created_by=by, **fields)
            after = {**fields, "reports": reports}
            audit.record("open_cycle", cycle, by=by, now=at, after=after)
            return cycle

        return (
            opened(days.LAST_OPENED, calendar.last_due),
            opened(days.CURRENT_OPENED, calendar.current_due),
        )

    def _work(
        self,
        calendar: Calendar,
        participants: people.Participants,
        document: Document,
        cycles: tuple[Cycle, Cycle],
    ) -> Work:
        stored = document.directives.filter(statement=False).select_related("section")
        directives = list(stored.order_by("order").prefetch_related("items"))
        log_days = days.LOGGED[-SCALES[self.scale].log_entries_per_measure :]
        draws = Draws(calendar, self.seed, all_terms(len(directives)), log_days)
        first = {model: free(model) for model in LARGE_TABLES}
        matters = opinion.matters()
        return Work(calendar, draws, participants, directives, cycles, self.seed, first, matters)

    def _write_large_tables(
        self,
        calendar: Calendar,
        receivers: list[TreeNode],
        participants: people.Participants,
        document: Document,
    ) -> None:
        cycles = self._cycles(calendar, document, len(receivers))
        indicators = define(document, calendar)
        sealing.seal_waiting_unsigned(now=self.now.astimezone(UTC))
        work = self._work(calendar, participants, document, cycles)
        index_statements = indexes.drop_indexes(LARGE_TABLES)
        plans = Plans(work)
        filings = Filings(work, plans)
        figures = Figures(work, indicators)
        record = Record(work, filings, figures, SCALES[self.scale].full_record_interval)
        totals = PastTotals(calendar, work.directives, SCALES[self.scale].leaves)
        with self._step("Figures of statistics") as rows:
            rows.append(figures.write(receivers))
        with self._step("Obligations, reports, plans") as rows:
            # Body after body, so that what belongs together lies together.
            for index, node in enumerate(receivers):
                body_draw = work.draws.draw(node.body)
                entries = work.write(index, node, body_draw)
                plan = plans.write(index, node, body_draw)
                full_record = record.has_full_record(index)
                filings.write(index, node, body_draw, plan, entries, full_record=full_record)
                record.add(index, node, body_draw, plan)
                totals.add(node, body_draw)
            for row_sink in (*work.sinks, *plans.sinks, *filings.sinks):
                row_sink.flush()
                rows.append(row_sink.count)
        with self._step("Events under seals") as rows:
            rows.append(record.write(receivers))
        with self._step("Totals of earlier days") as rows:
            rows.append(totals.write())
        with self._step("Indexes and references"):
            indexes.make_indexes(index_statements)
        indexes.reset_sequences(LARGE_TABLES)
        self.print_line(f"{work.draws.life_count:,} different lives were drawn.")


def free(model: type[Model]) -> int:
    """The first free id of a table."""
    return (model._default_manager.aggregate(last=Max("pk"))["last"] or 0) + 1
