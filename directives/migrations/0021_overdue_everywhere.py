"""What is overdue is found over all documents: the longest overdue of everybody, and the overdue of each body."""

from django.db import migrations, models
from django.db.models import Q

from directives.base.online import AddIndexOnline

RED = Q(light="red")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("directives", "0020_long_acts_have_states")]

    operations = [
        AddIndexOnline(
            "obligation",
            models.Index(fields=["light", "light_on"], name="obligation_overdue", condition=RED),
        ),
        AddIndexOnline(
            "obligation",
            models.Index(fields=["organisation"], name="obligation_overdue_of_body", condition=RED),
        ),
    ]
