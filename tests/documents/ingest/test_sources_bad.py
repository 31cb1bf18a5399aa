"""Files that are harmful, damaged or of another format: one clear refusal each, and quickly."""

import struct
import time
import zipfile
from io import BytesIO

import pytest

from directives.documents.ingest import sources
from directives.documents.ingest.sources import MESSAGES, DocumentError, limited, source_of
from tests.documents.ingest.word_files import docx, members_of, p, packed

pytestmark = pytest.mark.once

GOOD = docx(p("一、加强领导") + p("各镇要开会。"))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def changed(**members: str | bytes) -> bytes:
    """The good file with parts put in or replaced."""
    return packed({**members_of(GOOD), **members})


def with_document(xml: str) -> bytes:
    return changed(**{"word/document.xml": xml})


def locked() -> bytes:
    """The good file with the flag of encryption on every member."""
    content = bytearray(GOOD)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + place] |= 1
            at = content.find(mark, at + 4)
    return bytes(content)


def bomb() -> bytes:
    return with_document("<w>" + " " * 200 * 2**20 + "</w>")


def lying_bomb() -> bytes:
    """A part that is 60 MB, though the directory says that it has 100 bytes."""
    content = bytearray(with_document("<w>" + " " * 60 * 2**20 + "</w>"))
    at = content.rfind(b"word/document.xml") - 46
    struct.pack_into("<I", content, at + 24, 100)
    return bytes(content)


def many_members() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        for name, content in members_of(GOOD).items():
            package.writestr(name, content)
        for number in range(10_000):
            package.writestr(f"word/media/{number}.png", b"")
    return file.getvalue()


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
ENTITIES = f'<!DOCTYPE d [<!ENTITY l0 "哈">{LAUGHS}]><d>&l9;</d>'
XXE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>'
BAD = {
    "docx cut in half": (GOOD[: len(GOOD) // 2], "truncated"),
    "docx without its end": (GOOD[:-30], "truncated"),
    "docx without its document": (
        packed({k: v for k, v in members_of(GOOD).items() if k != "word/document.xml"}),
        "truncated",
    ),
    "docx with a password": (OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
    "zip with a password": (locked(), "encrypted"),
    "docm": (
        changed(**{"[Content_Types].xml": "<Types>application/macroEnabled</Types>"}),
        "macros",
    ),
    "docx with a macro project": (changed(**{"word/vbaProject.bin": b"x"}), "macros"),
    "docx that includes a page": (docx('<w:altChunk w:id="r1"/>'), "nested"),
    "docx with an archive": (changed(**{"word/media/a.zip": b"PK"}), "nested"),
    "200 MB in a small file": (bomb, "bomb"),
    "a directory that lies": (lying_bomb, "damaged"),
    "10,000 members": (many_members, "many_members"),
    "entities that multiply": (with_document(ENTITIES), "entities"),
    "an outside entity": (with_document(XXE), "entities"),
    "an entity in UTF-16": (changed(**{"word/document.xml": XXE.encode("utf-16")}), "entities"),
    "an entity in a relation": (changed(**{"word/_rels/document.xml.rels": XXE}), "entities"),
    "no XML": (with_document("<w:document"), "damaged"),
    "XML without end": (with_document("<a>" * 5000), "damaged"),
    "another XML": (with_document("<a/>"), "damaged"),
    "xlsx": (packed({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<w/>"}), "workbook"),
    "xls": (OLE + "Workbook".encode("utf-16-le"), "workbook"),
    "pptx": (packed({"[Content_Types].xml": "<T/>", "ppt/presentation.xml": ""}), "other_format"),
    "odt": (packed({"mimetype": "x", "content.xml": "<o/>"}), "other_format"),
    "ofd": (packed({"OFD.xml": "<o/>"}), "other_format"),
    "doc": (OLE + "WordDocument".encode("utf-16-le"), "other_format"),
    "another compound file": (OLE, "other_format"),
    "rtf": (b"{\\rtf1 x}", "other_format"),
    "mht without a page": (b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n", "truncated"),
    "Word 2003 XML": (
        b'<?xml version="1.0"?><?mso-application progid="Word.Document"?><w/>', "other_format",
    ),
    "zip of documents": (packed({"a.docx": GOOD}), "archive"),
    "rar": (b"Rar!\x1a\x07\x00", "archive"),
    "7z": (b"7z\xbc\xaf\x27\x1c", "archive"),
    "gzip": (b"\x1f\x8b\x08", "archive"),
    "png": (b"\x89PNG\r\n\x1a\n", "binary"),
    "a document without text": (docx(""), "empty"),
    "a page that is too deep": (b"<div>" * 5000 + b"x", "broke_off"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_read_is_refused_by_what_it_is(case: str) -> None:
    content, code = BAD[case]
    content = content() if callable(content) else content
    begun = time.process_time()
    with pytest.raises(DocumentError) as refusal:
        source_of(content, name="文件.docx")
    assert refusal.value.code == code
    assert refusal.value.params["name"] == "文件.docx"
    assert "文件.docx" in str(refusal.value)
    assert "%(" not in str(refusal.value)
    assert time.process_time() - begun < 5


def test_embedded_workbooks_are_no_reason_to_refuse() -> None:
    content = changed(**{"word/embeddings/Book1.xlsx": b"PK", "word/media/a.png": b"x"})
    assert source_of(content, name="a.docx").text == "一、加强领导\n各镇要开会。\n"


def test_a_hundred_thousand_lines_are_read_at_once() -> None:
    text = "各镇要开会。\n" * 100_000
    begun = time.process_time()
    assert len(source_of(text.encode(), name="a.txt").lines) == 100_000
    assert time.process_time() - begun < 5


def test_a_text_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LIMIT", 100)
    with pytest.raises(DocumentError) as refusal:
        source_of(GOOD, name="a.docx")
    assert refusal.value.code == "too_large"


# the process


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("import os; os.abort()", "broke_off"),
        ("raise SystemExit(3)", "broke_off"),
        ("print('no JSON')", "broke_off"),
        ("print('[]')", "broke_off"),
        ("print('{}')", "broke_off"),
        ('print(\'{"refused": "made up", "params": {}}\')', "broke_off"),
        ('print(\'{"refused": "memory", "params": {}}\')', "memory"),
        ("", "broke_off"),
        ("import time; time.sleep(60)", "too_long"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", "too_long"),
        ("print('x' * 2_000_000)", "broke_off"),
    ],
)
def test_whatever_the_process_does_the_caller_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path, program: str, code: str
) -> None:
    child = tmp_path / "child.py"
    child.write_text(program, encoding="utf-8")
    monkeypatch.setattr(limited, "_CHILD", str(child))
    monkeypatch.setattr(limited, "PATIENCE", 1)
    monkeypatch.setattr(limited, "LONGEST", 1_000_000)
    with pytest.raises(DocumentError) as refusal:
        source_of(GOOD, name="a.docx")
    assert refusal.value.code == code
    assert refusal.value.message == MESSAGES[code] % {"name": "a.docx"}


def test_a_document_that_needs_too_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "MEMORY", 160 * 2**20)
    content = docx("".join(p(f"各镇要在{7919 * number}日前开会。") for number in range(150_000)))
    with pytest.raises(DocumentError) as refusal:
        source_of(content, name="a.docx")
    assert refusal.value.code == "memory"
