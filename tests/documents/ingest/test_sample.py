"""The sample document against what a person reads on the page."""

import hashlib

import pytest

from directives.base.script import to_hans
from directives.documents.ingest.confirmations import confirmations_of
from directives.documents.ingest.reading import Reading, read
from directives.documents.ingest.sources import LeftOut
from tests.documents.ingest.expected import CONFIRMATIONS, SAMPLE, Expected, sample_sentences

pytestmark = pytest.mark.once

SENTENCES = sample_sentences()
TITLES = [
    ("七", "支持群團組織在社會主義民主中發揮作用"),
    ("八", "支持群團組織參與創新社會治理和維護社會穩定"),
    ("九", "推動群團組織改革創新、增強活力"),
    ("十", "加大對群團工作的支持保障力度"),
    ("十一", "加強群團組織領導班子和干部隊伍建設"),
    ("", ""),
]
# The characters before the 25 kinds of reading in brackets, and how often the page has them.
ANNOTATED = {
    "發": 17,
    "聯": 16,
    "協": 13,
    "網": 13,
    "經": 12,
    "規": 10,
    "區": 9,
    "創": 7,
    "業": 5,
    "調": 5,
    "統": 5,
    "鄉": 4,
    "優": 4,
    "現": 4,
    "內": 3,
    "監": 3,
    "穩": 3,
    "據": 3,
    "農": 2,
    "產": 2,
    "養": 2,
    "節": 1,
    "戰": 1,
    "執": 1,
    "質": 1,
}


@pytest.fixture(scope="module")
def source() -> bytes:
    return SAMPLE.read_bytes()


@pytest.fixture(scope="module")
def reading(source: bytes) -> Reading:
    return read(source, name="opinion_2015.txt")


def test_whole_of_it(reading: Reading, source: bytes) -> None:
    assert reading.title == "中共中央關于加強和改進黨的群團工作的意見"
    assert reading.issuer == "中共中央"
    assert reading.script == "hant"
    assert reading.sha256 == hashlib.sha256(source).hexdigest()
    assert [(section.number, section.title) for section in reading.sections] == TITLES
    assert [len(section.paragraphs) for section in reading.sections] == [4, 3, 5, 4, 3, 1]
    assert len(SENTENCES) == 73
    assert sum(one.kind == "statement" for one in SENTENCES) == 4
    assert sum(len(one.items) for one in SENTENCES) == 76


def test_codes_in_order(reading: Reading) -> None:
    assert [sentence.code for sentence in reading.sentences] == [one.code for one in SENTENCES]


@pytest.mark.parametrize("expected", SENTENCES, ids=[one.code for one in SENTENCES])
def test_sentence(reading: Reading, expected: Expected) -> None:
    sentence = next(one for one in reading.sentences if one.code == expected.code)
    assert sentence.text == expected.text
    assert sentence.text_hans == to_hans(expected.text)
    assert sentence.statement == (expected.kind == "statement")
    assert (
        tuple((who.name, who.basis, who.source) for who in sentence.addressees)
        == expected.addressees
    )
    assert (sentence.modality, sentence.kind, sentence.cadence) == (
        expected.modality,
        expected.kind,
        expected.cadence,
    )
    assert tuple((item.verb, item.name) for item in sentence.items) == expected.items


def test_items_stand_where_they_say(reading: Reading) -> None:
    for sentence in reading.sentences:
        assert [item.number for item in sentence.items] == list(range(1, len(sentence.items) + 1))
        for item in sentence.items:
            words = sentence.text[item.start : item.end]
            assert words and words in item.name, (sentence.code, item)
        starts = [item.start for item in sentence.items]
        assert starts == sorted(starts), sentence.code


def test_paragraph_is_its_sentences(reading: Reading) -> None:
    lines = reading.text_repaired.split("\n")
    paragraphs = [
        "".join(one.text for one in paragraph)
        for section in reading.sections
        for paragraph in section.paragraphs
    ]
    body = [line for line in lines[2:27] if "、 " not in line[:5]]
    assert paragraphs == [line.removesuffix("（完）") for line in body]


def test_every_annotation_is_repaired_and_no_real_bracket_lost(reading: Reading) -> None:
    lines = reading.text_read.split("\n")
    rows = [repair for repair in reading.repairs if repair.kind == "annotation"]
    counted: dict[str, int] = {}
    for row in rows:
        assert (row.certain, row.after) == (True, "")
        assert lines[row.line - 1][row.start : row.start + len(row.before)] == row.before
        character = lines[row.line - 1][row.start - 1]
        counted[character] = counted.get(character, 0) + 1
    assert counted == ANNOTATED
    assert sum(ANNOTATED.values()) == 146
    assert "（黨委）" in reading.text_repaired
    assert reading.text_repaired.count("（") == 2
    assert "(" not in reading.text_repaired and "," not in reading.text_repaired


def test_shifted_run_is_read_again(reading: Reading) -> None:
    certain = [repair for repair in reading.repairs if repair.kind == "shifted_run"]
    proposed = [repair for repair in reading.repairs if not repair.certain]
    assert (
        "".join(repair.after for repair in certain)
        == "備、以德為先照信念堅定民、勤實、敢于、清潔的好干部標準"
    )
    assert [repair.after for repair in proposed] == list("，按、為服務政務擔當正廉，選")
    assert {repair.kind for repair in proposed} == {"half_lost"}
    assert {repair.confirmed_by for repair in proposed} == {""}


def test_repairs_make_the_repaired_text(reading: Reading) -> None:
    lines = reading.text_read.split("\n")
    for number, line in enumerate(lines, 1):
        for row in reversed([repair for repair in reading.repairs if repair.line == number]):
            assert line[row.start :].startswith(row.before)
            line = line[: row.start] + row.after + line[row.start + len(row.before) :]
        assert line == reading.text_repaired.split("\n")[number - 1]


def test_furniture_is_left_out_and_listed(reading: Reading) -> None:
    assert reading.left_out == (
        LeftOut(1, "首頁>要聞 要聞", "navigation"),
        LeftOut(27, "（完）", "end mark"),
        LeftOut(28, "編輯：王瀝慷", "editor"),
        LeftOut(29, "關鍵詞：中共中央 加強和改進 黨的群團工作", "keywords"),
    )


def test_shipped_confirmations_cover_every_proposal(reading: Reading, source: bytes) -> None:
    sheet = confirmations_of(CONFIRMATIONS.read_bytes(), document=source)
    confirmed = read(source, name="opinion_2015.txt", confirmations=sheet)
    rows = [repair for repair in confirmed.repairs if not repair.certain]
    assert len(rows) == 14
    assert {row.confirmed_by for row in rows} == {"演示校勘员（虚构）"}
    assert all(row.why for row in rows)
    assert confirmed.text_repaired == reading.text_repaired
    assert confirmed.sections == reading.sections
