"""Exporting the tables of the dashboard, with the figures that the page shows."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.states import LIGHTS
from directives.base.wording import Dated, describe_light, join_words, localized
from directives.dashboard.queries.board import Board
from directives.dashboard.queries.figures import BoardLine
from directives.dashboard.queries.overdue import OverdueRow, overdue_rows
from directives.dashboard.queries.weeks import Point
from directives.models import Section
from directives.tables.book import Column, StrOrPromise, path_to

BODY, DIRECTIVE, OBLIGATION = path_to("organisation"), path_to("directive"), path_to("obligation")
DOCUMENT = path_to("document")
NAMED = 20  # documents named on a cover


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name, its columns and its rows."""

    name: StrOrPromise
    columns: Callable[[Board, Dated], list[Column]]
    rows: Callable[[Board], Iterable[Any]]
    offered: Callable[[Dated], list[Column]]  # the columns that do not depend on the board


def _figures() -> list[Column]:
    """The share on time with its denominator, then each light."""

    def light(colour: str, label: StrOrPromise) -> Column:
        return Column(colour, label, lambda line: line.lights.count(colour), "number")

    return [
        Column("total", _("Obligations"), lambda line: line.lights.total, "number"),
        Column("on_time", _("On time"), lambda line: line.lights.on_time, "number"),
        Column("share", _("On-time rate"), _share, "percent"),
        *(light(colour, label) for colour, label in LIGHTS),
        Column("mean", _("Mean percent done"), lambda line: line.lights.mean, "percent"),
    ]


def _share(line: BoardLine) -> float | None:
    return 100 * line.lights.on_time / line.lights.total if line.lights.total else None


def _documents(dated: Dated) -> list[Column]:
    return [
        Column(
            "title",
            pgettext_lazy("sheet", "Title"),
            lambda line: localized(line.subject, "title"),
            width=48,
            link=lambda line: DOCUMENT(line.subject.pk),
        ),
        *_figures(),
    ]


def _sections(dated: Dated) -> list[Column]:
    number = Column("number", _("Section"), lambda line: line.subject.number or "—", width=8)
    return [
        number,
        Column(
            "title",
            pgettext_lazy("sheet", "Title"),
            lambda line: localized(line.subject, "title"),
            width=40,
        ),
        *_figures(),
    ]


def _bodies(board: Board, dated: Dated) -> list[Column]:
    def off_time(place: int, section: Section) -> Column:
        return Column(
            f"section-{section.pk}",
            _("Section %(number)s: not on time") % {"number": section.number or "—"},
            lambda line: line.cells[place].off_time.n,
            "number",
            width=14,
        )

    sections = enumerate(line.subject for line in board.section_lines)
    return [*_of_body(dated), *(off_time(place, section) for place, section in sections)]


def _of_body(dated: Dated) -> list[Column]:
    return [
        Column("place", _("Rank"), lambda line: line.rank, "number"),
        Column(
            "code",
            _("Code"),
            lambda line: line.subject.code,
            width=12,
            link=lambda line: BODY(line.subject.pk),
        ),
        Column("name", _("Organisation"), lambda line: localized(line.subject, "name"), width=32),
        *_figures(),
    ]


def _late(dated: Dated) -> list[Column]:
    def of(row: OverdueRow) -> Any:
        return row.obligation

    return [
        Column(
            "body",
            _("Organisation"),
            lambda row: localized(of(row).organisation, "name"),
            width=32,
        ),
        Column(
            "code",
            _("Code"),
            lambda row: of(row).directive.code,
            width=10,
            link=lambda row: OBLIGATION(of(row).pk),
        ),
        Column(
            "directive",
            _("Directive"),
            lambda row: localized(of(row).directive, "text"),
            width=60,
        ),
        Column(
            "light",
            _("Light"),
            lambda row: describe_light(dated, of(row))[0],
            width=18,
            light=lambda row: of(row).light,
        ),
        Column(
            "reason",
            _("Reason of the light"),
            lambda row: describe_light(dated, of(row))[1],
            width=48,
        ),
        Column("whose", _("Waiting for"), lambda row: row.next_actor_label, width=14),
    ]


