"""Tables as offices keep them.

Titles and notes around, groups and sums between, merged cells, days and bodies in their own words.
"""

from collections.abc import Iterable, Sequence

from tests.tables.manifest import HEADS, ROWS, STANDARD, Body, Good
from tests.tables.packing import PERCENT, Raw, Sheet, Styled, lines, workbook

FIRST, SECOND, THIRD = ROWS[1:]
SIGNED = ("填表人：林晓岚", None, "审核人：顾明远", None, "联系电话：010-65001234")
LONG_NOTE = (
    "注：1.列第一位的责任单位为牵头单位，负责统筹协调、督促落实，"
    "其他责任单位按职责分工配合，确保各项任务落地见效并按时报送。"
)


def merged(*ranges: str) -> str:
    """These ranges as the sheet's XML says them."""
    cells = "".join(f'<mergeCell ref="{one}"/>' for one in ranges)
    return f'<mergeCells count="{len(ranges)}">{cells}</mergeCells>'


def kept(
    name: str,
    kind: str,
    rows: Iterable[Sequence],
    *ranges: str,
    read: Iterable[Sequence] = (),
    **more: object,
) -> Good:
    """A workbook of these rows with merged ranges; rows in which nothing stands are not read.

    `read`: where that is something else.
    """
    placed = lines(*rows)
    said = {
        line: tuple(row)
        for line, row in lines(*(read or placed.values())).items()
        if any(cell is not None for cell in row)
    }
    book = Sheet(placed, after=merged(*ranges) if ranges else "")
    return Good(
        f"{name}.xlsx",
        lambda: workbook(book),
        tuple(said.items()),
        kind=kind,
        **{"bodies": (), **more},
    )


def _tasks() -> list[Good]:
    rows = (
        ("2027年度群团改革重点任务分解表",),
        ("填报单位：市委群团办", None, None, None, "2027年3月"),
        ("序号", "重点任务", "分项", "责任单位", "备注"),
        ("一、加强组织领导",),
        (1, "健全党建带群建制度", "联席会议制度", "市委组织部、市总工会\n团市委", None),
        (None, None, "述职评议制度", "市妇联", None),
        (2, "推进“小三级”工会建设", None, "市总工会", None),
        ("小　计", None, None, None, 2),
        ("二、改进工作作风",),
        (3, "建立直接联系群众制度", None, "团市委", None),
        ("合　计", None, None, None, 3),
        (LONG_NOTE,),
        ("2.每半年报送一次进展。",),
        SIGNED,
    )
    plain = (
        ("重点工作任务台账",),
        ("项次", "目标任务", "主责单位", "完成时间"),
        ("1", "2", "3", "4"),
        (1, "举办职工技能大赛", "经济部", "6月底"),
    )
    return [
        kept(
            "task-table-with-groups-sums-and-notes",
            "tasks",
            rows,
            "A1:E1",
            "A4:E4",
            "A5:A6",
            "B5:B6",
            "A9:E9",
            "A12:E12",
            "A13:E13",
        ),
        kept("task-table-with-numbered-columns", "tasks", plain, "A1:D1"),
    ]


