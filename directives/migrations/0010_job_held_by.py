"""Which worker has a periodic job in hand. The database fills it in itself, for the code before it, which does not know it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directives", "0005_counts")]

    operations = [
        migrations.AddField(
            "jobrun",
            "held_by",
            models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
    ]
