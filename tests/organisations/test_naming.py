"""The names in a document mean bodies of the register, as of a day, and nothing is guessed."""

import time
from dataclasses import replace
from datetime import date

import pytest

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.models import BodyAlias, BodyClass, Event, Organisation
from directives.models.body_names import index_names
from directives.models.organisations import step
from directives.models.sql import insert, update_each
from directives.organisations.commands import (
    BodyEntry,
    BodyRow,
    change_body,
    forget,
    load_register,
    remember,
    save_bodies,
)
from directives.organisations.queries.naming import NamedBodies, bodies_named
from tests.factories import NOW, TODAY, make_administrator, make_body, make_member


def named(name: str, *, owner=None, on: date = TODAY) -> NamedBodies:
    return bodies_named([name], owner=owner, on=on)[name]


@pytest.mark.parametrize(
    ("name", "basis"),
    [
        ("全国总工会", "name"),
        ("全國總工會", "name"),
        ("全国 总工会", "name"),
        ("中华全国总工会", "full name"),
        ("中華全國總工會", "full name"),
    ],
)
def test_a_body_is_found_by_its_names_in_both_scripts(db, name, basis):
    union = make_body(name_hans="全国总工会", name_hant="全國總工會", full_name="中华全国总工会")
    make_body(name_hans="全国妇联", name_hant="全國婦聯")
    assert named(name) == NamedBodies(name, (union,), basis)


def test_a_name_of_no_body_is_unknown(db):
    make_body(name_hans="白云市工业和信息化局", name_hant="白雲市工業和信息化局")
    assert named("工信局") == NamedBodies("工信局", (), "unknown")
    assert bodies_named([], owner=None, on=TODAY) == {}


def test_an_abolished_body_leads_to_its_successor(db):
    merged = make_body(name_hans="文化和旅游部", valid_from=date(2018, 4, 1))
    department = make_body(name_hans="文化部", valid_to=date(2018, 4, 1), successor=merged)
    assert named("文化部") == NamedBodies("文化部", (merged,), "former name")
    assert named("文化部", on=date(2018, 3, 31)) == NamedBodies("文化部", (department,), "name")


def test_successions_are_followed_to_the_body_of_the_day(db):
    third = make_body(name_hans="丙", valid_from=date(2020, 1, 1))
    second = make_body(
        name_hans="乙", valid_from=date(2018, 1, 1), valid_to=date(2020, 1, 1), successor=third
    )
    make_body(name_hans="甲", valid_to=date(2018, 1, 1), successor=second)
    assert named("甲").bodies == (third,)
    assert named("甲", on=date(2019, 1, 1)).bodies == (second,)


def test_a_body_that_ended_without_a_successor_is_unknown(db):
    make_body(name_hans="旧办公室", valid_to=date(2018, 1, 1))
    assert named("旧办公室").basis == "unknown"


def test_the_own_tree_comes_first(db):
    one, other = make_body(name_hans="甲市委"), make_body(name_hans="乙市委")
    of_one = make_body(name_hans="组织部", parent=one)
    of_other = make_body(name_hans="组织部", parent=other)
    assert named("组织部", owner=one).bodies == (of_one,)
    assert named("组织部", owner=of_other).bodies == (of_other,)
    assert named("组织部") == NamedBodies("组织部", (), "ambiguous", (of_one, of_other))


def test_a_body_beside_the_owner_comes_before_those_below_other_bodies(db):
    city = make_body(name_hans="白云市委")
    districts = [make_body(name_hans=f"{name}区委", parent=city) for name in "甲乙"]
    own = make_body(name_hans="组织部", parent=city)
    of_districts = [make_body(name_hans="组织部", parent=district) for district in districts]
    assert named("组织部", owner=city).bodies == (own,)
    assert named("组织部", owner=districts[0]).bodies == (of_districts[0],)


