"""Figures of a dashboard: each knows the address of exactly the rows that it counts."""

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from directives.models import Section
from directives.overview import captions
from directives.overview.captions import Words
from directives.overview.obligations import OFF, ON, Filter
from directives.overview.scope import Lights
from directives.states import RED

SHADES = (10, 25, 40, 65)  # percent of a cell's rows that are not on time: where the ink gets darker


def address(chosen: Filter) -> str:
    """The list of obligations under a filter."""
    asked = {field.name: getattr(chosen, field.name) for field in fields(chosen)}
    return f"{reverse('obligations')}?{urlencode({name: value for name, value in asked.items() if value})}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A count out of a whole, and the filter that gives exactly its rows."""

    n: int
    of: int
    filter: Filter

    @property
    def url(self) -> str:
        return address(self.filter)

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
class Line:
    """A section, a body or a directive: its lights, all its rows, and the counts under it."""

    thing: Any
    lights: Lights
    rows: Figure
    cells: tuple["Cell", ...] = ()
    place: int = 0

    def _part(self, n: int, light: str) -> Figure:
        return Figure(n, self.lights.total, replace(self.rows.filter, light=light))

    @property
    def on_time(self) -> Figure:
        return self._part(self.lights.on_time, ON)

    @property
    def off_time(self) -> Figure:
        return self._part(self.lights.total - self.lights.on_time, OFF)

    @property
    def red(self) -> Figure:
        return self._part(self.lights.red, RED)


@dataclass(frozen=True, slots=True)
class Cell:
    """A body × a section."""

    section: Section
    off_time: Figure
    red: int

    @property
    def shade(self) -> int:
        """0 for none, then 1 to 5 by the share that is not on time."""
        return 1 + sum(100 * self.off_time.n >= limit * self.off_time.of for limit in SHADES) if self.off_time.n else 0


@dataclass(frozen=True, slots=True)
class Happened:
    """How many times something happened since yesterday; `colour` is that of the light it led to, if any."""

    kind: str
    n: int
    since: date
    acts: tuple[str, ...]  # "subject:action"
    colour: str = ""

    @property
    def url(self) -> str:
        """The record since that day, narrowed as far as its filter can."""
        subjects, actions = ({act.split(":")[place] for act in self.acts} for place in (0, 1))
        asked = {"subject": subjects, "action": actions}
        one = {name: next(iter(values)) for name, values in asked.items() if len(values) == 1}
        return f"{reverse('events')}?{urlencode({**one, 'since': self.since.isoformat()})}"

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
class Named:
    """A figure with its words."""

    label: Words
    rows: Figure


@dataclass(frozen=True, slots=True)
class Covered:
    """How many have done something that all owe, and the rows of those that have not."""

    label: Words
    done: Figure
    missing: Figure
