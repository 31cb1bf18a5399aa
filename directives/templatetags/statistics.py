"""Tags of the pages of indicators: figures with their decimals, changes, the trend."""

from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

from directives.base.wording import EMPTY, localized_text
from directives.indicators.commands.periods import Period
from directives.indicators.queries.indicator import IndicatorView, Point
from directives.indicators.queries.statistics import Compared, Statistics
from directives.models import Indicator
from directives.models.indicators import MEAN
from directives.templatetags.curves import svg_text
from directives.templatetags.markup import join_html

register = template.Library()
WIDTH, HEIGHT, TOP, BOTTOM = 560, 190, 28, 146
GAP = 0.28  # of the width of a bar's slot stays empty
LONGEST = 9  # characters that fit above a bar


def figure_text(value: Decimal | str | None, indicator: Indicator) -> str:
    """A figure such as 1,234.50, with the decimals of the indicator; a mean has one more."""
    if not isinstance(value, Decimal):  # None, or what a template makes of nothing
        return EMPTY
    places = min(4, indicator.places + (indicator.aggregation == MEAN))
    return f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,f}"


@register.filter
def figure(value: Decimal | None, indicator: Indicator) -> str:
    return figure_text(value, indicator)


@register.simple_tag
def change(values: Compared, indicator: Indicator) -> SafeString:
    """The change since last year, such as “+120 (+8.3% of 1,450)”.

    A percentage changes by points.
    """
    if values.change is None:
        return format_html('<span class="quiet">{}</span>', EMPTY)
    sign = "+" if values.change > 0 else "−" if values.change < 0 else ""
    difference = f"{sign}{figure_text(abs(values.change), indicator)}"
    if indicator.in_percent:
        then = f"{figure_text(values.year_before, indicator)}%"
        return format_html(
            '{} <small class="nb">{}</small>',
            difference,
            gettext("points (last year %(then)s)") % {"then": then},
        )
    if values.share is None:
        return format_html("{} <small>{}</small>", difference, gettext("no % of 0"))
    percent = f"{sign}{abs(values.share):,.1f}%"
    share = gettext("(%(percent)s of %(then)s)") % {
        "percent": percent,
        "then": figure_text(values.year_before, indicator),
    }
    return format_html('{} <small class="nb">{}</small>', difference, share)


@register.filter
def unit(indicator: Indicator) -> str:
    return localized_text(indicator.unit)


@register.simple_tag
def share_of(part: Decimal | None, whole: Decimal) -> str:
    """A bar of a value in proportion to the largest; "" if there is no value."""
    if part is None:
        return ""
    width = f"{float(100 * part / whole) if whole else 0:.1f}%"
    return format_html(
        '<svg class="meter" width="100%" height="8" aria-hidden="true">'
        '<rect class="track" width="100%" height="8" rx="2"/>'
        '<rect class="fill" width="{}" height="8" rx="2"/></svg>',
        width,
    )


@register.simple_tag
def asking(view: Statistics | IndicatorView, **changes: object) -> str:
    """The query string of the page's scope, period and document, with some of them changed."""
    document = view.document if isinstance(view, Statistics) else None
    parameters: dict[str, object] = {
        "document": document.pk if document else None,
        "scope": view.vantage.body.pk,
        "period": view.period.key,
    }
    return "?" + "&".join(
        f"{name}={value.key if isinstance(value, Period) else value}"
        for name, value in {**parameters, **changes}.items()
        if value
    )


# the trend


def _short(period: Period, *, first: bool) -> tuple[str, str]:
    """The labels under a bar: the part of the year, and the year where it changes."""
    if period.cadence == "year":
        return str(period.year), ""
    if period.cadence == "half":
        part = pgettext("short", "H1") if period.number == 1 else pgettext("short", "H2")
    else:
        part = pgettext("short", "Q%(n)s") % {"n": period.number}
    return part, str(period.year) if first or period.number == 1 else ""


def _text(x: float, y: float, words: str, css_class: str = "") -> SafeString:
    return svg_text(f"{x:.1f}", f"{y:.1f}", words, anchor="middle", css_class=css_class)


@register.simple_tag
def trend_bars(view: IndicatorView) -> SafeString:
    """A bar for each period, starting at zero; a dash where nothing was reported."""
    largest_value = max(
        (point.value for point in view.points if point.value is not None), default=Decimal(0)
    )
    slot_width = WIDTH / len(view.points)
    parts = [format_html('<path class="ax" d="M0 {}H{}"/>', BOTTOM, WIDTH)]
    for index, point in enumerate(view.points):
        parts += _bar(view, point, index, slot_width, largest_value)
    point_words = gettext("%(period)s: %(value)s")
    label = gettext(", ").join(
        point_words
        % {"period": point.period.name, "value": figure_text(point.value, view.indicator)}
        for point in view.points
    )
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        WIDTH,
        HEIGHT,
        label,
        join_html(parts),
    )


def _bar(
    view: IndicatorView, point: Point, index: int, slot_width: float, largest_value: Decimal
) -> list[SafeString]:
    middle, width = (index + 0.5) * slot_width, slot_width * (1 - GAP)
    short, year = _short(point.period, first=index == 0)
    labels_below = [
        _text(middle, BOTTOM + 18, short, "t2" if point.period == view.period else ""),
        _text(middle, BOTTOM + 35, year),
    ]
    if point.value is None:
        return [_text(middle, BOTTOM - 8, EMPTY), *labels_below]
    height = float((BOTTOM - TOP) * point.value / largest_value) if largest_value else 0
    css_class = "fill" if point.period == view.period else "fill low"
    bar = format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        css_class,
        f"{middle - width / 2:.1f}",
        f"{BOTTOM - height:.1f}",
        f"{width:.1f}",
        f"{max(height, 1):.1f}",
    )
    value = figure_text(point.value, view.indicator)
    value_classes = {view.period: "t1", view.period.year_before(): ""}
    value_class = value_classes.get(point.period, "opt")  # the others not on a phone
    label_above = (
        [_text(middle, BOTTOM - height - 7, value, value_class)] if len(value) <= LONGEST else []
    )
    return [bar, *label_above, *labels_below]
