import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from directives.base.script import fold

CENTRAL, PROVINCE, CITY, COUNTY = ["central"], ["provincial"], ["municipal"], ["county"]
OWN, NEXT, ANY = ["own"], ["next"], []
PLACE = ["provincial_committee", "committee", "government"]
PARTY = ["provincial_committee", "committee"]
OFFICES = ["party_department", "department", "state_organ"]
# names, kinds, levels, whether only the topmost ones are meant, a word in the bodies' names
CLASSES = (
    ("各地 各地区", PLACE, NEXT, True, ""),
    (
        "各省 各省（区、市） 各省（自治区、直辖市） 各省、自治区、直辖市",
        *(PLACE, PROVINCE, True, ""),
    ),
    ("各省、自治区、直辖市党委", PARTY, PROVINCE, False, ""),
    ("各省、自治区、直辖市人民政府", ["government"], PROVINCE, False, ""),
    ("各市 各地市 各市（州） 各市州 各市（地、州） 各设区市 各地级市", PLACE, CITY, True, ""),
    ("各市人民政府 各市政府", ["government"], CITY, False, ""),
    ("各市委", PARTY, CITY, False, ""),
    (
        "各区县 各县区 各区 各县 各区（县） 各县（区） 各县（市） 各县市 各县（市、区） 各区（市、县） "
        "各区（县、市） 各县市区 各市县区 各市区县 各区（市） 各旗县区 各县（市）区",
        *(PLACE, COUNTY, True, ""),
    ),
    (
        "各区县人民政府 各区县政府 各区人民政府 各区政府 各县人民政府 各县政府 各县（市、区）人民政府 "
        "各县（市、区）政府 各县市区政府 各区（县）人民政府",
        *(["government"], COUNTY, False, ""),
    ),
    ("各区县党委 各区委 各县委 各区县委 各县（市、区）党委", PARTY, COUNTY, False, ""),
    ("各街道办事处 各街道 各街道办 各街道党工委", ["subdistrict"], ANY, False, ""),
    ("各乡镇 各镇 各乡镇人民政府 各镇人民政府 各乡镇政府", ["township"], ANY, False, ""),
    (
        "各镇街 各街镇 各镇（街道） 各乡镇（街道） 各街道（乡镇） 各街道（镇） 各镇、街道",
        *(["township", "subdistrict"], ANY, False, ""),
    ),
    ("各村（社区） 各社区 各村 各社区（村）", ["community"], ANY, False, ""),
    (
        "各开发区 各开发区管委会 各管委会 各园区 各园区管委会 各功能区 各功能区管委会 开发区管委会",
        *(["zone"], ANY, False, ""),
    ),
    ("各级党委 党委", PARTY, ANY, False, ""),
    (
        "各级党组织 各级党委（党组） 各级党委（党组、党工委）",
        [*PARTY, "state_organ"],
        ANY,
        False,
        "",
    ),
    ("各级党委和政府 各级党委、政府 各级党委政府", PLACE, ANY, False, ""),
    ("各级政府 各级人民政府 政府 地方各级人民政府", ["government"], ANY, False, ""),
    ("人大 各级人大 人大常委会 各级人大常委会", ["congress"], ANY, False, ""),
    ("政协 各级政协", ["cppcc"], ANY, False, ""),
    ("人民法院 各级人民法院 各级法院", ["court"], ANY, False, ""),
    ("人民检察院 各级人民检察院 各级检察院", ["procuratorate"], ANY, False, ""),
    ("各级纪委监委 纪检监察机关 各级纪检监察机关", ["discipline"], ANY, False, ""),
    ("财政 财政部门 各级财政 各级财政部门", ["department", "state_organ"], ANY, False, "财政"),
    ("各部门 各单位 市直各部门 县直各部门 区直各部门 省直各部门", OFFICES, OWN, False, ""),
    (
        "市直各单位 县直各单位 区直各单位 省直各单位 市各有关部门和单位 各部门各单位 各部门、各单位",
        *([*OFFICES, "mass_organisation", "institution"], OWN, False, ""),
    ),
    ("中央各部委", ["party_department"], CENTRAL, False, ""),
    ("国家机关各部委党组（党委）", ["state_organ"], CENTRAL, False, ""),
    ("中央和国家机关各部委", ["party_department", "state_organ"], CENTRAL, False, ""),
    (
        "解放军 军队 中国人民解放军 解放军各总部 各总部 各大单位党委 各大单位",
        *(["military"], ANY, False, ""),
    ),
    (
        "群团组织 各群团组织 群团组织领导机关 群团组织领导机关干部 群团干部 各级群团组织",
        *(["mass_organisation"], ANY, False, ""),
    ),
    ("中央管理的群团组织", ["mass_organisation"], CENTRAL, False, ""),
    ("各企业 各国有企业 国有企业 市属国有企业 市属各企业", ["enterprise"], ANY, False, ""),
    ("各学校 各高校 各高等院校 各中小学校", ["school"], ANY, False, ""),
    ("各医院 各医疗机构 各级医疗机构", ["hospital"], ANY, False, ""),
    ("各事业单位", ["institution"], ANY, False, ""),
)


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    body_class = apps.get_model("directives", "BodyClass")
    body_class.objects.bulk_create(
        body_class(
            name=name, key=fold(name), kinds=kinds, levels=levels, topmost=topmost, word=word
        )
        for names, kinds, levels, topmost, word in CLASSES
        for name in names.split()
    )


