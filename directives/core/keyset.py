"""Pages of a list by key: what follows the last line of a page, not what stands so many lines down.

So the thousandth page costs what the first does, and a line that comes or goes elsewhere moves no
other line to another page. A key is the values by which the list is sorted, of the line at which a
page ends, in one opaque word.
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

SIZE = 50  # lines of a page
END = "end"  # before this key lies everything
FAR = 200  # pages that an address of old, ?page=…, reaches by counting


@dataclass(frozen=True, slots=True)
class Column:
    """One value of an order, ascending unless `down`.

    Where it may be empty, what is empty comes last; a `day` is a date.
    """

    name: str
    empty: bool = False
    day: bool = False
    moment: bool = False  # an instant
    down: bool = False

    def order(self, backwards: bool) -> OrderBy:
        nulls = {"nulls_first": True} if backwards else {"nulls_last": True}
        return OrderBy(
            F(self.name), descending=backwards != self.down, **(nulls if self.empty else {})
        )

    def beyond(self, value: Any, backwards: bool) -> Q | None:
        """Rows that come after this value in reading direction; None if there can be none."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if backwards else None
        further = Q(**{f"{self.name}__{'lt' if backwards != self.down else 'gt'}": value})
        return (
            further | Q(**{f"{self.name}__isnull": True})
            if self.empty and not backwards
            else further
        )

    def bound(self, value: Any, backwards: bool) -> Q:
        """Rows that do not come before this value: where an index may begin to be read."""
        if self.empty or value is None:
            return Q()
        return Q(**{f"{self.name}__{'lte' if backwards != self.down else 'gte'}": value})

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True} if value is None else {self.name: value})

    def read(self, value: Any) -> Any:
        """The value from JSON. Raises ValueError for one that cannot be this column's."""
        if value is None:
            if not self.empty:
                raise ValueError(self.name)
            return None
        if self.day:
            return date.fromisoformat(value) if isinstance(value, str) else _wrong(self.name)
        if self.moment:
            return datetime.fromisoformat(value) if isinstance(value, str) else _wrong(self.name)
        return (
            value
            if isinstance(value, str | int) and not isinstance(value, bool)
            else _wrong(self.name)
        )


def _wrong(name: str) -> Any:
    raise ValueError(name)


