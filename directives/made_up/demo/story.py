"""The demo told from its beginning to today: bodies, people, the document, and all that became of it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from django.db.models import Max, Model

from directives import tallies
from directives.core import audit, sealing
from directives.made_up.demo import bare, others, paper, people
from directives.made_up.demo import calendar as days
from directives.made_up.demo.bodies import Placed, placed, tree
from directives.made_up.demo.calendar import Calendar
from directives.made_up.demo.draw import Lot
from directives.made_up.demo.figures import Figures, define
from directives.made_up.demo.filings import Filings
from directives.made_up.demo.history import History
from directives.made_up.demo.plans import Plans
from directives.made_up.demo.record import Record
from directives.made_up.demo.sink import sink
from directives.made_up.demo.terms import all_terms
from directives.made_up.demo.work import Work
from directives.models import (
    Cycle,
    Directive,
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
)  # fmt: skip

MANY = (
    Obligation, ReportEntry, ProgressReport, ItemState, Plan, Measure, Measure.obligations.through, LogEntry, Submission, Verdict, Event,
    TallyDay, Figure,
)  # fmt: skip
Teller = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of the record and of the papers is kept at a scale."""

    every: int  # each so-manieth body has its whole record, its submissions and verdicts
    logs: int  # records of the day for each measure
    everybody: bool  # bodies without others below owe the further documents too
    leaves: frozenset[int]  # days of the history of bodies without others below


SCALES = {
    "small": Scale(1, 4, True, frozenset(days.HISTORY)),
    "province": Scale(10, 3, True, frozenset(days.HISTORY)),
    "nation": Scale(200, 1, False, frozenset({-88, -28, -7, -1})),
}


