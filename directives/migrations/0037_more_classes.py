from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from directives.base.script import fold

# names, kinds, a word in the bodies' names; at every level
CLASSES = (
    ("各乡（镇） 乡镇人民政府 乡（镇）人民政府 各乡（镇）人民政府", ["township"], ""),
    ("乡镇（街道） 各街镇办", ["township", "subdistrict"], ""),
    ("各产业园区管委会 各产业园区 各开发区（园区） 各开发区（园区）管委会", ["zone"], ""),
    ("学校 各类学校", ["school"], ""),
    ("事业单位", ["institution"], ""),
    ("村民委员会 各村民委员会 村（居）委会 各村（居）委会 各村（居）", ["community"], ""),
    ("各级工会 各级工会组织", ["mass_organisation"], "工会"),
    ("各级团组织 各级共青团组织", ["mass_organisation"], "共青团"),
    ("各级妇联 各级妇联组织", ["mass_organisation"], "妇"),
    ("公安机关 各级公安机关", ["department", "state_organ"], "公安"),
)


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    body_class = apps.get_model("directives", "BodyClass")
    body_class.objects.bulk_create(
        (
            body_class(name=name, key=fold(name), kinds=kinds, levels=[], word=word)
            for names, kinds, word in CLASSES
            for name in names.split()
        ),
        ignore_conflicts=True,  # with classes that administrators have added
    )


class Migration(migrations.Migration):
    dependencies = [("directives", "0036_body_classes")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
