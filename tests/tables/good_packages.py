"""Workbooks that are odd in their parts, but right."""

from io import BytesIO, RawIOBase
from zipfile import ZipFile, ZipInfo

from tests.tables.good_rows import PLAIN, SHEET1, dated
from tests.tables.manifest import HEADS, ROWS, Good, read_as
from tests.tables.packing import (
    MAIN,
    Raw,
    Sheet,
    changed,
    lines,
    packed,
    parts_of,
    relationships,
    with_parts,
    workbook,
)


def _streamed() -> bytes:
    """A package as programs write it that cannot go back: sizes stand behind each part."""

    class Pipe(RawIOBase):
        def __init__(self) -> None:
            self.file = BytesIO()

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:
            return self.file.write(data)

    pipe = Pipe()
    with ZipFile(pipe, "w") as package:  # type: ignore[arg-type]
        for name, content in parts_of(PLAIN).items():
            package.writestr(ZipInfo(name, (2025, 3, 1, 8, 0, 0)), content)
    return pipe.file.getvalue()


def _linked() -> bytes:
    outside = relationships(
        [("rId1", "externalLinkPath", "file:///C:/%E7%BB%9F%E8%AE%A1/2024.xlsx")]
    )
    part = f'<externalLink xmlns="{MAIN}"><externalBook xmlns:r="x" r:id="rId1"/></externalLink>'
    row = (
        "001",
        Raw(f'<c r="{{r}}" t="str"><f>[1]Sheet1!$B$2</f><v>{ROWS[1][1]}</v></c>'),
        *ROWS[1][2:],
    )
    parts = parts_of(
        Sheet(lines(HEADS, row, *ROWS[2:])),
        more=[("rId50", "externalLink", "externalLinks/externalLink1.xml")],
    )
    parts |= {
        "xl/externalLinks/externalLink1.xml": part.encode(),
        "xl/externalLinks/_rels/externalLink1.xml.rels": outside.encode(),
    }
    return packed(parts)


def _utf16_parts() -> bytes:
    parts = parts_of(PLAIN)
    for name in (SHEET1, "xl/workbook.xml", "xl/sharedStrings.xml"):
        parts[name] = (
            parts[name]
            .decode()
            .replace('encoding="UTF-8"', 'encoding="UTF-16"')
            .encode("utf-16-le")
        )
        parts[name] = b"\xff\xfe" + parts[name]
    return packed(parts)


def _prefixed() -> bytes:
    """Every element with a prefix, as some libraries for .NET write them."""
    parts = parts_of(Sheet(lines(*ROWS), inline=True))
    text = (
        parts[SHEET1]
        .decode()
        .replace("</", "\0")
        .replace("<?", "\1")
        .replace("<", "<x:")
        .replace("\0", "</x:")
        .replace("\1", "<?")
    )
    parts[SHEET1] = text.replace("xmlns=", "xmlns:x=").encode()
    return packed(parts)


def _moved() -> bytes:
    """Parts under other names and in another case, their targets absolute."""
    parts = parts_of(PLAIN)
    parts["xl/Tables/Blatt_A.XML"] = parts.pop(SHEET1)
    rels = (
        parts["xl/_rels/workbook.xml.rels"]
        .decode()
        .replace("worksheets/sheet1.xml", "/xl/tables/blatt_a.xml")
    )
    return packed(parts | {"xl/_rels/workbook.xml.rels": rels.encode()})


def _chart_first() -> bytes:
    parts = parts_of(PLAIN, more=[("rId60", "chartsheet", "chartsheets/sheet1.xml")])
    book = (
        parts["xl/workbook.xml"]
        .decode()
        .replace("<sheets>", '<sheets><sheet name="图表" sheetId="60" r:id="rId60"/>')
    )
    return packed(
        parts
        | {
            "xl/workbook.xml": book.encode(),
            "xl/chartsheets/sheet1.xml": f'<chartsheet xmlns="{MAIN}"/>'.encode(),
        }
    )


def _wps() -> bytes:
    """With what WPS adds: its own namespace, alternate content, extension lists.

    The alternate content stands before the cells, the extension lists after them.
    """
    before = (
        '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><dimension ref="A1:F4"/>'
        '<sheetViews><sheetView tabSelected="1" workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" state="frozen"/>'
        "</sheetView></sheetViews>"
        '<sheetFormatPr defaultColWidth="9" defaultRowHeight="13.5"/>'
        '<cols><col min="1" max="1" width="12" customWidth="1"/></cols>'
    )
    after = (
        '<pageMargins left="0.75" right="0.75" top="1" bottom="1" header="0.5" footer="0.5"/>'
        "<headerFooter/>"
        '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" xmlns:x14="x">'
        '<x14:dataValidations count="1"/></ext></extLst>'
    )
    parts = parts_of(Sheet(lines(*ROWS), before=before, after=after))
    book = (
        parts["xl/workbook.xml"]
        .decode()
        .replace("<workbookPr", '<fileVersion appName="xl" lastEdited="3"/><workbookPr')
    )
    parts |= {
        "xl/workbook.xml": book.encode(),
        "docProps/custom.xml": b'<Properties><property name="KSOProductBuildVer"/></Properties>',
    }
    return packed(parts)


