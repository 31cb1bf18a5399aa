"""Make the documents of other encodings and formats from `sources/`.

    .venv/bin/python tests/documents/readings/make.py [NAME …]

A plain source is written in the encoding that ENCODINGS names. One that begins with `!docx` or
`!pdf` becomes that, by these marks:

    !docx [numbered] [continuing] [roundtrip]
                                    numbered: labels become numbering of Word's own;
                                    continuing: 1. is a list of its own, which runs on;
                                    roundtrip: written again by LibreOffice
    !pdf [odt]                      odt: by way of an OpenDocument text
    !header WORDS  !footer WORDS    on every page; `#` in them is the page number
    !box WORDS                      a text box, anchored in a paragraph of its own
    !break                          a new page
    # WORDS                         a centred title
    \\WORDS                          a line whose label stays typed
    || a | b    | a | b    |= WORDS a title row, a row, a row that is one cell of a table;
                                    a cell `^` continues the one above, `<` the one before
    {+words+}  {-words-}  [^words^] an insertion, a deletion, a footnote
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as DocumentObject
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt
from docx.text.paragraph import Paragraph

HERE = Path(__file__).parent
SOURCES = HERE / "sources"
ENCODINGS = {
    "party_study_slogans": "utf-16-be",
    "province_online_services": "gb18030",
    "congress_water_resolution": "gb18030",
    "county_rural_houses": "gb18030",
    "company_arabic_sections": "gb18030",
    "group_party_page": "gb2312",
    "meeting_flood_minutes": "utf-16",
    "tw_energy_saving": "big5",
    "tw_law_page": "big5",
    "typhoon_plain_notice": "utf-8-sig",
    "union_safety_contest": "utf-16-le",
    "water_company_decimal": "gb18030",
    "word_saved_forum": "gb2312",
}
NUMERALS = "一二三四五六七八九十"
FORMAL = "壹貳參肆伍陸柒捌玖拾"
# Label of a line → (kind, its numeral). The kinds are the levels of the numbering below.
LABELS = (
    ("comma", rf"([{NUMERALS}]{{1,3}})、\s*"),
    ("brackets", rf"（([{NUMERALS}]{{1,3}})）\s*"),
    ("point", r"(\d{1,2})[.．]\s*"),
    ("article", rf"第([{NUMERALS}]{{1,3}})条[\s　]*"),
    ("chapter", rf"第([{NUMERALS}]{{1,3}})章[\s　]*"),
    ("formal", rf"([{FORMAL}]{{1,2}})、\s*"),
)
# Each list that Word numbers by itself: (number format, text of the label) by level.
LISTS = (
    (("comma", "chineseCounting", "%1、"), ("brackets", "chineseCounting", "（%2）"),
     ("point", "decimal", "%3.")),
    (("article", "chineseCounting", "第%1条"),),
    (("chapter", "chineseCounting", "第%1章"),),
    (("formal", "ideographLegalTraditional", "%1、"),),
)  # fmt: skip
POINTS = (("point", "decimal", "%1."),)
FOOTNOTES = (
    "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml",
    RELATIONSHIP_TYPE.FOOTNOTES,
)
RUNS = re.compile(r"\{\+(.+?)\+\}|\{-(.+?)-\}|\[\^(.+?)\^\]")
STAMP = 'w:id="1" w:author="made up" w:date="2031-01-01T00:00:00Z"'


def value_of(numeral: str) -> int:
    """The value of a numeral up to 99."""
    if numeral.isdigit():
        return int(numeral)
    figures = NUMERALS if numeral[0] in NUMERALS else FORMAL
    ten = figures[9]
    tens, found, units = numeral.rpartition(ten)
    tens_value = (figures.index(tens) + 1 if tens else 1) if found else 0
    return tens_value * 10 + (figures.index(units) + 1 if units else 0)


class Numbering:
    """Turns labels into numbering, and checks that Word would count as the source does."""

    def __init__(self, document: DocumentObject, *, continuing: bool) -> None:
        self.lists = (LISTS[0][:2], *LISTS[1:], POINTS) if continuing else LISTS
        self.root = document.part.numbering_part.element
        self.counts: dict[str, int] = {}
        self.instances = 100
        self.current: dict[int, int] = {}  # list → its instance
        for at, levels in enumerate(self.lists):
            rows = "".join(
                f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{number_format}"/>'
                f'<w:suff w:val="nothing"/><w:lvlText w:val="{text}"/><w:lvlJc w:val="left"/>'
                f"</w:lvl>"
                for level, (_, number_format, text) in enumerate(levels)
            )
            xml = (
                f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{at + 50}">'
                f'<w:multiLevelType w:val="multilevel"/>{rows}</w:abstractNum>'
            )
            first = self.root.find(qn("w:num"))
            first.addprevious(parse_xml(xml))

    def apply(self, paragraph: Paragraph, kind: str, value: int) -> None:
        at, level = next(
            (at, level)
            for at, levels in enumerate(self.lists)
            for level, row in enumerate(levels)
            if row[0] == kind
        )
        if at not in self.current or (level == 0 and value == 1):
            self._start(at)
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] != value and value == 1:  # starts again without a level above
            self._start(at, level)
            self.counts[kind] = 1
        assert self.counts[kind] == value, (kind, value, self.counts)
        for lower in self.lists[at][level + 1 :]:
            self.counts[lower[0]] = 0
        properties = paragraph._p.get_or_add_pPr()
        numbering = properties.get_or_add_numPr()
        numbering.get_or_add_ilvl().val = level
        numbering.get_or_add_numId().val = self.current[at]

    def _start(self, at: int, level: int = 0) -> None:
        """A new instance of a list, which counts from 1 at `level` and below."""
        self.instances += 1
        overrides = "".join(
            f'<w:lvlOverride w:ilvl="{one}"><w:startOverride w:val="1"/></w:lvlOverride>'
            for one in range(level, len(self.lists[at]))
        )
        self.root.append(
            parse_xml(
                f'<w:num {nsdecls("w")} w:numId="{self.instances}">'
                f'<w:abstractNumId w:val="{at + 50}"/>{overrides}</w:num>'
            )
        )
        self.current[at] = self.instances
        for row in self.lists[at][level:]:
            self.counts[row[0]] = 0


class Builder:
    """A Word document from the lines of a source."""

    def __init__(self, *, numbered: bool, continuing: bool) -> None:
        self.document = Document()
        style = self.document.styles["Normal"]
        style.font.name, style.font.size = "Noto Serif CJK SC", Pt(14)
        style.element.rPr.rFonts.set(qn("w:eastAsia"), "Noto Serif CJK SC")
        self.numbering = Numbering(self.document, continuing=continuing) if numbered else None
        self.footnotes: list[str] = []

    def add(self, lines: Sequence[str]) -> None:
        rows: list[tuple[str, list[str]]] = []
        for line in [*lines, ""]:
            table = re.match(r"(\|[|=]?) (.*)", line)
            if table:
                rows.append((table[1], [cell.strip() for cell in table[2].split(" | ")]))
                continue
            if rows:
                self._table(rows)
                rows = []
            self._line(line)

    def _line(self, line: str) -> None:
        mark, _, rest = line.partition(" ")
        if mark == "#":
            self._text(self.document.add_paragraph(), rest)
            self.document.paragraphs[-1].alignment = 1
        elif mark == "!break":
            self.document.add_page_break()
        elif mark in ("!header", "!footer"):
            section = self.document.sections[0]
            part = section.header if mark == "!header" else section.footer
            self._running(part.paragraphs[0], rest)
        elif mark == "!box":
            self._box(rest)
        elif line.strip():
            self._paragraph(line)

    def _paragraph(self, line: str) -> None:
        paragraph = self.document.add_paragraph()
        words = line.strip().strip("　")
        typed = words.startswith("\\")
        words = words.removeprefix("\\")
        if self.numbering and not typed:
            for kind, look in LABELS:
                label = re.match(look, words)
                if label:
                    self.numbering.apply(paragraph, kind, value_of(label[1]))
                    words = words[label.end() :]
                    break
        self._text(paragraph, words)

    def _text(self, paragraph: Paragraph, words: str) -> None:
        at = 0
        for mark in RUNS.finditer(words):
            paragraph.add_run(words[at : mark.start()])
            at = mark.end()
            inserted, deleted, footnote = mark.groups()
            if footnote:
                self.footnotes.append(footnote)
                reference = f'<w:footnoteReference w:id="{len(self.footnotes)}"/>'
                self._append(paragraph, f"<w:r {nsdecls('w')}>{reference}</w:r>")
            elif inserted:
                self._append(
                    paragraph,
                    f"<w:ins {nsdecls('w')} {STAMP}><w:r><w:t>{inserted}</w:t></w:r></w:ins>",
                )
            else:
                self._append(
                    paragraph,
                    f"<w:del {nsdecls('w')} {STAMP}><w:r><w:delText>{deleted}</w:delText></w:r>"
                    "</w:del>",
                )
        paragraph.add_run(words[at:])

    def _append(self, paragraph: Paragraph, xml: str) -> None:
        paragraph._p.append(parse_xml(xml))

    def _running(self, paragraph: Paragraph, words: str) -> None:
        before, number, after = words.partition("#")
        paragraph.add_run(before)
        if number:
            self._append(
                paragraph,
                f'<w:fldSimple {nsdecls("w")} w:instr="PAGE"><w:r><w:t>1</w:t></w:r></w:fldSimple>',
            )
        paragraph.add_run(after)
        paragraph.alignment = 1

    def _box(self, words: str) -> None:
        drawing = (
            '<w:r %s xmlns:v="urn:schemas-microsoft-com:vml"><w:pict>'
            '<v:shape style="width:300pt;height:40pt" type="#_x0000_t202"><v:textbox>'
            "<w:txbxContent><w:p><w:r><w:t>%s</w:t></w:r></w:p></w:txbxContent>"
            "</v:textbox></v:shape></w:pict></w:r>"
        )
        self._append(self.document.add_paragraph(), drawing % (nsdecls("w"), words))

    def _table(self, rows: list[tuple[str, list[str]]]) -> None:
        width = max(len(cells) for _, cells in rows)
        table = self.document.add_table(len(rows), width, style="Table Grid")
        for at, (kind, cells) in enumerate(rows):
            if kind == "|=":
                table.cell(at, 0).merge(table.cell(at, width - 1)).text = cells[0]
                continue
            for column, cell in enumerate(cells):
                if cell not in ("^", "<"):
                    last = self._last_row(rows, at, column)
                    right = column
                    while right + 1 < len(cells) and cells[right + 1] == "<":
                        right += 1
                    place = table.cell(at, column)
                    if (last, right) != (at, column):
                        place = place.merge(table.cell(last, right))
                    place.text = cell

    def _last_row(self, rows: list[tuple[str, list[str]]], at: int, column: int) -> int:
        last = at
        while (
            last + 1 < len(rows)
            and rows[last + 1][0] != "|="
            and column < len(rows[last + 1][1])
            and rows[last + 1][1][column] == "^"
        ):
            last += 1
        return last

    def save(self, path: Path) -> None:
        if self.footnotes:
            self._add_footnotes()
        properties = self.document.core_properties
        properties.created = properties.modified = datetime(2031, 1, 1, tzinfo=UTC)
        self.document.save(str(path))

    def _add_footnotes(self) -> None:
        rows = "".join(
            f'<w:footnote w:id="{number}"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t>{words}</w:t>'
            f"</w:r></w:p></w:footnote>"
            for number, words in enumerate(self.footnotes, 1)
        )
        fixed = (
            '<w:footnote w:id="-1" w:type="separator"><w:p><w:r><w:separator/></w:r></w:p>'
            '</w:footnote><w:footnote w:id="0" w:type="continuationSeparator"><w:p><w:r>'
            "<w:continuationSeparator/></w:r></w:p></w:footnote>"
        )
        xml = f"<w:footnotes {nsdecls('w')}>{fixed}{rows}</w:footnotes>"
        content_type, relationship = FOOTNOTES
        package = self.document.part.package
        part = Part(PackURI("/word/footnotes.xml"), content_type, xml.encode(), package)
        self.document.part.relate_to(part, relationship)


def converted(path: Path, suffix: str, folder: Path) -> Path:
    """The file as LibreOffice writes it in another format, in `folder`."""
    folder.mkdir(exist_ok=True)
    command = ("soffice", "--headless", "--convert-to", suffix, "--outdir", str(folder), str(path))
    profile = f"-env:UserInstallation=file://{folder.parent / 'profile'}"
    subprocess.run([*command, profile], check=True, capture_output=True, timeout=300)
    return folder / f"{path.stem}.{suffix}"


def undated(path: Path) -> bytes:
    """A .docx whose members say no time, so that making it again changes nothing."""
    made = BytesIO()
    with ZipFile(path) as source, ZipFile(made, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(ZipInfo(name), source.read(name), ZIP_DEFLATED)
    return made.getvalue()


def make(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    head, _, rest = text.partition("\n")
    if not head.startswith("!"):
        made = HERE / source.name
        made.write_bytes(text.encode(ENCODINGS[source.stem]))
        return
    kind, *options = head[1:].split()
    builder = Builder(numbered="numbered" in options, continuing="continuing" in options)
    if kind == "pdf":  # so that paragraphs run over pages
        builder.document.styles["Normal"].paragraph_format.widow_control = False
    builder.add(rest.split("\n"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / f"{source.stem}.docx"
        builder.save(path)
        if "roundtrip" in options:
            path = converted(path, "docx", folder / "again")
        if "odt" in options:
            path = converted(path, "odt", folder / "open")
        if kind == "pdf":
            path = converted(path, "pdf", folder / "pdf")
        made = HERE / f"{source.stem}{path.suffix}"
        made.write_bytes(path.read_bytes() if kind == "pdf" else undated(path))


def chosen(names: Sequence[str]) -> Iterator[Path]:
    for source in sorted(SOURCES.glob("*.*")):
        if not names or source.stem in names:
            yield source


if __name__ == "__main__":
    for one in chosen(sys.argv[1:]):
        make(one)
        sys.stdout.write(f"{one.stem}\n")
