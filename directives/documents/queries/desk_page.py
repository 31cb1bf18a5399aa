"""The desk: one page on which a reading is compared with its source before it is issued."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.db.models import Prefetch, QuerySet
from django.utils.functional import Promise

from directives.base.numbers import whole_number
from directives.core.keyset import Column, Order, Page, PageRequest, read_page
from directives.documents.queries.desk import RowDoubt, doubts_by_directive, line_starts
from directives.documents.queries.desk_source import DeskLine, desk_lines
from directives.models import (
    Addressee,
    DeskAct,
    Directive,
    Document,
    Obligation,
    Repair,
    Section,
)
from directives.models.documents import PROPOSED
from directives.record.queries.timeline import word_of

SIZE = 100  # rows of a page
DOUBTFUL, UNREAD, ALL = "doubtful", "unread", "all"
ORDER = Order("desk", (Column("order"),))


@dataclass(frozen=True, slots=True)
class DeskFilter:
    """Which rows the desk shows; without a choice the doubtful ones, as long as there are any."""

    show: str = ""
    section: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "DeskFilter":
        show = query.get("show", "")
        section = whole_number(query.get("section", ""))
        return cls(show if show in (DOUBTFUL, UNREAD, ALL) else "", section)


@dataclass(frozen=True, slots=True)
class DeskRow:
    directive: Directive
    doubts: tuple[RowDoubt, ...]
    assigned: bool  # to somebody, or was

    @property
    def status(self) -> str:
        """What kind of row it is: dropped, heading, statement or directive."""
        row = self.directive
        if row.dropped:
            return "dropped"
        return "heading" if row.heading else "statement" if row.statement else "directive"

    @property
    def is_read(self) -> bool:
        return self.directive.checked_at is not None

    @property
    def items_text(self) -> str:
        """The names of its items, one a line."""
        return "\n".join(item.name for item in self.directive.items.all())

    @property
    def key(self) -> str:
        """The row with the version that is shown."""
        return f"{self.directive.pk}:{self.directive.version}"


@dataclass(frozen=True, slots=True)
class Figures:
    """How many rows there are; those that are dropped are not counted."""

    total: int
    read: int
    doubtful: int  # and unread

    @property
    def unread(self) -> int:
        return self.total - self.read


@dataclass(frozen=True, slots=True)
class LastAct:
    """The act that can be undone."""

    act: DeskAct
    rows: int

    @property
    def word(self) -> str | Promise:
        return word_of(f"desk_{self.act.act}")


@dataclass(frozen=True, slots=True)
class DeskView:
    show: str
    figures: Figures
    page: Page
    sections: tuple[tuple[Section, tuple[DeskRow, ...]], ...]
    lines: tuple[DeskLine, ...]
    last_act: LastAct | None


def desk_rows_of(document: Document) -> QuerySet[Directive]:
    addressees = Prefetch("addressees", Addressee.objects.order_by("order"))
    return (
        Directive.objects.filter(document=document).prefetch_related(addressees).order_by("order")
    )


def desk_view(document: Document, query: Mapping[str, str], *, today: date) -> DeskView:
    """The page of the desk that a query asks for."""
    desk_filter = DeskFilter.of(query)
    rows = list(desk_rows_of(document))
    doubts = doubts_by_directive(document, rows, on=today)
    shown = [
        row for row in rows if not desk_filter.section or row.section_id == desk_filter.section
    ]
    figures = _figures(rows, doubts)
    show = desk_filter.show or _first_choice(figures)
    shown = [row for row in shown if _is_shown(row, show, doubts)]
    page = _page(document, shown, query)
    listed = _listed(page.rows, doubts)
    lines = desk_lines(
        document.text_read, page.rows, document.repairs.all(), document.left_out.all()
    )
    sections = tuple(
        (section, tuple(group))
        for section, group in groupby(listed, key=lambda row: row.directive.section)
    )
    return DeskView(show, figures, page, sections, lines, last_act(document))


def _figures(rows: Iterable[Directive], doubts: Mapping[int, Sequence[RowDoubt]]) -> Figures:
    present = [row for row in rows if not row.dropped]
    unread = [row for row in present if row.checked_at is None]
    doubtful = sum(bool(doubts[row.pk]) for row in unread)
    return Figures(len(present), len(present) - len(unread), doubtful)


def _first_choice(figures: Figures) -> str:
    return DOUBTFUL if figures.doubtful else UNREAD if figures.unread else ALL


def _is_shown(row: Directive, show: str, doubts: Mapping[int, Sequence[RowDoubt]]) -> bool:
    if show == ALL:
        return True
    unread = row.checked_at is None and not row.dropped
    return unread and (show == UNREAD or bool(doubts[row.pk]))


def _page(document: Document, shown: Sequence[Directive], query: Mapping[str, str]) -> Page:
    rows = (
        desk_rows_of(document)
        .select_related("section__part", "checked_by")
        .prefetch_related("items")
        .filter(pk__in=[row.pk for row in shown])
    )
    request = PageRequest.from_query(query, ORDER)
    return read_page(rows, ORDER, request, total=len(shown), size=SIZE)


def _listed(rows: Sequence[Directive], doubts: Mapping[int, tuple[RowDoubt, ...]]) -> list[DeskRow]:
    ids = [row.pk for row in rows]
    assigned = set(
        Obligation.objects.filter(directive__in=ids)
        .values_list("directive_id", flat=True)
        .distinct()
    )
    return [DeskRow(row, doubts[row.pk], row.pk in assigned) for row in rows]


def desk_row(document: Document, directive: Directive, *, today: date) -> DeskRow:
    """One row of the desk; its addressees are prefetched."""
    doubts = doubts_by_directive(document, [directive], on=today)
    return _listed([directive], doubts)[0]


def last_act(document: Document) -> LastAct | None:
    act = (
        DeskAct.objects.filter(document=document, undone=False)
        .select_related("by")
        .order_by("-number")
        .first()
    )
    return LastAct(act, len(act.after)) if act else None


def undecided_in(directive: Directive) -> list[Repair]:
    """The undecided repairs in the words of a row."""
    start, end = directive.source_start, directive.source_end
    if start is None or end is None:
        return []
    starts = line_starts(directive.document.text_read)
    rows = directive.document.repairs.filter(state=PROPOSED)
    return [row for row in rows if start <= starts[row.line - 1] + row.start < end]


@dataclass(frozen=True, slots=True)
class CleanSection:
    """A section as it reads: its paragraphs of rows."""

    section: Section
    paragraphs: tuple[tuple[Directive, ...], ...]


def clean_text(document: Document) -> tuple[CleanSection, ...]:
    """The document without marks, and without the rows that were left out."""
    by_section: dict[int, list[Directive]] = {}
    for row in Directive.objects.filter(document=document, dropped=False).order_by("order"):
        by_section.setdefault(row.section_id, []).append(row)
    sections = []
    for section in document.sections.select_related("part").order_by("order"):
        rows = by_section.get(section.pk, ())
        paragraphs = groupby(rows, key=lambda row: (row.paragraph, row.heading))
        sections.append(CleanSection(section, tuple(tuple(group) for _key, group in paragraphs)))
    return tuple(sections)
