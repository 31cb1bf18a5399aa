"""Workbooks put together part by part, so that anything about them can be odd.

The same call gives the same bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from xml.sax import saxutils
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from directives.tables.layout import column_letters

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_RELS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
DAY, MOMENT, CHINESE_DAY, PERCENT, TEXT, TIME, SPAN, RED = range(1, 9)  # styles
FORMATS = (0, 14, 22, 164, 9, 49, 20, 46, 165)  # … and their number formats


@dataclass(frozen=True, slots=True)
class Raw:
    """A cell in so many words of XML; `{r}` becomes its address."""

    xml: str


@dataclass(frozen=True, slots=True)
class Styled:
    """A number with one of the styles above."""

    number: float
    style: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet: rows by their lines, and what else its XML says before and after them."""

    rows: Mapping[int, Sequence[object]]
    name: str = "单位名录"
    state: str = "visible"
    hidden: frozenset[int] = frozenset()
    before: str = ""
    after: str = ""
    inline: bool = False  # texts in the cells, not shared
    addresses: bool = True  # cells say where they are


def escape(text: str) -> str:
    """Text as XML holds it; without care a return would be read as a line feed."""
    return saxutils.escape(text, {"\r": "&#13;"})


def lines(*rows: Sequence[object], start: int = 1) -> dict[int, Sequence[object]]:
    """Rows one below the other."""
    return dict(enumerate(rows, start))


def serial(day: date, from_1904: bool = False) -> float:
    """A day or an instant as a spreadsheet counts it."""
    start = date(1904, 1, 1) if from_1904 else date(1899, 12, 30)
    if isinstance(day, datetime):
        return (day.date() - start).days + (day.hour * 3600 + day.minute * 60 + day.second) / 86_400
    return (day - start).days


class Texts:
    """The table of shared texts."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))

    def xml(self, space: str = MAIN) -> str:
        items = "".join(
            f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in self.numbers
        )
        return (
            f'{DECLARED}<sst xmlns="{space}" count="{len(self.numbers)}"'
            f' uniqueCount="{len(self.numbers)}"'
            f">{items}</sst>"
        )


def cell(value: object, address: str, texts: Texts | None, from_1904: bool = False) -> str:
    """One cell as XML."""
    at = f' r="{address}"' if address else ""
    match value:
        case None:
            return ""
        case Raw(xml):
            return xml.replace("{r}", address)
        case Styled(number, style):
            return f'<c{at} s="{style}"><v>{number}</v></c>'
        case bool():
            return f'<c{at} t="b"><v>{int(value)}</v></c>'
        case datetime():
            return f'<c{at} s="{MOMENT}"><v>{serial(value, from_1904)!r}</v></c>'
        case date():
            return f'<c{at} s="{DAY}"><v>{serial(value, from_1904)}</v></c>'
        case int() | float():
            return f"<c{at}><v>{value!r}</v></c>"
    if texts is None:
        return f'<c{at} t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'
    return f'<c{at} t="s"><v>{texts.number(str(value))}</v></c>'


def sheet_xml(sheet: Sheet, texts: Texts, space: str = MAIN, from_1904: bool = False) -> str:
    """A worksheet as XML."""
    kept = None if sheet.inline else texts
    rows = []
    for line, values in sheet.rows.items():
        places = (
            f"{column_letters(place)}{line}" if sheet.addresses else ""
            for place in range(len(values))
        )
        cells = "".join(
            cell(value, place, kept, from_1904) for value, place in zip(values, places, strict=True)
        )
        number = f' r="{line}"' if sheet.addresses else ""
        hidden = ' hidden="1"' if line in sheet.hidden else ""
        rows.append(f"<row{number}{hidden}>{cells}</row>")
    data = "".join(rows)
    return (
        f'{DECLARED}<worksheet xmlns="{space}" xmlns:r="{RELS}">{sheet.before}'
        f"<sheetData>{data}</sheetData>{sheet.after}</worksheet>"
    )


def styles_xml(space: str = MAIN) -> str:
    """A few number formats, a day as Chinese Excel writes it among them."""
    xfs = "".join(
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        for number in FORMATS
    )
    chinese = quoteattr('yyyy"年"m"月"d"日";@')
    red = quoteattr('#,##0.00_);[Red]\\(#,##0.00\\)"元/day"')
    return (
        f'{DECLARED}<styleSheet xmlns="{space}"><numFmts count="2">'
        f'<numFmt numFmtId="164" formatCode={chinese}/>'
        f'<numFmt numFmtId="165" formatCode={red}/></numFmts>'
        '<fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1">'
        '<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(FORMATS)}">{xfs}</cellXfs></styleSheet>'
    )


def outside(target: str) -> str:
    """What says that a target lies outside the package."""
    return ' TargetMode="External"' if "://" in target else ""


def relationships(targets: Iterable[tuple[str, str, str]], base: str = RELS) -> str:
    """(id, last word of the type, target) as a part of relationships; :// lies outside."""
    items = "".join(
        f'<Relationship Id="{key}" Type="{base}/{kind}"'
        f" Target={quoteattr(target)}{outside(target)}/>"
        for key, kind, target in targets
    )
    return f'{DECLARED}<Relationships xmlns="{PACKAGE}/relationships">{items}</Relationships>'


