"""Obligations entered from a table: each pair of directive and body on terms of its own, some hundred at a time; and taken back."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from directives import tallies
from directives.base.refusals import Invalid, NotAllowed
from directives.base.states import ASSIGNED, LIVE, NOT_STARTED
from directives.core import audit, notices
from directives.core.rules import may
from directives.core.transitions import hold, relight
from directives.models import (
    CalendarDay,
    Directive,
    Document,
    Measure,
    Notice,
    Obligation,
    Organisation,
    User,
)
from directives.models.documents import HEAVY
from directives.obligations.commands.giving import (
    Terms,
    demand_own,
    open_items,
    owed_on,
    wrong_plan_day,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One directive for one body, its terms, and who answers for it there."""

    directive: Directive
    organisation: Organisation
    terms: Terms
    leader: str = ""
    contact: str = ""
    note: str = ""


def faults_of(pair: Pair, *, by: User | None, today: date) -> dict[str, str]:
    """Everything that stands against issuing a pair, by the part of it that is wrong."""
    directive, body, terms, found = pair.directive, pair.organisation, pair.terms, {}
    if directive.statement:
        text = _("%(code)s is a statement. It requires nothing and cannot be assigned.")
        found["directive"] = text % {"code": directive.code}
    if body.valid_to is not None and body.valid_to <= today:
        day = {"body": body.name_hans, "day": body.valid_to.isoformat()}
        found["organisation"] = _("%(body)s was abolished on %(day)s.") % day
    for name in ("starts_on", "plan_due_on", "due_on"):
        day = getattr(terms, name)
        if day is not None and day < today and by is not None:
            found[name] = _("This date has passed; choose today or later.")
    if plan_day := wrong_plan_day(terms.deliverable, terms.plan_due_on):
        found["plan_due_on"] = plan_day
    if terms.due_on and terms.due_on < (terms.starts_on or today):
        found.setdefault("due_on", _("The work would end before it starts."))
    return found


@tallies.counted()
def issue_pairs(
    *, document: Document, pairs: Sequence[Pair], by: User | None, now: datetime
) -> list[Obligation]:
    """Give directives of one document to bodies, each pair on its own terms; returns the obligations in the order of the pairs.

    The bodies come with their paths; no pair may exist yet. Raises NotAllowed, or Invalid with what stands against a pair.
    """
    today = timezone.localdate(now)
    demand_own(document, by)
    for body in {pair.organisation for pair in pairs}:
        if not may(by, "issue", body):
            raise NotAllowed(
                _("%(body)s is not below the organisation that you supervise.")
                % {"body": body.name_hans}
            )
    for pair in pairs:
        found = faults_of(pair, by=by, today=today)
        if found:
            raise Invalid({name: [text] for name, text in found.items()})
    workdays = CalendarDay.objects.workdays(today)
    acknowledge_by = workdays.add(today, settings.ACKNOWLEDGE_DAYS)
    made = [owed_on(pair.directive, pair.organisation, pair.terms, today) for pair in pairs]
    for row, pair in zip(made, pairs, strict=True):
        row.acknowledge_by, row.moved_at = acknowledge_by, now
        row.leader, row.contact, row.note = pair.leader, pair.contact, pair.note
        relight(row, today=today, workdays=workdays)
    Obligation.objects.bulk_create(made, batch_size=500)
    open_items(made)
    tallies.count_in(made, today)
    told = [
        audit.Change(row, {}, {"state": ASSIGNED, "part": row.part, "due_on": row.due_on})
        for row in made
    ]
    audit.record_many("issue", told, by=by, now=now)
    _tell(document, made, by=by, now=now)
    return made


def _tell(
    document: Document, made: Iterable[Obligation], *, by: User | None, now: datetime
) -> None:
    """One notice a person and body for the whole table: what this part adds is counted into the one that an earlier part left."""
    counts = Counter(row.organisation for row in made)
    names = {body.name_hans: body for body in counts}
    told = set()
    title = f"《{document.title_hans}》"
    for notice in Notice.objects.filter(
        kind="issued", at=now, facts__document=title, facts__body__in=list(names)
    ):
        body = names[notice.facts["body"]]
        told.add(body)
        notice.facts = notice.facts | {"count": notice.facts["count"] + counts[body]}
        notice.save(update_fields=["facts"])
    notices.issued(
        document=document,
        obligations=[row for row in made if row.organisation not in told],
        by=by,
        now=now,
    )


@tallies.counted()
def take_back(obligations: Sequence[Obligation], *, by: User | None, now: datetime) -> None:
    """Delete obligations on which nothing was built yet, as if they had never been issued; the record keeps them.

    They come with their bodies, as they stand. Raises NotAllowed, or Invalid that names what was built on them.
    """
    documents = Document.objects.filter(pk__in={row.document_id for row in obligations})
    for document in documents.select_related("organisation").defer(*HEAVY):
        demand_own(document, by)
    for body in {row.organisation for row in obligations}:
        if not may(by, "issue", body):
            raise NotAllowed(
                _("%(body)s is not below the organisation that you supervise.")
                % {"body": body.name_hans}
            )
    rows = Obligation.objects.filter(pk__in=[row.pk for row in obligations])
    hold(rows)
    if any(row.state != ASSIGNED for row in obligations):
        raise Invalid(_("It was acknowledged, or something else has been done about them."))
    if Measure.objects.filter(obligations__in=rows).exists():
        raise Invalid(_("Some measures already serve them."))
    if rows.exclude(item_states__state=NOT_STARTED).filter(item_states__isnull=False).exists():
        raise Invalid(_("Some of their items have started."))
    delta = tallies.gathering()
    tallies.count_items(delta, [row for row in obligations if row.state in LIVE], -1)
    for row in obligations:
        delta.add(tallies.Standing.of(row), -1)
    told = [
        audit.Change(row, {"state": row.state, "part": row.part, "due_on": row.due_on})
        for row in obligations
    ]
    audit.record_many("take_back", told, by=by, now=now)
    try:
        rows.delete()
    except ProtectedError as error:
        raise Invalid(_("Progress reports already mention them.")) from error
