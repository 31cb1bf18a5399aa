"""Files opened in the limited process: the odd but right read to the cell, others refused."""

import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

import openpyxl
import pytest
from django.utils.translation import override
from xlsxwriter import Workbook

from directives.tables import reader, unreadable
from directives.tables.layout import Merge, NoValue, RawRow, column_letters
from directives.tables.parsing import packages
from directives.tables.parsing.books import number_kind
from directives.tables.parsing.limits import HEAD_ROWS
from directives.tables.parsing.texts import separator_of
from directives.tables.reader import Unreadable
from tests.tables.make import ACCEPT, REFUSE
from tests.tables.manifest import ROWS, Bad, Good
from tests.tables.odd import BAD, GOOD
from tests.tables.packing import Raw, Sheet, lines, workbook

READER = [file for file in BAD if file.stage == "reader"]
INTAKE = [file for file in BAD if file.stage == "intake"]
PARTED = (
    "Expected",
    "Save",
    "save",
    "Open",
    "Copy",
    "copy",
    "Import",
    "Split",
    "Shorten",
    "Delete",
    "Unpack",
    "Export",
    "Put",
    "Check",
)


def everything(path: Path) -> list[list[RawRow]]:
    """Every row of every table."""
    with reader.read(path, path.name) as opened:
        return [list(opened.rows(table)) for table in opened.tables]


def children() -> set[int]:
    """The processes that read a file for this one and that are still there."""
    found = set()
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        found |= set(map(int, (task / "children").read_text().split()))
    return {pid for pid in found if b"tables/child.py" in _command(pid)}


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def computed() -> float:
    """Seconds of computing of this process and of those that have ended under it.

    What else the machine does adds nothing.
    """
    return sum(
        used.ru_utime + used.ru_stime for used in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN))
    )


def python(tmp_path: Path, source: str) -> str:
    """A child that does something else."""
    path = tmp_path / "child.py"
    path.write_text(source, encoding="utf-8")
    return str(path)


# the files


def test_there_are_enough_files_each_named_for_what_is_odd():
    assert len(GOOD) >= 60
    assert len(BAD) >= 60
    for files, folder in ((GOOD, ACCEPT), (BAD, REFUSE)):
        names = [file.name for file in files]
        assert sorted(names) == sorted(set(names)) == sorted(path.name for path in folder.iterdir())
        assert [name for name in names if name != name.lower() or " " in name or "_" in name] == []


@pytest.mark.parametrize("file", [*GOOD, *BAD], ids=lambda file: file.name)
def test_a_file_is_made_the_same_again(file):
    folder = ACCEPT if isinstance(file, Good) else REFUSE
    assert file.content() == (folder / file.name).read_bytes()


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.name)
def test_what_is_odd_but_right_is_read_to_the_cell(file):
    with reader.read(ACCEPT / file.name, file.name) as opened:
        table = opened.tables[file.table]
        rows = list(opened.rows(table))
    assert tuple((row.line, row.cells) for row in rows) == _trimmed(file.rows)
    assert [type(cell) for row in rows for cell in row.cells] == [
        type(cell) for _line, cells in _trimmed(file.rows) for cell in cells
    ]
    assert table.head == tuple(rows[:HEAD_ROWS])
    assert table.rows >= len(rows)


def _trimmed(rows):
    """Rows as the reader gives them, without empty cells at their end."""
    return tuple(
        (line, cells[: max(place for place, cell in enumerate(cells, 1) if cell is not None)])
        for line, cells in rows
    )


@pytest.mark.parametrize("file", READER, ids=lambda file: file.name)
def test_what_is_no_table_is_refused_with_what_to_do(file):
    begun = computed()
    with pytest.raises(Unreadable) as refused, override("en"):
        everything(REFUSE / file.name)
    assert refused.value.code == file.code
    assert any(word in str(refused.value) for word in PARTED), str(refused.value)
    assert "%(" not in str(refused.value)
    assert computed() - begun < 20


@pytest.mark.parametrize("file", INTAKE, ids=lambda file: file.name)
def test_what_an_intake_refuses_can_be_read(file):
    rows = everything(REFUSE / file.name)[0]
    assert {row.line for row in rows} >= {line for line, _field in file.faults if line}


