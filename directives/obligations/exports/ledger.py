"""Exporting the ledger (台账): one line for each obligation."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from directives.base.states import (
    COLOURS,
    ITEM_STATES,
    LEAD,
    LIGHTS,
    LOOK_BACK_STATES,
    OBLIGATION_STATES,
    PARTS,
    REPLY_STATES,
    RESPONSIBLE,
)
from directives.base.wording import Dated, describe_light, in_script, localized
from directives.base.workdays import Workdays
from directives.core.scope import Lights, Scope
from directives.models import Directive, Document, Obligation, Organisation, Section, User
from directives.models.documents import HEAVY
from directives.models.documents import KINDS as DIRECTIVE_KINDS
from directives.models.obligations import ObligationQuerySet
from directives.models.organisations import KINDS
from directives.obligations.queries.counting import CountedFilter, Reach, counts
from directives.obligations.queries.filters import (
    CAUSE_WORDS,
    CLOCK_WORDS,
    DOCUMENT,
    ObligationFilter,
)
from directives.obligations.queries.ledger import LedgerRow, ledger
from directives.obligations.queries.listing import in_reach
from directives.tables.book import Book, Column, GroupPath, path_to
from directives.tables.lists import (
    FilteredList,
    ListRequest,
    Notes,
    Place,
    filter_in_words,
    part_of,
)

SEARCH_LIMIT = 50_000  # obligations that a text search goes through during a request
SORT_LIMIT = 50_000  # rows sorted in one query; more are read directive by directive
CACHE_SIZE = 10_000  # keys of one column whose texts are cached
MAX_LEADS = 3  # lead organisations named in a line


@dataclass(frozen=True, slots=True)
class Today:
    """The day of a ledger that is made without a request."""

    today: date
    workdays: Workdays


def columns(dated: Dated, *, titled: bool) -> tuple[Column, ...]:
    """The columns of the ledger; `titled` puts the document's title before the clause.

    The last two identify the obligation and its version when the edited file is imported.
    """
    return (
        *_duty_columns(titled),
        *_progress_columns(dated),
        Column("broken_from", pgettext("ledger", "Broken down from"), _whole(), width=18),
        Column("id", _("Record ID"), lambda row: row.pk, "id", 8),
        Column("version", _("Version"), lambda row: row.version, "id", 6),
    )


def _duty_columns(titled: bool) -> tuple[Column, ...]:
    """What has to be done, and by whom."""
    page = path_to("obligation")

    def code(row: LedgerRow) -> str:
        code = in_script(row.clause.code, get_language())
        return f"《{localized(row.clause, 'title')}》{code}" if titled else code

    clause = _cached(lambda row: row.clause.pk, code)
    words = _cached(lambda row: row.clause.pk, lambda row: localized(row.clause, "text"))
    items = _cached(lambda row: row.items, _items)
    leads = _cached(
        lambda row: (row.part, row.body.pk) if row.part == LEAD else row.clause.pk, _leads
    )
    body = _cached(lambda row: (row.part, row.body.pk), _body)
    width = 24 if titled else 10
    return (
        Column("number", pgettext("ledger", "No."), lambda row: row.number, "id", 6),
        Column(
            "clause",
            pgettext("ledger", "Directive code"),
            clause,
            width=width,
            link=lambda row: page(row.pk),
        ),
        Column("directive", pgettext("ledger", "Directive"), words, width=48),
        Column("items", pgettext("ledger", "Items"), items, width=28),
        Column("measures", pgettext("ledger", "Specific measures"), _measures, width=36),
        Column("leads", pgettext("ledger", "Lead organisation"), leads, width=18),
        Column(
            "body", pgettext("ledger", "Responsible or supporting organisation"), body, width=18
        ),
    )


def _light(dated: Dated) -> Callable[[LedgerRow], str]:
    """Return the function that describes the light of a row with its reason."""

    def text(row: LedgerRow) -> str:
        word, why = describe_light(dated, row)
        return _("%(word)s: %(why)s") % {"word": word, "why": why} if why else word

    facts = attrgetter("light", "light_code", "light_on", "percent", "due_on", "starts_on")
    return _cached(facts, text)


def _progress_columns(dated: Dated) -> tuple[Column, ...]:
    """Who is responsible, until when, and how far the work is."""
    lights, states = _light(dated), {state: str(word) for state, word in OBLIGATION_STATES}
    due_words = _cached(
        lambda row: row.clause.pk, lambda row: in_script(row.clause.due_words, get_language())
    )
    return (
        *_people_columns(),
        Column("due_on", pgettext("ledger", "Complete by"), lambda row: row.due_on, "date"),
        Column("due_words", _("Deadline as worded"), due_words, width=16),
        Column("original_due_on", _("Original due date"), lambda row: row.original_due_on, "date"),
        Column("extensions", _("Extensions"), lambda row: row.extensions_granted or None, "id", 8),
        Column("extension_reasons", _("Reasons of extensions"), _extension_reasons, width=28),
        Column("progress", pgettext("ledger", "Progress"), lambda row: row.progress, width=36),
        Column("problems", pgettext("ledger", "Problems"), lambda row: row.problems, width=28),
        Column(
            "next_steps", pgettext("ledger", "Next steps"), lambda row: row.next_steps, width=28
        ),
        Column(
            "percent", pgettext("ledger", "Percent complete"), lambda row: row.percent, "percent"
        ),
        Column(
            "state",
            pgettext("ledger", "State of completion"),
            lambda row: states[row.state],
            width=12,
        ),
        Column("light", pgettext("ledger", "Light"), lights, width=32, light=lambda row: row.light),
        _look_back_column(),
        *_remark_columns(),
    )


def _remark_columns() -> tuple[Column, ...]:
    return (
        Column("instructions", pgettext("ledger", "Instructions"), _instructions, width=28),
        # slips are not issued yet
        Column("slip", pgettext("ledger", "Supervision slip"), lambda row: None, width=10),
        Column("note", pgettext("ledger", "Remarks"), lambda row: row.note, width=20),
    )


def _people_columns() -> tuple[Column, ...]:
    leader = pgettext("ledger", "Responsible leader")
    contact = pgettext("ledger", "Contact and telephone")
    return (
        Column("leader", leader, lambda row: row.leader, width=12),
        Column("contact", contact, lambda row: row.contact, width=18),
    )


def _look_back_column() -> Column:
    """The result of the last look-back at a closed obligation."""
    words = {state: str(word) for state, word in LOOK_BACK_STATES} | {"": ""}
    title = pgettext("ledger", "Look-back")
    return Column("looked_back", title, lambda row: words[row.looked_back], width=12)


def _whole() -> Callable[[LedgerRow], str]:
    """Return the function that names the organisation whose obligation a row is a part of."""
    return _cached(
        lambda row: row.broken_from and row.broken_from.pk,
        lambda row: localized(row.broken_from, "name"),
    )


def _cached(
    key: Callable[[LedgerRow], Hashable], text_of: Callable[[LedgerRow], str]
) -> Callable[[LedgerRow], str]:
    """Cache `words_of` by the key of a row. The cache holds texts of one language."""
    texts: dict[Hashable, str] = {}

    def cached(row: LedgerRow) -> str:
        row_key = key(row)
        text = texts.get(row_key)
        if text is None:
            if len(texts) >= CACHE_SIZE:
                texts.clear()
            text = texts[row_key] = text_of(row)
        return text

    return cached


def _items(row: LedgerRow) -> str:
    """One line for each item: 2. 委员会制度（已建成 2026-05-09）, 3. 工作制度（未启动：…）."""
    lines, states = [], dict(ITEM_STATES)
    for item in row.items:
        state = f"{states[item.state]} {item.on.isoformat() if item.on else ''}".rstrip()
        if item.open_reason:
            state = _("%(word)s: %(why)s") % {"word": state, "why": item.open_reason}
        values = {"number": item.number, "name": localized(item, "name"), "state": state}
        lines.append(_("%(number)s. %(name)s (%(state)s)") % values)
    return "\n".join(lines)


def _instructions(row: LedgerRow) -> str:
    """One line for each: 请尽快办理（2026-11-06前回复；待回复）."""
    states = dict(REPLY_STATES)
    return "\n".join(
        _("%(text)s (reply by %(day)s; %(state)s)")
        % {"text": one.text, "day": one.due_on.isoformat(), "state": states[one.state]}
        for one in row.instructions
    )


def _measures(row: LedgerRow) -> str:
    if len(row.measures) == 1:
        return row.measures[0]
    return "\n".join(f"{number}. {text}" for number, text in enumerate(row.measures, 1))


def _extension_reasons(row: LedgerRow) -> str:
    return "\n".join(row.extension_reasons)


def _leads(row: LedgerRow) -> str:
    words = pgettext("list", ", ").join(localized(body, "name") for body in row.leads[:MAX_LEADS])
    if (more := len(row.leads) - MAX_LEADS) > 0:
        return _("%(bodies)s and %(count)s more") % {"bodies": words, "count": more}
    return words


def _body(row: LedgerRow) -> str:
    name = localized(row.body, "name")
    if row.part == RESPONSIBLE:
        return name
    return _("%(body)s (%(part)s)") % {"body": name, "part": dict(PARTS)[row.part]}


def _group_paths(*, titled: bool) -> Callable[[LedgerRow], GroupPath]:
    """Return the function that gives the headings of a row: section, clause; `titled`: document."""
    paths: dict[int, GroupPath] = {}

    def path(row: LedgerRow) -> GroupPath:
        clause = row.clause
        if clause.pk not in paths:
            heading = f"{clause.section_number} {localized(clause, 'section_title')}".strip()
            inner = ((clause.section_id, heading), (clause.pk, clause.code))
            outer = ((clause.document_id, localized(clause, "title")),) if titled else ()
            paths[clause.pk] = outer + inner
        return paths[clause.pk]

    return path


# notes on the cover


def _ledger_notes(obligation_filter: ObligationFilter, user: User | None) -> Notes:
    """A note for each condition of the filter. Rows that the user may not see are not named."""

    def visible_row(model: type[Document] | type[Directive] | type[Section], pk: int | None) -> Any:
        if not pk:
            return None
        rows = model.objects.all() if user is None else model.objects.visible_to(user)
        return rows.defer(*(HEAVY if model is Document else ())).filter(pk=pk).first()

    section = visible_row(Section, obligation_filter.section)
    body = (
        Organisation.objects.filter(pk=obligation_filter.body).first()
        if obligation_filter.body
        else None
    )
    return filter_in_words(
        (_("Document"), localized(visible_row(Document, obligation_filter.document), "title")),
        (_("Section"), section and f"{section.number} {localized(section, 'title')}".strip()),
        (_("Directive"), visible_row(Directive, obligation_filter.directive)),
        (_("Organisation and those below"), localized(body, "name")),
        (_("Kind of directive"), dict(DIRECTIVE_KINDS).get(obligation_filter.about)),
        (_("Kind of organisation"), dict(KINDS).get(obligation_filter.kind)),
        (pgettext("ledger", "Light"), obligation_filter.light_word),
        (_("State"), dict(OBLIGATION_STATES).get(obligation_filter.state)),
        (_("Responsibility"), dict(PARTS).get(obligation_filter.part)),
        (_("Missed deadline"), CLOCK_WORDS.get(obligation_filter.clock)),
        (_("Outstanding"), CLOCK_WORDS.get(obligation_filter.owes)),
        (
            _("Due by"),
            obligation_filter.on.isoformat()
            if obligation_filter.owes and obligation_filter.on
            else "",
        ),
        (_("Yellow because"), CAUSE_WORDS.get(obligation_filter.cause)),
        (_("Due date"), _("No due date set") if obligation_filter.due else ""),
        (_("Breakdown"), obligation_filter.breakdown_word),
        (_("Search text"), obligation_filter.q),
    )


def light_notes(lights: Lights) -> Notes:
    """A note for each light: its count, its share and the total."""
    words = dict(LIGHTS)
    return tuple((words[colour], part_of(lights.count(colour), lights.total)) for colour in COLOURS)


def book(
    rows: ObligationQuerySet,
    obligation_filter: ObligationFilter,
    *,
    user: User | None,
    dated: Dated,
    now: datetime,
) -> Book:
    """Return the ledger of the rows that the filter selects.

    `rows` are all that the user may export; a `user` of None means the system.
    """
    filtered = obligation_filter.apply(rows, dated.today)
    lights: Counter[str] = Counter()
    directives = set()
    counted = filtered.order_by().values_list("directive_id", "light").annotate(Count("pk"))
    for directive, light, count in counted:
        directives.add(directive)
        lights[light] += count
    titled = not obligation_filter.document
    in_order = obligation_filter.sort in ("", DOCUMENT)
    parts: Iterable[QuerySet[Obligation]] = [ordered := obligation_filter.sorted(filtered)]
    if in_order and lights.total() > SORT_LIMIT:
        in_document_order = Directive.objects.filter(pk__in=directives).order_by(
            "document_id", "order", "pk"
        )
        parts = (
            ordered.filter(directive=pk) for pk in in_document_order.values_list("pk", flat=True)
        )
    return Book(
        name=_("Ledger of obligations"),
        columns=columns(dated, titled=titled),
        rows=ledger(parts, user),
        as_of=now,
        notes=(*_ledger_notes(obligation_filter, user), *light_notes(Lights(**lights))),
        fictional=_has_fiction(obligation_filter.document),
        site=settings.SITE_URL,
        group=_group_paths(titled=titled) if in_order else None,
    )


def _has_fiction(document: int | None) -> bool:
    """Whether the document, or any if there is none, is fictional."""
    documents = Document.objects.filter(fictional=True)
    return (documents.filter(pk=document) if document else documents).exists()


# downloads from a page


def listed(request: ListRequest, place: Place) -> FilteredList:
    """The ledger of the rows that the query string selects and the user may export."""
    obligation_filter = ObligationFilter.of(request.GET)
    rows = Obligation.objects.exportable_by(request.user)
    filtered = obligation_filter.apply(rows, request.today).order_by()
    return FilteredList(
        _ledger_notes(obligation_filter, request.user),
        partial(_has_at_most, request, obligation_filter, filtered),
        filtered.count,
        partial(book, rows, obligation_filter, user=request.user, dated=request, now=request.now),
    )


def _has_at_most(
    request: ListRequest,
    obligation_filter: ObligationFilter,
    filtered: QuerySet[Obligation],
    limit: int,
) -> bool:
    """Whether the export has at most `limit` rows, counted as the page counts them.

    Searches over very many obligations are not counted; they do not count as few.
    """
    if obligation_filter.q:
        sees_most = Scope.of(request.user).sees_most
        if sees_most and Obligation.objects.order_by()[: SEARCH_LIMIT + 1].count() > SEARCH_LIMIT:
            return False
        return filtered[: limit + 1].count() <= limit
    body = None
    if obligation_filter.body:
        body = (
            Organisation.objects.visible_to(request.user).filter(pk=obligation_filter.body).first()
        )
        if body is None:
            return filtered[: limit + 1].count() <= limit
    reach, counted_filter = (
        Reach.of(request.user, body),
        CountedFilter(obligation_filter, obligation_filter.document),
    )
    rows = in_reach(request.user, counted_filter, reach, None, today=request.today)
    count = counts(request.user, reach, counted_filter, rows).matching
    return count is not None and count <= limit