class Migration(migrations.Migration):
    dependencies = [("directives", "0035_body_names")]

    operations = [
        migrations.CreateModel(
            name="BodyClass",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name in documents")),
                ("key", models.CharField(editable=False, max_length=100, unique=True)),
                (
                    "kinds",
                    models.JSONField(
                        blank=True, default=list, verbose_name="kinds of organisations"
                    ),
                ),
                ("levels", models.JSONField(blank=True, default=list, verbose_name="levels")),
                (
                    "word",
                    models.CharField(
                        blank=True,
                        help_text="Only organisations with this word.",
                        max_length=40,
                        verbose_name="word in their names",
                    ),
                ),
                (
                    "topmost",
                    models.BooleanField(
                        default=False,
                        help_text="Leave out organisations that are below another one of the same class.",
                        verbose_name="topmost only",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "class of organisations",
                "verbose_name_plural": "classes of organisations",
                "ordering": ["name"],
            },
        ),
        migrations.AlterField(
            model_name="organisation",
            name="kind",
            field=models.CharField(
                choices=[
                    ("centre", "Central Committee"),
                    ("provincial_committee", "Provincial Party committee"),
                    ("mass_organisation", "Mass organisation"),
                    ("state_organ", "State organ’s Party group"),
                    ("party_department", "Party department"),
                    ("military", "Military"),
                    ("committee", "Party committee"),
                    ("discipline", "Discipline inspection and supervision"),
                    ("congress", "People’s congress"),
                    ("government", "People’s government"),
                    ("cppcc", "Political consultative conference"),
                    ("department", "Government department"),
                    ("court", "People’s court"),
                    ("procuratorate", "People’s procuratorate"),
                    ("zone", "Development zone"),
                    ("subdistrict", "Subdistrict office"),
                    ("township", "Township or town"),
                    ("community", "Village or community"),
                    ("enterprise", "Enterprise"),
                    ("school", "School or university"),
                    ("hospital", "Hospital"),
                    ("institution", "Public institution"),
                    ("other", "Other"),
                ],
                default="other",
                max_length=24,
                verbose_name="kind of organisation",
            ),
        ),
        migrations.AlterField(
            model_name="tally",
            name="body_kind",
            field=models.CharField(
                choices=[
                    ("centre", "Central Committee"),
                    ("provincial_committee", "Provincial Party committee"),
                    ("mass_organisation", "Mass organisation"),
                    ("state_organ", "State organ’s Party group"),
                    ("party_department", "Party department"),
                    ("military", "Military"),
                    ("committee", "Party committee"),
                    ("discipline", "Discipline inspection and supervision"),
                    ("congress", "People’s congress"),
                    ("government", "People’s government"),
                    ("cppcc", "Political consultative conference"),
                    ("department", "Government department"),
                    ("court", "People’s court"),
                    ("procuratorate", "People’s procuratorate"),
                    ("zone", "Development zone"),
                    ("subdistrict", "Subdistrict office"),
                    ("township", "Township or town"),
                    ("community", "Village or community"),
                    ("enterprise", "Enterprise"),
                    ("school", "School or university"),
                    ("hospital", "Hospital"),
                    ("institution", "Public institution"),
                    ("other", "Other"),
                ],
                max_length=24,
            ),
        ),
        migrations.CreateModel(
            name="BodyAlias",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name in documents")),
                ("key", models.CharField(editable=False, max_length=200)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "bodies",
                    models.ManyToManyField(
                        related_name="aliased",
                        to="directives.organisation",
                        verbose_name="organisations meant",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        help_text="And of the organisations below it. Empty: in all documents.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="aliases",
                        to="directives.organisation",
                        verbose_name="in documents of",
                    ),
                ),
            ],
            options={
                "verbose_name": "name with its organisations",
                "verbose_name_plural": "names with their organisations",
                "ordering": ["name", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("key", "owner"), name="alias_is_told_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("owner", None)),
                        fields=("key",),
                        name="alias_for_all_is_told_once",
                    ),
                ],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
