"""A list on its way to a file: its columns, its rows, what its cover says, and what a cell may hold.

Text that a spreadsheet would take for a formula gets one leading apostrophe (`guard`); reading it back strips exactly that one.
"""

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

Kind = Literal["text", "number", "date", "moment", "percent"]
Words = str | Promise
Path = tuple[tuple[Hashable, Words], ...]  # the groups of a row, outermost first: what tells each, and its heading

# Excel, WPS and LibreOffice read a cell that begins so as a formula; full-width signs too, in a Chinese locale.
DANGEROUS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
CELL_LIMIT = 32_767  # characters that one cell of a workbook may hold


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it is called for good, its heading, what it shows of a row, and how.

    `key` tells it from the other columns of its list, in every language; where the column can come back, it is the name of the
    intake's field. `value` gives text, a number, a day, an instant, or for "percent" a number from 0 to 100; None is an empty
    cell. `width` is in characters; 0 leaves it to the kind. `link` gives the path of a page that tells more of the row, `light`
    a key of `states.LIGHTS` in whose colour the cell is filled; either gives "" where there is none.
    """

    key: str
    label: Words
    value: Callable[[Any], Any]
    kind: Kind = "text"
    width: int = 0
    link: Callable[[Any], str] | None = None
    light: Callable[[Any], str] | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """A list to be written: its name, its columns, its rows (read once), what its cover says of it, and how it is laid out.

    `site` is the address of the product ("https://host", "" for none: no links). `paper` is "a4" or "a3". `group` gives the groups
    of a row, where the rows come sorted by them. `total` is how many rows there will be, as far as that is known. `tell` is
    called with the rows done, now and then; what it raises ends the writing.
    """

    name: Words
    columns: tuple[Column, ...]
    rows: Iterable[Any]
    as_of: datetime
    notes: tuple[tuple[Words, Any], ...] = ()  # the filter in force, counts with their denominators, …
    fictional: bool = False
    site: str = ""
    paper: str = "a4"
    group: Callable[[Any], Path] | None = None
    total: int | None = None
    tell: Callable[[int], object] | None = None

    @property
    def file_name(self) -> str:
        """The name of the file without its ending: name, day, and that the data is fictional where it is."""
        day = timezone.localtime(self.as_of)
        return re.sub(r'[\\/:*?"<>|\s]+', " ", f"{self.name} {day:%Y-%m-%d}{self.mark}").strip()

    @property
    def mark(self) -> str:
        return " " + _("Demo data") if self.fictional else ""


def guard(text: str) -> str:
    """The text with one leading apostrophe if a spreadsheet would take it for a formula."""
    return f"'{text}" if DANGEROUS.match(text) else text


def unguard(text: str) -> str:
    """What `guard` was given."""
    return text[1:] if text.startswith("'") and DANGEROUS.match(text) else text


def plain(value: Any, kind: Kind) -> Any:
    """A value as a cell holds it: guarded text, a number, a share of 1, a day, an instant in Shanghai; None if empty."""
    if value is None or value == "":
        return None
    match kind:
        case "text":
            text = guard(str(value))
            return text if len(text) <= CELL_LIMIT else text[: CELL_LIMIT - 1] + "…"
        case "percent":
            return value / 100
        case "moment":
            return timezone.localtime(value).replace(tzinfo=None)
        case "date":
            return timezone.localtime(value).date() if isinstance(value, datetime) else value
    return value
