"""Lines of a dashboard's cards: counts of lights, coverage, what happened, who is late, and the tables behind the charts."""

from collections.abc import Iterable
from html import escape

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import get_language, gettext, pgettext

from directives.base.clocks import COLOUR_NAMES
from directives.base.states import COLOURS, LIGHTS
from directives.base.wording import describe_light, format_day, in_script, localized
from directives.dashboard.queries.board import Board
from directives.dashboard.queries.choice import link
from directives.dashboard.queries.facts import Period
from directives.dashboard.queries.figures import BoardLine, LabelledFigure
from directives.dashboard.queries.trend import Trend, period_name, table
from directives.templatetags.board import EVERYTHING, Pen, meter
from directives.templatetags.tracker import TONES, lamp

register = template.Library()
LONG = 1_000_000  # from here on a count is written smaller
SHORT = 28  # characters of a directive beside a light


@register.simple_tag
def stat(board: Board, colour: str) -> SafeString:
    """One of the four counts: lamp, words, count, denominator and share. Grey is two lamps together."""
    words = {
        "green": gettext("Green · on schedule"), "yellow": gettext("Yellow · near due or behind"), "red": gettext("Red · overdue"),
        "grey": gettext("Grey · closed, not due"),
    }[colour]  # fmt: skip
    figure, shown = board.figures[colour], "closed" if colour == "grey" else colour
    href = f' href="{escape(figure.url)}"' if board.now else ""
    return SafeString(
        f'<a{href}><span class="light {TONES[shown]}">{lamp(shown, "big")}{escape(words)}</span>'
        f'<span class="n{" long" if figure.of >= LONG else ""}">{figure.n:,} <small>/ {figure.of:,} · {figure.share}%</small></span></a>'
    )


@register.simple_tag
def parts(named: Iterable[LabelledFigure]) -> SafeString:
    """What a count is made of, each part with its rows."""
    told = (
        f'<a href="{escape(one.rows.url)}">{escape(str(one.label))} {one.rows.n:,}</a>'
        for one in named
    )
    return SafeString(" · ".join(told))


@register.simple_tag
def most_overdue(board: Board) -> SafeString:
    """The documents or sections with most overdue obligations, each a link to them where the day is today's."""
    return format_html_join(
        gettext(" and "), "{}", ((_named(board, line),) for line in board.most_overdue)
    )


def _named(board: Board, line: BoardLine) -> SafeString:
    if board.across:
        words = f"《{Truncator(localized(line.thing, 'title')).chars(14 if board.choice.wall else 24)}》"
    elif line.thing.number:
        words = gettext("section %(number)s") % {
            "number": in_script(line.thing.number, get_language())
        }
    else:
        words = gettext("the closing section")
    return (
        format_html('<a href="{}">{}</a>', line.red.url, words)
        if board.now
        else format_html("<a>{}</a>", words)
    )


@register.simple_tag
def picture(card: str) -> SafeString:
    """The button that saves a card as a picture; the script shows it."""
    return SafeString(
        f'<button class="btn text shoot" type="button" data-picture="{card}" hidden>{escape(gettext("Save as picture"))}</button>'
    )


@register.simple_tag
def options(choices: Iterable[tuple[str, object]], chosen: str) -> SafeString:
    """The options of a select."""
    return SafeString(
        "".join(
            f'<option value="{escape(code)}"{" selected" if code == chosen else ""}>{escape(str(word))}</option>'
            for code, word in choices
        )
    )


@register.simple_tag
def section_options(board: Board) -> SafeString:
    """The sections of the document as options."""
    pen, closing, told = Pen(board), pgettext("section", "Closing"), []
    for section in board.sections:
        number = pen.code(section.number) if section.number else escape(closing)
        chosen = " selected" if section.pk == board.choice.section else ""
        told.append(
            f'<option value="{section.pk}"{chosen}>{number} {escape(localized(section, "title"))}</option>'
        )
    return SafeString("".join(told))


@register.filter
def period(cycle: Period) -> str:
    """Third quarter of 2026."""
    return period_name(cycle)


def cells(*values: str) -> str:
    return "".join(f'<td class="num">{value}</td>' for value in values)