@dataclass(frozen=True, slots=True)
class Order:
    """A total order of rows: its last column tells any two rows apart.

    `name` goes into the keys, so that no key serves another order.
    """

    name: str
    columns: tuple[Column, ...]

    def sort(self, rows: QuerySet[Any, Any], *, backwards: bool = False) -> QuerySet[Any, Any]:
        return rows.order_by(*(column.order(backwards) for column in self.columns))

    def beyond(self, values: Sequence[Any], backwards: bool) -> Q:
        """Rows that come after these values in the direction of reading."""
        result: Q | None = None
        for column, value in reversed(list(zip(self.columns, values, strict=True))):
            further = column.beyond(value, backwards)
            tied = column.same(value) & result if result is not None else None
            result = (
                further | tied
                if further is not None and tied is not None
                else further
                if tied is None
                else tied
            )
        if result is None:
            return Q(pk__in=())
        return (
            self.columns[0].bound(values[0], backwards) & result
            if len(self.columns) > 1
            else result
        )

    def key(self, row: Any) -> str:
        """The key of a line that has the columns as attributes, `_` for `__`."""
        values = [getattr(row, column.name.replace("__", "_")) for column in self.columns]
        encoded = json.dumps(
            [
                self.name,
                *(value.isoformat() if isinstance(value, date) else value for value in values),
            ],
            ensure_ascii=False,
        )
        return base64.urlsafe_b64encode(encoded.encode()).decode("ascii").rstrip("=")

    def values(self, key: str) -> tuple[Any, ...] | None:
        """What a key holds; None for one that is not of this order."""
        try:
            decoded = json.loads(
                base64.urlsafe_b64decode(key.encode("ascii") + b"=" * (-len(key) % 4))
            )
            if (
                not isinstance(decoded, list)
                or len(decoded) != len(self.columns) + 1
                or decoded[0] != self.name
            ):
                return None
            return tuple(
                column.read(value) for column, value in zip(self.columns, decoded[1:], strict=True)
            )
        except (binascii.Error, UnicodeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page an address asks for: after or before a key, or by an old number.

    `number` is what the page is called.
    """

    after: tuple[Any, ...] | None = None
    before: tuple[Any, ...] | None = None
    last: bool = False
    number: int = 1

    @classmethod
    def from_query(cls, query: Mapping[str, str], order: Order, prefix: str = "") -> "PageRequest":
        """The turn that an address asks for under `after`, `before` and `page`; what makes no sense
        leads to the first page.
        """
        text = query.get(f"{prefix}page", "")
        number = max(1, whole_number(text, 10**7) or 1)
        before, after = query.get(f"{prefix}before", ""), query.get(f"{prefix}after", "")
        if before == END:
            return cls(last=True, number=number)
        if before and (values := order.values(before[:1000])) is not None:
            return cls(before=values, number=number)
        if after and (values := order.values(after[:1000])) is not None:
            return cls(after=values, number=number)
        return cls(number=number if not (before or after) else 1)

    @property
    def backwards(self) -> bool:
        return self.last or self.before is not None

    @property
    def keyed(self) -> bool:
        return self.last or self.before is not None or self.after is not None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    `first` and `last` number its lines; `total` None: more than were counted.
    """

    rows: tuple[Any, ...]
    number: int
    first: int
    total: int | None
    before: str  # the key of the page before; "" where there is none
    after: str
    size: int = SIZE
    strays: bool = False  # nothing stands there any more, though a key led here

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def pages(self) -> int | None:
        """How many pages there are; None where the lines were not counted to their end."""
        return None if self.total is None else max(1, -(-self.total // self.size))

    @property
    def previous_number(self) -> int:
        return max(1, self.number - 1)

    @property
    def next_number(self) -> int:
        return self.number + 1

    @property
    def alone(self) -> bool:
        """There is no other page."""
        return not (self.before or self.after)


def _number(turn: PageRequest, total: int | None, size: int, more: bool, length: int) -> int:
    """What the page is called: what the address says, put right at either end."""
    if turn.backwards and not turn.last and not more:
        return 1
    pages = None if total is None else max(1, -(-total // size))
    if pages is not None and (turn.last or not turn.backwards and not more):
        return pages
    return turn.number if pages is None else min(turn.number, pages)


def read_page(
    rows: QuerySet[Any, Any],
    order: Order,
    turn: PageRequest,
    *,
    total: int | None,
    read: Callable[[QuerySet[Any, Any]], Sequence[Any]] = tuple,
    size: int = SIZE,
) -> Page:
    """One page of these rows, in one query.

    `total`: how many there are, None where that is not known; `read` makes lines of rows.
    """
    wanted, start = size, 0
    if turn.last:
        wanted = (total - 1) % size + 1 if total else size
    elif turn.keyed:
        rows = rows.filter(order.beyond(turn.before or turn.after or (), turn.backwards))
    else:
        pages = FAR if total is None else min(FAR, max(1, -(-total // size)))
        start = (min(turn.number, pages) - 1) * size
    lines = list(read(order.sort(rows, backwards=turn.backwards)[start : start + wanted + 1]))
    more, lines = len(lines) > wanted, lines[:wanted]
    if turn.backwards:
        lines.reverse()
    number = start // size + 1 if not turn.keyed else _number(turn, total, size, more, len(lines))
    first = (number - 1) * size + 1
    follows = more if not turn.backwards else not turn.last
    precedes = more if turn.backwards else turn.after is not None or start > 0
    before = order.key(lines[0]) if lines and precedes else ""
    after = order.key(lines[-1]) if lines and follows else ""
    return Page(tuple(lines), number, first, total, before, after, size, turn.keyed and not lines)
