"""A task breakdown: document, directives, obligations and measures from one file, and back."""

import io

import pytest
from django.urls import reverse
from openpyxl import Workbook

from directives import tallies
from directives.base.refusals import Invalid
from directives.intakes.checking import headings_of
from directives.models import Directive, Document, Event, Measure, Obligation, Organisation, Plan
from directives.models.intakes import APPLIED, CHECKED, UNDONE
from directives.obligations.commands import supervising
from directives.plans import commands as planning
from directives.plans.imports.breakdown_fields import measures_of
from tests.factories import NOW, make_body

HEADS = ["序号", "工作任务", "具体措施", "牵头领导", "牵头单位", "配合单位", "完成时限"]
ROWS = [
    ["附件1"],
    ["XX市贯彻落实群团工作意见重点任务分解表"],
    ["市办发〔2026〕12号", None, None, None, None, None, "印发日期：2026年10月8日"],
    HEADS,
    ["一、加强政治引领"],
    [1, "开展理想信念教育", "1.举办培训班；2.建设基地", "顾明远", "全国总工会",
     "共青团中央、全国妇联", "2027年6月底前"],
    [2, "建立联系群众制度", "制定实施办法", "顾明远", "共青团中央", "全国总工会", "长期坚持"],
    [None, None, "每年开展一次走访", None, "全国妇联", None, "2027年12月31日"],
    ["二、改进工作"],
    [3, "推进“智慧群团”建设", None, None, "中国科协", None, "2027.3"],
    ["合计", "3项"],
    ["注：责任单位列第一位的为牵头单位。"],
]  # fmt: skip
MERGED = ("A2:G2", "A5:G5", "A7:A8", "B7:B8", "A9:G9")


def workbook(rows, merged=()):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.fixture
def women(cast):
    return make_body("Q03", parent=cast.centre, name_hans="全国妇联", name_hant="全國婦聯")


@pytest.fixture
def brought(cast, women, bring):
    """Bring the table in, as it is or with other rows."""

    def brought(rows=ROWS, merged=MERGED, *, assign=1, name="任务分解表.xlsx"):
        data = workbook(rows, merged) if isinstance(rows, list) else rows
        place = {"owner": cast.centre.pk, "assign": assign}
        return bring(cast.supervisor, data, name=name, kind="tasks", **place)

    return brought


def owed(document):
    rows = Obligation.objects.filter(document=document).select_related("directive", "organisation")
    return [
        (row.directive.code, row.organisation.code, row.part, str(row.due_on or ""), row.leader)
        for row in rows.order_by("directive__order", "organisation__code")
    ]


def faults(intake):
    return [
        (row.line, fault["column"], fault["heading"], fault["value"])
        for row in intake.rows.order_by("number")
        for fault in row.faults
    ]


