"""What lies inside an uploaded file.

Programs, macros, locked and doubled archives are told; what offices send is taken.
"""

import subprocess
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.utils import translation
from docx import Document as Paper
from xlsxwriter import Workbook

from directives.base.contents import DEPTH, MEMBERS, fault

pytestmark = pytest.mark.once

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def archive(members: dict[str, bytes]) -> bytes:
    with BytesIO() as made:
        with ZipFile(made, "w", ZIP_DEFLATED) as package:
            for name, content in members.items():
                package.writestr(name, content)
        return made.getvalue()


def nested(times: int) -> bytes:
    content = archive({"办法.txt": "办法".encode()})
    for _time in range(times):
        content = archive({"内.zip": content})
    return content


def locked() -> bytes:
    content = bytearray(archive({"办法.txt": b"x"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    return bytes(content)


def told(content: bytes, kind: str) -> str:
    return fault(BytesIO(content), kind, f"附件.{kind}")


WORD = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>"}
SHEET = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}
REFUSED = [
    ("docx", archive(WORD | {"word/vbaProject.bin": b"x"}), "contains macros"),
    ("xlsx", archive(SHEET | {"xl/vbaProject.bin": b"x"}), "contains macros"),
    ("xlsx", archive(SHEET | {"xl/macrosheets/sheet1.xml": b"x"}), "contains macros"),
    ("doc", OLE + b"x" * 2_000_000 + "_VBA_PROJECT".encode("utf-16-le") + b"x", "contains macros"),
    # across two blocks
    (
        "xls",
        OLE + b"x" * (2**20 - len(OLE) - 5) + "_VBA_PROJECT".encode("utf-16-le"),
        "contains macros",
    ),
    ("et", archive(SHEET | {"xl/vbaProject.bin": b"x"}), "contains macros"),
    ("zip", archive({"安装.exe": b"x"}), "a program: 安装.exe"),
    ("zip", archive({"照片.jpg": b"MZ\x90\x00"}), "a program: 照片.jpg"),
    ("zip", archive({"说明.txt": b"\x7fELF"}), "a program: 说明.txt"),
    ("zip", archive({"a/b.JS": b"x"}), "a program: b.JS"),
    ("zip", archive({"表.xlsm": archive(SHEET)}), "a program: 表.xlsm"),
    ("zip", archive({"表.xlsx": archive(SHEET | {"xl/vbaProject.bin": b"x"})}), "contains macros"),
    ("docx", archive(WORD | {"word/embeddings/a.exe": b"MZ"}), "a program: a.exe"),
    ("zip", archive({"内.rar": b"Rar!"}), "cannot be checked: 内.rar"),
    ("zip", nested(DEPTH), "cannot be checked: 内.zip"),
    ("zip", locked(), "is password-protected"),
    (
        "zip",
        archive({f"{number}.txt": b"" for number in range(MEMBERS + 1)}),
        f"more than {MEMBERS} files",
    ),
    ("zip", archive({"办法.txt": b"x" * 999})[:-30], "not a real zip file"),
    ("docx", archive(SHEET), "not a real docx file"),
    ("xlsx", archive({"OFD.xml": b""}), "not a real xlsx file"),
    ("png", PNG + archive({"a.exe": b"MZ"}), "and an archive"),
    ("jpg", b"\xff\xd8\xff\xe0" + archive({"a.txt": b"x"}), "and an archive"),
    ("pdf", b"%PDF-1.7\n" + archive({"a.txt": b"x"}), "and an archive"),
    ("txt", "进展".encode() + archive({"a.txt": b"x"}), "and an archive"),
]


@pytest.mark.parametrize(
    ("kind", "content", "why"), REFUSED, ids=[f"{kind}-{why}" for kind, _content, why in REFUSED]
)
def test_what_would_run_or_hides_is_told(kind, content, why):
    with translation.override("en"):
        assert why in told(content, kind)


def paper() -> bytes:
    with BytesIO() as made:
        Paper().save(made)
        return made.getvalue()


def workbook() -> bytes:
    with BytesIO() as made:
        with Workbook(made) as book:
            book.add_worksheet().write(0, 0, "进展")
        return made.getvalue()


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("docx", paper()),
        ("xlsx", workbook()),
        ("zip", archive({"a/办法.docx": paper(), "表.xlsx": workbook(), "图.png": PNG})),
        ("zip", nested(DEPTH - 1)),
        ("zip", archive({})),
        ("zip", archive({"旧.doc": OLE, "空.xlsx": b""})),
        ("doc", OLE + archive({"内嵌.docx": b"x"}) + b"x" * 40),
        ("pdf", b"%PDF-1.7\n" + archive({"附件.docx": b"x"}) + b"\n%%EOF"),
        ("png", PNG),
        ("txt", "进展".encode()),
        ("et", OLE),
    ],
)
def test_what_offices_send_is_taken(kind, content):
    assert told(content, kind) == ""


@pytest.mark.parametrize("kind", ["docx", "doc", "xlsx", "xls", "pdf"])
def test_what_libreoffice_writes_is_taken(kind, tmp_path):
    source = tmp_path / ("表.csv" if kind.startswith("xls") else "办法.txt")
    source.write_text("序号,进展\n1,办法\n", encoding="utf-8")
    command = [
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--convert-to",
        kind,
        "--outdir",
        tmp_path,
    ]
    subprocess.run([*map(str, command), str(source)], check=True, capture_output=True, timeout=120)
    made = Path(tmp_path, source.stem).with_suffix(f".{kind}")
    assert told(made.read_bytes(), kind) == ""
