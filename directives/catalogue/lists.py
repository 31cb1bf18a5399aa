"""Every list that can be exported, by its key, for pages, the worker and commands."""

from functools import partial, reduce

from django.db.models import Count, Max, Min, Q
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from directives.base.numbers import whole_number
from directives.base.states import FILING_STATES
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
from directives.record.queries.events import SEARCHED
from directives.record.queries.events import exported as every_event
from directives.record.queries.timeline import word_of
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
from directives.tables.book import Book, Words
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


def _documents(asked: ListRequest, place: Place) -> FilteredList:
    chosen = DocumentFilter.of(asked.GET)
    found = register.matching_documents(asked.user, q=chosen.q)
    told = filter_in_words((SEARCH, chosen.q))

    def make() -> Book:
        rows = register.document_rows(asked.user, list(found))
        fictional = any(row.document.fictional for row in rows)
        return Book(_("Documents"), DOCUMENTS, rows, asked.now, told, fictional)

    return list_of_rows(told, found, make)


def _directives(asked: ListRequest, place: Place) -> FilteredList:
    document = get_object_or_404(Document.objects.visible_to(asked.user).defer(*HEAVY), **place)
    chosen = DirectiveFilter.of(asked.GET)
    found = register.matching_directives(
        document, q=chosen.q, kind=chosen.kind, section=chosen.section
    )
    section = (
        document.sections.filter(pk=whole_number(chosen.section)).first()
        if whole_number(chosen.section)
        else None
    )
    kind = dict(DIRECTIVE_KINDS).get(chosen.kind)
    part = section and f"{localized_text(section.number)} {localized(section, 'title')}".strip()
    told = filter_in_words(
        (_("Document"), localized(document, "title")),
        (_("Section"), part),
        (_("Kind of directive"), kind),
        (SEARCH, chosen.q),
    )

    def make() -> Book:
        rows = register.directive_rows(asked.user, document, found)
        lights = reduce(Lights.plus, (row.lights for row in rows), Lights())
        name = f"{_('Directives')} {localized(document, 'title')}"
        notes = (*told, *ledger.light_notes(lights))
        return Book(name, DIRECTIVES, rows, asked.now, notes, document.fictional, group=section_of)

    return list_of_rows(told, found, make)


def _bodies(asked: ListRequest, place: Place) -> FilteredList:
    chosen, seen = BodyFilter.of(asked.GET), Organisation.objects.visible_to(asked.user)
    abolished = bool(chosen.abolished or chosen.q)
    found = bodies.matching_bodies(
        seen, q=chosen.q, kind=chosen.body_kind, level=chosen.level, abolished=abolished
    )
    told = filter_in_words(
        (SEARCH, chosen.q),
        (_("Kind of organisation"), dict(BODY_KINDS).get(chosen.body_kind)),
        (_("Level"), dict(LEVELS).get(chosen.level)),
    )

    def make() -> Book:
        return Book(
            _("Organisations"),
            BODIES,
            bodies.iter_body_lines(asked.user, found),
            asked.now,
            told,
            _fictional(),
        )

    return list_of_rows(told, found, make)


# plans and the log


def _plans(asked: ListRequest, place: Place) -> FilteredList:
    chosen = PlanFilter.of(asked.GET, asked.user)
    found = plans_below(asked.user, chosen)
    told = filter_in_words(
        (_("Document"), chosen.document and localized(chosen.document, "title")),
        (_("State"), dict(FILING_STATES).get(chosen.state)),
        (SEARCH, chosen.q),
    )

    def make() -> Book:
        by_state = dict(found.order_by().values_list("state").annotate(n=Count("pk")))
        whole = sum(by_state.values())
        counts = (
            (label, part_of(by_state[state], whole))
            for state, label in FILING_STATES
            if by_state.get(state)
        )
        return Book(
            _("Plans"),
            PLAN_COLUMNS,
            plans_to_export(asked.user, chosen),
            asked.now,
            (*told, *counts),
            _fictional(),
        )

    return list_of_rows(told, found, make)


