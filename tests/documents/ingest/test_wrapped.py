"""Texts that were saved with a line break at the margin."""

import pytest

from directives.documents.ingest.reading import Reading, read

pytestmark = pytest.mark.once

WRAPPED = """青河县河道管理办法

  第一条  为了加强河道管理，保障防洪安全，改善水环境
，根据有关法律，结合本县实际，制定本办法。

  第二条  县水利局负责全县河道的监督管理，组织编制河
道规划，每年汛前检查一次堤防，对查出的问题要在5月底前整
改到位；各镇协助做好工作。

  县财政局应当保障河道管理经费，并将其列入年度预算。
  第三条  沿河单位和个人不得向河道倾倒垃圾、渣土，不
得擅自占用岸线，不得在河道内设置妨碍行洪的建筑物、构筑
物。
"""


def texts(reading: Reading) -> list[str]:
    return [one.text for one in reading.sentences]


def test_lines_are_joined_where_the_margin_cut_a_sentence() -> None:
    reading = read(WRAPPED.encode(), name="a.txt")
    assert texts(reading) == [
        "为了加强河道管理，保障防洪安全，改善水环境，根据有关法律，结合本县实际，制定本办法。",
        "县水利局负责全县河道的监督管理，组织编制河道规划，每年汛前检查一次堤防，"
        "对查出的问题要在5月底前整改到位；",
        "各镇协助做好工作。",
        "县财政局应当保障河道管理经费，并将其列入年度预算。",
        "沿河单位和个人不得向河道倾倒垃圾、渣土，不得擅自占用岸线，"
        "不得在河道内设置妨碍行洪的建筑物、构筑物。",
    ]


def test_a_joined_sentence_has_its_place_in_the_source() -> None:
    reading = read(WRAPPED.encode(), name="a.txt")
    first = next(reading.sentences)
    start, end = first.source
    assert "".join(WRAPPED[start:end].split()) == first.text


def test_paragraphs_of_their_own_are_not_joined() -> None:
    text = "关于护河的意见\n一、护河\n" + "".join(
        f"各镇要安排{number}名人员定期巡查沿线河道。\n" for number in range(10, 18)
    )
    assert len(texts(read(text.encode(), name="a.txt"))) == 8


def test_short_lines_without_marks_are_not_joined() -> None:
    items = "\n".join(
        f"（{number}）编制青河县第{number}段河道岸线保护规划" for number in "一二三四五六七八"
    )
    reading = read(f"关于护河的意见\n一、护河\n{items}\n".encode(), name="a.txt")
    assert len(texts(reading)) == 8


def test_a_number_on_a_line_of_its_own_belongs_to_the_words_below() -> None:
    reading = read(
        "关于护河的意见\n一、\n各镇要巡查。\n二、\n各村要清淤。\n".encode(), name="a.txt"
    )
    assert [(one.code, one.text) for one in reading.sentences] == [
        ("一.1.1", "各镇要巡查。"),
        ("二.1.1", "各村要清淤。"),
    ]


def test_numbers_that_count_on_within_a_line_begin_paragraphs() -> None:
    text = "关于护河的意见\n一、做法\n1、巡查：每村设专人。2、清淤。各镇要排出计划。3、考核。\n"
    reading = read(text.encode(), name="a.txt")
    assert [(section.number, section.title) for section in reading.sections] == [
        ("一", "做法"),
        ("1", "巡查"),
        ("2", "清淤"),
    ]
    assert texts(reading) == ["每村设专人。", "各镇要排出计划。", "3、考核。"]


def test_a_number_within_a_line_that_does_not_count_on_cuts_nothing() -> None:
    text = "关于护河的意见\n一、做法\n1.各镇要巡查。5.2公里河段由县水利局负责。\n"
    assert len(texts(read(text.encode(), name="a.txt"))) == 2


TABLE = """二〇三一年护河任务表
序号\t工作任务\t牵头单位\t配合单位\t完成时限
1\t清理白石河岸\t县水利局\t各镇\t2031年10月底前
2\t每季度通报一次\t县政府办\t\t长期坚持
"""


def test_a_table_of_tasks_with_tabs_is_read_as_one() -> None:
    reading = read(TABLE.encode(), name="a.txt")
    rows = [
        (one.code, one.text, [(body.name, body.role) for body in one.addressees])
        for one in reading.sentences
    ]
    assert rows == [
        ("1.1", "清理白石河岸", [("县水利局", "lead"), ("各镇", "supporting")]),
        ("2.1", "每季度通报一次", [("县政府办", "lead")]),
    ]
    first, second = reading.sentences
    assert first.due is not None and first.due.on == "2031-10-31"
    assert second.due is not None and second.due.cadence == "quarter"
    places = [TABLE[start:end] for start, end in first.fields]
    assert places == ["1", "县水利局", "各镇", "2031年10月底前"]


def test_lines_with_tabs_that_are_no_table_of_tasks_stay_lines() -> None:
    text = "关于护河的意见\n一、护河\n各镇\t要巡查\t河道。\n各村\t要清淤\t泥沙。\n"
    assert len(texts(read(text.encode(), name="a.txt"))) == 2


def test_longer_lines_of_the_page_around_the_text_do_not_count() -> None:
    lines = (
        "作者：青河法规网 时间：2031-07-23 23:10:09 浏览：9241 来源：青河法规网",
        "青河县渡口条例",
        "  第一条为了加强渡口管理，保证渡运安全，保障乘客的人",
        "身安全，制定本条例。",
        "  第二条县交通主管部门主管全县渡口的监督管理工作，镇",
        "人民政府负责本行政区域内渡口的日常检查和隐患排查的具",
        "体工作。",
        "  第三条船主应当将渡口标志牌悬挂于显著位置，并且应当",
        "定期检查渡船的救生设备和消防设备，发现损坏的应当立即",
        "更换。",
    )
    text = "\n".join(lines)
    sentences = [one.text for one in read(text.encode(), name="a.txt").sentences]
    assert sentences[0] == "为了加强渡口管理，保证渡运安全，保障乘客的人身安全，制定本条例。"
    assert len(sentences) == 3
