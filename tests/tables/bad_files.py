"""Files that are no table, or are damaged or made to harm: the reader refuses them."""

import struct
from collections.abc import Callable
from io import BytesIO
from zipfile import ZIP_BZIP2, ZIP_STORED, ZipFile, ZipInfo

from tests.tables.good_texts import text
from tests.tables.manifest import HEADS, ROWS, Bad
from tests.tables.packing import (
    MAIN,
    Raw,
    Sheet,
    changed,
    content_types,
    lines,
    packed,
    parts_of,
    with_parts,
    workbook,
)

PLAIN = Sheet(lines(*ROWS))
SHEET1 = "xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
BOMB = f"<!DOCTYPE lolz [{ENTITIES}]>"
XXE = '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def compound(*streams: str) -> bytes:
    """The beginning of a file of the old compound format that names these streams."""
    return (
        OLE
        + bytes(504)
        + b"".join(
            name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *streams)
        ).ljust(1024, b"\0")
    )


def of_parts(**parts: bytes) -> bytes:
    """A package of these parts alone; __ stands for / and _dot_ for a dot."""
    return packed(
        {name.replace("__", "/").replace("_dot_", "."): content for name, content in parts.items()}
    )


def typed(main: str) -> bytes:
    """A workbook that calls itself something else."""
    return packed(parts_of(PLAIN) | {"[Content_Types].xml": content_types(1, main).encode()})


def declared(part: str, what: str, use: str = "", code: str = "utf-8") -> bytes:
    """A workbook one of whose parts declares a document type."""
    parts = parts_of(PLAIN)
    head, _end, rest = parts.get(part, b'<?xml version="1.0"?>\n<x></x>').decode().partition("?>\n")
    content = f"{head}?>\n{what}{rest.replace('</', use + '</', 1)}"
    if code != "utf-8":
        content = content.replace("UTF-8", "UTF-16")
    return packed(parts | {part: content.encode(code)})


def flagged(bits: int) -> bytes:
    """A workbook each part of which has these bits among its flags."""
    made = bytearray(workbook(PLAIN))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = made.find(mark)
        while at >= 0:
            made[at + offset] |= bits
            at = made.find(mark, at + 4)
    return bytes(made)


def twice(second: str) -> bytes:
    parts = list(parts_of(PLAIN).items())
    return _quietly([*parts, (second, parts_of(Sheet(lines(HEADS)))[SHEET1])])


def twice_listed() -> bytes:
    """Two worksheets of one part: its rows would count twice."""
    parts = parts_of(PLAIN)
    book = (
        parts["xl/workbook.xml"]
        .decode()
        .replace("</sheets>", '<sheet name="再一次" sheetId="9" r:id="rId1"/></sheets>')
    )
    return packed(parts | {"xl/workbook.xml": book.encode()})


def _quietly(parts: list[tuple[str, bytes]], kind: int = ZIP_STORED) -> bytes:
    """A package whose names may stand twice; `zipfile` would warn of it."""
    file = BytesIO()
    with ZipFile(file, "w") as package:
        for name, content in parts:
            package.NameToInfo.pop(name, None)
            member = ZipInfo("x", (2025, 3, 1, 8, 0, 0))
            member.filename, member.compress_type, member.create_system = name, kind, 0
            package.writestr(member, content)
    return file.getvalue()


def lying(real: int, claimed: int) -> bytes:
    """A workbook with a large part whose size is told wrong everywhere."""
    made = with_parts({"xl/media/a.bin": bytes(real)}, PLAIN, small=["xl/media/a.bin"])
    return made.replace(struct.pack("<L", real), struct.pack("<L", claimed))


def long_string(part: str) -> bytes:
    """A text of 300 million characters that packs into 300 KB."""
    cell = Raw('<c r="{r}" t="inlineStr"><is><t>@@</t></is></c>') if part == SHEET1 else "@@"
    parts = parts_of(Sheet(lines(HEADS, ("001", cell))))
    return packed(parts | {part: parts[part].replace(b"@@", b"A" * 300_000_000)}, small=[part])


def wide(count: int) -> bytes:
    return workbook(Sheet({1: [f"列{n}" for n in range(count)]}))


def _corrupt() -> bytes:
    made = packed(parts_of(PLAIN), small=[SHEET1])
    at = made.find(b"PK\x01\x02")
    start = made.find(SHEET1.encode()) + len(SHEET1)
    assert start < at
    return made[: start + 40] + bytes(8) + made[start + 48 :]


