"""What the demo counts (统计): its indicators, and what each body reported of them up to the last period that has ended, with gaps."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from hashlib import shake_128

from directives.indicators import commands as statistics
from directives.indicators.commands import IndicatorFields, Period
from directives.made_up.demo import calendar as days
from directives.made_up.demo.acts import Told
from directives.made_up.demo.bodies import Placed
from directives.made_up.demo.calendar import Calendar
from directives.made_up.demo.lives import plain
from directives.made_up.demo.sink import Cells, sink
from directives.made_up.demo.work import Work
from directives.made_up.sample.people import HOME as HOME_BODY
from directives.made_up.sample.people import TOP
from directives.models import Document, Figure, Indicator, Organisation, User

DEFINED, ASKED = days.ISSUED, -216  # earlier periods were reported from the second on
DELAYS = 12  # days after its end, from the fourth on, on which a period is reported; each body has its own
NEVER, NOT_NOW, NOT_THIS, NOT_THEN = (
    4,
    22,
    20,
    4,
)  # of 256: bodies that report nothing, nothing this time; single figures now, before
GROWTH = 0.06  # a year
SEASONS = {"quarter": (0.9, 1.0, 1.02, 1.08)}


@dataclass(frozen=True, eq=False)
class Asked:
    """An indicator, of how many periods there are figures, and about what one body reports, by its level."""

    fields: IndicatorFields
    back: int
    levels: dict[str, float]

    @property
    def percent(self) -> bool:
        return self.fields.unit == "%"


def _levels(county: float, municipal: float, provincial: float, central: float) -> dict[str, float]:
    return {"county": county, "municipal": municipal, "provincial": provincial, "central": central}


ASKED_FOR = (
    Asked(
        IndicatorFields("JC-01", "基层群团组织数", "个", "期末已建立并能正常开展活动的基层群团组织。", "sum", "half", 0),
        3, _levels(118, 64, 46, 320),
    ),
    Asked(
        IndicatorFields("JC-02", "专职干部人数", "人", "年末在编在岗、专门从事群团工作的干部，不含挂职和兼职。", "sum", "year", 0),
        2, _levels(9, 17, 42, 130),
    ),
    Asked(
        IndicatorFields("JC-03", "全年经费", "万元", "全年实际支出的群团工作经费，不含人员工资。", "sum", "year", 2),
        2, _levels(68, 155, 640, 2400),
    ),
    Asked(
        IndicatorFields("JC-04", "服务群众人次", "万人次", "本期通过走访、接待、热线和网上平台服务群众的人次。", "sum", "quarter", 2),
        5, _levels(0.86, 1.9, 5.2, 36),
    ),
    Asked(
        IndicatorFields("JC-05", "服务对象满意度", "%", "本期抽样调查中评价为满意和基本满意的比例。", "mean", "half", 1),
        3, _levels(91, 90, 89, 88),
    ),
)  # fmt: skip


def define(document: Document, calendar: Calendar) -> list[Indicator]:
    """The indicators, defined by the supervisor of the centre for everybody below it."""
    by, top = User.objects.get(username="supervisor"), Organisation.objects.get(code=TOP)
    now = calendar.at(DEFINED, 15)
    return [
        statistics.define_indicator(
            document=document, organisation=top, fields=one.fields, by=by, now=now
        )
        for one in ASKED_FOR
    ]


@dataclass(frozen=True, eq=False)
class Slot:
    """A figure that every body is asked for: `place` among them, of which indicator and period; `steps` 0 is the last period."""

    place: int
    asked: Asked
    indicator: int
    period: Period
    steps: int
    cells: Cells

    @cached_property
    def factor(self) -> float:
        """How the period stands to the last of its kind."""
        grown = (
            1 - GROWTH * self.steps * {"quarter": 0.25, "half": 0.5, "year": 1}[self.period.cadence]
        )
        seasons = SEASONS.get(self.period.cadence)
        return grown * seasons[self.period.number - 1] if seasons else grown

    def value(self, level: str, size: float, luck: float) -> str:
        """What a body of this level and size (about 1) reports, with its luck (about 1) this time."""
        base = self.asked.levels[level]
        value = (
            min(99.5, base * luck + 8 * (size - 1) - self.steps)
            if self.asked.percent
            else base * size * luck * self.factor
        )
        return f"{value:.{self.asked.fields.places}f}"


@dataclass
class Figures:
    """Writes the figures of one body after another, and can tell again what it wrote."""

    work: Work
    indicators: Sequence[Indicator]
    first: array = field(default_factory=lambda: array("q"))  # the id of each body's first figure

    def __post_init__(self) -> None:
        self.out = sink(
            Figure,
            "indicator_id",
            "year",
            "period",
            "number",
            "id",
            "organisation_id",
            "by_id",
            "at",
            "value",
            "note",
            "version",
        )
        self.next = self.work.first[Figure]
        slots = list(self._slots())
        self.count = len(slots)
        self.by_delay = [
            {slot: self._day(slot, delay) for slot in slots} for delay in range(DELAYS)
        ]
        self.days = [frozenset(told.values()) for told in self.by_delay]

    def _slots(self) -> Iterator[Slot]:
        place, today = 0, self.work.calendar.today
        for asked, indicator in zip(ASKED_FOR, self.indicators, strict=True):
            last = Period.last(today, indicator.cadence)
            for steps in reversed(range(asked.back)):
                period = last.shifted(-steps)
                cells = self.out.cells(indicator.pk, period.year, period.cadence, period.number)
                yield Slot(place, asked, indicator.pk, period, steps, cells)
                place += 1

    def _day(self, slot: Slot, delay: int) -> int:
        """The day of the story on which a figure came in: soon after the end of its period, and before today."""
        ended = (slot.period.last_day - self.work.calendar.today).days
        return min(-1, max(ended + 4, ASKED) + delay)

    def write(self, bodies: Sequence[Placed]) -> int:
        """What these bodies, all by index, reported. Returns the number of figures."""
        for placed in bodies:
            by = self.work.crew.writer(placed)
            self.first.append(self.next)
            for slot, day, value in self._said(placed, self._luck(placed)):
                pk, self.next = self.next, self.next + 1
                self.out.add(
                    slot.cells,
                    self.out.ids(pk, placed.pk, by),
                    self.out.cells(self._at(day), value, "", 1),
                )
        self.out.flush()
        return self.out.count

    def _luck(self, placed: Placed) -> bytes:
        return shake_128(f"{self.work.seed}/figures/{placed.body.code}".encode()).digest(
            3 + 2 * self.count
        )

    def _at(self, day: int) -> datetime:
        return self.work.calendar.at(day, 15)

    def _said(self, placed: Placed, luck: bytes) -> Iterator[tuple[Slot, int, str]]:
        """The figures of a body in the order of their ids, with day and value."""
        silent, size, delay = luck[0], 0.6 + luck[1] / 320, luck[2] % DELAYS
        if silent < NEVER:
            return
        for slot, day in self.by_delay[delay].items():
            here, chance = luck[3 + 2 * slot.place : 5 + 2 * slot.place]
            quiet = silent < NOT_NOW or placed.body.code == HOME_BODY
            if chance < NOT_THEN if slot.steps else quiet or chance < NOT_THIS:
                continue
            yield slot, day, slot.value(placed.body.level, size, 0.97 + here / 4250)

    def days_of(self, placed: Placed) -> frozenset[int]:
        """The days on which this body may have reported something."""
        return self.days[self._luck(placed)[2] % DELAYS]

    def of(self, index: int, placed: Placed, day: int) -> Iterator[Told]:
        """What the record tells of a body on this day."""
        luck = self._luck(placed)
        if day not in self.days[luck[2] % DELAYS]:
            return
        by = self.work.crew.writer(placed)
        for pk, (slot, when, value) in enumerate(self._said(placed, luck), self.first[index]):
            if when == day:
                fields, period = slot.asked.fields, slot.period
                said = {
                    "indicator": fields.code,
                    "year": period.year,
                    "period": period.cadence,
                    "number": period.number,
                }
                after = plain({**said, "value": f"{Decimal(value).normalize():f}"})
                yield Told(
                    self._at(day),
                    by,
                    "report_figure",
                    "figure",
                    pk,
                    placed.pk,
                    None,
                    None,
                    "{}",
                    after,
                    "",
                )