def _ledgers() -> list[Good]:
    heads = ("文件条款", "责任单位", "完成时限")
    days = (
        "2027年底前",
        "2027年6月30日前完成",
        "2027年第三季度",
        "二〇二七年十二月底前",
        "2027年3月至11月",
        "2027.6",
    )
    dated = (
        (("九.1.1", "九.1.2")[n % 2], ("Q01", "Q02", "Q01A")[n // 2], day)
        for n, day in enumerate(days)
    )
    none = (
        ("九.1.1", "Q01", "长期坚持"),
        ("九.1.2", "Q01", "持续推进、常态化落实"),
        ("九.1.2", "Q02", "—"),
    )
    several = (
        ("序号", "重点任务", "牵头单位", "责任单位", "配合单位", "完成时限"),
        (1, "各单位要办好第一件事。", "Q02", "Q01、Q01A", None, "2027年底前"),
        (2, "各单位要办好第二件事", None, "Q02\nQ01", "Q01A", "2027年底前"),
    )
    spanning = (
        ("序号", "文件条款", "责任单位", "完成时限", "备注"),
        (1, "九.1.1", "全国总工会", "2027-06-30", "同一条款"),
        (None, None, "Q02", None, None),
        (2, "九.1.2", "全 国 总 工 会", "2027-06-30", None),
    )
    return [
        kept("deadlines-as-offices-write-them", "obligations", (heads, *dated)),
        kept("deadlines-that-are-none", "obligations", (heads, *none)),
        kept("several-bodies-in-one-cell", "obligations", several),
        kept(
            "cells-merged-down-several-rows",
            "obligations",
            spanning,
            "A2:A3",
            "B2:B3",
            "D2:D3",
            "E2:E3",
        ),
    ]


def _registers() -> list[Good]:
    title = ("工会系统组织机构一览表",)
    sums = (
        title,
        HEADS,
        FIRST,
        ("中央小计", "1个"),
        SECOND,
        THIRD,
        (None, "省级合计：2个"),
        ("总计", None, None, None, None, 3),
    )
    pages = (title, HEADS, FIRST, SECOND, (None,), title, HEADS, THIRD)
    short = (
        HEADS,
        *(
            (*row[:2], level, *row[3:])
            for row, level in zip(ROWS[1:], ("中央", "省", "省级"), strict=True)
        ),
    )
    return [
        kept("sums-in-the-middle", "bodies", sums, "A1:F1", bodies=STANDARD),
        kept("heading-repeated-on-every-page", "bodies", pages, "A1:F1", "A6:F6", bodies=STANDARD),
        kept("levels-without-their-last-sign", "bodies", short, bodies=STANDARD),
    ]


def _reports() -> list[Good]:
    entries = (
        ("2026年第三季度工作进展情况表",),
        ("填报单位（盖章）：全国总工会",),
        ("序号", "任务编号", "工作进展情况", "存在的困难和问题", "下一步工作打算", "完成进度（%）"),
        (1, "九.1.1", "已印发文件", "无", "继续推进", "已完成"),
        (2, "九.1.2", "推进中", "无", "无", Styled(0.8, PERCENT)),
        (3,),
        (4,),
        SIGNED,
        ("填报日期：2026年10月8日",),
    )
    figures = (
        ("基层组织统计报表",),
        ("指标名称", "单位名称", "统计年度", "数值"),
        ("甲", "乙", 1, 2),
        ("基层组织数", "全国总工会", "2025年", 120),
        ("合　计", None, None, 120),
        ("单位负责人：", None, "统计负责人：", "填表人："),
    )
    phones = (
        ("通讯录",),
        ("序号", "姓名", "账号", "所在部门", "联系电话", "角色"),
        (1, "张三", "zhangsan", "Q01", Raw('<c r="{r}"><v>1.3900001111E10</v></c>'), "填报员"),
        (2, "李四", "lisi", "全国总工会", "０１０-６５００１２３４", "负责人"),
    )
    read = (*phones[:2], (1, "张三", "zhangsan", "Q01", 13900001111.0, "填报员"), phones[3])
    shown = (*entries[:4], (2, "九.1.2", "推进中", "无", "无", 0.8), *entries[5:])
    return [
        kept(
            "report-with-numbers-filled-in-ahead", "entries", entries, "A1:F1", "A2:F2", read=shown
        ),
        kept("columns-numbered-below-the-heading", "statistics", figures, "A1:D1"),
        kept("telephones-as-numbers", "people", phones, "A1:F1", read=read),
    ]


def _formulas() -> Good:
    shared = [
        Raw(f'<c r="{{r}}" t="str"><f t="shared" ref="B2:B4" si="0">C2</f><v>{FIRST[1]}</v></c>')
    ]
    shared += [
        Raw(f'<c r="{{r}}" t="str"><f t="shared" si="0"/><v>{row[1]}</v></c>')
        for row in (SECOND, THIRD)
    ]
    codes = [
        Raw(
            f'<c r="{{r}}" t="str"><f t="array" ref="A2:A4">'
            f'TEXT(G2:G4,"000")</f><v>{FIRST[0]}</v></c>'
        ),
        SECOND[0],
        THIRD[0],
    ]
    rows = (
        HEADS,
        *((code, name, *row[2:]) for code, name, row in zip(codes, shared, ROWS[1:], strict=True)),
    )
    return Good("formulas-shared-and-over-a-range.xlsx", lambda: workbook(Sheet(lines(*rows))))


def _bare_lines() -> Good:
    """Line breaks and blanks that cannot be seen, in codes and names."""
    odd = (
        ("\ufeff001", "全国总工会\u200b"),
        ("001001\u00a0", "北京市总工会\u200e"),
        ("\u3000001002", "\u2060天津市总工会"),
    )
    rows = (HEADS[:2], *odd)
    bodies = tuple(Body(body.code, body.name) for body in STANDARD)
    return kept("codes-between-characters-that-cannot-be-seen", "bodies", rows, bodies=bodies)


TABLES = [*_tasks(), *_ledgers(), *_registers(), *_reports(), _formulas(), _bare_lines()]
