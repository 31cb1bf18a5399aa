"""Cells of the ledger that only go out: whether they still say what would go out now."""

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
from directives.documents.imports.directive_finder import ENDS, TITLE, DirectiveFinder
from directives.models import CalendarDay
from directives.obligations.exports.ledger import Today, columns
from directives.obligations.imports.split_bodies import named
from directives.obligations.queries.ledger import LedgerReader, LedgerRow
from directives.tables.book import Column, cell_value
from directives.tables.cells import as_text, displayed, names_of
from directives.tables.comparing import same_value, without_apostrophes
from directives.tables.fields import IntakeContext

WORDS = (
    "progress",
    "problems",
    "next_steps",
    "percent",
)  # go into a report, where it is plain into which
LAMPS = (
    ("红", RED),
    ("红灯", RED),
    ("黄", YELLOW),
    ("黄灯", YELLOW),
    ("绿", GREEN),
    ("绿灯", GREEN),
)  # as people write them
KEPT = 20_000  # comparisons that are remembered
NUMBER = re.compile(r"\d+(?:\.\d+)?")
Then = Mapping[str, Any]


class Difference(NamedTuple):
    """A cell, as it is, that says something else than stands here."""

    name: str
    cell: Any
    value: str
    stands: str


class ReadonlyColumns:
    """Compares the cells of rows with the ledger as it would go out to this person now.

    `body_of` finds the organisation that a cell names.
    """

    def __init__(
        self, context: IntakeContext, clauses: DirectiveFinder, body_of: Callable[[str], int | None]
    ) -> None:
        self.context, self.clauses, self.body_of = context, clauses, body_of
        self.reader = LedgerReader(context.by)
        self.met: dict[tuple[str, Any, Any], bool] = {}
        self.tongues: dict[str, Mapping[str, Column]] = {}

    @cached_property
    def dated(self) -> Today:
        return Today(self.context.today, CalendarDay.objects.workdays(self.context.today))

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        """The columns of the ledger in the reader's language, by key."""
        return {column.key: column for column in columns(self.dated, titled=False)}

    @cached_property
    def named(self) -> Mapping[str, Mapping[str, str]]:
        return {
            "state": names_of(OBLIGATION_STATES),
            "light": names_of(LIGHTS) | {fold(word): light for word, light in LAMPS},
        }

    def lines(self, rows: Sequence[tuple[Any, ...]]) -> dict[int, LedgerRow]:
        """The lines of obligations, each given as `queries.ledger.CELLS`, by id: a few queries."""
        return {line.pk: line for line in self.reader.lines(rows)} if rows else {}

    def differing(
        self, cells: Mapping[str, Any], line: LedgerRow, then: Then, *, ours: bool
    ) -> list[Difference]:
        """The cells that say neither what stands here nor what stood here when the file went out.

        `then` is what the record tells of that day. An empty cell says something in a list of ours
        alone.
        """
        found, known = [], self.columns
        for name, cell in cells.items():
            column = known.get(name)
            value = column.value(line) if column else None
            if column and cell == value and column.kind == "text":  # as nearly all of them
                continue
            stands = cell_value(value, column.kind) if column else None
            if cell == stands or ((cell is None or cell == "") and (stands is None or not ours)):
                continue
            if not self._alike(name, cell, stands, line) and not self._said_then(name, cell, then):
                found.append(Difference(name, cell, cell_text(name, cell), cell_text(name, stands)))
        return found

    def _alike(self, name: str, cell: Any, stands: Any, line: LedgerRow) -> bool:
        if name == "percent":
            return stands is not None and round(100 * stands) in percents(cell)
        key = (name, cell, stands)
        if key not in self.met:
            if len(self.met) >= KEPT:
                self.met.clear()
            self.met[key] = self._same(name, as_text(cell), as_text(stands), line)
        return self.met[key]

    def _same(self, name: str, text: str, stands: str, line: LedgerRow) -> bool:
        if name in WORDS:
            return same_value(stands, text)
        if text == normalize("NFKC", stands) or _key(name, text) == _key(name, stands):
            return True
        return bool(text) and (
            self._means(name, text, line) or self._in_another_language(name, text, line)
        )

    def _means(self, name: str, text: str, line: LedgerRow) -> bool:
        """Whether a cell says in other words what stands here."""
        match name:
            case "clause":
                title = TITLE.match(text)
                code, clause = TITLE.sub("", text), line.clause
                titles = map(fold, (clause.title, clause.title_hans, clause.title_hant))
                if title and fold(title[0].strip().strip("《》")) not in titles:
                    return False
                return fold(code) == fold(clause.code) or self._directive(code) == clause.pk
            case "directive":
                own = fold(line.clause.text).rstrip(ENDS) == fold(text).rstrip(ENDS)
                return own or self._directive(text) == line.clause.pk
            case "body":
                parts = {part for _name, part in named(text)} - {""}
                return self.body_of(text) == line.body.pk and parts <= {line.part}
            case "state" | "light":
                return self._value(name, text) == getattr(line, name)
        return False

    def _directive(self, text: str) -> int | None:
        found = self.clauses.find(text)
        return found.pk if found else None

    def _value(self, name: str, text: str) -> str:
        """The state or the colour that a cell names."""
        return self.named[name].get(fold(_lamp(text) if name == "light" else text), "")

    def _in_another_language(self, name: str, text: str, line: LedgerRow) -> bool:
        """Whether the cell is what goes out in one of the other languages."""
        for code, _language in settings.LANGUAGES:
            with translation.override(code):
                if code not in self.tongues:
                    self.tongues[code] = {
                        column.key: column for column in columns(self.dated, titled=False)
                    }
                column = self.tongues[code].get(name)
                if column and _key(name, text) == _key(
                    name, as_text(cell_value(column.value(line), column.kind))
                ):
                    return True
        return False

    def _said_then(self, name: str, cell: Any, then: Then) -> bool:
        if name not in then:
            return False
        if name == "percent":
            return then[name] in percents(cell)
        text = as_text(cell)
        return (
            self._value(name, text) == then[name]
            if name in self.named
            else same_value(then[name] or "", text)
        )


def _key(name: str, text: str) -> str:
    """Equal for texts that say the same. A light is compared without its reason, which ages."""
    return fold(without_apostrophes(_lamp(text) if name == "light" else text))


def _lamp(text: str) -> str:
    return text.replace("：", ":").split(":")[0]


def percents(cell: Any) -> tuple[int, ...]:
    """The whole percentages that a cell may mean: 0.4 in a workbook, 40% in a text table.

    A bare 1 is 100%, or 1% where another program made points of shares.
    """
    text = "".join(as_text(cell).replace("％", "%").split())
    number = NUMBER.fullmatch(text.removesuffix("%"))
    if number is None or isinstance(cell, bool | date):
        return ()
    given = float(number[0])
    if text.endswith("%") or given > 1:
        return (round(given),)
    return (100, 1) if given == 1 else (round(100 * given),)


def cell_text(name: str, cell: Any) -> str:
    """A cell as it is told of."""
    if name == "percent" and isinstance(cell, float | int) and not isinstance(cell, bool):
        return f"{100 * cell:.10g}%" if 0 <= cell <= 1 else f"{cell:.10g}"
    return displayed(as_text(cell))
