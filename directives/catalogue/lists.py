"""All lists that can be exported, by key."""

from functools import partial, reduce

from django.db.models import Count, Max, Min, Q
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from directives.base.numbers import whole_number
from directives.base.states import FILING_STATES, REPLY_KINDS
from directives.base.wording import localized, localized_text
from directives.core.scope import Lights, Scope
from directives.dashboard import exports as tables
from directives.dashboard.queries.board import Board
from directives.dashboard.queries.choice import BoardChoice
from directives.dashboard.queries.loading import load_board
from directives.documents.exports import BODIES, DIRECTIVES, DOCUMENTS, section_of
from directives.documents.queries import register
from directives.documents.queries.filters import BodyFilter, DirectiveFilter, DocumentFilter
from directives.indicators import exports as statistics
from directives.models import Document, Event, Organisation
from directives.models.documents import HEAVY
from directives.models.documents import KINDS as DIRECTIVE_KINDS
from directives.models.organisations import KINDS as BODY_KINDS
from directives.models.organisations import LEVELS
from directives.obligations.exports import ledger, matrix
from directives.organisations.queries import bodies
from directives.plans.exports import LOG_COLUMNS, MEASURE_COLUMNS, PLAN_COLUMNS
from directives.plans.queries.log import NEWEST, LogFilter, all_log_rows, filtered_log
from directives.plans.queries.plan_page import plan_view
from directives.plans.queries.plans import PlanFilter, plans_below, plans_to_export
from directives.plans.queries.plans import visible_plans as plans_found
from directives.record.exports import events as event_columns
from directives.record.queries import events as record
from directives.record.queries.events import SEARCH_LIMIT
from directives.record.queries.events import exported as every_event
from directives.record.queries.timeline import word_of
from directives.replies.exports import REQUEST_COLUMNS
from directives.replies.queries.listing import NEWEST as NEWEST_REQUESTS
from directives.replies.queries.listing import STATE_CHOICES, RequestFilter, filtered_requests
from directives.reports.exports import ENTRIES, REPORTS
from directives.reports.queries.entries import FILTERS, report_sheet
from directives.reports.queries.reports import STATES as REPORT_STATES
from directives.reports.queries.reports import (
    ReportFilter,
    cycles_of,
    filtered_reports,
    iterate_rows,
    order_of,
)
from directives.reports.queries.reports import visible_reports as reports_found
from directives.tables.book import Book, StrOrPromise
from directives.tables.lists import (
    FilteredList,
    ListKind,
    ListRequest,
    Place,
    filter_in_words,
    list_of_length,
    list_of_rows,
    part_of,
)

SEARCH = gettext_lazy("Search text")


def _fictional() -> bool:
    return Document.objects.filter(fictional=True).exists()


# the register


def _documents(request: ListRequest, place: Place) -> FilteredList:
    filters = DocumentFilter.of(request.GET)
    documents = register.matching_documents(request.user, q=filters.q)
    filter_notes = filter_in_words((SEARCH, filters.q))

    def make_book() -> Book:
        rows = register.document_rows(request.user, list(documents))
        fictional = any(row.document.fictional for row in rows)
        return Book(_("Documents"), DOCUMENTS, rows, request.now, filter_notes, fictional)

    return list_of_rows(filter_notes, documents, make_book)


def _directives(request: ListRequest, place: Place) -> FilteredList:
    document = get_object_or_404(Document.objects.visible_to(request.user).defer(*HEAVY), **place)
    filters = DirectiveFilter.of(request.GET)
    directives = register.matching_directives(
        document, q=filters.q, kind=filters.kind, section=filters.section
    )
    section = None
    if pk := whole_number(filters.section):
        section = document.sections.filter(pk=pk).first()
    kind = dict(DIRECTIVE_KINDS).get(filters.kind)
    part = section and f"{localized_text(section.number)} {localized(section, 'title')}".strip()
    filter_notes = filter_in_words(
        (_("Document"), localized(document, "title")),
        (_("Section"), part),
        (_("Kind of directive"), kind),
        (SEARCH, filters.q),
    )

    def make_book() -> Book:
        rows = register.directive_rows(request.user, document, directives)
        lights = reduce(Lights.plus, (row.lights for row in rows), Lights())
        name = f"{_('Directives')} {localized(document, 'title')}"
        notes = (*filter_notes, *ledger.light_notes(lights))
        return Book(
            name, DIRECTIVES, rows, request.now, notes, document.fictional, group=section_of
        )

    return list_of_rows(filter_notes, directives, make_book)


