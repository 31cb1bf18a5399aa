"""A table of obligations with names of no organisation: each is told once, and answered once."""

import pytest

from directives.models import BodyAlias, Obligation
from tests.factories import make_body, make_directive, make_document, make_section

TABLE = (
    "条款编号,责任单位,配合单位\n"
    "九.1.1,全总机关、未知局,\n"
    "九.1.2,全总机关,共青团中央\n"
    "九.1.3,未知局,全总机关\n"
    "九.1.4,共青团中央,\n"
)


@pytest.fixture
def document(cast):
    section = make_section(make_document(), number="九")
    for number in range(1, 5):
        make_directive(section, code=f"九.1.{number}")
    return section.document


@pytest.fixture
def intake(cast, bring, document):
    return bring(cast.supervisor, TABLE, name="分工.csv", kind="obligations", document=document.pk)


def open_names(client, intake):
    view = client.get(intake.get_absolute_url()).context["view"]
    return [(one.name, one.rows, [b.code for b in one.candidates]) for one in view.open_names]


def test_each_name_is_told_once_with_its_rows_and_answered_for_all(
    cast,
    intake,
    sign_in,
    settle,
    apply,
):
    client = sign_in(cast.supervisor)
    assert open_names(client, intake) == [
        ("全总机关", ("2", "3", "4"), []),
        ("未知局", ("2", "4"), []),
    ]
    page = client.get(intake.get_absolute_url()).content.decode()
    assert ("未确认名称所在的行按错误处理" in page, page.count('value="全总机关"')) == (True, 1)
    refused = settle(intake, 全总机关="没有的", 未知局="")
    assert (refused.status_code, "没有的" in refused.context["errors"][0]) == (422, True)
    assert settle(intake, 全总机关="Q01", 未知局="北京市总工会").status_code == 302
    intake.refresh_from_db()
    assert (open_names(client, intake), intake.counts) == ([], {"new": 7})
    assert BodyAlias.objects.count() == 2
    apply(intake)
    rows = Obligation.objects.order_by("directive__code", "organisation__code")
    assert list(rows.values_list("directive__code", "organisation__code", "part")) == [
        ("九.1.1", "Q01", "lead"),
        ("九.1.1", "Q01A", "responsible"),
        ("九.1.2", "Q01", "responsible"),
        ("九.1.2", "Q02", "supporting"),
        ("九.1.3", "Q01", "supporting"),
        ("九.1.3", "Q01A", "responsible"),
        ("九.1.4", "Q02", "responsible"),
    ]


def test_a_name_of_several_bodies_offers_them(cast, bring, document, sign_in, settle):
    for code in ("T1", "T2"):
        make_body(code, parent=cast.centre, name_hans="同名局", name_hant="同名局")
    table = "条款编号,责任单位\n九.1.1,同名局\n九.1.2,同名局\n"
    intake = bring(cast.supervisor, table, name="a.csv", kind="obligations", document=document.pk)
    client = sign_in(cast.supervisor)
    assert open_names(client, intake) == [("同名局", ("2", "3"), ["T1", "T2"])]
    assert settle(intake, 同名局="T2").status_code == 302
    intake.refresh_from_db()
    assert (open_names(client, intake), intake.counts) == ([], {"new": 2})


def test_who_does_not_assign_the_document_is_not_asked(cast, bring, document, sign_in):
    table = "条款编号,责任单位\n九.1.1,未知局\n"
    intake = bring(cast.staff, table, name="a.csv", kind="obligations", document=document.pk)
    assert open_names(sign_in(cast.staff), intake) == []


def test_other_faults_of_the_columns_are_no_names_to_decide(cast, bring, document, sign_in):
    table = "条款编号,责任单位\n九.1.1,中共中央\n"  # not below the supervisor's own
    intake = bring(cast.supervisor, table, name="a.csv", kind="obligations", document=document.pk)
    assert (intake.counts, open_names(sign_in(cast.supervisor), intake)) == ({"wrong": 1}, [])
