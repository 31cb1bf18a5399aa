"""Which entries of the work log the reports from before used.

Only their number was kept. What had been logged for the obligation before the report was handed in is taken as used: it may be
more than was, so that no word of a report that was handed in changes behind it. Some thousand rows at a time, each a transaction
of its own; broken off, it goes on where it was.
"""

from django.apps.registry import Apps
from django.db import migrations, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Max

from directives.base.online import AddIndexOnline

BATCH = 5000  # ids of one transaction
FILL = """
INSERT INTO directives_loguse (entry_id, log_entry_id, at)
SELECT entry.id, log.id, log.created_at
FROM directives_reportentry AS entry
JOIN directives_measure_obligations AS serves ON serves.obligation_id = entry.obligation_id
JOIN directives_logentry AS log ON log.measure_id = serves.measure_id
WHERE entry.id >= %s AND entry.id < %s AND entry.drawn_from > 0
  AND (entry.submitted_at IS NULL OR log.created_at <= entry.submitted_at)
ON CONFLICT DO NOTHING
"""


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    last = (
        apps.get_model("directives", "ReportEntry").objects.aggregate(last=Max("pk"))["last"] or 0
    )
    for start in range(0, last + 1, BATCH):
        with transaction.atomic(editor.connection.alias), editor.connection.cursor() as cursor:
            cursor.execute(FILL, [start, start + BATCH])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("directives", "0027_mended_log")]

    operations = [
        AddIndexOnline(
            "logentry",
            models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="log_corrects",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
