"""Workbooks to fill in, away from the product if need be: the headings of a kind of table, drop-downs, an example, instructions.

What was filled in comes back through the intake of the same kind, which passes the example row over.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from directives.models import Directive, Indicator, Organisation
from directives.tables.book import guard
from directives.tables.fields import Field, IntakeContext, TableKind

SPARE = 2_000  # rows below those filled in that have drop-downs too
LISTED = 5_000  # a longer list gets no drop-down: nobody finds anything in it
WIDTHS = {
    "text": 28,
    "code": 14,
    "date": 14,
    "whole": 10,
    "number": 12,
    "percent": 10,
    "money": 14,
    "choice": 16,
    "codes": 24,
}
GUIDE = (24, 20, 64, 28)  # characters of a column of the instructions
LINE = 15  # points of one line
WORDS = 200  # characters of a name in a list
MACHINE = frozenset({"id", "version"})  # by which a row that went out is known when it comes back
Values = Sequence[tuple[str, str]]  # what a cell may hold, and what it stands for


def _bodies(context: IntakeContext) -> Values:
    rows = (
        Organisation.objects.visible_to(context.by)
        .order_by("path")
        .values_list("code", "name_hans")
    )
    return [(code, name) for code, name in rows[: LISTED + 1]]


def _directives(context: IntakeContext) -> Values:
    rows = (
        Directive.objects.filter(document=context.place.get("document", 0))
        .order_by("order")
        .values_list("code", "text_hans")
    )
    return [(code, text[:WORDS]) for code, text in rows[: LISTED + 1]]


def _indicators(context: IntakeContext) -> Values:
    rows = Indicator.objects.filter(
        document=context.place.get("document", 0), ended_at=None
    ).values_list("code", "name_hans")
    return list(rows[: LISTED + 1])


LISTS: dict[str, Callable[[IntakeContext], Values]] = {
    "organisations": _bodies,
    "directives": _directives,
    "indicators": _indicators,
}


def template(
    kind: TableKind, context: IntakeContext, rows: Iterable[Mapping[str, Any]] = ()
) -> bytes:
    """A workbook for this kind of table in the reader's language; `rows` are filled in already, by field, instead of the example."""
    file = BytesIO()
    with Workbook(file, {"in_memory": True}) as workbook:
        _Template(kind, context, workbook).fill(list(rows))
    return file.getvalue()