def test_document_directives_obligations_and_measures_come_from_one_file(brought, apply):
    intake = brought()
    assert intake.state == CHECKED, intake.fault
    assert {column.heading: column.field for column in headings_of(intake)[0].columns} == dict(
        zip(
            HEADS,
            ("code", "text", "measures", "leader", "leads", "supporting", "due"),
            strict=True,
        )
    )
    assert faults(intake) == []
    assert apply(intake).state == APPLIED
    document = Document.objects.get()
    assert (document.title, document.number, str(document.issued_on)) == (
        "XX市贯彻落实群团工作意见重点任务分解表",
        "市办发〔2026〕12号",
        "2026-10-08",
    )
    assert list(document.sections.order_by("order").values_list("number", "title")) == [
        ("一", "加强政治引领"),
        ("二", "改进工作"),
    ]
    assert [
        (one.code, one.text, str(one.due_on or ""), one.due_words)
        for one in document.directives.order_by("order")
    ] == [
        ("1", "开展理想信念教育", "2027-06-30", "2027年6月底前"),
        ("2", "建立联系群众制度", "2027-12-31", "2027年12月31日"),
        ("3", "推进“智慧群团”建设", "2027-03-31", "2027.3"),
    ]
    named = Directive.objects.get(code="2").addressees.order_by("order")
    assert list(named.values_list("name", "role")) == [
        ("共青团中央", "lead"),
        ("全国总工会", "supporting"),
        ("全国妇联", "lead"),
    ]
    assert owed(document) == [
        ("1", "Q01", "lead", "2027-06-30", "顾明远"),
        ("1", "Q02", "supporting", "2027-06-30", ""),
        ("1", "Q03", "supporting", "2027-06-30", ""),
        ("2", "Q01", "supporting", "", ""),
        ("2", "Q02", "lead", "", "顾明远"),
        ("2", "Q03", "lead", "2027-12-31", ""),
    ]
    assert Obligation.objects.get(directive__code="2", organisation__code="Q02").note == "长期坚持"
    measures = Measure.objects.order_by("plan__organisation__code", "number")
    assert [
        (
            one.plan.organisation.code,
            one.plan.state,
            one.number,
            one.text,
            str(one.due_on or ""),
            [row.directive.code for row in one.obligations.all()],
        )
        for one in measures
    ] == [
        ("Q01", "draft", 1, "举办培训班", "2027-06-30", ["1"]),
        ("Q01", "draft", 2, "建设基地", "2027-06-30", ["1"]),
        ("Q02", "draft", 1, "制定实施办法", "", ["2"]),
        ("Q03", "draft", 1, "每年开展一次走访", "2027-12-31", ["2"]),
    ]
    assert tallies.drift() == []


def test_each_directive_is_found_in_the_text_and_the_page_leads_to_the_document(
    cast, brought, apply, sign_in
):
    intake = apply(brought())
    document = Document.objects.get()
    assert [
        document.text_read[one.source_start : one.source_end]
        for one in document.directives.order_by("order")
    ] == ["开展理想信念教育", "建立联系群众制度", "推进“智慧群团”建设"]
    page = sign_in(cast.supervisor).get(intake.get_absolute_url()).content.decode()
    assert f'href="{reverse("document", args=[document.pk])}"' in page


def test_words_that_are_no_day_are_told(brought):
    remarks = " ".join(brought().remarks)
    assert "长期坚持（第 7 行）" in remarks
    assert "2027年12月31日" not in remarks


@pytest.mark.parametrize("batch", [500, 2])
def test_one_undo_takes_all_of_it_back(brought, apply, undo, monkeypatch, batch):
    monkeypatch.setattr("directives.intakes.acts.BATCH", batch)
    intake = apply(brought())
    assert Obligation.objects.count() == 6
    assert undo(intake).state == UNDONE
    left = [model.objects.count() for model in (Document, Directive, Obligation, Plan, Measure)]
    assert left == [0, 0, 0, 0, 0]
    assert tallies.drift() == []
    assert tallies.rebuild() == 0  # what is on record of the deleted document counts nowhere
    assert Event.objects.filter(action="delete_measure").count() == 4


@pytest.mark.parametrize("work", ["acknowledged", "measure added", "measure changed", "logged"])
def test_undo_leaves_what_was_worked_on(brought, apply, undo, cast, work):
    intake = apply(brought())
    row = Obligation.objects.get(directive__code="1", organisation=cast.body)
    plan = Plan.objects.get(organisation=cast.body)
    measure = plan.measures.first()
    content = planning.MeasureContent(text="另一件事", obligations=(row,))
    if work == "acknowledged":
        supervising.acknowledge_many(obligations=[row], by=cast.staff, now=NOW)
    elif work == "measure added":
        planning.add_measure(plan, content=content, by=cast.staff, now=NOW)
    elif work == "measure changed":
        planning.save_measure(measure, content=content, version=1, by=cast.staff, now=NOW)
    else:
        planning.log_work(measure, on=NOW.date(), text="做了。", by=cast.staff, now=NOW)
    intake = undo(intake)
    assert (intake.state, bool(intake.fault)) == (APPLIED, True)
    assert (Document.objects.count(), Obligation.objects.count()) == (1, 6)


