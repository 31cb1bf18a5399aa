"""Brackets and lines that say who is responsible."""

import pytest

from directives.documents.ingest.responsibility import (
    LEAD,
    RESPONSIBLE,
    SUPPORTING,
    is_responsibility,
    read,
)

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("市教育局负责", [("市教育局", RESPONSIBLE)]),
        ("市教育局牵头，市财政局配合", [("市教育局", LEAD), ("市财政局", SUPPORTING)]),
        (
            "市商务局牵头，市市场监管局配合",  # 商 in a name is no 商 of 会商
            [("市商务局", LEAD), ("市市场监管局", SUPPORTING)],
        ),
        (
            "牵头单位：市城管局；责任单位：市文化和旅游局、各区政府；完成时限：6月底前",
            [("市城管局", LEAD), ("市文化和旅游局", RESPONSIBLE), ("各区政府", RESPONSIBLE)],
        ),
        (
            "市发展改革委、人民银行青河支行按职责分工负责",
            [("市发展改革委", RESPONSIBLE), ("人民银行青河支行", RESPONSIBLE)],
        ),
        (
            "甲部、乙部负责。列第一位者为牵头单位，下同",
            [("甲部", LEAD), ("乙部", RESPONSIBLE)],
        ),
        ("市发展改革委和市财政局负责", [("市发展改革委", RESPONSIBLE), ("市财政局", RESPONSIBLE)]),
        ("市教育局、市财政局等负责", [("市教育局", RESPONSIBLE), ("市财政局", RESPONSIBLE)]),
        ("市教育局会同市财政局负责", [("市教育局", LEAD), ("市财政局", SUPPORTING)]),
        ("各区、县（市）人民政府负责", [("各区、县（市）人民政府", RESPONSIBLE)]),
        ("市教育局、市财政局", [("市教育局", RESPONSIBLE), ("市财政局", RESPONSIBLE)]),
    ],
)
def test_who_as_what(content: str, names: list[tuple[str, str]]) -> None:
    assert is_responsibility(content)
    assert list(read(content, content).names) == names


@pytest.mark.parametrize(
    ("content", "due"),
    [
        ("责任单位：市教育局；完成时限：2031年6月底前", "2031年6月底前"),
        ("市教育局负责，2031年6月底前完成", "2031年6月底前完成"),
        ("市教育局牵头，持续推进", "持续推进"),
    ],
)
def test_by_when(content: str, due: str) -> None:
    assert read(content, content).due == due


@pytest.mark.parametrize("content", ["注", "一", "试行", "单位", "以下简称本府", "见附件"])
def test_other_brackets(content: str) -> None:
    assert not is_responsibility(content)
