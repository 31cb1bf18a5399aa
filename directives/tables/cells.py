"""One cell of a file → the value that its column's field asks for, or what is wrong with it. Pure: no file, no database.

Values by the sort of the field: text and code str · date date · whole int · number and money Decimal · percent int, or Decimal where
it is broken · choice the value of the choice · codes a tuple of str. An empty cell is None.
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

PARTS = re.compile(r"[、,，;；\n]+")
UNSEEN = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u00ad"
SPACE = re.compile(rf"[\s{UNSEEN}]+")
HIDDEN = re.compile(f"[{UNSEEN}]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
SHOWN = 200  # characters of a wrong value that a fault repeats
CUT_SHORT = re.compile(r"\d(?:\.\d+)?E\+\d{2,}")  # as a spreadsheet shows 13900001111
EXACT = 10**15  # a spreadsheet keeps fifteen digits of a number


@dataclass(frozen=True, slots=True)
class ColumnUnits:
    """What the column as a whole says about its cells: what bare numbers count in, and whether percentages are shares of 1."""

    scale: int = 1
    shares: Shares = ""


def value_reader(field: Field, manner: ColumnUnits = ColumnUnits()) -> CellReader:
    """A function that reads the cells of one column, what they mean by a rule of the field as if they said so."""
    read = interpreting_reader(field, manner)

    def plain(cell: Cell) -> Any:
        value = read(cell)
        return value.value if isinstance(value, Interpreted) else value

    return plain


def interpreting_reader(field: Field, manner: ColumnUnits = ColumnUnits()) -> CellReader:
    """A function that reads the cells of one column, Meant where they do not say it by the letter. Equal cells are read once."""
    read = SORTS[field.sort](field, manner)

    @lru_cache(maxsize=4096, typed=True)
    def cached(cell: Cell) -> Any:
        return _read(cell, read)

    def plain(cell: Cell) -> Any:
        if cell is None or cell == "":
            return None
        return cached(cell) if not isinstance(cell, str) or len(cell) <= 60 else _read(cell, read)

    return plain


def displayed(cell: Cell) -> str:
    """A wrong value as a fault repeats it."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    text = f"{cell:%Y-%m-%d %H:%M}" if isinstance(cell, datetime) else str(cell)
    text = CONTROL.sub("�", text)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _read(cell: Cell, read: Callable[[Cell, str], Any]) -> Any:
    if isinstance(cell, NoValue):
        return _odd(cell)
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
    return read(cell, text)


def _odd(cell: NoValue) -> Wrong:
    if cell.kind == "formula":
        return Wrong(
            _("a value; the formula was saved without its result"),
            _("Open the file in Excel or WPS and save it, or paste values."),
        )
    return Wrong(
        _("a value, not a spreadsheet error"), _("Correct the formula, or write the value itself.")
    )


def as_text(cell: Cell) -> str:
    """A cell as text: trimmed, without the apostrophe that guarded it, whole numbers without a point, days as 2025-03-01."""
    match cell:
        case None:
            return ""
        case str():
            text = cell.replace("_x000D_", "\r") if "_x000D_" in cell else cell
            return unguard(
                text.strip().strip(UNSEEN).replace("\r\n", "\n").replace("\r", "\n")
            ).strip()
        case datetime():
            return (
                f"{cell:%Y-%m-%d}"
                if not (cell.hour or cell.minute or cell.second)
                else f"{cell:%Y-%m-%d %H:%M}"
            )
        case date():
            return cell.isoformat()
        case float() if cell.is_integer() and abs(cell) < EXACT:
            return str(int(cell))
        case float():
            return format(cell, ".15g")  # 0.1 + 0.2 is 0.3, as a spreadsheet shows it
    return str(cell)


def folded(text: str) -> str:
    """Full-width and other compatibility forms made plain, white space gone."""
    return SPACE.sub("", unicodedata.normalize("NFKC", text))


# sorts


