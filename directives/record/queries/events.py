"""The audit record as a list of events."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import (
    Case,
    Count,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, NullIf
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from directives.base.numbers import whole_number
from directives.base.states import OVERSEEING, RED, WORKING
from directives.core import captions
from directives.core.keyset import SIZE, Column, Order, Page, PageRequest, read_page
from directives.core.rules import may
from directives.core.scope import Scope
from directives.models import Directive, Document, Event, Organisation, User
from directives.models.scope import any_of, covers, in_subtree_of
from directives.record.queries.changes import changed
from directives.record.queries.timeline import WORDS, word_of
from directives.tallies import ACTS, WORSE

SUBJECTS: dict[str, str | Promise] = {
    "obligation": pgettext_lazy("subject", "Obligation"),
    "plan": pgettext_lazy("subject", "Plan"),
    "measure": pgettext_lazy("subject", "Measure"),
    "replyrequest": pgettext_lazy("subject", "Input or instruction"),
    "logentry": pgettext_lazy("subject", "Log entry"),
    "attachment": pgettext_lazy("subject", "File"),
    "cycle": pgettext_lazy("subject", "Cycle"),
    "plannedcycle": pgettext_lazy("subject", "Planned cycle"),
    "progressreport": pgettext_lazy("subject", "Report"),
    "reportentry": pgettext_lazy("subject", "Report entry"),
    "submission": pgettext_lazy("subject", "Submission"),
    "itemstate": pgettext_lazy("subject", "Item"),
    "document": pgettext_lazy("subject", "Document"),
    "directive": pgettext_lazy("subject", "Directive"),
    "repair": pgettext_lazy("subject", "Text repair"),
    "organisation": pgettext_lazy("subject", "Organisation"),
    "user": pgettext_lazy("subject", "Account"),
    "signinattempt": pgettext_lazy("subject", "Attempt to sign in"),
    "membership": pgettext_lazy("subject", "Membership"),
    "pendingright": pgettext_lazy("subject", "Right to confirm"),
    "calendarday": pgettext_lazy("subject", "Calendar day"),
    "bodyalias": pgettext_lazy("subject", "Name in documents"),
    "bodyclass": pgettext_lazy("subject", "Class of organisations"),
    "intake": pgettext_lazy("subject", "Import"),
    "export": pgettext_lazy("subject", "Exported file"),
    "jobprogress": pgettext_lazy("subject", "Background task"),
    "listchoice": pgettext_lazy("subject", "Columns of a file"),
    "indicator": pgettext_lazy("subject", "Indicator"),
    "figure": pgettext_lazy("subject", "Figure"),
    "notice": pgettext_lazy("subject", "Message"),
    "opensession": pgettext_lazy("subject", "Session"),
    "seal": pgettext_lazy("subject", "Tamper check"),
}
# Actions on the system itself: administrators may read the details of these events.
SYSTEM_ACTIONS = frozenset({"refused", "refused_more", "take_record", "acknowledge_seal"})
URL_NAMES = {
    name: name for name in ("obligation", "plan", "document", "directive", "organisation")
} | {"logentry": "log_entry", "replyrequest": "reply_request"}


@dataclass(frozen=True, slots=True)
class EventFilter:
    """The filter of the list, as its address has it."""

    action: str = ""
    subject: str = ""
    q: str = ""  # part of the name of the body or the user
    since: date | None = None
    until: date | None = None
    act: str = ""  # a key of captions.ACT_LABELS, as a dashboard counts it
    document: int | None = None
    body: int | None = None  # with everything below it

    @classmethod
    def of(cls, query: QueryDict) -> "EventFilter":
        """Return the filter of a query string; invalid values are ignored."""
        action, subject, act = (query.get(name, "") for name in ("action", "subject", "act"))
        return cls(
            action=action if action in WORDS else "",
            subject=subject if subject in SUBJECTS else "",
            q=query.get("q", "").strip(),
            since=_day(query.get("since", "")),
            until=_day(query.get("until", "")),
            act=act if act in captions.ACT_LABELS else "",
            document=whole_number(query.get("document", "")),
            body=whole_number(query.get("body", "")),
        )

    @property
    def is_set(self) -> bool:
        return self != EventFilter()

    @property
    def counted(self) -> bool:
        """Whether the filter selects the events behind a figure of a dashboard."""
        return bool(self.act or self.document or self.body)

    @property
    def act_label(self) -> str | Promise:
        return captions.ACT_LABELS.get(self.act, "")

    def apply(self, events: QuerySet[Event]) -> QuerySet[Event]:
        """The events that match."""
        zone = timezone.get_current_timezone()
        if self.act:
            events = _happened(events, self.act)
        if self.document:
            events = events.filter(document_id=self.document)
        if self.body:
            events = events.filter(in_subtree_of(self.body, "organisation__path"))
        if self.action:
            events = events.filter(action=self.action)
        if self.subject:
            events = events.filter(subject_type=self.subject)
        if self.since:
            events = events.filter(at__gte=datetime.combine(self.since, time.min, zone))
        if self.until:
            events = events.filter(at__lte=datetime.combine(self.until, time.max, zone))
        if self.q:
            by_name = events.filter(by__full_name__contains=self.q)
            of_body = events.filter(organisation__name_hans__contains=self.q) | events.filter(
                organisation__name_hant__contains=self.q
            )
            events = by_name | of_body
        return events


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:  # 2026-02-30
        return None


def _happened(events: QuerySet[Event], act: str) -> QuerySet[Event]:
    """The events that a dashboard counts as this act: by action, or by the change of the light."""
    if act in ACTS:
        actions = (name.split(":") for name in ACTS[act])
        return events.filter(
            any_of(Q(subject_type=subject, action=action) for subject, action in actions)
        )
    light_annotations = {
        f"{side}_light": Coalesce(KT(f"{side}__light"), Value("", TextField()))
        for side in ("before", "after")
    }
    red, not_red = (
        ("after_light", "before_light") if act == WORSE else ("before_light", "after_light")
    )
    return (
        events.alias(**light_annotations)
        .filter(subject_type="obligation", **{red: RED})
        .exclude(**{not_red: RED})
    )


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event as a row, in words, with a link to its subject."""

    event: Event
    word: str | Promise
    subject: str | Promise
    address: str  # a URL name that takes the subject's id; "" if there is no page

    @property
    def name(self) -> str:
        """The code of its directive, or the name of the account, or the id of the subject."""
        annotated: Any = self.event  # annotated by `with_names`
        return annotated.code or annotated.person or str(self.event.subject_id)

    @property
    def changed(self) -> tuple[tuple[str, str, str], ...]:
        """The changes in words: field, before, after."""
        return changed(self.event)


