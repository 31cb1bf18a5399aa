"""Tables that can be read and must not be taken: just these faults, and no other row wrong."""

from datetime import date

from tests.tables.good_texts import text
from tests.tables.manifest import HEADS, ROWS, Bad, Body
from tests.tables.packing import CHINESE_DAY, Raw, Sheet, Styled, lines, workbook

FIRST, SECOND, THIRD = ROWS[1:]


def of(name: str, rows: tuple, *faults: tuple[int, str], **more: object) -> Bad:
    """A workbook of these rows."""
    return Bad(
        f"{name}.xlsx", lambda: workbook(Sheet(lines(*rows))), "intake", faults=faults, **more
    )


def cell(name: str, column: int, value: object, field: str, line: int = 3) -> Bad:
    """The standard table with one wrong cell."""
    rows = [list(row) for row in ROWS]
    rows[line - 1][column] = value
    return of(name, tuple(map(tuple, rows)), (line, field))


def _headings() -> list[Bad]:
    doubled = tuple((*row, row[1]) for row in ROWS)
    return [
        of("heading-twice", doubled, (0, "name_hans")),
        of(
            "two-headings-for-one-field",
            tuple((*row, row[0] if number else "代码") for number, row in enumerate(ROWS)),
            asks=True,
        ),
        of("required-column-missing", tuple(row[1:] for row in ROWS), (0, "code")),
        of(
            "old-template",
            (("机关代号", "机关", "备注"), *((row[0], row[1], "2018年版") for row in ROWS[1:])),
            (0, "code"),
            (0, "name_hans"),
        ),
        of("no-heading-at-all", ROWS[1:], (0, "code"), (0, "name_hans")),
        of("heading-alone", ROWS[:1]),
    ]


def _keys() -> list[Bad]:
    twins = (*ROWS, ("001002", "天津市工会", "省级", "群团组织", "001", None))
    short = (Body("01", "甲"), Body("001", "乙"))
    unclear = (HEADS[:2], (1, "全国总工会"))
    ids = ((*HEADS, "编号", "版本"), (*FIRST, None, None), (*SECOND, 999_999, 1), THIRD)
    words = ((*HEADS, "编号", "版本"), FIRST, (*SECOND, "甲", 1), THIRD)
    return [
        of("key-twice", twins, (4, "code"), (5, "code")),
        of("code-that-may-mean-either-of-two", unclear, (2, "code"), known=short),
        of("id-that-nobody-has", ids, (3, "id")),
        of("id-in-words", words, (3, "id")),
        cell("id-in-powers-of-ten", 0, 1e15, "code", 4),
        cell("code-of-sixteen-digits-cut-short", 0, 1.23456789012346e17, "code", 4),
        cell("code-missing", 0, None, "code", 4),
        cell("code-with-a-character-that-cannot-be-seen", 0, "001\u200b002", "code", 4),
        cell("code-too-long", 0, "0" * 21, "code", 4),
        cell("name-missing", 1, None, "name_hans"),
        cell("name-of-blanks", 1, "　 ", "name_hans"),
        cell("name-too-long", 1, "会" * 121, "name_hans"),
    ]


def _days() -> list[Bad]:
    ended = tuple(
        (*row, day)
        for row, day in zip(ROWS, ("撤销日期", None, date(1949, 12, 31), None), strict=True)
    )
    return [
        cell("day-that-does-not-exist", 5, "2025年2月30日", "valid_from"),
        cell("day-of-a-month-that-does-not-exist", 5, "2025.13.1", "valid_from"),
        cell("day-without-its-day", 5, "2025年3月", "valid_from"),
        cell("day-with-a-year-of-two-digits", 5, "25.3.1", "valid_from"),
        cell("day-in-words", 5, "去年三月", "valid_from"),
        cell("day-as-a-small-number", 5, 12, "valid_from"),
        cell("day-before-any-calendar", 5, Raw('<c r="{r}" s="1"><v>-5</v></c>'), "valid_from"),
        cell("day-that-is-not-a-number", 5, Raw('<c r="{r}"><v>NaN</v></c>'), "valid_from"),
        cell("day-that-is-true", 5, True, "valid_from"),
        cell("day-of-1900-that-never-was", 5, Styled(60, CHINESE_DAY), "valid_from"),
        of("body-that-ends-before-it-begins", ended, (3, "valid_to")),
    ]


