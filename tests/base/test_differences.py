"""Two versions of a text: what was added and what was taken out."""

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directives.base.differences import LONG, differences


def marked(before, after):
    signs = {"same": "", "added": "+", "removed": "-"}
    return [signs[piece.mark] + piece.text for piece in differences(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("", "", []),
        ("印发办法", "印发办法", ["印发办法"]),
        ("", "印发办法", ["+印发办法"]),
        ("印发办法", "", ["-印发办法"]),
        ("培训三百人。", "培训二百人。", ["培训", "-三", "+二", "百人。"]),
        ("完成60%", "完成85%", ["完成", "-60", "+85", "%"]),
        (
            "召开会议；印发通知",
            "召开会议；开展培训；印发通知",
            ["召开会议；", "+开展培训；", "印发通知"],
        ),
        ("report by June", "report by July", ["report by ", "-June", "+July"]),
    ],
)
def test_what_changed_is_marked(before, after, told):
    assert marked(before, after) == told


def test_a_single_character_between_two_changes_is_a_part_of_them():
    assert marked("甲乙的丙丁", "子丑的寅卯") == ["-甲乙的丙丁", "+子丑的寅卯"]


@given(st.text("的一二三，。abc1 \n", max_size=60), st.text("的一二三，。abc1 \n", max_size=60))
def test_the_pieces_make_up_both_texts(before, after):
    pieces = differences(before, after)
    assert "".join(piece.text for piece in pieces if piece.mark != "added") == before
    assert "".join(piece.text for piece in pieces if piece.mark != "removed") == after


def test_long_texts_are_compared_by_sentences_and_soon():
    before = "".join(f"第{number}项工作已经完成，印发了通知。" for number in range(LONG // 10))
    after = before.replace("第7项工作已经完成", "第7项工作正在推进")
    began = perf_counter()
    assert marked(before, after)[1:3] == [
        "-第7项工作已经完成，印发了通知。",
        "+第7项工作正在推进，印发了通知。",
    ]
    assert perf_counter() - began < 5
