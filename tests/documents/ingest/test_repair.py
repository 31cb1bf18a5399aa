"""Damage and its repair: each kind seen on real pages, and what must come through untouched."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directives.documents.ingest.confirmations import confirmations_of
from directives.documents.ingest.language import readings
from directives.documents.ingest.reading import read
from directives.documents.ingest.repair import Confirmation, applied, repaired
from directives.documents.ingest.sources import DocumentError
from tests.documents.ingest.expected import SAMPLE, sample_sentences

pytestmark = pytest.mark.once

HAN = st.sampled_from(
    list(
        "群團組織黨委政府發聯協網經規區創業調鄉優內監穩據農產養節戰執質重要參與社會事務管理的和是一在有"
    )
)
MARKS = st.sampled_from("，。；：、“”（）《》")
PLAIN = st.text(st.one_of(HAN, MARKS, st.sampled_from("0123456789\n ")), max_size=80)
READING_OF = {
    character: reading
    for reading, characters in readings().items()
    for character in characters
    if any(unicodedata.combining(c) for c in unicodedata.normalize("NFD", reading))
}


@pytest.mark.parametrize(
    ("page", "text", "kinds"),
    [
        ("發(fā)揮作用", "發揮作用", ["annotation"]),
        ("內(nèi)容、產(chǎn)業", "內容、產業", ["annotation", "annotation"]),
        ("會(huì )議", "會議", ["annotation"]),
        ("會( huì)議", "會議", ["annotation"]),
        ("女(nǚ)性，綠(lǜ)化", "女性，綠化", ["annotation", "annotation"]),
        ("發（fā）揮", "發揮", ["annotation"]),
        ("解放軍日?qǐng)?bào)社", "解放軍日報社", ["shifted_run"]),
        ("這是重點難點?;鶎狱h組織", "這是重點難點。基層黨組織", ["half_lost", "shifted_run"]),
        ("健全制度?,F將有關事項", "健全制度。現將有關事項", ["half_lost", "shifted_run"]),
        ("黨組(黨委)", "黨組（黨委）", ["punctuation", "punctuation"]),
        ("要求,落實;完成:好", "要求，落實；完成：好", ["punctuation"] * 3),
        ("發(fā)揮,發(fā)", "發揮，發", ["annotation", "punctuation", "annotation"]),
        ("如何落實?", "如何落實？", ["punctuation"]),
        ("本意見.", "本意見。", ["punctuation"]),
    ],
)
def test_damage(page: str, text: str, kinds: list[str]) -> None:
    mended = repaired(page)
    assert mended.text == text
    assert [repair.kind for repair in mended.repairs] == kinds
    assert applied(page, mended.repairs) == text


@pytest.mark.parametrize(
    "page",
    [
        "黨組（黨委）要落實。（完）",
        "3,000元，1:2，20%(a)",
        "see (fā) here",
        "A(ā)",
        "時間10:20",
        "https://example.org/?q=1",
        "what? (ok)",
        "",
    ],
)
def test_undamaged(page: str) -> None:
    assert repaired(page).text == page
    assert repaired(page).repairs == ()


def test_real_bracket_stays() -> None:
    assert repaired("黨組(黨委)。(完)").text == "黨組（黨委）。（完）"
    assert repaired("發(展)").text == "發（展）"
    assert repaired("發(fa)").text == "發（fa）"  # no tone: no reading that the tool writes


def test_question_inside_a_line_is_only_proposed() -> None:
    mended = repaired("建立制度?要落实。")
    assert mended.text == "建立制度？要落实。"
    assert [(row.kind, row.certain) for row in mended.repairs] == [("punctuation", False)]


def test_question_that_asks_is_certain() -> None:
    mended = repaired("怎么办?要落实。")
    assert mended.text == "怎么办？要落实。"
    assert [(row.kind, row.certain) for row in mended.repairs] == [("punctuation", True)]


def test_what_cannot_be_read_is_shown_and_said() -> None:
    mended = repaired("損?hǎo)壞的字")
    assert mended.text == "損?hǎo)壞的字"
    assert [(row.kind, row.start, row.before, row.certain) for row in mended.repairs] == [
        ("unreadable", 1, "?hǎo)", False)
    ]


def damaged(text: str, at: int, reading: str = "") -> str:
    """What the tool makes of a text of which two bytes read as one character.

    They are the second byte of character `at` and the first of the next.
    """
    code = text.encode("gbk")
    cut = len(text[:at].encode("gbk")) + 1
    reading = reading or READING_OF[code[cut : cut + 2].decode("gbk")]
    code = code[: cut + 2] + f"({reading})".encode("gbk") + code[cut + 2 :]
    shown, place = "", 0
    while place < len(code):
        if code[place] < 0x80:
            shown, place = shown + chr(code[place]), place + 1
            continue
        pair = code[place : place + 2]
        shown += (
            "?" if len(pair) < 2 or pair[1] < 0x40 else pair.decode("gbk", "ignore").strip("\x7f")
        )
        place += 2
    return shown


def places(text: str) -> list[int]:
    """Where `damaged` can strike."""
    found = []
    for at, pair in enumerate(zip(text, text[1:], strict=False)):
        first, second = (character.encode("gbk") for character in pair)
        middle = (first[1:] + second[:1]).decode("gbk", "ignore")
        if len(first) == len(second) == 2 and middle in READING_OF:
            found.append(at)
    return found


def test_the_run_of_the_sample_comes_about_like_this() -> None:
    true = (
        "堅持德才兼備、以德為先，按照信念堅定、為民服務、勤政務實、敢于擔當、"
        "清正廉潔的好干部標準，選拔群眾工作"
    )
    page = damaged(true, true.index("兼"), "zhèn")
    assert page == (
        "堅持德才兼?zhèn)洹⒁缘聻橄龋凑招拍顖远ā槊穹铡⑶谡諏崱⒏矣趽敗⑶逭疂嵉暮酶刹繕藴剩x拔群眾工作"
    )
    assert page in SAMPLE.read_text(encoding="utf-8")


TRUE = [
    one.text
    for one in sample_sentences()
    if one.code in ("七.4.3", "八.2.4", "九.3.3", "十.2.2", "十一.1.3")
]


@pytest.mark.parametrize("true", TRUE)
def test_what_is_called_certain_is_true_wherever_the_damage_strikes(true: str) -> None:
    exact = 0
    for at in places(true)[::2]:
        page = damaged(true, at)
        mended = repaired(page)
        exact += mended.text == true
        if all(row.certain for row in mended.repairs):
            assert mended.text == true, page
        rest = true[at + 1 :]
        for row in mended.repairs:
            if row.certain:
                assert row.after in rest, (page, row)
                rest = rest[rest.index(row.after) :]
    assert exact >= len(places(true)[::2]) * 0.6


@given(PLAIN)
def test_text_without_damage_is_unchanged(text: str) -> None:
    mended = repaired(text)
    assert mended.text == text
    assert mended.repairs == ()


@given(PLAIN, st.data())
def test_annotating_then_repairing_is_identity(text: str, data: st.DataObject) -> None:
    page = ""
    for character in text:
        page += character
        if character in READING_OF and data.draw(st.booleans()):
            space = data.draw(st.sampled_from(["", " "]))
            page += f"({READING_OF[character]}{space})"
    mended = repaired(page)
    assert mended.text == text
    assert {row.kind for row in mended.repairs} <= {"annotation"}


@given(st.text(max_size=200))
def test_any_text_keeps_its_lines_and_its_rows_make_the_result(text: str) -> None:
    mended = repaired(text)
    before, after = text.split("\n"), mended.text.split("\n")
    assert len(before) == len(after)
    for number, (old, new) in enumerate(zip(before, after, strict=True), 1):
        assert applied(old, [row for row in mended.repairs if row.line == number]) == new


def test_a_person_corrects_a_proposal() -> None:
    page = "這是重點難點?;鶎狱h組織"
    word = Confirmation(1, 6, "。", "，", "某某", "看了原件")
    mended = repaired(page, (word,))
    assert mended.text == "這是重點難點，基層黨組織"
    assert (mended.repairs[0].certain, mended.repairs[0].confirmed_by, mended.repairs[0].why) == (
        False,
        "某某",
        "看了原件",
    )
    assert mended.unused == ()


def test_confirming_what_was_not_proposed_is_refused() -> None:
    word = Confirmation(1, 0, "甲", "乙", "某某", "看了原件")
    with pytest.raises(DocumentError) as refusal:
        read(SAMPLE.read_bytes(), name="a.txt", confirmations=(word,))
    assert refusal.value.code == "confirmations"


ROW = {
    "line": 1,
    "start": 0,
    "proposed": "甲",
    "after": "乙",
    "confirmed_by": "某某",
    "why": "看了原件",
}
OWN = (
    "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"  # SHA-256 of b"hello world"
)


def test_confirmations_of_a_file() -> None:
    sheet = json.dumps({"document": OWN, "confirmations": [ROW]}).encode()
    assert confirmations_of(sheet, document=b"hello world") == (
        Confirmation(1, 0, "甲", "乙", "某某", "看了原件"),
    )


@pytest.mark.parametrize(
    "sheet",
    [
        b"not json",
        b"\xff\xfe",
        b"[]",
        json.dumps({"document": OWN}).encode(),
        json.dumps({"document": "0" * 64, "confirmations": []}).encode(),
        json.dumps({"document": OWN, "confirmations": ["甲"]}).encode(),
        json.dumps({"document": OWN, "confirmations": [ROW | {"line": "1"}]}).encode(),
        json.dumps({"document": OWN, "confirmations": [ROW | {"confirmed_by": " "}]}).encode(),
        json.dumps(
            {
                "document": OWN,
                "confirmations": [{key: ROW[key] for key in ("line", "start", "after")}],
            }
        ).encode(),
    ],
)
def test_confirmations_that_cannot_be_used(sheet: bytes) -> None:
    with pytest.raises(DocumentError) as refusal:
        confirmations_of(sheet, document=b"hello world")
    assert refusal.value.code == "confirmations"
    assert refusal.value.params["reason"] in refusal.value.message
