"""A list to be written to a file: its columns, rows and cover, and what a cell may hold.

Text that a spreadsheet would take for a formula gets one leading apostrophe (`guard`); reading it
back strips exactly that one.
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
StrOrPromise = str | Promise  # a Promise is translated when it is shown
# The groups of a row, outermost first: the key and the heading of each.
GroupPath = tuple[tuple[Hashable, StrOrPromise], ...]
Note = tuple[StrOrPromise, Any]  # a label and a value

# Excel, WPS and LibreOffice take a cell that begins like this for a formula; in a Chinese locale
# also with full-width signs.
DANGEROUS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
DANGEROUS_FIRST = frozenset("'=+-@\t\r\n＝＋－＠")
# Not allowed in XML, nor useful in a text file.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LINE_BREAKS = re.compile("\r\n?")
REPLACEMENT = "\ufffd"
CELL_LIMIT = 32_767  # UTF-16 units in one cell of a workbook
EPOCH = date(1900, 3, 1)  # workbooks disagree on earlier days, which are written as text


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list.

    `key` identifies it within its list in every language; where the column can be imported, it is
    the name of the field. `value` returns text, a number, a date, a datetime, or for "percent" a
    number from 0 to 100; None is an empty cell. An "id" is a whole number that is never summed.
    `width` is in characters; 0 leaves it to the kind. `link` returns the path of the page of the
    row, `light` a key of `states.LIGHTS` whose colour fills the cell; either may return "".
    """

    key: str
    label: StrOrPromise
    value: Callable[[Any], Any]
    kind: CellKind = "text"
    width: int = 0
    link: Callable[[Any], str] | None = None
    light: Callable[[Any], str] | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """A list to be written: its name, columns and rows (iterated once), its cover and layout.

    `notes` stand on the cover: the filter in force, counts with their denominators. `site` is the
    base URL for links ("https://host"; "" for no links). `paper` is "a4" or "a3". `group` returns
    the groups of a row, where the rows are sorted by them. `on_progress` is called with the number
    of rows written from time to time; an exception raised by it ends the writing. `lights_on` is
    the day of the lights shown, where it is older than `as_of`.
    """

    name: StrOrPromise
    columns: tuple[Column, ...]
    rows: Iterable[Any]
    as_of: datetime
    notes: tuple[Note, ...] = ()
    fictional: bool = False
    site: str = ""
    paper: str = "a4"
    group: Callable[[Any], GroupPath] | None = None
    on_progress: Callable[[int], object] | None = None
    lights_on: date | None = None

    @property
    def file_name(self) -> str:
        """The name of the file without its extension."""
        day = f"{timezone.localtime(self.as_of):%Y-%m-%d}"
        if self.lights_on is not None:
            day += " " + _("lights as of %(day)s") % {"day": self.lights_on.isoformat()}
        return re.sub(r'[\\/:*?"<>|\s]+', " ", f"{self.name} {day}{self.fictional_mark}").strip()

    @property
    def fictional_mark(self) -> str:
        return " " + _("Demo data") if self.fictional else ""


def guard(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula."""
    return f"'{text}" if DANGEROUS.match(text) else text


def unguard(text: str) -> str:
    """Return the text that `guard` was given."""
    return text[1:] if text.startswith("'") and DANGEROUS.match(text) else text


def cell_text(text: str) -> str:
    """Return a text, not empty, as a cell may hold it.

    It is guarded, its line breaks are \\n, forbidden characters are replaced, and one that is too
    long is cut and ends in an ellipsis.
    """
    if text[0] in DANGEROUS_FIRST:
        text = guard(text)
    if not text.isprintable():
        text = FORBIDDEN.sub(REPLACEMENT, LINE_BREAKS.sub("\n", text))
    return text if len(text) <= CELL_LIMIT // 2 else _cut(text)


def _cut(text: str) -> str:
    units = text.encode("utf-16-le")
    if len(units) <= 2 * CELL_LIMIT:
        return text
    return units[: 2 * (CELL_LIMIT - 1)].decode("utf-16-le", "ignore") + "…"


def _number(value: Any) -> Any:
    return value if isfinite(value) else str(value)


def _date(value: date | datetime) -> date | str:
    day = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return day if day >= EPOCH else day.isoformat()


def _datetime(value: datetime) -> datetime | str:
    local = timezone.localtime(value).replace(tzinfo=None, microsecond=0)
    return local if local.date() >= EPOCH else f"{local:%Y-%m-%d %H:%M}"


CONVERTERS: dict[CellKind, Callable[[Any], Any]] = {
    "text": lambda value: cell_text(str(value)),
    "number": _number,
    "id": _number,
    "date": _date,
    "moment": _datetime,
    "percent": lambda value: _number(value / 100),
}


def cell_value(value: Any, kind: CellKind) -> Any:
    """Convert the value of a column to that of a cell; None if it is empty.

    A percentage becomes a share of 1, an instant a naive datetime in local time, to the second.
    """
    return None if value is None or value == "" else CONVERTERS[kind](value)


@cache
def _around_id(name: str) -> tuple[str, str]:
    before, after = reverse(name, args=[0]).rsplit("0", 1)
    return before, after


def path_to(name: str) -> Callable[[int], str]:
    """Return a function from an id to the path of a named page. It resolves the URL once."""

    def path(pk: int) -> str:
        before, after = _around_id(name)
        return f"{before}{pk}{after}"

    return path