def _measures(asked: ListRequest, place: Place) -> FilteredList:
    plan = get_object_or_404(plans_found(asked.user), **place)
    shown = plan_view(plan, asked.user)
    body, title = localized(plan.organisation, "name"), localized(plan.document, "title")
    told = filter_in_words(
        (_("Organisation"), body), (_("Document"), title), (_("Plan"), localized_text(plan.title))
    )

    def make() -> Book:
        covered = (_("Directives covered"), part_of(shown.coverage.covered, shown.coverage.total))
        return Book(
            f"{_('Measures')} {body}",
            MEASURE_COLUMNS,
            shown.lines,
            asked.now,
            (*told, covered),
            plan.document.fictional,
        )

    return list_of_length(told, len(shown.lines), make)


def _log(asked: ListRequest, place: Place) -> FilteredList:
    chosen = LogFilter.of(asked.GET, asked.user)
    told = filter_in_words(
        (pgettext_lazy("log", "Scope"), _("Of organisations below") if chosen.below else ""),
        (_("Measure"), chosen.measure),
        (pgettext_lazy("subject", "Obligation"), chosen.obligation),
        (_("From"), chosen.since),
        (pgettext_lazy("day", "To"), chosen.until),
        (SEARCH, chosen.q),
    )

    def make() -> Book:
        rows = all_log_rows(asked.user, chosen)
        return Book(_("Work log"), LOG_COLUMNS, rows, asked.now, told, _fictional())

    return list_of_rows(told, NEWEST.sort(filtered_log(asked.user, chosen)), make)


# reports


def _reports(asked: ListRequest, place: Place) -> FilteredList:
    cycles = cycles_of(asked.user)
    chosen = ReportFilter.of(asked.GET, asked.user, cycles)
    cycle = next((one for one in cycles if one.pk == chosen.cycle), None)
    found = filtered_reports(asked.user, chosen, today=asked.today)
    told = filter_in_words(
        (_("Reporting cycle"), cycle.name if cycle else _("All reporting cycles")),
        (_("Document"), cycle and localized(cycle.document, "title")),
        (_("State"), chosen.state and REPORT_STATES[chosen.state]),
        (SEARCH, chosen.q),
    )

    def make() -> Book:
        counts = found.order_by().aggregate(
            n=Count("pk"), done=Count("pk", filter=Q(completed_at__isnull=False))
        )
        notes = (*told, (_("All accepted"), part_of(counts["done"], counts["n"])))
        lines = iterate_rows(
            order_of(asked.user, chosen).sort(found), asked.user, today=asked.today
        )
        fictional = (
            cycle.document.fictional if cycle else any(one.document.fictional for one in cycles)
        )
        return Book(_("Progress reports"), REPORTS, lines, asked.now, notes, fictional)

    return list_of_rows(told, found, make)


def _entries(asked: ListRequest, place: Place) -> FilteredList:
    report = get_object_or_404(reports_found(asked.user), **place)
    name = asked.GET.get("show", "")
    whole = report_sheet(report, asked.user)
    lines = whole.showing(name if name in FILTERS else "all")
    told = filter_in_words(
        (_("Organisation"), localized(report.organisation, "name")),
        (_("Document"), localized(report.document, "title")),
        (_("Reporting cycle"), report.cycle.name),
        (
            pgettext_lazy("ledger", "Filter"),
            FILTERS[name] if name in FILTERS and name != "all" else "",
        ),
    )

    def make() -> Book:
        title = (
            _("%(period)s progress report") % {"period": report.cycle.name}
            + f" {localized(report.organisation, 'name')}"
        )
        notes = (*told, (_("Entries"), part_of(len(lines), whole.total)))
        return Book(title, ENTRIES, lines, asked.now, notes, report.document.fictional)

    return list_of_length(told, len(lines), make)


# the record


def _numbered() -> int:
    """An upper bound of the number of events; counting would read them all."""
    ends = Event.objects.aggregate(first=Min("pk"), last=Max("pk"))
    return ends["last"] - ends["first"] + 1 if ends["last"] else 0


