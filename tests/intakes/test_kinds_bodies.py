"""The register of bodies brought in as a table."""

from datetime import date

import pytest
from django.core.management import call_command

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.catalogue.kinds import KINDS
from directives.intakes.safe_resource import context_of
from directives.models import Event, Membership, Organisation
from directives.models.intakes import CHANGED, CONFLICT, NEW, SAME, WRONG
from directives.tables.cells import value_reader
from tests.factories import make_body, make_directive, make_obligation
from tests.intakes.bringing import bring

BODIES = KINDS["bodies"]


def test_who_brings_in_a_register(cast):
    assert [
        BODIES.may(who) for who in (cast.admin, cast.supervisor, cast.staff, cast.outsider)
    ] == [True, False, False, False]


def test_new_changed_and_same(cast):
    table = [
        {
            "code": "Q01",
            "name_hans": "全国总工会",
            "level": "central",
            "kind": "mass_organisation",
            "parent": "C000",
        },
        {
            "code": "Q02",
            "name_hans": "团中央",
            "level": "central",
            "kind": "mass_organisation",
            "parent": "C000",
        },
        {
            "code": "Q03",
            "name_hans": "全国妇联",
            "level": None,
            "kind": "mass_organisation",
            "parent": "C000",
        },
    ]
    imported = bring(BODIES, cast.admin, table)
    assert imported.verdicts == [SAME, CHANGED, NEW]
    assert imported.planned[1].before == {"name_hans": "共青团中央", "name_hant": "共青團中央"}
    assert imported.planned[1].after == {"name_hans": "团中央", "name_hant": "團中央"}
    imported.apply()
    body, made = Organisation.objects.get(code="Q02"), Organisation.objects.get(code="Q03")
    assert (body.name_hans, body.name_hant, body.version) == ("团中央", "團中央", 2)
    assert (made.parent.code, made.level, made.name_hant, made.path[:-6]) == (
        "C000",
        "central",
        "全國婦聯",
        cast.centre.path,
    )
    assert [row.left for row in imported.rows] == [None, 2, 1]
    told = (
        Event.objects.filter(subject_type="organisation")
        .order_by("id")
        .values_list("action", "subject_id")
    )
    assert list(told) == [("found", made.pk), ("change", body.pk)]


def test_parents_and_successors_may_stand_further_down_even_in_another_batch(cast, monkeypatch):
    table = [
        {"code": "X3", "name_hans": "丙", "parent": "X2", "successor": "X1"},
        {"code": "X2", "name_hans": "乙", "parent": "X1"},
        {"code": "X1", "name_hans": "甲", "parent": "C000"},
    ]
    monkeypatch.setattr("tests.intakes.bringing.CHUNK", 1)
    imported = bring(BODIES, cast.admin, table, chunk=1)
    assert imported.verdicts == [NEW, NEW, NEW]
    imported.apply()
    bodies = {body.code: body for body in Organisation.objects.filter(code__startswith="X")}
    assert bodies["X3"].path == f"{bodies['X2'].path}{bodies['X3'].path[-6:]}"
    assert bodies["X2"].path == f"{bodies['X1'].path}{bodies['X2'].path[-6:]}"
    assert bodies["X1"].path.startswith(cast.centre.path)
    assert (
        bodies["X3"].successor.code,
        bodies["X1"].branch,
        bodies["X2"].branch,
        bodies["X3"].branch,
    ) == ("X1", True, True, False)


def test_every_fault_of_the_table_at_once(cast):
    table = [
        {"code": "X1", "name_hans": "甲", "parent": "X2"},
        {"code": "X2", "name_hans": "乙", "parent": "X1"},
        {"code": "X3", "name_hans": "丙", "parent": "ZZ"},
        {
            "code": "X4",
            "name_hans": "丁",
            "valid_from": date(2020, 1, 1),
            "valid_to": date(2019, 1, 1),
        },
        {"code": "X4", "name_hans": "戊"},
        {"code": "C000", "name_hans": "中共中央", "parent": "Q01"},
        {"id": 999_999, "code": "X5", "name_hans": "己"},
        {"id": cast.body.pk, "code": "Q09", "name_hans": "庚"},
    ]
    imported = bring(BODIES, cast.admin, table)
    assert [(number, field) for number, field, _text in imported.faults] == [
        (1, "parent"),
        (2, "parent"),
        (3, "parent"),
        (4, "valid_to"),
        (4, "code"),
        (5, "code"),
        (6, "parent"),
        (7, "id"),
        (8, "code"),
    ]
    assert set(imported.verdicts) == {WRONG}


def test_a_code_that_lost_its_zeros_is_taken_where_only_one_is_meant(cast):
    one = make_body("001", name_hans="一")
    make_body("0007"), make_body("007")
    table = [
        {"code": "1", "name_hans": "壹"},
        {"code": "7", "name_hans": "柒"},
        {"code": "8", "name_hans": "捌", "parent": "1"},
    ]
    imported = bring(BODIES, cast.admin, table)
    assert imported.verdicts == [CHANGED, WRONG, NEW]
    assert (
        imported.planned[0].subject,
        "001" in imported.planned[0].label,
        imported.planned[2].after["parent"],
    ) == (one.pk, True, "001")
    assert "0007、007" in imported.faults[0][2]


