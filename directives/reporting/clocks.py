"""When the next report on an obligation is due: the one place that sets the report clock once a cycle runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from directives.models import ProgressReport, ReportEntry
from directives.states import AWAITING, EDITABLE


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
    filed = {"report__organisation": report.organisation_id, "report__document": report.document_id}
    waiting = ReportEntry.objects.filter(obligation__in=list(obligations), state__in=EDITABLE | {AWAITING}, **filed)
    pending: dict[int, list[tuple[date, bool]]] = {}
    for pk, due_on, handed_in_at in waiting.values_list("obligation_id", "report__cycle__due_on", "submitted_at"):
        pending.setdefault(pk, []).append((due_on, handed_in_at is not None))
    unbegun = ProgressReport.objects.filter(organisation=report.organisation_id, document=report.document_id, begun_at=None)
    for_all = [(due_on, False) for due_on in unbegun.values_list("cycle__due_on", flat=True)]
    return {pk: _clock(pending.get(pk, []) + for_all) for pk in obligations}


def _clock(pending: list[tuple[date, bool]]) -> ReportClock:
    if not pending:
        return ReportClock()
    return ReportClock(min(due_on for due_on, _returned in pending), any(returned for _due_on, returned in pending))
