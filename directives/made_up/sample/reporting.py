"""Two made-up reporting cycles: one complete, one about to end."""

from datetime import date
from random import Random

from directives.base.states import ESTABLISHED, IN_PROGRESS, SUBMITTED, UNDERWAY
from directives.core import relighting
from directives.made_up import sentences
from directives.made_up.sample.people import HOME
from directives.made_up.sample.story import Story
from directives.models import (
    CalendarDay,
    Cycle,
    ItemState,
    Obligation,
    ProgressReport,
    ReportEntry,
    User,
)
from directives.obligations.commands import supervising
from directives.reports import commands as reporting
from directives.reports.commands import reviewing

LAST_OPENED, LAST_DUE, CURRENT_OPENED = -118, -92, -24  # days from today
SILENT = ("Q05", "Q08", "P63")  # hand in nothing this time
PARTIAL_SHARE = 0.25  # of the others have handed in a part so far
OPEN_SHARE = 0.15  # of the items still open when closing is asked for stay so, with a reason
WAITING_SHARE = 0.12  # of those that have wait for their review


def report_last(story: Story) -> None:
    """The last cycle: everybody reported, and all of it was accepted."""
    last = _open(story, LAST_OPENED, story.day(LAST_DUE))
    for report in _reports(last):
        _fill(story, report, LAST_DUE - story.rng.randint(1, 12))
        _review(story, report, LAST_DUE + 4, returned_share=0)
    relighting.tick(now=story.at(LAST_DUE + 6, 8))


def report_current(story: Story) -> None:
    """The current cycle, about to end: most is submitted and reviewed, that of HOME half done."""
    due_on = CalendarDay.objects.workdays(story.today).add(story.today, 2)
    current = _open(story, CURRENT_OPENED, due_on)
    relighting.tick(now=story.at(-11, 8))
    for report in _reports(current):
        code = report.organisation.code
        if code == HOME:
            _report_home(story, report)
        elif code not in SILENT:
            day = -story.rng.randint(1, 10)
            is_partial = story.rng.random() <= PARTIAL_SHARE
            _fill(story, report, day, share=story.rng.uniform(0.2, 0.8) if is_partial else 1)
            if story.rng.random() > WAITING_SHARE:
                _review(story, report, day + 2, returned_share=0.03)


def _open(story: Story, opens: int, due_on: date) -> Cycle:
    day = story.day(opens)
    return reporting.open_cycle(
        document=story.document,
        year=day.year,
        period="quarter",
        number=(day.month - 1) // 3 + 1,
        opens_on=day,
        due_on=due_on,
        by=story.supervisor,
        now=story.at(opens, 9),
    )


def _reports(cycle: Cycle) -> list[ProgressReport]:
    rows = cycle.reports.select_related("organisation", "cycle", "document")
    return list(rows.order_by("organisation__code"))


def _fill(story: Story, report: ProgressReport, day: int, *, share: float = 1) -> None:
    """Begin a report, fill in about this share of its entries, and hand in what is ready."""
    writer = story.writer(report.organisation)
    reporting.begin(report=report, by=writer, now=story.at(day, 9))
    for place, entry in enumerate(_entries(report)):
        if place == 0 or story.rng.random() < share:
            _write(story, entry, writer, day)
    reporting.hand_in(report=report, by=story.signer(report.organisation), now=story.at(day, 16))


def _entries(report: ProgressReport) -> list[ReportEntry]:
    rows = report.entries.select_related(
        "obligation__directive", "obligation__organisation", "report__organisation"
    ).prefetch_related("obligation__directive__items")
    return list(rows.order_by("obligation__directive__order"))


def _write(story: Story, entry: ReportEntry, writer: User, day: int) -> None:
    row, rng = entry.obligation, story.wording
    percent = story.percent(row, story.day(day))
    stage = sentences.stage_of(percent)
    subject = story.subject(row.directive, row.organisation)
    fields = reporting.EntryFields(
        progress=entry.progress or sentences.log_text(rng, *subject, stage=stage) + "。",
        problems=sentences.problem(rng, stage),
        next_steps=sentences.next_steps(rng, stage),
        percent=percent,
    )
    reporting.save_entry(
        entry=entry, fields=fields, version=entry.version, by=writer, now=story.at(day, 10)
    )