def test_every_reason_is_told_by_a_file_or_below():
    elsewhere = {
        "too_large",
        "many_sheets",
        "many_texts",
        "long_line",
        "memory",
        "too_long",
        "broke_off",
        "no_file",
    }
    assert unreadable.MESSAGES.keys() - elsewhere == {file.code for file in READER}


def test_reasons_are_told_in_chinese_and_name_the_place():
    with pytest.raises(Unreadable) as refused, override("zh-hans"):
        everything(REFUSE / "cells-at-both-corners.xlsx")
    told = (
        "工作表“单位名录”：单元格 XFD1048576 有内容，但只读前 200 列（A 到 GR）。"
        "请删除 GR 之后的列，或将表格移到左边。"
    )
    assert str(refused.value) == told
    with (
        pytest.raises(Unreadable, match="第 5 行是 UTF-8|第 5 行（第 5 个字节）不是"),
        override("zh-hans"),
    ):
        everything(REFUSE / "mixed-encodings.csv")


# what is told of a workbook


def test_merges_hidden_rows_hidden_columns_and_hidden_sheets_are_told():
    with reader.read(ACCEPT / "heading-merged-over-two-rows.xlsx", "a") as opened:
        assert opened.tables[0].merges == (Merge(1, 0, 2, 0), Merge(1, 1, 1, 3), Merge(1, 4, 1, 5))
    with reader.read(ACCEPT / "merge-over-the-whole-sheet.xlsx", "a") as opened:
        assert opened.tables[0].merges == (Merge(1, 0, 1_048_576, 16_383),)
    assert [
        row.line for row in everything(ACCEPT / "rows-hidden-by-a-filter.xlsx")[0] if row.hidden
    ] == [2, 3]
    with reader.read(ACCEPT / "hidden-column.xlsx", "a") as opened:
        assert opened.tables[0].hidden_columns == (2,)
    with reader.read(ACCEPT / "hidden-second-sheet.xlsx", "a") as opened:
        assert [(table.name, table.hidden) for table in opened.tables] == [
            ("单位名录", False),
            ("参数", True),
        ]


def test_text_tables_tell_how_they_are_written():
    told = {}
    for name in (
        "gb18030.csv",
        "utf-16-with-tabs.txt",
        "big5.csv",
        "semicolons.csv",
        "utf-8-with-a-mark.csv",
    ):
        with reader.read(ACCEPT / name, name) as opened:
            told[name] = (opened.format, opened.encoding, opened.separator)
    assert told == {
        "gb18030.csv": ("csv", "gb18030", ","),
        "utf-16-with-tabs.txt": ("csv", "utf-16", "\t"),
        "big5.csv": ("csv", "big5hkscs", ","),
        "semicolons.csv": ("csv", "utf-8", ";"),
        "utf-8-with-a-mark.csv": ("csv", "utf-8-sig", ","),
    }


def test_links_to_other_workbooks_are_remarked():
    with override("en"), reader.read(ACCEPT / "links-to-other-workbooks.xlsx", "a") as opened:
        assert [remark.split(".")[0] for remark in opened.remarks] == [
            "The workbook uses values from other workbooks"
        ]
    with reader.read(ACCEPT / "plain.xlsx", "a") as opened:
        assert opened.remarks == ()


def test_a_formula_that_was_never_computed_is_no_value():
    rows = everything(REFUSE / "formula-without-a-saved-value.xlsx")[0]
    assert rows[2].cells[1] == NoValue("formula", '=CONCATENATE("全国","总工会")')
    assert everything(REFUSE / "day-that-is-not-a-number.xlsx")[0][2].cells[5] == NoValue(
        "error", "NaN"
    )


def test_number_formats_that_show_a_day():
    days = (
        "yyyy-mm-dd",
        'yyyy"年"m"月"d"日";@',
        "[$-804]yyyy年m月",
        "m/d/yy h:mm",
        "[DBNum1][$-804]yyyy",
        "d-mmm",
        "mmm yyyy",
        "dd",
    )
    others = (
        "General",
        "0.00",
        "#,##0.00_);[Red]\\(#,##0.00\\)",
        "0.00E+00",
        '0"day"',
        "@",
        "0%",
        "G/通用格式",
        '_ ¥* #,##0.00_ "元"',
    )
    assert [number_kind(code) for code in days] == ["day"] * len(days)
    assert [number_kind(code) for code in others] == [""] * len(others)
    assert [number_kind("h:mm"), number_kind("上午/下午h:mm:ss"), number_kind("[h]:mm")] == [
        "time",
        "time",
        "span",
    ]


