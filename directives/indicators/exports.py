"""Statistics as sheets: the indicators of a body for a period, one indicator body by body, and who has not reported."""

from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.wording import picked, scripted
from directives.indicators.queries.indicator import IndicatorView, indicator_view, missing
from directives.indicators.queries.statistics import Choice, Compared, IndicatorLine, statistics
from directives.models import Indicator
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.tables.book import Book, Column
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
    """As a cell holds it: a mean has no more decimals than a figure may have, and a whole number has none."""
    if value is None:
        return None
    return int(value) if value == int(value) else round(value, 4).normalize()


def _percent(values: Compared) -> float | None:
    return None if values.share is None else round(float(values.share), 1)


def _share(line: IndicatorLine) -> float | None:
    """A percentage changes by points, which stand in the column before."""
    return None if line.indicator.in_percent else _percent(line.shown)


TABLE = (
    Column("code", gettext_lazy("Code"), lambda line: line.indicator.code, width=12),
    Column(
        "indicator",
        gettext_lazy("Indicator"),
        lambda line: picked(line.indicator, "name"),
        width=32,
    ),
    Column("unit", gettext_lazy("Unit"), lambda line: scripted(line.indicator.unit), width=10),
    Column(
        "aggregation",
        gettext_lazy("How it is combined"),
        lambda line: line.indicator.get_aggregation_display(),
        width=12,
    ),
    Column(
        "own",
        gettext_lazy("The organisation itself"),
        lambda line: _number(line.own.now),
        "number",
        width=14,
    ),
    Column(
        "value",
        gettext_lazy("Organisation and below"),
        lambda line: _number(line.total.now),
        "number",
        width=14,
    ),
    Column(
        "then",
        gettext_lazy("Same period last year"),
        lambda line: _number(line.shown.then),
        "number",
        width=14,
    ),
    Column(
        "change",
        gettext_lazy("Year on year"),
        lambda line: _number(line.shown.change),
        "number",
        width=12,
    ),
    Column("share", PERCENT, _share, "percent", width=12),
    Column(
        "reported",
        gettext_lazy("Organisations that reported"),
        lambda line: line.reported,
        "number",
        width=12,
    ),
    Column(
        "asked", gettext_lazy("Expected to report"), lambda line: line.asked, "number", width=12
    ),
)
RANKING = (
    Column("place", gettext_lazy("Rank"), lambda row: row.place or None, "number"),
    Column("code", gettext_lazy("Code of the organisation"), lambda row: row.body.code, width=12),
    Column("name", gettext_lazy("Organisation"), lambda row: picked(row.body, "name"), width=32),
    Column(
        "value",
        gettext_lazy("Organisation and below"),
        lambda row: _number(row.values.now),
        "number",
        width=14,
    ),
    Column(
        "then",
        gettext_lazy("Same period last year"),
        lambda row: _number(row.values.then),
        "number",
        width=14,
    ),
    Column(
        "change",
        gettext_lazy("Year on year"),
        lambda row: _number(row.values.change),
        "number",
        width=12,
    ),
    Column("share", PERCENT, lambda row: _percent(row.values), "percent", width=12),
    Column(
        "reported",
        gettext_lazy("Organisations that reported"),
        lambda row: row.reported,
        "number",
        width=12,
    ),
    Column("asked", gettext_lazy("Expected to report"), lambda row: row.asked, "number", width=12),
)
MISSING = (
    Column("code", gettext_lazy("Code of the organisation"), lambda body: body.code, width=12),
    Column("name", gettext_lazy("Organisation"), lambda body: picked(body, "name"), width=32),
    Column(
        "parent",
        gettext_lazy("Parent"),
        lambda body: picked(body.parent, "name") if body.parent else None,
        width=32,
    ),
    Column("level", gettext_lazy("Level"), lambda body: body.get_level_display(), width=12),
)

OF_BRANCHES = {"value", "reported", "asked"}  # columns that say nothing of a body by itself


def _table(asked: ListRequest, place: Place) -> FilteredList:
    """The indicators of a body for a period; the sheet has no rows where there are none."""
    it = statistics(asked.user, Choice.of(asked.GET), today=asked.today)
    if it is None:
        raise Http404
    told = filter_in_words(
        (_("Document"), it.document and picked(it.document, "title")),
        (_("Organisation"), picked(it.view.body, "name")),
        (_("For the period"), it.period.name),
    )

    def make() -> Book:
        counts = (
            (
                (_("Figures reported"), part_of(it.reported, it.asked)),
                (_("Organisations to report"), who_is_asked()),
            )
            if it.view.whole
            else ()
        )
        columns = (
            TABLE
            if it.view.whole
            else tuple(column for column in TABLE if column.key not in OF_BRANCHES)
        )
        fictional = bool(it.document and it.document.fictional)
        return Book(
            f"{_('Statistics')} {it.period.name}",
            columns,
            it.lines,
            asked.now,
            (*told, *counts),
            fictional,
        )

    return list_of_length(told, len(it.lines), make)


def _view(asked: ListRequest, place: Place) -> IndicatorView:
    rows = (
        Indicator.objects.visible_to(asked.user)
        .select_related("organisation", "document")
        .defer(*HEAVY_OF_DOCUMENT)
    )
    it = indicator_view(
        asked.user, get_object_or_404(rows, **place), Choice.of(asked.GET), today=asked.today
    )
    if it is None:
        raise Http404
    return it


def _ranking(asked: ListRequest, place: Place) -> FilteredList:
    """One indicator for the bodies right below, best first."""
    it = _view(asked, place)
    told = _told(it)

    def make() -> Book:
        columns = (
            tuple(column for column in RANKING if column.key != "share")
            if it.indicator.in_percent
            else RANKING
        )
        return Book(
            _name(it),
            columns,
            it.rows,
            asked.now,
            (*told, *_counts(it)),
            it.indicator.document.fictional,
        )

    return list_of_length(told, len(it.rows), make)


def _missing(asked: ListRequest, place: Place) -> FilteredList:
    """The bodies that are asked and have not reported, in the order of the tree; read as they are written."""
    it = _view(asked, place)
    if not it.view.whole:
        raise PermissionDenied
    told = _told(it)
    rows = missing(it.indicator, it.view.body, it.period)

    def make() -> Book:
        lines = rows.select_related("parent").iterator(chunk_size=2000)
        name = f"{_('Not reported')} {_name(it)}"
        return Book(
            name, MISSING, lines, asked.now, (*told, *_counts(it)), it.indicator.document.fictional
        )

    return list_of_rows(told, rows, make)


def _name(it: IndicatorView) -> str:
    return f"{picked(it.indicator, 'name')} {it.period.name}"


def _told(it: IndicatorView) -> Notes:
    one = it.indicator
    return filter_in_words(
        (_("Document"), picked(one.document, "title")),
        (_("Organisation"), picked(it.view.body, "name")),
        (_("For the period"), it.period.name),
        (_("Indicator"), f"{one.code} {picked(one, 'name')}"),
    )


def _counts(it: IndicatorView) -> Notes:
    one = it.indicator
    return (
        (_("Unit"), scripted(one.unit) or "—"),
        (_("Definition"), scripted(one.meaning) or "—"),
        (_("How it is combined"), one.get_aggregation_display()),
        (_("Organisations that reported"), part_of(it.line.reported, it.line.asked)),
        (_("Organisations to report"), who_is_asked()),
    )


def who_is_asked() -> str:
    """The rule of the denominator, as page and sheet print it."""
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
