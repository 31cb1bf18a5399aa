"""The rows of a dashboard's cards."""

from collections.abc import Iterable
from html import escape
from typing import Any

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext

from directives.base.clocks import COLOUR_NAMES
from directives.base.states import COLOURS
from directives.base.wording import Dated, describe_light, in_script, localized
from directives.core.scope import Lights
from directives.dashboard.queries.board import Board
from directives.dashboard.queries.choice import BoardChoice, link
from directives.dashboard.queries.figures import BoardLine, Figure, HeatCell
from directives.templatetags.markup import (
    attribute,
    fast_format_html,
    join_escaped,
    join_html,
    shortened,
)
from directives.templatetags.tracker import FILLS, TONES, lamp, meter

register = template.Library()
CUT = 60  # characters of a directive in a table
OFFERED = 12  # documents that the menu lists
LONG = 10_000  # a count from which on it is written smaller, to fit its cell
# Parameters of an address that its links to other selections leave out.
FIRST_PAGE: dict[str, Any] = {"page": None, "all": False, "directives": False, "documents": False}
ONE_DOCUMENT = FIRST_PAGE | {"section": None, "directive": None, "cycle": None}


@register.simple_tag
def board_url(choice: BoardChoice, **changes: object) -> str:
    """The address of the dashboard with some filters changed, at its first page."""
    return link(choice, **{**FIRST_PAGE, **changes})


@register.simple_tag
def in_reader_script(text: str) -> str:
    """A number or code of the document in the reader's script."""
    return in_script(text, get_language())


class CardWriter:
    """Writes the rows of one card; translations are looked up once, not for every row."""

    def __init__(self, board: Board) -> None:
        self.board, self.language = board, get_language()
        self.words = {colour: gettext(COLOUR_NAMES[colour]) for colour in COLOURS}
        self.comma, self.all = gettext(", "), gettext("%(total)s in all: %(parts)s")
        self.overdue = gettext("overdue")
        self.base_url = link(board.choice, **FIRST_PAGE, scope=None)
        self.lamps = {colour: lamp(colour) for colour in COLOURS}

    def href(self, figure: Figure) -> str:
        """The link of a figure; none on a past day, of which no rows are stored."""
        return attribute("href", figure.url) if self.board.is_current else ""

    def body(self, pk: int) -> str:
        """The address of the dashboard of another body, under the same filter."""
        return f"{self.base_url}{'&' if len(self.base_url) > 1 else ''}scope={pk}"

    def code(self, text: str) -> str:
        return in_script(text, self.language)

    def late(self, line: BoardLine, css_class: str = "") -> str:
        """The count of overdue obligations, with a link to them."""
        if not line.lights.red:
            return ""
        return fast_format_html(
            '<a class="{}t-r"{}>{}{}<span class="sr"> {}</span></a>',
            css_class,
            self.href(line.red),
            self.lamps["red"],
            f"{line.lights.red:,}",
            self.overdue,
        )

    def bar(self, lights: Lights, label: str, height: int = 18) -> SafeString:
        """A stacked bar of lights."""
        total, start, rectangles, parts = lights.total, 0.0, [], []
        for colour in COLOURS:
            count = getattr(lights, colour)
            if count:
                width = 100 * count / total
                rectangles.append(
                    fast_format_html(
                        '<rect{} x="{}%" width="{}%" height="{}"/>',
                        FILLS[colour],
                        f"{start:.2f}",
                        f"{width:.2f}",
                        height,
                    )
                )
                parts.append(f"{self.words[colour]} {count:,}")
                start += width
        summary = self.all % {"total": f"{total:,}", "parts": self.comma.join(parts)}
        return fast_format_html(
            '<svg class="bars" width="100%" height="{}" role="img" aria-label="{} {}">{}</svg>',
            height,
            label,
            summary,
            join_html(rectangles),
        )


def share_of_lights(lights: Lights) -> int:
    """The share that is on time, in whole percent rounded down."""
    return 100 * lights.on_time // lights.total


def _on_time(lights: Lights) -> SafeString:
    """The share on time, with the counts that it is of."""
    return fast_format_html(
        '<span class="rt"><b>{}%</b><small>{}</small></span>',
        share_of_lights(lights),
        gettext("on time %(n)s/%(of)s") % {"n": f"{lights.on_time:,}", "of": f"{lights.total:,}"},
    )


