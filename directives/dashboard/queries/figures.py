"""Figures of a dashboard, each with the URL of exactly the rows that it counts."""

from dataclasses import dataclass, fields, replace
from datetime import date
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

from django.urls import get_script_prefix, reverse

from directives.base.states import GREEN, RED
from directives.core import captions
from directives.core.captions import Caption
from directives.core.scope import Lights
from directives.models import Section
from directives.obligations.queries.filters import OFF, ON, ObligationFilter
from directives.tallies import BETTER, WORSE

FEW_OBLIGATIONS = 10  # rows; a share of fewer is marked as such
SHADES = (
    10,
    25,
    40,
    65,
)  # percent of a cell's rows that are not on time: where the ink gets darker


NAMES = tuple(field.name for field in fields(ObligationFilter))


def obligations_url(obligation_filter: ObligationFilter) -> str:
    """The URL of the list of obligations under a filter."""
    return _url_start(obligation_filter, (), get_script_prefix())


@lru_cache(maxsize=512)
def _url_start(obligation_filter: ObligationFilter, names: tuple[str, ...], prefix: str) -> str:
    """The start of a URL, without these parts of the filter; the same for all figures of a page."""
    others = ((name, getattr(obligation_filter, name)) for name in NAMES if name not in names)
    return f"{reverse('obligations')}?" + "&".join(
        f"{name}={quote_plus(value) if name == 'q' else value}" for name, value in others if value
    )


@dataclass(frozen=True, slots=True)
class Figure:
    """A count out of a total. The filter `base` with the changes `narrowing` selects its rows."""

    n: int
    of: int
    base: ObligationFilter
    narrowing: dict[str, Any]

    @property
    def filter(self) -> ObligationFilter:
        return replace(self.base, **self.narrowing)

    @property
    def url(self) -> str:
        start = _url_start(self.base, tuple(self.narrowing), get_script_prefix())
        return start + "".join(
            f"&{name}={value}" for name, value in self.narrowing.items() if value
        )

    @property
    def percent(self) -> int:
        """Whole percent, rounded down; 0 if the total is 0."""
        return 100 * self.n // self.of if self.of else 0

    @property
    def share(self) -> str:
        """Percent with one decimal; only the total is 100, only 0 is 0."""
        tenths = round(1000 * self.n / self.of) if self.of else 0
        if 0 < self.n < self.of:
            tenths = min(max(tenths, 1), 999)
        return f"{tenths // 10}" if tenths in (0, 1000) else f"{tenths / 10:.1f}"


@dataclass(frozen=True, slots=True)
class BoardLine:
    """The lights of a document, a section, a body or a directive.

    `narrowing` are the changes of the page's filter that select its rows.
    """

    subject: Any
    lights: Lights
    filter: ObligationFilter
    narrowing: dict[str, Any]
    cells: tuple["HeatCell", ...] = ()
    rank: int = 0  # in the ranking; the same for equal shares

    @property
    def small(self) -> bool:
        """Whether there are too few rows to compare the share with others."""
        return self.lights.total < FEW_OBLIGATIONS

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
    """The cell of a body and a section in the heat map."""

    section: Section
    off_time: Figure
    red: int

    @property
    def shade(self) -> int:
        """0 if none is off time, then 1 to 5 by the share that is."""
        return (
            1 + sum(100 * self.off_time.n >= limit * self.off_time.of for limit in SHADES)
            if self.off_time.n
            else 0
        )


@dataclass(frozen=True, slots=True)
class Activity:
    """How often something happened since the last working day, and within a week."""

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
        """The light that it led to, if any."""
        return {WORSE: RED, BETTER: GREEN}.get(self.kind, "")

    @property
    def label(self) -> Caption:
        return captions.ACT_LABELS[self.kind]


@dataclass(frozen=True, slots=True)
class DueDay:
    """A day on which a clock of some obligations runs out."""

    day: date
    clock: str
    rows: Figure

    @property
    def label(self) -> Caption:
        return captions.DUE_LABELS[self.clock]


@dataclass(frozen=True, slots=True)
class LabelledFigure:
    """A figure with its label."""

    label: Caption
    rows: Figure


@dataclass(frozen=True, slots=True)
class CoverageFigure:
    """How many obligations have reached a step, and how many not; `exact`: the rows are known."""

    label: Caption
    done: Figure
    missing: Figure
    exact: bool = True
