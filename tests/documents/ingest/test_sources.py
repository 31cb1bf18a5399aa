"""Bytes to text: every encoding that is known, and every file that is refused."""

import pytest

from directives.base.script import to_hant
from directives.documents.ingest import sources
from directives.documents.ingest.reading import read
from directives.documents.ingest.sources import MESSAGES, DocumentError, source_of, text_of
from tests.documents.ingest.expected import SAMPLE

pytestmark = pytest.mark.once

HANS = (
    "关于做好工作的通知\n一、加强领导\n"
    "各级党委要加强对群团工作的领导，支持群团组织开展工作，"
    "发挥群团组织联系群众的桥梁和纽带作用。\n"
)
HANT = to_hant(HANS)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (HANS, "utf-8"),
        (HANS, "utf-8-sig"),
        (HANS, "utf-16"),
        (HANS, "gb18030"),
        (HANS, "gbk"),
        (HANT, "gb18030"),
        (HANT, "big5"),
        (HANT, "utf-8"),
    ],
)
def test_encodings(text: str, encoding: str) -> None:
    assert text_of(text.encode(encoding), name="a.txt") == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [HANS, HANT, HANS.replace("\n", "")])
def test_utf_16_without_a_mark(text: str, encoding: str) -> None:
    source = source_of(text.encode(encoding), name="a.txt")
    assert (source.text, source.encoding) == (text, encoding)


def test_other_encodings_are_told_with_what_they_would_say() -> None:
    source = source_of(HANT.encode("big5"), name="a.txt")
    assert (source.encoding, source.alternatives) == ("big5hkscs", ())
    short = "一、加強領導各級黨委"  # too little to be sure
    other = source_of(short.encode("big5"), name="a.txt")
    assert other.text == short
    chosen = source_of(HANT.encode("big5"), name="a.txt", encoding="gb18030")
    assert chosen.text != HANT
    assert [(one.encoding, one.preview[:4]) for one in chosen.alternatives] == [
        ("big5hkscs", HANT[:4])
    ]


@pytest.mark.parametrize("encoding", ["zip", "big5hkscs", "latin-1"])
def test_an_encoding_that_the_bytes_do_not_have_is_refused(encoding: str) -> None:
    with pytest.raises(DocumentError) as refusal:
        source_of(HANS.encode("utf-8") + b"\xff", name="a.txt", encoding=encoding)
    assert refusal.value.code == "encoding"


@pytest.mark.parametrize(
    ("read_as", "was"),
    [("gb18030", "utf-8"), ("latin-1", "utf-8"), ("latin-1", "gb18030"), ("cp1252", "utf-8")],
)
def test_what_was_saved_after_it_was_read_wrongly_is_refused(read_as: str, was: str) -> None:
    if read_as == "cp1252":  # as Windows does
        signs = (bytes([byte]).decode(read_as, "ignore") or chr(byte) for byte in HANS.encode(was))
        wrong = "".join(signs)
    else:
        wrong = HANS.encode(was).decode(read_as, "replace")
    with pytest.raises(DocumentError) as refusal:
        source_of(wrong.encode(), name="a.txt")
    assert refusal.value.code == "garbled"
    assert str(refusal.value.params["meant"])[:2] in HANS


def test_the_encoding_that_a_page_declares_is_believed_if_it_can_be_right() -> None:
    script = f"<script>{'x = 1;' * 20_000}</script>"
    page = f'<html><head><meta charset="gb2312">{script}</head><body><p>{HANS}</p></body></html>'
    source = source_of(page.encode("gb18030"), name="a.html")
    assert (source.encoding, source.format) == ("gb18030", "html")
    assert source.text == HANS.replace("\n", "") + "\n"
    lie = page.replace("gb2312", "big5")
    assert source_of(lie.encode("gb18030"), name="a.html").encoding == "gb18030"
    assert source_of(lie.encode("utf-8"), name="a.html").encoding == "utf-8"


def test_windows_lines() -> None:
    assert text_of(HANS.replace("\n", "\r\n").encode("gb18030"), name="a.txt") == HANS


def test_sample_in_other_encodings() -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    assert text_of(text.encode("gb18030"), name="a.txt") == text


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_saved_page(encoding: str) -> None:
    page = (
        f'<!DOCTYPE html><html><head><meta charset="{encoding}"><title>不要</title>'
        "<style>p { color: red }</style></head><body>"
        "<script>var 甲 = 1;</script><h1>关于做好工作的通知</h1>\n<p>一、加强领导</p>\n"
        "<p>各级党委要加强对群团工作的\n   领导。<br/>"
        "支持群团组织&nbsp;&ldquo;发挥&rdquo;作用。</p><div>编辑：张三</div></body></html>"
    )
    expected = (
        "关于做好工作的通知\n一、加强领导\n各级党委要加强对群团工作的领导。\n"
        "支持群团组织\xa0“发挥”作用。\n编辑：张三\n"
    )
    assert text_of(page.encode(encoding), name="a.html") == expected
    reading = read(page.encode(encoding), name="a.html")
    assert [sentence.text for sentence in reading.sentences] == [
        "各级党委要加强对群团工作的领导。",
        "支持群团组织 “发挥”作用。",
    ]


