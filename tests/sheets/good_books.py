"""Workbooks that are odd but right."""
# ruff: noqa: E501 - one file a line reads best

from datetime import date, datetime
from io import BytesIO, RawIOBase
from zipfile import ZipFile, ZipInfo

from directives.intake.layout import Odd
from tests.sheets.manifest import HEADS, ROWS, STANDARD, UNDATED, Body, Good, read_as
from tests.sheets.packing import (
    CHINESE_DAY,
    MAIN,
    RED,
    SPAN,
    TIME,
    Raw,
    Sheet,
    Styled,
    changed,
    lines,
    packed,
    parts_of,
    relationships,
    serial,
    with_parts,
    workbook,
)

PLAIN = Sheet(lines(*ROWS))
REST = ROWS[1:]
SHEET1 = "xl/worksheets/sheet1.xml"


def dated(*days: object) -> tuple[tuple, ...]:
    """The standard rows with other cells for the days."""
    return (HEADS, *((*row[:5], day) for row, day in zip(REST, days, strict=True)))


def headed(*heads: str) -> tuple[tuple, ...]:
    """The standard rows under other headings."""
    return (heads, *REST)


def of(name: str, rows: tuple, **more: object) -> Good:
    """A workbook of these rows, which are read as they stand."""
    return Good(f"{name}.xlsx", lambda: workbook(Sheet(lines(*rows))), read_as(*rows), **more)


def _titled() -> Good:
    rows = {1: ["全国工会系统单位名录"], 2: ["填报单位：全国总工会", None, None, "填报日期：2025年3月1日"]} | lines(*ROWS, start=4)
    merged = '<mergeCells count="1"><mergeCell ref="A1:F1"/></mergeCells>'
    read = ((1, ("全国工会系统单位名录",)), (2, ("填报单位：全国总工会", None, None, "填报日期：2025年3月1日")), *read_as(*ROWS, start=4))
    return Good("title-rows-above-the-heading.xlsx", lambda: workbook(Sheet(rows, after=merged)), read)


def _two_rows() -> Good:
    upper = ("编码", "单位", None, None, "隶属关系")
    lower = (None, "名称", "级别", "类别", "上级", "成立日期")
    merged = '<mergeCells count="3"><mergeCell ref="A1:A2"/><mergeCell ref="B1:D1"/><mergeCell ref="E1:F1"/></mergeCells>'
    rows = (upper, lower, *REST)
    return Good("heading-merged-over-two-rows.xlsx", lambda: workbook(Sheet(lines(*rows), after=merged)), read_as(*rows))


def _whole_merge() -> Good:
    merged = '<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    return Good("merge-over-the-whole-sheet.xlsx", lambda: workbook(Sheet(lines(*ROWS), after=merged)))


def _formulas() -> Good:
    named = [Raw(f'<c r="{{r}}" t="str"><f>CONCATENATE("{row[1]}","")</f><v>{row[1]}</v></c>') for row in REST]
    days = [Raw(f'<c r="{{r}}" s="1"><f>DATE(2020,1,1)-{n}</f><v>{serial(row[5])}</v></c>') for n, row in enumerate(REST)]
    rows = (HEADS, *((row[0], name, *row[2:5], day) for row, name, day in zip(REST, named, days, strict=True)))
    return Good("formulas-with-saved-values.xlsx", lambda: workbook(Sheet(lines(*rows))))


def _rich() -> Good:
    runs = '<r><rPr><b/><color rgb="FFFF0000"/></rPr><t>全国</t></r><r><t xml:space="preserve">总工会</t></r>'
    spoken = '<rPh sb="0" eb="2"><t>quánguó</t></rPh><phoneticPr fontId="1"/>'
    cell = Raw(f'<c r="{{r}}" t="inlineStr"><is>{runs}{spoken}</is></c>')
    rows = (HEADS, ("001", cell, *ROWS[1][2:]), *ROWS[2:])
    return Good("rich-text-with-a-phonetic-guide.xlsx", lambda: workbook(Sheet(lines(*rows))))