@pytest.fixture
def city(db):
    """白云市 with its bodies, two districts with theirs, and another city of the province."""
    province = make_body(name_hans="中共云山省委员会", level="provincial", kind="committee")
    make_body(name_hans="云山省教育厅", parent=province, level="provincial")
    city = _place(province, "白云市", "municipal")
    for suffix in ("住房和城乡建设局", "工业和信息化局", "发展和改革委员会", "民政局"):
        make_body(name_hans=f"白云市{suffix}", parent=city, level="municipal")
    make_body(name_hans="中共白云市委组织部", parent=city, level="municipal")
    make_body(name_hans="白云市妇女联合会", parent=city, level="municipal")
    make_body(name_hans="共青团白云市委员会", parent=city, level="municipal")
    make_body(name_hans="白云市总工会", parent=city, level="municipal")
    make_body(name_hans="中国人民政治协商会议白云市委员会", parent=city, level="municipal")
    _place(city, "东湖区", "county")
    _place(city, "西湖区", "county")
    make_body(name_hans="石井街道办事处", parent=city, level="grassroots")
    _place(province, "绿水市", "municipal")
    return city


def _place(above, name, level):
    place = make_body(name_hans=f"中共{name}委员会", parent=above, level=level, kind="committee")
    for suffix in ("人民政府", "教育局", "人民代表大会常务委员会"):
        full_name = f"白云市{name}{suffix}" if level == "county" else ""
        make_body(name_hans=f"{name}{suffix}", full_name=full_name, parent=place, level=level)
    return place


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("市教育局", "白云市教育局"),
        ("白云市教育局", "白云市教育局"),
        ("教育局", "白云市教育局"),
        ("市委", "中共白云市委员会"),
        ("白云市委", "中共白云市委员会"),
        ("市政府", "白云市人民政府"),
        ("市人民政府", "白云市人民政府"),
        ("市人大常委会", "白云市人民代表大会常务委员会"),
        ("市政协", "中国人民政治协商会议白云市委员会"),
        ("市委组织部", "中共白云市委组织部"),
        ("白云市委组织部", "中共白云市委组织部"),
        ("组织部", "中共白云市委组织部"),
        ("团市委", "共青团白云市委员会"),
        ("共青团市委", "共青团白云市委员会"),
        ("市總工會", "白云市总工会"),
        ("市婦聯", "白云市妇女联合会"),
        ("市民政局", "白云市民政局"),
        ("市发展改革委", "白云市发展和改革委员会"),
        ("市发展和改革委", "白云市发展和改革委员会"),
        ("市住房城乡建设局", "白云市住房和城乡建设局"),
        ("東湖區教育局", "东湖区教育局"),
        ("白云市东湖区教育局", "东湖区教育局"),
        ("东湖区政府", "东湖区人民政府"),
        ("省教育厅", "云山省教育厅"),
        ("绿水市教育局", "绿水市教育局"),
        ("石井街道办", "石井街道办事处"),
    ],
)
def test_short_names_mean_bodies_of_the_owners_place(city, name, body):
    assert [found.name_hans for found in named(name, owner=city).bodies] == [body]


def test_short_names_are_read_from_the_bodies_of_a_place(city):
    education = city.children.get(name_hans="白云市教育局")
    district = city.children.get(name_hans="中共东湖区委员会")
    assert named("市民政局", owner=education).bodies[0].name_hans == "白云市民政局"
    assert named("市民政局", owner=district).bodies[0].name_hans == "白云市民政局"
    assert named("区教育局", owner=district).bodies[0].name_hans == "东湖区教育局"
    assert named("教育局", owner=district).bodies[0].name_hans == "东湖区教育局"


def test_bodies_of_two_districts_with_one_short_name_are_ambiguous(city):
    found = named("区教育局", owner=city)
    assert (found.bodies, found.basis) == ((), "ambiguous")
    assert [body.name_hans for body in found.candidates] == ["东湖区教育局", "西湖区教育局"]


@pytest.mark.parametrize(
    "name",
    [
        "工信局",
        "市工信局",
        "市委宣传部",  # not the 市委
        "市民宗局",
        "红山市教育局",
        "区工业和信息化局",
        "省民政局",
        "各有关单位",
    ],
)
def test_nothing_is_guessed(city, name):
    assert named(name, owner=city) == NamedBodies(name, (), "unknown")