@register.simple_tag
def light_table(lines: Iterable[BoardLine], board: Board) -> SafeString:
    """The figures of a chart of lights as a table."""
    heads = [
        gettext("Document") if board.across else gettext("Section"),
        *(str(word) for _colour, word in LIGHTS),
        gettext("Obligations"),
        gettext("On-time rate"),
    ]
    head = "".join(
        f'<th scope="col"{" class=num" if place else ""}>{escape(word)}</th>'
        for place, word in enumerate(heads)
    )
    closing, pen, rows = pgettext("section", "Closing"), Pen(board), []
    for line in lines:
        number = (
            escape(localized(line.thing, "title"))
            if board.across
            else pen.code(line.thing.number) or escape(closing)
        )
        counts = (f"{line.lights.count(colour):,}" for colour, _word in LIGHTS)
        rows.append(
            f'<tr><th scope="row">{number}</th>{cells(*counts, f"{line.lights.total:,}", f"{line.on_time.share}%")}</tr>'
        )
    return SafeString(
        f'<table class="tbl tight"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


@register.simple_tag
def report_days(shown: Trend) -> SafeString:
    """The curve of what came in, as rows of a table."""
    rows = []
    for on, n, before in table(shown):
        was = "—" if before is None else f"{before:,}/{shown.before.entries:,}"
        rows.append(
            f'<tr><th scope="row">{format_day(on, shown.today)}</th>{cells(f"{n:,}/{shown.expected:,}", was)}</tr>'
        )
    return SafeString("".join(rows))


@register.simple_tag
def week_rows(board: Board) -> SafeString:
    """The curve as rows of a table; each day that is kept leads to the dashboard of that day."""
    rows = []
    for point in board.weeks.points:
        told = format_day(point.day, board.today)
        if point.copied_on:
            told = f'<a href="{escape(link(board.choice, on=point.day, **EVERYTHING))}">{told}</a>'
        counts = cells(
            f"{point.on_time:,}/{point.total:,}", f"{point.share:.1f}%", f"{point.red:,}"
        )
        rows.append(f'<tr><th scope="row">{told}</th>{counts}</tr>')
    return SafeString("".join(rows))


@register.simple_tag
def next_lines(board: Board) -> SafeString:
    """The days on which clocks run out, with their rows, and the rows that have no day."""
    told, lines = gettext("%(n)s obligations"), []
    for one in board.ahead:
        words = f"{one.label}{gettext(': ')}{told % {'n': f'{one.rows.n:,}'}}"
        lines.append(
            f'<li><time class="soft nb" datetime="{one.day.isoformat()}">{format_day(one.day, board.today)}</time>'
            f'<a href="{escape(one.rows.url)}">{escape(words)}</a></li>'
        )
    if not lines:
        lines.append(
            f'<li class="soft">{escape(gettext("Nothing is due in the coming weeks."))}</li>'
        )
    if board.undated.n:
        words = f"{gettext('No due date set')}{gettext(': ')}{told % {'n': f'{board.undated.n:,}'}}"
        lines.append(
            f'<li><span class="soft">—</span><a href="{escape(board.undated.url)}">{escape(words)}</a></li>'
        )
    return SafeString("".join(lines))


@register.simple_tag
def cover_lines(board: Board) -> SafeString:
    """Receipt, plan, report: how many, of how many, and what is missing with its rows."""
    missing, complete, lines = gettext("%(n)s missing"), pgettext("coverage", "all"), []
    for part in board.coverage:
        lacking = escape(missing % {"n": f"{part.missing.n:,}"})
        if not part.missing.n:
            lacking = f'<span class="quiet">{escape(complete)}</span>'
        elif part.exact:
            lacking = f'<a href="{escape(part.missing.url)}">{lacking}</a>'
        lines.append(
            f"<li><span>{escape(str(part.label))}</span>{meter(part.done.n, part.done.of, False)}"
            f'<span class="num"><b>{part.done.percent}%</b> '
            f'<small>{part.done.n:,}/{part.done.of:,}</small></span><span class="num">{lacking}</span></li>'
        )
    return SafeString("".join(lines))


@register.simple_tag
def change_lines(board: Board) -> SafeString:
    """What happened since the last working day and in a week, each with exactly its events."""
    in_week, lines = gettext("in a week %(n)s"), []
    for one in board.happened:
        sign = {"worse": "+", "better": "−"}.get(one.kind, "") if one.n else ""
        mark, label = lamp(one.colour) if one.colour else "", escape(str(one.label))
        what = f'<a href="{escape(one.url)}">{label}</a>' if one.n else label
        week = escape(in_week % {"n": f"{one.week:,}"})
        lines.append(
            f'<li><span class="v">{sign}{one.n:,}</span>{mark}{what}'
            f'<small class="wk"><a href="{escape(one.week_url)}">{week}</a></small></li>'
        )
    return SafeString(
        "".join(lines) or f'<li class="soft">{escape(gettext("Nothing has changed."))}</li>'
    )


@register.simple_tag
def late_lines(board: Board, request: HttpRequest) -> SafeString:
    """The longest overdue rows: whose, what, why, and whose move it is."""
    pen, lines = Pen(board), []
    opened, whose = escape(gettext("Open")), escape(gettext("Waiting for"))
    titles = {line.thing.pk: localized(line.thing, "title") for line in board.document_lines}
    for late in board.late:
        row = late.obligation
        word, why = describe_light(request, row)
        text = localized(row.directive, "text")
        text = text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"
        lines.append(
            f'<tr><th scope="row"><a href="{pen.body(row.organisation_id)}">{escape(localized(row.organisation, "name"))}</a></th>'
            f'<td><a class="code" href="{reverse("directive", args=(row.directive_id,))}">{pen.code(row.directive.code)}</a> '
            f"{escape(text)}{_of_document(titles.get(row.document_id))}</td>"
            f'<td><span class="light {TONES[row.light]}">{pen.lamps[row.light]}{escape(word)}</span>'
            f'<span class="why">{escape(why)}</span></td>'
            f'<td data-k="{whose}"><span class="nb">{escape(str(late.whose_words))}</span></td>'
            f'<td class="num act"><a class="btn" href="{reverse("obligation", args=(row.pk,))}">{opened}</a></td></tr>'
        )
    return SafeString("".join(lines))


def _of_document(title: str | None) -> str:
    """Of which document a row is, where there are several."""
    return (
        f'<small class="of">{escape(gettext("“%(title)s”") % {"title": title})}</small>'
        if title
        else ""
    )


@register.simple_tag
def legend() -> SafeString:
    """The lamps with their words."""
    return SafeString(
        "".join(
            f"<span>{lamp(colour)}{escape(gettext(COLOUR_NAMES[colour]))}</span>"
            for colour in COLOURS
        )
    )