def _no_formats() -> list[tuple[str, Callable[[], bytes], str]]:
    page = (
        "<html><head><meta charset='gb2312'></head>"
        "<body><table><tr><td>编码</td></tr></table></body></html>"
    )
    old = (
        '<?xml version="1.0"?>\n'
        '<?mso-application progid="Excel.Sheet"?>\n'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
    )
    return [
        ("no-bytes-at-all.xlsx", lambda: b"", "empty_file"),
        ("no-cells-at-all.xlsx", lambda: workbook(Sheet({})), "nothing"),
        ("nothing-but-blank-lines.csv", lambda: b"\r\n,,\r\n \r\n", "nothing"),
        ("pdf-named-like-a-workbook.xlsx", lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "pdf"),
        ("picture-named-like-a-workbook.xlsx", lambda: b"\x89PNG\r\n\x1a\n" + bytes(40), "other"),
        ("photograph-of-a-table.csv", lambda: b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(40), "other"),
        ("rich-text-document.csv", lambda: b"{\\rtf1\\ansi table}", "other"),
        ("database-named-like-a-table.csv", lambda: b"SQLite format 3\0" + bytes(84), "other"),
        ("program-named-like-a-table.csv", lambda: b"MZ\x90\0\x03\0\0\0" + bytes(64), "nul"),
        ("web-page-named-like-an-old-workbook.xls", lambda: page.encode("gb18030"), "html"),
        (
            "web-page-named-like-a-workbook.xlsx",
            lambda: b"\xef\xbb\xbf\r\n<!DOCTYPE html>\n" + page.encode(),
            "html",
        ),
        (
            "web-page-after-very-many-comments.xls",
            lambda: b"<!---->" * 500 + b"<table><tr><td>1</td></tr></table>",
            "html",
        ),
        (
            "saved-web-archive.xls",
            lambda: b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n" + page.encode(),
            "html",
        ),
        ("xml-spreadsheet-of-2003.xls", old.encode, "xml2003"),
        (
            "xml-of-some-other-kind.xlsx",
            lambda: b'<?xml version="1.0"?><rows><row/></rows>',
            "xml_file",
        ),
        ("old-workbook-renamed.xlsx", lambda: compound("Workbook"), "xls"),
        ("old-workbook.xls", lambda: compound("Book"), "xls"),
        (
            "workbook-with-a-password.xlsx",
            lambda: compound("EncryptionInfo", "EncryptedPackage"),
            "encrypted",
        ),
        ("old-document-renamed.xlsx", lambda: compound("WordDocument"), "document"),
        (
            "document-renamed.xlsx",
            lambda: of_parts(word__document_dot_xml=b"<document/>", _rels__dot_rels=b"<x/>"),
            "document",
        ),
        (
            "presentation-renamed.xlsx",
            lambda: of_parts(ppt__presentation_dot_xml=b"<presentation/>"),
            "document",
        ),
        (
            "opendocument-renamed.xlsx",
            lambda: of_parts(
                mimetype=b"application/vnd.oasis.opendocument.spreadsheet", content_dot_xml=b"<x/>"
            ),
            "ods",
        ),
        ("numbers-renamed.xlsx", lambda: of_parts(Index__Document_dot_iwa=b"\0"), "numbers"),
        ("binary-workbook-renamed.xlsx", lambda: of_parts(xl__workbook_dot_bin=b"\0"), "xlsb"),
        ("rar-archive.xlsx", lambda: b"Rar!\x1a\x07\x01\0" + bytes(40), "packed"),
        ("seven-zip-archive.xlsx", lambda: b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(40), "packed"),
        ("gzip-of-a-text-table.csv", lambda: b"\x1f\x8b\x08\0" + bytes(40), "packed"),
    ]


