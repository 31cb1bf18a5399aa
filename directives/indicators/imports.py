"""Statistics (统计): figures of a document's indicators, by body and period; earlier years make the baseline."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.refusals import NotAllowed
from directives.base.script import fold
from directives.indicators import commands as statistics
from directives.indicators.commands import Period, ReportedFigure
from directives.models import Figure, Indicator, Organisation, User
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
    RowPlace,
    TableKind,
)
from directives.tables.figures import scale_of

PERIOD = re.compile(
    r"(\d{4})年?度?(?:第?([一二三四1-4])季度?|[qQ]([1-4])|([上下])半年|[hH]([12])|全年|[yY])?"
)
NUMBERS = {
    text: number for texts in ("一二三四", "1234", "上下") for number, text in enumerate(texts, 1)
}
Key = tuple[int, int, str, int, int]  # indicator, year, cadence, number, body


def fields(context: IntakeContext) -> tuple[Field, ...]:
    """The columns of a table of figures."""
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
            help=SPELT,
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
SPELT = gettext_lazy(
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
    """Those who report for a body, and those who supervise some."""
    return user.is_active and (user.works or user.supervises)


def period_of(text: str, year: int | None) -> Period | None:
    """The period that cells name: 2025年第三季度, 2025Q3, 2025上半年, 2025; or a year in one cell and 第三季度 in another."""
    plain_text = "".join(text.split())
    if year and not re.match(r"\d{4}", plain_text):
        plain_text = f"{year}年{plain_text}"
    found = PERIOD.fullmatch(plain_text)
    if not found:
        return None
    quarter, half = found[2] or found[3], found[4] or found[5]
    cadence = "quarter" if quarter else "half" if half else "year"
    return Period(int(found[1]), cadence, NUMBERS[quarter or half] if quarter or half else 1)


def _stored(row: Figure) -> StoredRow:
    return StoredRow(
        row.pk, row.version, "", {"value": json_value(Decimal(row.value)), "note": row.note}
    )


class FigureChecker(Checker):
    """Rows are told by indicator, body and period."""

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
        own = {m.organisation_id for m in context.by.standing if m.role in ("staff", "manager")}
        self.own = own.pop() if len(own) == 1 else None
        self.known: dict[int, Organisation] = {}
        self.first: dict[Key, RowPlace] = {}

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        ids = {row.number: self._body(row) for row in rows}
        self.known |= Organisation.objects.in_bulk(set(ids.values()) - {None} - self.known.keys())
        faults: dict[int, list[Fault]] = {row.number: [] for row in rows}
        reported = {
            row.number: said
            for row in rows
            if (said := self._reported(row, ids[row.number], faults[row.number]))
        }
        places = list(reported)
        for fault in statistics.faults_of(
            list(reported.values()), by=self.context.by, now=self.context.now
        ):
            name = {"organisation": "body"}.get(fault.field, fault.field)
            faults[places[fault.place]].append(refused_cell(name, fault.value, fault.expected))
        stored = _standing({said.key for said in reported.values()})
        met = [
            (row, stored[key])
            for row in rows
            if row.number in reported and (key := reported[row.number].key) in stored
        ]
        past = PastValues.of(
            Figure,
            {one.pk: (row.values.get("version") or one.version, one.version) for row, one in met},
            _said,
        )
        return [
            self._one(row, reported.get(row.number), faults[row.number], stored, past)
            for row in rows
        ]

    def _body(self, row: FileRow) -> int | None:
        text = text_of(row.values.get("body"))
        if not text:
            return self.context.place.get("organisation") or self.own
        return self.bodies.known.get(self.bodies.find(text).code)

    def _reported(
        self, row: FileRow, body: int | None, faults: list[Fault]
    ) -> ReportedFigure | None:
        """The figure that a row reports; None where its place cannot be made out."""
        given = row.values
        text, when = text_of(given.get("indicator")), text_of(given.get("period"))
        indicator = self.names.get(fold(text)) or self.codes.known.get(self.codes.find(text).code)
        period = period_of(when, given.get("year"))
        if indicator is None:
            expected = _("The code or name of an indicator of this document")
            faults.append(Fault("indicator", text, expected, _("Use the list of indicators.")))
        if body is None:
            name = text_of(given.get("body"))
            found = self.bodies.find(name)
            faults.append(
                ambiguous_code("body", name, found) if found.several else unknown_body("body", name)
            )
        if period is None and "period" not in {fault.field for fault in row.faults}:
            expected = _("A period such as 2025, 2025Q3 or 2025H1")
            faults.append(
                Fault(
                    "period",
                    when,
                    expected,
                    _("Write year and quarter, year and half-year, or only the year."),
                )
            )
        if indicator is None or body is None or period is None or "value" not in given:
            return None
        measured, value = self.indicators[indicator], given["value"]
        if "value" in row.spelt_out:  # 3万 of an indicator that is counted in 万 is 3
            value = Decimal(value) / scale_of(measured.unit)
        return ReportedFigure(measured, self.known[body], period, value, text_of(given.get("note")))

    def _one(
        self,
        row: FileRow,
        said: ReportedFigure | None,
        faults: list[Fault],
        stored: Mapping[Key, Figure],
        past: PastValues,
    ) -> CheckedRow:
        if said is None:
            return wrong_row(row, faults)
        label = (
            f"{said.indicator.code} {said.indicator.name_hans} · {said.organisation.name_hans} · "
            f"{said.period.name}"
        )
        first = self.first.setdefault(said.key, row.place)
        if first != row.place:
            expected = _(
                "One row for each indicator, organisation and period; row %(number)s of the file "
                "has the same"
            )
            faults = [fault for fault in faults if fault.field != "indicator"]
            expected %= {"number": first.seen_from(row.place)}
            faults.append(
                Fault("indicator", said.indicator.code, expected, _("Keep one of the two rows."))
            )
        given = text_of(row.values.get("body"))
        if given.isdecimal() and given != said.organisation.code:
            label = f"{label} · {read_as(given, said.organisation.code)}"
        if faults or row.faults:
            return wrong_row(row, faults, label)
        wanted = {"value": json_value(said.value)} | (
            {"note": said.note} if "note" in row.values else {}
        )
        here = stored.get(said.key)
        if here is None:
            place = {
                "indicator": said.indicator.code,
                "body": said.organisation.code,
                "period": said.period.key,
            }
            return new_row(
                row, label, place | {name: value for name, value in wanted.items() if value != ""}
            )
        return compare(
            row, StoredRow(here.pk, here.version, label, _stored(here).values), wanted, past
        )

    def finish(self) -> Iterable[tuple[int, Fault]]:
        return ()


def _said(before: dict[str, Any]) -> dict[str, Any]:
    """What the record tells of a figure: an empty remark is not told."""
    return {"value": before.get("value"), "note": before.get("note", "")}


def _standing(keys: Iterable[Key]) -> dict[Key, Figure]:
    """The figures that stand under these keys."""
    places: dict[tuple[int, int, str, int], set[int]] = {}
    for *place, body in keys:
        places.setdefault(tuple(place), set()).add(body)
    found = {}
    for (indicator, year, period, number), bodies in places.items():
        rows = Figure.objects.filter(
            indicator=indicator, year=year, period=period, number=number, organisation__in=bodies
        )
        found |= {(indicator, year, period, number, row.organisation_id): row for row in rows}
    return found


def _held(rows: IntakeRows) -> dict[int, Figure]:
    figures = Figure.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "indicator__organisation", "organisation"
    )
    ordered = figures.order_by(
        "indicator_id", "year", "period", "number", "organisation_id"
    )  # as every writer takes them
    return ordered.in_bulk([row.subject_id for row in rows if row.subject_id])


def _again(figure: Figure, values: Mapping[str, Any]) -> ReportedFigure:
    """A figure that stands, with what it is to say."""
    said = {**_stored(figure).values, **values}
    period = Period(figure.year, figure.period, figure.number)
    return ReportedFigure(
        figure.indicator,
        figure.organisation,
        period,
        Decimal(said["value"]),
        said["note"],
        figure.version,
    )


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """Figures are reported and corrected."""
    stored, figures = _held(rows), []
    new = [row for row in rows if row.verdict == NEW]
    known = Indicator.objects.filter(document=context.place["document"]).select_related(
        "organisation"
    )
    indicators = {
        row.code: row for row in known.filter(code__in={row.after["indicator"] for row in new})
    }
    bodies = {
        body.code: body
        for body in Organisation.objects.filter(code__in={row.after["body"] for row in new})
    }
    for row in rows:
        if row.verdict != NEW:
            figure = stored.get(row.subject_id)
            demand_unchanged(row, _stored(figure) if figure else None)
            figures.append(_again(figure, row.after))
            continue
        said = row.after
        if said["indicator"] not in indicators or said["body"] not in bodies:
            raise stale(row)
        place = (indicators[said["indicator"]], bodies[said["body"]], Period.of(said["period"]))
        figures.append(
            ReportedFigure(*place, Decimal(said["value"]), said.get("note", ""), version=0)
        )
    filed = statistics.file_figures(figures, by=context.by, now=context.now)
    keys = _standing({figure.key for figure in figures})
    for row, figure, said in zip(rows, filed.figures, figures, strict=True):
        row.subject_id, row.left = keys[said.key].pk, figure.version


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Corrected figures say again what they said, new ones go as if they had never been reported."""
    stored = _held(rows)
    for row in rows:
        if row.subject_id not in stored or stored[row.subject_id].version != row.left:
            raise changed_since(row)
    back = [_again(stored[row.subject_id], row.before) for row in rows if row.verdict != NEW]
    new = [stored[row.subject_id] for row in rows if row.verdict == NEW]
    try:
        statistics.file_figures(back, by=context.by, now=context.now)
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
