"""Tables of statistics (统计): figures of a document's indicators by body and period."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.refusals import NotAllowed
from directives.base.script import fold
from directives.base.states import WORKING
from directives.indicators import commands as statistics
from directives.indicators.commands import Period, ReportedFigure
from directives.indicators.commands.faults import Key
from directives.models import Figure, Indicator, IntakeRow, Organisation, User
from directives.models.intakes import NEW
from directives.tables.codes import BodyCodes, Codes, ambiguous_code, read_as, unknown_body
from directives.tables.comparing import (
    PastValues,
    StoredRow,
    cannot_undo,
    changed_since,
    compare,
    demand_unchanged,
    json_value,
    new_row,
    refused_cell,
    stale,
    text_of,
    wrong_row,
)
from directives.tables.fields import (
    CheckedRow,
    Checker,
    Fault,
    Field,
    FileRow,
    IntakeContext,
    IntakeRows,
    TableKind,
)
from directives.tables.figures import scale_of

PERIOD = re.compile(
    r"(\d{4})年?度?(?:第?([一二三四1-4])季度?|[qQ]([1-4])|([上下])半年|[hH]([12])|全年|[yY])?"
)
NUMBERS = {
    text: number for texts in ("一二三四", "1234", "上下") for number, text in enumerate(texts, 1)
}


def fields(context: IntakeContext) -> tuple[Field, ...]:
    return (
        Field(
            "indicator",
            gettext_lazy("Indicator"),
            "code",
            INDICATOR,
            required=True,
            key=True,
            limit=100,
            drop_down="indicators",
        ),
        Field(
            "body",
            gettext_lazy("Organisation"),
            "code",
            BODY,
            key=True,
            limit=200,
            example="Q01",
            drop_down="organisations",
        ),
        Field("year", gettext_lazy("Year"), "whole", ("年份", "统计年度", "年度"), key=True),
        Field(
            "period",
            gettext_lazy("For the period"),
            "code",
            PERIODS,
            key=True,
            example="2025年",
            help=SPELLING,
        ),
        Field("value", gettext_lazy("Value"), "number", VALUE, required=True, example="120"),
        Field("note", gettext_lazy("Remarks"), "text", ("备注", "说明", "数据说明"), limit=200),
        Field("id", gettext_lazy("Record ID"), "whole", ("编号",)),
        Field("version", gettext_lazy("Version"), "whole", ("版本", "版本号")),
    )


INDICATOR = (
    "指标编码", "指标代码", "指标名称", "统计指标", "指标编号", "统计指标名称", "指标项目",
    "code",
)  # fmt: skip
SPELLING = gettext_lazy(
    "Such as 2026, 2026H1 or 2026Q3, or the Chinese form; with a year column, the part of the year "
    "is enough"
)
PERIODS = (
    "周期类型", "Period", "周期", "时期", "统计周期", "填报周期", "期间", "季度", "统计时期",
    "报告期", "统计期", "报送周期", "期别",
)  # fmt: skip
VALUE = (
    "数值", "数据", "统计值", "数量", "指标值", "本期值", "本期数", "统计数", "上报数", "实际数",
    "累计数", "填报数",
)  # fmt: skip
BODY = (
    "单位编码", "单位代码", "单位名称", "填报单位", "上报单位", "报送单位", "机构代码",
    "填表单位", "统计单位", "机构名称", "地区",
)  # fmt: skip


def may(user: User) -> bool:
    return user.is_active and (user.works or user.supervises)


def period_of(text: str, year: int | None) -> Period | None:
    """The period in a cell: 2025年第三季度, 2025Q3, 2025, or 第三季度 with `year`."""
    text = "".join(text.split())
    if year and not re.match(r"\d{4}", text):
        text = f"{year}年{text}"
    match = PERIOD.fullmatch(text)
    if not match:
        return None
    quarter, half = match[2] or match[3], match[4] or match[5]
    cadence = "quarter" if quarter else "half" if half else "year"
    return Period(int(match[1]), cadence, NUMBERS[quarter or half] if quarter or half else 1)


def _stored(row: Figure) -> StoredRow:
    return StoredRow(
        row.pk, row.version, "", {"value": json_value(Decimal(row.value)), "note": row.note}
    )


class FigureChecker(Checker):
    """Identifies rows by indicator, body and period."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        rows = (
            Indicator.objects.visible_to(context.by)
            .filter(document=context.place.get("document", 0))
            .select_related("organisation")
        )
        self.indicators = {row.pk: row for row in rows}
        self.codes = Codes({row.code: row.pk for row in self.indicators.values()})
        self.names = {
            fold(name): row.pk
            for row in self.indicators.values()
            for name in (row.code, row.name_hans)
        }
        self.bodies = BodyCodes()
        own_bodies = [*context.by.bodies_as(*WORKING)]
        self.own_body = own_bodies[0] if len(own_bodies) == 1 else None
        self.organisations: dict[int, Organisation] = {}  # of the rows so far

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        ids = {row.number: self._body(row) for row in rows}
        new = {pk for pk in ids.values() if pk is not None} - self.organisations.keys()
        self.organisations |= Organisation.objects.in_bulk(new)
        faults: dict[int, list[Fault]] = {row.number: [] for row in rows}
        reported = {
            row.number: figure
            for row in rows
            if (figure := self._reported(row, ids[row.number], faults[row.number]))
        }
        numbers, figures = list(reported), list(reported.values())
        for fault in statistics.faults_of(figures, by=self.context.by, now=self.context.now):
            name = {"organisation": "body"}.get(fault.field, fault.field)
            faults[numbers[fault.place]].append(refused_cell(name, fault.value, fault.expected))
        stored = _stored_figures({figure.key for figure in figures})
        versions = {}
        for row in rows:
            figure = reported.get(row.number)
            if figure and (stored_figure := stored.get(figure.key)):
                exported_version = row.values.get("version") or stored_figure.version
                versions[stored_figure.pk] = (exported_version, stored_figure.version)
        past = PastValues.read(Figure, versions, _from_record)
        return [
            self._check_row(row, figure, faults[row.number], stored, past)
            if (figure := reported.get(row.number))
            else wrong_row(row, faults[row.number])
            for row in rows
        ]

    def _body(self, row: FileRow) -> int | None:
        text = text_of(row.values.get("body"))
        if not text:
            return self.context.place.get("organisation") or self.own_body
        return self.bodies.ids.get(self.bodies.find(text).code)

    def _reported(
        self, row: FileRow, body: int | None, faults: list[Fault]
    ) -> ReportedFigure | None:
        """The figure that a row reports; None if indicator, body or period is unknown."""
        values = row.values
        name, spelled = text_of(values.get("indicator")), text_of(values.get("period"))
        indicator = self.names.get(fold(name)) or self.codes.ids.get(self.codes.find(name).code)
        period = period_of(spelled, values.get("year"))
        if indicator is None:
            expected = _("The code or name of an indicator of this document")
            faults.append(Fault("indicator", name, expected, _("Use the list of indicators.")))
        if body is None:
            text = text_of(values.get("body"))
            match = self.bodies.find(text)
            ambiguous = ambiguous_code("body", text, match) if match.several else None
            faults.append(ambiguous or unknown_body("body", text))
        if period is None and "period" not in {fault.field for fault in row.faults}:
            expected = _("A period such as 2025, 2025Q3 or 2025H1")
            remedy = _("Write year and quarter, year and half-year, or only the year.")
            faults.append(Fault("period", spelled, expected, remedy))
        if indicator is None or body is None or period is None or "value" not in values:
            return None
        reported, value = self.indicators[indicator], values["value"]
        if "value" in row.scaled_fields:  # 3万 of an indicator with the unit 万 is 3
            value = Decimal(value) / scale_of(reported.unit)
        note = text_of(values.get("note"))
        return ReportedFigure(reported, self.organisations[body], period, value, note)

    def _check_row(
        self,
        row: FileRow,
        figure: ReportedFigure,
        faults: list[Fault],
        stored: Mapping[Key, Figure],
        past: PastValues,
    ) -> CheckedRow:
        indicator, body = self.indicators[figure.key.indicator], figure.organisation
        names = (f"{indicator.code} {indicator.name_hans}", body.name_hans, figure.period.name)
        label = " · ".join(names)
        first_place = self.first_rows.setdefault(figure.key, row.place)
        if first_place != row.place:
            expected = _(
                "One row for each indicator, organisation and period; row %(number)s of the file "
                "has the same"
            ) % {"number": first_place.seen_from(row.place)}
            faults = [fault for fault in faults if fault.field != "indicator"]
            remedy = _("Keep one of the two rows.")
            faults.append(Fault("indicator", indicator.code, expected, remedy))
        code = text_of(row.values.get("body"))
        if code.isdecimal() and code != body.code:
            label = f"{label} · {read_as(code, body.code)}"
        if faults or row.faults:
            return wrong_row(row, faults, label)
        cells = {"value": json_value(figure.value)}
        if "note" in row.values:
            cells["note"] = figure.note
        stored_figure = stored.get(figure.key)
        if stored_figure is not None:
            stored_row = StoredRow(
                stored_figure.pk, stored_figure.version, label, _stored(stored_figure).values
            )
            return compare(row, stored_row, cells, past)
        key_values = {"indicator": indicator.code, "body": body.code, "period": figure.period.key}
        return new_row(
            row, label, key_values | {name: value for name, value in cells.items() if value != ""}
        )