def test_a_register_without_places_is_read_from_its_tree(db):
    city = make_body(name_hans="白云市人民政府", level="municipal")
    own = make_body(name_hans="教育局", parent=city, level="municipal")
    district = make_body(name_hans="东湖区人民政府", parent=city, level="county")
    of_district = make_body(name_hans="教育局", parent=district, level="county")
    for name in ("市教育局", "白云市教育局", "教育局"):
        assert named(name, owner=city).bodies == (own,)
    for name in ("东湖区教育局", "区教育局"):
        assert named(name, owner=city).bodies == (of_district,)


def test_a_renamed_body_is_found_by_the_short_form_of_its_former_name(city):
    new = make_body(name_hans="白云市卫生健康委员会", parent=city, valid_from=date(2019, 1, 1))
    old = make_body(
        name_hans="白云市卫生和计划生育委员会",
        parent=city,
        valid_to=date(2019, 1, 1),
        successor=new,
    )
    assert named("市卫生计生委", owner=city).basis == "unknown"
    assert named("市卫生和计划生育委", owner=city) == NamedBodies(
        "市卫生和计划生育委", (new,), "former name"
    )
    assert named("市卫生和计划生育委", owner=city, on=date(2018, 6, 1)).bodies == (old,)


def test_a_name_that_begins_later_means_its_predecessor(city):
    new = make_body(name_hans="白云市医疗保障局", parent=city, valid_from=date(2019, 1, 1))
    old = make_body(name_hans="白云市医保办", parent=city, valid_to=date(2019, 1, 1), successor=new)
    assert named("市医疗保障局", owner=city, on=date(2018, 6, 1)) == NamedBodies(
        "市医疗保障局", (old,), "former name"
    )


def test_keys_follow_every_change_of_a_name(city, cast):
    body = city.children.get(name_hans="白云市教育局")
    change_body(body, {"name_hans": "白云市文教局"}, version=body.version, by=None, now=NOW)
    assert named("市教育局", owner=city).basis == "unknown"
    assert named("市文教局", owner=city).bodies == (body,)
    saved = save_bodies(
        [BodyEntry("N1", {"name_hans": "白云市体育局", "parent": city.code})], by=None, now=NOW
    )["N1"]
    assert named("市体育局", owner=city).bodies == (saved,)
    saved.refresh_from_db()
    save_bodies([BodyEntry("N1", {"name_hans": "白云市文体局"}, saved)], by=None, now=NOW)
    assert named("市文体局", owner=city).bodies == (saved,)
    load_register([BodyRow(2, "N1", "白云市文旅局", parent=city.code)], by=None, now=NOW)
    assert named("市文旅局", owner=city).bodies == (saved,)
    assert named("市文体局", owner=city).basis == "unknown"


def test_the_number_of_queries_does_not_grow(db, django_assert_num_queries):
    heir = make_body(name_hans="新局")
    names = [f"第{number}局" for number in range(12)]
    for name in names:
        make_body(name_hans=name)
    make_body(name_hans="旧局", valid_to=date(2018, 1, 1), successor=heir)
    for asked in (["第0局", "旧局"], [*names, "旧局", "无此局"]):
        with django_assert_num_queries(5):
            assert len(bodies_named(asked, owner=heir, on=TODAY)) == len(asked)


@pytest.mark.once  # queries are counted alike; PostgreSQL keeps plans made for few rows
def test_a_nation_of_bodies_is_asked_in_as_many_queries(db, django_assert_num_queries):
    top = make_body("N")
    cities = [
        Organisation(code=f"N{number}", parent=top, name_hans=f"中共甲{number}市委员会")
        for number in range(500)
    ]
    _plant(cities)
    offices = [f"第{number}局" for number in range(70)]
    _plant(
        [
            Organisation(
                code=f"{city.code}-{number}",
                parent=city,
                name_hans=f"甲{city.code[1:]}市{office}",
            )
            for city in cities
            for number, office in enumerate(offices)
        ]
    )
    names = [f"市{office}" for office in offices] + ["市委", "市无此局"]
    began = time.perf_counter()
    with django_assert_num_queries(4):
        found = bodies_named(names, owner=cities[77], on=TODAY)
    assert time.perf_counter() - began < 1
    assert [found[name].bodies[0].parent_id for name in names[:-2]] == [cities[77].pk] * 70
    assert found["市委"].bodies == (cities[77],) and found["市无此局"].basis == "unknown"


