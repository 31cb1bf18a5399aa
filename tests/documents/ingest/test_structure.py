"""Lines to headings, paragraphs and codes."""

import pytest

from directives.documents.ingest.labels import with_mark
from directives.documents.ingest.reading import Reading, SentenceRead, read
from directives.documents.ingest.sources import DocumentError

pytestmark = pytest.mark.once

TITLE = "关于工作的意见\n"


def reading_of(text: str) -> Reading:
    return read(text.encode(), name="a.txt")


def headings(reading: Reading) -> list[tuple[int, str, str]]:
    return [
        (section.level, section.number, section.title)
        for section in reading.sections
        if section.number or section.title
    ]


def coded(reading: Reading) -> list[tuple[str, str]]:
    return [(one.code, one.text) for one in reading.sentences]


def sentence(reading: Reading, code: str) -> SentenceRead:
    return next(one for one in reading.sentences if one.code == code)


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
    reading = reading_of(f"{TITLE}{line}\n一、第一部分\n各级党委要加强领导。\n")
    assert [(row.line, row.text, row.reason) for row in reading.left_out] == [(2, line, reason)]


def test_an_item_that_begins_with_a_year() -> None:
    reading = reading_of(f"{TITLE}一、安排\n1.2031年9月2日开始，各镇轮灌。\n2.2031年10月停水。")
    assert [one.code for one in reading.sentences] == ["一.1.1", "一.2.1"]
    assert reading.sections[-1].paragraphs[0][0].due is None


def test_sections_of_a_chapter_have_its_number_where_they_start_again() -> None:
    lines = (
        "第一章 现状",
        "第一节 水源",
        "各镇要节水。",
        "第二章 任务",
        "第一节 管网",
        "各村要修管。",
    )
    reading = reading_of(TITLE + "\n".join(lines))
    assert [one.code for one in reading.sentences] == ["第一章·第一节.1.1", "第二章·第一节.1.1"]


def test_sections_paragraphs_and_closing() -> None:
    reading = reading_of(
        f"{TITLE}一、 第一\n甲局要做。\n\n　　乙局要做；丙局要做。\n二、第二\n丁局要做。\n"
        "本意见自发布之日起施行。\n"
        "（完）\n某县某某办公室\n2020年1月1日\n附件：表\n"
    )
    assert headings(reading) == [(1, "一", "第一"), (1, "二", "第二")]
    assert coded(reading) == [
        ("一.1.1", "甲局要做。"),
        ("一.2.1", "乙局要做；"),
        ("一.2.2", "丙局要做。"),
        ("二.1.1", "丁局要做。"),
        ("結.1.1", "本意见自发布之日起施行。"),
    ]
    assert [(row.line, row.reason) for row in reading.left_out] == [
        (9, "end mark"),
        (10, "signature"),
        (11, "date"),
        (12, "annexes"),
    ]


def test_title_and_text_on_one_line() -> None:
    reading = reading_of(f"{TITLE}一、加强领导。各级党委要重视。要检查。\n")
    assert headings(reading) == [(1, "一", "加强领导")]
    assert coded(reading) == [("一.1.1", "各级党委要重视。"), ("一.1.2", "要检查。")]


def test_every_numbering_has_its_level() -> None:
    reading = reading_of(
        f"{TITLE}第一部分 总论\n一、任务\n（一）增车位\n1.挖潜力\n（1）清旧账\n逐一登记。\n"
        "第二部分 分论\n二、保障\n强化投入。\n"
    )
    assert headings(reading) == [
        (1, "第一部分", "总论"),
        (2, "一", "任务"),
        (3, "（一）", "增车位"),
        (4, "1", "挖潜力"),
        (5, "（1）", "清旧账"),
        (1, "第二部分", "分论"),
        (2, "二", "保障"),
    ]
    assert [one.code for one in reading.sentences] == ["一.1.1", "二.1.1"]


