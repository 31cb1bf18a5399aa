"""The ledger (台账) as a file: the eighteen columns that people expect, one line for each obligation."""

from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial, reduce

from django.conf import settings
from django.db.models import Count, QuerySet, Value
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from directives.base.states import (
    COLOURS,
    ITEM_STATES,
    LEAD,
    LIGHTS,
    OBLIGATION_STATES,
    PARTS,
    RESPONSIBLE,
)
from directives.base.wording import Dated, in_script, picked, words_of_light
from directives.base.workdays import Workdays
from directives.core.scope import Lights, Scope, gathered
from directives.models import Directive, Document, Obligation, Organisation, Section, User
from directives.models.documents import HEAVY
from directives.models.documents import KINDS as DIRECTIVE_KINDS
from directives.models.organisations import KINDS
from directives.obligations.queries.counting import CountedFilter, Reach, counts
from directives.obligations.queries.filters import (
    CAUSE_WORDS,
    CLOCK_WORDS,
    DOCUMENT,
    LIGHT_WORDS,
    ObligationFilter,
)
from directives.obligations.queries.ledger import Clause, LedgerItem, LedgerRow, ledger, names
from directives.obligations.queries.listing import Mentions, in_reach
from directives.tables.book import Book, Column, GroupPath, Words, path_to
from directives.tables.lists import FilteredList, ListRequest, Place

SEARCHED = 50_000  # obligations among which words are looked for while the reader waits
SORTED = 50_000  # obligations that are sorted as one list; more come one directive after another, and so at once
KNOWN = 10_000  # keys of one column whose words are kept


@dataclass(frozen=True, slots=True)
class Today:
    """The day that a ledger speaks of, where no request tells it."""

    today: date
    workdays: Workdays


def columns(dated: Dated, *, titled: bool) -> tuple[Column, ...]:
    """The columns of the ledger; `titled` puts the document's title before the clause, where there are several documents.

    The last two say which row it is and in which state it went out: by them a file that comes back is understood.
    """
    pages, states = path_to("obligation"), {state: str(word) for state, word in OBLIGATION_STATES}
    clause = _remembered(_of_clause, lambda row: _clause(row.clause, titled))
    return (
        Column("number", pgettext("ledger", "No."), lambda row: row.number, "id", 6),
        Column(
            "clause",
            pgettext("ledger", "Directive code"),
            clause,
            width=24 if titled else 10,
            link=lambda row: pages(row.pk),
        ),
        Column(
            "directive",
            pgettext("ledger", "Directive"),
            _remembered(_of_clause, lambda row: picked(row.clause, "text")),
            width=48,
        ),
        Column(
            "items",
            pgettext("ledger", "Items"),
            _remembered(lambda row: row.items, _items),
            width=28,
        ),
        Column(
            "measures",
            pgettext("ledger", "Specific measures"),
            lambda row: _numbered(row.measures),
            width=36,
        ),
        Column(
            "leads", pgettext("ledger", "Lead organisation"), _remembered(_led, _leads), width=18
        ),
        Column(
            "body",
            pgettext("ledger", "Responsible or supporting organisation"),
            _remembered(_owed, _body),
            width=18,
        ),
        Column(
            "leader", pgettext("ledger", "Responsible leader"), lambda row: row.leader, width=12
        ),
        Column(
            "contact",
            pgettext("ledger", "Contact and telephone"),
            lambda row: row.contact,
            width=18,
        ),
        Column("due_on", pgettext("ledger", "Complete by"), lambda row: row.due_on, "date"),
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
        Column(
            "light",
            pgettext("ledger", "Light"),
            _light(dated),
            width=32,
            light=lambda row: row.light,
        ),
        Column(
            "slip", pgettext("ledger", "Supervision slip"), lambda row: None, width=10
        ),  # slips are not issued yet
        Column("note", pgettext("ledger", "Remarks"), lambda row: row.note, width=20),
        Column("id", _("Record ID"), lambda row: row.pk, "id", 8),
        Column("version", _("Version"), lambda row: row.version, "id", 6),
    )


def _remembered(
    key: Callable[[LedgerRow], Hashable], say: Callable[[LedgerRow], str]
) -> Callable[[LedgerRow], str]:
    """What `say` says of a row, said once for all rows of one key, in the language of now."""
    known: dict[Hashable, str] = {}

    def said(row: LedgerRow) -> str:
        words = known.get(what := key(row))
        if words is None:
            if len(known) >= KNOWN:
                known.clear()
            words = known[what] = say(row)
        return words

    return said


def _of_clause(row: LedgerRow) -> Hashable:
    return row.clause.pk


