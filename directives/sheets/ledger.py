"""The ledger (台账) as a file: the eighteen columns that people expect, one line for each obligation."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, QuerySet, Value
from django.http import FileResponse, HttpRequest
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from directives.models import Directive, Document, Obligation, Organisation, Section, User
from directives.models.documents import HEAVY
from directives.models.documents import KINDS as DIRECTIVE_KINDS
from directives.models.organisations import KINDS
from directives.overview.ledger import ItemLine, LedgerRow, ledger, names
from directives.overview.obligations import CAUSE_WORDS, CLOCK_WORDS, LIGHT_WORDS, Filter
from directives.overview.scope import Lights, gathered
from directives.sheets.out import Book, Column, Words, sheet
from directives.states import COLOURS, ITEM_STATES, LIGHTS, OBLIGATION_STATES, PARTS, RESPONSIBLE
from directives.wording import Dated, in_script, picked, words_of_light
from directives.workdays import Workdays


@dataclass(frozen=True, slots=True)
class Today:
    """The day that a ledger speaks of, where no request tells it."""

    today: date
    workdays: Workdays


def columns(dated: Dated, *, titled: bool) -> tuple[Column, ...]:
    """The columns of the ledger; `titled` puts the document's title before the clause, where there are several documents."""
    return (
        Column("number", pgettext("ledger", "No."), lambda row: row.number, "number", 6),
        Column("clause", pgettext("ledger", "Clause"), lambda row: _clause(row, titled), width=24 if titled else 10),
        Column("directive", pgettext("ledger", "Directive"), lambda row: picked(row.clause, "text"), width=48),
        Column("items", pgettext("ledger", "Items"), lambda row: "\n".join(map(_item, row.detail.items)), width=28),
        Column("measures", pgettext("ledger", "Specific measures"), lambda row: "\n".join(_numbered(row.detail.measures)), width=36),
        Column("leads", pgettext("ledger", "Lead body"), _leads, width=18),
        Column("body", pgettext("ledger", "Responsible or supporting body"), _body, width=18),
        Column("leader", pgettext("ledger", "Responsible leader"), lambda row: row.leader, width=12),
        Column("contact", pgettext("ledger", "Contact and telephone"), lambda row: row.contact, width=18),
        Column("due_on", pgettext("ledger", "Complete by"), lambda row: row.due_on, "date"),
        Column("progress", pgettext("ledger", "Progress"), lambda row: row.progress, width=36),
        Column("problems", pgettext("ledger", "Problems"), lambda row: row.problems, width=28),
        Column("next_steps", pgettext("ledger", "Next steps"), lambda row: row.next_steps, width=28),
        Column("percent", pgettext("ledger", "Percent complete"), lambda row: row.percent, "percent"),
        Column("state", pgettext("ledger", "State of completion"), lambda row: row.state_word, width=12),
        Column("light", pgettext("ledger", "Light"), lambda row: _light(dated, row), width=32),
        Column("slip", pgettext("ledger", "Supervision slip"), lambda row: None, width=10),  # slips are not issued yet
        Column("note", pgettext("ledger", "Remarks"), lambda row: row.note, width=20),
    )


def _clause(row: LedgerRow, titled: bool) -> str:
    code = in_script(row.clause.code, get_language())
    return f"《{picked(row.clause, 'title')}》{code}" if titled else code


def _item(item: ItemLine) -> str:
    """2. 委员会制度（已建成 2026-05-09）"""
    state = " ".join(filter(None, (str(dict(ITEM_STATES)[item.state]), item.on.isoformat() if item.on else "")))
    return _("%(number)s. %(name)s (%(state)s)") % {"number": item.number, "name": picked(item, "name"), "state": state}


def _numbered(texts: Iterable[str]) -> list[str]:
    texts = list(texts)
    return [f"{number}. {text}" for number, text in enumerate(texts, 1)] if len(texts) > 1 else texts


def _leads(row: LedgerRow) -> str:
    shown, more = names(row.leads)
    listed = pgettext("list", ", ").join(picked(body, "name") for body in shown)
    return _("%(bodies)s and %(count)s more") % {"bodies": listed, "count": more} if more else listed


