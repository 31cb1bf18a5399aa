"""What a list that can be taken away is made of, before any of its rows is read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from directives.base.workdays import Workdays
from directives.models import User
from directives.tables.book import Book, Column, Words

Place = Mapping[str, int]  # what the address of the page names: {"pk": 3}, or nothing
Notes = tuple[tuple[Words, Any], ...]


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a list knows of a request for it: who asks, the filter, and when. A request serves too."""

    user: User
    GET: QueryDict
    today: date
    now: datetime
    workdays: Workdays


@dataclass(frozen=True, slots=True)
class FilteredList:
    """A list under one filter, of which nothing was read yet but what its filter is called.

    `told` is the filter in words. `few` says whether there are at most so many rows, without counting further; `total` counts
    them all. `make` gives the book; its rows are read as they are written.
    """

    told: Notes
    few: Callable[[int], bool]
    total: Callable[[], int]
    make: Callable[[], Book]


@dataclass(frozen=True, slots=True)
class ListKind:
    """A list that can be taken away: its name, its page, what it holds, and which of its columns a person may choose.

    `page` is the name of the page's address; `placed` that the address names a thing. Columns that are not among those to be
    chosen always stand at the end.
    """

    name: Words
    page: str
    find: Callable[[ListRequest, Place], FilteredList]
    columns: Callable[[ListRequest], Sequence[Column]] = lambda asked: ()
    placed: bool = False


def filter_in_words(*pairs: tuple[Words, Any]) -> Notes:
    """The filter in words, without what was not asked for."""
    given = tuple((label, str(value)) for label, value in pairs if value)
    return given or ((pgettext("ledger", "Filter"), _("None: everything in your scope")),)


def list_of_rows(told: Notes, rows: QuerySet, make: Callable[[], Book]) -> FilteredList:
    """A list with a line for each of these rows."""
    bare = rows.order_by()
    return FilteredList(told, lambda limit: bare[: limit + 1].count() <= limit, bare.count, make)


def list_of_length(told: Notes, count: int, make: Callable[[], Book]) -> FilteredList:
    """A list of which it is known how many rows it has."""
    return FilteredList(told, lambda limit: count <= limit, lambda: count, make)


def part_of(part: int, whole: int) -> str:
    """3 of 8 (37.5%)."""
    share = f" ({100 * part / whole:.1f}%)" if whole else ""
    return _("%(part)s of %(whole)s") % {"part": part, "whole": whole} + share


def chosen_columns(
    columns: Iterable[Column], offered: Iterable[Column], keys: Sequence[str]
) -> tuple[Column, ...]:
    """The columns of a list as a person chose them: those of these keys in this order, then those that are not to be chosen."""
    columns = tuple(columns)
    if not keys:
        return columns
    known, choosable = (
        {column.key: column for column in columns},
        {column.key for column in offered},
    )
    return tuple(known[key] for key in keys if key in known) + tuple(
        column for column in columns if column.key not in choosable
    )
