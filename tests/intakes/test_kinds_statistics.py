"""Figures of indicators brought in as a table."""

from decimal import Decimal
from io import BytesIO

import pytest

from directives import tallies
from directives.base.refusals import Invalid, Stale
from directives.catalogue.kinds import KINDS
from directives.indicators import commands as statistics
from directives.indicators.commands import Period, ReportedFigure
from directives.indicators.imports import period_of
from directives.models import Figure, FigureTotal, User
from directives.models.intakes import CHANGED, CONFLICT, NEW, SAME
from directives.tables import reader
from directives.tables.fields import IntakeContext
from directives.tables.matching import FieldNames, find_headings
from directives.tables.rows import RowReader
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_directive,
    make_document,
    make_indicator,
    make_obligation,
    make_section,
)
from tests.intakes.bringing import bring

STATISTICS = KINDS["statistics"]
LAST = Period(2025, "year")


@pytest.fixture
def indicator(cast):
    directive = make_directive(make_section(make_document()))
    for body in (cast.body, cast.child, cast.sibling):
        make_obligation(directive, body)
    return make_indicator(
        directive.document, cast.centre, code="ZZ-01", name_hans="基层组织数", places=1
    )


def report(indicator, body, value, by):
    return statistics.file_figures(
        [ReportedFigure(indicator, body, LAST, Decimal(value))], by=by, now=NOW
    )


@pytest.mark.parametrize(
    ("text", "year", "wanted"),
    [
        ("2025", None, LAST),
        ("2025年", None, LAST),
        ("2025年度", None, LAST),
        ("2025 年 全年", None, LAST),
        ("2025y", None, LAST),
        ("2025年第三季度", None, Period(2025, "quarter", 3)),
        ("2025年4季度", None, Period(2025, "quarter", 4)),
        ("2025Q1", None, Period(2025, "quarter", 1)),
        ("2025上半年", None, Period(2025, "half", 1)),
        ("2025h2", None, Period(2025, "half", 2)),
        ("第二季度", 2025, Period(2025, "quarter", 2)),
        ("", 2025, LAST),
        ("下半年", 2025, Period(2025, "half", 2)),
        ("去年", None, None),
        ("", None, None),
        ("2025年5季度", None, None),
    ],
)
def test_how_people_spell_a_period(text, year, wanted):
    assert period_of(text, year) == wanted


def test_figures_are_reported_and_corrected(cast, indicator):
    report(indicator, cast.body, "10", cast.staff)
    report(indicator, cast.sibling, "7", cast.stranger)
    table = [
        {"indicator": "ZZ-01", "body": "Q01", "period": "2025", "value": Decimal("12")},
        {
            "indicator": "基层组织数",
            "body": "共青团中央",
            "period": "2025年",
            "value": Decimal("7.0"),
            "note": None,
        },
        {
            "indicator": "zz-01",
            "body": "Q01A",
            "period": "2024",
            "value": Decimal("3.5"),
            "note": "基线",
        },
    ]
    imported = bring(STATISTICS, cast.supervisor, table, document=indicator.document_id)
    assert imported.verdicts == [CHANGED, SAME, NEW]
    imported.apply()
    assert sorted(Figure.objects.values_list("organisation__code", "year", "value")) == [
        ("Q01", 2025, Decimal("12")),
        ("Q01A", 2024, Decimal("3.5")),
        ("Q02", 2025, Decimal("7")),
    ]
    assert FigureTotal.objects.get(scope=cast.centre, year=2025).sum == Decimal("19")
    assert tallies.drift() == []
    imported.undo()
    assert sorted(Figure.objects.values_list("organisation__code", "value")) == [
        ("Q01", Decimal("10")),
        ("Q02", Decimal("7")),
    ]
    assert tallies.drift() == []


def read(text, context):
    """The rows of a text table, read as the fields of figures, held against the product."""
    fields = STATISTICS.fields(context)
    with reader.read(BytesIO(text.encode()), "统计.csv") as opened:
        heads, _remarks = find_headings(opened.tables, FieldNames(fields))
        source = RowReader(opened, heads, fields)
        rows = list(source.rows())
    return STATISTICS.checker(context, source.headed).check(rows)