def test_the_separator_is_what_parts_every_line_alike():
    assert separator_of("a,b,c\n1,2,3\n") == ","
    assert separator_of("名称;金额\n甲;1,5\n乙;2,5\n丙;3\n") == ";"
    assert separator_of('"a;b",c\n"d;e;f",g\n') == ","
    assert separator_of("题目, 一\na\tb\tc\n1\t2,5\t3\n4\t5\t6\n") == "\t"
    assert separator_of("名称\n甲\n") == ","


def test_a_second_library_reads_the_same(tmp_path):
    """Some thousand cells of every sort as XlsxWriter writes them, dates of both counts too."""
    chance, path = random.Random(4), tmp_path / "mixed.xlsx"
    for from_1904 in (False, True):
        with Workbook(
            path, {"date_1904": from_1904, "default_date_format": "yyyy-mm-dd hh:mm:ss"}
        ) as book:
            sheet = book.add_worksheet("混合")
            for line in range(300):
                for column in range(12):
                    sheet.write(line * 2, column, _anything(chance))
        with reader.read(path, "mixed.xlsx") as opened:
            ours = {row.line: row.cells for row in opened.rows(opened.tables[0])}
        with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as theirs:
            told = list(theirs.worksheets[0].iter_rows(values_only=True))
        kept = {
            line: cells
            for line, cells in enumerate(told, 1)
            if any(cell is not None for cell in cells)
        }
        assert {line: _widened(cells) for line, cells in ours.items()} == kept


def _anything(chance: random.Random) -> object:
    day = datetime.fromisoformat("1960-01-01") + timedelta(
        days=chance.randrange(30_000), seconds=chance.choice((0, 0, 3600, 45_296))
    )
    texts = (
        "",
        "全国总工会",
        " 前后 ",
        "=不是公式"[1:],
        "a\nb",
        "<&>\"'",
        "0" * 300,
        "𠮷",
        "_x0041_"[:3],
    )
    return chance.choice((None, True, False, 0, -7, 10**15, 0.1, -2.5e-8, 1e300, day, day, *texts))


def _widened(cells: tuple) -> tuple:
    """As openpyxl gives a row: days as instants, empty cells to the last column."""
    told = (
        datetime.combine(cell, datetime.min.time()) if type(cell) is date else cell
        for cell in cells
    )
    return (*told, *[None] * (12 - len(cells)))


def test_no_row_is_missed_where_a_block_ends(monkeypatch):
    file = io.BytesIO(workbook(Sheet(lines(*([n] for n in range(300))))))
    counts = set()
    for size in (17, 64, 1001):
        monkeypatch.setattr(packages, "BLOCK_SIZE", size)
        counts.add(
            packages.scan_parts(packages.open_package(file))["xl/worksheets/sheet1.xml"].rows
        )
    assert counts == {300}


def test_columns_have_their_letters():
    assert [column_letters(column) for column in (0, 25, 26, 51, 199, 701, 702, 16_383)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "GR",
        "ZZ",
        "AAA",
        "XFD",
    ]


# what may be given, and let go of


def test_a_file_in_memory_is_read_as_one_on_disk(tmp_path):
    content = (ACCEPT / "plain.xlsx").read_bytes()
    file = io.BytesIO(content)
    file.seek(100)
    with reader.read(file, "a.xlsx") as opened:
        first, second = opened.rows(opened.tables[0]), opened.rows(opened.tables[0])
        assert [row.cells for row in first] == [row.cells for row in second] == list(_cells())
    with pytest.raises(Unreadable) as refused:
        list(opened.rows(opened.tables[0]))
    assert refused.value.code == "no_file"
    with pytest.raises(Unreadable) as refused:
        reader.read(tmp_path / "none.xlsx", "none.xlsx")
    assert refused.value.code == "no_file"


def _cells():
    return (cells for _line, cells in _trimmed(tuple(enumerate(ROWS, 1))))