def _streamed() -> bytes:
    """A package as programs write it that cannot go back in the file: sizes stand behind each part."""

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
    outside = relationships([("rId1", "externalLinkPath", "file:///C:/%E7%BB%9F%E8%AE%A1/2024.xlsx")])
    part = f'<externalLink xmlns="{MAIN}"><externalBook xmlns:r="x" r:id="rId1"/></externalLink>'
    row = ("001", Raw(f'<c r="{{r}}" t="str"><f>[1]Sheet1!$B$2</f><v>{ROWS[1][1]}</v></c>'), *ROWS[1][2:])
    parts = parts_of(Sheet(lines(HEADS, row, *ROWS[2:])), more=[("rId50", "externalLink", "externalLinks/externalLink1.xml")])
    parts |= {"xl/externalLinks/externalLink1.xml": part.encode(), "xl/externalLinks/_rels/externalLink1.xml.rels": outside.encode()}
    return packed(parts)


def _utf16_parts() -> bytes:
    parts = parts_of(PLAIN)
    for name in (SHEET1, "xl/workbook.xml", "xl/sharedStrings.xml"):
        parts[name] = parts[name].decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16-le")
        parts[name] = b"\xff\xfe" + parts[name]
    return packed(parts)


def _prefixed() -> bytes:
    """Every element with a prefix, as some libraries for .NET write them."""
    parts = parts_of(Sheet(lines(*ROWS), inline=True))
    text = parts[SHEET1].decode().replace("</", "\0").replace("<?", "\1").replace("<", "<x:").replace("\0", "</x:").replace("\1", "<?")
    parts[SHEET1] = text.replace("xmlns=", "xmlns:x=").encode()
    return packed(parts)


def _moved() -> bytes:
    """Parts under other names and in another case, their targets absolute."""
    parts = parts_of(PLAIN)
    parts["xl/Tables/Blatt_A.XML"] = parts.pop(SHEET1)
    rels = parts["xl/_rels/workbook.xml.rels"].decode().replace("worksheets/sheet1.xml", "/xl/tables/blatt_a.xml")
    return packed(parts | {"xl/_rels/workbook.xml.rels": rels.encode()})


def _chart_first() -> bytes:
    parts = parts_of(PLAIN, more=[("rId60", "chartsheet", "chartsheets/sheet1.xml")])
    book = parts["xl/workbook.xml"].decode().replace("<sheets>", '<sheets><sheet name="图表" sheetId="60" r:id="rId60"/>')
    return packed(parts | {"xl/workbook.xml": book.encode(), "xl/chartsheets/sheet1.xml": f'<chartsheet xmlns="{MAIN}"/>'.encode()})


def _wps() -> bytes:
    """With what WPS adds: its own namespace, alternate content before the cells, extension lists after them."""
    before = (
        '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><dimension ref="A1:F4"/>'
        '<sheetViews><sheetView tabSelected="1" workbookViewId="0"><pane ySplit="1" topLeftCell="A2" state="frozen"/></sheetView></sheetViews>'
        '<sheetFormatPr defaultColWidth="9" defaultRowHeight="13.5"/><cols><col min="1" max="1" width="12" customWidth="1"/></cols>'
    )
    after = (
        '<pageMargins left="0.75" right="0.75" top="1" bottom="1" header="0.5" footer="0.5"/><headerFooter/>'
        '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" xmlns:x14="x"><x14:dataValidations count="1"/></ext></extLst>'
    )
    parts = parts_of(Sheet(lines(*ROWS), before=before, after=after))
    book = parts["xl/workbook.xml"].decode().replace("<workbookPr", '<fileVersion appName="xl" lastEdited="3"/><workbookPr')
    parts |= {"xl/workbook.xml": book.encode(), "docProps/custom.xml": b'<Properties><property name="KSOProductBuildVer"/></Properties>'}
    return packed(parts)


def _calc() -> bytes:
    """As LibreOffice writes: styled empty cells to the last column, repeated row attributes, a wide hidden range."""
    parts = parts_of(Sheet(lines(*ROWS), before='<cols><col min="7" max="16384" width="9" hidden="true" style="0"/></cols>'))
    text = parts[SHEET1].decode().replace("</row>", '<c r="XFD1" s="4"/></row>').replace("<row ", '<row customFormat="false" ht="12.8" ')
    return packed(parts | {SHEET1: text.encode()})


