"""The text of a saved web page, and of what Word, WPS or a browser put on the clipboard.

Scripts, hidden text, menus, forms and what surrounds the main part are left out. A table that only
lays out the page is read as paragraphs.
"""

import re

from lxml import etree

from directives.documents.ingest.sources.blocks import CELL, HEADING, HTML, PARAGRAPH, Cell, Source
from directives.documents.ingest.sources.building import Builder
from directives.documents.ingest.sources.messages import DocumentError
from directives.documents.ingest.sources.numerals import numeral
from directives.documents.ingest.sources.ooxml import Element
from directives.documents.ingest.sources.web_furniture import (
    SILENT,
    Furniture,
    elements,
    grid_number,
    han,
    style_value,
    words_of,
)

BREAK = "\u2028"  # of a line inside a block, while it is collected
_BLOCK_NAMES = (
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre "
    "section summary table tbody td tfoot th thead tr ul"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_LINE_BREAKS = re.compile(r"[ \t]*[\r\n][ \t\r\n]*")
_SPACES = re.compile(r"[ \t]{2,}")
_WIDE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f“”‘’…—]")
_LABEL = re.compile("[0-9０-９一二三四五六七八九十〇零甲乙丙丁①-⑳⑴-⒇㈠-㈩A-Za-z][^A-Za-z]?|[（(]")
_LIST_STYLES = {
    "cjk-ideographic": "taiwaneseCountingThousand",
    "simp-chinese-informal": "chineseCountingThousand",
    "trad-chinese-informal": "taiwaneseCountingThousand",
    "simp-chinese-formal": "chineseLegalSimplified",
    "trad-chinese-formal": "ideographLegalTraditional",
    "cjk-decimal": "ideographDigital",
    "cjk-heavenly-stem": "ideographTraditional",
    "decimal": "decimal",
    "decimal-leading-zero": "decimalZero",
    "lower-alpha": "lowerLetter",
    "lower-latin": "lowerLetter",
    "upper-alpha": "upperLetter",
    "upper-latin": "upperLetter",
    "lower-roman": "lowerRoman",
    "upper-roman": "upperRoman",
    "1": "decimal",
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
}
_RUNNING = 600  # characters of a cell from which a table is no table of data
_PARAGRAPHS = 12  # the same, of its paragraphs


def source_of_page(content: bytes) -> Source:
    return source_of_html(content.decode("utf-8"))


def source_of_html(markup: str) -> Source:
    """Raises DocumentError broke_off where the parser did not reach the end of the page."""
    markup = re.sub("[\0\u2028]", "\n", markup)
    parser = etree.HTMLParser(
        encoding="utf-8",
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=True,
    )
    root = etree.fromstring(markup.encode("utf-8", "replace"), parser)
    if any(entry.level_name == "FATAL" for entry in parser.error_log):
        raise DocumentError("broke_off")
    page = _Page(root) if root is not None else None
    if page is None:
        return Builder().source(HTML)
    page.element(root, cell=None, align="")
    page.flush()
    return page.out.source(HTML)


class _Page:
    def __init__(self, root: Element) -> None:
        self.furniture = Furniture(root)
        self.out = Builder()
        self.parts: list[str] = []
        self.label = ""
        self.block: tuple[str, Cell | None, str] = ("", None, "")  # tag, cell, align

    # One block

    def flush(self) -> None:
        """End the block that is being collected."""
        words, self.parts = _plain("".join(self.parts)), []
        if not words.strip():
            return
        tag, cell, align = self.block
        level = int(tag[1]) if re.fullmatch("h[1-6]", tag) else 0 if tag == "title" else None
        self.out.add(
            words.replace(BREAK, "\n"),
            kind=CELL if cell else PARAGRAPH if level is None else HEADING,
            level=level or 0,
            label=self.label,
            align="" if align == "left" else align,
            cell=cell,
        )
        self.label = ""

    def element(self, element: Element, *, cell: Cell | None, align: str) -> None:
        tag = element.tag
        if not isinstance(tag, str) or tag in SILENT:
            return
        if reason := self.furniture.reason(element):
            self._leave_out(element, reason)
            return
        if tag == "br":
            self.parts.append(BREAK)
            return
        if style_value(element, "mso-list") == "ignore":
            self.label = _mso_label(words_of(element))
            return
        if tag == "ruby":
            self.parts.append("".join(_ruby(element)))
            return
        if tag not in _BLOCKS:
            self._inside(element, cell=cell, align=align)
            return
        self._block(element, tag, cell, _align(element) or align)

    def _block(self, element: Element, tag: str, cell: Cell | None, align: str) -> None:
        self.flush()
        before, self.block = self.block, (_role(element, tag), cell, align)
        if tag == "table":
            self.table(element, cell, align)
        else:
            if tag == "li":
                self.label = _list_label(element)
            self._inside(element, cell=cell, align=align)
        self.flush()
        if tag == "li":
            self.label = ""
        self.block = before

    def _inside(self, element: Element, *, cell: Cell | None, align: str) -> None:
        kept = _keeps_lines(element)
        self._say(element.text, kept)
        for node in element:
            self.element(node, cell=cell, align=align)
            self._say(node.tail, kept)

    def _say(self, text: str | None, kept: bool) -> None:
        if text:
            self.parts.append(re.sub("\r?\n", BREAK, text) if kept else text)

    def _leave_out(self, element: Element, reason: str) -> None:
        if element.tag in _BLOCKS:
            self.flush()
        self.out.leave_out(words_of(element), reason)

    # Tables

    def table(self, element: Element, outer: Cell | None, align: str) -> None:
        places = _placed(element)
        for caption in elements(element, "caption"):
            self.element(caption, cell=outer, align=align)
        if _is_layout(element, places):
            for node, _place in places:
                self.element(node, cell=outer, align="")
            return
        self.out.tables += 1
        number = self.out.tables
        for node, place in places:
            cell = Cell(number, *place, header=node.tag == "th" or _in_head(node))
            self.element(node, cell=cell, align="")