def test_a_file_that_is_too_large_is_not_read(monkeypatch, tmp_path):
    monkeypatch.setattr(reader, "MAX_FILE_SIZE", 1000)
    with pytest.raises(Unreadable, match="has 1 MB; the limit is 1 MB"), override("en"):
        reader.read(io.BytesIO(bytes(2000)), "a.csv")
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(201 * 2**20)
    with pytest.raises(Unreadable, match="has 201 MB; the limit is 200 MB"), override("en"):
        reader.read(large, "large.csv")


def test_two_tables_are_read_at_once():
    with (
        reader.read(ACCEPT / "plain.xlsx", "a") as one,
        reader.read(ACCEPT / "gb18030.csv", "b") as two,
    ):
        pairs = list(zip(one.rows(one.tables[0]), two.rows(two.tables[0]), strict=True))
    assert [(left.cells[1], right.cells[1]) for left, right in pairs] == [
        (row[1], row[1]) for row in ROWS
    ]


def test_many_readers_side_by_side_do_not_disturb_one_another():
    found, files = {}, [file for file in GOOD if file.name.startswith("days-")][:6]

    def work(file):
        found[file.name] = everything(ACCEPT / file.name)[0]

    threads = [threading.Thread(target=work, args=(file,)) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: tuple((row.line, row.cells) for row in rows) for name, rows in found.items()} == {
        file.name: _trimmed(file.rows) for file in files
    }


# the process and its limits


@pytest.fixture(scope="module")
def long(tmp_path_factory) -> Path:
    """5,000 rows of 18 cells."""
    path = tmp_path_factory.mktemp("long") / "long.xlsx"
    row = (
        "九.3.3",
        "完善基层工会组织建设" * 3,
        date(2025, 3, 1),
        0.35,
        *(f"第{n}列的文字" for n in range(14)),
    )
    path.write_bytes(workbook(Sheet(lines(*([row] * 5000)), inline=True)))
    return path


def test_the_process_ends_when_nobody_reads_on(long):
    before = children()
    with reader.read(long, "a") as opened:
        rows = opened.rows(opened.tables[0])
        assert next(rows).line == 1
        (running,) = children() - before
        assert Path(f"/proc/{running}/cmdline").read_bytes().split(b"\0")[-3] == b"900"
        rows.close()
        assert children() == before


def test_the_process_may_write_nothing_and_start_nothing(long):
    with reader.read(long, "a") as opened:
        rows = opened.rows(opened.tables[0])
        next(rows)
        (running,) = children()
        limits = Path(f"/proc/{running}/limits").read_text().splitlines()
        environment = Path(f"/proc/{running}/environ").read_bytes()
        imported = Path(f"/proc/{running}/maps").read_text()
    told = {line[:25].strip(): line[25:].split()[:2] for line in limits}
    assert told["Max file size"] == ["0", "0"]
    assert told["Max processes"] == ["0", "0"]
    assert told["Max core file size"] == ["0", "0"]
    assert told["Max open files"] == ["16", "16"]
    assert told["Max cpu time"] == ["900", "900"]
    assert told["Max address space"] == [str(reader.MEMORY)] * 2
    assert environment == b""
    assert "psycopg" not in imported


def test_the_process_knows_no_django():
    asked = "[name for name in sys.modules if name.startswith(('django', 'openpyxl', 'lxml'))]"
    code = f"import sys, runpy; runpy.run_path(%r); print({asked})"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code % reader._CHILD],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_rows_are_read_while_they_are_taken_and_nothing_piles_up(long):
    with reader.read(long, "a") as opened:
        rows = opened.rows(opened.tables[0])
        next(rows)
        (running,) = children()
        time.sleep(0.5)
        used = _resident(running)
        assert sum(1 for _row in rows) == 4999
    assert used < 40 * 2**20