def _may_read(user: User, event: Event) -> bool:
    """Like `EventQuerySet.readable_by`, for one event with its organisation loaded."""
    if user.is_auditor:
        return True
    body = event.organisation
    if body is None:
        return False
    return body.pk in user.bodies_as(*WORKING) or covers(user, body.path, *OVERSEEING)


def _shows_content(user: User, event: Event) -> bool:
    return event.action in SYSTEM_ACTIONS or _may_read(user, event)


def _without_content(event: Event) -> Event:
    """Remove what administrators do not see of others' work: only who, what and when remain."""
    event.reason, event.before, event.after = "", {}, {}
    return event


def sees_origin(user: User) -> bool:
    """Whether the user sees the address and the request of events."""
    return user.is_staff or may(user, "audit")


def _without_origin(event: Event) -> Event:
    event.address, event.request = "", ""
    return event


def events_in_view(user: User) -> QuerySet[Event]:
    """The events that the user may see.

    Users who see much get a condition for which the database scans from the newest event.
    """
    scope = Scope.of(user)
    if scope.sees_most and not user.sees_whole_record:
        return scope.filter_only(Event.objects.all(), "organisation")
    return Event.objects.visible_to(user)


def events_for(user: User, event_filter: EventFilter) -> QuerySet[Event]:
    """The events that the user may see and the filter selects, newest first."""
    return with_names(event_filter.apply(events_in_view(user))).order_by("-id")


