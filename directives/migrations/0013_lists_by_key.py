"""Indexes in the order in which the log and the plans are read, and for who leads a directive."""

from django.db import migrations, models
from django.db.models import Q

from directives.base.online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("directives", "0012_long_acts")]

    operations = [
        AddIndexOnline("logentry", models.Index(fields=["-on", "-id"], name="log_newest")),
        AddIndexOnline(
            "plan",
            models.Index(
                fields=["-submitted_at", "-id"], name="plan_latest", condition=Q(live=True)
            ),
        ),
        AddIndexOnline(
            "obligation",
            models.Index(
                fields=["directive", "organisation"],
                name="obligation_leads",
                condition=Q(part="lead"),
            ),
        ),
    ]