def _resident(process: int) -> int:
    """The most memory that a process has used, in bytes."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


@pytest.mark.parametrize(
    "name",
    [
        "string-of-300-mb-in-300-kb.xlsx",
        "cells-at-both-corners.xlsx",
        "entities-that-multiply.xlsx",
    ],
)
def test_what_is_made_to_grow_does_not(name):
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-I', '-S', sys.argv[1], "
        "'outline', '536870912', '60'], "
        "stdin=open(sys.argv[2]))\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, "-I", "-S", "-c", code, reader._CHILD, str(REFUSE / name)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    assert int(said[-2]) < 60 * 1024


def test_a_table_of_too_many_texts_is_refused_for_its_memory(monkeypatch, tmp_path):
    monkeypatch.setattr(reader, "MEMORY", 80 * 2**20)
    path = tmp_path / "texts.xlsx"
    path.write_bytes(
        workbook(
            Sheet(
                lines(
                    *(
                        [f"第{n}条" * 40 for n in range(line * 100, line * 100 + 100)]
                        for line in range(2000)
                    )
                )
            )
        )
    )
    with pytest.raises(Unreadable) as refused:
        everything(path)
    assert refused.value.code == "memory"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("import os; os.abort()", "broke_off"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "broke_off"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", "too_long"),
        ("raise SystemExit(3)", "broke_off"),
        ("print('no JSON')", "nonsense"),
        ("print('[' * 100_000)", "nonsense"),
        ("print('[]')", "nonsense"),
        ("print('{\"tables\": [{}]}')", "nonsense"),
        ('print(\'{"fault": "made up"}\')', "made up"),
        ("print('{\"fault\": [1]}')", "[1]"),
        ('print(\'{"fault": "bomb", "params": {"size": 1}}\')', "bomb"),
        ('print(\'{"fault": "bomb", "params": 7}\')', "bomb"),
        ("import time; time.sleep(60)", "too_long"),
        ("import sys; sys.stdout.write('x' * 4_000_000)", "nonsense"),
        ("import os; os.write(1, b'\\xff\\xfe\\n')", "nonsense"),
        ("", "nonsense"),
    ],
)
def test_whatever_the_process_does_the_caller_is_told_in_words(monkeypatch, tmp_path, source, code):
    monkeypatch.setattr(reader, "_CHILD", python(tmp_path, source))
    if "sleep" in source:
        monkeypatch.setattr(reader, "OUTPUT_TIMEOUT", 1)
    monkeypatch.setattr(reader, "LONGEST_LINE", 1_000_000)
    before = children()
    with pytest.raises(Unreadable) as refused, override("en"):
        reader.read(ACCEPT / "plain.xlsx", "a")
    assert refused.value.code == code
    assert str(refused.value).startswith(("Reading", "Unpacked"))
    assert children() == before


@pytest.mark.parametrize(
    "said",
    [
        "[[1]]",
        '[[1,false,["x"],[5]]]',
        '[[1,false,[["z","x"]],[0]]]',
        "[7]",
        "7",
        '{"end": 2}',
        '[[1,false,["a"],[]]]',
    ],
)
def test_rows_that_make_no_sense_end_the_reading(monkeypatch, tmp_path, said):
    with reader.read(ACCEPT / "plain.xlsx", "a") as opened:
        monkeypatch.setattr(reader, "_CHILD", python(tmp_path, f"print({said!r})"))
        with pytest.raises(Unreadable) as refused:
            list(opened.rows(opened.tables[0]))
    assert refused.value.code == "nonsense"


def test_a_process_killed_half_way_ends_the_reading(long):
    with reader.read(long, "a") as opened:
        rows = opened.rows(opened.tables[0])
        next(rows)
        (running,) = children()
        os.kill(running, signal.SIGKILL)
        with pytest.raises(Unreadable, match="Reading stopped"), override("en"):
            list(rows)


def test_a_line_that_never_ends_is_refused(tmp_path):
    path = tmp_path / "line.csv"
    path.write_bytes(b"a," * 5 * 2**20)
    with pytest.raises(Unreadable, match="A line is longer than 8 MB"), override("en"):
        everything(path)


def test_a_workbook_of_very_many_sheets_is_refused(tmp_path):
    path = tmp_path / "sheets.xlsx"
    path.write_bytes(workbook(*(Sheet({1: [Raw("<c/>")]}, f"表{n}") for n in range(501))))
    with pytest.raises(Unreadable, match="more than 500 worksheets"), override("en"):
        everything(path)


def test_a_text_table_of_too_many_rows_is_refused(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"a\n" * 1_048_577)
    with pytest.raises(Unreadable, match="more than 1048576 rows"), override("en"):
        everything(path)


def test_good_and_bad_files_have_something_to_say():
    assert {type(file) for file in GOOD} == {Good}
    assert {type(file) for file in BAD} == {Bad}
    assert [file.name for file in INTAKE if not file.faults and not file.asks] == [
        "heading-alone.xlsx"
    ]