def with_names(events: QuerySet[Event]) -> QuerySet[Event]:
    """The events with user and organisation, code of the directive and name of the account."""
    code = Directive.objects.filter(pk=OuterRef("directive_id")).values("code")[:1]
    accounts = User.objects.filter(pk=OuterRef("subject_id"))
    person = Subquery(
        accounts.values(name=Coalesce(NullIf("full_name", Value("")), "username"))[:1]
    )
    account_name = Case(When(subject_type="user", then=person))
    return events.select_related("by", "organisation").annotate(
        code=Subquery(code), person=account_name
    )


def event_lines(events: Iterable[Event], user: User) -> list[EventLine]:
    """The events as rows with what the user may read; with links unless they only audit."""
    if user.is_staff:
        events = [
            event if _shows_content(user, event) else _without_content(event) for event in events
        ]
    if not sees_origin(user):
        events = map(_without_origin, events)
    return [event_line(event, {} if user.only_audits else URL_NAMES) for event in events]


def event_line(event: Event, url_names: Mapping[str, str] = URL_NAMES) -> EventLine:
    """Return an event as a row; `addresses` are URL names by type of subject."""
    subject = event.subject_type
    return EventLine(
        event, word_of(event.action), SUBJECTS.get(subject, subject), url_names.get(subject, "")
    )


# pages, none of which reads the whole record


NEWEST = Order("newest", (Column("id", down=True),))
SEARCH_LIMIT = 200_000  # events that a search covers
ID_DISORDER = 10_000  # events by which the order of ids and that of time may differ
FEW_BODIES = 300  # bodies whose newest events are looked up body by body


def events_page(user: User, event_filter: EventFilter, query: Mapping[str, str]) -> Page:
    """Return one page of the record, the newest first, without a total."""
    page_request, events = PageRequest.from_query(query, NEWEST), events_for(user, event_filter)
    indexed = event_filter.document and event_filter.since
    if event_filter.is_set and not indexed:
        events = events.filter(_search_window(event_filter))
    elif not page_request.backwards:
        events = events.filter(_lower_bound(user, page_request))
    return read_page(events, NEWEST, page_request, total=None)


def exported(user: User, event_filter: EventFilter) -> Iterator[EventLine]:
    """Yield all events that the filter selects, streamed."""
    for event in events_for(user, event_filter).iterator(chunk_size=2000):
        yield from event_lines([event], user)


def _search_window(event_filter: EventFilter) -> Q:
    """The ids that a search covers: SEARCH_LIMIT events back from the newest, or from `until`.

    Ids are in order of time, except for events of transactions that overlapped.
    """
    last = Event.objects.order_by("-pk").values("pk")[:1]
    if event_filter.until:
        end = datetime.combine(event_filter.until, time.max, timezone.get_current_timezone())
        later = (
            Event.objects.filter(document_id=OuterRef("pk"), at__gt=end)
            .order_by("at")
            .values("pk")[:1]
        )
        first = Document.objects.annotate(first=Subquery(later)).aggregate(id=Min("first"))["id"]
        if first is not None:
            return Q(pk__gt=first - SEARCH_LIMIT, pk__lt=first + ID_DISORDER)
    return Q(pk__gt=Subquery(last) - SEARCH_LIMIT)


def _lower_bound(user: User, page_request: PageRequest) -> Q:
    """A lower bound of the ids on a page, for users who see few bodies.

    The newest events of each body are found by an index, however long the record is.
    """
    scope = Scope.of(user)
    if user.sees_whole_record or scope.sees_most:
        return Q()
    newest = Event.objects.filter(
        organisation=OuterRef("pk"),
        **({"pk__lt": page_request.key[0]} if page_request.key else {}),
    )
    bodies = Organisation.objects.filter(scope.condition(""))[: FEW_BODIES + 1].annotate(
        oldest_on_page=Subquery(newest.order_by("-pk").values("pk")[SIZE : SIZE + 1])
    )
    events = bodies.aggregate(n=Count("pk"), furthest=Max("oldest_on_page"))
    if events["n"] > FEW_BODIES or events["furthest"] is None:
        return Q()
    return Q(pk__gte=events["furthest"])
