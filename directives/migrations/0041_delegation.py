"""An obligation can be broken down to bodies below: which row each part is of, and how many."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directives", "0040_planned_cycles")]

    operations = [
        migrations.AddField(
            "obligation",
            "broken_from",
            models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="broken_into",
                to="directives.obligation",
                verbose_name="broken down from",
            ),
        ),
        migrations.AddField(
            "obligation",
            "parts",
            models.IntegerField(
                db_default=0, default=0, editable=False, verbose_name="number of parts"
            ),
        ),
        migrations.AddField(
            "obligation",
            "asks",
            models.TextField(blank=True, db_default="", default="", verbose_name="what is asked"),
        ),
        migrations.AddField(
            "obligation",
            "owed_before",
            models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