def _from_record(before: dict[str, Any]) -> dict[str, Any]:
    """The values of an audit event by the fields of the table; it has no empty remarks."""
    return {"value": before.get("value"), "note": before.get("note", "")}


def _stored_figures(keys: Iterable[Key]) -> dict[Key, Figure]:
    bodies_of: dict[tuple[int, int, str, int], set[int]] = {}
    for indicator, year, cadence, number, body in keys:
        bodies_of.setdefault((indicator, year, cadence, number), set()).add(body)
    stored: dict[Key, Figure] = {}
    for (indicator, year, cadence, number), bodies in bodies_of.items():
        rows = Figure.objects.filter(
            indicator=indicator, year=year, period=cadence, number=number, organisation__in=bodies
        )
        stored |= {Key(indicator, year, cadence, number, row.organisation_id): row for row in rows}
    return stored


def _locked(rows: IntakeRows) -> dict[int | None, Figure]:
    figures = (
        Figure.objects.select_for_update(no_key=True, of=("self",))
        .select_related("indicator__organisation", "organisation")
        .order_by("indicator_id", "year", "period", "number", "organisation_id")  # as Key
    )
    return {**figures.in_bulk([row.subject_id for row in rows if row.subject_id])}


def _with_values(figure: Figure, values: Mapping[str, Any]) -> ReportedFigure:
    """A stored figure, reported again with these values."""
    values = {**_stored(figure).values, **values}
    return ReportedFigure(
        figure.indicator,
        figure.organisation,
        Period(figure.year, figure.period, figure.number),
        Decimal(values["value"]),
        values["note"],
        figure.version,
    )


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """Report and correct figures."""
    stored, figures = _locked(rows), []
    new = [row.after for row in rows if row.verdict == NEW]
    indicators = {
        row.code: row
        for row in Indicator.objects.filter(
            document=context.place["document"], code__in={values["indicator"] for values in new}
        ).select_related("organisation")
    }
    codes = {values["body"] for values in new}
    bodies = {body.code: body for body in Organisation.objects.filter(code__in=codes)}
    for row in rows:
        if row.verdict == NEW:
            figures.append(_new_figure(row, indicators, bodies))
            continue
        figure = stored.get(row.subject_id)
        if figure is None:
            raise stale(row)
        demand_unchanged(row, _stored(figure))
        figures.append(_with_values(figure, row.after))
    filed = statistics.file_figures(figures, by=context.by, now=context.now)
    stored_by_key = _stored_figures({figure.key for figure in figures})
    for row, figure, reported in zip(rows, filed.figures, figures, strict=True):
        row.subject_id, row.left = stored_by_key[reported.key].pk, figure.version


