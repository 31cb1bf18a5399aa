"""Lists of what is asked, with their filter."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import whole_number
from directives.base.script import to_hans
from directives.base.states import REPLY_KINDS, REPLY_OWED, REPLY_STATES
from directives.core.keyset import Column, Order, Page, PageRequest, read_page
from directives.models import ReplyRequest, User
from directives.models.replies import ReplyRequestQuerySet
from directives.models.scope import in_subtree_of
from directives.replies.queries.lines import with_related

NEWEST = Order("asked", (Column("asked_at", moment=True, down=True), Column("id", down=True)))
COUNT_LIMIT = 1000  # rows up to which the list is counted
WAITING, LATE = "waiting", "late"
STATE_CHOICES: dict[str, str | Promise] = {
    WAITING: _("Not replied"),
    LATE: _("Overdue"),
    **{state: label for state, label in REPLY_STATES if state not in REPLY_OWED},
}


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """The conditions of the list; "" and None do not limit."""

    kind: str = ""
    state: str = ""
    document: int | None = None
    body: int | None = None  # with everything below it
    q: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "RequestFilter":
        """The filter of a query string; invalid values are ignored."""
        kind, state = query.get("kind", ""), query.get("state", "")
        return cls(
            kind=kind if kind in dict(REPLY_KINDS) else "",
            state=state if state in STATE_CHOICES else "",
            document=whole_number(query.get("document", "")),
            body=whole_number(query.get("body", "")),
            q=query.get("q", "").strip()[:100],
        )

    @property
    def is_set(self) -> bool:
        return self != RequestFilter()

    def apply(self, rows: ReplyRequestQuerySet, today: date) -> ReplyRequestQuerySet:
        if self.kind:
            rows = rows.filter(kind=self.kind)
        if self.state in (WAITING, LATE):
            rows = rows.waiting()
        elif self.state:
            rows = rows.filter(state=self.state)
        if self.state == LATE:
            rows = rows.filter(due_on__lt=today)
        if self.document:
            rows = rows.filter(document=self.document)
        if self.body:
            rows = rows.filter(in_subtree_of(self.body, "organisation__path"))
        if self.q:
            words = Q(text__icontains=self.q) | Q(reply__icontains=self.q)
            rows = rows.filter(words | Q(organisation__name_hans__contains=to_hans(self.q)))
        return rows


def filtered_requests(
    user: User, request_filter: RequestFilter, *, today: date
) -> ReplyRequestQuerySet:
    rows = request_filter.apply(ReplyRequest.objects.visible_to(user), today)
    return with_related(rows)


def list_page(
    user: User, request_filter: RequestFilter, query: Mapping[str, str], *, today: date
) -> Page:
    """One page of the list, the latest first."""
    rows = filtered_requests(user, request_filter, today=today)
    total = rows.order_by()[: COUNT_LIMIT + 1].count()
    shown = total if total <= COUNT_LIMIT else None
    return read_page(rows, NEWEST, PageRequest.from_query(query, NEWEST), total=shown)
