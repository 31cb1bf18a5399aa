"""A ledger that another program saved says what it said: no cell of it is an edit."""

import os
import subprocess
from datetime import date
from itertools import product

import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from directives.base.script import to_hans, to_hant
from directives.models.intakes import CHECKED, UPLOADED
from tests.factories import make_body, make_obligation
from tests.intakes.test_ledger_back import report, rows  # noqa: F401 - fixtures
from tests.intakes.test_round_trip import saved, taken

pytestmark = pytest.mark.once

ROLES = ("supervisor", "staff", "manager")
FULL = str.maketrans("0123456789.()", "０１２３４５６７８９．（）")
CSV = "csv:Text - txt - csv (StarCalc):44,34,{encoding},1,,0,false,{shown},false,false,false,-1"


@pytest.fixture
def ledger(cast, rows):  # noqa: F811
    """Rows whose cells another program may take for something else."""
    for number, fields in enumerate(
        (
            {"percent": 0},
            {"percent": 1},
            {"percent": 100, "contact": "01065001234"},
            {"percent": 29},
        )
    ):
        make_obligation(rows[1].directive, make_body(f"Y{number}", parent=cast.body), **fields)
    return rows[0].document


def each(heading, say):
    """Write every cell of a column in another way."""

    def edit(sheet, first, places):
        for line in range(first + 1, sheet.max_row + 1):
            cell = sheet.cell(line, places[heading])
            cell.value = None if cell.value is None else say(cell.value)
            cell.number_format = "General"

    return edit


def empty_texts(sheet, first, places):
    for row in sheet.iter_rows(min_row=first + 1):
        for cell in row:
            cell.value = "" if cell.value is None else cell.value


def bottom_up(sheet, first, places):
    lines = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=first + 1)]
    for line, values in enumerate(reversed(lines), first + 1):
        for column, value in enumerate(values, 1):
            sheet.cell(line, column).value = value


def moved(sheet, first, places):
    lines = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=first)]
    for line, values in enumerate(lines, first):
        for column, value in enumerate(reversed(values), 1):
            cell = sheet.cell(line, column)
            cell.value, cell.number_format = value, "General"


def without(*headings):
    def edit(sheet, first, places):
        for heading in sorted(headings, key=places.get, reverse=True):
            sheet.delete_cols(places[heading])

    return edit


def filtered(sheet, first, places):
    sheet.auto_filter.ref = f"A{first}:T{sheet.max_row}"
    sheet.row_dimensions[first + 2].hidden = True


def headings(say):
    def edit(sheet, first, places):
        for cell in sheet[first]:
            cell.value = say(cell.value)

    return edit


def everywhere(say):
    def edit(sheet, first, places):
        for row in sheet.iter_rows(min_row=first + 1):
            for cell in row:
                if isinstance(cell.value, str):
                    cell.value, cell.data_type = (
                        say(cell.value),
                        "s",
                    )  # else openpyxl makes a formula of what begins with =

    return edit


SAVED = {
    "a percentage as the text of its share": each("完成比例", str),
    "a percentage as text": each("完成比例", lambda share: f"{round(100 * share)}%"),
    "a percentage with a full-width sign": each(
        "完成比例", lambda share: f"{round(100 * share)} ％"
    ),
    "a percentage in points": each("完成比例", lambda share: round(100 * share)),
    "a percentage in points as text": each("完成比例", lambda share: str(round(100 * share))),
    "days as serial numbers": each("完成时限", lambda day: (day.date() - date(1899, 12, 30)).days),
    "days as text of serial numbers": each(
        "完成时限", lambda day: str((day.date() - date(1899, 12, 30)).days)
    ),
    "days with strokes": each("完成时限", lambda day: f"{day.year}/{day.month}/{day.day}"),
    "days in words": each("完成时限", lambda day: f"{day.year}年{day.month}月{day.day}日"),
    "line breaks of Windows": everywhere(lambda text: text.replace("\n", "\r\n")),
    "line breaks as they are escaped": everywhere(lambda text: text.replace("\n", "_x000D_\n")),
    "blanks at the ends": everywhere(lambda text: f"{text}  "),
    "blanks at the ends of lines": everywhere(lambda text: text.replace("\n", "  \n")),
    "codes in full width": each("文件条款", lambda text: text.translate(FULL)),
    "names with half-width brackets": each(
        "责任（配合）单位", lambda text: text.replace("（", "(").replace("）", ")")
    ),
    "apostrophes stripped": everywhere(lambda text: text.removeprefix("'")),
    "apostrophes doubled": everywhere(lambda text: f"'{text}" if text.startswith("'") else text),
    "ids as text": each("系统编号", str),
    "versions as text": each("版本", lambda number: f"{number} "),
    "empty texts": empty_texts,
    "rows sorted": bottom_up,
    "rows filtered": filtered,
    "columns moved": moved,
    "a column dropped": without("进展情况"),
    "many columns dropped": without(
        "序号", "重点任务", "分项", "具体措施", "牵头单位", "亮灯", "督办单", "责任领导", "完成比例"
    ),
    "ours dropped": without("版本"),
    "headings in Traditional script": headings(to_hant),
    "headings in Simplified script": headings(to_hans),
    "headings with blanks": headings(lambda text: f" {text}\n"),
}


