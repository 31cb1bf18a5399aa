"""Text tables that are odd but right."""

import csv
import io

from tests.tables.manifest import HEADS, ROWS, UNDATED, Body, Good, Read, read_as

SAID = tuple(tuple(None if cell is None else str(cell) for cell in row) for row in ROWS)
AS_SAID = read_as(*SAID)


def text(
    rows: tuple = SAID, separator: str = ",", end: str = "\r\n", quoting: int = csv.QUOTE_MINIMAL
) -> str:
    """The rows as a text table."""
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, lineterminator=end, quoting=quoting).writerows(rows)
    return file.getvalue()


def of(
    name: str, content: str, encoding: str = "utf-8", read: Read = AS_SAID, **more: object
) -> Good:
    """A text table in this encoding."""
    return Good(name, lambda: content.encode(encoding), read, **more)


def _encodings() -> list[Good]:
    rare = (HEADS[:2], ("001", "全国总工会"), ("001001", "𠮷林省总工会"))
    hant = (
        ("編碼", "名稱", "全稱"),
        ("001", "全國總工會", "中華全國總工會"),
        ("001001", "北京市總工會", None),
    )
    told = (Body("001", "全國總工會"), Body("001001", "北京市總工會"))
    return [
        of("utf-8.csv", text()),
        of("utf-8-with-a-mark.csv", text(), "utf-8-sig"),
        of("gb18030.csv", text(), "gb18030"),
        of(
            "gb18030-with-four-byte-characters.csv",
            text(rare),
            "gb18030",
            read_as(*rare),
            bodies=tuple(Body(*row) for row in rare[1:]),
        ),
        of("utf-16-with-tabs.txt", text(separator="\t"), "utf-16"),
        of("utf-16-big-endian.csv", "\ufeff" + text(), "utf-16-be"),
        Good(
            "big5.csv",
            lambda: text(hant).encode("big5hkscs"),
            read_as(hant[0], hant[1], hant[2][:2]),
            bodies=told,
        ),
        of(
            "ascii-alone.csv",
            "code,name\r\nA1,ACFTU\r\n",
            "ascii",
            read_as(("code", "name"), ("A1", "ACFTU")),
            bodies=(Body("A1", "ACFTU"),),
        ),
    ]


def _separators() -> list[Good]:
    quoted = tuple(
        (*row[:1], f"{row[1]};甲,乙" if number else row[1], *row[2:])
        for number, row in enumerate(SAID)
    )
    bodies = tuple(Body(body.code, f"{body.name};甲,乙") for body in UNDATED)
    pairs = tuple(row[:2] for row in quoted)
    return [
        of("tabs-named-csv.csv", text(separator="\t"), "gb18030"),
        of("semicolons.csv", text(separator=";")),
        of(
            "semicolons-in-quotes.csv",
            text(pairs, ";", quoting=csv.QUOTE_ALL),
            read=read_as(*pairs),
            bodies=bodies,
        ),
        of("commas-in-quotes.csv", text(pairs), read=read_as(*pairs), bodies=bodies),
        of(
            "tabs-with-commas-in-the-text.txt",
            text(pairs, "\t"),
            read=read_as(*pairs),
            bodies=bodies,
        ),
        of("bars.csv", text(separator="|")),
        of(
            "separator-told-in-the-first-line.csv",
            "sep=;\r\n" + text(separator=";"),
            read=read_as(*SAID, start=2),
        ),
        of(
            "one-column.csv",
            "名称\r\n全国总工会\r\n",
            read=read_as(("名称",), ("全国总工会",)),
            kind="",
        ),
    ]


def _lines() -> list[Good]:
    padded = tuple((*row, None, None) for row in SAID)
    titled = (("全国工会系统单位名录",), *SAID)
    gaps = text().replace("\r\n", "\r\n\r\n").replace("天津", "天津")
    long = (HEADS[:3], ("001", "全国\n总工会", "中央"), ("001001", "他说“好”", "省级"))
    short = (SAID[0], *(row[: 5 if number else 4] for number, row in enumerate(SAID[1:])))
    return [
        of("lines-ended-by-cr.csv", text(end="\r"), "gb18030"),
        of("lines-ended-by-lf-without-a-last-one.csv", text(end="\n").rstrip("\n")),
        of(
            "blank-lines-between.csv",
            gaps,
            read=tuple((2 * n + 1, row) for n, row in enumerate(SAID)),
        ),
        of("blank-cells-at-every-end.csv", text(padded)),
        of("title-line-above-the-heading.csv", text(titled), "gb18030", read_as(*titled)),
        of("line-breaks-in-quotes.csv", text(long), read=read_as(*long), kind=""),
        of("everything-in-quotes.csv", text(quoting=csv.QUOTE_ALL)),
        of(
            "rows-shorter-than-the-heading.csv",
            text(short),
            read=read_as(*(_cut(row) for row in short)),
            bodies=UNDATED,
        ),
        of(
            "formulas-that-only-hold-text.csv",
            text(tuple(row[:2] for row in SAID)).replace("001001", '="001001"'),
            read=_held(),
            kind="",
        ),
    ]


def _cut(row: tuple) -> tuple:
    return row if row[-1] is not None else _cut(row[:-1])


def _held() -> Read:
    return read_as(
        *(
            (code if code != "001001" else '="001001"', name)
            for code, name in (row[:2] for row in SAID)
        )
    )


TEXTS = [*_encodings(), *_separators(), *_lines()]