def _choices_and_ties() -> list[Bad]:
    circle = (HEADS, (*FIRST[:4], "001001", FIRST[5]), SECOND, THIRD)
    return [
        cell("level-that-is-unknown", 2, "国家级", "level"),
        cell("kind-that-is-unknown", 3, "剧社", "kind"),
        cell("parent-that-is-unknown", 4, "009", "parent"),
        cell("parent-is-the-body-itself", 4, "001001", "parent"),
        of("parents-in-a-circle", circle, (2, "parent"), (3, "parent")),
    ]


def _values() -> list[Bad]:
    formula = Raw('<c r="{r}" t="str"><f>CONCATENATE("全国","总工会")</f></c>')
    longer = text().replace("1950-02-01", "1950-02-01,备注")
    moved = text().replace("北京市总工会", "北京市总工会,首都")
    several = (
        HEADS,
        ("001", None, "中央", "剧社", None, "2025年2月30日"),
        (None, "北京市总工会", "省级", "群团组织", "001", "昨天"),
    )
    return [
        cell("formula-without-a-saved-value", 1, formula, "name_hans"),
        cell("error-instead-of-a-name", 1, Raw('<c r="{r}" t="e"><v>#N/A</v></c>'), "name_hans"),
        cell("error-instead-of-a-parent", 4, Raw('<c r="{r}" t="e"><v>#REF!</v></c>'), "parent"),
        Bad("row-longer-than-the-heading.csv", longer.encode, "intake", faults=((3, ""),)),
        Bad(
            "row-moved-by-a-comma.csv",
            moved.encode,
            "intake",
            faults=tuple((3, field) for field in ("", "level", "kind", "parent", "valid_from")),
        ),
        of(
            "faults-in-every-row",
            several,
            (2, "name_hans"),
            (2, "kind"),
            (2, "valid_from"),
            (3, "code"),
            (3, "valid_from"),
        ),
        Bad(
            "key-twice-in-gb18030.csv",
            lambda: (text() + "001002,天津市工会\r\n").encode("gb18030"),
            "intake",
            faults=((4, "code"), (5, "code")),
        ),
        Bad(
            "id-in-powers-of-ten.csv",
            lambda: text().replace("001002", "1E+15").encode(),
            "intake",
            faults=((4, "code"),),
        ),
    ]


def _others() -> list[Bad]:
    """Of other kinds, over the small register of the tests.

    Q01 with Q01A below it, Q02 beside it; clauses 九.1.1 and 九.1.2.
    """
    entries = ("文件条款", "进展情况", "完成比例")
    figures = ("指标", "单位", "年份", "数值")
    ledger = ("文件条款", "责任单位", "完成时限")
    log = ("措施", "日期", "工作情况")
    people = ("用户名", "姓名", "单位", "角色")
    return [
        of(
            "percent-above-100",
            (entries, ("九.1.1", "已印发", "130%"), ("九.1.2", "推进中", 60)),
            (2, "percent"),
            kind="entries",
        ),
        of(
            "percent-below-zero",
            (entries, ("九.1.1", "已印发", -5), ("九.1.2", "推进中", 60)),
            (2, "percent"),
            kind="entries",
        ),
        of(
            "clause-that-is-not-of-the-report",
            (entries, ("九.9.9", "已印发", 5), ("九.1.2", "推进中", 60)),
            (2, "code"),
            kind="entries",
        ),
        of(
            "clause-twice-in-one-report",
            (entries, *(("九.1.1", "已印发", n) for n in (50, 60))),
            (3, "code"),
            kind="entries",
        ),
        of(
            "another-bodys-code",
            (figures, ("ZZ-01", "Q01", 2025, 120), ("ZZ-01", "Q02", 2025, 7)),
            (3, "body"),
            kind="statistics",
        ),
        of(
            "figure-that-is-only-about-right",
            (figures, ("ZZ-01", "Q01", 2025, "约120个")),
            (2, "value"),
            kind="statistics",
        ),
        of(
            "figure-that-is-not-a-number",
            (figures, ("ZZ-01", "Q01", 2025, "NaN")),
            (2, "value"),
            kind="statistics",
        ),
        of(
            "figure-in-powers-of-ten",
            (figures, ("ZZ-01", "Q01", 2025, "1E+15")),
            (2, "value"),
            kind="statistics",
        ),
        of(
            "indicator-that-is-unknown",
            (figures, ("ZZ-99", "Q01", 2025, 120)),
            (2, "indicator"),
            kind="statistics",
        ),
        of(
            "ledger-of-a-clause-that-is-unknown",
            (ledger, ("九.9.9", "Q01", "2027-06-30")),
            (2, "clause"),
            kind="obligations",
        ),
        of(
            "ledger-of-a-body-that-is-unknown",
            (ledger, ("九.1.1", "Q99", "2027-06-30")),
            (2, "body"),
            kind="obligations",
        ),
        of(
            "ledger-with-a-day-that-does-not-exist",
            (ledger, ("九.1.1", "Q01", "2027年6月31日")),
            (2, "due_on"),
            kind="obligations",
        ),
        of(
            "log-of-a-measure-that-is-unknown",
            (log, (9, "2026-10-09", "召开座谈会")),
            (2, "measure"),
            kind="log",
        ),
        of(
            "person-of-a-body-that-is-unknown",
            (people, ("zhangsan", "张三", "Q99", "填报员")),
            (2, "body"),
            kind="people",
        ),
        of(
            "person-in-a-role-that-is-unknown",
            (people, ("zhangsan", "张三", "Q01", "主任")),
            (2, "role"),
            kind="people",
        ),
    ]


