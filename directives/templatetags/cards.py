"""Lines of a dashboard's cards: counts, coverage, what happened, who is late, tables of charts."""

from collections.abc import Iterable

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import get_language, gettext, pgettext

from directives.base.clocks import COLOUR_NAMES
from directives.base.states import COLOURS, LIGHTS
from directives.base.wording import Dated, describe_light, format_day, in_script, localized
from directives.dashboard.queries.board import Board
from directives.dashboard.queries.choice import link
from directives.dashboard.queries.facts import Period
from directives.dashboard.queries.figures import BoardLine, LabelledFigure
from directives.dashboard.queries.trend import Trend, period_name, table
from directives.templatetags.board import EVERYTHING, Pen, meter
from directives.templatetags.markup import attribute, join_html
from directives.templatetags.tracker import TONES, lamp

register = template.Library()
LONG = 1_000_000  # from here on a count is written smaller
SHORT = 28  # characters of a directive beside a light


@register.simple_tag
def stat(board: Board, colour: str) -> SafeString:
    """One of the four counts: lamp, words, count, denominator and share.

    Grey is two lamps together.
    """
    words = {
        "green": gettext("Green · on schedule"),
        "yellow": gettext("Yellow · near due or behind"),
        "red": gettext("Red · overdue"),
        "grey": gettext("Grey · closed, not due"),
    }[colour]
    figure, lamp_colour = board.figures[colour], "closed" if colour == "grey" else colour
    return format_html(
        '<a{}><span class="light {}">{}{}</span>'
        '<span class="n{}">{} <small>/ {} · {}%</small></span></a>',
        attribute("href", figure.url) if board.now else "",
        TONES[lamp_colour],
        lamp(lamp_colour, "big"),
        words,
        " long" if figure.of >= LONG else "",
        f"{figure.n:,}",
        f"{figure.of:,}",
        figure.share,
    )


@register.simple_tag
def parts(figures: Iterable[LabelledFigure]) -> SafeString:
    """What a count is made of, each part with its rows."""
    return format_html_join(
        " · ",
        '<a href="{}">{} {}</a>',
        ((part.rows.url, part.label, f"{part.rows.n:,}") for part in figures),
    )


@register.simple_tag
def most_overdue(board: Board) -> SafeString:
    """The documents or sections with most overdue obligations; links to them on today's page."""
    return format_html_join(
        gettext(" and "), "{}", ((_named(board, line),) for line in board.most_overdue)
    )


def _named(board: Board, line: BoardLine) -> SafeString:
    if board.across:
        title = Truncator(localized(line.thing, "title"))
        words = f"《{title.chars(14 if board.choice.wall else 24)}》"
    elif line.thing.number:
        number = in_script(line.thing.number, get_language())
        words = gettext("section %(number)s") % {"number": number}
    else:
        words = gettext("the closing section")
    if board.now:
        return format_html('<a href="{}">{}</a>', line.red.url, words)
    return format_html("<a>{}</a>", words)


@register.simple_tag
def picture(card: str) -> SafeString:
    """The button that saves a card as a picture; the script shows it."""
    return format_html(
        '<button class="btn text shoot" type="button" data-picture="{}" hidden>{}</button>',
        card,
        gettext("Save as picture"),
    )


@register.simple_tag
def options(choices: Iterable[tuple[str, object]], chosen: str) -> SafeString:
    """The options of a select."""
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((code, " selected" if code == chosen else "", word) for code, word in choices),
    )


@register.simple_tag
def section_options(board: Board) -> SafeString:
    """The sections of the document as options."""
    pen, closing = Pen(board), pgettext("section", "Closing")
    return format_html_join(
        "",
        '<option value="{}"{}>{} {}</option>',
        (
            (
                section.pk,
                " selected" if section.pk == board.choice.section else "",
                pen.code(section.number) if section.number else closing,
                localized(section, "title"),
            )
            for section in board.sections
        ),
    )


@register.filter
def period(cycle: Period) -> str:
    """Third quarter of 2026."""
    return period_name(cycle)


def number_cells(*values: str) -> SafeString:
    return format_html_join("", '<td class="num">{}</td>', ((value,) for value in values))


def _row(head: str, *values: str) -> SafeString:
    return format_html('<tr><th scope="row">{}</th>{}</tr>', head, number_cells(*values))


@register.simple_tag
def light_table(lines: Iterable[BoardLine], board: Board) -> SafeString:
    """The figures of a chart of lights as a table."""
    first = gettext("Document") if board.across else gettext("Section")
    heads = [*(word for _colour, word in LIGHTS), gettext("Obligations"), gettext("On-time rate")]
    closing, pen, rows = pgettext("section", "Closing"), Pen(board), []
    for line in lines:
        name = (
            localized(line.thing, "title")
            if board.across
            else pen.code(line.thing.number) or closing
        )
        counts = (f"{line.lights.count(colour):,}" for colour, _word in LIGHTS)
        rows.append(_row(name, *counts, f"{line.lights.total:,}", f"{line.on_time.share}%"))
    return format_html(
        '<table class="tbl tight"><thead><tr><th scope="col">{}</th>{}</tr></thead>'
        "<tbody>{}</tbody></table>",
        first,
        format_html_join("", '<th scope="col" class=num>{}</th>', ((word,) for word in heads)),
        join_html(rows),
    )