def test_without_assigning_names_and_days_stay_and_what_is_left_is_told(brought, apply):
    intake = brought(assign=0)
    untaken = [
        (row.line, cell["column"], cell["heading"])
        for row in intake.rows.order_by("number")
        for cell in row.untaken or ()
    ]
    assert untaken == [
        (6, "C", "具体措施"),
        (6, "D", "牵头领导"),
        (7, "C", "具体措施"),
        (7, "D", "牵头领导"),
        (8, "C", "具体措施"),
    ]
    apply(intake)
    assert (Obligation.objects.count(), Plan.objects.count()) == (0, 0)
    first = Directive.objects.get(code="1")
    assert list(first.addressees.values_list("name", "role")) == [
        ("全国总工会", "lead"),
        ("共青团中央", "supporting"),
        ("全国妇联", "supporting"),
    ]
    assert str(first.due_on) == "2027-06-30"


def test_a_fault_of_a_cell_is_told_once_with_its_column(brought):
    rows = [
        HEADS,
        [1, "开展教育", "办班", None, "全国总工会", "共青团中央、全国妇联", "2027年2月30日"],
        [2, "建立制度", "办班", None, "全国总工会", "全国妇联", "2026年9月底前"],
        [None, None, "走访", None, "全国妇联", None, None],
    ]
    intake = brought(rows, ("A3:A4", "B3:B4", "G2:G2", "G3:G4"))
    assert faults(intake) == [
        (2, "G", "完成时限", "2027年2月30日"),
        (3, "G", "完成时限", "2026年9月底前"),  # it has passed
    ]
    assert faults(brought(rows, ("A3:A4", "B3:B4", "G3:G4"), assign=0)) == [
        (2, "G", "完成时限", "2027年2月30日")
    ]


def test_a_fault_of_a_merged_cell_or_a_row_of_several_bodies_is_told_once(
    cast, women, bring, brought, apply
):
    apply(brought(assign=0))
    heads = ["条款编号", "责任单位", "完成时限"]
    rows = [
        heads,
        ["1", "全国总工会、共青团中央、全国妇联", "2027年2月30日"],
        ["2", "全国总工会", "以后"],
        ["3", "共青团中央", None],
    ]
    intake = bring(
        cast.supervisor,
        workbook(rows, ("C3:C4",)),
        name="台账.xlsx",
        kind="obligations",
        document=Document.objects.get().pk,
    )
    assert faults(intake) == [
        (2, "C", "完成时限", "2027年2月30日"),
        (3, "C", "完成时限", "以后"),
    ]


def test_groups_within_groups_and_merged_categories_become_sections(brought, apply):
    rows = [
        ["2027年重点工作任务分解表"],
        ["序号", "任务", "责任单位", "时限"],
        ["一、经济发展"],
        ["（一）扩大投资"],
        [1, "抓好项目", "全国总工会", "2027年底"],
        ["（二）促进消费"],
        [1, "办好展会", "全国总工会、共青团中央", "每季度末"],
        ["二、社会民生"],
        [1, "办好学校", "共青团中央", "2027年9月1日"],
    ]
    apply(brought(rows, ("A1:D1",)))
    document = Document.objects.get()
    assert list(document.sections.order_by("order").values_list("number", "title", "level")) == [
        ("一", "经济发展", 1),
        ("（一）", "扩大投资", 2),
        ("（二）", "促进消费", 2),
        ("二", "社会民生", 1),
    ]
    assert [
        (one.code, one.due_every, str(one.due_on or ""))
        for one in document.directives.order_by("order")
    ] == [("1", "", "2027-12-31"), ("一.1", "quarter", ""), ("二.1", "", "2027-09-01")]
    assert [row[:3] for row in owed(document)] == [
        ("1", "Q01", "responsible"),
        ("一.1", "Q01", "lead"),
        ("一.1", "Q02", "responsible"),
        ("二.1", "Q02", "responsible"),
    ]