def _macros() -> list[tuple[str, Callable[[], bytes], str]]:
    return [
        (
            "macros-inside-a-plain-workbook.xlsx",
            lambda: with_parts({"xl/vbaProject.bin": OLE + bytes(504)}, PLAIN),
            "macros",
        ),
        (
            "macro-workbook-renamed.xlsx",
            lambda: typed("application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
            "macros",
        ),
        (
            "macro-sheet-of-the-old-kind.xlsx",
            lambda: with_parts({"xl/macrosheets/sheet1.xml": b"<x/>"}, PLAIN),
            "macros",
        ),
    ]


def _packages() -> list[tuple[str, Callable[[], bytes], str]]:
    outer, half = workbook(PLAIN), len(workbook(PLAIN)) // 2
    return [
        (
            "zip-with-a-text-table-inside.zip",
            lambda: packed({"单位名录.csv": text().encode()}),
            "nested",
        ),
        ("zip-with-a-workbook-inside.xlsx", lambda: packed({"单位名录.xlsx": outer}), "nested"),
        (
            "zip-inside-the-workbook.xlsx",
            lambda: with_parts({"xl/media/inner.zip": packed({"a.txt": b"a"})}, PLAIN),
            "nested",
        ),
        ("zip-of-something-else.xlsx", lambda: packed({"a.txt": b"a"}), "not_a_workbook"),
        ("zip-without-any-member.xlsx", lambda: packed({}), "not_a_workbook"),
        (
            "content-types-missing.xlsx",
            lambda: packed({k: v for k, v in parts_of(PLAIN).items() if "Types" not in k}),
            "not_a_workbook",
        ),
        (
            "workbook-part-missing.xlsx",
            lambda: workbook(PLAIN, without=["xl/workbook.xml"]),
            "not_a_workbook",
        ),
        ("truncated-in-the-middle.xlsx", lambda: outer[:half], "truncated"),
        ("truncated-by-a-few-bytes.xlsx", lambda: outer[:-30], "truncated"),
        ("checksum-wrong.xlsx", lambda: outer.replace("总".encode(), "怼".encode()), "damaged"),
        ("packed-data-damaged.xlsx", _corrupt, "damaged"),
        ("member-twice.xlsx", lambda: twice(SHEET1), "twice"),
        ("member-twice-in-another-case.xlsx", lambda: twice("xl/worksheets/SHEET1.XML"), "twice"),
        (
            "member-that-climbs-out.xlsx",
            lambda: with_parts({"../../etc/cron.d/x": b"x"}, PLAIN),
            "bad_member",
        ),
        (
            "member-from-the-root.xlsx",
            lambda: _quietly([*parts_of(PLAIN).items(), ("/etc/passwd", b"x")]),
            "bad_member",
        ),
        (
            "member-with-backslashes.xlsx",
            lambda: _quietly([*parts_of(PLAIN).items(), ("xl\\..\\..\\x.exe", b"x")]),
            "bad_member",
        ),
        (
            "member-on-a-drive.xlsx",
            lambda: _quietly([*parts_of(PLAIN).items(), ("C:/windows/x.dll", b"x")]),
            "bad_member",
        ),
        ("members-encrypted.xlsx", lambda: flagged(1), "encrypted"),
        (
            "members-packed-with-bzip2.xlsx",
            lambda: _quietly(list(parts_of(PLAIN).items()), ZIP_BZIP2),
            "packing",
        ),
        (
            "members-by-the-thousand.xlsx",
            lambda: packed([*parts_of(PLAIN).items(), *((f"x/{n}", b"") for n in range(2000))]),
            "many_members",
        ),
        ("string-of-300-mb-in-300-kb.xlsx", lambda: long_string(SHEET1), "bomb"),
        (
            "shared-string-of-300-mb-in-300-kb.xlsx",
            lambda: long_string("xl/sharedStrings.xml"),
            "bomb",
        ),
        ("size-told-too-large.xlsx", lambda: lying(123_457, 4_000_000_000), "bomb"),
        ("size-told-too-small.xlsx", lambda: lying(123_457, 457), "damaged"),
    ]


def _markup() -> list[tuple[str, Callable[[], bytes], str]]:
    sheet_row = '<row r="1">'
    return [
        ("entity-that-reads-a-file.xlsx", lambda: declared(SHEET1, XXE, "&x;"), "entities"),
        (
            "entity-that-reads-a-file-in-shared-texts.xlsx",
            lambda: declared("xl/sharedStrings.xml", XXE, "&x;"),
            "entities",
        ),
        (
            "entities-that-multiply.xlsx",
            lambda: declared("xl/workbook.xml", BOMB, "&l9;"),
            "entities",
        ),
        (
            "entities-that-multiply-in-the-styles.xlsx",
            lambda: declared("xl/styles.xml", BOMB),
            "entities",
        ),
        (
            "document-type-in-the-relationships.xlsx",
            lambda: declared("xl/_rels/workbook.xml.rels", '<!DOCTYPE x SYSTEM "http://x/x.dtd">'),
            "entities",
        ),
        (
            "document-type-in-a-part-never-read.xlsx",
            lambda: declared("docProps/core.xml", XXE),
            "entities",
        ),
        ("document-type-in-utf-16.xlsx", lambda: declared(SHEET1, XXE, code="utf-16"), "entities"),
        ("sheet-is-not-xml.xlsx", lambda: changed(PLAIN, "</row>", "</rows>"), "xml"),
        (
            "sheet-xml-breaks-off.xlsx",
            lambda: changed(PLAIN, "</sheetData></worksheet>", ""),
            "xml",
        ),
        ("sheet-part-missing.xlsx", lambda: workbook(PLAIN, without=[SHEET1]), "sheet_missing"),
        (
            "sheet-part-is-something-else.xlsx",
            lambda: packed(parts_of(PLAIN) | {SHEET1: b"<html><body/></html>"}),
            "xml",
        ),
        (
            "workbook-without-sheets.xlsx",
            lambda: packed(
                parts_of(PLAIN) | {"xl/workbook.xml": f'<workbook xmlns="{MAIN}"/>'.encode()}
            ),
            "no_sheets",
        ),
        (
            "shared-text-that-is-not-there.xlsx",
            lambda: changed(PLAIN, "<v>3</v>", "<v>300</v>"),
            "no_text",
        ),
        ("cell-stands-twice.xlsx", lambda: changed(PLAIN, '<c r="B1"', '<c r="A1"'), "bad_cell"),
        ("cell-of-another-row.xlsx", lambda: changed(PLAIN, '<c r="B3"', '<c r="B4"'), "bad_cell"),
        ("row-stands-twice.xlsx", lambda: changed(PLAIN, '<row r="3">', '<row r="2">'), "bad_row"),
        (
            "row-behind-a-later-one.xlsx",
            lambda: workbook(Sheet({1: HEADS, 9: ROWS[1], 3: ROWS[2]})),
            "bad_row",
        ),
        ("sheet-stands-twice.xlsx", twice_listed, "twice"),
        (
            "encoding-that-does-not-exist.xlsx",
            lambda: changed(PLAIN, 'encoding="UTF-8"', 'encoding="UTF-9"'),
            "xml",
        ),
        (
            "cell-beyond-the-last-column.xlsx",
            lambda: changed(PLAIN, '<c r="F1"', '<c r="XFE1"'),
            "bad_cell",
        ),
        (
            "cell-with-an-impossible-address.xlsx",
            lambda: changed(PLAIN, '<c r="F1"', '<c r="单元格1"'),
            "bad_cell",
        ),
        (
            "cells-at-both-corners.xlsx",
            lambda: workbook(
                Sheet({1: ["编码"], 1_048_576: [Raw('<c r="XFD1048576"><v>1</v></c>')]})
            ),
            "many_columns",
        ),
        ("columns-more-than-200.xlsx", lambda: wide(201), "many_columns"),
        (
            "row-beyond-the-last.xlsx",
            lambda: changed(PLAIN, sheet_row, '<row r="1048577">'),
            "many_rows",
        ),
        (
            "text-longer-than-a-cell-holds.xlsx",
            lambda: workbook(Sheet(lines(HEADS, ("001", "全" * 32_768)), inline=True)),
            "long_cell",
        ),
        (
            "shared-text-longer-than-a-cell-holds.xlsx",
            lambda: workbook(Sheet(lines(HEADS, ("001", "全" * 32_768)))),
            "long_text",
        ),
        (
            "row-of-half-a-million-characters.xlsx",
            lambda: workbook(Sheet(lines(HEADS, ["A" * 32_000] * 16))),
            "long_row",
        ),
    ]


def _texts() -> list[tuple[str, Callable[[], bytes], str]]:
    plain = text()
    gb = plain.encode("gb18030")
    return [
        ("value-zero-in-the-text.csv", lambda: plain.replace("北京", "北\0京").encode(), "nul"),
        ("utf-16-without-a-mark.csv", lambda: plain.encode("utf-16-le"), "nul"),
        ("utf-32.csv", lambda: plain.encode("utf-32"), "encoding"),
        ("utf-16-with-half-a-character.csv", lambda: plain.encode("utf-16")[:-1], "encoding"),
        (
            "no-encoding-that-is-known.csv",
            lambda: gb.replace(b"\r\n001001", b"\xff\xfe\xff\r\n001001"),
            "encoding",
        ),
        (
            "mixed-encodings.csv",
            lambda: plain.encode() + "002,共青团中央\r\n".encode("gb18030"),
            "mixed",
        ),
        ("mixed-encodings-the-other-way.csv", lambda: gb + "002,共青团中央\r\n".encode(), "mixed"),
        (
            "breaks-off-within-a-character.csv",
            lambda: plain.encode()[: plain.encode().index("天津".encode()) + 4],
            "cut",
        ),
        (
            "quote-never-closed.csv",
            lambda: plain.replace("北京市总工会", '"北京市总工会').encode(),
            "quotes",
        ),
        (
            "quote-closed-in-the-middle.csv",
            lambda: plain.replace("北京市总工会", '"北京市"总工会').encode(),
            "quotes",
        ),
        (
            "quote-never-closed-before-a-long-rest.csv",
            lambda: ('编码,名称\n001,"全国总工会\n' + "002,共青团中央\n" * 4000).encode("gb18030"),
            "quotes",
        ),
        (
            "columns-more-than-200.csv",
            lambda: (",".join(map(str, range(201)))).encode(),
            "wide_line",
        ),
    ]


FILES = [
    Bad(name, content, code=code)
    for name, content, code in (*_no_formats(), *_macros(), *_packages(), *_markup(), *_texts())
]
