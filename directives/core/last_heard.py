"""When the organisation of an obligation was last heard from: what silence is counted from.

It is heard from by a receipt, a plan handed in, a log entry, an entry handed in and any move. Acts
that change the obligation note it themselves (`transitions.HEARD_ACTIONS`); the others call
`note_heard`.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import F, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest, TruncDate
from django.utils import timezone

from directives.base.states import OPEN
from directives.core.transitions import SILENT, change_within
from directives.models import LogEntry, Obligation, Plan, ReportEntry, User


def note_heard(obligations: Iterable[Obligation], *, by: User | None, now: datetime) -> None:
    """Note activity of these organisations today; lights that said "silent" change at once.

    Call it within `counted`. `light_changes_on` may keep a day on which silence would have begun:
    the tick then finds nothing to change.
    """
    today = timezone.localdate(now)
    rows = [row for row in obligations if row.state in OPEN and row.last_heard < today]
    silent = [row for row in rows if row.light_code == SILENT]
    ids = [row.pk for row in rows if row.light_code != SILENT]
    if ids:
        # Locked in the order of their ids, so that two writers of the same rows cannot deadlock.
        lit = Obligation.objects.filter(pk__in=ids).exclude(light_code=SILENT)
        locked = lit.order_by("pk").select_for_update(no_key=True).values("pk")
        if Obligation.objects.filter(pk__in=locked).update(heard_on=today) != len(ids):
            # Since they were read
            turned = Obligation.objects.filter(pk__in=ids, light_code=SILENT)
            silent += turned.select_related("organisation")
    change_within(silent, {"heard_on": today}, action="light", by=by, now=now)


def restore_heard(obligations: Iterable[Obligation], *, by: User | None, now: datetime) -> None:
    """Work `heard_on` out anew from what is stored, after something was withdrawn."""
    rows = {row.pk: row for row in obligations}
    days = heard_days(Obligation.objects.filter(pk__in=rows))
    each = {pk: {"heard_on": day} for pk, day in days.items() if day != rows[pk].last_heard}
    wrong = [row for pk, row in rows.items() if pk in each]
    change_within(wrong, None, each=each, action="light", by=by, now=now)


def _heard(rows: QuerySet[Obligation]) -> QuerySet[Obligation]:
    """The rows with the day on which each was last heard from, worked out from what is stored."""
    plans = Plan.objects.filter(
        organisation=OuterRef("organisation"), document=OuterRef("document")
    )
    entries = ReportEntry.objects.filter(obligation=OuterRef("pk"))
    logs = LogEntry.objects.not_withdrawn().filter(measure__obligations=OuterRef("pk"))
    return rows.annotate(
        heard=Greatest(
            F("issued_on"),
            Coalesce(TruncDate("moved_at"), F("issued_on")),
            _latest(plans.filter(submitted_at__isnull=False), "document", "submitted_at"),
            _latest(entries.filter(submitted_at__isnull=False), "obligation", "submitted_at"),
            _latest(logs, "measure__obligations", "created_at"),
        )
    )


def _latest(rows: QuerySet[Any], by: str, at: str) -> Coalesce:
    """The day of the latest of these instants; the day of issue where there is none."""
    latest = rows.order_by().values(by).annotate(day=TruncDate(Max(at))).values("day")
    return Coalesce(Subquery(latest), F("issued_on"))


def heard_days(rows: QuerySet[Obligation]) -> dict[int, date]:
    """By obligation: the day that its history tells."""
    return dict(_heard(rows).values_list("pk", "heard"))  # type: ignore[misc]  # annotated there
