"""Rows of the dashboard's cards: counts, coverage, recent events, overdue work, chart tables."""

from collections.abc import Iterable

from django import template
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import get_language, gettext, pgettext

from directives.base.clocks import COLOUR_NAMES
from directives.base.states import COLOURS, LIGHTS
from directives.base.wording import Dated, describe_light, format_day, in_script, localized
from directives.dashboard.queries.board import Board
from directives.dashboard.queries.choice import link
from directives.dashboard.queries.facts import BoardCycle
from directives.dashboard.queries.figures import BoardLine, LabelledFigure
from directives.dashboard.queries.trend import Trend, period_name, table
from directives.templatetags.board import FIRST_PAGE, CardWriter
from directives.templatetags.markup import (
    attribute,
    fast_format_html,
    join_html,
    number_cells,
    shortened,
)
from directives.templatetags.tracker import TONES, lamp, meter

register = template.Library()
LONG = 1_000_000  # a count from which on it is written smaller
SHORT = 28  # characters of a directive beside a light


@register.simple_tag
def stat(board: Board, colour: str) -> SafeString:
    """One of the four counts: lamp, words, count, total and share. Grey is closed and not due."""
    words = {
        "green": gettext("Green · on schedule"),
        "yellow": gettext("Yellow · near due or behind"),
        "red": gettext("Red · overdue"),
        "grey": gettext("Grey · closed, not due"),
    }[colour]
    figure, lamp_colour = board.figures[colour], "closed" if colour == "grey" else colour
    return fast_format_html(
        '<a{}><span class="light {}">{}{}</span>'
        '<span class="n{}">{} <small>/ {} · {}%</small></span></a>',
        attribute("href", figure.url) if board.is_current else "",
        TONES[lamp_colour],
        lamp(lamp_colour, "big"),
        words,
        " long" if figure.of >= LONG else "",
        f"{figure.n:,}",
        f"{figure.of:,}",
        figure.share,
    )


@register.simple_tag
def labelled_figures(figures: Iterable[LabelledFigure]) -> SafeString:
    """The parts of a count, each linked to its obligations."""
    return format_html_join(
        " · ",
        '<a href="{}">{} {}</a>',
        ((part.rows.url, part.label, f"{part.rows.n:,}") for part in figures),
    )


@register.simple_tag
def most_overdue(board: Board) -> SafeString:
    """The documents or sections with most overdue obligations; links to them on today's page."""
    return format_html_join(
        gettext(" and "), "{}", ((_headline_name(board, line),) for line in board.most_overdue)
    )


def _headline_name(board: Board, line: BoardLine) -> SafeString:
    if board.several_documents:
        title = Truncator(localized(line.subject, "title"))
        words = f"《{title.chars(14 if board.choice.wall else 24)}》"
    elif line.subject.number:
        number = in_script(line.subject.number, get_language())
        words = gettext("section %(number)s") % {"number": number}
    else:
        words = gettext("the closing section")
    if board.is_current:
        return fast_format_html('<a href="{}">{}</a>', line.red.url, words)
    return fast_format_html("<a>{}</a>", words)


@register.simple_tag
def picture(card: str) -> SafeString:
    """The button that saves a card as a picture, hidden until its script has loaded."""
    return fast_format_html(
        '<button class="btn text shoot" type="button" data-picture="{}" hidden>{}</button>',
        card,
        gettext("Save as picture"),
    )


@register.simple_tag
def section_options(board: Board) -> SafeString:
    """The sections of the document as options."""
    writer, closing = CardWriter(board), pgettext("section", "Closing")
    return join_html(
        fast_format_html(
            '<option value="{}"{}>{} {}</option>',
            section.pk,
            " selected" if section.pk == board.choice.section else "",
            writer.code(section.number) if section.number else closing,
            localized(section, "title"),
        )
        for section in board.sections
    )


@register.filter
def period(cycle: BoardCycle) -> str:
    """The name of a period, such as the third quarter of 2026."""
    return period_name(cycle)


def _row(head: str, *values: str) -> SafeString:
    return fast_format_html('<tr><th scope="row">{}</th>{}</tr>', head, number_cells(*values))


@register.simple_tag
def light_table(lines: Iterable[BoardLine], board: Board) -> SafeString:
    """The figures of a chart of lights as a table."""
    first = gettext("Document") if board.several_documents else gettext("Section")
    heads = [*(word for _colour, word in LIGHTS), gettext("Obligations"), gettext("On-time rate")]
    closing, writer, rows = pgettext("section", "Closing"), CardWriter(board), []
    for line in lines:
        name = (
            localized(line.subject, "title")
            if board.several_documents
            else writer.code(line.subject.number) or closing
        )
        counts = (f"{line.lights.count(colour):,}" for colour, _word in LIGHTS)
        rows.append(_row(name, *counts, f"{line.lights.total:,}", f"{line.on_time.share}%"))
    return fast_format_html(
        '<table class="tbl tight"><thead><tr><th scope="col">{}</th>{}</tr></thead>'
        "<tbody>{}</tbody></table>",
        first,
        join_html(fast_format_html('<th scope="col" class=num>{}</th>', word) for word in heads),
        join_html(rows),
    )


@register.simple_tag
def report_days(trend: Trend) -> SafeString:
    """The curve of submitted entries as rows of a table."""
    rows = []
    for on, n, n_before in table(trend):
        before = "—"
        if n_before is not None and trend.previous is not None:
            before = f"{n_before:,}/{trend.previous.entries:,}"
        rows.append(_row(format_day(on, trend.today), f"{n:,}/{trend.expected:,}", before))
    return join_html(rows)


