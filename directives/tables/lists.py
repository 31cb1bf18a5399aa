"""Lists that can be exported: what asks for one, and the list before its rows are read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from directives.base.workdays import Workdays
from directives.models import User
from directives.tables.book import Book, Column, Note, StrOrPromise

Place = Mapping[str, int]  # the object in the URL of the page: {"pk": 3}, or nothing
Notes = tuple[Note, ...]


class ListRequest(Protocol):
    """What a list uses of a request: the user, the filter and the time."""

    @property
    def user(self) -> User: ...

    @property
    def GET(self) -> QueryDict: ...

    @property
    def today(self) -> date: ...

    @property
    def now(self) -> datetime: ...

    @property
    def workdays(self) -> Workdays: ...


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A request for a list under another filter than that of the page, or without a page."""

    user: User
    GET: QueryDict
    today: date
    now: datetime
    workdays: Workdays


@dataclass(frozen=True, slots=True)
class FilteredList:
    """A list under a filter, whose rows have not been read.

    `at_most(limit)` tells whether there are no more rows than the limit, without counting all.
    The rows of the book are read as they are written.
    """

    filter_notes: Notes  # the filter in words
    at_most: Callable[[int], bool]
    total: Callable[[], int]
    make_book: Callable[[], Book]


@dataclass(frozen=True, slots=True)
class ListKind:
    """A list that can be exported.

    `page` is the name of its URL, `placed` whether that has a primary key. `columns` are those that
    a person may choose; the others always stand at the end.
    """

    name: StrOrPromise
    page: str
    find: Callable[[ListRequest, Place], FilteredList]
    columns: Callable[[ListRequest], Sequence[Column]] = lambda request: ()
    placed: bool = False


def filter_in_words(*pairs: tuple[StrOrPromise, Any]) -> Notes:
    """Describe a filter; parts of it with an empty value are not in force."""
    notes = tuple((label, str(value)) for label, value in pairs if value)
    return notes or ((pgettext("ledger", "Filter"), _("None: everything in your scope")),)


def list_of_rows(
    filter_notes: Notes, rows: QuerySet[Any], make_book: Callable[[], Book]
) -> FilteredList:
    """A list with a row for each of these."""
    unsorted = rows.order_by()

    def at_most(limit: int) -> bool:
        return unsorted[: limit + 1].count() <= limit

    return FilteredList(filter_notes, at_most, unsorted.count, make_book)


def list_of_length(filter_notes: Notes, count: int, make_book: Callable[[], Book]) -> FilteredList:
    """A list whose number of rows is known."""
    return FilteredList(filter_notes, lambda limit: count <= limit, lambda: count, make_book)


def part_of(part: int, total: int) -> str:
    """Such as: 3 of 8 (37.5%)."""
    share = f" ({100 * part / total:.1f}%)" if total else ""
    return _("%(part)s of %(whole)s") % {"part": part, "whole": total} + share


def select_columns(
    columns: Iterable[Column], offered: Iterable[Column], keys: Sequence[str]
) -> tuple[Column, ...]:
    """The chosen columns in the order of `keys` (none: all), then those that are not `offered`."""
    columns = tuple(columns)
    if not keys:
        return columns
    by_key = {column.key: column for column in columns}
    choosable = {column.key for column in offered}
    selected = tuple(by_key[key] for key in keys if key in by_key)
    return selected + tuple(column for column in columns if column.key not in choosable)