def _text(field: Field, manner: ColumnUnits) -> Callable[[Cell, str], Any]:
    return partial(_worded, limit=field.limit)


def _worded(cell: Cell, text: str, *, limit: int) -> str | Wrong:
    """Words; a long number in their place that a spreadsheet has cut short, such as a telephone's, is none any more."""
    if CUT_SHORT.fullmatch(text) or (
        isinstance(cell, int | float | Decimal) and abs(cell) >= EXACT
    ):
        return Wrong(
            _("text; a spreadsheet program has rounded it"),
            _("Set the column to text, then type the number again."),
        )
    return _limited(cell, text, limit=limit)


def _limited(cell: Cell, text: str, *, limit: int) -> str | Wrong:
    if limit and len(text) > limit:
        said = {"limit": limit, "length": len(text)}
        return Wrong(
            _("at most %(limit)s characters; there are %(length)s") % said,
            _("Shorten it, or put the rest in a remark."),
        )
    return text


def _code(field: Field, manner: ColumnUnits) -> Callable[[Cell, str], Any]:
    return partial(_coded, limit=field.limit)


def _coded(cell: Cell, text: str, *, limit: int) -> str | Wrong:
    """A code stays text. A number that a spreadsheet has cut short is no code any more."""
    number = isinstance(cell, int | float | Decimal)
    if POWER.fullmatch(text) or (number and abs(cell) >= EXACT):
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
    return _limited(cell, unicodedata.normalize("NFKC", text), limit=limit)


def _day(field: Field, manner: ColumnUnits) -> Callable[[Cell, str], Any]:
    if field.deadline:
        return lambda cell, text: read_deadline(
            cell, text if isinstance(cell, date) else folded(text)
        )
    return lambda cell, text: read_day(cell, text if isinstance(cell, date) else folded(text))


def _figure(field: Field, manner: ColumnUnits) -> Callable[[Cell, str], Any]:
    money = field.sort == "money"
    return lambda cell, text: read_figure(cell, folded(text), money=money, scale=manner.scale)


def _whole(field: Field, manner: ColumnUnits) -> Callable[[Cell, str], Any]:
    return lambda cell, text: read_whole(cell, folded(text), scale=manner.scale)


def _percent(field: Field, manner: ColumnUnits) -> Callable[[Cell, str], Any]:
    return lambda cell, text: read_percent(cell, folded(text), shares=manner.shares)


def names_of(choices: Choices) -> dict[str, str]:
    """Folded name → value: the value itself, and its label in every language of the product."""
    names: dict[str, str] = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            names |= {fold(str(label)): value for value, label in choices}
    return names | {fold(value): value for value, _label in choices if value}


def _choice(field: Field, manner: ColumnUnits) -> Callable[[Cell, str], Any]:
    names = names_of(field.choices)

    def chosen(cell: Cell, text: str) -> str | Wrong:
        name = fold(text)
        for spelt in (name, f"{name}级", name.removesuffix("单位")):
            if spelt in names:
                return names[spelt]
        listed = "、".join(dict.fromkeys(str(label) for value, label in field.choices if value))
        return Wrong(_("one of: %(all)s") % {"all": listed}, _("Write one of these words."))

    return chosen


def _codes(field: Field, manner: ColumnUnits) -> Callable[[Cell, str], Any]:
    def parted(cell: Cell, text: str) -> tuple[str, ...] | Wrong:
        parts = [part.strip() for part in PARTS.split(text)] if isinstance(cell, str) else [text]
        found = [_coded(cell, part, limit=field.limit) for part in parts if part]
        return next(
            (part for part in found if isinstance(part, Wrong)), tuple(dict.fromkeys(found))
        )

    return parted


SORTS: dict[str, Callable[[Field, ColumnUnits], Callable[[Cell, str], Any]]] = {
    "text": _text, "code": _code, "date": _day, "whole": _whole, "number": _figure, "money": _figure, "percent": _percent,
    "choice": _choice, "codes": _codes,
}  # fmt: skip
