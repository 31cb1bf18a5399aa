"""What a table that was brought in says otherwise than stands here without its being taken over, cell by cell."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directives", "0028_log_uses")]

    operations = [
        migrations.AddField("intake", "untaken", models.JSONField(null=True)),
        migrations.AddField("intakerow", "untaken", models.JSONField(null=True)),
    ]