def _plant(bodies: list[Organisation]) -> None:
    """Store many new bodies."""
    insert(Organisation, bodies)
    for body in bodies:
        body.path = body.parent.path + step(body.pk)
    update_each(Organisation, bodies, ["path"])
    index_names(bodies)


def test_a_person_says_once_what_a_name_means(city):
    body = city.children.get(name_hans="白云市工业和信息化局")
    both = list(Organisation.objects.filter(name_hans__endswith="湖区教育局").order_by("code"))
    supervisor = make_member(city, "supervisor")
    remember("市工信局", [body], owner=city, by=supervisor, now=NOW)
    remember("区教育局", both, owner=city, by=supervisor, now=NOW)
    assert named("市工信局", owner=city) == NamedBodies("市工信局", (body,), "alias")
    assert named("市工信 局", owner=city.children.first()).bodies == (body,)
    assert named("區教育局", owner=city).bodies == tuple(both)
    other = Organisation.objects.get(name_hans="中共绿水市委员会")
    assert named("市工信局", owner=other).basis == "unknown"
    events = Event.objects.filter(subject_type="bodyalias").order_by("pk")
    assert [(event.action, event.by, event.organisation) for event in events] == [
        ("add", supervisor, city)
    ] * 2
    assert events[0].after == {"name": "市工信局", "owner": city.code, "bodies": [body.code]}


def test_the_nearest_alias_decides_and_a_new_answer_replaces_it(city):
    district = city.children.get(name_hans="中共东湖区委员会")
    one, other = city.children.filter(name_hans__contains="局")[:2]
    administrator = make_administrator()
    first = remember("牵头办", [one], owner=None, by=administrator, now=NOW)
    assert remember("牵头办", [one], owner=None, by=administrator, now=NOW).version == 1
    remember("牵头办", [other], owner=district, by=administrator, now=NOW)
    assert named("牵头办", owner=city).bodies == (one,)
    assert named("牵头办", owner=district).bodies == (other,)
    again = remember("牵头办", [one, other], owner=None, by=administrator, now=NOW)
    assert (again.pk, again.version) == (first.pk, 2)
    assert set(named("牵头办", owner=city).bodies) == {one, other}
    with pytest.raises(Stale):
        forget(again, version=1, by=administrator, now=NOW)
    forget(again, version=2, by=administrator, now=NOW)
    assert named("牵头办", owner=city).basis == "unknown"
    assert Event.objects.filter(subject_type="bodyalias", action="delete").count() == 1


def test_an_alias_of_an_abolished_body_leads_to_its_successor(city):
    new = make_body(name_hans="数据局", parent=city)
    old = make_body(name_hans="信息办", parent=city, valid_to=date(2024, 1, 1), successor=new)
    remember("信息中心", [old], owner=city, by=make_administrator(), now=NOW)
    assert named("信息中心", owner=city) == NamedBodies("信息中心", (new,), "alias")


def test_who_may_say_what_a_name_means(city):
    district = city.children.get(name_hans="中共东湖区委员会")
    supervisor = make_member(district, "supervisor")
    for owner in (city, None):
        with pytest.raises(NotAllowed):
            remember("市委办", [district], owner=owner, by=supervisor, now=NOW)
    with pytest.raises(NotAllowed):
        remember("区委办", [district], owner=district, by=make_member(district, "staff"), now=NOW)
    with pytest.raises(Invalid):
        remember("区委办", [], owner=district, by=supervisor, now=NOW)
    assert not BodyAlias.objects.exists()


@pytest.fixture
def kinds(city):
    """Bodies of several kinds in 白云市."""
    Organisation.objects.filter(name_hans__endswith="人民政府").update(kind="government")
    Organisation.objects.filter(name_hans__contains="人民代表大会").update(kind="congress")
    Organisation.objects.filter(name_hans__endswith="局").update(kind="department")
    Organisation.objects.filter(name_hans__endswith="组织部").update(kind="party_department")
    Organisation.objects.filter(name_hans__endswith="街道办事处").update(kind="subdistrict")
    for name, kind in (
        ("白云市财政局", "department"),
        ("白云军分区", "military"),
        ("白云市政协", "cppcc"),
    ):
        make_body(name_hans=name, kind=kind, level="municipal", parent=city)
    return city


