"""Since when a report awaits a verdict, and indexes by which what waits is read oldest first."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Min, OuterRef, Q, Subquery

from directives.base.online import AddIndexOnline


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Set the column for the reports that wait already."""
    entries = apps.get_model("directives", "ReportEntry").objects.filter(state="submitted")
    first = (
        entries.filter(report=OuterRef("pk"))
        .order_by()
        .values("report")
        .annotate(first=Min("submitted_at"))
        .values("first")
    )
    reports = apps.get_model("directives", "ProgressReport").objects.filter(
        pk__in=entries.values("report")
    )
    reports.update(waiting_since=Subquery(first))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("directives", "0010_job_held_by")]

    operations = [
        migrations.AddField("progressreport", "waiting_since", models.DateTimeField(null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndexOnline(
            "progressreport",
            models.Index(
                fields=["waiting_since", "organisation"],
                name="report_waits",
                condition=Q(waiting_since__isnull=False),
            ),
        ),
        AddIndexOnline(
            "reportentry",
            models.Index(fields=["report"], name="entry_returned", condition=Q(state="returned")),
        ),
        AddIndexOnline(
            "plan",
            models.Index(
                fields=["submitted_at", "organisation"],
                name="plan_waits",
                condition=Q(live=True, state="submitted"),
            ),
        ),
        AddIndexOnline(
            "document",
            models.Index(
                fields=["fictional"], name="document_fictional", condition=Q(fictional=True)
            ),
        ),
    ]