def test_numbers_that_begin_again_in_each_chapter_have_codes_of_their_own() -> None:
    reading = reading_of(
        "某县发展规划\n第一章 现状\n一、基础\n优化布局。\n第二章 任务\n一、建设\n新建道路。\n"
    )
    assert [one.code for one in reading.sentences] == ["第一章·一.1.1", "第二章·一.1.1"]


def test_a_number_that_comes_twice_is_kept() -> None:
    reading = reading_of(f"{TITLE}一、甲\n各镇要做。\n一、乙\n各村要做。\n")
    codes = [one.code for one in reading.sentences]
    assert len(set(codes)) == len(codes) == 2


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("（一）健全机制", True),
        ("（一）健全机制。", True),
        ("（一）增加车位（市城管局牵头）", True),
        ("（一）各镇要健全机制", False),
        ("（一）2031年底前建成", False),
        ("（一）新建站点30个", False),
        ("（一）禁止停车。", False),
    ],
)
def test_a_heading_asks_nothing_definite(line: str, heading: bool) -> None:
    reading = reading_of(f"{TITLE}一、任务\n{line}\n优化布局。\n")
    assert ((2, "（一）", line[3:].split("（")[0].rstrip("。")) in headings(reading)) is heading


def test_what_might_be_a_heading_is_a_directive_marked_so() -> None:
    reading = reading_of(
        f"{TITLE}一、任务\n（一）2031年底前建成站点30个\n优化布局。\n（二）做账。\n"
    )
    assert [(one.code, one.title) for one in reading.sentences] == [
        ("一.1.1", True),
        ("一.2.1", False),
        ("一.3.1", False),
    ]


def test_a_numbered_line_without_text_is_a_directive() -> None:
    reading = reading_of(f"{TITLE}一、任务\n（一）加强宣传。\n（二）强化督查。\n")
    assert coded(reading) == [("一.1.1", "（一）加强宣传。"), ("一.2.1", "（二）强化督查。")]


def test_a_bracket_of_a_heading_is_for_all_below() -> None:
    reading = reading_of(f"{TITLE}一、任务\n（一）增车位（市城管局牵头）\n挖潜力。\n清旧账。\n")
    assert [[who.name for who in one.addressees] for one in reading.sentences] == [
        ["市城管局"],
        ["市城管局"],
    ]


def test_a_line_that_only_says_who_is_for_its_item() -> None:
    reading = reading_of(
        f"{TITLE}一、任务\n（一）增车位\n挖潜力。\n清旧账。\n责任单位：市城管局、市教育局\n"
        "（二）做宣传\n抓好宣传。\n"
    )
    assert [[who.name for who in one.addressees] for one in reading.sentences] == [
        ["市城管局", "市教育局"],
        ["市城管局", "市教育局"],
        [""],
    ]
    assert [row.reason for row in reading.left_out] == ["responsibility"]


def test_articles_without_chapters_and_in_traditional_script() -> None:
    reading = reading_of(
        "青河縣用水辦法\n第1條　主管機關應當每季檢查。\n第 2 條　為節水，制定本辦法。\n"
    )
    assert [one.code for one in reading.sentences] == ["第1條.1", "第2條.1"]
    assert headings(reading) == []


def test_capital_numerals() -> None:
    reading = reading_of(
        "某市工作要點\n壹、目標\n一、節水\n各機關應指定專人。\n貳、分工\n各校要配合。\n"
    )
    assert headings(reading)[0] == (1, "壹", "目標")
    assert [one.code for one in reading.sentences] == ["壹.1.1", "貳.1.1"]


def test_numbers_with_points() -> None:
    reading = reading_of(
        "某县应急预案\n1 总则\n1.1 目的\n为规范应急，制定本预案。\n2 职责\n2.1 县应急局要值守。\n"
    )
    assert [one.code for one in reading.sentences] == ["1.1.1", "2.1.1"]


