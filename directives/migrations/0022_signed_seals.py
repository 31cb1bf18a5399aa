"""Seals say how many there are, the root over all events, and who signed them; what awaits a seal has a code of who wrote it."""

from django.db import migrations, models


def words(length: int) -> models.CharField:
    return models.CharField(blank=True, db_default="", default="", max_length=length)


class Migration(migrations.Migration):
    dependencies = [("directives", "0021_overdue_everywhere")]

    operations = [
        migrations.AddField("seal", "number", models.PositiveBigIntegerField(null=True)),
        migrations.AddField("seal", "total", models.PositiveBigIntegerField(null=True)),
        migrations.AddField("seal", "root", words(64)),
        migrations.AddField("seal", "tree", models.JSONField(null=True)),
        migrations.AddField("seal", "key", words(64)),
        migrations.AddField("seal", "next_key", words(64)),
        migrations.AddField("seal", "signature", words(128)),
        migrations.AddField("unsealed", "mac", words(64)),
    ]
