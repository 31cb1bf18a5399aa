"""Two reporting cycles that nobody reported in: one done, one about to end."""

from datetime import date
from random import Random

from directives.base.states import ESTABLISHED, IN_PROGRESS, SUBMITTED, UNDERWAY
from directives.core import relighting
from directives.made_up import sentences
from directives.made_up.sample.people import HOME
from directives.made_up.sample.stage import Stage
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

LAST_OPENED, LAST_DUE, THIS_OPENED = -118, -92, -24  # days from today
SILENT = ("Q05", "Q08", "P63")  # hand in nothing this time
LATE_SHARE = 0.25  # of the others have handed in a part so far
OPEN_SHARE = 0.15  # of the items still open when closing is asked for stay so, with a reason
WAITING_SHARE = 0.12  # of those that have wait for their review


def report_last(stage: Stage) -> None:
    """The last cycle: everybody reported, and all of it was accepted."""
    last = _open(stage, LAST_OPENED, stage.day(LAST_DUE))
    for report in _reports(last):
        _fill(stage, report, LAST_DUE - stage.rng.randint(1, 12))
        _review(stage, report, LAST_DUE + 4, returned_share=0)
    relighting.tick(now=stage.at(LAST_DUE + 6, 8))


def report_current(stage: Stage) -> None:
    """This cycle, about to end: most of it is in and reviewed, the home body's half is done."""
    due_on = CalendarDay.objects.workdays(stage.today).add(stage.today, 2)
    current = _open(stage, THIS_OPENED, due_on)
    relighting.tick(now=stage.at(-11, 8))
    for report in _reports(current):
        code = report.organisation.code
        if code == HOME:
            _report_home(stage, report)
        elif code not in SILENT:
            day = -stage.rng.randint(1, 10)
            late = stage.rng.random() <= LATE_SHARE
            _fill(stage, report, day, share=stage.rng.uniform(0.2, 0.8) if late else 1)
            if stage.rng.random() > WAITING_SHARE:
                _review(stage, report, day + 2, returned_share=0.03)


def _open(stage: Stage, opens: int, due_on: date) -> Cycle:
    day = stage.day(opens)
    return reporting.open_cycle(
        document=stage.document,
        year=day.year,
        period="quarter",
        number=(day.month - 1) // 3 + 1,
        opens_on=day,
        due_on=due_on,
        by=stage.supervisor,
        now=stage.at(opens, 9),
    )


def _reports(cycle: Cycle) -> list[ProgressReport]:
    rows = cycle.reports.select_related("organisation", "cycle", "document")
    return list(rows.order_by("organisation__code"))


def _fill(stage: Stage, report: ProgressReport, day: int, *, share: float = 1) -> None:
    """Begin a report, fill in about this share of its entries, and hand in what is ready."""
    writer = stage.writer(report.organisation)
    reporting.begin(report=report, by=writer, now=stage.at(day, 9))
    for place, entry in enumerate(_entries(report)):
        if place == 0 or stage.rng.random() < share:
            _write(stage, entry, writer, day)
    reporting.hand_in(report=report, by=stage.signs(report.organisation), now=stage.at(day, 16))


def _entries(report: ProgressReport) -> list[ReportEntry]:
    rows = report.entries.select_related(
        "obligation__directive", "obligation__organisation", "report__organisation"
    ).prefetch_related("obligation__directive__items")
    return list(rows.order_by("obligation__directive__order"))


def _write(stage: Stage, entry: ReportEntry, writer: User, day: int) -> None:
    row, rng = entry.obligation, stage.wording
    percent = stage.percent(row, stage.day(day))
    done = sentences.stage_of(percent)
    subject = stage.subject(row.directive, row.organisation)
    fields = reporting.EntryFields(
        progress=entry.progress or sentences.log_text(rng, *subject, stage=done) + "。",
        problems=rng.choice(sentences.PROBLEMS),
        next_steps=sentences.next_steps(rng, done),
        percent=percent,
    )
    reporting.save_entry(
        entry=entry, fields=fields, version=entry.version, by=writer, now=stage.at(day, 10)
    )


