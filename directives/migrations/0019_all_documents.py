"""Counts over all documents together. They are made from others: going back loses nothing that cannot be counted again."""

from datetime import date

from django.db import migrations, models
from django.db.models import CASCADE


def _id() -> tuple[str, models.Field]:
    return "id", models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


def _of(model: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False, on_delete=CASCADE, related_name="+", to=f"directives.{model}"
    )


def _lights() -> list[tuple[str, models.Field]]:
    counts = [
        (colour, models.IntegerField(default=0))
        for colour in ("green", "yellow", "red", "closed", "undue")
    ]
    return [*counts, ("percent_sum", models.BigIntegerField(default=0))]


class Migration(migrations.Migration):
    dependencies = [("directives", "0018_heard")]

    operations = [
        migrations.CreateModel(
            name="DocumentTotal",
            fields=[
                _id(),
                ("scope", _of("organisation")),
                ("document", _of("document")),
                *_lights(),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["scope", "document"], name="one_total_a_document"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="OverallMark",
            fields=[
                _id(),
                ("scope", _of("organisation")),
                ("topic", models.CharField(max_length=8)),
                ("word", models.CharField(blank=True, max_length=24)),
                ("day", models.DateField(default=date(1, 1, 1))),
                ("count", models.IntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["scope", "topic", "day", "word"], name="one_overall_mark"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="OverallDay",
            fields=[_id(), ("day", models.DateField()), ("scope", _of("organisation")), *_lights()],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["scope", "day"], name="one_overall_copy_a_day")
                ]
            },
        ),
    ]
