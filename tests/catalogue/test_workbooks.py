"""Every list as a workbook opens without repair and reads back equal, cell by cell.

It is read by two other libraries and by LibreOffice.
"""

import io
import re
import subprocess
import zipfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from posixpath import dirname, join, normpath
from xml.etree import ElementTree

import pytest
from django.http import QueryDict
from django.utils import translation
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from directives.catalogue.lists import LISTS, find_list
from directives.core import audit
from directives.models import CalendarDay, ItemState, ReportEntry
from directives.tables.book import CELL_LIMIT, Book, Column, cell_value
from directives.tables.lists import ListQuery
from directives.tables.xlsx import write_xlsx
from directives.tallies import copy_day
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_cycle,
    make_directive,
    make_document,
    make_indicator,
    make_input,
    make_log,
    make_measure,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'=", "''@")
EVIL = (
    "\n".join(f"{start}cmd|' /C calc'!A0" for start in STARTS)
    + "<a href='x'>&amp;]]> \x00\x0b\ufffe 𠮷🙂 _x0041_ "
)
STORED = EVIL.replace("\x00", "")  # PostgreSQL keeps none
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
PARTS = (  # the order in which the format wants what a worksheet is made of
    "sheetPr",
    "dimension",
    "sheetViews",
    "sheetFormatPr",
    "cols",
    "sheetData",
    "autoFilter",
    "mergeCells",
    "hyperlinks",
    "printOptions",
    "pageMargins",
    "pageSetup",
    "headerFooter",
    "ignoredErrors",
)


@pytest.fixture
def world(cast):
    """Every list has rows, and every text in them is an attack or hard to hold."""
    document = make_document(title="=HYPERLINK(1)", issuer="@中央", fictional=True)
    section = make_section(document, title="+总则")
    first = make_directive(section, items=("=制度", "-机制"), code="九.3.3", text="＝完善")
    second = make_directive(section, code="九.3.4", text="长" * 4000)
    words = {
        "leader": "=1+1",
        "contact": "+86 10",
        "note": "@备注",
        "problems": "\t制表",
        "next_steps": "\r\n换行",
    }
    lead = make_obligation(
        first,
        cast.body,
        part="lead",
        progress=STORED,
        percent=33,
        due_on=date(2026, 9, 30),
        **words,
    )
    others = [
        make_obligation(second, cast.body, percent=100),
        make_obligation(first, cast.child, due_on=None),
    ]
    make_obligation(first, cast.sibling, progress="汉" * (CELL_LIMIT + 5))
    make_body(
        "=CMD", parent=cast.body, name_hans="'=单位", full_name="-全称", valid_from=date(1925, 5, 1)
    )
    ItemState.objects.filter(obligation=lead, item__number=2).update(
        state="established", on=date(2026, 5, 9)
    )
    plan = make_plan(cast.body, document, state="submitted", title="=方案", submitted_by=cast.staff)
    make_input(lead, by=cast.supervisor, text="=请报送", kind="instruction")
    make_log(
        make_measure(
            plan, lead, text="=措施", responsible="@人", due_on=TODAY, result=STORED[-200:]
        ),
        cast.staff,
        text=STORED,
    )
    report = make_report(cast.body, make_cycle(document), lead, *others[:1])
    ReportEntry.objects.filter(obligation=lead).update(
        progress=STORED, problems="-1", percent=67, unchanged_reason="=无"
    )
    audit.record(
        "dispute",
        lead,
        by=cast.staff,
        now=NOW,
        reason="=理由",
        before={"a": "=1"},
        after={"a": "@2"},
    )
    indicator = make_indicator(document, cast.centre, name_hans="=人数", unit="-人")
    other = make_document(title="-另一份文件", fictional=True)
    make_obligation(make_directive(make_section(other)), cast.sibling)
    for day in range(30, 0, -1):
        copy_day(TODAY - timedelta(days=day))
    places = dict.fromkeys(("directives", "matrix"), document.pk) | {
        "measures": plan.pk,
        "entries": report.pk,
    }
    return places | {"indicator": indicator.pk, "indicator-missing": indicator.pk}


