"""Indicators and figures that nobody counted: some years of them, so that every page of statistics has something to show."""

from collections.abc import Sequence
from decimal import Decimal

from directives.indicators import commands as statistics
from directives.indicators.commands import IndicatorFields, Period, ReportedFigure
from directives.made_up.sample.people import HOME, TOP
from directives.made_up.sample.stage import PLANNED, Stage
from directives.models import Indicator, Organisation, Owing

BACK = {"quarter": 9, "half": 6, "year": 4}  # periods that were reported
SILENT = ("Q05", "Q08", "P63", "P66", "M25")  # report nothing this time
LEVELS = {
    "JC-01": 120,
    "JC-02": 900,
    "JC-03": 36,
    "JC-04": 260,
    "JC-05": 84,
    "JC-06": 9,
}  # about what a body reports
INDICATORS = (
    IndicatorFields(
        "JC-01",
        "专职工作人员数",
        "人",
        "期末在编在岗、专门从事群团工作的人员，不含挂职和兼职。",
        "sum",
        "year",
        0,
    ),
    IndicatorFields(
        "JC-02", "基层组织数", "个", "期末已建立并能正常开展活动的基层组织。", "sum", "half", 0
    ),
    IndicatorFields(
        "JC-03",
        "联系服务群众人次",
        "万人次",
        "本期通过走访、接待、热线和网上平台联系服务群众的人次。",
        "sum",
        "quarter",
        1,
    ),
    IndicatorFields(
        "JC-04",
        "投入工作经费",
        "万元",
        "本期实际支出的群团工作经费，不含人员工资。",
        "sum",
        "quarter",
        2,
    ),
    IndicatorFields(
        "JC-05",
        "服务对象满意度",
        "%",
        "本期抽样调查中评价为满意和基本满意的比例。",
        "mean",
        "half",
        1,
    ),
    IndicatorFields(
        "JC-06",
        "每名专职人员联系的志愿者",
        "人",
        "年末注册志愿者数除以专职工作人员数。",
        "each",
        "year",
        1,
    ),
)


def count_figures(stage: Stage) -> None:
    """The supervisor defines what is counted and brings in earlier years; then the bodies report, most of them."""
    top = Organisation.objects.get(code=TOP)
    define = {
        "document": stage.document,
        "organisation": top,
        "by": stage.supervisor,
        "now": stage.at(PLANNED, 9),
    }
    indicators = [statistics.define_indicator(fields=fields, **define) for fields in INDICATORS]
    owing = Owing.objects.filter(document=stage.document, count__gt=0).values("organisation")
    bodies = list(Organisation.objects.filter(pk__in=owing).exclude(pk=top.pk).order_by("code"))
    for indicator in indicators:
        _report(stage, indicator, bodies)


def _report(stage: Stage, indicator: Indicator, bodies: Sequence[Organisation]) -> None:
    """Earlier periods as one table each, the last one body by body."""
    last = Period.last(stage.today, indicator.cadence)
    sizes = {body.pk: stage.rng.uniform(0.4, 1.6) for body in bodies}
    for steps in reversed(range(BACK[indicator.cadence])):
        period = last.shifted(-steps)
        figures = [
            ReportedFigure(indicator, body, period, _value(stage, indicator, sizes[body.pk], steps))
            for body in bodies
        ]
        if steps:
            statistics.file_figures(figures, by=stage.supervisor, now=stage.at(PLANNED, 10))
            continue
        for figure in figures:
            body = figure.organisation
            if (
                body.code not in (*SILENT, HOME)
                and stage.rng.random() < 0.35 + 0.6 * stage.diligence[body.pk]
            ):
                statistics.file_figures(
                    [figure], by=stage.fillers[body.pk], now=stage.at(-stage.rng.randint(1, 9), 15)
                )


def _value(stage: Stage, indicator: Indicator, size: float, steps: int) -> Decimal:
    """Slowly more from year to year; what is measured in percent stays below a hundred."""
    years = steps * {"quarter": 0.25, "half": 0.5, "year": 1}[indicator.cadence]
    value = LEVELS[indicator.code] * (1 - 0.05 * years) * stage.rng.uniform(0.95, 1.05)
    value = min(99.0, value + 8 * (size - 1)) if indicator.unit == "%" else value * size
    return Decimal(f"{value:.{indicator.places}f}")