def _clause(clause: Clause, titled: bool) -> str:
    code = in_script(clause.code, get_language())
    return f"《{picked(clause, 'title')}》{code}" if titled else code


def _items(row: LedgerRow) -> str:
    return "\n".join(map(_item, row.items))


def _item(item: LedgerItem) -> str:
    """2. 委员会制度（已建成 2026-05-09），or with why it may stand open: 3. 工作制度（未启动：并入其他制度）"""
    state = " ".join(
        filter(None, (str(dict(ITEM_STATES)[item.state]), item.on.isoformat() if item.on else ""))
    )
    if item.open_reason:
        state = _("%(word)s: %(why)s") % {"word": state, "why": item.open_reason}
    return _("%(number)s. %(name)s (%(state)s)") % {
        "number": item.number,
        "name": picked(item, "name"),
        "state": state,
    }


def _numbered(texts: tuple[str, ...]) -> str:
    return (
        "\n".join(f"{number}. {text}" for number, text in enumerate(texts, 1))
        if len(texts) > 1
        else "".join(texts)
    )


def _led(row: LedgerRow) -> Hashable:
    return (row.part, row.body.pk) if row.part == LEAD else row.clause.pk


def _leads(row: LedgerRow) -> str:
    shown, more = names(row.leads)
    listed = pgettext("list", ", ").join(picked(body, "name") for body in shown)
    return (
        _("%(bodies)s and %(count)s more") % {"bodies": listed, "count": more} if more else listed
    )


def _owed(row: LedgerRow) -> Hashable:
    return row.part, row.body.pk


def _body(row: LedgerRow) -> str:
    name = picked(row.body, "name")
    return (
        name
        if row.part == RESPONSIBLE
        else _("%(body)s (%(part)s)") % {"body": name, "part": dict(PARTS)[row.part]}
    )


def _light(dated: Dated) -> Callable[[LedgerRow], str]:
    """The light of a row with its reason."""

    def told(row: LedgerRow) -> str:
        word, why = words_of_light(dated, row)
        return _("%(word)s: %(why)s") % {"word": word, "why": why} if why else word

    return _remembered(
        lambda row: (
            row.light,
            row.light_code,
            row.light_on,
            row.percent,
            row.due_on,
            row.starts_on,
        ),
        told,
    )


def _groups(*, titled: bool) -> Callable[[LedgerRow], GroupPath]:
    """Where a row stands in its document: part and clause, under the document where there are several."""
    known: dict[int, GroupPath] = {}

    def path(row: LedgerRow) -> GroupPath:
        clause = row.clause
        if clause.pk not in known:
            heading = f"{clause.section_number} {picked(clause, 'section_title')}".strip()
            inner = ((clause.section_id, heading), (clause.pk, clause.code))
            known[clause.pk] = (
                ((clause.document_id, picked(clause, "title")), *inner) if titled else inner
            )
        return known[clause.pk]

    return path


# the cover


def _seen(model: type[Document] | type[Directive] | type[Section], user: User | None) -> QuerySet:
    """The rows that may be named to a person; all of them to the system."""
    return model.objects.all() if user is None else model.objects.visible_to(user)


def _asked(chosen: ObligationFilter, user: User | None) -> list[tuple[Words, Words]]:
    """The filter in words, one line for each thing asked for; what the person does not see has no name."""
    documents, directives = _seen(Document, user).defer(*HEAVY), _seen(Directive, user)
    rows: list[tuple[Words, object]] = [
        (
            _("Document"),
            picked(documents.filter(pk=chosen.document).first(), "title")
            if chosen.document
            else "",
        ),
        (_("Section"), _section(chosen.section, user) if chosen.section else ""),
        (
            _("Directive"),
            directives.filter(pk=chosen.directive).first() or "" if chosen.directive else "",
        ),
        (
            _("Organisation and those below"),
            picked(Organisation.objects.filter(pk=chosen.body).first(), "name")
            if chosen.body
            else "",
        ),
        (_("Kind of directive"), dict(DIRECTIVE_KINDS).get(chosen.about, "")),
        (_("Kind of organisation"), dict(KINDS).get(chosen.kind, "")),
        (pgettext("ledger", "Light"), LIGHT_WORDS.get(chosen.light, "") if chosen.light else ""),
        (_("State"), dict(OBLIGATION_STATES).get(chosen.state, "")),
        (_("Responsibility"), dict(PARTS).get(chosen.part, "")),
        (_("Missed deadline"), CLOCK_WORDS.get(chosen.clock, "")),
        (_("Outstanding"), CLOCK_WORDS.get(chosen.owes, "")),
        (_("Due by"), chosen.on.isoformat() if chosen.owes and chosen.on else ""),
        (_("Yellow because"), CAUSE_WORDS.get(chosen.cause, "")),
        (_("Due date"), _("No due date set") if chosen.due else ""),
        (_("Search text"), chosen.q),
    ]
    given = [(label, str(value)) for label, value in rows if value]
    return given or [(pgettext("ledger", "Filter"), _("None: everything in your scope"))]


