"""The source beside the rows of the desk, and where words move to."""

from types import SimpleNamespace

import pytest

from directives.documents.commands.desk_text import SourceText, edited, line_edits, moved
from directives.documents.queries.desk_source import desk_lines
from directives.models import LeftOut, Repair

TEXT = "首页\n一、健全\n甲局要建立(lì)制度。乙局要开会。\n（甲局牵头）\n" + "附录\n" * 20 + "完\n"
SPOT = TEXT.index("(lì)")


def row(pk, words, *places):
    start = TEXT.index(words)
    return SimpleNamespace(
        pk=pk,
        code=f"一.1.{pk}",
        source_start=start,
        source_end=start + len(words),
        places=[[TEXT.index(place), TEXT.index(place) + len(place)] for place in places],
    )


def repair(before="(lì)", after="", **fields):
    return Repair(
        line=3,
        start=TEXT.split("\n")[2].index("(lì)"),
        order=0,
        before=before,
        after=after,
        **fields,
    )


def bits(lines, number):
    (line,) = [line for line in lines if line.number == number]
    return [(bit.text, bit.row, bit.others, bit.begins) for bit in line.bits]


@pytest.fixture
def rows():
    return [
        row(1, "甲局要建立(lì)制度。", "（甲局牵头）"),
        row(2, "乙局要开会。", "（甲局牵头）"),
    ]


def test_each_stretch_knows_its_row_and_the_rows_of_its_terms(rows):
    lines = desk_lines(TEXT, rows, [], [])
    assert bits(lines, 3) == [
        ("甲局要建立(lì)制度。", 1, (), "一.1.1"),
        ("乙局要开会。", 2, (), "一.1.2"),
    ]
    assert bits(lines, 4) == [("（甲局牵头）", 0, (1, 2), "")]


def test_a_repair_is_a_stretch_of_its_row(rows):
    lines = desk_lines(TEXT, rows, [repair(state="certain")], [])
    assert bits(lines, 3)[:3] == [
        ("甲局要建立", 1, (), "一.1.1"),
        ("(lì)", 1, (), ""),
        ("制度。", 1, (), ""),
    ]


def test_what_is_left_out_is_said_and_long_stretches_are_counted(rows):
    out = LeftOut(line=1, text="首页", source_start=0, source_end=2, reason="navigation")
    lines = desk_lines(TEXT, rows, [], [out])
    assert lines[0].bits[0].left_out
    assert [line.number for line in lines] == [1, 2, 3, 4]
    far = [*rows, row(3, "完")]
    assert [line.skipped for line in desk_lines(TEXT, far, [], []) if line.skipped] == [20]


def test_without_rows_the_whole_source_is_shown():
    assert len(desk_lines(TEXT, [], [], [])) == 25


def test_words_are_found_as_repaired_at_their_place_as_read():
    source = SourceText.of(TEXT, [repair(state="certain")])
    start, end = source.find("建立制度")
    assert TEXT[start:end] == "建立(lì)制度"
    assert source.find("没有的话") is None
    refused = SourceText.of(TEXT, [repair(state="refused")])
    assert refused.find("建立制度") is None


def test_the_first_place_after_a_row_is_taken():
    source = SourceText.of("开会。\n甲。\n开会。\n", [])
    assert source.find("开会。") == (0, 3)
    assert source.find("开会。", after=4) == (7, 10)
    assert source.find("甲。", after=8) == (4, 6)


def test_pieces_have_the_places_of_their_words_even_if_these_were_corrected():
    start, end = TEXT.index("甲局要"), TEXT.index("乙局要")
    part = SourceText.of(TEXT, [repair(state="certain")]).within(start, end)
    places = part.ranges(["甲局应建立", "制度。"])
    assert [TEXT[first:last] for first, last in places] == ["甲局要建立", "制度。"]


def test_positions_move_with_the_words_around_them():
    assert moved("建立请示制度", "要建立好请示制度", [2, 4, 6]) == [4, 6, 8]


def test_a_change_of_one_line_is_made_where_its_surroundings_are_once():
    edits = line_edits("甲乙丙丁戊\n己", "甲乙子丁戊\n己")
    assert edited("乙丙丁", edits) == "乙子丁"
    assert edited("别的乙丙丁话，又乙丙丁", edits) == "别的乙丙丁话，又乙丙丁"
    assert edited("没有", edits) == "没有"