def _new_figure(
    row: IntakeRow, indicators: Mapping[str, Indicator], bodies: Mapping[str, Organisation]
) -> ReportedFigure:
    values = row.after
    indicator, body = indicators.get(values["indicator"]), bodies.get(values["body"])
    period = Period.of(values["period"])
    if indicator is None or body is None or period is None:
        raise stale(row)
    return ReportedFigure(
        indicator, body, period, Decimal(values["value"]), values.get("note", ""), version=0
    )


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Restore corrected figures and delete new ones."""
    stored = _locked(rows)
    for row in rows:
        if row.subject_id not in stored or stored[row.subject_id].version != row.left:
            raise changed_since(row)
    restored = [
        _with_values(stored[row.subject_id], row.before) for row in rows if row.verdict != NEW
    ]
    new = [stored[row.subject_id] for row in rows if row.verdict == NEW]
    try:
        statistics.file_figures(restored, by=context.by, now=context.now)
        statistics.take_back_figures(new, by=context.by, now=context.now)
    except (statistics.FigureFaults, NotAllowed) as refusal:
        raise cannot_undo(rows[0], str(refusal)) from refusal


STATISTICS = TableKind(
    key="statistics",
    name=gettext_lazy("Statistics"),
    about=gettext_lazy(
        "Report or correct the document’s indicators by organisation and period, including earlier "
        "years."
    ),
    needs=("document",),
    fields=fields,
    may=may,
    checker=FigureChecker,
    write=write,
    undo=undo,
)
