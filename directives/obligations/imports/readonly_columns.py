"""Comparing the read-only columns of an imported ledger with what an export would hold now."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple
from unicodedata import normalize

from django.conf import settings
from django.utils import translation

from directives.base.script import fold
from directives.base.states import GREEN, LIGHTS, OBLIGATION_STATES, RED, YELLOW
from directives.documents.imports.directive_finder import END_MARKS, TITLE, DirectiveFinder
from directives.models import CalendarDay
from directives.obligations.exports.ledger import Today, columns
from directives.obligations.imports.split_bodies import named_bodies
from directives.obligations.queries.ledger import LedgerReader, LedgerRow
from directives.tables.book import Column, cell_value
from directives.tables.cells import as_text, displayed, folded, names_of
from directives.tables.comparing import same_value, without_apostrophes
from directives.tables.days import read_day
from directives.tables.fields import IntakeContext

REPORTED_FIELDS = ("progress", "problems", "next_steps", "percent")  # imported into the open report
LIGHT_NAMES = {"红": RED, "黄": YELLOW, "绿": GREEN}  # as people write them, also with 灯 behind
CACHE_SIZE = 20_000  # comparisons that are cached
NUMBER = re.compile(r"\d+(?:\.\d+)?")
ExportedValues = Mapping[str, Any]


class Difference(NamedTuple):
    """A cell that differs from the stored value."""

    name: str
    cell: Any
    value: str  # of the cell, as text
    stored: str  # the stored value, as text


class ReadonlyColumns:
    """Compares the cells of rows with the ledger that this user would export now.

    `body_of` returns the id of the organisation that a cell names.
    """

    def __init__(
        self, context: IntakeContext, clauses: DirectiveFinder, body_of: Callable[[str], int | None]
    ) -> None:
        self.context, self.clauses, self.body_of = context, clauses, body_of
        self.reader = LedgerReader(context.by)
        self.comparisons: dict[tuple[str, Any, Any], bool] = {}
        self.translated: dict[str, Mapping[str, Column]] = {}  # columns by language

    @cached_property
    def dated(self) -> Today:
        return Today(self.context.today, CalendarDay.objects.workdays(self.context.today))

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        """The columns of the ledger in the user's language, by key."""
        return self._translated_columns()

    def _translated_columns(self) -> Mapping[str, Column]:
        return {column.key: column for column in columns(self.dated, titled=False)}

    @cached_property
    def codes_by_name(self) -> Mapping[str, Mapping[str, str]]:
        return {
            "state": names_of(OBLIGATION_STATES),
            "light": names_of(LIGHTS)
            | {
                fold(word + suffix): light
                for word, light in LIGHT_NAMES.items()
                for suffix in ("", "灯")
            },
        }

    def lines(self, rows: Sequence[tuple[Any, ...]]) -> dict[int, LedgerRow]:
        """The ledger lines of obligations, given as tuples of `queries.ledger.CELLS`, by id."""
        return {line.pk: line for line in self.reader.lines(rows)} if rows else {}

    def differing(
        self,
        cells: Mapping[str, Any],
        line: LedgerRow,
        exported_values: ExportedValues,
        *,
        is_own_export: bool,
    ) -> list[Difference]:
        """The cells that equal neither the current value nor the value at the time of the export.

        `then` holds the values at that time, from the record. Empty cells count only in a ledger
        that was exported here (`ours`).
        """
        differences = []
        for name, cell in cells.items():
            column = self.columns.get(name)
            value = column.value(line) if column else None
            if column and cell == value and column.kind == "text":  # true of nearly all cells
                continue
            stored = cell_value(value, column.kind) if column else None
            if cell == stored or (
                (cell is None or cell == "") and (stored is None or not is_own_export)
            ):
                continue
            if self._alike(name, cell, stored, line) or self._equals_past(
                name, cell, exported_values
            ):
                continue
            texts = cell_text(name, cell), cell_text(name, stored)
            differences.append(Difference(name, cell, *texts))
        return differences

    def _alike(self, name: str, cell: Any, stored: Any, line: LedgerRow) -> bool:
        """Whether the cell means the stored value, from the cache if possible."""
        if name == "percent":
            return stored is not None and round(100 * stored) in percents(cell)
        if isinstance(stored, date) and read_day(cell, folded(as_text(cell))) == stored:
            return True  # as a number, where the column lost its format
        key = (name, cell, stored)
        if key not in self.comparisons:
            if len(self.comparisons) >= CACHE_SIZE:
                self.comparisons.clear()
            self.comparisons[key] = self._same(name, as_text(cell), as_text(stored), line)
        return self.comparisons[key]

    def _same(self, name: str, text: str, stored: str, line: LedgerRow) -> bool:
        if name in REPORTED_FIELDS:
            return same_value(stored, text)
        if text == normalize("NFKC", stored) or _key(name, text) == _key(name, stored):
            return True
        return bool(text) and (
            self._means(name, text, line) or self._in_another_language(name, text, line)
        )

    def _means(self, name: str, text: str, line: LedgerRow) -> bool:
        """Whether the cell names the stored value in another way."""
        match name:
            case "clause":
                title = TITLE.match(text)
                code, clause = TITLE.sub("", text), line.clause
                titles = map(fold, (clause.title, clause.title_hans, clause.title_hant))
                if title and fold(title[0].strip().strip("《》")) not in titles:
                    return False
                return fold(code) == fold(clause.code) or self._directive(code) == clause.pk
            case "directive":
                same = fold(line.clause.text).rstrip(END_MARKS) == fold(text).rstrip(END_MARKS)
                return same or self._directive(text) == line.clause.pk
            case "body":
                parts = {part for _name, part in named_bodies(text)} - {""}
                return self.body_of(text) == line.body.pk and parts <= {line.part}
            case "state" | "light":
                return self._value(name, text) == getattr(line, name)
        return False

    def _directive(self, text: str) -> int | None:
        directive = self.clauses.find(text)
        return directive.pk if directive else None

    def _value(self, name: str, text: str) -> str:
        """The state or the light that a cell names; empty if none."""
        return self.codes_by_name[name].get(
            fold(_light_name(text) if name == "light" else text), ""
        )

    def _in_another_language(self, name: str, text: str, line: LedgerRow) -> bool:
        """Whether the cell is what an export in one of the languages holds."""
        for code, _language in settings.LANGUAGES:
            with translation.override(code):
                if code not in self.translated:
                    self.translated[code] = self._translated_columns()
                if column := self.translated[code].get(name):
                    exported = as_text(cell_value(column.value(line), column.kind))
                    if _key(name, text) == _key(name, exported):
                        return True
        return False

    def _equals_past(self, name: str, cell: Any, exported_values: ExportedValues) -> bool:
        if name not in exported_values:
            return False
        if name == "percent":
            return exported_values[name] in percents(cell)
        text = as_text(cell)
        if name in self.codes_by_name:
            return self._value(name, text) == exported_values[name]
        return same_value(exported_values[name] or "", text)


def _key(name: str, text: str) -> str:
    """Equal for equivalent texts. A light is compared without its reason, which changes daily."""
    return fold(without_apostrophes(_light_name(text) if name == "light" else text))


def _light_name(text: str) -> str:
    return text.replace("：", ":").split(":")[0]


def percents(cell: Any) -> tuple[int, ...]:
    """The whole percentages that a cell may mean: 0.4 in a workbook, 40% in a text table.

    A bare 1 is 100%, or 1% in a file of a program that writes 40 for 40%.
    """
    text = "".join(as_text(cell).replace("％", "%").split())
    number = NUMBER.fullmatch(text.removesuffix("%"))
    if number is None or isinstance(cell, bool | date):
        return ()
    value = float(number[0])
    if text.endswith("%") or value > 1:
        return (round(value),)
    return (100, 1) if value == 1 else (round(100 * value),)


def cell_text(name: str, cell: Any) -> str:
    """The text that messages show for a cell."""
    if name == "percent" and isinstance(cell, float | int) and not isinstance(cell, bool):
        return f"{100 * cell:.10g}%" if 0 <= cell <= 1 else f"{cell:.10g}"
    return displayed(as_text(cell))
