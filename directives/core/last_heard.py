"""The day of last activity on an obligation (`heard_on`), from which silence is counted.

Activity is a receipt, a submitted plan, a log entry, a submitted report entry, a reply and any
move.
Commands that change the obligation store it with the change (`transitions.HEARD_ACTIONS`); the
others call `note_heard`.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import F, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest, TruncDate
from django.utils import timezone

from directives.base.states import OPEN
from directives.core.transitions import SILENT, change_within
from directives.models import LogEntry, Obligation, Plan, ReplyRequest, ReportEntry, User


def note_heard(obligations: Iterable[Obligation], *, by: User | None, now: datetime) -> None:
    """Store activity of today on these obligations; lights that said "silent" change at once.

    Call it within `counted`. `light_changes_on` may still be the day on which silence would have
    begun; the tick of that day then changes nothing.
    """
    today = timezone.localdate(now)
    rows = [row for row in obligations if row.state in OPEN and row.last_heard < today]
    silent = [row for row in rows if row.light_code == SILENT]
    ids = [row.pk for row in rows if row.light_code != SILENT]
    if ids:
        # Locked in the order of their ids, so that two writers of the same rows cannot deadlock.
        not_silent = Obligation.objects.filter(pk__in=ids).exclude(light_code=SILENT)
        locked = not_silent.order_by("pk").select_for_update(no_key=True).values("pk")
        if Obligation.objects.filter(pk__in=locked).update(heard_on=today) != len(ids):
            # Some became silent since they were read.
            now_silent = Obligation.objects.filter(pk__in=ids, light_code=SILENT)
            silent += now_silent.select_related("organisation")
    change_within(silent, {"heard_on": today}, action="light", by=by, now=now)


def restore_heard(obligations: Iterable[Obligation], *, by: User | None, now: datetime) -> None:
    """Recompute `heard_on` from the stored history, after a log entry was withdrawn."""
    rows = {row.pk: row for row in obligations}
    days = heard_days(Obligation.objects.filter(pk__in=rows))
    changes_by_id = {
        pk: {"heard_on": day} for pk, day in days.items() if day != rows[pk].last_heard
    }
    changed = [row for pk, row in rows.items() if pk in changes_by_id]
    change_within(changed, None, changes_by_id=changes_by_id, action="light", by=by, now=now)


def heard_days(rows: QuerySet[Obligation]) -> dict[int, date]:
    """The day of last activity by obligation id, computed from the stored history."""
    plans = Plan.objects.filter(
        organisation=OuterRef("organisation"), document=OuterRef("document")
    )
    entries = ReportEntry.objects.filter(obligation=OuterRef("pk"))
    logs = LogEntry.objects.not_withdrawn().filter(measure__obligations=OuterRef("pk"))
    replies = ReplyRequest.objects.filter(obligation=OuterRef("pk"), replied_at__isnull=False)
    heard = rows.annotate(
        heard=Greatest(
            F("issued_on"),
            Coalesce(TruncDate("moved_at"), F("issued_on")),
            _latest(plans.filter(submitted_at__isnull=False), "document", "submitted_at"),
            _latest(entries.filter(submitted_at__isnull=False), "obligation", "submitted_at"),
            _latest(logs, "measure__obligations", "created_at"),
            _latest(replies, "obligation", "replied_at"),
        )
    )
    return dict(heard.values_list("pk", "heard"))


def _latest(rows: QuerySet[Any], by: str, at: str) -> Coalesce:
    """The day of the latest of these instants; the day of issue if there is none."""
    latest = rows.order_by().values(by).annotate(day=TruncDate(Max(at))).values("day")
    return Coalesce(Subquery(latest), F("issued_on"))
