"""What was withdrawn is counted nowhere: an index finds it."""

from django.db import migrations, models
from django.db.models import Q

from directives.base.online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("directives", "0013_lists_by_key")]

    operations = [
        AddIndexOnline(
            "obligation",
            models.Index(
                fields=["document", "organisation"],
                name="obligation_withdrawn",
                condition=Q(state="withdrawn"),
            ),
        ),
    ]
