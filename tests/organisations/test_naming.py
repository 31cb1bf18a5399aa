"""The names in a document mean bodies of the register, as of a day, and nothing is guessed."""

from datetime import date

import pytest

from directives.organisations.queries.naming import NamedBodies, bodies_named
from tests.factories import TODAY, make_body


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


def test_the_number_of_queries_does_not_grow(db, django_assert_num_queries):
    heir = make_body(name_hans="新局")
    names = [f"第{number}局" for number in range(12)]
    for name in names:
        make_body(name_hans=name)
    make_body(name_hans="旧局", valid_to=date(2018, 1, 1), successor=heir)
    for asked in (["第0局", "旧局"], [*names, "旧局", "无此局"]):
        with django_assert_num_queries(2):
            assert len(bodies_named(asked, owner=heir, on=TODAY)) == len(asked)
