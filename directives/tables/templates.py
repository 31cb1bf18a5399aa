"""Workbooks to fill in and import: headings, drop-downs, an example row and instructions."""

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

SPARE = 2_000  # empty rows with drop-downs
LONGEST_LIST = 5_000  # values of a drop-down; a longer list gets none
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
GUIDE_WIDTHS = (24, 20, 64, 28)  # characters
LINE_HEIGHT = 15  # points
MEANING_LENGTH = 200  # characters
IDENTITY = frozenset({"id", "version"})  # fields that identify an exported row
Values = Sequence[tuple[str, str]]  # value and meaning


def _bodies(context: IntakeContext) -> Values:
    bodies = Organisation.objects.visible_to(context.by).order_by("path")
    return list(bodies.values_list("code", "name_hans")[: LONGEST_LIST + 1])


def _directives(context: IntakeContext) -> Values:
    rows = (
        Directive.objects.filter(document=context.place.get("document", 0))
        .order_by("order")
        .values_list("code", "text_hans")
    )
    return [(code, text[:MEANING_LENGTH]) for code, text in rows[: LONGEST_LIST + 1]]


def _indicators(context: IntakeContext) -> Values:
    rows = Indicator.objects.filter(
        document=context.place.get("document", 0), ended_at=None
    ).values_list("code", "name_hans")
    return list(rows[: LONGEST_LIST + 1])


LISTS: dict[str, Callable[[IntakeContext], Values]] = {
    "organisations": _bodies,
    "directives": _directives,
    "indicators": _indicators,
}


def template(
    kind: TableKind, context: IntakeContext, rows: Iterable[Mapping[str, Any]] = ()
) -> bytes:
    """Make a workbook in the user's language.

    `rows` (field → value) are filled in instead of the example.
    """
    file = BytesIO()
    with Workbook(file, {"in_memory": True}) as workbook:
        _Template(kind, context, workbook).fill(list(rows))
    return file.getvalue()


