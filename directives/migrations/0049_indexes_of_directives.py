"""Indexes of the obligations of a directive that are broken down, or supporting."""

from django.db import migrations, models

from directives.base.online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("directives", "0048_files_of_look_backs")]

    operations = [
        AddIndexOnline(
            "obligation",
            models.Index(
                fields=["directive"],
                name="obligation_broken_directive",
                condition=models.Q(parts__gt=0),
            ),
        ),
        AddIndexOnline(
            "obligation",
            models.Index(
                fields=["directive"],
                name="obligation_supporting",
                condition=models.Q(part="supporting"),
            ),
        ),
    ]
