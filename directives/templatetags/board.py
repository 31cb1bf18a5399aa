"""The rows of a dashboard's cards, each card drawn in one go: a page of hundreds of small marks is not put together from templates."""

from collections.abc import Iterable
from html import escape

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext

from directives.base.clocks import COLOUR_NAMES
from directives.base.states import COLOURS
from directives.base.wording import describe_light, in_script, localized
from directives.core.scope import Lights
from directives.dashboard.queries.board import Board
from directives.dashboard.queries.choice import BoardChoice, link
from directives.dashboard.queries.figures import BoardLine, Figure
from directives.templatetags.tracker import FILLS, TONES, lamp

register = template.Library()
CUT = 60  # characters of a directive in a table
OFFERED = 12  # documents of the menu
LONG = 10_000  # from here on a count is long for its cell
EVERYTHING = {
    "page": None,
    "all": False,
    "directives": False,
    "documents": False,
}  # of the page before, not of the next
ONE_DOCUMENT = EVERYTHING | {"section": None, "directive": None, "cycle": None}


@register.simple_tag
def go(choice: BoardChoice, **changes: object) -> SafeString:
    """The address of the dashboard with some of the choice changed; a change begins at the first page."""
    return SafeString(escape(link(choice, **{**EVERYTHING, **changes})))


@register.simple_tag
def short(text: str) -> str:
    """A number or code of the document in the reader's script."""
    return in_script(text, get_language())


class Pen:
    """Draws figures for one card: the words are looked up once, not for every row."""

    def __init__(self, board: Board) -> None:
        self.board, self.language = board, get_language()
        self.words = {colour: gettext(COLOUR_NAMES[colour]) for colour in COLOURS}
        self.comma, self.all = gettext(", "), gettext("%(total)s in all: %(parts)s")
        self.home = escape(link(board.choice, **EVERYTHING, scope=None))
        self.lamps = {colour: lamp(colour) for colour in COLOURS}

    def href(self, figure: Figure) -> str:
        """Where a figure leads: nowhere on a day that is past, of which no rows are kept."""
        return f' href="{escape(figure.url)}"' if self.board.now else ""

    def body(self, pk: int) -> str:
        """The dashboard of another body, under the same filter."""
        return f"{self.home}{'&amp;' if len(self.home) > 1 else ''}scope={pk}"

    def code(self, text: str) -> str:
        return escape(in_script(text, self.language))

    def bar(self, lights: Lights, label: str, height: int = 18) -> str:
        """A stacked bar of lights."""
        total, start, rects, told = lights.total, 0.0, [], []
        for colour in COLOURS:
            count = getattr(lights, colour)
            if count:
                width = 100 * count / total
                rects.append(
                    f'<rect {FILLS[colour]} x="{start:.2f}%" width="{width:.2f}%" height="{height}"/>'
                )
                told.append(f"{self.words[colour]} {count:,}")
                start += width
        said = escape(
            f"{label} {self.all % {'total': f'{total:,}', 'parts': self.comma.join(told)}}"
        )
        return f'<svg class="bars" width="100%" height="{height}" role="img" aria-label="{said}">{"".join(rects)}</svg>'


def meter(part: int, whole: int, low: bool) -> str:
    width = min(100.0, 100 * part / whole) if whole else 0.0
    return (
        f'<svg class="meter" width="100%" height="8" role="img" aria-label="{part:,}/{whole:,}">'
        '<rect class="track" width="100%" height="8" rx="2"/>'
        f'<rect class="fill{" low" if low else ""}" width="{width:.1f}%" height="8" rx="2"/></svg>'
    )


@register.simple_tag
def section_rows(board: Board) -> SafeString:
    """Each section with its bar and its share on time."""
    pen, rows = Pen(board), []
    closing, on_time = pgettext("section", "Closing"), gettext("on time %(n)s/%(of)s")
    told = gettext("%(n)s obligations, %(mean)s%% done on average")
    for line in board.section_lines:
        section, lights = line.thing, line.lights
        number, title = (
            pen.code(section.number) if section.number else closing,
            localized(section, "title"),
        )
        said = told % {"n": f"{lights.total:,}", "mean": lights.mean}
        counts = on_time % {"n": f"{lights.on_time:,}", "of": f"{lights.total:,}"}
        rows.append(
            f'<li><a{pen.href(line.rows)}><span class="nm"><b>{number}</b>{f"<span>{escape(title)}</span>" if title else ""}'
            f"<small>{said}</small></span>{pen.bar(lights, section.number)}"
            f'<span class="rt"><b>{100 * lights.on_time // lights.total}%</b><small>{counts}</small></span></a></li>'
        )
    return SafeString("".join(rows))


