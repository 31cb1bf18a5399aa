"""Workbooks that are odd in their headings, rows and sheets, but right."""

from tests.tables.good_rows import PLAIN, REST, headed, of
from tests.tables.manifest import HEADS, ROWS, Good, read_as
from tests.tables.packing import Sheet, Styled, lines, workbook


def _titled() -> Good:
    rows = {
        1: ["全国工会系统单位名录"],
        2: ["填报单位：全国总工会", None, None, "填报日期：2025年3月1日"],
    } | lines(*ROWS, start=4)
    merged = '<mergeCells count="1"><mergeCell ref="A1:F1"/></mergeCells>'
    read = (
        (1, ("全国工会系统单位名录",)),
        (2, ("填报单位：全国总工会", None, None, "填报日期：2025年3月1日")),
        *read_as(*ROWS, start=4),
    )
    return Good(
        "title-rows-above-the-heading.xlsx", lambda: workbook(Sheet(rows, after=merged)), read
    )


def _two_rows() -> Good:
    upper = ("编码", "单位", None, None, "隶属关系")
    lower = (None, "名称", "级别", "类别", "上级", "成立日期")
    merged = (
        '<mergeCells count="3">'
        '<mergeCell ref="A1:A2"/><mergeCell ref="B1:D1"/>'
        '<mergeCell ref="E1:F1"/></mergeCells>'
    )
    rows = (upper, lower, *REST)
    return Good(
        "heading-merged-over-two-rows.xlsx",
        lambda: workbook(Sheet(lines(*rows), after=merged)),
        read_as(*rows),
    )


def _whole_merge() -> Good:
    merged = '<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    return Good(
        "merge-over-the-whole-sheet.xlsx", lambda: workbook(Sheet(lines(*ROWS), after=merged))
    )


def _headings() -> list[Good]:
    order = (5, 1, 0, 4, 3, 2)
    turned = tuple(tuple(row[place] for place in order) for row in ROWS)
    wide = tuple(
        (*row, *more)
        for row, more in zip(
            ROWS,
            (("联系电话", "备注"), ("010-1", True), ("010-2", 0.5), ("010-3", "x")),
            strict=True,
        )
    )
    left = tuple((None, None, *row) for row in ROWS)
    ids = tuple(
        (*row, *more) for row, more in zip(ROWS, (("编号", "版本"), (), (), ()), strict=True)
    )
    return [
        of(
            "headings-in-traditional-script",
            headed("編碼", "名稱", "級別", "類別", "上級", "成立日期"),
        ),
        of(
            "headings-with-spaces",
            headed("编 码", "名　称", " 级别 ", "类别", "上级 ", "成立 日期"),
        ),
        of(
            "headings-with-line-breaks",
            headed("编码", "名称", "级别", "类别", "上级\n单位", "成立\n日期"),
        ),
        of(
            "headings-by-other-names",
            headed("单位代码", "单位名称", "层次", "单位性质", "上级单位", "设立日期"),
        ),
        of(
            "headings-with-a-star-and-a-note",
            headed("*编码", "名称*", "级别", "类别", "上级（代码）", "成立日期"),
        ),
        of("columns-in-another-order", turned),
        of("columns-that-nobody-asked-for", wide),
        of("columns-empty-on-the-left", left),
        of("columns-of-ids-without-ids", ids),
        of("one-column-alone", (("名称",), ("全国总工会",)), kind=""),
    ]


def _sheets() -> list[Good]:
    cover = Sheet(lines(("单位名录 2025-03-01",), (), ("筛选", "全部"), ("行数", 3)), "封面")
    other = Sheet(lines(("说明", "内容"), ("隐藏表", 1)), "参数", state="veryHidden")
    halves = [
        Sheet(lines(HEADS, *rows), name) for rows, name in ((REST[:1], "中央"), (REST[1:], "地方"))
    ]
    return [
        Good("cover-sheet-first.xlsx", lambda: workbook(cover, PLAIN), table=1),
        Good("empty-second-sheet.xlsx", lambda: workbook(PLAIN, Sheet({}, "Sheet2"))),
        Good("hidden-second-sheet.xlsx", lambda: workbook(PLAIN, other)),
        Good(
            "sheet-name-with-odd-characters.xlsx",
            lambda: workbook(Sheet(lines(*ROWS), "<名录> & “A”'1' 𠮷")),
        ),
        Good("rows-on-two-sheets.xlsx", lambda: workbook(*halves), read_as(HEADS, *REST[:1])),
    ]


def _rows() -> list[Good]:
    hidden = Sheet(lines(*ROWS), hidden=frozenset({3}))
    filtered = Sheet(
        lines(*ROWS),
        hidden=frozenset({2, 3}),
        after='<autoFilter ref="A1:F4"><filterColumn colId="0"/></autoFilter>',
    )
    gaps = {1: ROWS[0], 3: ROWS[1], 6: ROWS[2], 7: (None, None), 9: ROWS[3]}
    read = tuple((line, row) for line, row in gaps.items() if row[0])
    total = (*ROWS, ("合计", 3))
    notes = {
        **lines(*ROWS),
        6: ("注：本表数据截至2025年3月1日。",),
        7: ("填表人：林晓岚", None, None, "联系电话：010-1"),
    }
    far = {**lines(*ROWS), 1_048_576: (" ",)}
    return [
        Good("hidden-row-in-the-middle.xlsx", lambda: workbook(hidden)),
        Good("rows-hidden-by-a-filter.xlsx", lambda: workbook(filtered)),
        Good("blank-rows-between.xlsx", lambda: workbook(Sheet(gaps)), read),
        Good("total-in-the-last-row.xlsx", lambda: workbook(Sheet(lines(*total))), read_as(*total)),
        Good("notes-below-the-table.xlsx", lambda: workbook(Sheet(notes)), tuple(notes.items())),
        Good(
            "space-in-the-last-row-of-the-sheet.xlsx",
            lambda: workbook(Sheet(far)),
            tuple(far.items()),
        ),
    ]


def _others() -> list[Good]:
    """Of other kinds, over the small register of the tests."""
    entries = (
        ("文件条款", "进展情况", "完成比例"),
        ("九.1.1", "已印发", "３５％"),
        ("九.1.2", "推进中", "60"),
    )
    shares = (
        ("文件條款", "進展情況", "完成比例"),
        ("九.1.1", "已印发", Styled(0.35, 4)),
        ("九.1.2", "推进中", Styled(0.6, 4)),
    )
    shown = (shares[0], ("九.1.1", "已印发", 0.35), ("九.1.2", "推进中", 0.6))
    figures = (
        ("指标", "单位", "年份", "数值（万人）"),
        ("ZZ-01", "Q01", 2025, "１２.５"),
        ("ZZ-01", "Q01", "２０２４", "1,234"),
    )
    ledger = (
        ("文件条款", "责任单位", "完成时限", "亮灯"),
        ("九.1.1", "Q01", "2027.6.30", "绿"),
        ("九.1.2", "全国总工会", "2027年6月30日", None),
    )
    more = {"bodies": ()}
    return [
        of("percents-as-full-width-text", entries, kind="entries", **more),
        Good(
            "percents-as-shares-of-one.xlsx",
            lambda: workbook(Sheet(lines(*shares))),
            read_as(*shown),
            kind="entries",
            bodies=(),
        ),
        of("figures-in-ten-thousands", figures, kind="statistics", **more),
        of("ledger-with-names-for-codes", ledger, kind="obligations", **more),
    ]


BOOKS = [*_headings(), *_sheets(), *_rows(), *_others(), _titled(), _two_rows(), _whole_merge()]
