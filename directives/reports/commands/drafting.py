"""Drafts of entries: made from the work log, else carried over from the last accepted report."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet

from directives.base.states import ACCEPTED
from directives.models import LogEntry, LogUse, ProgressReport, ReportEntry
from directives.models.reports import BLANK, CARRIED, FROM_LOG


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields of an entry that nobody has edited; `log`: ids of the log entries in it."""

    progress: str = ""
    problems: str = ""
    next_steps: str = ""
    percent: int | None = None
    origin: str = BLANK
    log: tuple[int, ...] = ()

    def fields(self) -> dict[str, Any]:
        """The columns of the entry."""
        names = ("progress", "problems", "next_steps", "percent", "origin")
        return {**{name: getattr(self, name) for name in names}, "drawn_from": len(self.log)}


@dataclass(frozen=True, slots=True)
class Earlier:
    """An obligation in earlier cycles: its last accepted entry, and when it was last handed in."""

    accepted: ReportEntry | None = None
    handed_in_at: datetime | None = None
    percent: int | None = None


class LogLine(NamedTuple):
    """One line of the log. `corrects`: the id of the line that it replaces, already reported."""

    corrects: int | None
    on: date
    text: str
    written_at: datetime
    pk: int = 0


def entries_before(report: ProgressReport) -> QuerySet[ReportEntry]:
    """The organisation's entries of earlier cycles of the document, by the due day of the cycle.

    Of two cycles due on one day, the one that was opened later comes later.
    """
    rows = ReportEntry.objects.filter(
        report__organisation=report.organisation_id,
        report__document=report.document_id,
        report__cycle__due_on__lt=report.cycle.due_on,
    )
    return rows.order_by("report__cycle__due_on", "report__cycle_id")


def earlier_entries(report: ProgressReport) -> dict[int, Earlier]:
    """What the organisation reported in earlier cycles of the document, by obligation.

    Two queries: texts are read only of the last accepted entries, not of all years.
    """
    rows = entries_before(report).filter(Q(submitted_at__isnull=False) | Q(state=ACCEPTED))
    accepted: dict[int, int] = {}
    handed_in: dict[int, datetime] = {}
    for pk, obligation, state, at in rows.values_list("pk", "obligation", "state", "submitted_at"):
        if state == ACCEPTED:
            accepted[obligation] = pk
        if at:
            handed_in[obligation] = max(at, handed_in.get(obligation, at))
    with_cycle = ReportEntry.objects.select_related("report__cycle")
    entries = with_cycle.in_bulk(accepted.values()) if accepted else {}
    result = {obligation: Earlier(handed_in_at=at) for obligation, at in handed_in.items()}
    for obligation, pk in accepted.items():
        result[obligation] = Earlier(entries[pk], handed_in.get(obligation), entries[pk].percent)
    return result


def drafts(report: ProgressReport, obligations: Iterable[int]) -> dict[int, Draft]:
    """A draft for each of these obligations of the report's organisation."""
    earlier, log = earlier_entries(report), _log(report)
    return {
        pk: _draft(earlier.get(pk, Earlier()), log.get(pk, []), report.cycle.year)
        for pk in obligations
    }


def _log(report: ProgressReport) -> dict[int, list[LogLine]]:
    """The organisation's log on the document by obligation, oldest day first."""
    rows = LogEntry.objects.current().filter(
        measure__plan__organisation=report.organisation_id,
        measure__plan__document=report.document_id,
    )
    columns = ("measure__obligations", "corrects", "on", "text", "created_at", "pk")
    log: dict[int, list[LogLine]] = {}
    for obligation, *line in rows.order_by("on", "id").values_list(*columns):
        log.setdefault(obligation, []).append(LogLine(*line))
    return log


def note_uses(drafted: Mapping[int, Draft], *, now: datetime) -> None:
    """Store which log entries these entries (ids) are drafted from now.

    Uses in an entry that was handed in stay.
    """
    noted = LogUse.objects.filter(entry__in=drafted)
    noted.filter(Q(entry__submitted_at=None) | Q(at__gt=F("entry__submitted_at"))).delete()
    uses = [
        LogUse(entry_id=pk, log_entry_id=used, at=now)
        for pk, draft in drafted.items()
        for used in draft.log
    ]
    LogUse.objects.bulk_create(uses, batch_size=500, ignore_conflicts=True)


def _draft(earlier: Earlier, log: list[LogLine], year: int) -> Draft:
    since, last = earlier.handed_in_at, earlier.accepted
    new = [line for line in log if since is None or line.written_at > since]
    carried = (last.problems, last.next_steps, last.percent) if last else ("", "", None)
    if new:
        used = tuple(line.pk for line in new)
        return Draft(narrative(new, year), *carried, origin=FROM_LOG, log=used)
    return Draft(last.progress, *carried, origin=CARRIED) if last else Draft()


def narrative(log: Iterable[LogLine], year: int) -> str:
    """Lines of the log as one text: 10月9日，印发通知；座谈；10月12日，…。

    Days of other years include the year.
    """
    parts, day = [], None
    for line in log:
        text = ("更正：" if line.corrects else "") + " ".join(line.text.split()).rstrip("。；;.")
        if line.on != day:
            day = line.on
            text = f"{'' if day.year == year else f'{day.year}年'}{day.month}月{day.day}日，{text}"
        parts.append(text)
    return "；".join(parts) + "。" if parts else ""
