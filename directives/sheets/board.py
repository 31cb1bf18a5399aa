"""The tables of the dashboard as sheets: the same figures that the page shows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import FileResponse, Http404, HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.overview.board import Board
from directives.overview.figures import Line
from directives.overview.late import Late, late_rows
from directives.sheets.out import Column, Words, sheet
from directives.states import LIGHTS
from directives.wording import Dated, picked, words_of_light


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name, its columns and its rows."""

    name: Words
    columns: Callable[[Board, Dated], list[Column]]
    rows: Callable[[Board], Iterable[Any]]


def _figures() -> list[Column]:
    """What every table of lights says of a line: the share on time with its denominator, then each light."""
    lights = [Column(label, lambda line, colour=colour: line.lights.count(colour), "number") for colour, label in LIGHTS]
    return [
        Column(_("Obligations"), lambda line: line.lights.total, "number"),
        Column(_("On time"), lambda line: line.lights.on_time, "number"),
        Column(_("Share on time"), _share, "percent"),
        *lights,
        Column(_("Mean percent done"), lambda line: line.lights.mean, "percent"),
    ]


def _share(line: Line) -> float | None:
    return 100 * line.lights.on_time / line.lights.total if line.lights.total else None


def _sections(board: Board, dated: Dated) -> list[Column]:
    number = Column(_("Section"), lambda line: line.thing.number or "—", width=8)
    return [number, Column(pgettext_lazy("sheet", "Title"), lambda line: picked(line.thing, "title"), width=40), *_figures()]


def _bodies(board: Board, dated: Dated) -> list[Column]:
    parts = [
        Column(
            _("Section %(number)s: not on time") % {"number": part.thing.number or "—"},
            lambda line, place=place: line.cells[place].off_time.n,
            "number",
            width=14,
        )
        for place, part in enumerate(board.section_lines)
    ]
    first = [Column(_("Rank"), lambda line: line.place, "number"), Column(_("Code"), lambda line: line.thing.code, width=12)]
    return [*first, Column(_("Body"), lambda line: picked(line.thing, "name"), width=32), *_figures(), *parts]


def _late(board: Board, dated: Dated) -> list[Column]:
    def of(late: Late) -> Any:
        return late.obligation

    return [
        Column(_("Body"), lambda late: picked(of(late).organisation, "name"), width=32),
        Column(_("Code"), lambda late: of(late).directive.code, width=10),
        Column(_("Directive"), lambda late: picked(of(late).directive, "text"), width=60),
        Column(_("Light"), lambda late: words_of_light(dated, of(late))[0], width=18),
        Column(_("Reason of the light"), lambda late: words_of_light(dated, of(late))[1], width=48),
        Column(_("Whose move"), lambda late: late.whose_words, width=14),
    ]


TABLES = {
    "sections": Table(_("Progress by section"), _sections, lambda board: board.section_lines),
    "bodies": Table(_("Bodies by share on time"), _bodies, lambda board: map(board.with_cells, board.bodies)),
    "late": Table(_("Overdue obligations"), _late, lambda board: late_rows(board.view, board.document.pk) if board.document else ()),
}


def export(request: HttpRequest, board: Board) -> FileResponse:
    """The table that ?table= names, as the file that ?export= asks for. Raises Http404 for a table that is not there."""
    table = TABLES.get(request.GET.get("table", ""))
    if table is None or board.document is None:
        raise Http404
    notes = ((_("Document"), picked(board.document, "title")), (_("Body"), picked(board.view.body, "name")))
    return sheet(
        request, name=table.name, columns=table.columns(board, request), rows=table.rows(board), notes=notes,
        fictional=board.document.fictional,
    )  # fmt: skip
