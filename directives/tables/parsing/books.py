"""Reads what a workbook consists of: worksheets, styles that show dates, shared texts."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from zipfile import ZipFile

from directives.tables.parsing.limits import MAX_CELL_LENGTH, MAX_SHEETS, MAX_TEXTS_LENGTH, Fault
from directives.tables.parsing.markup import Attributes, each_element, local, parse_blocks, parser

NumberKind = Literal["", "day", "time", "span"]  # as what a style displays a number

_BUILT_IN: dict[int, NumberKind] = {
    **dict.fromkeys(
        (*range(14, 18), 22, *range(27, 32), 36, *range(50, 55), *range(57, 59)), "day"
    ),
    **dict.fromkeys((*range(18, 22), *range(32, 36), 45, 47, 55, 56), "time"),
    46: "span",
}
_ASIDE = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[(?!\$|h+\]|m+\]|s+\])[^\]]*\]|\[\$[^\]]*\]', re.I)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One worksheet of a workbook and the part that holds it."""

    name: str
    member: str
    hidden: bool


@dataclass(slots=True)
class Workbook:
    """The parts of a package that every worksheet needs."""

    package: ZipFile
    sheets: list[Sheet] = field(default_factory=list)
    from_1904: bool = False
    number_kinds: list[NumberKind] = field(default_factory=list)  # by index of the style
    texts: "Texts | None" = None
    linked: bool = False  # it refers to other workbooks, which are never opened


def workbook_of(package: ZipFile) -> Workbook:
    """Read the parts of a workbook other than sheets. Raises Fault if it has no worksheet."""
    book = Workbook(package)
    folded = {name.lower(): name for name in package.namelist()}
    main = _main_part(package, folded)
    related = _related(package, folded, main)
    _list_sheets(book, main, related)
    parts = {kind: member for kind, member in related.values() if member}
    if member := parts.get("styles"):
        book.number_kinds = _styles(package, member)
    book.texts = Texts(package, parts.get("sharedStrings", ""))
    book.linked = any(kind == "externalLink" for kind, _member in related.values())
    if not book.sheets:
        raise Fault("no_sheets")
    return book


def _main_part(package: ZipFile, folded: dict[str, str]) -> str:
    member = folded.get("_rels/.rels", "")
    targets = _related(package, folded, "") if member else {}
    documents = (target for kind, target in targets.values() if kind == "officeDocument")
    main = next(filter(None, documents), folded.get("xl/workbook.xml", ""))
    if not main:
        raise Fault("not_a_workbook")
    return main


def _related(package: ZipFile, folded: dict[str, str], member: str) -> dict[str, tuple[str, str]]:
    """The references of a part: id → (last segment of the type, member).

    The member is "" where it is missing or outside the package.
    """
    folder, name = posixpath.split(member)
    rels = folded.get(posixpath.join(folder, "_rels", f"{name}.rels").lower(), "")
    related: dict[str, tuple[str, str]] = {}

    def handle(tag: str, _parent: str, attributes: Attributes) -> None:
        if tag == "Relationship":
            target = attributes.get("Target", "")
            path = posixpath.normpath(
                target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            )
            inside = attributes.get("TargetMode") != "External"
            related[attributes.get("Id", "")] = (
                posixpath.basename(attributes.get("Type", "")),
                folded.get(path.lower(), "") if inside else "",
            )

    if rels:
        with package.open(rels) as stream:
            each_element(stream, rels, handle)
    return related


def _list_sheets(book: Workbook, main: str, related: dict[str, tuple[str, str]]) -> None:
    def handle(tag: str, _parent: str, attributes: Attributes) -> None:
        if tag == "workbookPr":
            book.from_1904 = attributes.get("date1904") in ("1", "true", "on")
        elif tag == "sheet":
            kind, member = related.get(attributes.get("id", ""), ("", ""))
            if kind == "worksheet" and member:
                if any(sheet.member == member for sheet in book.sheets):
                    raise Fault("twice", member=member[:100])
                book.sheets.append(
                    Sheet(
                        attributes.get("name", ""),
                        member,
                        attributes.get("state", "visible") != "visible",
                    )
                )
            elif kind == "worksheet":
                raise Fault("sheet_missing", sheet=attributes.get("name", "")[:40])
        if len(book.sheets) > MAX_SHEETS:
            raise Fault("many_sheets", limit=MAX_SHEETS)

    with book.package.open(main) as stream:
        each_element(stream, main, handle)