@register.simple_tag
def week_rows(board: Board) -> SafeString:
    """The weekly curve as rows of a table; days with stored figures link to their dashboard."""
    rows = []
    for point in board.weeks.points if board.weeks else ():
        day = format_day(point.day, board.today)
        if point.copied_on:
            url = link(board.choice, on=point.day, **FIRST_PAGE)
            day = fast_format_html('<a href="{}">{}</a>', url, day)
        on_time = f"{point.on_time:,}/{point.total:,}"
        rows.append(_row(day, on_time, f"{point.share:.1f}%", f"{point.red:,}"))
    return join_html(rows)


@register.simple_tag
def next_lines(board: Board) -> SafeString:
    """The next due days with their obligations, and the obligations without a due day."""
    count, lines = gettext("%(n)s obligations"), []
    for due in board.due_days:
        lines.append(
            fast_format_html(
                '<li><time class="soft nb" datetime="{}">{}</time><a href="{}">{}{}{}</a></li>',
                due.day.isoformat(),
                format_day(due.day, board.today),
                due.rows.url,
                due.label,
                gettext(": "),
                count % {"n": f"{due.rows.n:,}"},
            )
        )
    if not lines:
        words = gettext("Nothing is due in the coming weeks.")
        lines.append(fast_format_html('<li class="soft">{}</li>', words))
    if board.undated.n:
        lines.append(
            fast_format_html(
                '<li><span class="soft">—</span><a href="{}">{}{}{}</a></li>',
                board.undated.url,
                gettext("No due date set"),
                gettext(": "),
                count % {"n": f"{board.undated.n:,}"},
            )
        )
    return join_html(lines)


@register.simple_tag
def cover_lines(board: Board) -> SafeString:
    """Receipt, plan, report: how many of how many, with a link to what is missing."""
    complete, lines = pgettext("coverage", "all"), []
    for part in board.coverage:
        missing: str = gettext("%(n)s missing") % {"n": f"{part.missing.n:,}"}
        if not part.missing.n:
            missing = fast_format_html('<span class="quiet">{}</span>', complete)
        elif part.exact:
            missing = fast_format_html('<a href="{}">{}</a>', part.missing.url, missing)
        lines.append(
            fast_format_html(
                '<li><span>{}</span>{}<span class="num"><b>{}%</b> <small>{}/{}</small></span>'
                '<span class="num">{}</span></li>',
                part.label,
                meter(part.done.n, part.done.of),
                part.done.percent,
                f"{part.done.n:,}",
                f"{part.done.of:,}",
                missing,
            )
        )
    return join_html(lines)


@register.simple_tag
def change_lines(board: Board) -> SafeString:
    """What happened since the last working day and in a week, each linked to its events."""
    in_week, lines = gettext("in a week %(n)s"), []
    for activity in board.activities:
        sign = {"worse": "+", "better": "−"}.get(activity.kind, "") if activity.n else ""
        label: str = str(activity.label)
        if activity.n:
            label = fast_format_html('<a href="{}">{}</a>', activity.url, label)
        lines.append(
            fast_format_html(
                '<li><span class="v">{}{}</span>{}{}'
                '<small class="wk"><a href="{}">{}</a></small></li>',
                sign,
                f"{activity.n:,}",
                lamp(activity.colour) if activity.colour else "",
                label,
                activity.week_url,
                in_week % {"n": f"{activity.week:,}"},
            )
        )
    if not lines:
        return fast_format_html('<li class="soft">{}</li>', gettext("Nothing has changed."))
    return join_html(lines)


@register.simple_tag
def late_lines(board: Board, request: Dated) -> SafeString:
    """The longest overdue obligations: body, directive, reason, and who has to act."""
    writer, lines = CardWriter(board), []
    titles = {line.subject.pk: localized(line.subject, "title") for line in board.document_lines}
    for overdue_row in board.overdue_rows:
        row = overdue_row.obligation
        word, why = describe_light(request, row)
        lines.append(
            fast_format_html(
                '<tr><th scope="row"><a href="{}">{}</a></th>'
                '<td><a class="code" href="{}">{}</a> {}{}</td>'
                '<td><span class="light {}">{}{}</span><span class="why">{}</span></td>'
                '<td data-k="{}"><span class="nb">{}</span></td>'
                '<td class="num act"><a class="btn" href="{}">{}</a></td></tr>',
                writer.body(row.organisation_id),
                localized(row.organisation, "name"),
                reverse("directive", args=(row.directive_id,)),
                writer.code(row.directive.code),
                shortened(localized(row.directive, "text"), SHORT),
                _of_document(titles.get(row.document_id)),
                TONES[row.light],
                writer.lamps[row.light],
                word,
                why,
                gettext("Waiting for"),
                overdue_row.next_actor_label,
                reverse("obligation", args=(row.pk,)),
                gettext("Open"),
            )
        )
    return join_html(lines)


def _of_document(title: str | None) -> str:
    """The document of an obligation, where the page shows several documents."""
    if not title:
        return ""
    return fast_format_html(
        '<small class="of">{}</small>', gettext("“%(title)s”") % {"title": title}
    )


@register.simple_tag
def legend() -> SafeString:
    """The lamps with their words."""
    return join_html(
        fast_format_html("<span>{}{}</span>", lamp(colour), gettext(COLOUR_NAMES[colour]))
        for colour in COLOURS
    )