def test_a_parent_may_be_named(cast):
    imported = bring(
        BODIES, cast.admin, [{"code": "X1", "name_hans": "甲", "parent": "全国总工会"}]
    )
    assert imported.planned[0].after["parent"] == "Q01"


def test_a_row_changed_since_the_file_went_out_is_a_conflict(cast):
    Organisation.objects.filter(pk=cast.body.pk).update(full_name="中华全国总工会", version=2)
    table = [
        {"id": cast.body.pk, "version": 1, "code": "Q01", "name_hans": "全总", "full_name": None}
    ]
    imported = bring(BODIES, cast.admin, table)
    assert imported.verdicts == [CONFLICT]
    assert imported.planned[0].theirs == {
        "name_hans": "全国总工会",
        "name_hant": "全國總工會",
        "full_name": "中华全国总工会",
    }


def test_a_row_changed_between_check_and_apply_stops_everything(cast):
    imported = bring(
        BODIES,
        cast.admin,
        [{"code": "X1", "name_hans": "甲"}, {"code": "Q01", "name_hans": "全总"}],
    )
    Organisation.objects.filter(pk=cast.body.pk).update(name_hans="总工会", version=2)
    with pytest.raises(Stale, match="Sheet1"):
        imported.apply()
    assert not Organisation.objects.filter(code="X1").exists()


def test_only_those_who_keep_the_register_write_it(cast):
    imported = bring(BODIES, cast.supervisor, [{"code": "X1", "name_hans": "甲"}])
    with pytest.raises(NotAllowed):
        imported.apply()
    assert not Organisation.objects.filter(code="X1").exists()


def test_a_moved_and_recast_body_takes_its_counts_along(cast):
    make_obligation(make_directive(), cast.child)
    table = [
        {"code": "X1", "name_hans": "甲", "parent": "C000"},
        {
            "code": "Q01A",
            "name_hans": "北京市总工会",
            "parent": "X1",
            "kind": "other",
            "level": "provincial",
        },
    ]
    imported = bring(BODIES, cast.admin, table)
    imported.apply()
    made = Organisation.objects.get(code="X1")
    cast.child.refresh_from_db()
    cast.body.refresh_from_db()
    assert (
        cast.child.path.startswith(made.path),
        made.branch,
        cast.body.branch,
        cast.child.kind,
    ) == (True, True, False, "other")
    call_command("tallies", "--check")
    imported.undo()
    cast.child.refresh_from_db()
    cast.body.refresh_from_db()
    assert (cast.child.parent, cast.child.kind, cast.body.branch) == (
        cast.body,
        "mass_organisation",
        True,
    )
    assert not Organisation.objects.filter(code="X1").exists()
    call_command("tallies", "--check")


def test_undo_deletes_what_was_made_with_those_below(cast):
    table = [
        {"code": "X1", "name_hans": "甲", "parent": "Q02"},
        {"code": "X2", "name_hans": "乙", "parent": "X1"},
    ]
    imported = bring(BODIES, cast.admin, table)
    imported.apply()
    imported.undo()
    assert not Organisation.objects.filter(code__in=("X1", "X2")).exists()
    cast.sibling.refresh_from_db()
    assert cast.sibling.branch is False
    assert Event.objects.filter(subject_type="organisation", action="delete").count() == 2


def test_undo_refuses_where_something_was_built(cast):
    imported = bring(
        BODIES,
        cast.admin,
        [{"code": "X1", "name_hans": "甲"}, {"code": "Q01", "name_hans": "全总"}],
    )
    imported.apply()
    Membership.objects.create(
        user=cast.outsider, organisation=Organisation.objects.get(code="X1"), role="staff"
    )
    with pytest.raises(Invalid):
        imported.undo()
    Membership.objects.filter(user=cast.outsider).delete()
    Organisation.objects.filter(pk=cast.body.pk).update(version=9)
    with pytest.raises(Invalid):
        imported.undo()
    cast.body.refresh_from_db()
    assert (cast.body.name_hans, Organisation.objects.filter(code="X1").exists()) == ("全总", True)


def test_queries_do_not_grow_with_the_rows(cast, django_assert_max_num_queries):
    table = [
        {"code": f"Y{number}", "name_hans": f"单位{number}", "parent": "Q02"}
        for number in range(400)
    ]
    with django_assert_max_num_queries(15):
        imported = bring(BODIES, cast.admin, table)
    with django_assert_max_num_queries(30):
        imported.apply()
    assert Organisation.objects.filter(code__startswith="Y").count() == 400


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("政府部门", "department"),
        ("政府部門", "department"),
        ("Government department", "department"),
        ("人民政府", "government"),
        ("人大", "congress"),
        ("政协", "cppcc"),
        ("纪检监察机关", "discipline"),
        ("人民法院", "court"),
        ("人民检察院", "procuratorate"),
        ("街道办事处", "subdistrict"),
        ("乡镇", "township"),
        ("开发区", "zone"),
        ("村（社区）", "community"),
        ("企业", "enterprise"),
        ("学校", "school"),
        ("医院", "hospital"),
        ("事业单位", "institution"),
        ("党委部门", "party_department"),
    ],
)
def test_kinds_that_a_city_has_are_read_from_their_names(words, kind):
    fields = {field.name: field for field in BODIES.fields(context_of({}))}
    assert value_reader(fields["kind"])(words) == kind
