from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from directives.base.script import fold

# As 各部门. 有关部门 alone is no class: which departments are concerned is for a person to say.
NAMES = (
    "省直有关部门 市直有关部门 县直有关部门 区直有关部门 "
    "省直各有关部门 市直各有关部门 县直各有关部门 区直各有关部门 各有关部门"
)
OFFICES = ["party_department", "department", "state_organ"]


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    body_class = apps.get_model("directives", "BodyClass")
    body_class.objects.bulk_create(
        (
            body_class(name=name, key=fold(name), kinds=OFFICES, levels=["own"])
            for name in NAMES.split()
        ),
        ignore_conflicts=True,  # with classes that administrators have added
    )


class Migration(migrations.Migration):
    dependencies = [("directives", "0037_more_classes")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