def _late_of(board: Board, dated: Dated) -> list[Column]:
    """The columns of overdue obligations, with the document if there are several."""
    if not board.several_documents:
        return _late(dated)
    titles = {line.subject.pk: localized(line.subject, "title") for line in board.document_lines}
    body, *others = _late(dated)
    return [
        body,
        Column(
            "document",
            _("Document"),
            lambda row: titles[row.obligation.document_id],
            width=32,
        ),
        *others,
    ]


def _late_rows(board: Board) -> Iterable[OverdueRow]:
    return overdue_rows(board.view, board.document_id, board.choice)


def _directives(dated: Dated) -> list[Column]:
    first = [
        Column(
            "code",
            _("Code"),
            lambda line: line.subject.code,
            width=10,
            link=lambda line: DIRECTIVE(line.subject.pk),
        )
    ]
    return [
        *first,
        Column("directive", _("Directive"), lambda line: localized(line.subject, "text"), width=60),
        *_figures(),
    ]


def _weeks(dated: Dated) -> list[Column]:
    def share(point: Point) -> float:
        return round(point.share, 1)

    return [
        Column("day", _("End of day"), lambda point: point.day, "date"),
        Column("on_time", _("On time"), lambda point: point.on_time, "number"),
        Column("total", _("Obligations"), lambda point: point.total, "number"),
        Column("share", _("On-time rate"), share, "percent"),
        Column("red", _("Overdue"), lambda point: point.red, "number"),
    ]


def _same(
    name: StrOrPromise,
    columns: Callable[[Dated], list[Column]],
    rows: Callable[[Board], Iterable[Any]],
) -> Table:
    """A table whose columns do not depend on the board."""
    return Table(name, lambda board, dated: columns(dated), rows, columns)


TABLES = {
    "documents": _same(_("Progress by document"), _documents, lambda board: board.document_lines),
    "sections": _same(_("Progress by section"), _sections, lambda board: board.section_lines),
    "bodies": Table(
        _("On-time rate by organisation"),
        _bodies,
        lambda board: map(board.with_cells, board.bodies),
        _of_body,
    ),
    "directives": _same(_("Directive by directive"), _directives, lambda board: board.directives),
    "weeks": _same(
        _("On-time rate by week"), _weeks, lambda board: board.weeks.points if board.weeks else ()
    ),
    "late": Table(_("Overdue obligations"), _late_of, _late_rows, _late),
}


def tables(board: Board) -> list[tuple[str, StrOrPromise]]:
    """The keys and names of the tables that the board has."""
    available = {
        "documents": board.several_documents,
        "sections": board.document,
        "bodies": board.bodies,
        "directives": board.tasks,
        "weeks": board.weeks,
        "late": board.is_current,
    }
    return [(key, table.name) for key, table in TABLES.items() if available.get(key, True)]


def notes(board: Board) -> Iterator[tuple[StrOrPromise, Any]]:
    """Yield the notes of the cover: the documents and the filter of the table."""
    choice = board.choice
    if board.several_documents:
        titles = [localized(line.subject, "title") for line in board.document_lines]
        more = [_("and %(n)s more") % {"n": len(titles) - NAMED}] if len(titles) > NAMED else []
        yield (
            _("All documents (%(n)s)") % {"n": len(titles)},
            _("; ").join(map(str, [*titles[:NAMED], *more])),
        )
    else:
        yield _("Document"), localized(board.document, "title")
    yield _("Organisation"), localized(board.view.body, "name")
    for section in board.sections if choice.section else ():
        if section.pk == choice.section:
            yield _("Section"), f"{section.number} {localized(section, 'title')}".strip()
    if choice.directive:
        yield _("Directive"), join_words(line.subject.code for line in board.directives)
    if choice.about:
        yield _("Kind of directive"), choice.about_word
    if choice.kind:
        yield _("Kind of organisation"), choice.kind_word
    if choice.on:
        yield _("As of the end of the day"), choice.on
