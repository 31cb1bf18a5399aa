"""How far an act has come that the worker carries out part by part."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directives", "0011_what_waits")]

    operations = [
        migrations.CreateModel(
            name="JobProgress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("asked", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("total", models.PositiveIntegerField()),
                ("done", models.PositiveIntegerField(default=0)),
                ("made", models.PositiveIntegerField(default=0)),
                ("reached", models.CharField(blank=True, default="", max_length=72)),
                ("finished_at", models.DateTimeField(null=True)),
                ("fault", models.TextField(blank=True, default="")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directives.document",
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["by", "finished_at"], name="job_of_person")]},
        ),
    ]