@pytest.mark.parametrize("role", ["supervisor", "staff"])
@pytest.mark.parametrize("way", SAVED)
def test_what_another_program_saved_is_no_edit(cast, ledger, report, sign_in, bring, way, role):  # noqa: F811
    who = getattr(cast, role)
    book, sheet, first, places = taken(sign_in(who), ledger)
    SAVED[way](sheet, first, places)
    intake = bring(who, saved(book), name="台账.xlsx", kind="obligations", document=ledger.pk)
    if (
        intake.state == UPLOADED
    ):  # ids that count from 1 beside no versions may be the office's own: it is asked
        assert [column[1] for column in intake.tables[0]["columns"] if not column[3]] == [
            "系统编号"
        ]
        return
    told = [
        cell
        for row in intake.rows.all()
        for cell in (*row.faults, *(row.untaken or ()), row.after)
        if cell
    ]
    assert (intake.state, set(intake.counts), told) == (CHECKED, {"same"}, [])


def test_what_libreoffice_saved_is_no_edit(cast, ledger, report, sign_in, bring, tmp_path):  # noqa: F811
    sources, found = [], {}
    for role, language in product(ROLES, ("zh-hans", "zh-hant")):
        out = sign_in(getattr(cast, role), language).get(
            "/obligations/", {"document": ledger.pk, "export": "xlsx"}
        )
        sources.append(tmp_path / f"{role}_{language}.xlsx")
        sources[-1].write_bytes(b"".join(out.streaming_content))
    for folder in converted(sources, tmp_path):
        for source in sources:
            file = max(
                folder.glob(f"{source.stem}*"), key=lambda one: one.stat().st_size
            )  # the cover is a text of its own
            intake = bring(
                getattr(cast, source.stem.split("_")[0]),
                file.read_bytes(),
                name=file.name,
                kind="obligations",
                document=ledger.pk,
            )
            found[f"{folder.name} {source.stem}"] = (
                intake.state,
                set(intake.counts),
                intake.untaken,
            )
    assert len(found) == 5 * 6
    assert {name: said for name, said in found.items() if said != (CHECKED, {"same"}, None)} == {}


def converted(sources, folder):
    """Folders with the workbooks as LibreOffice saves them, and as text in both encodings.

    The text is as shown and as stored.
    """
    kinds = {"xlsx": "xlsx:Calc MS Excel 2007 XML"}
    kinds |= {
        f"{code}-{shown}": CSV.format(encoding=code, shown=shown)
        for code in (76, 85)
        for shown in ("true", "false")
    }
    for name, kind in kinds.items():
        order = [
            "soffice",
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            "--convert-to",
            kind,
        ]
        subprocess.run(
            [*order, "--outdir", str(folder / name), *map(str, sources)],
            check=True,
            capture_output=True,
            timeout=300,
            env=os.environ,
        )
    return [folder / name for name in kinds]


def test_the_ledger_as_text_says_what_the_workbook_says(cast, ledger, report, sign_in, bring):  # noqa: F811
    for format in ("csv", "csv-gb"):
        out = sign_in(cast.staff).get("/obligations/", {"document": ledger.pk, "export": format})
        intake = bring(
            cast.staff,
            b"".join(out.streaming_content),
            name="台账.csv",
            kind="obligations",
            document=ledger.pk,
        )
        assert (intake.state, set(intake.counts), intake.untaken) == (CHECKED, {"same"}, None)


def test_a_workbook_of_rich_text(cast, ledger, report, sign_in, bring):  # noqa: F811
    book, sheet, first, places = taken(sign_in(cast.staff), ledger)
    for heading in ("重点任务", "进展情况", "文件条款"):
        cell = sheet.cell(first + 1, places[heading])
        text = cell.value
        cell.value = CellRichText(TextBlock(InlineFont(b=True), text[:2]), text[2:])
    intake = bring(
        cast.staff, saved(book), name="台账.xlsx", kind="obligations", document=ledger.pk
    )
    assert (intake.state, set(intake.counts), intake.untaken) == (CHECKED, {"same"}, None)
