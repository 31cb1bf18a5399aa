"""The curves of the dashboard: submitted entries of a cycle, and the share on time by week."""

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from directives.base.wording import format_day
from directives.dashboard.queries.board import Board
from directives.dashboard.queries.trend import BOTTOM as REPORTS_BOTTOM
from directives.dashboard.queries.trend import RIGHT as REPORTS_RIGHT
from directives.dashboard.queries.trend import TOP as REPORTS_TOP
from directives.dashboard.queries.trend import Trend
from directives.dashboard.queries.weeks import BOTTOM, LEFT, TOP
from directives.templatetags.markup import attribute, fast_format_html, join_html

register = template.Library()
DUE_LABEL_WIDTH, DUE_LABEL_WIDTH_ON_WALL = 110, 220  # greatest width of the label of the due day
HAN, LATIN = 12, 7  # approximate widths of a character, in units of the drawing
GAP = 8  # between two days on the axis
MARGIN = 16  # to the right of the drawing


def svg_text(
    x: float | str, y: float | str, words: str, *, anchor: str = "", css_class: str = ""
) -> SafeString:
    return fast_format_html(
        '<text x="{}" y="{}"{}{}>{}</text>',
        x,
        y,
        attribute("text-anchor", anchor),
        attribute("class", css_class),
        words,
    )


def text_width(words: str) -> int:
    """The approximate width of a text under an axis, in units of the drawing."""
    return sum(HAN if ord(character) > 0xFF else LATIN for character in words)


def scale(low: str, middle: str, high: str, bottom: int, top: int, right: int) -> SafeString:
    """Three horizontal lines with their percentages."""
    lines = ((bottom, low), ((bottom + top) // 2, middle), (top, high))
    return join_html(
        fast_format_html(
            '<path class="ax" d="M{} {}H{}"/>{}',
            LEFT,
            y,
            right,
            svg_text(36, y + 4, f"{percent}%", anchor="end"),
        )
        for y, percent in lines
    )


def chart(right: int, height: int, label: str, parts: list[SafeString]) -> SafeString:
    return fast_format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        right + MARGIN,
        height,
        label,
        join_html(parts),
    )


def area_under(area: str, line: str) -> SafeString:
    return fast_format_html(
        '<polygon class="area" points="{}"/><polyline class="now" points="{}"/>', area, line
    )


def dot(x: float, y: float, radius: float) -> SafeString:
    return fast_format_html('<circle class="dot" cx="{}" cy="{}" r="{}"/>', x, y, radius)


@register.simple_tag
def report_curve(board: Board) -> SafeString:
    """Submitted entries of the cycle up to its due day, and those of the cycle before."""
    trend = board.trend
    assert trend is not None  # otherwise the page shows no curve
    due = format_day(trend.cycle.due_on, trend.today)
    parts = [scale("0", "50", "100", 300, 30, trend.right)]
    if trend.previous_line:
        words = svg_text(trend.right, 22, gettext("previous cycle"), anchor="end", css_class="opt")
        parts.append(
            fast_format_html('<polyline class="was" points="{}"/>{}', trend.previous_line, words)
        )
    line = trend.line
    area = f"{line} {trend.now_x},{REPORTS_BOTTOM} {LEFT},{REPORTS_BOTTOM}"
    parts.append(area_under(area, line))
    parts += _due_day(trend, due)
    parts += [dot(trend.now_x, trend.now_y, 5), _label_of_today(trend), *_axis(trend, due)]
    return chart(trend.right, 336, _label(trend, board, due), parts)


def _label(trend: Trend, board: Board, due: str) -> str:
    text = gettext("Entries submitted: %(percent)s%% by %(today)s; due on %(due)s") % {
        "percent": trend.percent,
        "today": format_day(trend.today, board.today),
        "due": due,
    }
    if trend.previous_percent is None:
        return text
    before = gettext("on the same day of the previous cycle %(percent)s%%")
    return text + gettext("; ") + before % {"percent": trend.previous_percent}


def _due_day(trend: Trend, due: str) -> list[SafeString]:
    """The line of the due day, and beside it how much is missing."""
    label_width = DUE_LABEL_WIDTH if trend.right == REPORTS_RIGHT else DUE_LABEL_WIDTH_ON_WALL
    x, anchor = trend.due_x - 8, "end"
    if trend.due_x < trend.right - label_width:
        x, anchor = trend.due_x + 8, "start"
    missing = gettext("%(n)s not submitted") % {"n": f"{trend.missing:,}"}
    return [
        fast_format_html('<path class="due" d="M{} 20V300"/>', trend.due_x),
        svg_text(x, 270, gettext("Due %(day)s") % {"day": due}, anchor=anchor, css_class="t2"),
        svg_text(x, 288, missing, anchor=anchor, css_class="opt apart"),
    ]


def _axis(trend: Trend, due: str) -> list[SafeString]:
    """The days under the drawing; the due day if there is room."""
    first = format_day(trend.cycle.opens_on, trend.today)
    last = format_day(trend.ends_on, trend.today)
    half = text_width(due) / 2 + GAP
    left_end, right_start = LEFT + text_width(first), trend.right - text_width(last)
    days = [svg_text(LEFT, 324, first, css_class="below")]
    if left_end < trend.due_x - half and trend.due_x + half < right_start:
        days.append(svg_text(trend.due_x, 324, due, anchor="middle", css_class="apart"))
    return [*days, svg_text(trend.right, 324, last, anchor="end", css_class="below")]


def _label_of_today(trend: Trend) -> SafeString:
    """The words beside the last point."""
    now = gettext("Today %(percent)s%%") if trend.is_newest else gettext("Final %(percent)s%%")
    x, anchor = trend.now_x + 12, "start"
    if trend.now_x > (LEFT + trend.right) / 3:
        x, anchor = trend.now_x - 12, "end"
    y = trend.now_y + 28 if trend.now_y < REPORTS_TOP + 48 else trend.now_y - 20
    words = svg_text(x, y, now % {"percent": trend.percent}, anchor=anchor, css_class="t1")
    if trend.previous_percent is None:
        return words
    before = gettext("previous cycle %(percent)s%%") % {"percent": trend.previous_percent}
    return words + svg_text(x, y + 17, before, anchor=anchor, css_class="opt lower")


@register.simple_tag
def week_curve(board: Board) -> SafeString:
    """The share on time, one point a week."""
    weeks = board.weeks
    assert weeks is not None  # otherwise the page shows no curve
    last = board.figures["on_time"].share
    label = gettext("On-time rate: from %(from)s%% to %(to)s%%") % {
        "from": f"{weeks.points[0].share:.1f}",
        "to": last,
    }
    day = gettext("today") if board.is_current else format_day(board.day, board.today)
    parts = [
        scale(str(weeks.low), f"{weeks.middle:g}", str(weeks.high), BOTTOM, TOP, weeks.right),
        area_under(weeks.area, weeks.line),
        *(
            dot(x, y, 5 if place == len(weeks.points) else 2.5)
            for place, (x, y) in enumerate(weeks.dots, 1)
        ),
        svg_text(LEFT, 154, format_day(weeks.first, board.today), css_class="below"),
        svg_text(weeks.right, 154, f"{day} {last}%", anchor="end", css_class="below"),
    ]
    return chart(weeks.right, 160, label, parts)