NOISE = bytes(range(0x80, 0x100)) * 4


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (b"", "empty"),
        (b" \n\t\r\n", "empty"),
        ("\ufeff\u3000\n".encode(), "empty"),
        (b"<html><body><script>1</script></body></html>", "empty"),
        (b"%PDF-1.4 text", "truncated"),
        (b"PK\x03\x04docx", "truncated"),
        (b"\xd0\xcf\x11\xe0doc", "binary"),
        (b"\x89PNG\r\n\x1a\n", "binary"),
        (b"text\x00with a zero byte", "binary"),
        (b"\x01\x02\x03", "binary"),
        (NOISE, "encoding"),
        ("Ünïcödé in Látin-1, très déçu".encode("latin-1"), "encoding"),
        ("ひらがなとカタカナでかかれたぶんしょう".encode("shift-jis"), "encoding"),
        ("대한민국 문서 번호 하나".encode("euc-kr"), "encoding"),
        (b"\xef\xbb\xbf\xff\xfe", "encoding"),
        ("没有编号的部分。\n只有文字。\n".encode(), "no_section"),
        (b"<p>plain English</p>", "no_section"),
    ],
)
def test_refused(source: bytes, code: str) -> None:
    with pytest.raises(DocumentError) as refusal:
        read(source, name="文件.txt")
    assert refusal.value.code == code
    assert refusal.value.params["name"] == "文件.txt"
    assert refusal.value.message == MESSAGES[code] % refusal.value.params
    assert str(refusal.value) == refusal.value.message


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LIMIT", 10)
    with pytest.raises(DocumentError) as refusal:
        text_of(b"x" * 11, name="a.txt")
    assert (refusal.value.code, refusal.value.params) == (
        "too_large",
        {"name": "a.txt", "bytes": 11, "limit": 10},
    )


def test_repeated() -> None:
    refusal = DocumentError.repeated("某通知")
    assert (refusal.code, refusal.params) == ("repeated", {"title": "某通知"})
    assert "某通知" in refusal.message


def test_lines_are_where_they_say() -> None:
    text = "\n　　关于做好工作的通知 \n\n一、加强领导\n"
    source = source_of(text.encode(), name="a.txt")
    assert source.text == text
    assert [(line.number, text[line.start : line.end]) for line in source.lines] == [
        (2, "关于做好工作的通知"),
        (4, "一、加强领导"),
    ]


def test_a_text_without_line_breaks_is_cut_before_the_labels_that_count_on() -> None:
    parts = [
        "青河县人民政府关于印发《安全办法》的通知",
        "青政发〔2031〕7号",
        "各镇人民政府：",
        "为落实要求，依照第一条，现通知如下：",
        "一、提高认识。各镇要高度重视，做到一、二线人员到位。",
        "二、明确任务",
        "（一）开展自查。各镇要在3月底前完成。",
        "1.查设备。各企业要检查设备3.5万台，包括（一）和（二）两类。",
        "2.查人员。",
        "（二）落实整改。",
        "1．立即改。",
        "2．限期改。",
        "三、加强领导。各镇要建立台账（见附件1、2），在三、四季度报告。",
        "青河县人民政府",
        "2031年2月3日",
        "（此件公开发布）",
        "附件：名录",
    ]
    text = "".join(parts)
    source = source_of(text.encode(), name="a.txt")
    assert [text[line.start : line.end] for line in source.lines] == parts
    assert {line.number for line in source.lines} == {1}
    assert source.text == text


def test_articles_count_through_chapters_of_a_text_without_line_breaks() -> None:
    words = "各部门应当按照职责做好供水管理和保障工作，接受社会监督，定期公布有关情况。"
    parts = [
        "供水办法",
        "第一章总则",
        f"第一条{words}",
        f"第二条{words}按照本办法第三条执行。",
        "第二章罚则",
        f"第三条{words}",
        f"第四条{words}",
    ]
    source = source_of("".join(parts).encode(), name="a.txt")
    assert [source.text[line.start : line.end] for line in source.lines] == parts


def test_a_text_with_lines_of_its_own_is_not_cut() -> None:
    long = "各镇要做好下列工作：一、查设备；二、查人员；三、查制度。" * 10
    source = source_of(f"一、甲\n二、乙\n{long}\n".encode(), name="a.txt")
    assert len(source.lines) == 3