def _days() -> list[Good]:
    young = tuple(Body(body.code, body.name, date(1950 + n, 2, 1)) for n, body in enumerate(STANDARD))
    serials = tuple(serial(body.valid_from) for body in young)
    morning = tuple(datetime.fromisoformat(said) for said in ("1925-05-01 08:30", "1950-02-01 23:59:59", "1950-01-15"))
    chinese = dated(*(Styled(serial(row[5]), CHINESE_DAY) for row in REST))
    return [
        of("days-as-chinese-text", dated("1925年5月1日", "1950年2月1日", "1950年01月15日")),
        of("days-with-points", dated("1925.5.1", "1950.2.1", "1950.01.15")),
        of("days-with-slashes-and-spaces", dated("1925/5/1", " 1950/2/1 ", "1950 / 1 / 15")),
        of("days-packed-into-eight-digits", dated("19250501", 19500201, "19500115")),
        of("days-in-full-width-digits", dated("１９２５年５月１日", "１９５０．２．１", "１９５００１１５")),
        of("days-in-chinese-numerals", dated("一九二五年五月一日", "一九五〇年二月一日", "一九五〇年一月十五日")),
        of("days-as-bare-serial-numbers", dated(*serials), bodies=young),
        Good("days-in-a-chinese-number-format.xlsx", lambda: workbook(Sheet(lines(*chinese)))),
        Good("days-counted-from-1904.xlsx", lambda: workbook(PLAIN, from_1904=True)),
        Good(
            "days-with-a-time-of-day.xlsx",
            lambda: workbook(Sheet(lines(*dated(*morning)))),
            read_as(*dated(*morning[:2], date(1950, 1, 15))),
        ),
        Good(
            "days-in-iso-cells.xlsx",
            lambda: workbook(Sheet(lines(*dated(*(Raw(f'<c r="{{r}}" t="d"><v>{row[5]}</v></c>') for row in REST))))),
        ),
    ]


def _headings() -> list[Good]:
    order = (5, 1, 0, 4, 3, 2)
    turned = tuple(tuple(row[place] for place in order) for row in ROWS)
    wide = tuple(
        (*row, *more) for row, more in zip(ROWS, (("联系电话", "备注"), ("010-1", True), ("010-2", 0.5), ("010-3", "x")), strict=True)
    )
    left = tuple((None, None, *row) for row in ROWS)
    ids = tuple((*row, *more) for row, more in zip(ROWS, (("编号", "版本"), (), (), ()), strict=True))
    return [
        of("headings-in-traditional-script", headed("編碼", "名稱", "級別", "類別", "上級", "成立日期")),
        of("headings-with-spaces", headed("编 码", "名　称", " 级别 ", "类别", "上级 ", "成立 日期")),
        of("headings-with-line-breaks", headed("编码", "名称", "级别", "类别", "上级\n单位", "成立\n日期")),
        of("headings-by-other-names", headed("单位代码", "单位名称", "层次", "单位性质", "上级单位", "设立日期")),
        of("headings-with-a-star-and-a-note", headed("*编码", "名称*", "级别", "类别", "上级（代码）", "成立日期")),
        of("columns-in-another-order", turned),
        of("columns-that-nobody-asked-for", wide),
        of("columns-empty-on-the-left", left),
        of("columns-of-ids-without-ids", ids),
        of("one-column-alone", (("名称",), ("全国总工会",)), kind=""),
    ]


def _cells() -> list[Good]:
    coded = (HEADS, *((int(row[0]), *row[1:4], int(row[4]) if row[4] else None, row[5]) for row in REST))
    wide = (HEADS, *((row[0].translate({48 + n: 0xFF10 + n for n in range(10)}), *row[1:]) for row in REST))
    stored = (
        HEADS,
        *((*row[:2], level, "mass_organisation", *row[4:]) for row, level in zip(REST, ("central", "provincial", "省级"), strict=True)),
    )
    signs = ("=1+2", "+86全总", "-全总", "@全总", "＝全总", "'单引号")
    guarded = ("'=1+2", "'+86全总", "'-全总", "'@全总")
    control = ("\t制表", "\r回车", "\n换行")
    quoted = ("“全国”总工会", '全国"总"工会', "全国,总;工会\n（第二行）")
    numbers = (
        ("指标", "金额（万元）", "完成比例", "备注"),
        ("经费", "3.5万元", "35%", 0.35),
        ("支出", 12.5, "１２０％", Styled(0.5, 4)),
        ("合计", "1,234", "—", "2亿元"),
    )
    read = (*numbers[:2], ("支出", 12.5, "１２０％", 0.5), numbers[3])
    odd = (
        ("时刻", "时长", "红字"),
        (Styled(0.354166666, TIME), Styled(1.5, SPAN), Styled(12.5, RED)),
        (Styled(0.0, TIME), 2, Styled(-3, RED)),
    )
    named = tuple(Body(f"00{n}", name) for n, name in enumerate(signs, 1))
    return [
        of("codes-that-lost-their-leading-zeros", coded, known=STANDARD),
        of("codes-in-full-width-digits", wide),
        of("choices-as-stored-values", stored),
        of("texts-that-begin-like-formulas", (HEADS[:2], *((body.code, body.name) for body in named)), bodies=named),
        of(
            "texts-guarded-by-an-apostrophe",
            (HEADS[:2], *((f"00{n}", name) for n, name in enumerate(guarded, 1))),
            bodies=tuple(Body(f"00{n}", name[1:]) for n, name in enumerate(guarded, 1)),
        ),
        of("texts-that-begin-with-control-characters", (HEADS[:2], *((f"00{n}", name) for n, name in enumerate(control, 1))), kind=""),
        of("texts-with-quotes-commas-and-line-breaks", (HEADS[:2], *((f"00{n}", name) for n, name in enumerate(quoted, 1))), kind=""),
        Good("numbers-as-text-percents-and-ten-thousands.xlsx", lambda: workbook(Sheet(lines(*numbers))), read_as(*read), kind=""),
        Good(
            "times-and-spans-are-no-days.xlsx",
            lambda: workbook(Sheet(lines(*odd))),
            read_as(odd[0], ("08:30:00", 1.5, 12.5), ("00:00:00", 2, -3)),
            kind="",
        ),
    ]


