"""Assigning directives to organisations (交办): each pair becomes an obligation."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from directives import tallies
from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.base.states import ASSIGNED, LEAD, LIVE, NOT_STARTED, RESPONSIBLE
from directives.base.workdays import Workdays
from directives.core import audit, notices
from directives.core.rules import may
from directives.core.transitions import lock_rows, relight
from directives.models import (
    CalendarDay,
    Directive,
    Document,
    Item,
    ItemState,
    Measure,
    Membership,
    Notice,
    Obligation,
    Organisation,
    User,
)
from directives.models.documents import HEAVY
from directives.models.sql import insert


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms on which directives are assigned. Days are Asia/Shanghai days."""

    part: str = RESPONSIBLE
    deliverable: str = ""
    starts_on: date | None = None  # None: the day of issue
    plan_due_on: date | None = None
    due_on: date | None = None
    lead: Organisation | None = None  # this one leads, the others have `part`
    # The first organisation listed leads each directive that has no lead yet.
    first_leads: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What an issue would create, and which pairs exist already."""

    directives: Sequence[Directive]
    organisations: Sequence[Organisation]
    existing: frozenset[tuple[int, int]]  # (directive id, organisation id)
    selected_pairs: frozenset[tuple[int, int]] | None = None  # None: every directive to every body

    def includes(self, directive: Directive, body: Organisation) -> bool:
        return self.selected_pairs is None or (directive.pk, body.pk) in self.selected_pairs

    @property
    def pairs(self) -> int:
        if self.selected_pairs is not None:
            return len(self.selected_pairs)
        return len(self.directives) * len(self.organisations)

    @property
    def new_count(self) -> int:
        """How many obligations would be created."""
        return self.pairs - len(self.existing)

    def new(self) -> Iterator[tuple[Directive, Organisation]]:
        """The pairs that would be created, directive by directive."""
        for directive in self.directives:
            for body in self.organisations:
                if (directive.pk, body.pk) not in self.existing and self.includes(directive, body):
                    yield directive, body


def preview(
    *,
    directives: Sequence[Directive],
    organisations: Sequence[Organisation],
    pairs: Collection[tuple[int, int]] | None = None,
) -> Preview:
    """Return what an issue would create. `pairs` (directive id, body id) limits it to these."""
    all_pairs = {(directive.pk, body.pk) for directive in directives for body in organisations}
    selected_pairs = None if pairs is None else frozenset(all_pairs.intersection(pairs))
    rows = Obligation.objects.filter(directive__in=directives, organisation__in=organisations)
    existing = frozenset(rows.values_list("directive_id", "organisation_id"))
    if selected_pairs is not None:
        existing &= selected_pairs
    return Preview(directives, organisations, existing, selected_pairs)


def check(
    document: Document,
    directives: Sequence[Directive],
    organisations: Sequence[Organisation],
    terms: Terms,
    by: User | None,
    today: date,
) -> None:
    """Check whether these directives can be assigned on these terms.

    Raises Invalid with every fault at once, or NotAllowed.
    """
    demand_own(document, by)
    errors = {
        "directives": list(_faults_of_directives(document, directives)),
        "organisations": list(_faults_of_organisations(organisations, by, today)),
    }
    errors |= {name: [text] for name, text in faults_of_terms(terms, by, today).items()}
    if terms.starts_on and terms.due_on and terms.due_on < terms.starts_on:
        errors["due_on"] = [_("The work would end before it starts.")]
    if faulty := {field: faults for field, faults in errors.items() if faults}:
        raise Invalid(faulty)


def _faults_of_directives(document: Document, directives: Sequence[Directive]) -> Iterator[str]:
    if not directives:
        yield _("Choose at least one directive.")
    for directive in directives:
        if fault := _fault_of_directive(directive):
            yield fault
        if directive.document_id != document.pk:
            yield _("%(code)s is of another document.") % {"code": directive.code}


def _fault_of_directive(directive: Directive) -> str:
    """Why the directive cannot be assigned; empty if it can."""
    if not directive.statement:
        return ""
    text = _("%(code)s is a statement. It requires nothing and cannot be assigned.")
    return text % {"code": directive.code}


def _faults_of_organisations(
    organisations: Sequence[Organisation], by: User | None, today: date
) -> Iterator[str]:
    """Yield faults. Raises NotAllowed at the first body that the user may not assign to."""
    if not organisations:
        yield _("Choose at least one organisation.")
    for body in organisations:
        if fault := fault_of_organisation(body, today):
            yield fault
        demand_issue(body, by)


def fault_of_organisation(body: Organisation, today: date) -> str:
    """Why nothing can be assigned to the body; empty if something can."""
    if body.valid_to is None or body.valid_to > today:
        return ""
    names = {"body": body.name_hans, "day": body.valid_to.isoformat()}
    return _("%(body)s was abolished on %(day)s.") % names


def faults_of_terms(terms: Terms, by: User | None, today: date) -> dict[str, str]:
    """Faults by field: days that have passed, and a deliverable without a day or a day without."""
    faults = {}
    for name in ("starts_on", "plan_due_on", "due_on"):
        day = getattr(terms, name)
        if day is not None and day < today and by is not None:
            faults[name] = _("This date has passed; choose today or later.")
    if plan_day := wrong_plan_day(terms.deliverable, terms.plan_due_on):
        faults["plan_due_on"] = plan_day
    return faults


def demand_issue(body: Organisation, by: User | None) -> None:
    """Raise NotAllowed unless the user may assign directives to this body."""
    if not may(by, "issue", body):
        text = _("%(body)s is not below the organisation that you supervise.")
        raise NotAllowed(text % {"body": body.name_hans})


def demand_own(document: Document, by: User | None) -> None:
    """Raise NotAllowed unless the user may assign the directives of this document."""
    if not may(by, "own", document):
        raise NotAllowed(
            _(
                "Only supervisors of the organisation that registered the document, or of one above"
                " it, assign its directives."
            )
        )


def wrong_plan_day(deliverable: str, day: object) -> str:
    """What is wrong with the day by which the deliverable is due; empty if nothing is.

    A day without a deliverable would start a clock for a document that nobody has to submit.
    """
    if deliverable and not day:
        return _("A required deliverable needs a due date.")
    if day and not deliverable:
        return _("No deliverable is required. Choose one, or clear the date.")
    return ""


@tallies.counted()
def issue(
    *,
    document: Document,
    directives: Sequence[Directive],
    organisations: Sequence[Organisation],
    terms: Terms,
    by: User | None,
    now: datetime,
    pairs: Collection[tuple[int, int]] | None = None,
) -> list[Obligation]:
    """Assign directives to organisations and return the new obligations.

    Existing pairs are left unchanged. `pairs` (directive id, body id) limits the issue to these.
    Raises Invalid with every fault at once, NotAllowed (document or body), or Stale if somebody
    created one of the pairs in the meantime.
    """
    today = timezone.localdate(now)
    check(document, directives, organisations, terms, by, today)
    plan = preview(directives=directives, organisations=organisations, pairs=pairs)
    workdays = CalendarDay.objects.workdays(today)
    acknowledge_by = acknowledgement_day(today, workdays)
    created = [unsaved_obligation(directive, body, terms, today) for directive, body in plan.new()]
    for row in created:
        row.acknowledge_by, row.moved_at = acknowledge_by, now
    if terms.first_leads:
        _let_first_lead(plan, created)
    for row in created:
        relight(row, today=today, workdays=workdays)
    store_assigned(created, by=by, now=now)
    notices.notify_issued(document=document, obligations=created, by=by, now=now)
    return created


def acknowledgement_day(today: date, workdays: Workdays) -> date:
    """The day by which what is assigned today has to be acknowledged."""
    return workdays.add(today, settings.ACKNOWLEDGE_DAYS)


def _no_origin(row: Obligation) -> Mapping[str, Any]:
    return {}


def store_assigned(
    created: Sequence[Obligation],
    *,
    by: User | None,
    now: datetime,
    origin_of: Callable[[Obligation], Mapping[str, Any]] = _no_origin,
) -> None:
    """Insert new obligations with their items, counts and events.

    `origin_of` is what the event says besides of where a row comes from. Raises Stale if somebody
    else assigned one of them in the meantime.
    """
    try:
        insert(Obligation, created)
    except IntegrityError as error:
        raise Stale from error
    open_items(created)
    tallies.count_new(created, timezone.localdate(now))
    changes = []
    for row in created:
        after = {"state": ASSIGNED, "part": row.part, "due_on": row.due_on}
        changes.append(audit.Change(row, {}, {**after, **origin_of(row)}))
    audit.record_many("issue", changes, by=by, now=now)


def _let_first_lead(plan: Preview, created: Sequence[Obligation]) -> None:
    """Let the first body listed lead (列第一位的为牵头单位) each directive without a lead."""
    led = set(
        Obligation.objects.live()
        .filter(directive__in=plan.directives, part=LEAD)
        .values_list("directive_id", flat=True)
    )
    rows = {(row.directive_id, row.organisation_id): row for row in created}
    for directive in plan.directives:
        first = next((body for body in plan.organisations if plan.includes(directive, body)), None)
        row = rows.get((directive.pk, first.pk)) if first else None
        if row is not None and directive.pk not in led:
            row.part = LEAD


def unsaved_obligation(
    directive: Directive, body: Organisation, terms: Terms, today: date
) -> Obligation:
    """Return the unsaved obligation of a body on these terms, issued today."""
    part = LEAD if terms.lead is not None and terms.lead.pk == body.pk else terms.part
    return Obligation(
        document_id=directive.document_id,
        section_id=directive.section_id,
        directive=directive,
        organisation=body,
        part=part,
        deliverable=terms.deliverable,
        issued_on=today,
        starts_on=terms.starts_on or today,
        plan_due_on=terms.plan_due_on,
        due_on=terms.due_on,
        original_due_on=terms.due_on,
    )


def open_items(obligations: Sequence[Obligation]) -> None:
    """Create the state (not started) of each item of the directives for each obligation."""
    items: dict[int, list[Item]] = {}
    for item in Item.objects.filter(directive__in={row.directive_id for row in obligations}):
        items.setdefault(item.directive_id, []).append(item)
    states = [
        ItemState(obligation=row, item=item)
        for row in obligations
        for item in items.get(row.directive_id, ())
    ]
    insert(ItemState, states)


# assigning from a table, or as the document says: each pair has its own terms


@dataclass(frozen=True, slots=True)
class Pair:
    """One directive for one body: its terms, and who is responsible for it there."""

    directive: Directive
    organisation: Organisation
    terms: Terms
    leader: str = ""
    contact: str = ""
    note: str = ""


def faults_of(pair: Pair, *, by: User | None, today: date) -> dict[str, str]:
    """Return every fault of a pair by the field at fault."""
    terms = pair.terms
    faults = {
        "directive": _fault_of_directive(pair.directive),
        "organisation": fault_of_organisation(pair.organisation, today),
        **faults_of_terms(terms, by, today),
    }
    if terms.due_on and terms.due_on < (terms.starts_on or today):
        faults.setdefault("due_on", _("The work would end before it starts."))
    return {name: text for name, text in faults.items() if text}


@tallies.counted()
def issue_pairs(
    *, document: Document, pairs: Sequence[Pair], by: User | None, now: datetime
) -> list[Obligation]:
    """Assign directives of one document, each pair on its own terms. Returns them in order.

    The organisations must have their paths loaded. Raises NotAllowed, Invalid with the faults of
    the first pair that has any, or Stale if a pair exists.
    """
    today = timezone.localdate(now)
    demand_own(document, by)
    for body in {pair.organisation for pair in pairs}:
        demand_issue(body, by)
    faultless: set[object] = set()  # thousands of pairs have few directives and terms
    for pair in pairs:
        parts = {pair.directive, pair.organisation, pair.terms}
        if not faultless.issuperset(parts):
            if faults := faults_of(pair, by=by, today=today):
                raise Invalid({name: [text] for name, text in faults.items()})
            faultless |= parts
    workdays = CalendarDay.objects.workdays(today)
    acknowledge_by = acknowledgement_day(today, workdays)
    created = [
        unsaved_obligation(pair.directive, pair.organisation, pair.terms, today) for pair in pairs
    ]
    for row, pair in zip(created, pairs, strict=True):
        row.acknowledge_by, row.moved_at = acknowledge_by, now
        row.leader, row.contact, row.note = pair.leader, pair.contact, pair.note
        relight(row, today=today, workdays=workdays)
    store_assigned(created, by=by, now=now)
    _notify(document, created, by=by, now=now)
    return created


def _notify(
    document: Document, created: Iterable[Obligation], *, by: User | None, now: datetime
) -> None:
    """Send one notice for each person and body; later batches of a table add to its count."""
    counts = Counter(row.organisation for row in created)
    names = {body.name_hans: body for body in counts}
    notified = set()
    title = f"《{document.title_hans}》"
    readers = Membership.objects.filter(organisation__in=counts).values("user")  # of an index
    for notice in Notice.objects.filter(
        user__in=readers, kind="issued", at=now, facts__document=title, facts__body__in=list(names)
    ):
        body = names[notice.facts["body"]]
        notified.add(body)
        notice.facts = notice.facts | {"count": notice.facts["count"] + counts[body]}
        notice.save(update_fields=["facts"])
    notices.notify_issued(
        document=document,
        obligations=[row for row in created if row.organisation not in notified],
        by=by,
        now=now,
    )


@tallies.counted()
def take_back(obligations: Sequence[Obligation], *, by: User | None, now: datetime) -> None:
    """Delete obligations on which no work depends yet, and record the deletion.

    The rows must be current and have their organisations loaded. Raises NotAllowed, or Invalid
    naming what depends on them.
    """
    documents = Document.objects.filter(pk__in={row.document_id for row in obligations})
    for document in documents.select_related("organisation").defer(*HEAVY):
        demand_own(document, by)
    for body in {row.organisation for row in obligations}:
        demand_issue(body, by)
    rows = Obligation.objects.filter(pk__in=[row.pk for row in obligations])
    lock_rows(rows)
    if any(row.broken_from_id is not None for row in obligations):
        raise Invalid(_("Some are parts of obligations that were broken down."))
    if any(row.state != ASSIGNED for row in obligations):
        raise Invalid(_("It was acknowledged, or something else has been done about them."))
    if Obligation.objects.filter(handed_to__in=rows).exists():
        raise Invalid(_("Some of them were handed over from another organisation."))
    if Measure.objects.filter(obligations__in=rows).exists():
        raise Invalid(_("Some measures already serve them."))
    if rows.exclude(item_states__state=NOT_STARTED).filter(item_states__isnull=False).exists():
        raise Invalid(_("Some of their items have started."))
    delta = tallies.pending_delta()
    tallies.count_items(delta, [row for row in obligations if row.state in LIVE], -1)
    for row in obligations:
        delta.add(tallies.Standing.of(row), -1)
    changes = [
        audit.Change(row, {"state": row.state, "part": row.part, "due_on": row.due_on})
        for row in obligations
    ]
    audit.record_many("take_back", changes, by=by, now=now)
    try:
        rows.delete()
    except ProtectedError as error:
        raise Invalid(_("Progress reports already mention them.")) from error