def book_of(key, cast, world):
    person = (
        cast.staff if key == "entries" else cast.supervisor
    )  # nobody else sees what was not handed in
    query = QueryDict("directives=1", mutable=True)
    if key.startswith("board-") and key != "board-documents":
        query["document"] = str(world["directives"])
    asked = ListQuery(person, query, TODAY, NOW, CalendarDay.objects.workdays(TODAY))
    place = {"pk": world[key]} if LISTS[key].placed else {}
    return replace(find_list(key, asked, place).make_book(), site="https://example.org")


def written(book):
    file = io.BytesIO()
    write_xlsx(book, file)
    return file


def given(book):
    """What the list says, as cells hold it."""
    rows = [
        [cell_value(column.value(row), column.kind) for column in book.columns] for row in book.rows
    ]
    return [[cell_value(str(column.label), "text") for column in book.columns], *rows]


def same(cell):
    """A cell in one form, whichever library read it.

    Days as instants, numbers as floats, nothing for an empty one.
    """
    match cell:
        case "" | None:
            return None
        case datetime():
            return cell.replace(microsecond=0)
        case date():
            return datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 - a cell knows no zone
        case str():
            return re.sub(
                "_x005F(_x[0-9A-F]{4}_)", r"\1", cell
            )  # Excel and LibreOffice read so; openpyxl does not
    return float(cell)


def alike(rows, width):
    return [[same(cell) for cell in [*row, *[None] * width][:width]] for row in rows]


def saved(rows):
    """Numbers as a spreadsheet saves them: fifteen digits."""
    return [
        [float(f"{cell:.14g}") if isinstance(cell, float) else cell for cell in row] for row in rows
    ]


def tabs(rows):
    """LibreOffice saves a tab among several lines as a sign of its own."""
    return [
        [cell.replace("_x0001_", "\t") if isinstance(cell, str) else cell for cell in row]
        for row in rows
    ]


def by_openpyxl(file):
    sheet = load_workbook(file).worksheets[1]
    assert not [
        cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type in "fe"
    ]
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def by_calamine(file):
    file.seek(0)
    return (
        CalamineWorkbook.from_filelike(file).get_sheet_by_index(1).to_python(skip_empty_area=False)
    )


@pytest.mark.parametrize("key", LISTS)
def test_every_list_reads_back_equal_in_two_libraries(cast, world, key):
    with translation.override("zh-hans"):
        file, expected = written(book_of(key, cast, world)), given(book_of(key, cast, world))
    assert len(expected) > 1
    width = len(expected[0])
    assert alike(by_openpyxl(file), width) == alike(expected, width)
    assert alike(by_calamine(file), width) == alike(expected, width)
    faults(file)


def faults(file):
    """Assert what a reader that does not repair asks of a package and of each of its parts."""
    with zipfile.ZipFile(file) as package:
        assert package.testzip() is None
        names = package.namelist()
        assert len(names) == len(set(names))
        parts = {name: ElementTree.fromstring(package.read(name)) for name in names}
    told = parts["[Content_Types].xml"]
    types = {one.get("PartName") for one in told if one.get("PartName")}
    assert types <= {f"/{name}" for name in names}
    for name, tree in parts.items():
        if name.endswith(".rels"):
            inside = [one.get("Target") for one in tree if one.get("TargetMode") != "External"]
            folder = dirname(dirname(name))
            assert {normpath(join(folder, target)).lstrip("/") for target in inside} <= set(names)
            assert len({one.get("Id") for one in tree}) == len(tree)
        elif "worksheets/sheet" in name:
            sheet_holds(tree)


