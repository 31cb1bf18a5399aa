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