def _styles(package: ZipFile, member: str) -> list[NumberKind]:
    formats: dict[str, NumberKind] = {}
    cells: list[str] = []

    def handle(tag: str, parent: str, attributes: Attributes) -> None:
        if tag == "numFmt" and parent == "numFmts":
            formats[attributes.get("numFmtId", "")] = number_kind(attributes.get("formatCode", ""))
        elif tag == "xf" and parent == "cellXfs":
            cells.append(attributes.get("numFmtId", "0"))

    with package.open(member) as stream:
        each_element(stream, member, handle)
    return [
        formats[key] if key in formats else _BUILT_IN.get(int(key) if key.isdecimal() else 0, "")
        for key in cells
    ]


def number_kind(code: str) -> NumberKind:
    """As what a number format, such as yyyy"年"m"月"d"日", displays a number."""
    plain = _ASIDE.sub("", code.split(";")[0]).lower()
    if plain in ("general", "g/通用格式") or "general" in plain:
        return ""
    if "[" in plain:
        return "span"
    if re.search("[yd]|e(?![+-])", plain) or ("m" in plain and not re.search("[hs]", plain)):
        return "day"
    return "time" if re.search("[hs]", plain) else ""


class Texts:
    """The shared texts of a workbook, read only as far as needed."""

    def __init__(self, package: ZipFile, member: str) -> None:
        self.loaded: list[str] = []
        self.size = 0
        self.pieces: list[str] = []
        self.length = 0
        self.in_text = self.in_phonetic = False
        self.steps = self._steps(package, member) if member else iter(())

    def _steps(self, package: ZipFile, member: str) -> Iterator[None]:
        xml_parser = parser()
        (
            xml_parser.StartElementHandler,
            xml_parser.EndElementHandler,
            xml_parser.CharacterDataHandler,
        ) = (
            self._start,
            self._end,
            self._text,
        )
        with package.open(member) as stream:
            yield from parse_blocks(xml_parser, stream, member)

    def _start(self, name: str, _attributes: Attributes) -> None:
        tag = local(name)
        if tag == "si":
            self.pieces, self.length = [], 0
        elif tag == "rPh":  # phonetic reading of the text
            self.in_phonetic = True
        self.in_text = tag == "t" and not self.in_phonetic

    def _end(self, name: str) -> None:
        tag = local(name)
        self.in_text = False
        if tag == "rPh":
            self.in_phonetic = False
        elif tag == "si":
            self.loaded.append(unescaped("".join(self.pieces)))
            self.size += self.length
            if self.size > MAX_TEXTS_LENGTH:
                raise Fault("many_texts", limit=MAX_TEXTS_LENGTH // 10**6)

    def _text(self, data: str) -> None:
        if self.in_text:
            self.pieces.append(data)
            self.length += len(data)
            if self.length > MAX_CELL_LENGTH:
                raise Fault("long_text", limit=MAX_CELL_LENGTH, start="".join(self.pieces)[:30])

    def get(self, number: int) -> str:
        """The text of this number. Raises Fault if there is none."""
        while number >= len(self.loaded):
            try:
                next(self.steps)
            except StopIteration:
                raise Fault("no_text", number=number) from None
        if number < 0:
            raise Fault("no_text", number=number)
        return self.loaded[number]


def unescaped(text: str) -> str:
    """Decode escapes such as _x000D_; an invalid character becomes U+FFFD."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return "\ufffd" if code == 0 or 0xD800 <= code <= 0xDFFF else chr(code)