def test_two_rows_of_headings_and_merged_categories(brought, apply):
    rows = [
        ["2027年任务分解表"],
        ["板块", "任务", "责任分工", None, "时限"],
        [None, None, "牵头单位", "配合单位", None],
        ["一、党的建设", "讲党课", "全国总工会", "全国妇联", "2027年7月"],
        [None, "办展览", "共青团中央", "Q01", "2027年8月"],
        ["二、群众工作", "走基层", "全国妇联", None, "2027年底"],
    ]
    intake = brought(rows, ("A1:E1", "A2:A3", "B2:B3", "C2:D2", "E2:E3", "A4:A5"))
    assert intake.state == CHECKED
    apply(intake)
    document = Document.objects.get()
    assert [(one.code, one.section.title) for one in document.directives.order_by("order")] == [
        ("一.1", "党的建设"),
        ("一.2", "党的建设"),
        ("二.1", "群众工作"),
    ]
    assert [row[:4] for row in owed(document)] == [
        ("一.1", "Q01", "lead", "2027-07-31"),
        ("一.1", "Q03", "supporting", "2027-07-31"),
        ("一.2", "Q01", "supporting", "2027-08-31"),
        ("一.2", "Q02", "lead", "2027-08-31"),
        ("二.1", "Q03", "lead", "2027-12-31"),
    ]


def test_a_text_file_in_gb18030(brought, apply):
    text = (
        "某市2027年重点任务分解表,,,\r\n文号：某政办〔2026〕3号,,,\r\n"
        "序号,任务内容,牵头单位,完成时限\r\n1,建立重大事项报告制度,全国总工会,2027年3月1日\r\n"
    )
    apply(brought(text.encode("gb18030"), name="2027.csv"))
    document = Document.objects.get()
    assert (document.title, document.number) == ("某市2027年重点任务分解表", "某政办〔2026〕3号")
    assert [row[:4] for row in owed(document)] == [("1", "Q01", "lead", "2027-03-01")]


def test_bodies_that_ended_are_followed_and_others_are_left_alone(brought, apply, cast, women):
    """The successor takes the work; a body that the supervisor is not above gets none."""
    make_body(
        "Q09",
        parent=cast.centre,
        name_hans="中国科协",
        name_hant="中國科協",
        valid_to=NOW.date(),
        successor=women,
    )
    make_body("X01", name_hans="外单位", name_hant="外單位")
    rows = [
        ["任务", "牵头单位", "具体措施"],
        ["建设科技馆", "中国科协", "选址"],
        ["做好协作", "外单位", "会商"],
    ]
    intake = brought(rows, ())
    second = intake.rows.get(line=3)
    assert "assigned" not in second.after
    assert [cell["heading"] for cell in second.untaken] == ["具体措施"]
    apply(intake)
    assert [row[:3] for row in owed(Document.objects.get())] == [("1.1", "Q03", "lead")]
    assert Measure.objects.get().plan.organisation == women


def test_the_register_may_not_change_between_check_and_import(brought, apply, cast):
    intake = brought()
    Organisation.objects.filter(code="Q02").update(name_hans="团中央", name_hant="團中央")
    intake = apply(intake)
    assert (intake.state, "第 6 行" in intake.fault) == (CHECKED, True)
    assert Document.objects.count() == 0


def test_the_table_is_registered_once(brought, apply):
    apply(brought())
    again = apply(brought())
    assert (again.state, "已登记" in again.fault) == (CHECKED, True)
    assert Document.objects.count() == 1


def test_measures_go_where_the_supervisor_assigns_alone(cast, brought, apply):
    apply(brought(assign=0))
    with pytest.raises(Invalid):
        planning.start_plan(
            document=Document.objects.get(), organisation=cast.body, by=cast.staff, now=NOW
        )