class _Template:
    def __init__(self, kind: TableKind, context: IntakeContext, workbook: Workbook) -> None:
        self.kind, self.context, self.workbook = kind, context, workbook
        self.filled: list[Mapping[str, Any]] = []
        self.fields: tuple[Field, ...] = ()
        self.first_values: dict[str, str] = {}  # of drop-downs, by field
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
        self.required_head = workbook.add_format(
            {**base, "bold": True, "bg_color": "#1D4577", "font_color": "#FFFFFF", "bottom": 1}
        )
        self.title = workbook.add_format({"bold": True, "font_size": 16})

    def fill(self, rows: list[Mapping[str, Any]]) -> None:
        self.filled = rows
        self.fields = _template_fields(self.kind.fields(self.context), rows)
        sheet = self.workbook.add_worksheet(_sheet_name(str(self.kind.name)))
        guide = self.workbook.add_worksheet(_sheet_name(pgettext("worksheet", "Instructions")))
        choices = self._lists()
        self._head(sheet)
        self._rows(sheet)
        last_row = max(len(rows), 1) + SPARE
        for index, field in enumerate(self.fields):
            self._validate(sheet, index, field, last_row, choices.get(field.name, ""))
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        self._guide(guide)

    def _head(self, sheet: Worksheet) -> None:
        widths = [WIDTHS[field.type] for field in self.fields]
        sheet.set_row(0, _height([str(field.label) for field in self.fields], widths))
        for index, field in enumerate(self.fields):
            sheet.set_column(index, index, WIDTHS[field.type], self._format(field))
            sheet.write_string(
                0,
                index,
                guard(str(field.label)),
                self.required_head if field.required else self.head,
            )

    def _format(self, field: Field) -> Format:
        if field.type == "percent" and self.filled:
            return self.share
        if field.read_only or field.name in IDENTITY:
            return self.fixed
        if field.type == "date":
            return self.day
        return self.text if field.type in ("text", "code", "codes", "choice") else self.plain

    def _rows(self, sheet: Worksheet) -> None:
        if not self.filled:
            self._example(sheet)
            return
        for line, row in enumerate(self.filled, 1):
            for column, field in enumerate(self.fields):
                self._cell(sheet, line, column, field, row.get(field.name))

    def _example(self, sheet: Worksheet) -> None:
        """Write the example row. An import knows it by its first cell (`skipped_rows.EXAMPLE`)."""
        examples = [self._example_of(field) for field in self.fields]
        widths = [WIDTHS[field.type] for field in self.fields]
        sheet.set_row(1, _height([f"{examples[0]}　　　　", *examples[1:]], widths))
        for index, example in enumerate(examples):
            text = _("Example: %(value)s") % {"value": example} if index == 0 else guard(example)
            if text:
                sheet.write_string(1, index, text.strip(), self.example)

    def _example_of(self, field: Field) -> str:
        return _label(field, field.example or self.first_values.get(field.name, ""))

    def _cell(self, sheet: Worksheet, line: int, column: int, field: Field, value: Any) -> None:
        match value:
            case None | "":
                sheet.write_blank(line, column, None, self._format(field))
            case date():
                sheet.write_datetime(line, column, value, self.day)
            case bool() | str():
                text = guard(_label(field, str(value)))
                sheet.write_string(line, column, text, self._format(field))
            case _:
                number = value / 100 if field.type == "percent" else value
                sheet.write_number(line, column, number, self._format(field))

    def _lists(self) -> dict[str, str]:
        """Write the values of drop-downs on a sheet; return the range of cells for each field."""
        lists: dict[str, Values] = {}
        for field in self.fields:
            if field.choices:
                lists[field.name] = [(str(label), "") for _value, label in field.choices]
            elif field.drop_down in LISTS:
                lists[field.name] = LISTS[field.drop_down](self.context)
        lists = {name: values for name, values in lists.items() if 0 < len(values) <= LONGEST_LIST}
        if not lists:
            return {}
        self.first_values = {
            field.name: lists[field.name][0][0]
            for field in self.fields
            if field.drop_down and field.name in lists
        }
        sheet = self.workbook.add_worksheet(_sheet_name(_("Values")))
        sheet.set_row(0, 2 * LINE_HEIGHT)
        labels = {field.name: str(field.label) for field in self.fields}
        ranges = {
            name: self._list(sheet, 2 * number, labels[name], values)
            for number, (name, values) in enumerate(lists.items())
        }
        sheet.freeze_panes(1, 0)
        return ranges

    def _list(self, sheet: Worksheet, column: int, label: str, values: Values) -> str:
        """Write one list in two columns, values and meanings; return the range of the values."""
        sheet.set_column(column, column, 24, self.text)
        sheet.set_column(column + 1, column + 1, 32, self.text)
        heading = _("Values of “%(column)s”") % {"column": label}
        sheet.write_string(0, column, guard(heading), self.head)
        for line, (value, meaning) in enumerate(values, 1):
            sheet.write_string(line, column, guard(value), self.text)
            sheet.write_string(line, column + 1, guard(meaning), self.text)
        letters = xl_col_to_name(column, True)
        return f"='{sheet.name}'!{letters}$2:{letters}${len(values) + 1}"

    def _validate(
        self, sheet: Worksheet, column: int, field: Field, last_row: int, source: str
    ) -> None:
        """Have the spreadsheet check what is typed. An import checks all of it again."""
        if field.read_only:
            return
        title, message = str(field.label)[:32], _clipped(self._help(field), 255)
        options = {"input_title": title, "input_message": message}
        rule = _rule(field, source)
        if rule:
            options |= {"error_title": title, "error_message": message}
        sheet.data_validation(1, column, last_row, column, (rule or {"validate": "any"}) | options)

    def _help(self, field: Field) -> str:
        """Describe what to write in a column."""
        parts = [str(field.help)] if field.help else []
        if field.name in self.first_values:
            text = _("Choose from the list, or write a code of the sheet “%(sheet)s”.")
            parts.append(text % {"sheet": _sheet_name(_("Values"))})
        if field.choices:
            labels = pgettext("list", ", ").join(str(label) for _value, label in field.choices)
            parts.append(_("One of: %(all)s") % {"all": labels})
        hints = {
            "date": _("A date, such as 2026-06-30"),
            "percent": _("A number from 0 to 100, or a text such as 35%"),
            "whole": _("A whole number."),
            "number": _("A number; Chinese units of ten thousand are accepted"),
            "money": _("An amount of money; Chinese units of ten thousand are accepted"),
            "codes": _("Several codes, separated by commas."),
        }
        if field.type in hints:
            parts.append(hints[field.type])
        if field.limit:
            parts.append(_("At most %(limit)s characters.") % {"limit": field.limit})
        return " ".join(parts) or _("Text.")

    def _guide(self, sheet: Worksheet) -> None:
        """Write the instructions: what the table is for, then each column."""
        for index, width in enumerate(GUIDE_WIDTHS):
            sheet.set_column(index, index, width)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.write_string(0, 0, str(self.kind.name), self.title)
        instructions = self._instructions()
        for line, text in enumerate(instructions, 2):
            sheet.merge_range(line, 0, line, 3, text, self.plain)
            sheet.set_row(line, 32)
        start = len(instructions) + 3
        headings = (_("Column"), _("Must be filled in"), _("Content to fill in"), _("For example"))
        for index, text in enumerate(headings):
            sheet.write_string(start, index, text, self.head)
        fields = (field for field in self.fields if not field.read_only)
        for line, field in enumerate(fields, start + 1):
            required = _("yes") if field.required else ""
            cells = (str(field.label), required, self._help(field), self._example_of(field))
            for index, text in enumerate(cells):
                sheet.write_string(line, index, guard(text), self.plain)
            sheet.set_row(line, _height(cells, GUIDE_WIDTHS))

    def _instructions(self) -> list[str]:
        return [
            str(self.kind.about),
            _(
                "Fill in the first sheet. Columns may be left out or reordered; keep the headings. "
                "Dark columns are required."
            ),
            _("Grey columns identify the row and are not imported. Unchanged rows change nothing.")
            if self.filled
            else _("The example row may stay; it is skipped."),
            _(
                "Then import the file: before anything changes you see the effect of each row "
                "and all errors."
            ),
        ]


