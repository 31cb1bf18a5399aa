"""Reads one cell of a file: the value for its field, or what is wrong with it. Pure functions.

Values by the type of the field: text and code: str; date: date; whole: int; number and money:
Decimal; percent: int, or Decimal where it is not whole; choice: the value of the choice; codes:
a tuple of str. An empty cell is None.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from directives.base.script import fold
from directives.tables.book import unguard
from directives.tables.days import read_day
from directives.tables.deadlines import read_deadline
from directives.tables.faults import Interpreted, Wrong
from directives.tables.fields import Choices, Field
from directives.tables.figures import POWER, Shares, read_figure, read_percent, read_whole
from directives.tables.layout import Cell, NoValue

CellReader = Callable[[Cell], Any]
TextReader = Callable[[Cell, str], Any]

SEPARATORS = re.compile(r"[、,，;；\n]+")
INVISIBLE = (
    "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u202a\u202b\u202c\u202d\u202e"
    "\u2066\u2067\u2068\u2069\u00ad"
)
SPACE = re.compile(rf"[\s{INVISIBLE}]+")
HIDDEN = re.compile(f"[{INVISIBLE}]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
QUOTED_LENGTH = 200  # characters of a wrong value that a fault quotes
CUT_SHORT = re.compile(r"\d(?:\.\d+)?E\+\d{2,}")  # as a spreadsheet shows 13900001111
EXACT = 10**15  # a spreadsheet keeps fifteen digits of a number


@dataclass(frozen=True, slots=True)
class ColumnUnits:
    """How the numbers of a whole column count."""

    scale: int = 1  # of bare numbers
    shares: Shares = ""  # whether percentages are shares of 1


def value_reader(field: Field, units: ColumnUnits = ColumnUnits()) -> CellReader:
    """Return a function that reads the cells of one column, interpretations as plain values."""
    read = interpreting_reader(field, units)

    def read_value(cell: Cell) -> Any:
        value = read(cell)
        return value.value if isinstance(value, Interpreted) else value

    return read_value


def interpreting_reader(field: Field, units: ColumnUnits = ColumnUnits()) -> CellReader:
    """Return a function that reads the cells of one column, and caches the result for short ones.

    It returns `Interpreted` if the value is derived from the cell by a rule.
    """
    read_text = READERS[field.type](field, units)

    @lru_cache(maxsize=4096, typed=True)
    def read_cached(cell: Cell) -> Any:
        return _read(cell, read_text)

    def read(cell: Cell) -> Any:
        if cell is None or cell == "":
            return None
        if isinstance(cell, str) and len(cell) > 60:
            return _read(cell, read_text)
        return read_cached(cell)

    return read


def displayed(cell: Cell) -> str:
    """A wrong value as a fault quotes it."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    text = f"{cell:%Y-%m-%d %H:%M}" if isinstance(cell, datetime) else str(cell)
    text = CONTROL.sub("�", text)
    return text if len(text) <= QUOTED_LENGTH else text[: QUOTED_LENGTH - 1] + "…"


def _read(cell: Cell, read_text: TextReader) -> Any:
    if isinstance(cell, NoValue):
        return _no_value(cell)
    if isinstance(cell, bool):
        return Wrong(
            _("a value in words or figures, not a checkbox or TRUE"), _("Write the value in words.")
        )
    text = as_text(cell)
    if not text:
        return None
    if CONTROL.search(text):
        return Wrong(
            _("text without hidden control characters"),
            _("Type the cell again, or paste it as plain text."),
        )
    return read_text(cell, text)


def _no_value(cell: NoValue) -> Wrong:
    if cell.kind == "formula":
        return Wrong(
            _("a value; the formula was saved without its result"),
            _("Open the file in Excel or WPS and save it, or paste values."),
        )
    return Wrong(
        _("a value, not a spreadsheet error"), _("Correct the formula, or write the value itself.")
    )


def as_text(cell: Cell) -> str:
    """A cell as text, trimmed and without a guarding apostrophe.

    Whole numbers have no decimal point; days are written 2025-03-01.
    """
    match cell:
        case None:
            return ""
        case str():
            return _clean(cell)
        case datetime():
            midnight = not (cell.hour or cell.minute or cell.second)
            return f"{cell:%Y-%m-%d}" if midnight else f"{cell:%Y-%m-%d %H:%M}"
        case date():
            return cell.isoformat()
        case float() if cell.is_integer() and abs(cell) < EXACT:
            return str(int(cell))
        case float():
            return format(cell, ".15g")  # 0.1 + 0.2 is 0.3, as a spreadsheet shows it
    return str(cell)