def _review(story: Story, report: ProgressReport, day: int, *, returned_share: float) -> None:
    entries = report.entries.filter(state=SUBMITTED).order_by("pk")
    decisions = {}
    for entry in entries:
        returned = story.rng.random() < returned_share
        reason = story.wording.choice(sentences.RETURNS) if returned else ""
        decisions[entry.pk] = (not returned, reason)
    reviewing.decide(
        report=report, decisions=decisions, by=story.supervisor, now=story.at(min(day, -1), 17)
    )


def _report_home(story: Story, report: ProgressReport) -> None:
    """HOME: half accepted, two returned, one awaiting signature, the rest unwritten."""
    reporting.begin(report=report, by=story.staff, now=story.at(-9, 9))
    entries = _entries(report)
    ready = entries[: len(entries) // 2]
    for entry in ready:
        _write(story, entry, story.staff, -8)
    reporting.hand_in(
        report=report, entries=[entry.pk for entry in ready], by=story.staff, now=story.at(-7, 10)
    )
    reporting.sign(report=report, by=story.manager, now=story.at(-6, 10))
    decisions = {
        entry.pk: (place > 1, "" if place > 1 else sentences.RETURNS[place])
        for place, entry in enumerate(ready)
    }
    reviewing.decide(report=report, decisions=decisions, by=story.supervisor, now=story.at(-1, 16))
    last = entries[-1]
    last.refresh_from_db()
    _write(story, last, story.staff, -1)
    reporting.hand_in(report=report, entries=[last.pk], by=story.staff, now=story.at(-1, 17))


def close_some(story: Story) -> None:
    """Between the cycles: items are established, and some obligations are closed."""
    _tick_items(story)
    for row in _nearly_due(story):
        if story.rng.random() < story.diligence[row.organisation_id] * 0.85:
            _ask(story, row, -42)
            supervising.move_obligation(
                obligation=row,
                action="close",
                by=story.supervisor,
                now=story.at(-36, 9),
                reason=sentences.CLOSING_CONSENT,
            )


def ask_to_close(story: Story) -> None:
    """A few close-outs requested in the last days, not verified yet."""
    for row in _nearly_due(story)[::3]:
        if row.percent >= 80:
            _ask(story, row, -2)


def _nearly_due(story: Story) -> list[Obligation]:
    rows = Obligation.objects.filter(state=UNDERWAY, due_on__lte=story.day(10))
    return list(rows.select_related("organisation", "directive", "document").order_by("pk"))


def _ask(story: Story, row: Obligation, day: int) -> None:
    """Request a close-out: most open items are established before, the others have reasons."""
    seed = f"{row.organisation.code} {row.directive.code}"
    rng, reasons = Random(seed), {}  # noqa: S311 - made-up work, not secrets
    items = row.item_states.exclude(state=ESTABLISHED)
    for item in items.select_related("obligation__organisation", "item"):
        if rng.random() < OPEN_SHARE:
            reasons[item.pk] = rng.choice(sentences.OPEN_REASONS)
        else:
            _establish(story, item, story.day(day - rng.randint(2, 15)), day - 1)
    supervising.move_obligation(
        obligation=row,
        action="request_close",
        by=story.signer(row.organisation),
        now=story.at(day, 9),
        reason=sentences.CLOSING_REQUEST,
        open_reasons=reasons,
    )


def _establish(story: Story, row: ItemState, on: date, day: int) -> None:
    supervising.set_item(
        item=row,
        state=ESTABLISHED,
        on=on,
        evidence=sentences.evidence_text(row.item.name_hans),
        version=row.version,
        by=story.writer(row.obligation.organisation),
        now=story.at(day, 15),
    )


def _tick_items(story: Story) -> None:
    rows = ItemState.objects.select_related("obligation__organisation", "item").filter(
        obligation__state=UNDERWAY
    )
    for row in rows.order_by("pk"):
        draw = story.rng.random() * 100
        percent = row.obligation.percent
        if draw < percent * 0.7:
            _establish(story, row, story.day(-story.rng.randint(62, 150)), -60)
        elif draw < percent:
            supervising.set_item(
                item=row,
                state=IN_PROGRESS,
                on=None,
                evidence="",
                version=row.version,
                by=story.writer(row.obligation.organisation),
                now=story.at(-60, 15),
            )