@dataclass(slots=True)
class Story:
    """One telling. `say` hears of each step with its rows and seconds."""

    scale: str
    seed: int
    now: datetime
    password: str
    say: Teller
    documents: int = 1

    def tell(self) -> None:
        """Make everything, in one transaction, and count it."""
        with bare.roomy():
            calendar = Calendar(self.now)
            bodies = self._bodies(calendar)
            crew = people.make(
                self.password,
                sorted({one.body.province for one in bodies} - {""}),
                now=calendar.at(days.BEGAN, 11),
            )
            above = User.objects.get(username="supervisor")
            further = [
                others.register(number, by=above, now=calendar.at(days.REGISTERED, 8))
                for number in range(1, self.documents)
            ]
            document = paper.register(by=above, now=calendar.at(days.REGISTERED, 9))
            self._work(calendar, bodies, crew, document)
            if further:
                with self._step("Obligations of further documents") as rows:
                    models = list(
                        Directive.objects.filter(document=document, statement=False).order_by(
                            "order"
                        )
                    )
                    rows.append(
                        others.assign(further, models, everybody=SCALES[self.scale].everybody)
                    )
            with self._step("What waits for a verdict") as waiting:
                waiting.append(ProgressReport.objects.settle_waiting())
            with self._step("Tallies") as counted:
                counted.append(tallies.rebuild())
            if further:
                others.keep_days(further, calendar.day(days.HISTORY[0]))
            with self._step("Statistics of the engine"):
                bare.analyse()

    @contextmanager
    def _step(self, name: str) -> Iterator[list[int]]:
        """A step; what it puts into the list is told as its rows."""
        begun, rows = time.monotonic(), []
        yield rows
        told = f"{sum(rows):>12,} rows" if rows else ""
        self.say(f"{name:<42}{told:>17} {time.monotonic() - begun:>8.1f} s")

    def _bodies(self, calendar: Calendar) -> list[Placed]:
        with self._step("Bodies") as rows:
            bodies = placed(tree(self.scale), free(Organisation))
            out = sink(
                Organisation,
                "id",
                "code",
                "name_hans",
                "name_hant",
                "full_name",
                "level",
                "kind",
                "parent_id",
                "path",
                "branch",
                "version",
            )
            by_code = {one.body.code: one.pk for one in bodies}
            for one in bodies:
                body = one.body
                names = (
                    one.pk,
                    body.code,
                    body.name.hans,
                    body.name.hant,
                    body.full,
                    body.level,
                    body.kind,
                )
                out.add(out.cells(*names, by_code.get(body.above), one.path, one.branch, 1))
            out.flush()
            bare.count_on([Organisation])
            rows.append(len(bodies))
            found = Organisation.objects.order_by("pk").iterator(chunk_size=1000)
            while some := list(islice(found, 1000)):
                told = [
                    audit.Change(row, {}, {"name_hans": row.name_hans, "kind": row.kind})
                    for row in some
                ]
                audit.record_many("found", told, by=None, now=calendar.at(days.BEGAN, 9))
        return bodies

    def _cycles(self, calendar: Calendar, document: Document, reports: int) -> tuple[Cycle, Cycle]:
        """The last cycle and this one, opened by the supervisor of the centre."""
        made = []
        by = User.objects.get(username="supervisor")
        for opens, due in (
            (days.LAST_OPENED, calendar.last_due),
            (days.THIS_OPENED, calendar.this_due),
        ):
            day = calendar.day(opens)
            told = {
                "year": day.year,
                "period": "quarter",
                "number": (day.month + 2) // 3,
                "opens_on": day,
                "due_on": due,
            }
            cycle = Cycle.objects.create(
                document=document, created_at=calendar.at(opens, 9), created_by=by, **told
            )
            audit.record(
                "open_cycle",
                cycle,
                by=by,
                now=calendar.at(opens, 9),
                after={**told, "reports": reports},
            )
            made.append(cycle)
        return made[0], made[1]

    def _work(
        self, calendar: Calendar, bodies: list[Placed], crew: people.Crew, document: Document
    ) -> None:
        owing = bodies[1:]  # the centre gives the work and owes none
        rows = Directive.objects.filter(document=document, statement=False).select_related(
            "section"
        )
        directives = list(rows.order_by("order").prefetch_related("items"))
        cycles = self._cycles(calendar, document, len(owing))
        indicators = define(document, calendar)
        sealing.seal_waiting_unsigned(now=self.now.astimezone(UTC))
        scale = SCALES[self.scale]
        lot = Lot(calendar, self.seed, all_terms(len(directives)), days.LOGGED[-scale.logs :])
        stripped = bare.strip(MANY)
        work = Work(
            calendar,
            lot,
            crew,
            directives,
            cycles,
            self.seed,
            {model: free(model) for model in MANY},
            paper.matters(),
        )
        plans = Plans(work)
        filings = Filings(work, plans)
        figures = Figures(work, indicators)
        record, history = (
            Record(work, filings, figures, scale.every),
            History(calendar, directives, scale.leaves),
        )
        with self._step("Figures of statistics") as rows:
            rows.append(figures.write(owing))
        self._write(owing, lot, work, plans, filings, record, history)
        with self._step("Events under seals") as rows:
            rows.append(record.write(owing))
        with self._step("Totals of earlier days") as rows:
            rows.append(history.write())
        with self._step("Indexes and references"):
            bare.restore(stripped)
        bare.count_on(MANY)
        self.say(f"{lot.stories:,} different lives were drawn.")

    def _write(
        self,
        owing: Sequence[Placed],
        lot: Lot,
        work: Work,
        plans: Plans,
        filings: Filings,
        record: Record,
        history: History,
    ) -> None:
        """Body after body, so that what belongs together lies together."""
        with self._step("Obligations, reports, plans") as rows:
            for index, one in enumerate(owing):
                drawn = lot.draw(one.body.code, one.body.province)
                entries = work.write(index, one, drawn)
                plan = plans.write(index, one, drawn)
                filings.write(index, one, drawn, plan, entries, full=record.full(index))
                record.add(index, one, drawn, plan)
                history.add(one, drawn)
            for writer in (work, plans, filings):
                writer.flush()
            rows += [out.count for out in (*work.sinks, *plans.sinks, *filings.sinks)]


def free(model: type[Model]) -> int:
    """The first id of a table that is free."""
    return (model.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