def _in_all(lights: Lights) -> str:
    return gettext("%(n)s obligations, %(mean)s%% done on average") % {
        "n": f"{lights.total:,}",
        "mean": lights.mean,
    }


@register.simple_tag
def section_rows(board: Board) -> SafeString:
    """Each section with its bar and its share on time."""
    writer, closing = CardWriter(board), pgettext("section", "Closing")
    rows = []
    for line in board.section_lines:
        section, title = line.subject, localized(line.subject, "title")
        rows.append(
            fast_format_html(
                '<li><a{}><span class="nm"><b>{}</b>{}<small>{}</small></span>{}{}</a></li>',
                writer.href(line.rows),
                writer.code(section.number) if section.number else closing,
                fast_format_html("<span>{}</span>", title) if title else "",
                _in_all(line.lights),
                writer.bar(line.lights, section.number),
                _on_time(line.lights),
            )
        )
    return join_html(rows)


@register.simple_tag
def document_choices(board: Board) -> SafeString:
    """The newest documents to choose from, and a link to all others."""
    rows = [
        fast_format_html(
            '<li><a href="{}"{}>{}</a></li>',
            link(board.choice, **ONE_DOCUMENT | {"document": document.pk}),
            attribute("aria-current", "true" if document == board.document else ""),
            localized(document, "title"),
        )
        for document in board.documents[:OFFERED]
    ]
    if len(board.documents) > OFFERED:
        rows.append(
            fast_format_html(
                '<li><a href="{}#documents">{} ›</a></li>',
                link(board.choice, **ONE_DOCUMENT | {"document": None, "documents": True}),
                gettext("%(n)s more documents") % {"n": len(board.documents) - OFFERED},
            )
        )
    return join_html(rows)


@register.simple_tag
def document_rows(board: Board, lines: Iterable[BoardLine]) -> SafeString:
    """Each document with its bar, its share on time and its overdue obligations."""
    writer, rows = CardWriter(board), []
    none_overdue = fast_format_html('<span class="mv">{}</span>', "—")
    for line in lines:
        title = localized(line.subject, "title")
        rows.append(
            fast_format_html(
                '<li><a href="{}"><span class="nm"><span>{}</span><small>{}</small></span>'
                "{}{}</a>{}</li>",
                link(board.choice, **ONE_DOCUMENT | {"document": line.subject.pk}),
                title,
                _in_all(line.lights),
                writer.bar(line.lights, title),
                _on_time(line.lights),
                writer.late(line, "mv ") or none_overdue,
            )
        )
    return join_html(rows)


@register.simple_tag
def rank_rows(board: Board, lines: Iterable[BoardLine], low: bool = False) -> SafeString:
    """Bodies by their share on time. Those of few obligations are marked; ties share a place."""
    writer, rows = CardWriter(board), []
    few_tag = fast_format_html('<i class="tag line">{}</i>', pgettext("ranking", "few"))
    for line in lines:
        lights = line.lights
        rows.append(
            fast_format_html(
                '<li><span class="no">{}</span><a href="{}">{}</a>{}'
                '<span class="pc"><b>{}%</b> <small>{}/{}</small>{}</span>'
                '<span class="mv">{}</span></li>',
                line.rank,
                writer.body(line.subject.pk),
                localized(line.subject, "name"),
                meter(lights.on_time, lights.total, low=low),
                share_of_lights(lights),
                f"{lights.on_time:,}",
                f"{lights.total:,}",
                few_tag if line.small else "",
                writer.late(line) or "—",
            )
        )
    return join_html(rows)


@register.simple_tag
def heat_rows(board: Board, lines: Iterable[BoardLine]) -> SafeString:
    """Bodies × sections: how many are not on time; the larger the share, the darker the cell."""
    writer, rows = CardWriter(board), []
    label_template = escape(
        gettext("%(body)s, section %(number)s: %(n)s of %(of)s not on time, %(red)s overdue")
    )
    for line in lines:
        name = escape(localized(line.subject, "name"))
        cells = "".join(
            _heat_cell(writer, cell, name, label_template) for cell in board.cells(line.subject)
        )
        rows.append(
            f'<tr><th scope="row"><a href="{escape(writer.body(line.subject.pk))}">{name}</a></th>'
            f"{cells}</tr>"
        )
    return join_escaped(rows)