def _bodies(request: ListRequest, place: Place) -> FilteredList:
    filters, visible = BodyFilter.of(request.GET), Organisation.objects.visible_to(request.user)
    abolished = bool(filters.abolished or filters.q)
    matching_bodies = bodies.matching_bodies(
        visible, q=filters.q, kind=filters.body_kind, level=filters.level, abolished=abolished
    )
    filter_notes = filter_in_words(
        (SEARCH, filters.q),
        (_("Kind of organisation"), dict(BODY_KINDS).get(filters.body_kind)),
        (_("Level"), dict(LEVELS).get(filters.level)),
    )

    def make_book() -> Book:
        return Book(
            _("Organisations"),
            BODIES,
            bodies.iter_body_lines(request.user, matching_bodies),
            request.now,
            filter_notes,
            _fictional(),
        )

    return list_of_rows(filter_notes, matching_bodies, make_book)


# plans and the log


def _plans(request: ListRequest, place: Place) -> FilteredList:
    filters = PlanFilter.of(request.GET, request.user)
    plans = plans_below(request.user, filters)
    filter_notes = filter_in_words(
        (_("Document"), filters.document and localized(filters.document, "title")),
        (_("State"), dict(FILING_STATES).get(filters.state)),
        (SEARCH, filters.q),
    )

    def make_book() -> Book:
        by_state = dict(plans.order_by().values_list("state").annotate(n=Count("pk")))
        total = sum(by_state.values())
        counts = (
            (label, part_of(by_state[state], total))
            for state, label in FILING_STATES
            if by_state.get(state)
        )
        return Book(
            _("Plans"),
            PLAN_COLUMNS,
            plans_to_export(request.user, filters),
            request.now,
            (*filter_notes, *counts),
            _fictional(),
        )

    return list_of_rows(filter_notes, plans, make_book)


def _measures(request: ListRequest, place: Place) -> FilteredList:
    plan = get_object_or_404(plans_found(request.user), **place)
    view = plan_view(plan, request.user)
    body, title = localized(plan.organisation, "name"), localized(plan.document, "title")
    filter_notes = filter_in_words(
        (_("Organisation"), body), (_("Document"), title), (_("Plan"), localized_text(plan.title))
    )

    def make_book() -> Book:
        covered = (_("Directives covered"), part_of(view.coverage.covered, view.coverage.total))
        return Book(
            f"{_('Measures')} {body}",
            MEASURE_COLUMNS,
            view.lines,
            request.now,
            (*filter_notes, covered),
            plan.document.fictional,
        )

    return list_of_length(filter_notes, len(view.lines), make_book)


def _log(request: ListRequest, place: Place) -> FilteredList:
    filters = LogFilter.of(request.GET, request.user)
    filter_notes = filter_in_words(
        (pgettext_lazy("log", "Scope"), _("Of organisations below") if filters.below else ""),
        (_("Measure"), filters.measure),
        (pgettext_lazy("subject", "Obligation"), filters.obligation),
        (_("From"), filters.since),
        (pgettext_lazy("day", "To"), filters.until),
        (SEARCH, filters.q),
    )

    def make_book() -> Book:
        rows = all_log_rows(request.user, filters)
        return Book(_("Work log"), LOG_COLUMNS, rows, request.now, filter_notes, _fictional())

    return list_of_rows(filter_notes, NEWEST.sort(filtered_log(request.user, filters)), make_book)


# reports