def _calc() -> bytes:
    """As LibreOffice writes: styled empty cells to the last column.

    Repeated row attributes, a wide hidden range.
    """
    parts = parts_of(
        Sheet(
            lines(*ROWS),
            before='<cols><col min="7" max="16384" width="9" hidden="true" style="0"/></cols>',
        )
    )
    text = (
        parts[SHEET1]
        .decode()
        .replace("</row>", '<c r="XFD1" s="4"/></row>')
        .replace("<row ", '<row customFormat="false" ht="12.8" ')
    )
    return packed(parts | {SHEET1: text.encode()})


def _put_together() -> list[Good]:
    """Odd in how their parts are put together."""
    inline = Sheet(lines(*ROWS), inline=True)
    text = dated("1925-05-01", "1950-02-01", "1950-01-15")
    return [
        Good("plain.xlsx", lambda: workbook(PLAIN)),
        Good("texts-in-the-cells.xlsx", lambda: workbook(inline)),
        Good(
            "shared-texts-missing.xlsx", lambda: workbook(inline, without=["xl/sharedStrings.xml"])
        ),
        Good(
            "styles-missing.xlsx",
            lambda: workbook(Sheet(lines(*text)), without=["xl/styles.xml"]),
            read_as(*text),
        ),
        Good("strict-workbook.xlsx", lambda: workbook(PLAIN, strict=True)),
        Good(
            "cells-without-addresses.xlsx",
            lambda: workbook(
                Sheet(
                    lines(*((*row[:4], row[4] or Raw("<c/>"), row[5]) for row in ROWS)),
                    addresses=False,
                )
            ),
        ),
    ]


def _by_programs() -> list[Good]:
    """Packages as one or another program writes them."""
    return [
        Good("chart-sheet-first.xlsx", _chart_first),
        Good("elements-with-a-prefix.xlsx", _prefixed),
        Good("parts-in-utf-16.xlsx", _utf16_parts),
        Good("parts-under-other-names.xlsx", _moved),
        Good("written-by-wps.xlsx", _wps),
        Good("written-by-libreoffice.xlsx", _calc),
        Good("written-as-a-stream.xlsx", _streamed),
        Good(
            "cells-in-the-wrong-order.xlsx",
            lambda: changed(
                PLAIN,
                '<c r="A2" t="s"><v>6</v></c><c r="B2" t="s"><v>7</v></c>',
                '<c r="B2" t="s"><v>7</v></c><c r="A2" t="s"><v>6</v></c>',
            ),
        ),
        Good(
            "false-dimension-too-small.xlsx",
            lambda: workbook(Sheet(lines(*ROWS), before='<dimension ref="A1"/>')),
        ),
        Good(
            "false-dimension-far-too-large.xlsx",
            lambda: workbook(Sheet(lines(*ROWS), before='<dimension ref="A1:XFD1048576"/>')),
        ),
        Good(
            "comments-in-the-xml.xlsx",
            lambda: workbook(Sheet(lines(*ROWS), before="<!-- made by hand --><?note to self?>")),
        ),
        Good("links-to-other-workbooks.xlsx", _linked),
        Good(
            "workbook-embedded-but-never-opened.xlsx",
            lambda: with_parts(
                {"xl/embeddings/Microsoft_Excel_Sheet1.xlsx": workbook(PLAIN)}, PLAIN
            ),
        ),
        Good(
            "picture-on-the-sheet.xlsx",
            lambda: with_parts({"xl/media/image1.png": b"\x89PNG\r\n\x1a\n" + bytes(64)}, PLAIN),
        ),
        Good("workbook-named-like-text.csv", lambda: workbook(PLAIN)),
        Good("workbook-named-like-an-old-one.xls", lambda: workbook(PLAIN)),
        Good(
            "hidden-column.xlsx",
            lambda: workbook(
                Sheet(lines(*ROWS), before='<cols><col min="3" max="3" hidden="1"/></cols>')
            ),
        ),
    ]


PACKAGES = [*_put_together(), *_by_programs()]
