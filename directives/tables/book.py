"""A list on its way to a file: its columns, its rows, what its cover says, and what a cell may hold.

Text that a spreadsheet would take for a formula gets one leading apostrophe (`guard`); reading it back strips exactly that one.
"""

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from math import isfinite
from typing import Any, Literal

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

CellKind = Literal["text", "number", "id", "date", "moment", "percent"]
Words = str | Promise
GroupPath = tuple[
    tuple[Hashable, Words], ...
]  # the groups of a row, outermost first: what tells each, and its heading

# Excel, WPS and LibreOffice read a cell that begins so as a formula; full-width signs too, in a Chinese locale.
DANGEROUS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
FIRST = frozenset("'=+-@\t\r\n＝＋－＠")  # what begins a text that has to be looked at
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
)  # what no XML may hold, nor any text file
BREAKS = re.compile("\r\n?")
LOST = "\ufffd"
CELL_LIMIT = 32_767  # characters that one cell of a workbook may hold, as UTF-16 counts
EPOCH = date(1900, 3, 1)  # workbooks do not agree on days before it: those are written as text


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it is called for good, its heading, what it shows of a row, and how.

    `key` tells it from the other columns of its list, in every language; where the column can come back, it is the name of the
    intake's field. `value` gives text, a number, a day, an instant, or for "percent" a number from 0 to 100; None is an empty
    cell. An "id" is a whole number of which nobody makes sums. `width` is in characters; 0 leaves it to the kind. `link` gives
    the path of a page that tells more of the row, `light` a key of `states.LIGHTS` in whose colour the cell is filled; either
    gives "" where there is none.
    """

    key: str
    label: Words
    value: Callable[[Any], Any]
    kind: CellKind = "text"
    width: int = 0
    link: Callable[[Any], str] | None = None
    light: Callable[[Any], str] | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """A list to be written: its name, its columns, its rows (read once), what its cover says of it, and how it is laid out.

    `lights_on` is the day whose lights it shows, where they are older than `as_of`.
    `site` is the address of the product ("https://host", "" for none: no links). `paper` is "a4" or "a3". `group` gives the groups
    of a row, where the rows come sorted by them. `total` is how many rows there will be, as far as that is known. `tell` is
    called with the rows done, now and then; what it raises ends the writing.
    """

    name: Words
    columns: tuple[Column, ...]
    rows: Iterable[Any]
    as_of: datetime
    notes: tuple[
        tuple[Words, Any], ...
    ] = ()  # the filter in force, counts with their denominators, …
    fictional: bool = False
    site: str = ""
    paper: str = "a4"
    group: Callable[[Any], GroupPath] | None = None
    total: int | None = None
    tell: Callable[[int], object] | None = None
    lights_on: date | None = None

    @property
    def file_name(self) -> str:
        """The name of the file without its ending: name, day, old lights, that the data is fictional."""
        day = f"{timezone.localtime(self.as_of):%Y-%m-%d}"
        if self.lights_on is not None:
            day += " " + _("lights as of %(day)s") % {"day": self.lights_on.isoformat()}
        return re.sub(r'[\\/:*?"<>|\s]+', " ", f"{self.name} {day}{self.mark}").strip()

    @property
    def mark(self) -> str:
        return " " + _("Demo data") if self.fictional else ""


def guard(text: str) -> str:
    """The text with one leading apostrophe if a spreadsheet would take it for a formula."""
    return f"'{text}" if DANGEROUS.match(text) else text


def unguard(text: str) -> str:
    """What `guard` was given."""
    return text[1:] if text.startswith("'") and DANGEROUS.match(text) else text


def cell_text(text: str) -> str:
    """A text, not empty, as a cell holds it: guarded, its line breaks all alike, marked where a character cannot be held or it is cut."""
    if text[0] in FIRST:
        text = guard(text)
    if not text.isprintable():
        text = FORBIDDEN.sub(LOST, BREAKS.sub("\n", text))
    return text if len(text) <= CELL_LIMIT // 2 else _cut(text)


def _cut(text: str) -> str:
    units = text.encode("utf-16-le")
    return (
        text
        if len(units) <= 2 * CELL_LIMIT
        else units[: 2 * (CELL_LIMIT - 1)].decode("utf-16-le", "ignore") + "…"
    )


def _number(value: Any) -> Any:
    return value if isfinite(value) else str(value)


def _day(value: date | datetime) -> date | str:
    day = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return day if day >= EPOCH else day.isoformat()


def _moment(value: datetime) -> datetime | str:
    local = timezone.localtime(value).replace(tzinfo=None, microsecond=0)
    return local if local.date() >= EPOCH else f"{local:%Y-%m-%d %H:%M}"


PLAIN: dict[CellKind, Callable[[Any], Any]] = {
    "text": lambda value: cell_text(str(value)),
    "number": _number,
    "id": _number,
    "date": _day,
    "moment": _moment,
    "percent": lambda value: _number(value / 100),
}


def cell_value(value: Any, kind: CellKind) -> Any:
    """A value as a cell holds it: safe text, a number, a share of 1, a day, an instant in Shanghai to the second; None if empty."""
    return None if value is None or value == "" else PLAIN[kind](value)


@cache
def _around_id(name: str) -> tuple[str, str]:
    before, after = reverse(name, args=[0]).rsplit("0", 1)
    return before, after


def path_to(name: str) -> Callable[[int], str]:
    """A function from an id to the path of the page of this name, which resolves the URL only once."""

    def path(pk: int) -> str:
        before, after = _around_id(name)
        return f"{before}{pk}{after}"

    return path
