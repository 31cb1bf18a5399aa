"""The published working days of 2015 to 2026, from the table that the product ships."""

from pathlib import Path

from django.db import migrations

from directives.base.workdays import read_days

TABLE = Path(__file__).resolve().parent.parent / "made_up" / "sample" / "calendar.csv"


def fill(apps, schema_editor):
    days = read_days(TABLE.read_text(encoding="utf-8"))
    model = apps.get_model("directives", "CalendarDay")
    model.objects.bulk_create([model(day=d.day, working=d.working, name=d.name_hans) for d in days])


class Migration(migrations.Migration):
    dependencies = [("directives", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
