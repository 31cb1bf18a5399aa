"""Papers as .docx by GB/T 9704-2012 (党政机关公文格式).

A4 with margins of 37 mm at the top and 28 mm at the left; a type area of 156 × 225 mm with 22 lines
of 28 characters. The fonts of the standard are commercial: the file names them and lists
substitutes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from directives.papers.paper import Block, Heading, Paper, Para, Table, title_lines, width

PAGE = (210, 297)  # mm, A4
MARGINS = (37, 26, 35, 28)  # mm: top, right, bottom, left
TYPE_AREA = (156, 225)  # mm
LINES, CHARACTERS = 22, 28  # of a page, of a line
PITCH = 28.95  # pt of one line: 225 mm / 22 is 28.99, and exactly that much still fits
BODY = 16.0  # pt, 三号
# pt between characters: 28 characters of 16 pt are 448 pt wide, the type area 442. (Programs lay
# out a character grid differently.)
LETTER_SPACING = -0.25
TITLE_SIZE, TITLE_PITCH = 22.0, 36.0  # pt, 二号
NUMBER_SIZE = 14.0  # pt, 四号
TABLE_SIZE, TABLE_PITCH = 12.0, 18.0  # pt, 小四
NUMBER_FROM_EDGE = 23  # mm from the lower edge to the page number: 7 mm under the type area
DATE_FROM_RIGHT = 4  # characters
# A longer last paragraph is not kept with the signature: some programs would move all of it.
LONGEST_KEPT = 8 * CHARACTERS
SIDE_MARGIN = 57  # twentieths of a point, 1 mm: the margin at either side of a cell
CELL_MARGINS = (
    f'<w:tblCellMar {nsdecls("w")}><w:left w:w="{SIDE_MARGIN}" w:type="dxa"/>'
    f'<w:right w:w="{SIDE_MARGIN}" w:type="dxa"/></w:tblCellMar>'
)
# An address or the like does not break, and would spread the justified line before it.
UNBREAKABLE = re.compile(r"[!-~]{20,}")


@dataclass(frozen=True, slots=True)
class Face:
    """A font for Chinese, with its substitutes."""

    name: str
    substitutes: tuple[str, ...]
    family: str = "roman"


@dataclass(frozen=True, slots=True)
class Faces:
    """The fonts of one script: some have no Traditional characters."""

    title: Face
    body: Face
    heading_1: Face  # of headings 一、
    heading_2: Face  # of headings （一）
    number: Face


SONG = Face("宋体", ("SimSun", "Songti SC", "Noto Serif CJK SC"))
HEI = Face("黑体", ("SimHei", "Heiti SC", "Noto Sans CJK SC"), "swiss")
SIMPLIFIED = Faces(
    Face("方正小标宋简体", ("方正小标宋_GBK", "小标宋体", "宋体", "SimSun")),
    Face("仿宋_GB2312", ("仿宋", "FangSong", "STFangsong", "宋体")),
    HEI,
    Face("楷体_GB2312", ("楷体", "KaiTi", "STKaiti", "宋体")),
    SONG,
)
TRADITIONAL = Faces(
    Face("方正小標宋繁體", ("方正小标宋_GBK", "宋体", "PMingLiU")),
    Face("仿宋", ("FangSong", "STFangsong", "標楷體", "宋体")),
    HEI,
    Face("楷体", ("KaiTi", "標楷體", "DFKai-SB", "宋体")),
    SONG,
)


def write(paper: Paper) -> bytes:
    """The paper as a .docx file."""
    return _Writer(paper).write()


class _Writer:
    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.faces = TRADITIONAL if paper.traditional else SIMPLIFIED
        self.document: Any = Document()

    def write(self) -> bytes:
        self._page()
        self._foot()
        paper = self.paper
        for line in title_lines(paper.title):
            self._title(line)
        self._line("", self.faces.body)
        if paper.recipient:
            self._line(f"{paper.recipient}：", self.faces.body)
        for number, block in enumerate(paper.blocks, 1):
            long = isinstance(block, Para) and len(block.text) > LONGEST_KEPT
            keep_with_next = isinstance(block, Heading) or (
                number == len(paper.blocks) and not long
            )
            self._block(block).paragraph_format.keep_with_next = keep_with_next
        self._end()
        for number, table in enumerate(paper.tables, 1):
            self._table(table, number)
        file = BytesIO()
        self.document.save(file)
        return file.getvalue()

    def _page(self) -> None:
        part = self.document.sections[0]
        part.orientation = WD_ORIENT.PORTRAIT
        part.page_width, part.page_height = map(Mm, PAGE)
        part.top_margin, part.right_margin, part.bottom_margin, part.left_margin = map(Mm, MARGINS)
        part.footer_distance = Mm(NUMBER_FROM_EDGE)
        grid = part._sectPr.find(qn("w:docGrid"))
        if grid is None:
            grid = OxmlElement("w:docGrid")
            part._sectPr.append(grid)
        for name, value in (("type", "lines"), ("linePitch", round(PITCH * 20))):
            grid.set(qn(f"w:{name}"), str(value))
        normal = self.document.styles["Normal"]
        normal.font.size = Pt(BODY)
        normal.paragraph_format.space_after = Pt(0)
        _set_faces(normal.element.get_or_add_rPr(), self.faces.body)
        language = OxmlElement("w:lang")
        language.set(qn("w:eastAsia"), "zh-TW" if self.paper.traditional else "zh-CN")
        normal.element.get_or_add_rPr().append(language)
        self.document.core_properties.title = self.paper.title
        self.document.core_properties.author = self.paper.signer
        self.document.core_properties.comments = self.paper.fictional
        _name_substitutes(self.document, self.faces)

    def _foot(self) -> None:
        """The page number, — 1 —, at the outer side, and a header that marks fictional data."""
        self.document.settings.odd_and_even_pages_header_footer = True
        part = self.document.sections[0]
        sides = (
            (part.footer, WD_ALIGN_PARAGRAPH.RIGHT, "right"),
            (part.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT, "left"),
        )
        for footer, align, side in sides:
            paragraph = footer.paragraphs[0]
            paragraph.alignment = align
            _indent(paragraph, **{side: 1})
            for text in ("— ", None, " —"):
                run = paragraph.add_run(text or "")
                _face(run, self.faces.number, NUMBER_SIZE)
                if text is None:
                    for element in _page_field():
                        run._r.append(element)
        for header in (part.header, part.even_page_header) if self.paper.fictional else ():
            paragraph = header.paragraphs[0]
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            _face(paragraph.add_run(self.paper.fictional), self.faces.heading_1, NUMBER_SIZE)

    def _title(self, text: str) -> None:
        self._line(
            text,
            self.faces.title,
            size=TITLE_SIZE,
            pitch=TITLE_PITCH,
            align=WD_ALIGN_PARAGRAPH.CENTER,
        )

    def _line(
        self, text: str, face: Face, *, size: float = BODY, pitch: float = PITCH, align: Any = None
    ) -> Paragraph:
        paragraph = self.document.add_paragraph()
        paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        paragraph.paragraph_format.line_spacing = Pt(pitch)
        paragraph.alignment = align
        if pitch != PITCH:
            _off_grid(paragraph)
        if text:
            _face(paragraph.add_run(text), face, size)
        return paragraph

    def _block(self, block: Block) -> Paragraph:
        match block:
            case Heading():
                faces = {1: self.faces.heading_1, 2: self.faces.heading_2}
                face = faces.get(block.level, self.faces.body)
                paragraph = self._line(block.full, face)
            case Para():
                left, justify = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.JUSTIFY
                align = left if UNBREAKABLE.search(block.text) else justify
                paragraph = self._line("", self.faces.body, align=align)
                if block.lead:
                    _face(paragraph.add_run(block.lead), self.faces.heading_2, BODY)
                _face(paragraph.add_run(block.text), self.faces.body, BODY)
            case Table():
                raise TypeError("tables follow the signature, in Paper.tables")
        _indent(paragraph, first=2)
        return paragraph

    def _end(self) -> None:
        """The names of the annexes, then the signer centred above the date.

        They are kept with the end of the text, so that no page has a signature alone.
        """
        paper, first_index = self.paper, len(self.document.paragraphs)
        for number, name in enumerate(paper.annexes, 1):
            label = "附件：" if number == 1 else "　　　"
            count = f"{number}. " if len(paper.annexes) > 1 else ""
            if number == 1:
                self._line("", self.faces.body)
            _indent(self._line(f"{label}{count}{name}", self.faces.body), first=2)
        for _blank in range(2):
            self._line("", self.faces.body)
        centred = DATE_FROM_RIGHT + (width(paper.signed) - width(paper.signer)) / 2
        for text, right in ((paper.signer, max(centred, 0)), (paper.signed, DATE_FROM_RIGHT)):
            _indent(self._line(text, self.faces.body, align=WD_ALIGN_PARAGRAPH.RIGHT), right=right)
        for paragraph in self.document.paragraphs[first_index:-1]:
            paragraph.paragraph_format.keep_with_next = True

    def _table(self, table: Table, number: int) -> None:
        """Add a page with 附件 in its first line, the title in its third line, and the table."""
        label = "附件" + (str(number) if len(self.paper.tables) > 1 else "")
        self._line(label, self.faces.heading_1).paragraph_format.page_break_before = True
        self._line("", self.faces.body)
        self._title(table.title)
        grid = self.document.add_table(rows=0, cols=len(table.head), style="Table Grid")
        grid.alignment, grid.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        grid._tbl.tblPr.append(parse_xml(CELL_MARGINS))
        for column, share in zip(grid.columns, table.widths, strict=True):
            column.width = Mm(TYPE_AREA[0] * share / 100)
        for index, cells in enumerate((table.head, *table.rows)):
            row, is_head = grid.add_row(), index == 0
            mark = OxmlElement("w:tblHeader" if is_head else "w:cantSplit")
            row._tr.get_or_add_trPr().append(mark)
            for cell, text, share in zip(row.cells, cells, table.widths, strict=True):
                cell.width = Mm(TYPE_AREA[0] * share / 100)
                paragraph = cell.paragraphs[0]
                paragraph.paragraph_format.line_spacing = Pt(TABLE_PITCH)
                _off_grid(paragraph)
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if is_head else None
                face = self.faces.heading_1 if is_head else self.faces.body
                _face(paragraph.add_run(text), face, TABLE_SIZE)


def _face(run: Any, face: Face, size: float) -> None:
    run.font.size = Pt(size)
    properties = run._r.get_or_add_rPr()
    _set_faces(properties, face)
    if size == BODY:
        spacing = OxmlElement("w:spacing")
        spacing.set(qn("w:val"), str(round(LETTER_SPACING * 20)))
        properties.insert_element_before(
            spacing, "w:w", "w:kern", "w:position", "w:sz", "w:szCs", "w:lang"
        )


def _off_grid(paragraph: Paragraph) -> None:
    """Let lines of another height ignore the grid of the page."""
    snap = OxmlElement("w:snapToGrid")
    snap.set(qn("w:val"), "0")
    paragraph._p.get_or_add_pPr().insert_element_before(
        snap,
        "w:spacing",
        "w:ind",
        "w:contextualSpacing",
        "w:mirrorIndents",
        "w:jc",
        "w:textAlignment",
        "w:outlineLvl",
        "w:rPr",
        "w:sectPr",
    )


def _set_faces(properties: Any, face: Face) -> None:
    fonts = properties.get_or_add_rFonts()
    for slot in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{slot}"), face.name if slot == "eastAsia" else "Times New Roman")


def _indent(paragraph: Paragraph, *, first: float = 0, left: float = 0, right: float = 0) -> None:
    """Set indents in characters, and for programs that ignore these, in twentieths of a point."""
    indent = paragraph._p.get_or_add_pPr().get_or_add_ind()
    for name, characters in (("firstLine", first), ("left", left), ("right", right)):
        if characters:
            indent.set(qn(f"w:{name}Chars"), str(round(characters * 100)))
            indent.set(qn(f"w:{name}"), str(round(characters * BODY * 20)))


def _page_field() -> Iterable[Any]:
    for kind in ("begin", None, "end"):
        if kind is None:
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = "PAGE"
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        yield element


def _name_substitutes(document: Any, faces: Faces) -> None:
    """Write the font table with the substitutes of each font."""
    fonts = {
        face.name: face
        for face in (faces.title, faces.body, faces.heading_1, faces.heading_2, faces.number)
    }
    entries = "".join(
        f'<w:font w:name="{face.name}"><w:altName w:val="{",".join(face.substitutes)}"/><w:charset '
        f'w:val="86"/><w:family w:val="{face.family}"/><w:pitch w:val="auto"/></w:font>'
        for face in fonts.values()
    )
    part = document.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    root = f"<w:fonts {nsdecls('w')}>{entries}</w:fonts>"
    part._blob = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{root}'.encode()
