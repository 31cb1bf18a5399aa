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
