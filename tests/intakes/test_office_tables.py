"""Tables that offices made themselves.

Their own numbers are not our ids, their title names the document, faults name their column.
"""

import io

import pytest
from openpyxl import Workbook

from directives.models import Document, Organisation
from directives.models.intakes import CHECKED, UPLOADED
from tests.factories import make_directive, make_document, make_obligation, make_section


def workbook(*lines, merged=()):
    book = Workbook()
    for line in lines:
        book.active.append(line)
    for cells in merged:
        book.active.merge_cells(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def fields(intake):
    return {column[1]: column[3] for column in intake.tables[0]["columns"]}


@pytest.fixture
def directive(cast):
    return make_directive(
        make_section(make_document(), number="九"), code="九.1.1", text="加强网宣队伍建设。"
    )


def test_numbers_of_an_offices_own_are_not_taken_for_ours(cast, directive, bring):
    heading_row = ["编号", "文件条款", "重点任务", "责任单位", "责任领导"]
    lines = [
        [number, "九.1.1", "加强网宣队伍建设。", body, "张"]
        for number, body in enumerate(("Q01", "Q02"), 1)
    ]
    intake = bring(
        cast.supervisor,
        workbook(["2026年督办台账"], heading_row, *lines),
        name="台账.xlsx",
        kind="obligations",
        document=directive.document_id,
    )
    assert (intake.state, fields(intake)["编号"], fields(intake)["责任单位"]) == (
        UPLOADED,
        "",
        "body",
    )
    bodies = bring(
        cast.admin,
        workbook(["编号", "单位编码", "单位名称"], [1, "ZZ01", "甲"], [2, "ZZ02", "乙"]),
        name="单位.xlsx",
    )
    assert (bodies.state, fields(bodies)) == (
        UPLOADED,
        {"编号": "", "单位编码": "code", "单位名称": "name_hans"},
    )


@pytest.mark.parametrize("number", ["督〔2026〕{}号", "00{}", "2026-{}"])
def test_numbers_that_cannot_be_ids_are_offered_to_be_passed_over(cast, directive, bring, number):
    rows = [[number.format(place), "九.1.1", body] for place, body in enumerate(("Q01", "Q02"), 7)]
    intake = bring(
        cast.supervisor,
        workbook(["编号", "文件条款", "责任单位"], *rows),
        name="台账.xlsx",
        kind="obligations",
        document=directive.document_id,
    )
    assert (intake.state, fields(intake)["编号"]) == (UPLOADED, "")


def test_ids_beside_versions_or_beside_nothing_else_are_ours(cast, directive, bring):
    row = make_obligation(directive, cast.body)
    Organisation.objects.filter(pk=cast.body.pk).update(code="Q01")
    for table in ("编号,版本,文件条款,责任单位\n{},1,九.1.1,Q01\n", "责任领导,编号\n张,{}\n"):
        intake = bring(
            cast.supervisor,
            table.format(row.pk),
            name="台账.csv",
            kind="obligations",
            document=directive.document_id,
        )
        assert (intake.state, fields(intake)["编号"]) == (CHECKED, "id")


def test_a_fault_of_ids_says_that_the_column_can_be_passed_over(cast, directive, bring):
    table = "编号,文件条款,责任单位\n901,九.1.1,Q01\n902,九.1.1,Q02\n"
    intake = bring(
        cast.supervisor, table, name="台账.csv", kind="obligations", document=directive.document_id
    )
    assert ["略过" in row.faults[0]["remedy"] for row in intake.rows.all()] == [True, True]
    row = make_obligation(directive, cast.body, pk=41)
    table = f"编号,文件条款,责任单位\n{row.pk},九.1.1,Q02\n"
    intake = bring(
        cast.supervisor, table, name="台账.csv", kind="obligations", document=directive.document_id
    )
    assert ["略过" in row.faults[0]["remedy"] for row in intake.rows.all()] == [True]


HEADS = ["序号", "工作任务", "具体措施", "牵头领导", "牵头单位", "配合单位", "完成时限"]
ABOVE = [
    ["附件1"],
    ["XX市贯彻落实群团工作意见重点任务分解表"],
    ["制表单位：市委办公室", None, None, None, None, None, "2026年11月"],
]


def test_the_title_above_the_table_is_the_title_of_the_document(cast, bring, apply):
    lines = [
        [1, "开展理想信念教育", None, "顾明远", "全国总工会", None, "2027年6月底前"],
        [2, "建立联系群众制度", None, None, None, None, None],
    ]
    data = workbook(*ABOVE, HEADS, *lines, merged=("A2:G2",))
    intake = bring(
        cast.supervisor, data, name="任务分解表.xlsx", kind="tasks", owner=cast.centre.pk
    )
    assert intake.state == CHECKED  # every heading is known
    apply(intake)
    assert Document.objects.get().title == "XX市贯彻落实群团工作意见重点任务分解表"


def test_a_fault_of_a_supporting_body_names_its_column(cast, directive, bring):
    heading_row = ["序号", "工作任务", "牵头单位", "配合单位"]
    data = workbook(
        heading_row,
        [1, "加强网宣队伍建设。", "全国总工会", "各群团组织"],
        [2, "加强网宣队伍建设。", "没有的单位", None],
    )
    intake = bring(
        cast.supervisor,
        data,
        name="任务分解表.xlsx",
        kind="obligations",
        document=directive.document_id,
    )
    found = [
        (fault["column"], fault["heading"], fault["value"])
        for row in intake.rows.all()
        for fault in row.faults
    ]
    assert found == [("D", "配合单位", "各群团组织"), ("C", "牵头单位", "没有的单位")]