def _heat_cell(writer: CardWriter, cell: HeatCell, name: str, label_template: str) -> str:
    """A cell; `name` and `words` are escaped already."""
    off_time = cell.off_time
    if not off_time.of:
        return '<td><span class="quiet">—</span></td>'
    label = label_template % {
        "body": name,
        "number": escape(cell.section.number or "—"),
        "n": off_time.n,
        "of": off_time.of,
        "red": cell.red,
    }
    shade = cell.shade
    ink = f' class="h{shade}"' if shade else ""
    css_class = ' class="long"' if off_time.n >= LONG else "" if off_time.n else ' class="zero"'
    return (
        f'<td{ink}><a{writer.href(off_time)}{css_class} aria-label="{label}">'
        f"<span>{off_time.n:,}</span></a></td>"
    )


@register.simple_tag
def directive_rows(board: Board, request: Dated) -> SafeString:
    """The directives: of one body with light, reason and percent, of many with a bar of lights."""
    writer, has_counts = CardWriter(board), board.view.has_counts
    return join_html(
        _summary_row(writer, line) if has_counts else _obligation_row(writer, line, request)
        for line in board.directives
    )


def _text(line: BoardLine) -> str:
    return shortened(localized(line.subject, "text"), CUT)


def _summary_row(writer: CardWriter, line: BoardLine) -> SafeString:
    code, lights = writer.code(line.subject.code), line.lights
    late: str = "—"
    if lights.red:
        late = fast_format_html(
            '<a class="t-r"{}>{}{}</a>',
            writer.href(line.red),
            writer.lamps["red"],
            f"{lights.red:,}",
        )
    return fast_format_html(
        '<tr><th scope="row"><a class="code" href="{}">{}</a></th><td><a href="{}">{}</a></td>'
        '<td class="mix">{}</td>'
        '<td class="num"><a{}><b>{}%</b> <small>{}/{}</small></a></td>'
        '<td class="num">{}</td></tr>',
        reverse("directive", args=(line.subject.pk,)),
        code,
        link(writer.board.choice, **FIRST_PAGE | {"directive": line.subject.pk}),
        _text(line),
        writer.bar(lights, code, 14),
        writer.href(line.rows),
        share_of_lights(lights),
        f"{lights.on_time:,}",
        f"{lights.total:,}",
        late,
    )


def _obligation_row(writer: CardWriter, line: BoardLine, request: Dated) -> SafeString:
    row = line.subject.row
    word, why = describe_light(request, row)
    return fast_format_html(
        '<tr><th scope="row"><a class="code" href="{}">{}</a></th><td>{}</td>'
        '<td><span class="light {}">{}{}</span>{}</td>'
        '<td class="num" data-k="{}">{}%</td></tr>',
        reverse("obligation", args=(row.pk,)),
        writer.code(line.subject.code),
        _text(line),
        TONES[row.light],
        writer.lamps[row.light],
        word,
        fast_format_html('<span class="why">{}</span>', why) if why else "",
        gettext("Done"),
        row.percent,
    )


@register.simple_tag
def chips(board: Board) -> SafeString:
    """The filters in force, each with a link that removes it."""
    remove_label = gettext("clear")
    return join_html(
        fast_format_html(
            '<a class="chip" href="{}">{} <span aria-hidden="true">×</span>'
            '<span class="sr">{}</span></a>',
            link(board.choice, **FIRST_PAGE | change),
            label,
            remove_label,
        )
        for label, change in _conditions(board)
    )


def _conditions(board: Board) -> list[tuple[str, dict[str, Any]]]:
    """The filters in force: the words of each, and the change that removes it."""
    choice = board.choice
    conditions: list[tuple[str, dict[str, Any]]] = []
    if choice.section:
        section = next(row for row in board.sections if row.pk == choice.section)
        number = (
            gettext("section %(number)s") % {"number": section.number}
            if section.number
            else gettext("the closing section")
        )
        conditions.append((f"{number} {localized(section, 'title')}", {"section": None}))
    if choice.directive:
        code = board.directives[0].subject.code if board.directives else f"#{choice.directive}"
        label = f"{gettext('Directive')} {in_script(code, get_language())}"
        conditions.append((label, {"directive": None}))
    if choice.about:
        conditions.append((choice.about_word, {"about": ""}))
    if choice.kind:
        conditions.append((choice.kind_word, {"kind": ""}))
    if choice.cycle and board.trend and not board.trend.is_newest:
        conditions.append((board.trend.name, {"cycle": None}))
    return conditions
