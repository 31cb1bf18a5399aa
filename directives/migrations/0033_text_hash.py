from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directives", "0032_desk_acts")]

    operations = [
        migrations.AddField(
            model_name="document",
            name="encoding",
            field=models.CharField(blank=True, db_default="", default="", max_length=16),
        ),
        migrations.AddField(
            model_name="document",
            name="text_sha256",
            field=models.CharField(
                blank=True, db_default="", db_index=True, default="", max_length=64
            ),
        ),
    ]
