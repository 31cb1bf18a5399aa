"""Indexes of parts, and of obligations that are broken down."""

from django.db import migrations, models

from directives.base.online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("directives", "0041_delegation")]

    operations = [
        AddIndexOnline(
            "obligation",
            models.Index(
                fields=["broken_from", "organisation"],
                name="obligation_parts",
                condition=models.Q(broken_from__isnull=False),
            ),
        ),
        AddIndexOnline(
            "obligation",
            models.Index(
                fields=["organisation", "document"],
                name="obligation_broken_down",
                condition=models.Q(parts__gt=0),
            ),
        ),
    ]