@register.simple_tag
def report_days(trend: Trend) -> SafeString:
    """The curve of what came in, as rows of a table."""
    rows = []
    for on, n, n_before in table(trend):
        before = "—"
        if n_before is not None and trend.before is not None:
            before = f"{n_before:,}/{trend.before.entries:,}"
        rows.append(_row(format_day(on, trend.today), f"{n:,}/{trend.expected:,}", before))
    return join_html(rows)


@register.simple_tag
def week_rows(board: Board) -> SafeString:
    """The curve as rows of a table; each day that is kept leads to the dashboard of that day."""
    rows = []
    for point in board.weeks.points if board.weeks else ():
        day = format_day(point.day, board.today)
        if point.copied_on:
            url = link(board.choice, on=point.day, **EVERYTHING)
            day = format_html('<a href="{}">{}</a>', url, day)
        on_time = f"{point.on_time:,}/{point.total:,}"
        rows.append(_row(day, on_time, f"{point.share:.1f}%", f"{point.red:,}"))
    return join_html(rows)


@register.simple_tag
def next_lines(board: Board) -> SafeString:
    """The days on which clocks run out, with their rows, and the rows that have no day."""
    count, lines = gettext("%(n)s obligations"), []
    for due in board.ahead:
        lines.append(
            format_html(
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
        lines.append(format_html('<li class="soft">{}</li>', words))
    if board.undated.n:
        lines.append(
            format_html(
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
    """Receipt, plan, report: how many, of how many, and what is missing with its rows."""
    complete, lines = pgettext("coverage", "all"), []
    for part in board.coverage:
        missing: str = gettext("%(n)s missing") % {"n": f"{part.missing.n:,}"}
        if not part.missing.n:
            missing = format_html('<span class="quiet">{}</span>', complete)
        elif part.exact:
            missing = format_html('<a href="{}">{}</a>', part.missing.url, missing)
        lines.append(
            format_html(
                '<li><span>{}</span>{}<span class="num"><b>{}%</b> <small>{}/{}</small></span>'
                '<span class="num">{}</span></li>',
                part.label,
                meter(part.done.n, part.done.of, False),
                part.done.percent,
                f"{part.done.n:,}",
                f"{part.done.of:,}",
                missing,
            )
        )
    return join_html(lines)


@register.simple_tag
def change_lines(board: Board) -> SafeString:
    """What happened since the last working day and in a week, each with exactly its events."""
    in_week, lines = gettext("in a week %(n)s"), []
    for activity in board.happened:
        sign = {"worse": "+", "better": "−"}.get(activity.kind, "") if activity.n else ""
        label: str = str(activity.label)
        lines.append(
            format_html(
                '<li><span class="v">{}{}</span>{}{}'
                '<small class="wk"><a href="{}">{}</a></small></li>',
                sign,
                f"{activity.n:,}",
                lamp(activity.colour) if activity.colour else "",
                format_html('<a href="{}">{}</a>', activity.url, label) if activity.n else label,
                activity.week_url,
                in_week % {"n": f"{activity.week:,}"},
            )
        )
    if not lines:
        return format_html('<li class="soft">{}</li>', gettext("Nothing has changed."))
    return join_html(lines)


@register.simple_tag
def late_lines(board: Board, request: Dated) -> SafeString:
    """The longest overdue rows: whose, what, why, and whose move it is."""
    pen, lines = Pen(board), []
    titles = {line.thing.pk: localized(line.thing, "title") for line in board.document_lines}
    for late in board.late:
        row = late.obligation
        word, why = describe_light(request, row)
        text = localized(row.directive, "text")
        lines.append(
            format_html(
                '<tr><th scope="row"><a href="{}">{}</a></th>'
                '<td><a class="code" href="{}">{}</a> {}{}</td>'
                '<td><span class="light {}">{}{}</span><span class="why">{}</span></td>'
                '<td data-k="{}"><span class="nb">{}</span></td>'
                '<td class="num act"><a class="btn" href="{}">{}</a></td></tr>',
                pen.body(row.organisation_id),
                localized(row.organisation, "name"),
                reverse("directive", args=(row.directive_id,)),
                pen.code(row.directive.code),
                text if len(text) <= SHORT else f"{text[: SHORT - 1]}…",
                _of_document(titles.get(row.document_id)),
                TONES[row.light],
                pen.lamps[row.light],
                word,
                why,
                gettext("Waiting for"),
                late.whose_words,
                reverse("obligation", args=(row.pk,)),
                gettext("Open"),
            )
        )
    return join_html(lines)


def _of_document(title: str | None) -> str:
    """Of which document a row is, where there are several."""
    if not title:
        return ""
    return format_html('<small class="of">{}</small>', gettext("“%(title)s”") % {"title": title})


@register.simple_tag
def legend() -> SafeString:
    """The lamps with their words."""
    return format_html_join(
        "",
        "<span>{}{}</span>",
        ((lamp(colour), gettext(COLOUR_NAMES[colour])) for colour in COLOURS),
    )