_Place = tuple[int, int, int, int]  # row, column, rows, columns


def _placed(table: Element) -> list[tuple[Element, _Place]]:
    """The cells of a table, with the places that they take."""
    taken: set[tuple[int, int]] = set()
    placed: list[tuple[Element, _Place]] = []
    rows = [
        row
        for part in table
        for row in ([part] if part.tag == "tr" else elements(part, "tr"))
        if part.tag in ("tr", "thead", "tbody", "tfoot")
    ]
    for number, row in enumerate(rows, 1):
        column = 1
        for node in elements(row, "td", "th"):
            while (number, column) in taken:
                column += 1
            # A span reaches no further than the table.
            down = min(grid_number(node, "rowspan"), len(rows) - number + 1)
            across = grid_number(node, "colspan")
            if down > 1:
                taken |= {
                    (number + below, column + beside)
                    for below in range(1, down)
                    for beside in range(min(across, 100))
                }
            placed.append((node, (number, column, down, across)))
            column += across
    return placed


def _is_layout(table: Element, places: list[tuple[Element, _Place]]) -> bool:
    """Whether a table lays out a page: of one column, or with whole documents in its cells."""
    if (table.get("role") or "").lower() == "presentation":
        return True
    if all(place[1] == 1 for _node, place in places):
        return True
    for node, _place in places:
        if next(node.iter("table", "h1", "h2", "h3"), None) is not None:
            return True
        if sum(1 for _p in node.iter("p", "div", "br")) >= _PARAGRAPHS:
            return True
        if han(words_of(node)) >= _RUNNING:
            return True
    return False


def _in_head(cell: Element) -> bool:
    return bool(next(cell.iterancestors("thead", "table"), cell).tag == "thead")


# Words


def _plain(text: str) -> str:
    """A text as a browser shows it: line breaks of the markup are none, or a space in Latin."""

    def between(match: re.Match[str]) -> str:
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        if not before or not after or BREAK in before + after:
            return ""
        return "" if _WIDE.match(before) or _WIDE.match(after) else " "

    return _SPACES.sub(" ", _LINE_BREAKS.sub(between, text)).replace("\xad", "")


def _keeps_lines(element: Element) -> bool:
    if element.tag in ("pre", "plaintext", "xmp"):
        return True
    space = style_value(element, "white-space")
    if space:
        return space.startswith("pre")
    return next(element.iterancestors("pre"), None) is not None


def _align(element: Element) -> str:
    """ "center" or "right"; "left" if that is said, "" if nothing is."""
    value = style_value(element, "text-align") or (element.get("align") or "").lower()
    if element.tag == "center":
        return "center"
    if not value:
        return ""
    return value if value in ("center", "right") else "left"


def _role(element: Element, tag: str) -> str:
    """The tag, or "title" for what Word says is the title."""
    return "title" if "msotitle" in (element.get("class") or "").lower().split() else tag


def _ruby(element: Element) -> list[str]:
    """The words of a ruby without their readings."""
    parts = [element.text or ""]
    for node in element:
        if isinstance(node.tag, str) and node.tag not in ("rt", "rp", "rtc"):
            parts.append(words_of(node))
        parts.append(node.tail or "")
    return parts


def _mso_label(words: str) -> str:
    """The label of a list as Word wrote it; a bullet is none."""
    label = re.sub(r"[\s\xa0]+", "", words)
    return label if _LABEL.match(label) else ""


def _list_label(item: Element) -> str:
    """The number that a browser shows before an item of an ordered list."""
    parent = item.getparent()
    if parent is None or parent.tag != "ol":
        return ""
    style = style_value(item, "list-style(?:-type)?") or style_value(parent, "list-style(?:-type)?")
    kind = style.split()[0] if style else item.get("type") or parent.get("type") or ""
    number = _item_number(item, parent)
    if not kind:
        return _label_by_depth(number, sum(1 for _ in parent.iterancestors("ol")))
    if kind not in _LIST_STYLES:
        return ""
    mark = "、" if "chinese" in kind or kind.startswith("cjk") else "."
    return f"{numeral(number, _LIST_STYLES[kind])}{mark}"


def _label_by_depth(number: int, depth: int) -> str:
    """The number of an item whose style nothing says: each depth of lists has labels of its own.

    Word and LibreOffice save 一、（一）1. so; a browser shows 1. at every depth.
    """
    if depth == 0:
        return f"{number}."
    return f"（{number}）" if depth == 1 or number > 20 else chr(ord("①") + number - 1)


def _item_number(item: Element, parent: Element) -> int:
    start = parent.get("start") or "1"
    number = int(start) - 1 if re.fullmatch(r"-?\d{1,6}", start) else 0
    for node in elements(parent, "li"):
        value = node.get("value") or ""
        number = int(value) if re.fullmatch(r"-?\d{1,6}", value) else number + 1
        if node is item:
            break
    return number