def parts_of(
    *sheets: Sheet,
    from_1904: bool = False,
    strict: bool = False,
    more: Sequence[tuple[str, str, str]] = (),
) -> dict[str, bytes]:
    """The parts of a workbook with these worksheets, as Excel names them.

    `more`: further relationships of the workbook.
    """
    space, rels, texts = (STRICT, STRICT_RELS, Texts()) if strict else (MAIN, RELS, Texts())
    parts = {
        f"xl/worksheets/sheet{number}.xml": sheet_xml(sheet, texts, space, from_1904)
        for number, sheet in enumerate(sheets, 1)
    }
    listed = "".join(
        f'<sheet name={quoteattr(sheet.name)} sheetId="{number}"'
        f' state="{sheet.state}" r:id="rId{number}"/>'
        for number, sheet in enumerate(sheets, 1)
    )
    marked = ' date1904="1"' if from_1904 else ""
    parts["xl/workbook.xml"] = (
        f'{DECLARED}<workbook xmlns="{space}" xmlns:r="{rels}">'
        f"<workbookPr{marked}/><sheets>{listed}</sheets></workbook>"
    )
    targets = [
        (f"rId{number}", "worksheet", f"worksheets/sheet{number}.xml")
        for number in range(1, len(sheets) + 1)
    ]
    targets += [
        ("rId900", "styles", "styles.xml"),
        ("rId901", "sharedStrings", "sharedStrings.xml"),
        *more,
    ]
    parts["xl/_rels/workbook.xml.rels"] = relationships(targets, rels)
    parts["_rels/.rels"] = relationships([("rId1", "officeDocument", "xl/workbook.xml")], rels)
    parts["xl/styles.xml"] = styles_xml(space)
    parts["xl/sharedStrings.xml"] = texts.xml(space)
    parts["[Content_Types].xml"] = content_types(len(sheets))
    return {name: text.encode("utf-8") for name, text in sorted(parts.items())}


def content_types(sheets: int, main: str = f"{TYPE}.sheet.main+xml") -> str:
    """The part that says what each part is."""
    listed = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml"'
        f' ContentType="{TYPE}.worksheet+xml"/>'
        for number in range(1, sheets + 1)
    )
    return (
        f'{DECLARED}<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{main}"/>{listed}'
        f'<Override PartName="/xl/styles.xml" ContentType="{TYPE}.styles+xml"/>'
        '<Override PartName="/xl/sharedStrings.xml"'
        f' ContentType="{TYPE}.sharedStrings+xml"/></Types>'
    )


def packed(
    parts: Mapping[str, bytes] | Iterable[tuple[str, bytes]],
    *,
    small: Iterable[str] = (),
    level: int = 9,
) -> bytes:
    """The package of these parts, stored as they are but for `small` ones.

    Other zlibs pack with other bytes.
    """
    file, small = BytesIO(), set(small)
    with ZipFile(file, "w") as package:
        for name, content in parts.items() if isinstance(parts, Mapping) else parts:
            member = ZipInfo(name, (2025, 3, 1, 8, 0, 0))
            member.compress_type = ZIP_DEFLATED if name in small else ZIP_STORED
            member.create_system = 0
            package.writestr(member, content, compresslevel=level)
    return file.getvalue()


def workbook(
    *sheets: Sheet, from_1904: bool = False, strict: bool = False, without: Iterable[str] = ()
) -> bytes:
    """A workbook with these worksheets, without some of its parts."""
    parts = parts_of(*sheets, from_1904=from_1904, strict=strict)
    return packed({name: content for name, content in parts.items() if name not in set(without)})


def changed(sheet: Sheet, old: str, new: str) -> bytes:
    """A workbook whose first worksheet has other XML in one place."""
    parts = parts_of(sheet)
    name = "xl/worksheets/sheet1.xml"
    assert old.encode() in parts[name]
    return packed(parts | {name: parts[name].replace(old.encode(), new.encode(), 1)})


def with_parts(more: Mapping[str, bytes], *sheets: Sheet, small: Iterable[str] = ()) -> bytes:
    """A workbook with further parts."""
    return packed(parts_of(*sheets) | dict(more), small=small)
