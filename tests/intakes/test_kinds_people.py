"""People and their roles brought in as a table."""

import pytest
from django.utils import translation

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.catalogue.kinds import KINDS
from directives.intakes import pages
from directives.models import Event, Membership, Organisation, User
from directives.models.intakes import CHANGED, NEW, SAME, WRONG
from tests.factories import NOW, TODAY, make_administrator, make_user
from tests.intakes.bringing import bring

PEOPLE = KINDS["people"]


@pytest.fixture
def bring_in(request):
    """The whole way of a file, beside `bring` of rows alone."""
    return request.getfixturevalue("bring")


@pytest.fixture
def keeper(cast):
    return make_administrator("keeper")


def roles(name):
    return sorted(
        Membership.objects.filter(user__username=name).values_list("organisation__code", "role")
    )


def test_who_brings_in_people(cast, keeper):
    people = (keeper, cast.admin, cast.supervisor, cast.staff, cast.outsider)
    assert [PEOPLE.may(User.objects.get(pk=who.pk)) for who in people] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_people_are_made_without_a_password_and_with_their_roles(cast, keeper):
    table = [
        {
            "username": "zhang",
            "full_name": "张三",
            "phone": "010-1",
            "body": "Q01",
            "role": "staff",
        },
        {"username": "zhang", "full_name": "张三", "phone": None, "body": "Q02", "role": "viewer"},
        {
            "username": "li",
            "full_name": "李四",
            "memberships": ("全国总工会:负责人", "Q02：staff"),
            "active": "no",
        },
        {"username": "staff", "full_name": "林晓岚", "body": "Q01", "role": "staff"},
        {"username": "manager", "full_name": "顾明", "body": "Q01A", "role": "viewer"},
    ]
    imported = bring(PEOPLE, keeper, table)
    assert imported.verdicts == [NEW, NEW, NEW, SAME, CHANGED]
    assert imported.planned[4].after == {
        "full_name": "顾明",
        "memberships": ["Q01:manager", "Q01A:viewer"],
    }
    imported.apply()
    zhang, li = User.objects.get(username="zhang"), User.objects.get(username="li")
    assert (
        zhang.full_name,
        zhang.phone,
        zhang.has_usable_password(),
        zhang.is_active,
        zhang.is_staff,
    ) == (
        "张三",
        "010-1",
        False,
        True,
        False,
    )
    assert (roles("zhang"), roles("li"), li.is_active) == (
        [("Q01", "staff"), ("Q02", "viewer")],
        [("Q01", "manager"), ("Q02", "staff")],
        False,
    )
    assert roles("manager") == [("Q01", "manager"), ("Q01A", "viewer")]
    assert Event.objects.filter(by=keeper, subject_type="user").count() == 3
    assert Event.objects.filter(by=keeper, subject_type="membership", action="add").count() == 5
    imported.undo()
    assert not User.objects.filter(username__in=("zhang", "li")).exists()
    assert (roles("manager"), User.objects.get(username="manager").full_name) == (
        [("Q01", "manager")],
        "顾明远",
    )


def test_faults_of_people(cast, keeper):
    table = [
        {"username": "a b", "email": "nowhere"},
        {"username": "c", "body": "ZZ", "role": "staff"},
        {"username": "d", "body": "Q01", "role": None},
        {"username": "e", "memberships": ("Q01",)},
        {"username": "f", "full_name": "甲"},
        {"username": "f", "full_name": "乙"},
        {"username": "keeper", "full_name": "keeper", "body": "C000", "role": "supervisor"},
        {"username": "admin", "email": "mine@example.org"},
        {"username": "keeper", "full_name": "keeper"},
    ]
    imported = bring(PEOPLE, keeper, table)
    assert [(number, field) for number, field, _text in imported.faults] == [
        (1, "username"),
        (1, "email"),
        (2, "body"),
        (3, "role"),
        (4, "memberships"),
        (6, "username"),
        (7, "username"),
        (8, "username"),
    ]
    assert imported.verdicts == [WRONG, WRONG, WRONG, WRONG, NEW, WRONG, WRONG, WRONG, SAME]


def test_nobody_gives_themselves_a_role(cast, keeper):
    imported = bring(
        PEOPLE, cast.admin, [{"username": "keeper", "body": "C000", "role": "supervisor"}]
    )
    imported.context = type(imported.context)(
        User.objects.get(pk=keeper.pk), imported.context.now, imported.context.today, {}
    )
    with pytest.raises(NotAllowed):
        imported.apply()
    imported.context = type(imported.context)(
        cast.supervisor, imported.context.now, imported.context.today, {}
    )
    with pytest.raises(NotAllowed):
        imported.apply()
    assert roles("keeper") == []


def test_what_changed_meanwhile_stops_everything(cast, keeper):
    imported = bring(
        PEOPLE,
        keeper,
        [{"username": "new", "full_name": "新"}, {"username": "staff", "full_name": "林"}],
    )
    User.objects.filter(username="staff").update(full_name="林岚")
    with pytest.raises(Stale, match="Sheet1"):
        imported.apply()
    User.objects.filter(username="staff").update(full_name="林晓岚")
    make_user("new")
    with pytest.raises(Stale):
        imported.apply()
    assert User.objects.get(username="new").full_name == "new"


