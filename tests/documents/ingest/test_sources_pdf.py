"""What is read of a .pdf: lines joined, furniture out; and what is refused rather than guessed."""

import pytest

from directives.documents.ingest.sources import DocumentError, Source
from directives.documents.ingest.sources import pdf as reader
from directives.documents.ingest.sources.pdf import sound, source_of_pdf
from tests.documents.ingest.pdf_files import EM, HEIGHT, LEFT, Put, body, encrypted, pdf

pytestmark = pytest.mark.once

FULL = "各级党委要加强对群团工作的领导，支持群团组织开展工作，发挥桥梁"  # 30 characters and more
FULL = FULL[:30]
TITLE = Put("关于做好窗口服务的通知", (595 - 22 * 11) / 2, 770, 22)


def words(source: Source) -> list[str]:
    return [source.text[line.start : line.end] for line in source.lines]


def refused(content: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as refusal:
        source_of_pdf(content)
    return refusal.value


def test_lines_become_paragraphs_by_indents_and_short_lines() -> None:
    page = body(
        [
            "各镇人民政府：",
            f"　　{FULL[:28]}",
            f"{FULL}",
            "和纽带作用。",
            "　　一、公开办事流程",
            "　　各窗口要公开办事流程。",
        ]
    )
    source = source_of_pdf(pdf([[TITLE, *page]]))
    assert words(source) == [
        "关于做好窗口服务的通知",
        "各镇人民政府：",
        f"{FULL[:28]}{FULL}和纽带作用。",
        "一、公开办事流程",
        "各窗口要公开办事流程。",
    ]
    assert [line.align for line in source.lines] == ["center", "", "", "", ""]


def test_a_paragraph_without_indent_begins_at_a_label_behind_a_full_line() -> None:
    first, second = f"{FULL[:29]}。", f"{FULL[:29]}。"
    lines = [f"一、{first[:27]}。", f"二、{second[:27]}。", "三、完。"]
    assert words(source_of_pdf(pdf([body(lines)]))) == lines


def test_a_paragraph_goes_on_over_a_page_and_furniture_is_left_out() -> None:
    def page(number: int, *lines: str) -> list[Put]:
        return [
            Put("青河县人民政府文件", 88, HEIGHT - 40, 9),
            *body(lines),
            Put(f"— {number} —", 280, 40, 9),
        ]

    source = source_of_pdf(
        pdf(
            [
                page(1, f"　　{FULL[:28]}", FULL),
                page(2, "和纽带作用。", "　　1", "　　2031年"),
                page(3, "　　各镇要办。"),
            ]
        )
    )
    assert words(source) == [f"{FULL[:28]}{FULL}和纽带作用。", "1", "2031年", "各镇要办。"]
    assert [(line.reason, line.text) for line in source.left_out] == [
        (reason, text)
        for number in (1, 2, 3)
        for reason, text in (
            ("header", "青河县人民政府文件"),
            ("page number", f"— {number} —"),
        )
    ]


def test_a_title_of_two_lines_keeps_them_together() -> None:
    page = [
        Put("青河县人民政府", 220, 810, 22),
        Put("关于垃圾分类的意见", 200, 780, 22),
        *body([FULL]),
    ]
    source = source_of_pdf(pdf([page]))
    assert words(source) == ["青河县人民政府", "关于垃圾分类的意见", FULL]
    assert [line.joined for line in source.lines] == [False, True, False]


def test_a_line_is_full_where_the_next_word_would_not_have_fitted() -> None:
    lines = [f"　　{FULL[:26]}", "”，和纽带作用。", "　　另一段。"]
    first = source_of_pdf(pdf([body([lines[0], "和纽带作用。", FULL, FULL[1:], FULL[2:]])]))
    assert words(first)[0] == FULL[:26]
    kept = f"　　{FULL[:26]}", "作2031”，用。"
    second = source_of_pdf(pdf([body([*kept, FULL, FULL[1:], FULL[2:]])]))
    assert words(second)[0] == FULL[:26]
    number = f"　　{FULL[:26]}", "20310101，用。"
    third = source_of_pdf(pdf([body([*number, FULL, FULL[1:], FULL[2:]])]))
    assert words(third)[0] == f"{FULL[:26]}20310101，用。"


def test_notes_at_the_foot_of_a_page_are_left_out_with_their_numbers() -> None:
    page = [
        *body([FULL, f"{FULL[:10]}"]),
        Put("1", LEFT + 10 * EM, 712 + 6, 7),
        Put("1脚注的文字", LEFT, 60, 9),
    ]
    source = source_of_pdf(pdf([page]))
    assert words(source) == [f"{FULL}{FULL[:10]}"]
    assert [(line.reason, line.text) for line in source.left_out] == [("footnote", "1脚注的文字")]


@pytest.mark.parametrize("top", ["附件", "第一章"])
def test_headings_at_the_top_of_pages_are_no_headers(top: str) -> None:
    pages = [[Put(f"{top}{at}", LEFT, 780), *body(["各镇要办。"], top=700)] for at in (1, 2)]
    assert words(source_of_pdf(pdf(pages))) == [f"{top}1", "各镇要办。", f"{top}2", "各镇要办。"]


def test_the_order_of_a_page_is_from_top_to_bottom() -> None:
    lines = body(["甲。", "乙。", "丙。"])
    assert words(source_of_pdf(pdf([[lines[2], lines[0], lines[1]]]))) == ["甲。", "乙。", "丙。"]


def test_parts_of_one_line_are_joined() -> None:
    page = [Put("各镇", 88, 700), Put("要开会。", 88 + 2 * EM, 700), Put("右边", 400, 700)]
    assert words(source_of_pdf(pdf([page]))) == ["各镇要开会。 右边"]


def test_radicals_are_the_characters_that_they_look_like() -> None:
    assert (sound("\u2f00"), sound("\u2f2f"), sound("一")) == ("一", "工", "一")


# what is refused


def test_a_picture_of_a_page_is_refused_also_where_its_text_was_recognised() -> None:
    assert refused(pdf([[]], picture=True)).code == "scan"
    mixed = [body(["各镇要开会。"]), []]
    assert refused(pdf(mixed, picture=True)).params == {"page": 2}
    recognised = [[Put("各镇要开会。", 88, 700, mode=3)]]
    assert refused(pdf(recognised, picture=True)).code == "scan"


def test_an_empty_page_is_no_picture() -> None:
    assert words(source_of_pdf(pdf([body(["各镇要开会。"]), []]))) == ["各镇要开会。"]


def test_a_font_that_does_not_say_its_characters_is_refused() -> None:
    refusal = refused(pdf([body([FULL])], mapped=False))
    assert (refusal.code, refusal.params) == ("fonts", {"page": 1})


def test_a_font_that_names_its_characters_wrongly_is_refused() -> None:
    lines = [FULL, FULL[1:], FULL[2:]]
    meant = "".join(chr(0x4E00 + 37 * at) for at, _ in enumerate(set(FULL)))
    assert refused(pdf([body(lines)], meant=meant)).code == "fonts"


def test_what_one_reader_alone_has_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = property(lambda _self: [_Page(lambda _page: f"{FULL}\n{FULL}")])
    monkeypatch.setattr(reader.PdfReader, "pages", pages)
    assert refused(pdf([body([FULL])])).code == "readers"


def test_characters_of_a_private_area_are_not_known() -> None:
    assert refused(pdf([body(["各镇要\ue001\ue002\ue003开会。"])])).code == "fonts"


def test_two_readers_that_disagree_are_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(_page: object) -> str:
        return FULL.replace("群团工作", "党务公开")

    monkeypatch.setattr(reader.PdfReader, "pages", property(lambda _self: [_Page(other)]))
    refusal = refused(pdf([body([FULL])]))
    assert (refusal.code, refusal.params["page"]) == ("readers", 1)
    assert set(str(refusal.params["second"])) <= set("党务公开")


class _Page:
    def __init__(self, text: object) -> None:
        self.text = text

    def extract_text(self) -> str:
        return self.text(self)  # type: ignore[operator]


def test_encrypted_truncated_and_empty_files() -> None:
    whole = pdf([body([FULL])])
    assert refused(encrypted(whole)).code == "encrypted"
    assert refused(whole[: len(whole) // 2]).code == "truncated"
    assert refused(b"%PDF-1.7\n%%EOF").code == "truncated"
    assert refused(pdf([[]])).code == "empty"


def test_too_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "PAGES", 1)
    assert refused(pdf([[], []])).code == "many_members"