def _section(pk: int, user: User | None) -> str:
    section = _seen(Section, user).filter(pk=pk).first()
    return f"{section.number} {picked(section, 'title')}".strip() if section else ""


def light_notes(lights: Lights) -> list[tuple[Words, Words]]:
    """Each light with its count, its share and the denominator."""
    rows = []
    for colour in COLOURS:
        figures = {"part": lights.count(colour), "whole": lights.total}
        share = _("%(part)s of %(whole)s") % figures
        percent = f" ({100 * lights.count(colour) / lights.total:.1f}%)" if lights.total else ""
        rows.append((dict(LIGHTS)[colour], share + percent))
    return rows


def book(
    rows: QuerySet[Obligation],
    chosen: ObligationFilter,
    *,
    user: User | None,
    dated: Dated,
    now: datetime,
) -> Book:
    """The ledger of these rows under a filter, ready to be written. `rows` are all that may be taken away; `user` None is the system."""
    shown = chosen.apply(rows, dated.today)
    documents = (
        Document.objects.filter(pk=chosen.document) if chosen.document else Document.objects.all()
    )
    counted = gathered(
        shown.order_by().values("directive_id", "light").annotate(n=Count("pk"), p=Value(0)),
        "directive_id",
    )
    lights, titled = reduce(Lights.plus, counted.values(), Lights()), not chosen.document
    return Book(
        name=_("Ledger of obligations"),
        columns=columns(dated, titled=titled),
        rows=ledger(_parts(chosen, shown, counted.keys(), lights.total), user),
        as_of=now,
        notes=(*_asked(chosen, user), *light_notes(lights)),
        fictional=documents.filter(fictional=True).exists(),
        site=settings.SITE_URL,
        group=_groups(titled=titled) if _in_order(chosen) else None,
        total=lights.total,
    )


def _in_order(chosen: ObligationFilter) -> bool:
    """Whether the rows stand in the order of their documents."""
    return chosen.sort in ("", DOCUMENT)


def _parts(
    chosen: ObligationFilter, shown: QuerySet[Obligation], directives: Collection[int], total: int
) -> Iterable[QuerySet[Obligation]]:
    """The rows in their order; where sorting all of them would take long before the first comes, one directive after another."""
    rows = chosen.sorted(shown)
    if total <= SORTED or not _in_order(chosen):
        return [rows]
    walk = (
        Directive.objects.filter(pk__in=directives)
        .order_by("document_id", "order", "pk")
        .values_list("pk", flat=True)
    )
    return (rows.filter(directive=pk) for pk in walk)


# as a page asks for it


def listed(asked: ListRequest, place: Place) -> FilteredList:
    """The ledger under the filter of an address: the rows that this person may take away."""
    chosen = ObligationFilter.of(asked.GET)
    rows = Obligation.objects.exportable_by(asked.user)
    shown = chosen.apply(rows, asked.today).order_by()
    make = partial(book, rows, chosen, user=asked.user, dated=asked, now=asked.now)
    return FilteredList(
        tuple(_asked(chosen, asked.user)), partial(_few, asked, chosen, shown), shown.count, make
    )


def _few(
    asked: ListRequest, chosen: ObligationFilter, shown: QuerySet[Obligation], limit: int
) -> bool:
    """As the page counts them: from the kept counts, or up to a bound. What a nation's words find is not counted beforehand."""
    if chosen.q:
        long = (
            Scope.of(asked.user).wide
            and Obligation.objects.order_by()[: SEARCHED + 1].count() > SEARCHED
        )
        return not long and shown[: limit + 1].count() <= limit
    body = (
        Organisation.objects.visible_to(asked.user).filter(pk=chosen.body).first()
        if chosen.body
        else None
    )
    if chosen.body and body is None:
        return shown[: limit + 1].count() <= limit
    reach, known = Reach.of(asked.user, body), CountedFilter(chosen, chosen.document)
    dark = in_reach(asked.user, chosen, reach, known, Mentions(), today=asked.today)
    found = counts(asked.user, reach, known, dark, today=asked.today).shown
    return found is not None and found <= limit