def _escaped() -> Good:
    rows = (HEADS, ("001", Raw('<c r="{r}" t="inlineStr"><is><t>全国_x000D_总工会_x005F_x0041_</t></is></c>'), *ROWS[1][2:]))
    read = (HEADS, ("001", "全国\r总工会_x0041_", *ROWS[1][2:]))
    return Good("texts-with-escaped-characters.xlsx", lambda: workbook(Sheet(lines(*rows))), read_as(*read), kind="")


def _sheets() -> list[Good]:
    cover = Sheet(lines(("单位名录 2025-03-01",), (), ("筛选", "全部"), ("行数", 3)), "封面")
    other = Sheet(lines(("说明", "内容"), ("隐藏表", 1)), "参数", state="veryHidden")
    halves = [Sheet(lines(HEADS, *rows), name) for rows, name in ((REST[:1], "中央"), (REST[1:], "地方"))]
    return [
        Good("cover-sheet-first.xlsx", lambda: workbook(cover, PLAIN), table=1),
        Good("empty-second-sheet.xlsx", lambda: workbook(PLAIN, Sheet({}, "Sheet2"))),
        Good("hidden-second-sheet.xlsx", lambda: workbook(PLAIN, other)),
        Good("sheet-name-with-odd-characters.xlsx", lambda: workbook(Sheet(lines(*ROWS), "<名录> & “A”'1' 𠮷"))),
        Good("rows-on-two-sheets.xlsx", lambda: workbook(*halves), read_as(HEADS, *REST[:1])),
        Good("chart-sheet-first.xlsx", _chart_first),
    ]


def _rows() -> list[Good]:
    hidden = Sheet(lines(*ROWS), hidden=frozenset({3}))
    filtered = Sheet(lines(*ROWS), hidden=frozenset({2, 3}), after='<autoFilter ref="A1:F4"><filterColumn colId="0"/></autoFilter>')
    gaps = {1: ROWS[0], 3: ROWS[1], 6: ROWS[2], 7: (None, None), 9: ROWS[3]}
    read = tuple((line, row) for line, row in gaps.items() if row[0])
    total = (*ROWS, ("合计", 3))
    notes = {**lines(*ROWS), 6: ("注：本表数据截至2025年3月1日。",), 7: ("填表人：林晓岚", None, None, "联系电话：010-1")}
    far = {**lines(*ROWS), 1_048_576: (" ",)}
    return [
        Good("hidden-row-in-the-middle.xlsx", lambda: workbook(hidden)),
        Good("rows-hidden-by-a-filter.xlsx", lambda: workbook(filtered)),
        Good("blank-rows-between.xlsx", lambda: workbook(Sheet(gaps)), read),
        Good("total-in-the-last-row.xlsx", lambda: workbook(Sheet(lines(*total))), read_as(*total)),
        Good("notes-below-the-table.xlsx", lambda: workbook(Sheet(notes)), tuple(notes.items())),
        Good("space-in-the-last-row-of-the-sheet.xlsx", lambda: workbook(Sheet(far)), tuple(far.items())),
    ]