def test_a_table_of_contents_is_left_out() -> None:
    reading = reading_of(
        "某县供水办法\n目  录\n第一章 总则\n第二章 罚则\n"
        "第一章总则\n第一条 各村要供水。\n第二章 罚则\n第二条 各村要罚。\n"
    )
    assert [row.reason for row in reading.left_out] == ["contents"] * 3
    assert headings(reading) == [(1, "第一章", "总则"), (1, "第二章", "罚则")]


def test_an_announced_list_has_the_bodies_that_announce_it() -> None:
    reading = reading_of(
        "某县办法\n第一条 各机关应当办理下列事项：\n（一）建立清单。\n（二）公开结果。\n"
    )
    assert [
        [(who.name, who.basis, who.source) for who in one.addressees] for one in reading.sentences
    ] == [
        [("各机关", "named", "")],
        [("各机关", "carried", "第一条.1")],
        [("各机关", "carried", "第一条.1")],
    ]


def test_conditions_of_a_list_ask_nothing() -> None:
    reading = reading_of(
        "某县办法\n第一条 有下列情形之一的，所有权人应当鉴定：\n（一）房屋倾斜的；\n"
    )
    assert [one.statement for one in reading.sentences] == [False, True]


def test_a_notice_without_numbers_is_read() -> None:
    reading = reading_of("关于节水的通知\n各镇：\n各镇要在6月底前检查管网。\n")
    assert coded(reading) == [("引.1.1", "各镇要在6月底前检查管网。")]


@pytest.mark.parametrize("text", ["没有编号。", "没有编号的部分。\n只有文字。\n", "plain English"])
def test_no_section(text: str) -> None:
    with pytest.raises(DocumentError) as refusal:
        reading_of(text)
    assert refusal.value.code == "no_section"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("一", "一、"),
        ("（二）", "（二）"),
        ("3", "3."),
        ("１２", "１２."),
        ("2.1", "2.1 "),
        ("第一章", "第一章 "),
        ("④", "④"),
        ("", ""),
    ],
)
def test_a_number_is_shown_before_a_title_as_offices_write_it(number, shown):
    assert with_mark(number) == shown


def test_articles_behind_an_opening_are_no_part_of_it() -> None:
    reading = reading_of(
        "青河县渡口条例\n《青河县渡口条例》已经通过，现予公布。\n渡口管理"
        "\n第一条 为了安全，制定本条例。\n第二条 国家对渡口实行登记制度。"
    )
    assert not sentence(reading, "第二条.1").statement


def test_the_last_item_of_a_list_is_no_heading() -> None:
    reading = reading_of(
        f"{TITLE}一、清理\n清理以下问题：\n（一）设置门槛；\n（二）收取费用；\n（三）其他情形。各镇要清理。"
    )
    assert headings(reading) == [(1, "一", "清理")]
    assert coded(reading)[-2:] == [("一.4.1", "（三）其他情形。"), ("一.4.2", "各镇要清理。")]


def test_principles_of_any_kind_are_principles() -> None:
    reading = reading_of(
        f"{TITLE}一、分工原则\n（一）突出重点。紧扣目标，明确措施。\n二、任务\n紧扣目标，明确措施。"
    )
    assert [one.statement for one in reading.sentences] == [True, False]


def test_what_something_means_is_no_task_though_its_heading_begins_with_one() -> None:
    reading = reading_of(f"{TITLE}一、推进节水的重大意义\n节水增强后劲。\n二、推进节水\n增强后劲。")
    assert [one.statement for one in reading.sentences] == [True, False]


def test_an_unbroken_text_is_cut_before_a_first_item_that_begins_with_a_year() -> None:
    filler = "县政府所作的报告已经会议审议通过，现将重点工作任务分解，请各单位认真组织落实，" * 4
    reading = reading_of(
        f"{filler}。一、主要目标 1.2031年是关键一年。财政收入增长10%。二、节水任务 2.各镇要节水。"
    )
    assert (1, "一", "主要目标") in headings(reading)
