from itertools import islice

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from directives.base.body_names import keys_of

BATCH = 1000  # bodies whose keys are written at once


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    body_name = apps.get_model("directives", "BodyName")
    rows = apps.get_model("directives", "Organisation").objects.order_by("pk")
    names = rows.values_list("pk", "name_hans", "name_hant", "full_name").iterator()
    while batch := list(islice(names, BATCH)):
        body_name.objects.bulk_create(
            body_name(organisation_id=pk, key=key, **found)
            for pk, *of_body in batch
            for key, found in keys_of(*of_body).items()
        )


class Migration(migrations.Migration):
    dependencies = [("directives", "0034_text_hash_of_documents")]

    operations = [
        migrations.CreateModel(
            name="BodyName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=200)),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("name", "name"),
                            ("full name", "full name"),
                            ("short name", "short name"),
                        ],
                        max_length=10,
                    ),
                ),
                ("place", models.CharField(blank=True, max_length=200)),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="names",
                        to="directives.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["key"], name="body_name_by_key")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "key"), name="body_has_a_key_once"
                    )
                ],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