@pytest.mark.parametrize(
    ("name", "bodies"),
    [
        ("各区县", ["中共东湖区委员会", "中共西湖区委员会"]),
        ("各縣（市、區）", ["中共东湖区委员会", "中共西湖区委员会"]),
        ("各县(市、区)人民政府", ["东湖区人民政府", "西湖区人民政府"]),
        ("各街道办事处", ["石井街道办事处"]),
        ("各级党委", ["中共东湖区委员会", "中共西湖区委员会"]),
        (
            "人大",
            [
                "白云市人民代表大会常务委员会",
                "东湖区人民代表大会常务委员会",
                "西湖区人民代表大会常务委员会",
            ],
        ),
        ("政协", ["白云市政协"]),
        ("政府", ["白云市人民政府", "东湖区人民政府", "西湖区人民政府"]),
        ("财政", ["白云市财政局"]),
        ("解放軍", ["白云军分区"]),
        (
            "各部门",
            [
                "中共白云市委组织部",
                "白云市住房和城乡建设局",
                "白云市发展和改革委员会",
                "白云市工业和信息化局",
                "白云市教育局",
                "白云市民政局",
                "白云市财政局",
            ],
        ),
    ],
)
def test_classes_are_the_bodies_of_kinds_and_levels(kinds, name, bodies):
    Organisation.objects.filter(name_hans__endswith="改革委员会").update(kind="department")
    found = named(name, owner=kinds)
    assert found.basis == "class"
    assert sorted(body.name_hans for body in found.bodies) == sorted(bodies)


@pytest.mark.parametrize("name", ["市直有关部门", "市直各部门", "縣直有關部門", "各有关部门"])
def test_departments_concerned_are_all_of_the_owners_level(kinds, name):
    assert named(name, owner=kinds) == replace(named("各部门", owner=kinds), name=name)
    district = kinds.children.get(name_hans="中共东湖区委员会")
    assert [body.name_hans for body in named(name, owner=district).bodies] == ["东湖区教育局"]


def test_which_departments_are_concerned_is_for_a_person_to_say(kinds):
    assert named("有关部门", owner=kinds) == NamedBodies("有关部门", (), "unknown")
    assert named("市教育局等有关部门", owner=kinds).bodies == ()


def test_a_class_is_read_from_the_owner(kinds):
    district = kinds.children.get(name_hans="中共东湖区委员会")
    found = named("各部门", owner=district)
    assert [body.name_hans for body in found.bodies] == ["东湖区教育局"]
    assert named("各学校", owner=kinds) == NamedBodies("各学校", (), "unknown")


def test_administrators_add_classes(kinds):
    BodyClass.objects.create(name="各议事机构", kinds=["congress", "cppcc"], levels=["municipal"])
    found = named("各議事機構", owner=kinds)
    assert sorted(body.name_hans for body in found.bodies) == [
        "白云市人民代表大会常务委员会",
        "白云市政协",
    ]


def test_classes_and_aliases_cost_no_more_queries(kinds, django_assert_num_queries):
    administrator = make_administrator()
    for number in range(5):
        remember(f"别名{number}", [kinds], owner=kinds, by=administrator, now=NOW)
    for names in (["别名0", "各区县"], [*(f"别名{n}" for n in range(5)), "各区县", "人大", "政协"]):
        with django_assert_num_queries(6):
            assert all(
                found.bodies for found in bodies_named(names, owner=kinds, on=TODAY).values()
            )


@pytest.mark.parametrize(
    ("name", "bodies"),
    [
        ("各区教育局", ["东湖区教育局", "西湖区教育局"]),
        ("各縣（市、區）教育局", ["东湖区教育局", "西湖区教育局"]),
        ("各区人民政府", ["东湖区人民政府", "西湖区人民政府"]),
        ("各县（区）人大常委会", ["东湖区人民代表大会常务委员会", "西湖区人民代表大会常务委员会"]),
        ("各区水利局", []),
        ("各市教育局", []),  # those of the places below, not the city's own
    ],
)
def test_bodies_of_each_place_below_are_found_by_their_names(city, name, bodies):
    found = named(name, owner=city)
    assert [body.name_hans for body in found.bodies] == bodies
    assert found.basis == ("class" if bodies else "unknown")