def _made() -> list[Good]:
    """Odd in how they were written."""
    inline = Sheet(lines(*ROWS), inline=True)
    text = dated("1925-05-01", "1950-02-01", "1950-01-15")
    return [
        Good("plain.xlsx", lambda: workbook(PLAIN)),
        Good("texts-in-the-cells.xlsx", lambda: workbook(inline)),
        Good("shared-texts-missing.xlsx", lambda: workbook(inline, without=["xl/sharedStrings.xml"])),
        Good("styles-missing.xlsx", lambda: workbook(Sheet(lines(*text)), without=["xl/styles.xml"]), read_as(*text)),
        Good("strict-workbook.xlsx", lambda: workbook(PLAIN, strict=True)),
        Good(
            "cells-without-addresses.xlsx",
            lambda: workbook(Sheet(lines(*((*row[:4], row[4] or Raw("<c/>"), row[5]) for row in ROWS)), addresses=False)),
        ),
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
        Good("false-dimension-too-small.xlsx", lambda: workbook(Sheet(lines(*ROWS), before='<dimension ref="A1"/>'))),
        Good("false-dimension-far-too-large.xlsx", lambda: workbook(Sheet(lines(*ROWS), before='<dimension ref="A1:XFD1048576"/>'))),
        Good("comments-in-the-xml.xlsx", lambda: workbook(Sheet(lines(*ROWS), before="<!-- made by hand --><?note to self?>"))),
        Good("links-to-other-workbooks.xlsx", _linked),
        Good(
            "workbook-embedded-but-never-opened.xlsx",
            lambda: with_parts({"xl/embeddings/Microsoft_Excel_Sheet1.xlsx": workbook(PLAIN)}, PLAIN),
        ),
        Good("picture-on-the-sheet.xlsx", lambda: with_parts({"xl/media/image1.png": b"\x89PNG\r\n\x1a\n" + bytes(64)}, PLAIN)),
        Good("workbook-named-like-text.csv", lambda: workbook(PLAIN)),
        Good("workbook-named-like-an-old-one.xls", lambda: workbook(PLAIN)),
        Good("hidden-column.xlsx", lambda: workbook(Sheet(lines(*ROWS), before='<cols><col min="3" max="3" hidden="1"/></cols>'))),
        _erring(),
    ]


def _erring() -> Good:
    errors = ("#N/A", "#REF!", "#DIV/0!")
    rows = (
        ("编码", "名称", "核对"),
        *((*row[:2], Raw(f'<c r="{{r}}" t="e"><v>{text}</v></c>')) for row, text in zip(REST, errors, strict=True)),
    )
    read = (rows[0], *((*row[:2], Odd("error", text)) for row, text in zip(REST, errors, strict=True)))
    return Good("errors-in-a-column-that-is-not-read.xlsx", lambda: workbook(Sheet(lines(*rows))), read_as(*read), bodies=UNDATED)


def _others() -> list[Good]:
    """Of other kinds, over the small register of the tests."""
    entries = (("文件条款", "进展情况", "完成比例"), ("九.1.1", "已印发", "３５％"), ("九.1.2", "推进中", "60"))
    shares = (("文件條款", "進展情況", "完成比例"), ("九.1.1", "已印发", Styled(0.35, 4)), ("九.1.2", "推进中", Styled(0.6, 4)))
    shown = (shares[0], ("九.1.1", "已印发", 0.35), ("九.1.2", "推进中", 0.6))
    figures = (("指标", "单位", "年份", "数值（万人）"), ("ZZ-01", "Q01", 2025, "１２.５"), ("ZZ-01", "Q01", "２０２４", "1,234"))
    ledger = (
        ("文件条款", "责任单位", "完成时限", "亮灯"),
        ("九.1.1", "Q01", "2027.6.30", "绿"),
        ("九.1.2", "全国总工会", "2027年6月30日", None),
    )
    more = {"bodies": ()}
    return [
        of("percents-as-full-width-text", entries, kind="entries", **more),
        Good("percents-as-shares-of-one.xlsx", lambda: workbook(Sheet(lines(*shares))), read_as(*shown), kind="entries", bodies=()),
        of("figures-in-ten-thousands", figures, kind="statistics", **more),
        of("ledger-with-names-for-codes", ledger, kind="obligations", **more),
    ]  # fmt: skip


BOOKS = [
    *_made(), *_days(), *_headings(), *_cells(), *_sheets(), *_rows(), *_others(), _titled(), _two_rows(), _whole_merge(), _formulas(), _rich(), _escaped(),
]  # fmt: skip