def _reports(request: ListRequest, place: Place) -> FilteredList:
    cycles = cycles_of(request.user)
    filters = ReportFilter.of(request.GET, request.user, cycles)
    cycle = next((cycle for cycle in cycles if cycle.pk == filters.cycle), None)
    reports = filtered_reports(request.user, filters, today=request.today)
    filter_notes = filter_in_words(
        (_("Reporting cycle"), cycle.name if cycle else _("All reporting cycles")),
        (_("Document"), cycle and localized(cycle.document, "title")),
        (_("State"), filters.state and REPORT_STATES[filters.state]),
        (SEARCH, filters.q),
    )

    def make_book() -> Book:
        counts = reports.order_by().aggregate(
            n=Count("pk"), done=Count("pk", filter=Q(completed_at__isnull=False))
        )
        notes = (*filter_notes, (_("All accepted"), part_of(counts["done"], counts["n"])))
        lines = iterate_rows(
            order_of(request.user, filters).sort(reports), request.user, today=request.today
        )
        fictional = any(row.document.fictional for row in ([cycle] if cycle else cycles))
        return Book(_("Progress reports"), REPORTS, lines, request.now, notes, fictional)

    return list_of_rows(filter_notes, reports, make_book)


def _entries(request: ListRequest, place: Place) -> FilteredList:
    report = get_object_or_404(reports_found(request.user), **place)
    name = request.GET.get("show", "")
    sheet = report_sheet(report, request.user)
    lines = sheet.showing(name if name in FILTERS else "all")
    filter_notes = filter_in_words(
        (_("Organisation"), localized(report.organisation, "name")),
        (_("Document"), localized(report.document, "title")),
        (_("Reporting cycle"), report.cycle.name),
        (pgettext_lazy("ledger", "Filter"), "" if name == "all" else FILTERS.get(name, "")),
    )

    def make_book() -> Book:
        title = (
            _("%(period)s progress report") % {"period": report.cycle.name}
            + f" {localized(report.organisation, 'name')}"
        )
        notes = (*filter_notes, (_("Entries"), part_of(len(lines), sheet.total)))
        return Book(title, ENTRIES, lines, request.now, notes, report.document.fictional)

    return list_of_length(filter_notes, len(lines), make_book)


# inputs and instructions


def _requests(request: ListRequest, place: Place) -> FilteredList:
    filters = RequestFilter.of(request.GET)
    requests = filtered_requests(request.user, filters, today=request.today)
    body = document = None
    if filters.body:
        body = Organisation.objects.visible_to(request.user).filter(pk=filters.body).first()
    if filters.document:
        documents = Document.objects.visible_to(request.user).defer(*HEAVY)
        document = documents.filter(pk=filters.document).first()
    filter_notes = filter_in_words(
        (_("Kind"), dict(REPLY_KINDS).get(filters.kind)),
        (_("State"), filters.state and STATE_CHOICES[filters.state]),
        (_("Organisation and those below"), body and localized(body, "name")),
        (_("Document"), document and localized(document, "title")),
        (SEARCH, filters.q),
    )

    def make_book() -> Book:
        rows = NEWEST_REQUESTS.sort(requests)
        title = _("Instructions and inputs")
        return Book(title, REQUEST_COLUMNS, rows, request.now, filter_notes, _fictional())

    return list_of_rows(filter_notes, requests, make_book)


# the record


def _max_event_count() -> int:
    """An upper bound of the number of events, without counting them."""
    ends = Event.objects.aggregate(first=Min("pk"), last=Max("pk"))
    return ends["last"] - ends["first"] + 1 if ends["last"] else 0


def _events(request: ListRequest, place: Place) -> FilteredList:
    filters = record.EventFilter.of(request.GET)
    events = record.events_for(request.user, filters)
    body = document = None
    if filters.body:
        body = Organisation.objects.visible_to(request.user).filter(pk=filters.body).first()
    if filters.document:
        documents = Document.objects.visible_to(request.user).defer(*HEAVY)
        document = documents.filter(pk=filters.document).first()
    filter_notes = filter_in_words(
        (_("Organisation or person"), filters.q),
        (_("What was done"), filters.action and word_of(filters.action)),
        (_("Object"), record.SUBJECTS.get(filters.subject)),
        (_("From"), filters.since),
        (pgettext_lazy("day", "To"), filters.until),
        (_("As the dashboard counts it"), filters.act_label),
        (_("Organisation and those below"), body and localized(body, "name")),
        (_("Document"), document and localized(document, "title")),
    )

    def at_most(limit: int) -> bool:
        """False for a search of a long record, which counting would read completely."""
        wide = request.user.sees_whole_record or Scope.of(request.user).sees_most
        if filters.is_set and wide and _max_event_count() > SEARCH_LIMIT:
            return False
        return events.order_by()[: limit + 1].count() <= limit

    def make_book() -> Book:
        columns, rows = event_columns.columns(request.user), every_event(request.user, filters)
        return Book(_("Audit log"), columns, rows, request.now, filter_notes, _fictional())

    return FilteredList(filter_notes, at_most, events.order_by().count, make_book)


