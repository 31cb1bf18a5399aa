"""When the next report on an obligation is due: the one place that sets the report clock once a cycle runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import FilteredRelation, Q

from directives.base.states import AWAITING, EDITABLE
from directives.models import ProgressReport


@dataclass(frozen=True, slots=True)
class ReportClock:
    """`due_on` is None when nothing is owed; `returned`: what is owed was handed in before and sent back."""

    due_on: date | None = None
    returned: bool = False

    def fields(self) -> dict[str, date | bool | None]:
        """As the fields of an obligation."""
        return {"report_due_on": self.due_on, "report_returned": self.returned}


def report_clocks(report: ProgressReport, obligations: Iterable[int]) -> dict[int, ReportClock]:
    """The clock of each of these obligations of the report's body, from the entries as they now stand.

    Due is the earliest cycle of the document for which the entry is not handed in, or the report not begun.
    """
    wanted = list(obligations)
    held_back = Q(entries__obligation__in=wanted, entries__state__in=EDITABLE | {AWAITING})
    reports = ProgressReport.objects.filter(
        organisation=report.organisation_id, document=report.document_id
    )
    rows = reports.annotate(waiting=FilteredRelation("entries", condition=held_back)).filter(
        Q(begun_at=None) | Q(waiting__isnull=False)
    )
    pending: dict[int, list[tuple[date, bool]]] = {}
    for_all: list[tuple[date, bool]] = []
    found = rows.order_by().values_list(
        "cycle__due_on", "begun_at", "waiting__obligation", "waiting__submitted_at"
    )
    for due_on, begun_at, pk, handed_in_at in found:
        if pk is not None:
            pending.setdefault(pk, []).append((due_on, handed_in_at is not None))
        if begun_at is None:
            for_all.append((due_on, False))
    return {pk: _clock(pending.get(pk, []) + for_all) for pk in wanted}


def _clock(pending: list[tuple[date, bool]]) -> ReportClock:
    if not pending:
        return ReportClock()
    return ReportClock(
        min(due_on for due_on, _returned in pending), any(returned for _due_on, returned in pending)
    )
