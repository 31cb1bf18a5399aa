"""Exports of statistics: indicators of a body, the ranking of one, and who has not reported."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.wording import localized, localized_text
from directives.indicators.queries.indicator import IndicatorView, indicator_view, missing
from directives.indicators.queries.statistics import Choice, Compared, IndicatorLine, statistics
from directives.models import Indicator
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.tables.book import Book, Column, StrOrPromise
from directives.tables.lists import (
    FilteredList,
    ListKind,
    ListRequest,
    Notes,
    Place,
    filter_in_words,
    list_of_length,
    list_of_rows,
    part_of,
)

PERCENT = gettext_lazy("Change as % of last year’s figure")


def _number(value: Decimal | None) -> Decimal | int | None:
    """The number for a cell: at most four decimals, and none if it is whole."""
    if value is None:
        return None
    return int(value) if value == int(value) else round(value, 4).normalize()


def _percent(values: Compared) -> float | None:
    return None if values.share is None else round(float(values.share), 1)


def _share(line: IndicatorLine) -> float | None:
    # Percentages change by points, which are in the column before.
    return None if line.indicator.in_percent else _percent(line.headline)


def _figure_column(
    key: str, label: StrOrPromise, value: Callable[[Any], Decimal | None], width: int = 14
) -> Column:
    return Column(key, label, lambda row: _number(value(row)), "number", width=width)


def _count_column(key: str, attribute: str, label: StrOrPromise) -> Column:
    return Column(key, label, attrgetter(attribute), "number", width=12)


REPORTED = _count_column("reported", "reported", gettext_lazy("Organisations that reported"))
EXPECTED = _count_column("asked", "expected", gettext_lazy("Expected to report"))
IN_SUBTREE = gettext_lazy("Organisation and below")
YEAR_BEFORE = gettext_lazy("Same period last year")
CHANGE = gettext_lazy("Year on year")
TABLE = (
    Column("code", gettext_lazy("Code"), lambda line: line.indicator.code, width=12),
    Column(
        "indicator",
        gettext_lazy("Indicator"),
        lambda line: localized(line.indicator, "name"),
        width=32,
    ),
    Column(
        "unit", gettext_lazy("Unit"), lambda line: localized_text(line.indicator.unit), width=10
    ),
    Column(
        "aggregation",
        gettext_lazy("How it is combined"),
        lambda line: line.indicator.get_aggregation_display(),
        width=12,
    ),
    _figure_column(
        "own", gettext_lazy("The organisation itself"), lambda line: line.own_values.current
    ),
    _figure_column("value", IN_SUBTREE, lambda line: line.total.current),
    _figure_column("then", YEAR_BEFORE, lambda line: line.headline.year_before),
    _figure_column("change", CHANGE, lambda line: line.headline.change, 12),
    Column("share", PERCENT, _share, "percent", width=12),
    REPORTED,
    EXPECTED,
)
RANKING = (
    Column("place", gettext_lazy("Rank"), lambda row: row.rank or None, "number"),
    Column("code", gettext_lazy("Code of the organisation"), lambda row: row.body.code, width=12),
    Column("name", gettext_lazy("Organisation"), lambda row: localized(row.body, "name"), width=32),
    _figure_column("value", IN_SUBTREE, lambda row: row.values.current),
    _figure_column("then", YEAR_BEFORE, lambda row: row.values.year_before),
    _figure_column("change", CHANGE, lambda row: row.values.change, 12),
    Column("share", PERCENT, lambda row: _percent(row.values), "percent", width=12),
    REPORTED,
    EXPECTED,
)
MISSING = (
    Column("code", gettext_lazy("Code of the organisation"), lambda body: body.code, width=12),
    Column("name", gettext_lazy("Organisation"), lambda body: localized(body, "name"), width=32),
    Column(
        "parent",
        gettext_lazy("Parent"),
        lambda body: localized(body.parent, "name") if body.parent else None,
        width=32,
    ),
    Column("level", gettext_lazy("Level"), lambda body: body.get_level_display(), width=12),
)

SUBTREE_COLUMNS = {"value", "reported", "asked"}  # left out for a body without children


def _table(request: ListRequest, place: Place) -> FilteredList:
    """The indicators of a body for a period; without any, a sheet without rows."""
    view = statistics(request.user, Choice.of(request.GET), today=request.today)
    if view is None:
        raise Http404
    notes = filter_in_words(
        (_("Document"), view.document and localized(view.document, "title")),
        (_("Organisation"), localized(view.vantage.body, "name")),
        (_("For the period"), view.period.name),
    )

    def make() -> Book:
        columns: tuple[Column, ...] = TABLE
        counts: Notes = ()
        if view.vantage.whole:
            counts = (
                (_("Figures reported"), part_of(view.reported, view.expected)),
                (_("Organisations to report"), who_is_expected()),
            )
        else:
            columns = tuple(column for column in TABLE if column.key not in SUBTREE_COLUMNS)
        name = f"{_('Statistics')} {view.period.name}"
        fictional = bool(view.document and view.document.fictional)
        return Book(name, columns, view.lines, request.now, (*notes, *counts), fictional)

    return list_of_length(notes, len(view.lines), make)


def requested_view(request: ListRequest, place: Place) -> IndicatorView:
    """The requested indicator, with the id in `place`; used by its pages too. Raises Http404."""
    rows = Indicator.objects.visible_to(request.user).select_related("organisation", "document")
    indicator = get_object_or_404(rows.defer(*HEAVY_OF_DOCUMENT), **place)
    view = indicator_view(request.user, indicator, Choice.of(request.GET), today=request.today)
    if view is None:
        raise Http404
    return view


def _ranking(request: ListRequest, place: Place) -> FilteredList:
    """One indicator for the child bodies, best first."""
    view = requested_view(request, place)

    def make() -> Book:
        columns: tuple[Column, ...] = RANKING
        if view.indicator.in_percent:
            columns = tuple(column for column in RANKING if column.key != "share")
        return _book(view, _name(view), columns, view.rows, request)

    return list_of_length(_notes(view), len(view.rows), make)


def _missing(request: ListRequest, place: Place) -> FilteredList:
    """The bodies that have not reported, in tree order, read while they are written."""
    view = requested_view(request, place)
    if not view.vantage.whole:
        raise PermissionDenied
    rows = missing(view.indicator, view.vantage.body, view.period)

    def make() -> Book:
        bodies = rows.select_related("parent").iterator(chunk_size=2000)
        return _book(view, f"{_('Not reported')} {_name(view)}", MISSING, bodies, request)

    return list_of_rows(_notes(view), rows, make)


def _book(
    view: IndicatorView,
    name: str,
    columns: tuple[Column, ...],
    rows: Iterable[object],
    request: ListRequest,
) -> Book:
    fictional = view.indicator.document.fictional
    return Book(name, columns, rows, request.now, (*_notes(view), *_counts(view)), fictional)


def _name(view: IndicatorView) -> str:
    return f"{localized(view.indicator, 'name')} {view.period.name}"


def _notes(view: IndicatorView) -> Notes:
    indicator = view.indicator
    return filter_in_words(
        (_("Document"), localized(indicator.document, "title")),
        (_("Organisation"), localized(view.vantage.body, "name")),
        (_("For the period"), view.period.name),
        (_("Indicator"), f"{indicator.code} {localized(indicator, 'name')}"),
    )


def _counts(view: IndicatorView) -> Notes:
    indicator = view.indicator
    return (
        (_("Unit"), localized_text(indicator.unit) or "—"),
        (_("Definition"), localized_text(indicator.meaning) or "—"),
        (_("How it is combined"), indicator.get_aggregation_display()),
        (_("Organisations that reported"), part_of(view.line.reported, view.line.expected)),
        (_("Organisations to report"), who_is_expected()),
    )


def who_is_expected() -> str:
    """Which organisations count as expected to report, for pages and sheets."""
    return _(
        "Organisations at and below the one that defined the indicator that are responsible under "
        "the document today, and those that reported but no longer are"
    )


KINDS: dict[str, ListKind] = {
    "statistics": ListKind(gettext_lazy("Statistics"), "statistics", _table, lambda dated: TABLE),
    "indicator": ListKind(
        gettext_lazy("Statistics by organisation"),
        "indicator",
        _ranking,
        lambda dated: RANKING,
        placed=True,
    ),
    "indicator-missing": ListKind(
        gettext_lazy("Not reported"),
        "indicator_missing",
        _missing,
        lambda dated: MISSING,
        placed=True,
    ),
}