@pytest.mark.parametrize("built", ["password", "role", "changed"])
def test_undo_refuses_where_an_account_is_used(cast, keeper, built):
    imported = bring(
        PEOPLE, keeper, [{"username": "new", "full_name": "新", "body": "Q01", "role": "staff"}]
    )
    imported.apply()
    user = User.objects.get(username="new")
    if built == "password":
        user.set_password("long enough 1")
        user.save()
    elif built == "role":
        Membership.objects.create(user=user, organisation=cast.sibling, role="viewer")
    else:
        User.objects.filter(pk=user.pk).update(full_name="新新")
    with pytest.raises(Invalid):
        imported.undo()
    assert roles("new")[0] == ("Q01", "staff")


def test_what_a_person_keeps_besides_is_said(cast, keeper, bring_in):
    """A role that is given never takes another away, and the row says what stays."""
    table = "用户名,单位,角色\nmanager,Q01,只读\nviewer,C000,只读\nviewer,Q01,只读\n"
    with translation.override("zh-hans"):
        intake = bring_in(cast.admin, table, kind="people")
        lines = pages.view_of(intake, {"verdict": "all"}, NOW).lines
    assert [line.row.label for line in lines] == [
        "manager 顾明远 · 另保留：Q01 负责人",
        "viewer viewer",
        "viewer viewer",
    ]
    assert [(change.before, change.after) for change in lines[0].changes] == [
        ("Q01 负责人", "Q01 负责人、Q01 只读")
    ]
    assert any("1" in remark and "保留" in remark for remark in intake.remarks)
    assert "保留" not in "".join(
        bring_in(cast.admin, "用户名,电话\nmanager,010-1\n", kind="people").remarks
    )


def test_a_role_ends_where_a_row_says_so_and_comes_back_with_undo(cast, keeper):
    Membership.objects.create(user=cast.viewer, organisation=cast.sibling, role="staff")
    Organisation.objects.filter(pk=cast.sibling.pk).update(valid_to=TODAY)
    table = [
        {"username": "manager", "body": "Q01", "role": "manager", "ended": "yes"},
        {"username": "manager", "body": "Q01", "role": "viewer", "ended": "no"},
        {"username": "viewer", "memberships": ("Q02:staff", "Q01:staff"), "ended": "yes"},
        {"username": "stranger", "body": "Q01", "role": "staff", "ended": "yes"},
    ]
    imported = bring(PEOPLE, keeper, table)
    assert imported.verdicts == [CHANGED, CHANGED, CHANGED, SAME]
    assert [row.label for row in imported.planned[:3]] == [
        "manager 顾明远",
        "manager 顾明远",
        "viewer viewer · 另保留：C000 只读",
    ]
    imported.apply()
    assert (roles("manager"), roles("viewer")) == ([("Q01", "viewer")], [("C000", "viewer")])
    assert Event.objects.filter(by=keeper, subject_type="membership", action="delete").count() == 2
    imported.undo()
    assert (roles("manager"), roles("viewer")) == (
        [("Q01", "manager")],
        [("C000", "viewer"), ("Q02", "staff")],
    )
    assert Event.objects.filter(by=keeper, subject_type="membership", action="add").count() == 3


def test_faults_of_roles_that_end(cast, keeper):
    table = [
        {"username": "manager", "full_name": "顾明远", "ended": "yes"},
        {"username": "nobody", "body": "Q01", "role": "staff", "ended": "yes"},
        {"username": "staff", "body": "Q01", "role": "staff", "ended": "yes"},
        {"username": "staff", "body": "Q01", "role": "staff"},
        {"username": "keeper", "body": "C000", "role": "supervisor", "ended": "yes"},
    ]
    Membership.objects.create(user=keeper, organisation=cast.centre, role="supervisor")
    imported = bring(PEOPLE, keeper, table)
    assert [(number, field) for number, field, _text in imported.faults] == [
        (1, "ended"),
        (2, "username"),
        (4, "username"),
        (5, "username"),
    ]


def test_a_role_that_went_or_came_back_meanwhile(cast, keeper):
    imported = bring(
        PEOPLE, keeper, [{"username": "manager", "body": "Q01", "role": "manager", "ended": "yes"}]
    )
    role = Membership.objects.get(user=cast.manager)
    role.delete()
    with pytest.raises(Stale, match="manager"):
        imported.apply()
    role = Membership.objects.create(user=cast.manager, organisation=cast.body, role="manager")
    imported.apply()
    Membership.objects.create(user=cast.manager, organisation=cast.body, role="manager")
    with pytest.raises(Invalid, match="manager"):
        imported.undo()


def test_a_table_says_beforehand_that_supervisors_wait(settings, cast, keeper, bring_in):
    for confirmed in (False, True):
        settings.CONFIRM_RIGHTS = confirmed
        told = "拟任督查员：1 人次。有其他可确认的人时，须先经其确认。"
        intake = bring_in(keeper, "用户名,姓名,单位,角色\nzhang,张三,Q01,督查员\n", kind="people")
        assert (told in intake.remarks) == confirmed


def test_supervisors_of_organisations_with_nothing_below_are_told_of(cast, bring_in):
    """Once a table, by the codes of these organisations; who oversees others is none of them."""
    told = "没有下级单位"
    idle = bring_in(
        cast.admin,
        f"用户名,单位,角色\nu1,{cast.child.code},督查员\nu2,{cast.child.code},督查员\n",
        kind="people",
    )
    assert [
        remark.endswith(f"：{cast.child.code}。") for remark in idle.remarks if told in remark
    ] == [True]
    rest = bring_in(
        cast.admin,
        f"用户名,单位,角色\nu1,{cast.body.code},督查员\nu2,{cast.child.code},填报员\n",
        kind="people",
    )
    assert told not in "".join(rest.remarks)
