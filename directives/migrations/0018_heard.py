"""When each obligation was last heard of, and why items of closed work may stand open.

What is stored tells when: moves, hand-ins, the log. It is filled in some thousand rows at a time, each
a transaction of its own; broken off, it goes on where it was. Lights of silent work turn with the next tick.
"""

from datetime import date

from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest, Now, TruncDate

from directives.base.online import AddConstraintOnline

BATCH = 5000  # ids of one transaction
OPEN = ("assigned", "acknowledged", "underway", "disputed", "suspended", "closing")


def _latest(rows: QuerySet, by: str, at: str) -> Coalesce:
    """The day of the latest of these instants; the day of issue where there is none."""
    latest = rows.order_by().values(by).annotate(day=TruncDate(Max(at))).values("day")
    return Coalesce(Subquery(latest), F("issued_on"))


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Set the day for work that is open; work at rest is heard of anew when it moves."""
    models_of = {
        name: apps.get_model("directives", name)
        for name in ("Obligation", "Plan", "ReportEntry", "LogEntry")
    }
    rows = models_of["Obligation"].objects.filter(state__in=OPEN)
    plans = models_of["Plan"].objects.filter(
        organisation=OuterRef("organisation"),
        document=OuterRef("document"),
        submitted_at__isnull=False,
    )
    entries = models_of["ReportEntry"].objects.filter(
        obligation=OuterRef("pk"), submitted_at__isnull=False
    )
    logs = models_of["LogEntry"].objects.filter(measure__obligations=OuterRef("pk"))
    heard = Greatest(
        F("issued_on"),
        Coalesce(TruncDate("moved_at"), F("issued_on")),
        _latest(plans, "document", "submitted_at"),
        _latest(entries, "obligation", "submitted_at"),
        _latest(logs, "measure__obligations", "created_at"),
    )
    last = models_of["Obligation"].objects.aggregate(last=Max("pk"))["last"] or 0
    for start in range(0, last + 1, BATCH):
        some = Q(pk__gte=start, pk__lt=start + BATCH)
        rows.filter(some, heard_on=None).update(heard_on=heard)
        _look_again(editor, start)
    if not last:  # all that will be counted is counted from the beginning
        runs = apps.get_model("directives", "JobRun").objects
        runs.get_or_create(name="counted:2", defaults={"last_day": date.min, "last_ran_at": Now()})


def _look_again(editor: BaseDatabaseSchemaEditor, start: int) -> None:
    """A green light is looked at again on the day on which silence would turn it."""
    if editor.connection.vendor == "postgresql":
        silent = f"GREATEST(heard_on, starts_on) + {settings.SILENT_DAYS}"
    else:
        silent = f"date(MAX(heard_on, starts_on), '+{settings.SILENT_DAYS} days')"
    with editor.connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE directives_obligation SET light_changes_on = {silent} "  # noqa: S608 - a number of the settings
            "WHERE id >= %s AND id < %s AND light = 'green' AND state <> 'closing' AND heard_on IS NOT NULL "
            f"AND (light_changes_on IS NULL OR light_changes_on > {silent})",
            [start, start + BATCH],
        )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("directives", "0016_sheets_and_statistics")]

    operations = [
        migrations.AddField(
            "obligation",
            "heard_on",
            models.DateField(editable=False, null=True, verbose_name="last heard on"),
        ),
        migrations.AddField(
            "itemstate",
            "open_reason",
            models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=200,
                verbose_name="why it is not established",
            ),
        ),
        AddConstraintOnline(
            "itemstate",
            models.CheckConstraint(
                condition=~Q(state="established") | Q(open_reason=""),
                name="established_item_needs_no_reason",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
