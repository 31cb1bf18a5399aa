"""The curves of a dashboard, drawn in one go: what came in of a cycle, and the share on time week by week."""

from html import escape

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from directives.base.wording import format_day
from directives.dashboard.queries.board import Board
from directives.dashboard.queries.trend import Trend
from directives.dashboard.queries.weeks import BOTTOM, LEFT, TOP

register = template.Library()
HAN, LATIN, GAP = (
    12,
    7,
    8,
)  # about how wide a character of each kind is, and what stays free between two days
MARGIN = 16  # beside the field of a drawing


def text(x: float, y: float, words: str, *, anchor: str = "", look: str = "") -> str:
    named = (f' text-anchor="{anchor}"' if anchor else "") + (f' class="{look}"' if look else "")
    return f'<text x="{x}" y="{y}"{named}>{escape(words)}</text>'


def wide(words: str) -> int:
    """About how wide words under an axis come out, in units of the drawing."""
    return sum(HAN if ord(character) > 0xFF else LATIN for character in words)


def scale(low: str, middle: str, high: str, bottom: int, top: int, right: int) -> str:
    """Three lines across with their percentages."""
    lines = ((bottom, low), ((bottom + top) // 2, middle), (top, high))
    return "".join(
        f'<path class="ax" d="M{LEFT} {y}H{right}"/>{text(36, y + 4, f"{told}%", anchor="end")}'
        for y, told in lines
    )


def chart(right: int, height: int, said: str, drawn: str) -> SafeString:
    return SafeString(
        f'<svg class="chart" viewBox="0 0 {right + MARGIN} {height}" role="img" aria-label="{escape(said)}">{drawn}</svg>'
    )


@register.simple_tag
def report_curve(board: Board) -> SafeString:
    """What came in of the cycle against its due day, over the cycle before."""
    t = board.trend
    was, due = t.was_percent, format_day(t.cycle.due_on, t.today)
    told = {"percent": t.percent, "today": format_day(t.today, board.today), "due": due}
    said = gettext("Entries submitted: %(percent)s%% by %(today)s; due on %(due)s") % told
    if was is not None:
        said += gettext("; ") + gettext("on the same day of the previous cycle %(percent)s%%") % {
            "percent": was
        }
    parts = [scale("0", "50", "100", 300, 30, t.right)]
    if t.line_before:
        parts.append(
            f'<polyline class="was" points="{t.line_before}"/>{text(t.right, 22, gettext("previous cycle"), anchor="end", look="opt")}'
        )
    parts.append(
        f'<polygon class="area" points="{t.area}"/><polyline class="now" points="{t.line}"/>'
    )
    parts.append(f'<path class="due" d="M{t.due_x} 20V300"/>')
    missing = gettext("%(n)s not submitted") % {"n": f"{t.missing:,}"}
    parts.append(
        text(
            t.due_words_x,
            270,
            gettext("Due %(day)s") % {"day": due},
            anchor=t.due_anchor,
            look="t2",
        )
    )
    parts.append(text(t.due_words_x, 288, missing, anchor=t.due_anchor, look="opt apart"))
    parts.append(f'<circle class="dot" cx="{t.now_x}" cy="{t.now_y}" r="5"/>{_today(t)}')
    first, last, half = (
        format_day(t.cycle.opens_on, t.today),
        format_day(t.ends_on, t.today),
        wide(due) / 2 + GAP,
    )
    parts.append(text(LEFT, 324, first, look="below"))
    if LEFT + wide(first) < t.due_x - half and t.due_x + half < t.right - wide(last):
        parts.append(text(t.due_x, 324, due, anchor="middle", look="apart"))
    parts.append(text(t.right, 324, last, anchor="end", look="below"))
    return chart(t.right, 336, said, "".join(parts))


def _today(t: Trend) -> str:
    """The words beside the last point."""
    now = gettext("Today %(percent)s%%") if t.current else gettext("Final %(percent)s%%")
    words = text(t.words_x, t.words_y, now % {"percent": t.percent}, anchor=t.anchor, look="t1")
    if t.was_percent is not None:
        before = gettext("previous cycle %(percent)s%%") % {"percent": t.was_percent}
        words += text(t.words_x, t.was_words_y, before, anchor=t.anchor, look="opt lower")
    return words


@register.simple_tag
def week_curve(board: Board) -> SafeString:
    """The share on time, one point a week."""
    w = board.weeks
    last = board.figures["on_time"].share
    said = gettext("On-time rate: from %(from)s%% to %(to)s%%") % {
        "from": f"{w.points[0].share:.1f}",
        "to": last,
    }
    marks = [
        f'<circle class="dot" cx="{x}" cy="{y}" r="{5 if place == len(w.points) else 2.5}"/>'
        for place, (x, y) in enumerate(w.marks, 1)
    ]
    now = (
        f"{gettext('today')} {last}%"
        if board.now
        else f"{format_day(board.day, board.today)} {last}%"
    )
    parts = [
        scale(str(w.low), f"{w.middle:g}", str(w.high), BOTTOM, TOP, w.right),
        f'<polygon class="area" points="{w.area}"/><polyline class="now" points="{w.line}"/>',
        *marks,
        text(LEFT, 154, format_day(w.first, board.today), look="below"),
        text(w.right, 154, now, anchor="end", look="below"),
    ]
    return chart(w.right, 160, said, "".join(parts))
