"""What is kept of each day: a copy of the totals for every body whose work changed, so that any earlier day can be shown."""

from datetime import date, datetime, time

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from directives.models import Event, Mark, Tally, TallyDay, Total
from directives.states import COLOURS
from directives.tallies.recount import BODIES, acts_since

STEP = 500  # rows taken away in one transaction
TREE = ("found", "move", "merge")  # acts on a body after which every copy is made anew


@transaction.atomic
def copy_day(day: date) -> int:
    """Copy the totals as they stand as those of the end of `day`; returns the rows written.

    Bodies to whose subtree nothing has happened since the last copy are left out: their last copy still holds. A day that
    has a copy, or lies before one, is left as it is: nothing is written into the past.
    """
    last = TallyDay.objects.order_by("-day").values_list("day", flat=True).first()
    if last is not None and last >= day:
        return 0
    events = Event.objects.all()
    if last is not None:
        events = events.filter(at__gte=datetime.combine(last, time.min, timezone.get_current_timezone()))
    everything = last is None or events.filter(subject_type="organisation", action__in=TREE).exists()
    return _copy(day, None if everything else events)


def _copy(day: date, events: QuerySet[Event] | None) -> int:
    sums = ", ".join(f"SUM(CASE WHEN t.light = '{colour}' THEN t.count ELSE 0 END)" for colour in COLOURS)
    touched, where, params = "", "", [str(day)]
    if events is not None:
        sql, params = events.exclude(organisation=None).order_by().values("organisation_id").distinct().query.sql_with_params()
        touched = (
            f"WITH RECURSIVE up(body) AS ({sql} UNION "  # noqa: S608 - names of our own tables, and a query of Django's
            f"SELECT b.parent_id FROM up JOIN {BODIES} b ON b.id = up.body WHERE b.parent_id IS NOT NULL)"
        )
        where, params = "AND t.scope_id IN (SELECT body FROM up)", [*params, str(day)]
    as_day = "CAST(%s AS date)" if connection.vendor == "postgresql" else "%s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TallyDay._meta.db_table} (day, scope_id, document_id, section_id, {', '.join(COLOURS)}, percent_sum) {touched} "  # noqa: S608
            f"SELECT {as_day}, t.scope_id, t.document_id, t.section_id, {sums}, SUM(t.percent_sum) FROM {Total._meta.db_table} t "
            f"WHERE true {where} GROUP BY t.scope_id, t.document_id, t.section_id",
            params,
        )
        return cursor.rowcount


def prune() -> int:
    """Take away counts that have come to nothing and acts of days long past; no writer has to wait for it. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {acts_since()}")
        since = cursor.fetchone()[0]
    spent = [Tally.objects.filter(count=0, percent_sum=0), Mark.objects.filter(count=0)]
    if since is not None:  # None: nothing has ever happened
        spent.append(Mark.objects.filter(topic="act", day__lt=since))
    return sum(_take_away(rows) for rows in spent)


def _take_away(rows: QuerySet) -> int:
    """Delete in small steps what no writer holds at that moment."""
    gone, last = 0, 0
    while True:
        with transaction.atomic():
            idle = rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
            found = list(idle.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:STEP])
            gone += rows.model.objects.filter(pk__in=found).delete()[0]
        if len(found) < STEP:
            return gone
        last = found[-1]