def _label(field: Field, value: str) -> str:
    """The label of a choice; another value as it is."""
    return str(dict(field.choices).get(value, value)) if field.choices else value


def _rule(field: Field, source: str) -> dict[str, Any]:
    """The validation of a column for XlsxWriter; empty for none."""
    if source:
        # Codes are only suggested: the same table may found another organisation.
        error_type = "stop" if field.choices else "information"
        return {"validate": "list", "source": source, "error_type": error_type}
    if field.type == "percent":
        return {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 100}
    if field.type == "date":
        rule = {"validate": "date", "criteria": ">=", "value": date(1900, 3, 1)}
        return rule | {"error_type": "warning"}
    if field.limit and field.type == "text":
        return {"validate": "length", "criteria": "<=", "value": field.limit}
    return {}


def _template_fields(
    fields: Iterable[Field], rows: Sequence[Mapping[str, Any]]
) -> tuple[Field, ...]:
    """The columns of a workbook.

    Where rows are filled in: keys, columns to read, columns to fill in, id and version.
    """
    if not rows:
        return tuple(
            field
            for field in fields
            if not (field.read_only or field.computed or field.unless or field.name in IDENTITY)
        )
    filled = {name for row in rows for name in row}

    def rank(field: Field) -> int:
        return 3 if field.name in IDENTITY else 0 if field.key else 1 if field.read_only else 2

    columns = (field for field in fields if field.name in filled or not field.read_only)
    return tuple(sorted(columns, key=rank))


def _height(texts: Sequence[str], widths: Sequence[int]) -> int:
    """Points that a row of wrapped cells needs, as not every program works it out.

    A Chinese character is as wide as two letters.
    """
    letters = [sum(1 if character < "\u2e80" else 2 for character in text) for text in texts]
    lines = (-(-count // max(1, width - 1)) for count, width in zip(letters, widths, strict=True))
    return LINE_HEIGHT * max(1, *lines)


def _clipped(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _sheet_name(name: str) -> str:
    allowed = "".join(" " if character in "[]:*?/\\'" else character for character in name)
    return allowed[:31].strip()
