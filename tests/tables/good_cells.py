"""Workbooks with odd cells that are right."""

from datetime import date, datetime

from directives.tables.layout import NoValue
from tests.tables.good_rows import PLAIN, REST, dated, of
from tests.tables.manifest import HEADS, ROWS, STANDARD, UNDATED, Body, Good, read_as
from tests.tables.packing import (
    CHINESE_DAY,
    RED,
    SPAN,
    TIME,
    Raw,
    Sheet,
    Styled,
    lines,
    serial,
    workbook,
)


def _formulas() -> Good:
    named = [
        Raw(f'<c r="{{r}}" t="str"><f>CONCATENATE("{row[1]}","")</f><v>{row[1]}</v></c>')
        for row in REST
    ]
    days = [
        Raw(f'<c r="{{r}}" s="1"><f>DATE(2020,1,1)-{n}</f><v>{serial(row[5])}</v></c>')
        for n, row in enumerate(REST)
    ]
    rows = (
        HEADS,
        *((row[0], name, *row[2:5], day) for row, name, day in zip(REST, named, days, strict=True)),
    )
    return Good("formulas-with-saved-values.xlsx", lambda: workbook(Sheet(lines(*rows))))


def _rich() -> Good:
    runs = (
        '<r><rPr><b/><color rgb="FFFF0000"/></rPr><t>全国</t></r>'
        '<r><t xml:space="preserve">总工会</t></r>'
    )
    spoken = '<rPh sb="0" eb="2"><t>quánguó</t></rPh><phoneticPr fontId="1"/>'
    cell = Raw(f'<c r="{{r}}" t="inlineStr"><is>{runs}{spoken}</is></c>')
    rows = (HEADS, ("001", cell, *ROWS[1][2:]), *ROWS[2:])
    return Good("rich-text-with-a-phonetic-guide.xlsx", lambda: workbook(Sheet(lines(*rows))))


def _escaped() -> Good:
    rows = (
        HEADS,
        (
            "001",
            Raw('<c r="{r}" t="inlineStr"><is><t>全国_x000D_总工会_x005F_x0041_</t></is></c>'),
            *ROWS[1][2:],
        ),
    )
    read = (HEADS, ("001", "全国\r总工会_x0041_", *ROWS[1][2:]))
    return Good(
        "texts-with-escaped-characters.xlsx",
        lambda: workbook(Sheet(lines(*rows))),
        read_as(*read),
        kind="",
    )


def _erring() -> Good:
    errors = ("#N/A", "#REF!", "#DIV/0!")
    rows = (
        ("编码", "名称", "核对"),
        *(
            (*row[:2], Raw(f'<c r="{{r}}" t="e"><v>{text}</v></c>'))
            for row, text in zip(REST, errors, strict=True)
        ),
    )
    read = (
        rows[0],
        *((*row[:2], NoValue("error", text)) for row, text in zip(REST, errors, strict=True)),
    )
    return Good(
        "errors-in-a-column-that-is-not-read.xlsx",
        lambda: workbook(Sheet(lines(*rows))),
        read_as(*read),
        bodies=UNDATED,
    )


def _days() -> list[Good]:
    young = tuple(
        Body(body.code, body.name, date(1950 + n, 2, 1)) for n, body in enumerate(STANDARD)
    )
    serials = tuple(serial(body.valid_from) for body in young)
    morning = tuple(
        datetime.fromisoformat(said)
        for said in ("1925-05-01 08:30", "1950-02-01 23:59:59", "1950-01-15")
    )
    chinese = dated(*(Styled(serial(row[5]), CHINESE_DAY) for row in REST))
    return [
        of("days-as-chinese-text", dated("1925年5月1日", "1950年2月1日", "1950年01月15日")),
        of("days-with-points", dated("1925.5.1", "1950.2.1", "1950.01.15")),
        of("days-with-slashes-and-spaces", dated("1925/5/1", " 1950/2/1 ", "1950 / 1 / 15")),
        of("days-packed-into-eight-digits", dated("19250501", 19500201, "19500115")),
        of(
            "days-in-full-width-digits",
            dated("１９２５年５月１日", "１９５０．２．１", "１９５００１１５"),
        ),
        of(
            "days-in-chinese-numerals",
            dated("一九二五年五月一日", "一九五〇年二月一日", "一九五〇年一月十五日"),
        ),
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
            lambda: workbook(
                Sheet(
                    lines(*dated(*(Raw(f'<c r="{{r}}" t="d"><v>{row[5]}</v></c>') for row in REST)))
                )
            ),
        ),
    ]


def _codes() -> list[Good]:
    coded = (
        HEADS,
        *((int(row[0]), *row[1:4], int(row[4]) if row[4] else None, row[5]) for row in REST),
    )
    wide = (
        HEADS,
        *((row[0].translate({48 + n: 0xFF10 + n for n in range(10)}), *row[1:]) for row in REST),
    )
    levels = ("central", "provincial", "省级")
    stored = (
        HEADS,
        *(
            (*row[:2], level, "mass_organisation", *row[4:])
            for row, level in zip(REST, levels, strict=True)
        ),
    )
    return [
        of("codes-that-lost-their-leading-zeros", coded, known=STANDARD),
        of("codes-in-full-width-digits", wide),
        of("choices-as-stored-values", stored),
    ]


def _words() -> list[Good]:
    signs = ("=1+2", "+86全总", "-全总", "@全总", "＝全总", "'单引号")
    guarded = ("'=1+2", "'+86全总", "'-全总", "'@全总")
    control = ("\t制表", "\r回车", "\n换行")
    quoted = ("“全国”总工会", '全国"总"工会', "全国,总;工会\n（第二行）")
    named = tuple(Body(f"00{n}", name) for n, name in enumerate(signs, 1))
    return [
        of(
            "texts-that-begin-like-formulas",
            (HEADS[:2], *((body.code, body.name) for body in named)),
            bodies=named,
        ),
        of(
            "texts-guarded-by-an-apostrophe",
            (HEADS[:2], *((f"00{n}", name) for n, name in enumerate(guarded, 1))),
            bodies=tuple(Body(f"00{n}", name[1:]) for n, name in enumerate(guarded, 1)),
        ),
        of(
            "texts-that-begin-with-control-characters",
            (HEADS[:2], *((f"00{n}", name) for n, name in enumerate(control, 1))),
            kind="",
        ),
        of(
            "texts-with-quotes-commas-and-line-breaks",
            (HEADS[:2], *((f"00{n}", name) for n, name in enumerate(quoted, 1))),
            kind="",
        ),
    ]


def _numbers() -> list[Good]:
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
    shown = (odd[0], ("08:30:00", 1.5, 12.5), ("00:00:00", 2, -3))
    return [
        Good(
            "numbers-as-text-percents-and-ten-thousands.xlsx",
            lambda: workbook(Sheet(lines(*numbers))),
            read_as(*read),
            kind="",
        ),
        Good(
            "times-and-spans-are-no-days.xlsx",
            lambda: workbook(Sheet(lines(*odd))),
            read_as(*shown),
            kind="",
        ),
    ]


CELLS = [*_days(), *_codes(), *_words(), *_numbers(), _formulas(), _rich(), _escaped(), _erring()]