# the dashboard


def _table(key: str, request: ListRequest, place: Place) -> FilteredList:
    board = load_board(
        request.user,
        BoardChoice.of(request.GET, request.today),
        today=request.today,
        workdays=request.workdays,
    )
    if board is None or not board.documents or key not in dict(tables.tables(board)):
        raise Http404
    filter_notes = tuple(tables.notes(board))

    def make_book() -> Book:
        table = tables.TABLES[key]
        notes = (*filter_notes, *ledger.light_notes(board.lights))
        return Book(
            table.name,
            tuple(table.columns(board, request)),
            table.rows(board),
            request.now,
            notes,
            board.fictional,
        )

    return list_of_length(filter_notes, _length(key, board), make_book)


def _length(key: str, board: Board) -> int:
    if key == "late":
        return board.lights.red
    rows = {
        "documents": board.document_lines,
        "sections": board.section_lines,
        "bodies": board.bodies,
        "directives": board.directives,
    }
    if key in rows:
        return len(rows[key])
    return len(board.weeks.points) if board.weeks else 0


def _of_table(key: str) -> ListKind:
    table = tables.TABLES[key]
    return ListKind(table.name, "dashboard", partial(_table, key), table.offered)


LISTS: dict[str, ListKind] = {
    "documents": ListKind(
        gettext_lazy("Documents"), "documents", _documents, lambda request: DOCUMENTS
    ),
    "directives": ListKind(
        gettext_lazy("Directives"), "document", _directives, lambda request: DIRECTIVES, placed=True
    ),
    "matrix": ListKind(gettext_lazy("Matrix"), "matrix", matrix.listed, placed=True),
    "ledger": ListKind(
        gettext_lazy("Ledger of obligations"),
        "obligations",
        ledger.listed,
        lambda request: ledger.columns(request, titled=True),
    ),
    "bodies": ListKind(
        gettext_lazy("Organisations"), "organisations", _bodies, lambda request: BODIES
    ),
    "plans": ListKind(gettext_lazy("Plans"), "plans", _plans, lambda request: PLAN_COLUMNS),
    "measures": ListKind(
        gettext_lazy("Measures"), "plan", _measures, lambda request: MEASURE_COLUMNS, placed=True
    ),
    "log": ListKind(gettext_lazy("Work log"), "log", _log, lambda request: LOG_COLUMNS),
    "reports": ListKind(
        gettext_lazy("Progress reports"), "reports", _reports, lambda request: REPORTS
    ),
    "entries": ListKind(
        pgettext_lazy("sheet", "Progress report"),
        "report",
        _entries,
        lambda request: ENTRIES,
        placed=True,
    ),
    "requests": ListKind(
        gettext_lazy("Instructions and inputs"),
        "reply_requests",
        _requests,
        lambda request: REQUEST_COLUMNS,
    ),
    "events": ListKind(
        gettext_lazy("Audit log"),
        "events",
        _events,
        lambda request: event_columns.columns(request.user),
    ),
    **{f"board-{key}": _of_table(key) for key in tables.TABLES},
    **statistics.KINDS,
}


def find_list(key: str, request: ListRequest, place: Place) -> FilteredList:
    """Return a list under a filter. Raises Http404 if it, or its object, is not found."""
    kind = LISTS.get(key)
    if kind is None or set(place) != ({"pk"} if kind.placed else set()):
        raise Http404
    return kind.find(request, place)


def list_name(key: str) -> StrOrPromise:
    """The name of a list; its key if there is no such list any more."""
    return LISTS[key].name if key in LISTS else key