def _clean(text: str) -> str:
    if "_x000D_" in text:
        text = text.replace("_x000D_", "\r")
    text = text.strip().strip(INVISIBLE).replace("\r\n", "\n").replace("\r", "\n")
    return unguard(text).strip()


def folded(text: str) -> str:
    """Replace full-width and other compatibility forms (NFKC), and remove white space."""
    return SPACE.sub("", unicodedata.normalize("NFKC", text))


# The readers of each type of field get the cell and its text, which is not empty.


def _text(field: Field, units: ColumnUnits) -> TextReader:
    return partial(_read_text, limit=field.limit)


def _read_text(cell: Cell, text: str, *, limit: int) -> str | Wrong:
    # A long number, such as a telephone number, loses digits in a spreadsheet.
    if CUT_SHORT.fullmatch(text) or _inexact(cell):
        return Wrong(
            _("text; a spreadsheet program has rounded it"),
            _("Set the column to text, then type the number again."),
        )
    return _within(text, limit)


def _inexact(cell: Cell) -> bool:
    return isinstance(cell, int | float | Decimal) and (cell >= EXACT or cell <= -EXACT)


def _within(text: str, limit: int) -> str | Wrong:
    if limit and len(text) > limit:
        params = {"limit": limit, "length": len(text)}
        return Wrong(
            _("at most %(limit)s characters; there are %(length)s") % params,
            _("Shorten it, or put the rest in a remark."),
        )
    return text


def _code(field: Field, units: ColumnUnits) -> TextReader:
    return partial(_read_code, limit=field.limit)


def _read_code(cell: Cell, text: str, *, limit: int) -> str | Wrong:
    if POWER.fullmatch(text) or _inexact(cell):
        return Wrong(
            _("a code; a spreadsheet program has rounded it"),
            _("Set the column to text, then type the code again."),
        )
    if HIDDEN.search(text):
        return Wrong(
            _("a code without invisible characters"), _("Clear the cell and type the code again.")
        )
    if text.casefold() in ("nan", "inf", "-inf"):
        return Wrong(_("a code"), _("Write the code, or leave the cell empty."))
    return _within(unicodedata.normalize("NFKC", text), limit)


def _date(field: Field, units: ColumnUnits) -> TextReader:
    read = read_deadline if field.deadline else read_day
    return lambda cell, text: read(cell, text if isinstance(cell, date) else folded(text))


def _number(field: Field, units: ColumnUnits) -> TextReader:
    money = field.type == "money"
    return lambda cell, text: read_figure(cell, folded(text), money=money, scale=units.scale)


def _whole(field: Field, units: ColumnUnits) -> TextReader:
    return lambda cell, text: read_whole(cell, folded(text), scale=units.scale)


def _percent(field: Field, units: ColumnUnits) -> TextReader:
    return lambda cell, text: read_percent(cell, folded(text), shares=units.shares)


def names_of(choices: Choices) -> dict[str, str]:
    """Folded name → value: the value itself, and its label in every language of the product."""
    names: dict[str, str] = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            names |= {fold(str(label)): value for value, label in choices}
    return names | {fold(value): value for value, _label in choices if value}


def _choice(field: Field, units: ColumnUnits) -> TextReader:
    names = names_of(field.choices)

    def read_choice(cell: Cell, text: str) -> str | Wrong:
        name = fold(text)
        for spelling in (name, f"{name}级", name.removesuffix("单位")):
            if spelling in names:
                return names[spelling]
        labels = "、".join(dict.fromkeys(str(label) for value, label in field.choices if value))
        return Wrong(_("one of: %(all)s") % {"all": labels}, _("Write one of these words."))

    return read_choice


def _codes(field: Field, units: ColumnUnits) -> TextReader:
    def read_codes(cell: Cell, text: str) -> tuple[str, ...] | Wrong:
        parts = SEPARATORS.split(text) if isinstance(cell, str) else [text]
        codes: dict[str, None] = {}
        for part in filter(None, map(str.strip, parts)):
            code = _read_code(cell, part, limit=field.limit)
            if isinstance(code, Wrong):
                return code
            codes[code] = None
        return tuple(codes)

    return read_codes


READERS: dict[str, Callable[[Field, ColumnUnits], TextReader]] = {
    "text": _text,
    "code": _code,
    "date": _date,
    "whole": _whole,
    "number": _number,
    "money": _number,
    "percent": _percent,
    "choice": _choice,
    "codes": _codes,
}
