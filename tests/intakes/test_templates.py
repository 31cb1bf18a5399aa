"""Workbooks to fill in: their headings come back as fields.

Their drop-downs hold what may be chosen, their example is passed over.
"""

from datetime import date
from io import BytesIO

import pytest
from django.utils import translation
from openpyxl import load_workbook

from directives.catalogue.kinds import KINDS
from directives.models import Document
from directives.tables import reader
from directives.tables.cells import value_reader
from directives.tables.faults import Wrong
from directives.tables.fields import IntakeContext
from directives.tables.matching import FieldNames, find_headings, is_fully_matched
from directives.tables.rows import RowReader
from directives.tables.templates import template
from tests.factories import NOW, TODAY, make_directive, make_document, make_indicator, make_section

pytestmark = pytest.mark.once

LANGUAGES = ("zh-hans", "zh-hant", "en")


@pytest.fixture
def context(cast):
    section = make_section(make_document())
    make_directive(section, code="九.3.3", text="健全制度。")
    return IntakeContext(
        cast.supervisor, NOW, TODAY, {"document": section.document.pk, "organisation": cast.body.pk}
    )


def made(kind, context, language="zh-hans", rows=()):
    with translation.override(language):
        return template(KINDS[kind], context, rows)


def read_back(kind, context, content):
    with reader.read(BytesIO(content), "模板.xlsx") as opened:
        fields = KINDS[kind].fields(context)
        names = FieldNames(fields)
        heads, _remarks = find_headings(opened.tables, names)
        source = RowReader(opened, heads, fields)
        rows = list(source.rows())
    return heads, names, rows, source.remarks


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_template_is_matched_without_a_question_and_its_example_passed_over(
    context, kind, language
):
    with translation.override(language):
        heads, names, rows, _remarks = read_back(kind, context, made(kind, context, language))
        assert (len(heads), is_fully_matched(heads, names), rows) == (1, True, [])
        wanted = {field.name for field in names.fields if not (field.read_only or field.unless)} - {
            "id",
            "version",
        }
        assert set(heads[0].matched) == wanted


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_choice_has_a_drop_down_in_the_readers_language(context, kind, language):
    with translation.override(language):
        fields = {str(field.label): field for field in KINDS[kind].fields(context)}
        book = load_workbook(BytesIO(made(kind, context, language)))
        sheet = book.worksheets[0]
        dropped = {}
        for rule in sheet.data_validations.dataValidation:
            heading = sheet.cell(1, next(iter(rule.sqref.ranges)).min_col).value
            if rule.type == "list":
                tab, cells = rule.formula1.lstrip("=").replace("$", "").split("!")
                dropped[heading] = [row[0].value for row in book[tab.strip("'")][cells]]
        wanted = {
            label: [str(word) for _value, word in field.choices]
            for label, field in fields.items()
            if field.choices and not field.computed
        }
        assert {label: dropped.get(label) for label in wanted} == wanted


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_are_such_as_the_intake_reads(context, kind, language):
    make_indicator(
        Document.objects.get(), context.by.in_role("supervisor")[0].organisation, code="JC-01"
    )
    sheet = load_workbook(BytesIO(made(kind, context, language))).worksheets[0]
    with translation.override(language):
        fields = {str(field.label): field for field in KINDS[kind].fields(context)}
        said = {
            fields[head.value]: cell.value
            for head, cell in zip(sheet[1], sheet[2], strict=True)
            if cell.value
        }
        first, *others = said.items()
        assert (
            first[1].split(":")[-1].split("：")[-1].strip()
        )  # something follows the word that it is an example
        assert [
            (field.name, text)
            for field, text in others
            if isinstance(value_reader(field)(text), Wrong)
        ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_instructions_are_high_enough_and_lead_to_the_list(context, language):
    book = load_workbook(BytesIO(made("people", context, language)))
    guide = book.worksheets[1]
    long = [
        row
        for row in guide.iter_rows()
        if len(str(row[2].value or "")) > (70 if language == "en" else 35)
    ]
    assert len(long) >= 1
    assert all(guide.row_dimensions[row[0].row].height >= 30 for row in long)
    told = [str(row[2].value) for row in guide.iter_rows()]
    assert sum(book.worksheets[2].title in text for text in told) == 1  # bodies are listed there


def test_a_period_is_headed_and_explained_as_a_period(context):
    book = load_workbook(BytesIO(made("statistics", context)))
    heads = [cell.value for cell in book.worksheets[0][1]]
    assert ("统计期" in heads, "填报频次" in heads) == (True, False)
    told = [
        cell.value
        for row in book["填写说明"].iter_rows()
        for cell in row
        if cell.value and "第三季度" in str(cell.value)
    ]
    assert len(told) == 1


def test_the_codes_of_directives_are_proposed_with_their_words(context):
    book = load_workbook(BytesIO(made("obligations", context)))
    cells = [[cell.value for cell in row] for row in book["可选值"].iter_rows()]
    assert any("九.3.3" in row and row[row.index("九.3.3") + 1] == "健全制度。" for row in cells)


def test_what_must_be_filled_in_is_dark_and_explained(context):
    book = load_workbook(BytesIO(made("bodies", context)))
    heads = {cell.value: cell.fill.fgColor.rgb for cell in book.worksheets[0][1]}
    required = {str(field.label) for field in KINDS["bodies"].fields(context) if field.required}
    with translation.override("zh-hans"):
        required = {str(field.label) for field in KINDS["bodies"].fields(context) if field.required}
    assert {label for label, colour in heads.items() if colour == "FF1D4577"} == required
    guide = [[cell.value for cell in row] for row in book["填写说明"]]
    assert {row[0] for row in guide if row[1] == "是"} == required


def test_rows_filled_in_come_back_as_they_went_out(context):
    rows = [
        {
            "id": 7,
            "version": 3,
            "clause": "九.3.3",
            "body": "Q01",
            "part": "lead",
            "due_on": date(2027, 6, 30),
            "note": "=1+1",
        },
        {
            "id": 8,
            "version": 1,
            "clause": "九.3.4",
            "body": "Q02",
            "part": "supporting",
            "leader": "顾明远",
        },
    ]
    with translation.override("zh-hans"):
        _heads, _names, given, _remarks = read_back(
            "obligations", context, made("obligations", context, rows=rows)
        )
    told = [
        {name: value for name, value in row.values.items() if value is not None} for row in given
    ]
    assert told == rows


def test_a_formula_in_what_is_filled_in_is_text(context):
    content = made("obligations", context, rows=[{"id": 7, "version": 3, "note": "=1+1"}])
    cells = [cell for row in load_workbook(BytesIO(content)).worksheets[0] for cell in row]
    assert {cell.data_type for cell in cells if cell.value} <= {"s", "n"}
    assert "'=1+1" in [cell.value for cell in cells]
