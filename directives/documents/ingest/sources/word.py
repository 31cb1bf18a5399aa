"""The text of a .docx as Word shows it, with tracked changes accepted.

Text boxes follow the paragraph that they are anchored to. Comments, notes, headers, footers, hidden
and deleted text and tables of contents are left out. A document with macros is refused, because it
is kept as it came and others open it; so is one that includes another file (w:altChunk).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from directives.documents.ingest.sources.blocks import CELL, DOCX, HEADING, PARAGRAPH, Cell, Source
from directives.documents.ingest.sources.building import Builder
from directives.documents.ingest.sources.messages import DocumentError
from directives.documents.ingest.sources.numbering import Numbering
from directives.documents.ingest.sources.ooxml import (
    Element,
    attribute,
    child,
    children,
    is_on,
    local,
    number_of,
    opened,
    part_of,
    related,
    value_of,
)
from directives.documents.ingest.sources.word_runs import (
    Inline,
    RunReader,
    TablesOfContents,
    chosen,
    words_in,
)
from directives.documents.ingest.sources.word_styles import Styles, align_of
from directives.documents.ingest.sources.word_tables import placed_cells

MACROS = b"macroEnabled"
MARGINS = ("header", "footer")
_WRAPPERS = {"ins", "moveTo", "customXml", "smartTag", "sdtContent"}


def source_of_docx(content: bytes) -> Source:
    """Raises DocumentError."""
    package = opened(content)
    types = package.NameToInfo.get("[Content_Types].xml")
    if types is None:
        raise DocumentError("truncated")
    if MACROS in package.read(types) or any(
        name.lower().endswith("vbaproject.bin") for name in package.NameToInfo
    ):
        raise DocumentError("macros")
    (main, *_) = related(package, "").get("officeDocument", []) or ["word/document.xml"]
    if main not in package.NameToInfo:
        raise DocumentError("truncated")
    parts = related(package, main)

    def root_of(kind: str) -> Element | None:
        return part_of(package, parts[kind][0]) if kind in parts else None

    body = child(part_of(package, main), "body")
    if body is None:
        raise DocumentError("damaged", {"member": main})
    styles = Styles(root_of("styles"))
    numbering = Numbering.of(root_of("numbering"), styles.numbering_lists())
    notes = {
        (kind, attribute(note, "id")): words_in(note)
        for kind in ("footnote", "endnote", "comment")
        if (root := root_of(f"{kind}s")) is not None
        for note in children(root, kind)
    }
    reader = _Reader(styles, numbering, RunReader(styles, notes, TablesOfContents.in_body(body)))
    _list_margins(
        reader.out, "header", [part_of(package, part) for part in parts.get("header", ())]
    )
    reader.blocks(body, None)
    reader.end()
    _list_margins(
        reader.out, "footer", [part_of(package, part) for part in parts.get("footer", ())]
    )
    return reader.out.source(DOCX)


def _list_margins(out: Builder, reason: str, parts: Sequence[Element]) -> None:
    """List what stands above or below the text of pages, once where it is said several times."""
    paragraphs = (
        paragraph
        for part in parts
        for paragraph in part.iter("{*}p")
        if next(paragraph.iterancestors("{*}p"), None) is None  # of a text box
    )
    for words in dict.fromkeys(map(words_in, paragraphs)):
        out.leave_out(words, reason)


@dataclass(slots=True)
class _Pending:
    """A paragraph whose mark is not there: what follows goes on in its line."""

    words: str
    label: str


@dataclass(slots=True)
class _Reader:
    styles: Styles
    numbering: Numbering
    runs: RunReader
    out: Builder = field(default_factory=Builder)
    pending: _Pending | None = None

    def blocks(self, parent: Element, cell: Cell | None) -> None:
        for node in parent:
            match local(node):
                case "p":
                    self.paragraph(node, cell)
                case "tbl":
                    self.table(node, cell)
                case "sdt":
                    content = child(node, "sdtContent")
                    if content is not None and is_contents(node):
                        self.out.leave_out(words_in(content), "contents")
                    elif content is not None:
                        self.blocks(content, cell)
                case "AlternateContent":
                    self.blocks(chosen(node), cell)
                case "del" | "moveFrom":
                    self.out.leave_out(words_in(node), "deleted text")
                case "altChunk":
                    raise DocumentError("nested", {"member": "altChunk"})
                case name if name in _WRAPPERS:
                    self.blocks(node, cell)

    def paragraph(self, element: Element, cell: Cell | None) -> None:
        properties = child(element, "pPr")
        style = value_of(properties, "pStyle") or self.styles.default
        inline = self.runs.read(element, style)
        for reason, words in inline.left_out:
            self.out.leave_out(words, reason)
        mark = child(properties, "rPr")
        deleted = child(mark, "del") is not None or child(mark, "moveFrom") is not None
        if deleted or (not inline.shown and is_on(child(mark, "vanish"))):
            self._hold(inline.shown, "")
            self._boxes(inline, cell)
            return
        label = self._label(properties, style)
        if is_on(child(mark, "vanish")):
            self._hold(inline.shown, label)
        else:
            words, label = self._released(inline.shown, label)
            self._add(words, label, properties, style, cell)
        self._boxes(inline, cell)

    def _hold(self, words: str, label: str) -> None:
        before = self.pending or _Pending("", "")
        self.pending = _Pending(before.words + words, before.label or label)

    def _released(self, words: str, label: str) -> tuple[str, str]:
        before, self.pending = self.pending, None
        return (before.words + words, before.label or label) if before else (words, label)

    def end(self) -> None:
        """What a last paragraph without a mark held back."""
        words, label = self._released("", "")
        self.out.add(words, label=label)

    def _add(
        self, words: str, label: str, properties: Element | None, style: str, cell: Cell | None
    ) -> None:
        level = self._level(properties, style)
        if cell is not None and label and not words.strip():
            words, label = label, ""  # a column of running numbers
        kind = CELL if cell else PARAGRAPH if level is None else HEADING
        align = align_of(properties) or next(
            filter(None, (one.align for one in self.styles.chain(style))), ""
        )
        self.out.add(
            words,
            kind=kind,
            level=level or 0,
            label=label,
            align="" if align == "left" else align,
            cell=cell,
        )

    def _boxes(self, inline: Inline, cell: Cell | None) -> None:
        for box in inline.boxes:
            self.blocks(box, cell)

    def _level(self, properties: Element | None, style: str) -> int | None:
        """The level of a heading from 1, 0 of a title, None of a paragraph."""
        outlines = [
            number_of(value_of(properties, "outlineLvl")),
            *(one.outline for one in self.styles.chain(style)),
        ]
        outline = next((one for one in outlines if one is not None), None)
        if outline is not None:
            return outline + 1 if outline < 9 else None
        names = [one.name for one in self.styles.chain(style)]
        return 0 if "title" in names else None

    def _label(self, properties: Element | None, style: str) -> str:
        numbers = child(properties, "numPr")
        key, at = value_of(numbers, "numId"), number_of(value_of(numbers, "ilvl"))
        if not key:
            chain = list(self.styles.chain(style))
            key = next((one.list_key for one in chain if one.list_key), "")
            levels = (self.numbering.level_of_style(key, one.key) for one in chain)
            own = (one.list_level for one in chain)
            if at is None:
                at = next((one for one in (*levels, *own) if one is not None), 0)
        return self.numbering.next_label(key, at or 0)

    def table(self, element: Element, outer: Cell | None) -> None:
        """The cells of a table of data; a table of one column is a frame around paragraphs."""
        cells, left_out = placed_cells(element)
        for words in left_out:
            self.out.leave_out(words, "deleted text")
        if all(place.column == 1 for _node, place in cells):
            for node, _place in cells:
                self.blocks(node, outer)
            return
        self.out.tables += 1
        number = self.out.tables
        for node, place in cells:
            self.blocks(node, place.in_table(number))


def is_contents(element: Element) -> bool:
    """Whether a content control is a table of contents that Word keeps."""
    return any(
        attribute(one, "val").lower() == "table of contents"
        for one in element.iter("{*}docPartGallery")
    )
