"""Closed work is read-only until it is reopened."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from directives.base.refusals import IllegalMove
from directives.base.states import CLOSE_REFUSED, CLOSED, WITHDRAWN
from directives.core.transitions import lock_rows
from directives.models import CloseOutEvidence, LogEntry, Measure, Obligation, ReportEntry


def closed_work() -> IllegalMove:
    """The refusal for whoever would change closed work."""
    return IllegalMove(_("This is closed and can no longer be changed. It can be reopened."))


def served_by(measures: Collection[int]) -> QuerySet[Any, Any]:
    """Which obligations these measures (ids) serve."""
    return Measure.obligations.through.objects.filter(measure__in=measures)


def closed_measures(measures: Collection[int]) -> set[int]:
    """Those of these measures (ids) that serve closed obligations and no open one."""
    served = served_by(measures)
    states: dict[int, set[str]] = {}
    for measure, state in served.values_list("measure", "obligation__state"):
        states.setdefault(measure, set()).add(state)
    return {pk for pk, of_one in states.items() if CLOSED in of_one <= {CLOSED, WITHDRAWN}}


def demand_open_measures(measures: Iterable[int]) -> None:
    """Raise IllegalMove if one of these measures (ids) serves closed obligations alone.

    Locks the obligations, so that none is closed before the transaction ends.
    """
    ids = set(measures)
    lock_rows(Obligation.objects.filter(pk__in=served_by(ids).values("obligation")))
    if closed_measures(ids):
        raise closed_work()


def demand_open_entries(entries: Iterable[ReportEntry]) -> None:
    """Raise IllegalMove if the obligation of one of these report entries is closed."""
    ids = {entry.obligation_id for entry in entries}
    if ids and Obligation.objects.filter(pk__in=ids, state=CLOSED).exists():
        raise closed_work()


def is_named_evidence(log_entry: LogEntry) -> bool:
    """Whether a request to close that was not refused names this log entry."""
    named = CloseOutEvidence.objects.filter(log_entry=log_entry)
    return named.exclude(close_out__state=CLOSE_REFUSED).exists()
