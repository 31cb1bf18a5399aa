"""Where a sentence ends."""

import pytest

from directives.documents.ingest.sentences import sentences_of
from directives.documents.ingest.words import Words

pytestmark = pytest.mark.once


def cut(paragraph: str, doubtful: tuple[int, ...] = ()) -> tuple[str, ...]:
    size = len(paragraph)
    words = Words(paragraph, paragraph, range(size), range(1, size + 1))
    return tuple(one.text for one in sentences_of(words, doubtful))


@pytest.mark.parametrize(
    ("paragraph", "sentences"),
    [
        ("甲。乙；丙。", ("甲。", "乙；", "丙。")),
        ("甲！乙？丙。", ("甲！", "乙？", "丙。")),
        ("他说：“甲。”乙。", ("他说：“甲。”", "乙。")),
        ("要牢记“小事。大事。”的要求。抓好。", ("要牢记“小事。大事。”的要求。", "抓好。")),
        (
            "学习《规定。修订稿》（试行；草案）。做好。",
            ("学习《规定。修订稿》（试行；草案）。", "做好。"),
        ),
        ("用「甲。乙」。", ("用「甲。乙」。",)),
        ("没有句号", ("没有句号",)),
        ("甲。（教育部牵头）乙。", ("甲。（教育部牵头）", "乙。")),
        (
            "甲。（牵头单位：教育部；责任单位：财政部）",
            ("甲。（牵头单位：教育部；责任单位：财政部）",),
        ),
        ("甲。（注）乙。", ("甲。", "（注）乙。")),
        ("甲（乙。丙；丁。", ("甲（乙。", "丙；", "丁。")),  # a bracket without its partner is none
        ("增长3.5%。甲。", ("增长3.5%。", "甲。")),
        ("", ()),
    ],
)
def test_sentences(paragraph: str, sentences: tuple[str, ...]) -> None:
    assert cut(paragraph) == sentences


def test_a_mark_that_may_be_a_lost_character_cuts_nothing() -> None:
    assert cut("建立制度？联席会议。", doubtful=(4,)) == ("建立制度？联席会议。",)