def _unclear_days(ledger: tuple[str, ...]) -> list[Bad]:
    """Deadlines that name no day, or two."""
    days = {
        "day-that-names-no-year": "年底前",
        "day-that-must-be-at-once": "立行立改",
        "day-that-comes-again-and-again": "每年12月底前",
        "month-that-a-spreadsheet-has-cut-short": 2027.1,
        "span-of-days-that-ends-before-it-begins": "2027年6月至2027年3月",
        "quarter-that-does-not-exist": "2027年第五季度",
    }
    return [
        of(name, (ledger, ("九.1.1", "Q01", day)), (2, "due_on"), kind="obligations")
        for name, day in days.items()
    ]


def _kept() -> list[Bad]:
    """As offices keep them, and not to be guessed.

    Days without a year or a day, numbers cut short, bodies that nobody knows.
    """
    ledger = ("文件条款", "责任单位", "完成时限", "责任人及电话")
    entries, rest = ("文件条款", "进展情况", "完成比例"), ("九.1.2", "推进中", 60)
    tasks = (
        ("序号", "重点任务"),
        (1, "建立联席会议制度"),
        (1, "建立述职评议制度"),
        (2, "建立直接联系制度"),
    )
    lost = "序号,文件条款,进展情况\n1,九.1.1,已印发\n2,,推进中\n3,九.1.2,推进中\n"
    return [
        *_unclear_days(ledger),
        of(
            "body-among-several-that-is-unknown",
            (ledger, ("九.1.1", "Q01、Q99", None)),
            (2, "body"),
            kind="obligations",
        ),
        of(
            "telephone-in-powers-of-ten",
            (ledger, ("九.1.1", "Q01", None, "1.39E+10")),
            (2, "contact"),
            kind="obligations",
        ),
        of(
            "long-number-that-lost-its-last-digits",
            (ledger, ("九.1.1", "Q01", None, 1.10101199001011e17)),
            (2, "contact"),
            kind="obligations",
        ),
        of(
            "percent-in-words-without-a-number",
            (entries, ("九.1.1", "已印发", "进行中"), rest),
            (2, "percent"),
            kind="entries",
        ),
        of(
            "percent-that-is-only-about-right",
            (entries, ("九.1.1", "已印发", "约80%"), rest),
            (2, "percent"),
            kind="entries",
        ),
        of(
            "span-of-days-in-a-log",
            (("措施", "日期", "工作情况"), ("印发办法", "2026.10.7-10.8", "调研")),
            (2, "on"),
            kind="log",
        ),
        of(
            "day-of-a-log-without-its-year",
            (("措施", "日期", "工作情况"), ("印发办法", "10月8日", "调研")),
            (2, "on"),
            kind="log",
        ),
        of("two-tasks-with-one-number", tasks, (3, "code"), kind="tasks"),
        Bad(
            "merges-lost-in-a-text-table.csv",
            lost.encode,
            "intake",
            faults=((3, "code"),),
            kind="entries",
        ),
    ]


TABLES = [*_kept(), *_headings(), *_keys(), *_days(), *_choices_and_ties(), *_values(), *_others()]