@pytest.mark.parametrize(
    ("unit", "heading", "cell", "value"),
    [
        ("万元", "数值", "12", "12"),
        ("万元", "数值（万元）", "12", "12"),
        ("万元", "数值", "3.5万", "3.5"),
        ("萬人次", "数值", "3.5萬", "3.5"),
        ("人", "数值（万人）", "12.5", "125000"),
        ("人", "数值", "3万", "30000"),
        ("人", "数值", "3", "3"),
    ],
)
def test_a_number_with_its_unit_is_counted_in_that_of_the_indicator(
    cast, indicator, unit, heading, cell, value
):
    type(indicator).objects.filter(pk=indicator.pk).update(unit=unit)
    context = IntakeContext(
        User.objects.get(pk=cast.supervisor.pk), NOW, TODAY, {"document": indicator.document_id}
    )
    (planned,) = read(f"指标,单位编码,周期,{heading}\nZZ-01,Q01,2025,{cell}\n", context)
    assert (planned.faults, Decimal(planned.after["value"])) == ([], Decimal(value))


def test_faults_of_figures(cast, indicator):
    table = [
        {"indicator": "ZZ-99", "body": "Q01", "period": "2025", "value": Decimal(1)},
        {"indicator": "ZZ-01", "body": "没有", "period": "去年", "value": Decimal(1)},
        {"indicator": "ZZ-01", "body": "Q01", "period": "2025Q1", "value": Decimal(1)},
        {"indicator": "ZZ-01", "body": "Q01", "period": "2025", "value": Decimal("-1.25")},
        {"indicator": "ZZ-01", "body": "Q02", "period": "2025", "value": Decimal(1)},
        {"indicator": "ZZ-01", "body": "Q01", "period": "2023", "value": Decimal(1)},
        {"indicator": "ZZ-01", "body": "Q01", "period": "2023", "value": Decimal(1)},
    ]
    imported = bring(STATISTICS, cast.staff, table, document=indicator.document_id)
    assert [(number, field) for number, field, _text in imported.faults] == [
        (1, "indicator"),
        (2, "body"),
        (2, "period"),
        (3, "period"),
        (4, "value"),
        (4, "value"),
        (5, "body"),
        (7, "indicator"),
    ]


def test_one_bodys_people_need_not_name_it(cast, indicator):
    imported = bring(
        STATISTICS,
        cast.staff,
        [{"indicator": "ZZ-01", "period": "2025", "value": Decimal(4)}],
        document=indicator.document_id,
    )
    imported.apply()
    assert Figure.objects.get().organisation == cast.body


def test_a_figure_that_changed_meanwhile(cast, indicator):
    report(indicator, cast.body, "10", cast.staff)
    report(indicator, cast.body, "11", cast.manager)
    row = {
        "indicator": "ZZ-01",
        "body": "Q01",
        "period": "2025",
        "value": Decimal(12),
        "version": 1,
    }
    imported = bring(STATISTICS, cast.staff, [row], document=indicator.document_id)
    assert imported.verdicts == [CONFLICT]
    report(indicator, cast.body, "13", cast.manager)
    with pytest.raises(Stale):
        imported.apply()
    fresh = bring(
        STATISTICS,
        cast.staff,
        [row | {"period": "2022", "version": None}],
        document=indicator.document_id,
    )
    fresh.apply()
    Figure.objects.filter(year=2022).update(version=2)
    with pytest.raises(Invalid):
        fresh.undo()
    assert Figure.objects.count() == 2


def test_queries_do_not_grow_with_the_rows(cast, indicator, django_assert_max_num_queries):
    bodies = [make_body(f"Y{number}", parent=cast.centre) for number in range(100)]
    for body in bodies:
        make_obligation(indicator.document.directives.first(), body)
    table = [
        {"indicator": "ZZ-01", "body": body.code, "period": "2025", "value": Decimal(1)}
        for body in bodies
    ]
    with django_assert_max_num_queries(18):
        imported = bring(STATISTICS, cast.supervisor, table, document=indicator.document_id)
    with django_assert_max_num_queries(30):
        imported.apply()
    assert FigureTotal.objects.get(scope=cast.centre, year=2025).sum == 100
