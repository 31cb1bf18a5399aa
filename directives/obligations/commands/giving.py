"""From directives to obligations (交办)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from directives import tallies
from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.base.states import ASSIGNED, LEAD, RESPONSIBLE
from directives.core import audit, notices
from directives.core.rules import may
from directives.core.transitions import relight
from directives.models import (
    CalendarDay,
    Directive,
    Document,
    Item,
    ItemState,
    Obligation,
    Organisation,
    User,
)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms directives are given to bodies. Days are Asia/Shanghai days."""

    part: str = RESPONSIBLE
    deliverable: str = ""
    starts_on: date | None = None  # the day of issue where none is given
    plan_due_on: date | None = None
    due_on: date | None = None
    lead: Organisation | None = None  # this one leads, the others keep `part`
    first_leads: bool = (
        False  # of each directive the first body listed leads, unless somebody leads it already
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What an issue would do: pairs that will be made, and pairs that exist already."""

    directives: Sequence[Directive]
    organisations: Sequence[Organisation]
    existing: frozenset[tuple[int, int]]  # (directive id, organisation id)
    wanted: frozenset[tuple[int, int]] | None = None  # None: every directive to every body

    def wants(self, directive: Directive, body: Organisation) -> bool:
        return self.wanted is None or (directive.pk, body.pk) in self.wanted

    @property
    def pairs(self) -> int:
        return (
            len(self.directives) * len(self.organisations)
            if self.wanted is None
            else len(self.wanted)
        )

    @property
    def fresh(self) -> int:
        """Obligations that would be made."""
        return self.pairs - len(self.existing)

    def new(self) -> Iterator[tuple[Directive, Organisation]]:
        """The pairs that would be made, directive by directive."""
        for directive in self.directives:
            for body in self.organisations:
                if (directive.pk, body.pk) not in self.existing and self.wants(directive, body):
                    yield directive, body


def preview(
    *,
    directives: Sequence[Directive],
    organisations: Sequence[Organisation],
    pairs: Collection[tuple[int, int]] | None = None,
) -> Preview:
    """What issuing these directives to these bodies would make; `pairs` (directive id, body id) leaves out all others."""
    chosen = {(directive.pk, body.pk) for directive in directives for body in organisations}
    wanted = None if pairs is None else frozenset(chosen.intersection(pairs))
    known = Obligation.objects.filter(directive__in=directives, organisation__in=organisations)
    existing = frozenset(known.values_list("directive_id", "organisation_id"))
    return Preview(
        directives, organisations, existing if wanted is None else existing & wanted, wanted
    )


def check(
    document: Document,
    directives: Sequence[Directive],
    organisations: Sequence[Organisation],
    terms: Terms,
    by: User | None,
    today: date,
) -> None:
    """Raise what stands against the issue: Invalid with every fault at once, or NotAllowed."""
    demand_own(document, by)
    errors: dict[str, list[str]] = {}
    if not directives:
        errors["directives"] = [_("Choose at least one directive.")]
    if not organisations:
        errors["organisations"] = [_("Choose at least one organisation.")]
    for directive in directives:
        if directive.statement:
            text = _("%(code)s is a statement. It requires nothing and cannot be assigned.") % {
                "code": directive.code
            }
            errors.setdefault("directives", []).append(text)
        if directive.document_id != document.pk:
            errors.setdefault("directives", []).append(
                _("%(code)s is of another document.") % {"code": directive.code}
            )
    for body in organisations:
        if body.valid_to is not None and body.valid_to <= today:
            text = _("%(body)s was abolished on %(day)s.") % {
                "body": body.name_hans,
                "day": body.valid_to.isoformat(),
            }
            errors.setdefault("organisations", []).append(text)
        if not may(by, "issue", body):
            raise NotAllowed(
                _("%(body)s is not below the organisation that you supervise.")
                % {"body": body.name_hans}
            )
    for name in ("starts_on", "plan_due_on", "due_on"):
        day = getattr(terms, name)
        if day is not None and day < today and by is not None:
            errors[name] = [_("This date has passed; choose today or later.")]
    if plan_day := wrong_plan_day(terms.deliverable, terms.plan_due_on):
        errors["plan_due_on"] = [plan_day]
    if terms.starts_on and terms.due_on and terms.due_on < terms.starts_on:
        errors["due_on"] = [_("The work would end before it starts.")]
    if errors:
        raise Invalid(errors)


def demand_own(document: Document, by: User | None) -> None:
    """Raise NotAllowed to whoever does not give this document's directives to anybody."""
    if not may(by, "own", document):
        raise NotAllowed(
            _(
                "Only supervisors of the organisation that registered the document, or of one above it, assign its directives."
            )
        )


def wrong_plan_day(deliverable: str, day: object) -> str:
    """What stands against the day by which a paper is due, in words; empty where nothing does.

    A day without a paper would run a clock for something that nobody was asked for.
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
    """Give directives to bodies; pairs that exist are left as they are. Returns the obligations made.

    `pairs` (directive id, body id) leaves out all other combinations. Raises Invalid with every fault at once, NotAllowed
    for a document that is not theirs to assign or a body that is not below the person's own, Stale where one of the pairs
    came to be meanwhile.
    """
    today = timezone.localdate(now)
    check(document, directives, organisations, terms, by, today)
    plan = preview(directives=directives, organisations=organisations, pairs=pairs)
    workdays = CalendarDay.objects.workdays(today)
    acknowledge_by = workdays.add(today, settings.ACKNOWLEDGE_DAYS)
    made = [owed_on(directive, body, terms, today) for directive, body in plan.new()]
    for row in made:
        row.acknowledge_by, row.moved_at = acknowledge_by, now
    if terms.first_leads:
        _let_first_lead(plan, made)
    for row in made:
        relight(row, today=today, workdays=workdays)
    try:
        Obligation.objects.bulk_create(made, batch_size=500)
    except IntegrityError as given:  # by somebody else, since we looked which pairs exist
        raise Stale from given
    open_items(made)
    tallies.count_in(made, today)
    told = [
        audit.Change(row, {}, {"state": ASSIGNED, "part": row.part, "due_on": row.due_on})
        for row in made
    ]
    audit.record_many("issue", told, by=by, now=now)
    notices.issued(document=document, obligations=made, by=by, now=now)
    return made


def _let_first_lead(plan: Preview, made: Sequence[Obligation]) -> None:
    """Of each directive the first body listed leads (列第一位的为牵头单位), unless somebody leads the directive already."""
    led = set(
        Obligation.objects.live()
        .filter(directive__in=plan.directives, part=LEAD)
        .values_list("directive_id", flat=True)
    )
    for directive in plan.directives:
        first = next((body.pk for body in plan.organisations if plan.wants(directive, body)), None)
        for row in made:
            if (
                row.directive_id == directive.pk
                and row.organisation_id == first
                and directive.pk not in led
            ):
                row.part = LEAD


def owed_on(directive: Directive, body: Organisation, terms: Terms, today: date) -> Obligation:
    """The unsaved obligation of a body on these terms, issued today."""
    part = LEAD if terms.lead is not None and terms.lead.pk == body.pk else terms.part
    return Obligation(
        document_id=directive.document_id, section_id=directive.section_id, directive=directive, organisation=body, part=part,
        deliverable=terms.deliverable, issued_on=today, starts_on=terms.starts_on or today, plan_due_on=terms.plan_due_on,
        due_on=terms.due_on, original_due_on=terms.due_on,
    )  # fmt: skip


def open_items(obligations: Sequence[Obligation]) -> None:
    """Every item of a directive starts as not started for each body that owes it."""
    items: dict[int, list[Item]] = {}
    for item in Item.objects.filter(directive__in={row.directive_id for row in obligations}):
        items.setdefault(item.directive_id, []).append(item)
    states = [
        ItemState(obligation=row, item=item)
        for row in obligations
        for item in items.get(row.directive_id, ())
    ]
    ItemState.objects.bulk_create(states, batch_size=500)