def _body(row: LedgerRow) -> str:
    name = picked(row.body, "name")
    return name if row.part == RESPONSIBLE else _("%(body)s (%(part)s)") % {"body": name, "part": dict(PARTS)[row.part]}


def _light(dated: Dated, row: LedgerRow) -> str:
    word, why = words_of_light(dated, row)
    return _("%(word)s: %(why)s") % {"word": word, "why": why} if why else word


# the cover


def _asked(chosen: Filter) -> list[tuple[Words, Words]]:
    """The filter in words, one line for each thing asked for."""
    documents = Document.objects.defer(*HEAVY)
    rows: list[tuple[Words, object]] = [
        (_("Document"), picked(documents.filter(pk=chosen.document).first(), "title") if chosen.document else ""),
        (_("Section"), _section(chosen.section) if chosen.section else ""),
        (_("Directive"), Directive.objects.filter(pk=chosen.directive).first() or "" if chosen.directive else ""),
        (_("Body and those below"), picked(Organisation.objects.filter(pk=chosen.body).first(), "name") if chosen.body else ""),
        (_("Kind of directive"), dict(DIRECTIVE_KINDS).get(chosen.about, "")),
        (_("Kind of body"), dict(KINDS).get(chosen.kind, "")),
        (pgettext("ledger", "Light"), LIGHT_WORDS.get(chosen.light, "") if chosen.light else ""),
        (_("State"), dict(OBLIGATION_STATES).get(chosen.state, "")),
        (_("Part"), dict(PARTS).get(chosen.part, "")),
        (_("Clock that has run out"), CLOCK_WORDS.get(chosen.clock, "")),
        (_("Still owed"), CLOCK_WORDS.get(chosen.owes, "")),
        (_("Owed by"), chosen.on.isoformat() if chosen.owes and chosen.on else ""),
        (_("Why yellow"), CAUSE_WORDS.get(chosen.cause, "")),
        (_("Words searched for"), chosen.q),
    ]
    given = [(label, str(value)) for label, value in rows if value]
    return given or [(pgettext("ledger", "Filter"), _("None: everything in view"))]


def _section(pk: int) -> str:
    section = Section.objects.filter(pk=pk).first()
    return f"{section.number} {picked(section, 'title')}".strip() if section else ""


def _counts(lights: Lights) -> list[tuple[Words, Words]]:
    """Each light with its count, its share and the denominator."""
    rows = []
    for colour in COLOURS:
        figures = {"part": lights.count(colour), "whole": lights.total}
        share = _("%(part)s of %(whole)s") % figures
        percent = f" ({100 * lights.count(colour) / lights.total:.1f}%)" if lights.total else ""
        rows.append((dict(LIGHTS)[colour], share + percent))
    return rows


def book(rows: QuerySet[Obligation], chosen: Filter, *, user: User | None, dated: Dated, now: datetime) -> Book:
    """The ledger of these rows under a filter, ready to be written. `rows` are all that may be taken away; `user` None is the system."""
    shown = chosen.apply(rows, dated.today)
    documents = Document.objects.filter(pk=chosen.document) if chosen.document else Document.objects.all()
    counts = shown.order_by().values("light").annotate(n=Count("pk"), p=Value(0), all=Value(0))
    return Book(
        name=_("Ledger of obligations"),
        columns=columns(dated, titled=not chosen.document),
        rows=ledger(chosen.sorted(shown), user),
        as_of=now,
        notes=(*_asked(chosen), *_counts(gathered(counts, "all").get(0, Lights()))),
        fictional=documents.filter(fictional=True).exists(),
    )


def answer(request: HttpRequest, chosen: Filter) -> FileResponse:
    """The ledger as the file that ?export= asks for: the rows of the filter that this person may take away."""
    rows = Obligation.objects.exportable_by(request.user)
    made = book(rows, chosen, user=request.user, dated=request, now=request.now)
    return sheet(request, name=made.name, columns=made.columns, rows=made.rows, notes=made.notes, fictional=made.fictional)
