"""Keyset pagination: a page begins after the last row of the page before, not at an offset.

So the thousandth page costs as much as the first, and rows that are added or removed elsewhere do
not shift the pages. A key encodes the sort values of the row at which a page begins or ends, as one
opaque word.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import F, OrderBy, Q, QuerySet

from directives.base.numbers import whole_number

SIZE = 50  # rows of a page
END = "end"  # the key after the last row: the page before it is the last page
LAST_PAGE_BY_OFFSET = 200  # the highest page that an old address (?page=…) reaches by offset


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an order."""

    name: str
    empty: bool = False  # may be null; nulls come last
    day: bool = False  # a date
    moment: bool = False  # a datetime
    down: bool = False  # descending

    def beyond(self, value: Any, backwards: bool) -> Q | None:
        """Rows that come after this value in reading direction; None if there cannot be any."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if backwards else None
        further = Q(**{f"{self.name}__{'lt' if backwards != self.down else 'gt'}": value})
        if self.empty and not backwards:
            return further | Q(**{f"{self.name}__isnull": True})
        return further

    def bound(self, value: Any, backwards: bool) -> Q:
        """Rows that do not come before this value, so that an index is read only from there on."""
        if self.empty or value is None:
            return Q()
        return Q(**{f"{self.name}__{'lte' if backwards != self.down else 'gte'}": value})

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True} if value is None else {self.name: value})

    def read(self, value: Any) -> Any:
        """The value from JSON. Raises ValueError for a value of another type."""
        if value is None and self.empty:
            return None
        if self.day or self.moment:
            if isinstance(value, str):
                return (date if self.day else datetime).fromisoformat(value)
        elif isinstance(value, str | int) and not isinstance(value, bool):
            return value
        raise ValueError(self.name)


@dataclass(frozen=True, slots=True)
class Order:
    """A total order of rows: the last column must be unique.

    `name` is a part of every key, so that a key of one order is invalid in another.
    """

    name: str
    columns: tuple[Column, ...]

    def sort(self, rows: QuerySet[Any, Any], *, backwards: bool = False) -> QuerySet[Any, Any]:
        terms = []
        for column in self.columns:
            nulls = {"nulls_first" if backwards else "nulls_last": True} if column.empty else {}
            terms.append(OrderBy(F(column.name), descending=backwards != column.down, **nulls))
        return rows.order_by(*terms)

    def beyond(self, values: Sequence[Any], backwards: bool) -> Q:
        """Rows that come after these values in the direction of reading."""
        result: Q | None = None
        for column, value in reversed(list(zip(self.columns, values, strict=True))):
            further = column.beyond(value, backwards)
            in_tie = column.same(value) & result if result is not None else None
            if further is not None and in_tie is not None:
                result = further | in_tie
            else:
                result = further if in_tie is None else in_tie
        if result is None:
            return Q(pk__in=())
        if len(self.columns) == 1:
            return result
        return self.columns[0].bound(values[0], backwards) & result

    def key(self, row: Any) -> str:
        """The key of a row that has the columns as attributes, with `_` for `__`."""
        values = [getattr(row, column.name.replace("__", "_")) for column in self.columns]
        texts = [value.isoformat() if isinstance(value, date) else value for value in values]
        encoded = json.dumps([self.name, *texts], ensure_ascii=False)
        return base64.urlsafe_b64encode(encoded.encode()).decode("ascii").rstrip("=")

    def values(self, key: str) -> tuple[Any, ...] | None:
        """The values of a key; None if it is not a key of this order."""
        try:
            padded = key.encode("ascii") + b"=" * (-len(key) % 4)
            match json.loads(base64.urlsafe_b64decode(padded)):
                case [self.name, *values] if len(values) == len(self.columns):
                    pairs = zip(self.columns, values, strict=True)
                    return tuple(column.read(value) for column, value in pairs)
                case _:
                    return None
        except (binascii.Error, UnicodeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The page that an address asks for: after a key, or `backwards` before one, or by its number.

    Backwards without a key is the last page. `number` is the number that the page shows.
    """

    key: tuple[Any, ...] | None = None  # the values of a row
    backwards: bool = False
    number: int = 1

    @classmethod
    def from_query(cls, query: Mapping[str, str], order: Order, prefix: str = "") -> "PageRequest":
        """Read the parameters `after`, `before` and `page`; invalid ones lead to the first page."""
        number = max(1, whole_number(query.get(f"{prefix}page", ""), 10**7) or 1)
        before, after = query.get(f"{prefix}before", ""), query.get(f"{prefix}after", "")
        if before == END:
            return cls(backwards=True, number=number)
        if before and (values := order.values(before[:1000])) is not None:
            return cls(values, backwards=True, number=number)
        if after and (values := order.values(after[:1000])) is not None:
            return cls(values, number=number)
        return cls(number=number if not (before or after) else 1)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `first` and `last` are the numbers of its first and last row."""

    rows: tuple[Any, ...]
    number: int
    first: int
    total: int | None  # None: more than were counted
    before: str  # the key of the page before; "" if there is none
    after: str
    size: int = SIZE
    is_stale: bool = False  # the key is valid, but there are no rows any more

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def pages(self) -> int | None:
        """How many pages there are; None if the rows were not all counted."""
        return None if self.total is None else max(1, -(-self.total // self.size))

    @property
    def previous_number(self) -> int:
        return max(1, self.number - 1)

    @property
    def next_number(self) -> int:
        return self.number + 1


def _number(page_request: PageRequest, total: int | None, size: int, more: bool) -> int:
    """The number of a page by key: that of the address, corrected on the first and last page."""
    if page_request.backwards and page_request.key and not more:
        return 1
    if total is None:
        return page_request.number
    pages = max(1, -(-total // size))
    is_last = not page_request.key if page_request.backwards else not more
    return pages if is_last else min(page_request.number, pages)


def read_page(
    rows: QuerySet[Any, Any],
    order: Order,
    page_request: PageRequest,
    *,
    total: int | None,
    read: Callable[[QuerySet[Any, Any]], Sequence[Any]] = tuple,
    size: int = SIZE,
) -> Page:
    """One page of these rows, in one query.

    `total` is the number of rows, None if not known; `read` turns the queryset into rows to show.
    """
    limit, start = size, 0
    if page_request.key:
        rows = rows.filter(order.beyond(page_request.key, page_request.backwards))
    elif page_request.backwards:
        limit = (total - 1) % size + 1 if total else size
    else:
        pages = LAST_PAGE_BY_OFFSET
        if total is not None:
            pages = min(pages, max(1, -(-total // size)))
        start = (min(page_request.number, pages) - 1) * size
    lines = list(
        read(order.sort(rows, backwards=page_request.backwards)[start : start + limit + 1])
    )
    more, lines = len(lines) > limit, lines[:limit]
    if page_request.backwards:
        lines.reverse()
    keyed = page_request.backwards or page_request.key is not None
    number = _number(page_request, total, size, more) if keyed else start // size + 1
    first = (number - 1) * size + 1
    follows = page_request.key is not None if page_request.backwards else more
    precedes = more if page_request.backwards else keyed or start > 0
    before = order.key(lines[0]) if lines and precedes else ""
    after = order.key(lines[-1]) if lines and follows else ""
    return Page(tuple(lines), number, first, total, before, after, size, keyed and not lines)