def _review(stage: Stage, report: ProgressReport, day: int, *, returned_share: float) -> None:
    entries = report.entries.filter(state=SUBMITTED).order_by("pk")
    decisions = {}
    for entry in entries:
        returned = stage.rng.random() < returned_share
        reason = stage.wording.choice(sentences.RETURNS) if returned else ""
        decisions[entry.pk] = (not returned, reason)
    reviewing.decide(
        report=report, decisions=decisions, by=stage.supervisor, now=stage.at(min(day, -1), 17)
    )


def _report_home(stage: Stage, report: ProgressReport) -> None:
    """The home body: half accepted, two returned, one awaiting signature, the rest unwritten."""
    reporting.begin(report=report, by=stage.staff, now=stage.at(-9, 9))
    entries = _entries(report)
    ready = entries[: len(entries) // 2]
    for entry in ready:
        _write(stage, entry, stage.staff, -8)
    reporting.hand_in(
        report=report, entries=[entry.pk for entry in ready], by=stage.staff, now=stage.at(-7, 10)
    )
    reporting.sign(report=report, by=stage.manager, now=stage.at(-6, 10))
    decisions = {
        entry.pk: (place > 1, "" if place > 1 else sentences.RETURNS[place])
        for place, entry in enumerate(ready)
    }
    reviewing.decide(report=report, decisions=decisions, by=stage.supervisor, now=stage.at(-1, 16))
    last = entries[-1]
    last.refresh_from_db()
    _write(stage, last, stage.staff, -1)
    reporting.hand_in(report=report, entries=[last.pk], by=stage.staff, now=stage.at(-1, 17))


def close_some(stage: Stage) -> None:
    """Between the cycles: items are ticked off, and what the diligent have done is closed."""
    _tick_items(stage)
    for row in _nearly_due(stage):
        if stage.rng.random() < stage.diligence[row.organisation_id] * 0.85:
            _ask(stage, row, -42)
            supervising.move_obligation(
                obligation=row,
                action="close",
                by=stage.supervisor,
                now=stage.at(-36, 9),
                reason=sentences.CLOSING_CONSENT,
            )


def ask_to_close(stage: Stage) -> None:
    """In the last days a few more asked for close-out; nobody has verified that yet."""
    for row in _nearly_due(stage)[::3]:
        if row.percent >= 80:
            _ask(stage, row, -2)


def _nearly_due(stage: Stage) -> list[Obligation]:
    rows = Obligation.objects.filter(state=UNDERWAY, due_on__lte=stage.day(10))
    return list(rows.select_related("organisation", "directive", "document").order_by("pk"))


def _ask(stage: Stage, row: Obligation, day: int) -> None:
    """Establish most open items in the days before; of the others the body says why not."""
    seed = f"{row.organisation.code} {row.directive.code}"
    rng, reasons = Random(seed), {}  # noqa: S311 - made-up work, not secrets
    items = row.item_states.exclude(state=ESTABLISHED)
    for item in items.select_related("obligation__organisation", "item"):
        if rng.random() < OPEN_SHARE:
            reasons[item.pk] = rng.choice(sentences.OPEN_REASONS)
        else:
            _establish(stage, item, stage.day(day - rng.randint(2, 15)), day - 1)
    supervising.move_obligation(
        obligation=row,
        action="request_close",
        by=stage.signs(row.organisation),
        now=stage.at(day, 9),
        reason=sentences.CLOSING_REQUEST,
        open_reasons=reasons,
    )


def _establish(stage: Stage, row: ItemState, on: date, day: int) -> None:
    supervising.set_item(
        item=row,
        state=ESTABLISHED,
        on=on,
        evidence=sentences.evidence_text(row.item.name_hans),
        version=row.version,
        by=stage.writer(row.obligation.organisation),
        now=stage.at(day, 15),
    )


def _tick_items(stage: Stage) -> None:
    rows = ItemState.objects.select_related("obligation__organisation", "item").filter(
        obligation__state=UNDERWAY
    )
    for row in rows.order_by("pk"):
        luck = stage.rng.random() * 100
        done = row.obligation.percent
        if luck < done * 0.7:
            _establish(stage, row, stage.day(-stage.rng.randint(62, 150)), -60)
        elif luck < done:
            supervising.set_item(
                item=row,
                state=IN_PROGRESS,
                on=None,
                evidence="",
                version=row.version,
                by=stage.writer(row.obligation.organisation),
                now=stage.at(-60, 15),
            )
