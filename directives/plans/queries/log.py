"""The work log as lists, pages and spreadsheets show it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from time import strptime

from django.db.models import Prefetch, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from directives.base.numbers import whole_number
from directives.base.states import LOG_ACTS, OVERSEEING, WORKING
from directives.base.wording import format_day, join_words
from directives.core.files import FileList, file_list
from directives.core.keyset import Column, Order, Page, PageRequest, read_page
from directives.core.rules import holds, may
from directives.core.scope import Scope
from directives.models import Event, LogEntry, Obligation, User
from directives.models.plans import LogEntryQuerySet
from directives.models.scope import covers, in_worked_for
from directives.obligations.queries.counting import COUNT_LIMIT
from directives.plans.queries.plan_page import ServedDirective
from directives.record.queries.timeline import TimelineEntry, timeline

NEWEST = Order("newest", (Column("on", day=True, down=True), Column("id", down=True)))
SEARCH_LIMIT = 200_000  # latest entries of bodies below that a text search reads
BATCH = 500  # entries of a file that are read together
# A browser's own date field sends the first; people type the others.
DAYS = ("%Y-%m-%d", "%Y年%m月%d日", "%Y.%m.%d", "%Y/%m/%d")


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Empty values filter nothing. `below`: of organisations below instead of one's own."""

    measure: int | None = None
    obligation: int | None = None
    since: date | None = None
    until: date | None = None
    q: str = ""
    below: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str], user: User) -> "LogFilter":
        """The filter in an address; a value that means nothing filters nothing."""
        below = query.get("whose") == "below" if user.works else True
        return cls(
            measure=whole_number(query.get("measure", "")) or None,
            obligation=whole_number(query.get("obligation", "")) or None,
            since=_day(query.get("since", "").strip()),
            until=_day(query.get("until", "").strip()),
            q=query.get("q", "").strip()[:100],
            below=below and user.oversees,
        )


def _day(text: str) -> date | None:
    for spelling in DAYS:
        try:
            return date(*strptime(text, spelling)[:3])
        except ValueError:
            continue
    return None


@dataclass(frozen=True, slots=True)
class LogRow:
    """A log entry with the directives that it serves, and its files."""

    entry: LogEntry
    serves: tuple[ServedDirective, ...]
    files: FileList

    @property
    def codes(self) -> str:
        return join_words(served.code for served in self.serves)

    @property
    def amended(self) -> str:
        """That it was corrected, or which entry it corrects."""
        if self.entry.corrected_by:
            return pgettext("log entry", "Corrected")
        if self.entry.corrects:
            return _("Corrects the entry of %(day)s") % {"day": format_day(self.entry.corrects.on)}
        return ""


def filtered_log(user: User, log_filter: LogFilter) -> LogEntryQuerySet:
    in_own_bodies, scope = in_worked_for(user, "measure__plan__organisation"), Scope.of(user)
    if log_filter.below and scope.sees_most:
        submitted = LogEntry.objects.not_withdrawn().filter(
            measure__plan__submitted_at__isnull=False
        )
        rows = scope.filter_only(submitted, "measure__plan__organisation").exclude(in_own_bodies)
    else:
        rows = LogEntry.objects.of_visible_bodies(user).not_withdrawn()
        rows = rows.exclude(in_own_bodies) if log_filter.below else rows.filter(in_own_bodies)
    if log_filter.measure:
        rows = rows.filter(measure=log_filter.measure)
    if log_filter.obligation:
        rows = rows.filter(measure__obligations=log_filter.obligation)
    if log_filter.since:
        rows = rows.filter(on__gte=log_filter.since)
    if log_filter.until:
        rows = rows.filter(on__lte=log_filter.until)
    if log_filter.q:
        rows = rows.filter(text__icontains=log_filter.q)
        if log_filter.below:  # the log of a whole nation is too long to search
            last = LogEntry.objects.order_by("-pk").values("pk")[:1]
            rows = rows.filter(pk__gt=Subquery(last) - SEARCH_LIMIT)
    return _related(rows)


def _related(rows: LogEntryQuerySet) -> LogEntryQuerySet:
    serving = Obligation.objects.select_related("directive").only("directive__code")
    serving = serving.order_by("directive__order")
    related = rows.with_state().select_related("measure__plan__organisation", "by", "corrects")
    return related.prefetch_related(Prefetch("measure__obligations", queryset=serving), "files")


def log_page(user: User, log_filter: LogFilter, query: Mapping[str, str]) -> Page:
    """One page of the log, the latest first. The entries from below are not counted."""
    rows = filtered_log(user, log_filter)
    total = None if log_filter.below else rows.order_by()[: COUNT_LIMIT + 1].count()
    counted_total = total if total is None or total <= COUNT_LIMIT else None
    return read_page(rows, NEWEST, PageRequest.from_query(query, NEWEST), total=counted_total)


def all_log_rows(user: User, log_filter: LogFilter) -> Iterator[LogRow]:
    """All entries under the filter, read in batches."""
    entries = NEWEST.sort(filtered_log(user, log_filter)).iterator(chunk_size=BATCH)
    while batch := list(islice(entries, BATCH)):
        yield from log_rows(batch, user)


def log_rows(entries: Iterable[LogEntry], user: User) -> list[LogRow]:
    """These entries as rows; no query beyond those of `filtered_log`."""
    return [
        LogRow(
            entry,
            tuple(
                ServedDirective(row.pk, row.directive.code)
                for row in entry.measure.obligations.all()
            ),
            file_list(entry, user),
        )
        for entry in entries
    ]


def acts_open(entry: LogEntry, user: User) -> tuple[str, ...]:
    """What this person may do with an entry now: keys of LOG_ACTS.

    Needs no query if the entry comes with its organisation and was read `with_state`.
    """
    if not may(user, "amend", entry):
        return ()
    return tuple(act for act, states in LOG_ACTS.items() if entry.state in states)


@dataclass(frozen=True, slots=True)
class EntryPage:
    """One entry of the log on its own page, with its history."""

    row: LogRow
    corrections: tuple[LogEntry, ...]  # the valid one, and withdrawn ones
    acts: tuple[str, ...]
    timeline: tuple[TimelineEntry, ...]
    inside: bool  # False: the person leads the directive, and sees of the body only its log


def entry_page(entry: LogEntry, user: User) -> EntryPage:
    """The page of an entry that `visible_log` read."""
    corrections = tuple(entry.corrections.select_related("by").order_by("pk"))
    events = Event.objects.readable_by(user).filter(subject_type="logentry", subject_id=entry.pk)
    (row,) = log_rows([entry], user)
    inside = holds(user, entry, *WORKING) or covers(
        user, entry.measure.plan.organisation.path, *OVERSEEING
    )
    if not inside:
        served = [directive.pk for directive in row.serves]
        led = set(
            Obligation.objects.filter(pk__in=served).supporting(user).values_list("pk", flat=True)
        )
        row = replace(row, serves=tuple(one for one in row.serves if one.pk in led))
    return EntryPage(row, corrections, acts_open(entry, user), timeline(events), inside)


def visible_log(user: User) -> LogEntryQuerySet:
    """The entries that this person may read, withdrawn ones too, with what a page needs."""
    return _related(LogEntry.objects.visible_to(user))