def sheet_holds(tree):
    order = [PARTS.index(child.tag.removeprefix(MAIN)) for child in tree]
    assert order == sorted(order)
    rows = tree.findall(f".//{MAIN}row")
    numbers = [int(row.get("r")) for row in rows]
    assert numbers == sorted(set(numbers))
    for row in rows:
        places = [re.fullmatch(r"([A-Z]{1,3})(\d+)", cell.get("r")).groups() for cell in row]
        assert {number for _letters, number in places} <= {row.get("r")}
        letters = [(len(letters), letters) for letters, _number in places]
        assert letters == sorted(set(letters))
    for text in tree.iter(f"{MAIN}t"):
        assert len((text.text or "").encode("utf-16-le")) <= 2 * (CELL_LIMIT + 6 * 7)


HARD = [
    *(f"{start}1+1" for start in STARTS),
    EVIL,
    " 前后空格 ",
    "\n",
    "长" * 40_000,
    "𠮷" * 20_000,
    "]]>",
    "<b>&amp;</b>",
    "0012",
    "1E+15",
    "2026-10-13",
    "TRUE",
    "#N/A",
    "{=A1}",
    "'",
    "''",
    "\u200b零宽",
    "\x7f\x85\u2028",
]
NUMBERS = [0, 1, -1, 10**15, 0.1, 1 / 3, 1e-9, 123456.789, -2.5, 33, 99.5, 7]
DAYS = [date(1900, 3, 1), date(1999, 12, 31), date(2026, 2, 28), date(9999, 12, 31)]


@pytest.fixture
def hard():
    """A book of what is hardest to keep."""
    columns = (
        Column(
            "text",
            "=文字",
            lambda row: row[0],
            link=lambda row: "/obligations/1/?q=a b&c='\"<>#x",
            light=lambda row: "red",
        ),
        Column("number", "+数", lambda row: row[1], "number"),
        Column("id", "@号", lambda row: row[1], "id"),
        Column("percent", "比例", lambda row: row[1], "percent"),
        Column("date", "日", lambda row: row[2], "date"),
        Column(
            "moment",
            "时",
            lambda row: NOW + timedelta(hours=7 * row[1] % 999, seconds=row[1] % 60),
            "moment",
        ),
        Column("none", "空", lambda row: None),
    )
    rows = [(text, NUMBERS[n % len(NUMBERS)], DAYS[n % len(DAYS)]) for n, text in enumerate(HARD)]
    note = (("=筛选", "@无"), ("条件", EVIL), ("=", date(2026, 1, 1)))
    return Book(
        "=难/关[于]:'的?",
        columns,
        rows,
        NOW,
        note,
        site="https://example.org",
        group=lambda row: ((row[1] > 0, "=组"),),
    )


def test_what_is_hard_to_keep_reads_back_equal_too(hard):
    file, expected = written(hard), given(hard)
    assert alike(by_openpyxl(file), 7) == alike(expected, 7)
    assert alike(by_calamine(file), 7) == alike(expected, 7)
    faults(file)
    cover = load_workbook(file).worksheets[0]
    assert not [
        cell.value
        for row in cover.iter_rows()
        for cell in row
        if cell.data_type == "f" or str(cell.value).startswith("=")
    ]


def test_libreoffice_opens_every_list_and_keeps_every_cell(cast, world, hard, tmp_path):
    expected = {"hard": given(hard)}
    (tmp_path / "hard.xlsx").write_bytes(written(hard).getvalue())
    with translation.override("zh-hans"):
        for key in LISTS:
            (tmp_path / f"{key}.xlsx").write_bytes(written(book_of(key, cast, world)).getvalue())
            expected[key] = given(book_of(key, cast, world))
    order = [
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
    ]
    files = [str(tmp_path / f"{key}.xlsx") for key in expected]
    subprocess.run(
        [*order, "--outdir", str(tmp_path / "again"), *files],
        check=True,
        capture_output=True,
        timeout=400,
    )
    for key, rows in expected.items():
        width = len(rows[0])
        again = [
            row
            for row in by_openpyxl(tmp_path / "again" / f"{key}.xlsx")
            if any(cell is not None for cell in row)
        ]
        assert tabs(saved(alike(again, width))) == saved(alike(rows, width)), key