@register.simple_tag
def document_choices(board: Board) -> SafeString:
    """The newest documents to choose from, and the way to the others."""
    rows = []
    for document in board.documents[:OFFERED]:
        here = ' aria-current="true"' if document == board.document else ""
        url = escape(link(board.choice, **ONE_DOCUMENT | {"document": document.pk}))
        rows.append(f'<li><a href="{url}"{here}>{escape(localized(document, "title"))}</a></li>')
    if len(board.documents) > OFFERED:
        more = gettext("%(n)s more documents") % {"n": len(board.documents) - OFFERED}
        url = escape(link(board.choice, **ONE_DOCUMENT | {"document": None, "documents": True}))
        rows.append(f'<li><a href="{url}#documents">{escape(more)} ›</a></li>')
    return SafeString("".join(rows))


@register.simple_tag
def document_rows(board: Board, lines: Iterable[BoardLine]) -> SafeString:
    """Each document with its bar and its share on time, leading to its own dashboard, and what is overdue beside it."""
    pen, rows, overdue = Pen(board), [], gettext("overdue")
    on_time, told = (
        gettext("on time %(n)s/%(of)s"),
        gettext("%(n)s obligations, %(mean)s%% done on average"),
    )
    for line in lines:
        title, lights, late = (
            localized(line.thing, "title"),
            line.lights,
            '<span class="mv">—</span>',
        )
        if lights.red:
            late = f'<a class="mv t-r"{pen.href(line.red)}>{pen.lamps["red"]}{lights.red:,}<span class="sr"> {overdue}</span></a>'
        counts = on_time % {"n": f"{lights.on_time:,}", "of": f"{lights.total:,}"}
        said = told % {"n": f"{lights.total:,}", "mean": lights.mean}
        rows.append(
            f'<li><a href="{escape(link(board.choice, **ONE_DOCUMENT | {"document": line.thing.pk}))}"><span class="nm">'
            f"<span>{escape(title)}</span><small>{said}</small></span>{pen.bar(lights, title)}"
            f'<span class="rt"><b>{100 * lights.on_time // lights.total}%</b><small>{counts}</small></span></a>{late}</li>'
        )
    return SafeString("".join(rows))


@register.simple_tag
def rank_rows(board: Board, lines: Iterable[BoardLine], low: bool = False) -> SafeString:
    """Bodies by their share on time. One of few rows says so; equal shares share a place."""
    pen, rows, overdue = Pen(board), [], gettext("overdue")
    few = f'<i class="tag line">{escape(pgettext("ranking", "few"))}</i>'
    for line in lines:
        lights = line.lights
        share, late = 100 * lights.on_time // lights.total, "—"
        if lights.red:
            late = f'<a class="t-r"{pen.href(line.red)}>{pen.lamps["red"]}{lights.red:,}<span class="sr"> {overdue}</span></a>'
        rows.append(
            f'<li><span class="no">{line.place}</span><a href="{pen.body(line.thing.pk)}">{escape(localized(line.thing, "name"))}</a>'
            f'{meter(lights.on_time, lights.total, low)}<span class="pc"><b>{share}%</b> <small>{lights.on_time:,}/{lights.total:,}</small>'
            f'{few if line.small else ""}</span><span class="mv">{late}</span></li>'
        )
    return SafeString("".join(rows))