def _events(asked: ListRequest, place: Place) -> FilteredList:
    chosen = record.EventFilter.of(asked.GET)
    found = record.events_for(asked.user, chosen)
    body = (
        Organisation.objects.visible_to(asked.user).filter(pk=chosen.body).first()
        if chosen.body
        else None
    )
    document = (
        Document.objects.visible_to(asked.user).defer(*HEAVY).filter(pk=chosen.document).first()
        if chosen.document
        else None
    )
    told = filter_in_words(
        (_("Organisation or person"), chosen.q),
        (_("What was done"), chosen.action and word_of(chosen.action)),
        (_("Object"), record.SUBJECTS.get(chosen.subject)),
        (_("From"), chosen.since),
        (pgettext_lazy("day", "To"), chosen.until),
        (_("As the dashboard counts it"), chosen.act_word),
        (_("Organisation and those below"), body and localized(body, "name")),
        (_("Document"), document and localized(document, "title")),
    )

    def few(limit: int) -> bool:
        """Leave a search of a long record to the worker: counting the rows would read it all."""
        wide = asked.user.sees_whole_record or Scope.of(asked.user).wide
        if chosen.any and wide and _numbered() > SEARCHED:
            return False
        return found.order_by()[: limit + 1].count() <= limit

    def make() -> Book:
        return Book(
            _("Audit log"),
            event_columns.columns(asked.user),
            every_event(asked.user, chosen),
            asked.now,
            told,
            _fictional(),
        )

    return FilteredList(told, few, found.order_by().count, make)


# the dashboard


def _table(key: str, asked: ListRequest, place: Place) -> FilteredList:
    shown = load_board(
        asked.user,
        BoardChoice.of(asked.GET, asked.today),
        today=asked.today,
        workdays=asked.workdays,
    )
    if shown is None or not shown.documents or key not in dict(tables.tables(shown)):
        raise Http404
    told = tuple(tables.notes(shown))

    def make() -> Book:
        table = tables.TABLES[key]
        notes = (*told, *ledger.light_notes(shown.lights))
        return Book(
            table.name,
            tuple(table.columns(shown, asked)),
            table.rows(shown),
            asked.now,
            notes,
            shown.fictional,
        )

    return list_of_length(told, _length(key, shown), make)


def _length(key: str, shown: Board) -> int:
    if key == "late":
        return shown.lights.red
    rows = {
        "documents": shown.document_lines,
        "sections": shown.section_lines,
        "bodies": shown.bodies,
        "directives": shown.directives,
    }
    if key in rows:
        return len(rows[key])
    return len(shown.weeks.points) if shown.weeks else 0


def _of_table(key: str) -> ListKind:
    table = tables.TABLES[key]
    return ListKind(table.name, "dashboard", partial(_table, key), table.offered)


LISTS: dict[str, ListKind] = {
    "documents": ListKind(
        gettext_lazy("Documents"), "documents", _documents, lambda dated: DOCUMENTS
    ),
    "directives": ListKind(
        gettext_lazy("Directives"), "document", _directives, lambda dated: DIRECTIVES, placed=True
    ),
    "matrix": ListKind(gettext_lazy("Matrix"), "matrix", matrix.listed, placed=True),
    "ledger": ListKind(
        gettext_lazy("Ledger of obligations"),
        "obligations",
        ledger.listed,
        lambda dated: ledger.columns(dated, titled=True),
    ),
    "bodies": ListKind(
        gettext_lazy("Organisations"), "organisations", _bodies, lambda dated: BODIES
    ),
    "plans": ListKind(gettext_lazy("Plans"), "plans", _plans, lambda dated: PLAN_COLUMNS),
    "measures": ListKind(
        gettext_lazy("Measures"), "plan", _measures, lambda dated: MEASURE_COLUMNS, placed=True
    ),
    "log": ListKind(gettext_lazy("Work log"), "log", _log, lambda dated: LOG_COLUMNS),
    "reports": ListKind(
        gettext_lazy("Progress reports"), "reports", _reports, lambda dated: REPORTS
    ),
    "entries": ListKind(
        pgettext_lazy("sheet", "Progress report"),
        "report",
        _entries,
        lambda dated: ENTRIES,
        placed=True,
    ),
    "events": ListKind(
        gettext_lazy("Audit log"),
        "events",
        _events,
        lambda asked: event_columns.columns(asked.user),
    ),
    **{f"board-{key}": _of_table(key) for key in tables.TABLES},
    **statistics.KINDS,
}


def find_list(key: str, asked: ListRequest, place: Place) -> FilteredList:
    """Return a list under a filter. Raises Http404 if it, or its object, is not found."""
    kind = LISTS.get(key)
    if kind is None or set(place) != ({"pk"} if kind.placed else set()):
        raise Http404
    return kind.find(asked, place)


def list_name(key: str) -> Words:
    """The name of a list; its key if there is no such list any more."""
    return LISTS[key].name if key in LISTS else key