def test_the_ledger_of_an_imported_breakdown_comes_back_unchanged(
    cast, brought, apply, bring, sign_in
):
    apply(brought())
    document = Document.objects.get()
    answer = sign_in(cast.supervisor).get(
        reverse("obligations"), {"document": document.pk, "export": "xlsx"}
    )
    ledger = b"".join(answer.streaming_content)
    back = bring(
        cast.supervisor, ledger, name="台账.xlsx", kind="obligations", document=document.pk
    )
    assert (back.state, back.counts, faults(back)) == (CHECKED, {"same": 6}, [])


STRANGERS = [
    ["任务", "牵头单位", "配合单位"],
    ["办好一件事", "市总", "全国妇联"],
    ["办好两件事", "市总", "某局"],
    ["", "市总", "某局"],  # has no task, and so a fault
]


def test_names_that_mean_nobody_are_asked_once_each_and_remembered(
    cast, brought, apply, sign_in, settle
):
    intake = brought(STRANGERS, ())
    client = sign_in(cast.supervisor)
    page = client.get(intake.get_absolute_url())
    asked = [(one.name, one.rows) for one in page.context["view"].open_names]
    assert asked == [("市总", ("2", "3", "4")), ("某局", ("3", "4"))]
    page = settle(intake, 市总="没有的", 某局="")
    assert (page.status_code, "没有的" in page.context["errors"][0]) == (422, True)
    assert 'value="没有的"' in page.content.decode()
    assert settle(intake, 市总="Q01、Q02", 某局="").status_code == 302
    intake.refresh_from_db()
    assert [row.after.get("assigned") for row in intake.rows.order_by("number")] == [
        ["全国总工会", "共青团中央", "全国妇联"],
        ["全国总工会", "共青团中央"],
        None,
    ]
    again = brought(STRANGERS[:3], ())
    page = client.get(again.get_absolute_url())
    assert [one.name for one in page.context["view"].open_names] == ["某局"]
    apply(again)
    assert [row[:3] for row in owed(Document.objects.get())] == [
        ("1.1", "Q01", "lead"),
        ("1.1", "Q02", "lead"),
        ("1.1", "Q03", "supporting"),
        ("1.2", "Q01", "lead"),
        ("1.2", "Q02", "lead"),
    ]
    named = Directive.objects.get(code="1.2").addressees.order_by("order")
    assert list(named.values_list("name", "role")) == [("市总", "lead"), ("某局", "supporting")]


def test_a_name_of_several_bodies_offers_them_and_one_outside_is_told(cast, brought, sign_in):
    for code in ("A1", "A2"):
        make_body(code, parent=cast.centre, name_hans="市教育局", name_hant="市教育局")
    make_body("X01", name_hans="外单位", name_hant="外單位")
    intake = brought([["任务", "责任单位"], ["办学", "市教育局"], ["协作", "外单位"]], ())
    page = sign_in(cast.supervisor).get(intake.get_absolute_url())
    first, second = page.context["view"].open_names
    assert [body.code for body in first.candidates] == ["A1", "A2"]
    assert (second.name, second.outside) == ("外单位", True)
    assert '<option value="A2">' in page.content.decode()


@pytest.mark.parametrize(
    ("cell", "measures"),
    [
        ("1.举办培训班；2.建设基地", ("举办培训班", "建设基地")),
        ("（1）甲事。（2）乙事；", ("甲事", "乙事")),
        ("①甲②乙", ("甲", "乙")),
        ("甲；乙", ("甲；乙",)),
        ("甲\n乙\n甲", ("甲", "乙")),
        ("1.5公里道路", ("1.5公里道路",)),
        (None, ()),
    ],
)
def test_measures_of_a_cell(cell, measures):
    assert measures_of(cell) == measures