@register.simple_tag
def heat_rows(board: Board, lines: Iterable[BoardLine]) -> SafeString:
    """Bodies × sections: how many rows of a cell are not on time, in the darker ink the larger their share."""
    pen, rows = Pen(board), []
    told = escape(
        gettext("%(body)s, section %(number)s: %(n)s of %(of)s not on time, %(red)s overdue")
    )
    for line in lines:
        name, cells = escape(localized(line.thing, "name")), []
        for cell in board.cells(line.thing):
            off, shade = cell.off_time, cell.shade
            if not off.of:
                cells.append('<td><span class="quiet">—</span></td>')
                continue
            said = told % {
                "body": name,
                "number": cell.section.number or "—",
                "n": off.n,
                "of": off.of,
                "red": cell.red,
            }
            ink, zero = f' class="h{shade}"' if shade else "", "" if off.n else ' class="zero"'
            zero = ' class="long"' if off.n >= LONG else zero
            cells.append(
                f'<td{ink}><a{pen.href(off)}{zero} aria-label="{said}"><span>{off.n:,}</span></a></td>'
            )
        rows.append(
            f'<tr><th scope="row"><a href="{pen.body(line.thing.pk)}">{name}</a></th>{"".join(cells)}</tr>'
        )
    return SafeString("".join(rows))


@register.simple_tag
def directive_rows(board: Board, request: HttpRequest) -> SafeString:
    """The directives one by one: of one body with light, reason and percent, of many with the bar of their lights."""
    pen, many = Pen(board), board.view.counted
    return SafeString(
        "".join(
            _of_many(pen, line) if many else _of_one(pen, line, request)
            for line in board.directives
        )
    )


def _said(line: BoardLine) -> str:
    text = localized(line.thing, "text")
    return escape(text if len(text) <= CUT else f"{text[: CUT - 1]}…")


def _of_many(pen: Pen, line: BoardLine) -> str:
    code, lights = pen.code(line.thing.code), line.lights
    narrowed = escape(link(pen.board.choice, **EVERYTHING | {"directive": line.thing.pk}))
    late = (
        f'<a class="t-r"{pen.href(line.red)}>{pen.lamps["red"]}{lights.red:,}</a>'
        if lights.red
        else "—"
    )
    return (
        f'<tr><th scope="row"><a class="code" href="{reverse("directive", args=(line.thing.pk,))}">{code}</a></th>'
        f'<td><a href="{narrowed}">{_said(line)}</a></td><td class="mix">{pen.bar(lights, code, 14)}</td>'
        f'<td class="num"><a{pen.href(line.rows)}><b>{100 * lights.on_time // lights.total}%</b> '
        f'<small>{lights.on_time:,}/{lights.total:,}</small></a></td><td class="num">{late}</td></tr>'
    )


def _of_one(pen: Pen, line: BoardLine, request: HttpRequest) -> str:
    row = line.thing.row
    word, why = describe_light(request, row)
    light = f'<span class="light {TONES[row.light]}">{pen.lamps[row.light]}{escape(word)}</span>'
    return (
        f'<tr><th scope="row"><a class="code" href="{reverse("obligation", args=(row.pk,))}">{pen.code(line.thing.code)}</a></th>'
        f"<td>{_said(line)}</td>"
        f'<td>{light}{f"""<span class="why">{escape(why)}</span>""" if why else ""}</td>'
        f'<td class="num" data-k="{escape(gettext("Done"))}">{row.percent}%</td></tr>'
    )


@register.simple_tag
def chips(board: Board) -> SafeString:
    """What narrows the page, each with a way to take it off."""
    choice, told = board.choice, []
    if choice.section:
        section = next(one for one in board.sections if one.pk == choice.section)
        number = (
            gettext("section %(number)s") % {"number": section.number}
            if section.number
            else gettext("the closing section")
        )
        told.append((f"{number} {localized(section, 'title')}", {"section": None}))
    if choice.directive:
        code = board.directives[0].thing.code if board.directives else f"#{choice.directive}"
        told.append(
            (f"{gettext('Directive')} {in_script(code, get_language())}", {"directive": None})
        )
    told += [(choice.about_word, {"about": ""})] if choice.about else []
    told += [(choice.kind_word, {"kind": ""})] if choice.kind else []
    if choice.cycle and board.trend and not board.trend.current:
        told.append((board.trend.name, {"cycle": None}))
    off = gettext("clear")
    return SafeString(
        "".join(
            format_html(
                '<a class="chip" href="{}">{} <span aria-hidden="true">×</span><span class="sr">{}</span></a>',
                link(choice, **EVERYTHING | change),
                word,
                off,
            )
            for word, change in told
        )
    )
