"""Figures of a dashboard: each knows the address of exactly the rows that it counts."""

from dataclasses import dataclass, fields, replace
from datetime import date
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

from django.urls import get_script_prefix, reverse

from directives.base.states import GREEN, RED
from directives.core import captions
from directives.core.captions import Words
from directives.core.scope import Lights
from directives.models import Section
from directives.obligations.queries.filters import OFF, ON, ObligationFilter
from directives.tallies import BETTER, WORSE

FEW = 10  # rows below which a share is marked as one of few
SHADES = (
    10,
    25,
    40,
    65,
)  # percent of a cell's rows that are not on time: where the ink gets darker


NAMES = tuple(field.name for field in fields(ObligationFilter))


def address(chosen: ObligationFilter) -> str:
    """The list of obligations under a filter."""
    return _start(chosen, (), get_script_prefix())


@lru_cache(maxsize=512)
def _start(chosen: ObligationFilter, names: tuple[str, ...], prefix: str) -> str:
    """The address without these parts of the filter, which all figures of a page share."""
    rest = ((name, getattr(chosen, name)) for name in NAMES if name not in names)
    return f"{reverse('obligations')}?" + "&".join(
        f"{name}={quote_plus(value) if name == 'q' else value}" for name, value in rest if value
    )


@dataclass(frozen=True, slots=True)
class Figure:
    """A count out of a whole; the filter `base` with its `narrowing` gives exactly its rows."""

    n: int
    of: int
    base: ObligationFilter
    narrowing: dict[str, Any]

    @property
    def filter(self) -> ObligationFilter:
        return replace(self.base, **self.narrowing)

    @property
    def url(self) -> str:
        start = _start(self.base, tuple(self.narrowing), get_script_prefix())
        return start + "".join(
            f"&{name}={value}" for name, value in self.narrowing.items() if value
        )

    @property
    def percent(self) -> int:
        """Whole percent, rounded down; 0 of nothing is 0."""
        return 100 * self.n // self.of if self.of else 0

    @property
    def share(self) -> str:
        """Percent with one decimal; only the whole is 100, only nothing 0."""
        tenths = round(1000 * self.n / self.of) if self.of else 0
        if 0 < self.n < self.of:
            tenths = min(max(tenths, 1), 999)
        return f"{tenths // 10}" if tenths in (0, 1000) else f"{tenths / 10:.1f}"


@dataclass(frozen=True, slots=True)
class BoardLine:
    """A document, a section, a body or a directive: its lights and the counts under it.

    `narrowing` narrows the filter of the page to its rows.
    """

    thing: Any
    lights: Lights
    filter: ObligationFilter
    narrowing: dict[str, Any]
    cells: tuple["HeatCell", ...] = ()
    place: int = 0  # among those ranked; of equal shares the same

    @property
    def small(self) -> bool:
        """So few rows that its share says little beside the others'."""
        return self.lights.total < FEW

    def _part(self, n: int, **light: str) -> Figure:
        return Figure(n, self.lights.total, self.filter, {**self.narrowing, **light})

    @property
    def rows(self) -> Figure:
        return self._part(self.lights.total)

    @property
    def on_time(self) -> Figure:
        return self._part(self.lights.on_time, light=ON)

    @property
    def off_time(self) -> Figure:
        return self._part(self.lights.total - self.lights.on_time, light=OFF)

    @property
    def red(self) -> Figure:
        return self._part(self.lights.red, light=RED)


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A body × a section."""

    section: Section
    off_time: Figure
    red: int

    @property
    def shade(self) -> int:
        """0 for none, then 1 to 5 by the share that is not on time."""
        return (
            1 + sum(100 * self.off_time.n >= limit * self.off_time.of for limit in SHADES)
            if self.off_time.n
            else 0
        )


@dataclass(frozen=True, slots=True)
class Activity:
    """How many times something happened since the last working day, and in a week."""

    kind: str
    n: int
    week: int
    since: date
    week_since: date
    document: int | None
    body: int

    def _url(self, since: date) -> str:
        of = f"&document={self.document}" if self.document else ""
        return f"{reverse('events')}?act={self.kind}{of}&body={self.body}&since={since.isoformat()}"

    @property
    def url(self) -> str:
        return self._url(self.since)

    @property
    def week_url(self) -> str:
        return self._url(self.week_since)

    @property
    def colour(self) -> str:
        """The light to which it led, if any."""
        return {WORSE: RED, BETTER: GREEN}.get(self.kind, "")

    @property
    def label(self) -> Words:
        return captions.HAPPENED[self.kind]


@dataclass(frozen=True, slots=True)
class DueDay:
    """A day on which a clock of so many obligations runs out."""

    day: date
    clock: str
    rows: Figure

    @property
    def label(self) -> Words:
        return captions.RUNS_OUT[self.clock]


@dataclass(frozen=True, slots=True)
class LabelledFigure:
    """A figure with its words."""

    label: Words
    rows: Figure


@dataclass(frozen=True, slots=True)
class CoverageFigure:
    """How many have done what all owe, and how many have not; `exact`: with known rows."""

    label: Words
    done: Figure
    missing: Figure
    exact: bool = True
