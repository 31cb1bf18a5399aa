"""Made-up receipts, plans and work logs."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from directives.base.states import ASSIGNED
from directives.core import relighting
from directives.made_up import sentences
from directives.made_up.sample.people import HOME
from directives.made_up.sample.story import ACKNOWLEDGED, PLAN_DUE, PLANNED, Story, Subject
from directives.models import Measure, Obligation, Organisation, Plan, User
from directives.obligations.commands import supervising
from directives.plans import commands as planning

DIRECTIVES_PER_MEASURE = 3  # directives that one made-up measure serves
NO_PLAN = ("Q08", "P63")  # their implementation plan is long overdue
RETURNED_PLAN = ("Q16",)
NOT_ACKNOWLEDGED = ("M25",)
DISPUTED = ("P63", "十一.2.2")  # (body, directive): not answered, and not heard from since


def dispute(story: Story) -> None:
    """One body finds one directive misdirected."""
    rows = Obligation.objects.select_related("organisation", "directive", "document")
    row = rows.get(organisation__code=DISPUTED[0], directive__code=DISPUTED[1])
    by, now = story.writer(row.organisation), story.at(ACKNOWLEDGED, 8)
    reason = "干部培养由组织部门统筹，建议明确牵头单位后再行交办。"
    supervising.move_obligation(obligation=row, action="dispute", by=by, now=now, reason=reason)


def acknowledge(story: Story) -> None:
    """Nearly all bodies acknowledge receipt in time."""
    rows = Obligation.objects.filter(state=ASSIGNED).select_related("organisation")
    rows = rows.exclude(organisation__code__in=NOT_ACKNOWLEDGED)
    rows = rows.order_by("organisation_id", "pk")
    for _body, obligations in groupby(rows, key=lambda row: row.organisation_id):
        waiting = list(obligations)
        by = story.writer(waiting[0].organisation)
        supervising.acknowledge_many(obligations=waiting, by=by, now=story.at(ACKNOWLEDGED, 9))


def plan(story: Story) -> None:
    """Plans with measures for all obligations, handed in, and decided a fortnight later."""
    acknowledged = Obligation.objects.exclude(state=ASSIGNED).values("organisation")
    for body in Organisation.objects.filter(pk__in=acknowledged).order_by("code"):
        if body.code not in NO_PLAN:
            _plan_of(story, body)
    relighting.tick(now=story.at(PLAN_DUE + 1, 8))


def _plan_of(story: Story, body: Organisation) -> None:
    writer, now = story.writer(body), story.at(PLANNED + story.rng.randint(0, 15), 14)
    paper = planning.start_plan(document=story.document, organisation=body, by=writer, now=now)
    obligations = list(planning.owed_obligations(paper).prefetch_related("directive__items"))
    for start in range(0, len(obligations), DIRECTIVES_PER_MEASURE):
        _measure(story, paper, obligations[start : start + DIRECTIVES_PER_MEASURE], writer, now)
    hand_in = ("ask_signature", "sign") if body.code == HOME else ("hand_in",)
    for action in hand_in:
        by = story.manager if action == "sign" else writer
        planning.move_plan(paper, action, by=by, now=now)
    reason = sentences.PLAN_RETURN if body.code in RETURNED_PLAN else ""
    now = story.at(PLANNED + 24, 16)
    planning.decide(paper, accepted=not reason, reason=reason, by=story.supervisor, now=now)


def _measure(
    story: Story, paper: Plan, obligations: Sequence[Obligation], writer: User, now: datetime
) -> None:
    subject = story.subject(obligations[0].directive, paper.organisation)
    content = planning.MeasureContent(
        **sentences.measure_text(story.wording, *subject)._asdict(),
        obligations=tuple(obligations),
        due_on=min((row.due_on for row in obligations if row.due_on), default=None),
    )
    measure = planning.add_measure(paper, content=content, by=writer, now=now)
    _log(story, measure, subject, writer, paper.organisation)


def _log(
    story: Story, measure: Measure, subject: Subject, writer: User, body: Organisation
) -> None:
    """Entries from the plan to last week; bodies of low diligence have few."""
    entries = 1 + round(3 * story.diligence[body.pk])
    for place in range(entries):
        day = PLANNED + 30 + round((150 + story.rng.randint(-6, 6)) * (place + 1) / (entries + 1))
        text = sentences.log_text(story.wording, *subject, stage=place)
        planning.log_work(measure, on=story.day(day), text=text, by=writer, now=story.at(day, 17))


def log_the_last_days(story: Story) -> None:
    """Log entries of HOME in the last days, after it began its report."""
    home = Organisation.objects.get(code=HOME)
    measures = Measure.objects.filter(plan__organisation=home).order_by("number")
    for days, measure in zip((-4, -3, -2, -1), measures, strict=False):
        subject = story.subject(measure.obligations.order_by("pk")[0].directive, home)
        text = sentences.log_text(story.wording, *subject, stage=4)
        on, now = story.day(days), story.at(days, 17)
        planning.log_work(measure, on=on, text=text, by=story.staff, now=now)
