"""What waits for those above has an index for each of its two states: SQLite does not use one for both."""

from django.db import migrations, models
from django.db.models import Q

from directives.base.online import AddIndexOnline, RemoveIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("directives", "0014_withdrawn")]

    operations = [
        AddIndexOnline(
            "obligation",
            models.Index(
                fields=["moved_at"], name="obligation_disputed", condition=Q(state="disputed")
            ),
        ),
        AddIndexOnline(
            "obligation",
            models.Index(
                fields=["moved_at"], name="obligation_closing", condition=Q(state="closing")
            ),
        ),
        RemoveIndexOnline("obligation", "obligation_waits"),
    ]