class _Template:
    """One workbook being made."""

    def __init__(self, kind: TableKind, context: IntakeContext, workbook: Workbook) -> None:
        self.kind, self.context, self.workbook = kind, context, workbook
        self.filled: list[Mapping[str, Any]] = []
        self.fields: tuple[Field, ...] = ()
        self.first: dict[
            str, str
        ] = {}  # of a list without an example of its own, what stands first in it
        base = {"valign": "top", "text_wrap": True}
        self.text = workbook.add_format({**base, "num_format": "@"})
        self.day = workbook.add_format({**base, "num_format": "yyyy-mm-dd"})
        self.plain = workbook.add_format(base)
        self.share = workbook.add_format({**base, "num_format": "0%"})
        self.fixed = workbook.add_format(
            {**base, "bg_color": "#F0EEE8", "font_color": "#5F6670", "num_format": "@"}
        )
        self.example = workbook.add_format(
            {**base, "italic": True, "font_color": "#5F6670", "num_format": "@"}
        )
        self.head = workbook.add_format({**base, "bold": True, "bg_color": "#F0EEE8", "bottom": 1})
        self.demanded = workbook.add_format(
            {**base, "bold": True, "bg_color": "#1D4577", "font_color": "#FFFFFF", "bottom": 1}
        )
        self.title = workbook.add_format({"bold": True, "font_size": 16})

    def fill(self, rows: list[Mapping[str, Any]]) -> None:
        self.filled = rows
        self.fields = _shown(self.kind.fields(self.context), rows)
        sheet = self.workbook.add_worksheet(_tab(str(self.kind.name)))
        guide = self.workbook.add_worksheet(_tab(_("Instructions")))
        choices = self._lists()
        self._head(sheet)
        self._rows(sheet)
        last = max(len(rows), 1) + SPARE
        for place, field in enumerate(self.fields):
            self._validate(sheet, place, field, last, choices.get(field.name, ""))
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        self._guide(guide)

    def _head(self, sheet: Worksheet) -> None:
        widths = [WIDTHS[field.sort] for field in self.fields]
        sheet.set_row(0, _height([str(field.label) for field in self.fields], widths))
        for place, field in enumerate(self.fields):
            sheet.set_column(place, place, WIDTHS[field.sort], self._format(field))
            sheet.write_string(
                0, place, guard(str(field.label)), self.demanded if field.required else self.head
            )

    def _format(self, field: Field) -> Format:
        if field.sort == "percent" and self.filled:
            return self.share
        if field.read_only or field.name in MACHINE:
            return self.fixed
        return (
            self.day
            if field.sort == "date"
            else self.text
            if field.sort in ("text", "code", "codes", "choice")
            else self.plain
        )

    def _rows(self, sheet: Worksheet) -> None:
        if not self.filled:
            self._example(sheet)
            return
        for line, row in enumerate(self.filled, 1):
            for place, field in enumerate(self.fields):
                self._cell(sheet, line, place, field, row.get(field.name))

    def _example(self, sheet: Worksheet) -> None:
        """The example row; its first cell says what it is, by which the intake knows it (tables.skipped_rows.EXAMPLE)."""
        told = [
            self._said(field, field.example or self.first.get(field.name, ""))
            for field in self.fields
        ]
        sheet.set_row(
            1,
            _height(
                [f"{told[0]}　　　　", *told[1:]], [WIDTHS[field.sort] for field in self.fields]
            ),
        )
        for place, said in enumerate(told):
            text = _("Example: %(value)s") % {"value": said} if place == 0 else guard(said)
            if text:
                sheet.write_string(1, place, text.strip(), self.example)

    def _cell(self, sheet: Worksheet, line: int, place: int, field: Field, value: Any) -> None:
        match value:
            case None | "":
                sheet.write_blank(line, place, None, self._format(field))
            case date():
                sheet.write_datetime(line, place, value, self.day)
            case bool() | str():
                sheet.write_string(
                    line, place, guard(self._said(field, str(value))), self._format(field)
                )
            case _:
                sheet.write_number(
                    line,
                    place,
                    value / 100 if field.sort == "percent" else value,
                    self._format(field),
                )

    @staticmethod
    def _said(field: Field, value: str) -> str:
        """A value as the reader calls it."""
        return str(dict(field.choices).get(value, value)) if field.choices else value

    def _lists(self) -> dict[str, str]:
        """The values of drop-downs on a sheet of their own, with what each stands for; for each field, where they are."""
        found: dict[str, str] = {}
        lists: dict[str, Values] = {}
        for field in self.fields:
            if field.choices:
                lists[field.name] = [(str(label), "") for _value, label in field.choices]
            elif field.drop_down in LISTS:
                lists[field.name] = LISTS[field.drop_down](self.context)
        lists = {name: values for name, values in lists.items() if 0 < len(values) <= LISTED}
        if not lists:
            return found
        self.first = {
            field.name: lists[field.name][0][0]
            for field in self.fields
            if field.drop_down and field.name in lists
        }
        tab = _tab(_("Values"))
        sheet = self.workbook.add_worksheet(tab)
        sheet.set_row(0, 2 * LINE)
        labels = {field.name: str(field.label) for field in self.fields}
        for number, (name, values) in enumerate(lists.items()):
            first = 2 * number
            sheet.set_column(first, first, 24, self.text)
            sheet.set_column(first + 1, first + 1, 32, self.text)
            sheet.write_string(
                0, first, guard(_("Values of “%(column)s”") % {"column": labels[name]}), self.head
            )
            for line, (value, meaning) in enumerate(values, 1):
                sheet.write_string(line, first, guard(value), self.text)
                sheet.write_string(line, first + 1, guard(meaning), self.text)
            letter = xl_col_to_name(first, True)
            found[name] = f"='{tab}'!{letter}$2:{letter}${len(values) + 1}"
        sheet.freeze_panes(1, 0)
        return found

    def _validate(self, sheet: Worksheet, place: int, field: Field, last: int, source: str) -> None:
        """What a spreadsheet checks by itself while somebody types; the intake checks all of it again."""
        if field.read_only:
            return
        help_words = {
            "input_title": str(field.label)[:32],
            "input_message": _clipped(self._help(field), 255),
        }
        rule: dict[str, Any] = {"validate": "any"}
        if source:
            # a list of codes only proposes: a code that is founded in the same table is right too
            rule = {
                "validate": "list",
                "source": source,
                "error_type": "stop" if field.choices else "information",
            }
        elif field.sort == "percent":
            rule = {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 100}
        elif field.sort == "date":
            rule = {
                "validate": "date",
                "criteria": ">=",
                "value": date(1900, 3, 1),
                "error_type": "warning",
            }
        elif field.limit and field.sort == "text":
            rule = {"validate": "length", "criteria": "<=", "value": field.limit}
        if rule["validate"] != "any":
            help_words["error_title"] = str(field.label)[:32]
            help_words["error_message"] = _clipped(self._help(field), 255)
        sheet.data_validation(1, place, last, place, rule | help_words)

    def _help(self, field: Field) -> str:
        """What belongs into a column, in words."""
        parts = [str(field.help)] if field.help else []
        if field.name in self.first:
            parts.append(
                _("Choose from the list, or write a code of the sheet “%(sheet)s”.")
                % {"sheet": _tab(_("Values"))}
            )
        if field.choices:
            parts.append(
                _("One of: %(all)s")
                % {
                    "all": pgettext("list", ", ").join(
                        str(label) for _value, label in field.choices
                    )
                }
            )
        words = {
            "date": _("A date, such as 2026-06-30"),
            "percent": _("A number from 0 to 100, or a text such as 35%"),
            "whole": _("A whole number."),
            "number": _("A number; Chinese units of ten thousand are accepted"),
            "money": _("An amount of money; Chinese units of ten thousand are accepted"),
            "codes": _("Several codes, separated by commas."),
        }
        if field.sort in words:
            parts.append(words[field.sort])
        if field.limit:
            parts.append(_("At most %(limit)s characters.") % {"limit": field.limit})
        return " ".join(parts) or _("Text.")

    def _guide(self, sheet: Worksheet) -> None:
        """The sheet of instructions: what the table is for, then each column."""
        for place, width in enumerate(GUIDE):
            sheet.set_column(place, place, width)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.write_string(0, 0, str(self.kind.name), self.title)
        said = [
            str(self.kind.about),
            _("Fill in the first sheet. Columns may be left out or reordered; keep the headings. Dark columns are required."),
            _("The example row may stay; it is skipped.") if not self.filled
            else _("Grey columns identify the row and are not imported. Unchanged rows change nothing."),
            _("Then import the file: before anything changes you see the effect of each row and all errors."),
        ]  # fmt: skip
        for line, text in enumerate(said, 2):
            sheet.merge_range(line, 0, line, 3, text, self.plain)
            sheet.set_row(line, 32)
        start = len(said) + 3
        for place, text in enumerate(
            (_("Column"), _("Must be filled in"), _("Content to fill in"), _("For example"))
        ):
            sheet.write_string(start, place, text, self.head)
        for line, field in enumerate(
            (field for field in self.fields if not field.read_only), start + 1
        ):
            cells = (
                str(field.label),
                _("yes") if field.required else "",
                self._help(field),
                self._said(field, field.example or self.first.get(field.name, "")),
            )
            for place, text in enumerate(cells):
                sheet.write_string(line, place, guard(text), self.plain)
            sheet.set_row(line, _height(cells, GUIDE))


def _shown(fields: Iterable[Field], rows: Sequence[Mapping[str, Any]]) -> tuple[Field, ...]:
    """The columns of a workbook. Where rows are filled in: what names a row first, then what is only shown, what is asked, our ids."""
    if not rows:
        return tuple(
            field
            for field in fields
            if not (field.read_only or field.unless or field.name in MACHINE)
        )
    there = {name for row in rows for name in row}

    def rank(field: Field) -> int:
        return 3 if field.name in MACHINE else 0 if field.key else 1 if field.read_only else 2

    return tuple(
        sorted((field for field in fields if field.name in there or not field.read_only), key=rank)
    )


def _height(texts: Sequence[str], widths: Sequence[int]) -> int:
    """Points that a row of wrapped cells needs: not every program finds it by itself. A Chinese character is as wide as two letters."""
    wide = [sum(1 if character < "\u2e80" else 2 for character in text) for text in texts]
    return LINE * max(
        -(-one // max(1, width - 1)) or 1 for one, width in zip(wide, widths, strict=True)
    )


def _clipped(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _tab(name: str) -> str:
    return "".join(" " if character in "[]:*?/\\'" else character for character in name)[
        :31
    ].strip()
