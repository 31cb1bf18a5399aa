"""Lines to title, sections, paragraphs and sentences."""

import pytest

from directives.documents.ingest.sources import DocumentError
from directives.documents.ingest.structure import sentences_of, structure_of

pytestmark = pytest.mark.once

BODY = "一、第一部分\n各级党委要加强领导。\n"


@pytest.mark.parametrize(
    ("head", "title", "issuer"),
    [
        ("中共中央关于加强工作的意见", "中共中央关于加强工作的意见", "中共中央"),
        (
            "中共中央 国务院\n关于加强工作的意见",
            "中共中央 国务院关于加强工作的意见",
            "中共中央 国务院",
        ),
        ("关于加强工作的通知", "关于加强工作的通知", ""),
        ("公民道德建设实施纲要", "公民道德建设实施纲要", ""),
        ("首页>要闻\n某市关于加强工作的决定（试行）", "某市关于加强工作的决定（试行）", "某市"),
        ("没有种类的标题", "没有种类的标题", ""),
    ],
)
def test_title_and_issuer(head: str, title: str, issuer: str) -> None:
    structure = structure_of(f"{head}\n{BODY}", name="a")
    assert (structure.title, structure.issuer) == (title, issuer)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("首页 > 新闻 > 正文", "navigation"),
        ("责任编辑：张三", "editor"),
        ("关键词：群团", "keywords"),
        ("来源：新华社", "source"),
        ("2015-07-09 18:41", "time"),
        ("发布时间：2015年7月9日 18:41", "time"),
        ("【打印】【关闭】", "page tool"),
        ("— 3 —", "page number"),
        ("新华社北京7月9日电", "dateline"),
    ],
)
def test_furniture(line: str, reason: str) -> None:
    structure = structure_of(f"关于工作的意见\n{line}\n{BODY}", name="a")
    assert [(row.line, row.text, row.reason) for row in structure.left_out] == [(2, line, reason)]


def test_sections_paragraphs_and_closing() -> None:
    text = (
        "关于工作的意见\n一、 第一\n甲要做。\n\n　　乙要做；丙要做。\n二、第二\n丁要做。\n"
        "本意见自发布之日起施行。\n"
        "（完）\n某某办公室\n2020年1月1日\n附件：表\n"
    )
    structure = structure_of(text, name="a")
    assert [(s.number, s.title, s.prefix, s.paragraphs) for s in structure.sections] == [
        ("一", "第一", "一", (("甲要做。",), ("乙要做；", "丙要做。"))),
        ("二", "第二", "二", (("丁要做。",),)),
        ("", "", "結", (("本意见自发布之日起施行。",),)),
    ]
    assert [(row.line, row.reason) for row in structure.left_out] == [
        (9, "end mark"),
        (10, "signature"),
        (11, "time"),
        (12, "signature"),
    ]


def test_title_and_text_on_one_line() -> None:
    structure = structure_of("关于工作的意见\n一、加强领导。各级党委要重视。要检查。\n", name="a")
    assert [(s.number, s.title, s.paragraphs) for s in structure.sections] == [
        ("一", "加强领导", (("各级党委要重视。", "要检查。"),))
    ]


def test_no_section() -> None:
    with pytest.raises(DocumentError) as refusal:
        structure_of("关于工作的意见\n各级党委要重视。\n（一）小标题\n1. 条目\n", name="某.txt")
    assert (refusal.value.code, refusal.value.params) == (
        "no_section",
        {"name": "某.txt", "lines": 4, "example": "一、加强领导"},
    )


@pytest.mark.parametrize(
    ("paragraph", "sentences"),
    [
        ("甲。乙；丙。", ("甲。", "乙；", "丙。")),
        ("他说：“甲。”乙。", ("他说：“甲。”", "乙。")),
        ("没有句号", ("没有句号",)),
        ("甲。（教育部牵头）乙。", ("甲。（教育部牵头）", "乙。")),
        ("甲。（注）乙。", ("甲。", "（注）乙。")),
        ("", ()),
    ],
)
def test_sentences(paragraph: str, sentences: tuple[str, ...]) -> None:
    assert sentences_of(paragraph) == sentences
