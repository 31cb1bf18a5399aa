import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from directives.base.online import AddFieldAgain, AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("directives", "0038_departments_concerned")]

    operations = [
        AddFieldAgain(
            "obligation",
            "handed_to",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="handed_over",
                to="directives.obligation",
            ),
        ),
        AddIndexOnline(
            "obligation",
            models.Index(
                fields=["acknowledge_by"],
                name="obligation_unreceived",
                condition=Q(state="assigned"),
            ),
        ),
        AddIndexOnline(
            "obligation",
            models.Index(
                fields=["handed_to"],
                name="obligation_handed_to",
                condition=Q(handed_to__isnull=False),
            ),
        ),
    ]
