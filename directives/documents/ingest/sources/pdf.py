"""The text of a .pdf that has one, read by PDFium and compared with what pypdf reads.

A picture of a page and a font whose characters cannot be known are refused, never guessed: as soon
as some characters of a page have no sound code, or the two readers disagree about some.
"""

import ctypes
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from math import ceil

import pypdfium2
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdfium2 import raw

from directives.documents.ingest.language import common_share
from directives.documents.ingest.sources.blocks import PDF, Source
from directives.documents.ingest.sources.encodings import PLAUSIBLE
from directives.documents.ingest.sources.messages import DocumentError
from directives.documents.ingest.sources.ooxml import Element
from directives.documents.ingest.sources.pdf_layout import Page, PageLine, laid_out

PAGES = 500
SHARE = 0.01  # of the characters of a page that may be unknown, or different for the two readers
FEW = 3  # … but so many less one always may
LOST, LOST_SHARE = 20, 0.1  # characters that pypdf may have and PDFium lack
_END = 2048  # bytes before the end of a file in which its end mark stands
_PICTURE = 0.3  # share of a page that a picture without any text covers
_INVISIBLE = 3  # the render mode of text that was recognised behind a picture
_RAISED, _LIFT = 0.75, 0.2  # of the size of the line: how small and how high a number is
_UNKNOWN = "\ufffd"
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_SNIPPET = 20


def source_of_pdf(content: bytes) -> Source:
    """Raises DocumentError."""
    if b"%%EOF" not in content[-_END:]:
        raise DocumentError("truncated")
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as fault:
        raise DocumentError("encrypted" if "assword" in str(fault) else "truncated") from fault
    if len(document) > PAGES:
        raise DocumentError("many_members", {"count": len(document), "limit": PAGES})
    pages = [_page(document, number) for number in range(len(document))]
    if not any(page.lines for page in pages):
        raise DocumentError("empty")
    _check_language(pages)
    _compare(content, pages)
    return laid_out(pages).source(PDF)


def _page(document: pypdfium2.PdfDocument, number: int) -> Page:
    try:
        page = document[number]
        words = page.get_textpage()
    except pypdfium2.PdfiumError as fault:
        raise DocumentError("damaged", {"member": f"page {number + 1}"}) from fault
    width, height = page.get_size()
    lines = list(_lines(words, number + 1))
    if not lines and _picture_share(page, width * height) > _PICTURE:
        raise DocumentError("scan", {"page": number + 1})
    return Page(number + 1, width, height, lines)


def _picture_share(page: Element, area: float) -> float:
    """The share of a page that its largest picture covers."""
    largest = 0.0
    for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4):
        left, bottom, right, top = picture.get_bounds()
        largest = max(largest, (right - left) * (top - bottom))
    return largest / max(area, 1)


class _Characters:
    """The characters of a page by their index, as PDFium has them."""

    def __init__(self, words: Element) -> None:
        self.words = words
        self.box = raw.FS_RECTF()
        self.count = words.count_chars()

    def code(self, at: int) -> str:
        """The character, U+FFFD if its font does not say which it is, "" if it is none."""
        code = raw.FPDFText_GetUnicode(self.words, at)
        if raw.FPDFText_HasUnicodeMapError(self.words, at) == 1:
            return _UNKNOWN
        if 0xD800 <= code <= 0xDFFF:
            return self._pair(at, code)
        if code in (0x00, 0x02, 0xAD, 0xFEFF, 0xFFFE):  # 2: a hyphen at the end of a line
            return ""
        category = unicodedata.category(chr(code))
        if category in ("Co", "Cn") or (category == "Cc" and chr(code) not in "\r\n\t"):
            return _UNKNOWN
        return sound(chr(code))

    def _pair(self, at: int, code: int) -> str:
        """A character outside the basic plane: PDFium counts its two halves."""
        if code >= 0xDC00:
            return ""
        low = raw.FPDFText_GetUnicode(self.words, at + 1) if at + 1 < self.count else 0
        if not 0xDC00 <= low <= 0xDFFF:
            return _UNKNOWN
        return chr(0x10000 + ((code - 0xD800) << 10) + low - 0xDC00)

    def generated(self, at: int) -> bool:
        return bool(raw.FPDFText_IsGenerated(self.words, at) == 1)

    def place(self, at: int) -> tuple[float, float, float, float]:
        """Left, bottom, right, top of the room that a character takes."""
        raw.FPDFText_GetLooseCharBox(self.words, at, ctypes.byref(self.box))
        return self.box.left, self.box.bottom, self.box.right, self.box.top

    def size(self, at: int) -> float:
        return float(raw.FPDFText_GetFontSize(self.words, at))

    def recognised(self, at: int) -> bool:
        """Whether it is invisible, as text that was recognised in a picture."""
        text = raw.FPDFText_GetTextObject(self.words, at)
        return bool(text) and raw.FPDFTextObj_GetTextRenderMode(text) == _INVISIBLE


def sound(character: str) -> str:
    """A radical, which fonts confuse with the character of the same look, as that character."""
    if "\u2e80" <= character <= "\u2fd5":
        return unicodedata.normalize("NFKC", character)
    return character


def _lines(words: Element, number: int) -> Iterator[PageLine]:
    """The lines of a page in the order of its content. Raises DocumentError fonts or scan."""
    characters = _Characters(words)
    codes = [characters.code(at) for at in range(characters.count)]
    visible = "".join(codes).split()
    unknown, known = sum(map(_count_unknown, visible)), sum(map(len, visible))
    if unknown >= max(FEW, ceil(known * SHARE)):
        raise DocumentError("fonts", {"page": number})
    first = 0
    for at in range(characters.count + 1):
        if at == characters.count or codes[at] in ("\n", "\r"):
            line = _line(characters, codes, first, at)
            if line is not None:
                if characters.recognised(first):
                    raise DocumentError("scan", {"page": number})
                yield line
            first = at + 1


def _count_unknown(text: str) -> int:
    return text.count(_UNKNOWN)


def _line(characters: _Characters, codes: list[str], first: int, end: int) -> PageLine | None:
    seen = {
        at: (characters.place(at), characters.size(at))
        for at in range(first, end)
        if codes[at].strip() and not characters.generated(at)
    }
    if not seen:
        return None
    sizes = Counter(round(size, 1) for _box, size in seen.values())
    size = sizes.most_common(1)[0][0]
    bottom = min(box[1] for box, _size in seen.values())
    text, gap, right = "", False, 0.0
    for at in range(first, end):
        if at not in seen:
            gap = gap or (characters.generated(at) and codes[at] == " ")
            text += "" if characters.generated(at) else codes[at]
            continue
        (left, low, end_of, _top), own = seen[at]
        if codes[at].isdigit() and own < _RAISED * size and low > bottom + _LIFT * size:
            continue  # the number of a footnote
        if gap and text:
            text += _space(text, codes[at], (left - right) / max(size, 1))
        gap, right = False, end_of
        text += codes[at]
    boxes = [box for box, _size in seen.values()]
    return PageLine(
        text=text.strip(),
        left=min(box[0] for box in boxes),
        bottom=bottom,
        right=max(box[2] for box in boxes),
        top=max(box[3] for box in boxes),
        size=size,
    )


def _space(before: str, after: str, width: float) -> str:
    """What a gap stands for: nothing beside a Chinese character, if it is not wide (in em)."""
    return " " if width > 0.9 or (before[-1:].isascii() and after.isascii()) else ""


# Whether the characters are right


def _check_language(pages: list[Page]) -> None:
    """Refuse what has Chinese characters that make no Chinese: its font names them wrongly."""
    text = "\n".join(line.text for page in pages for line in page.lines)
    if len(_HAN.findall(text)) >= 50 and common_share(text) < PLAUSIBLE:
        raise DocumentError("fonts", {"page": 1})


def _compare(content: bytes, pages: list[Page]) -> None:
    """Refuse pages of which pypdf reads other characters."""
    try:
        reader = PdfReader(BytesIO(content))
        texts = [page.extract_text() for page in reader.pages]
    except (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError) as fault:
        # It cannot read the file at all: then PDFium's reading stands if it is Chinese.
        if common_share("".join(line.text for page in pages for line in page.lines)) < PLAUSIBLE:
            raise DocumentError("damaged", {"member": "pypdf"}) from fault
        return
    for page, other in zip(pages, texts, strict=False):
        text = "".join(line.text for line in page.lines)
        first, second = _characters_of(text), _characters_of(other)
        missing, surplus = first - second, second - first
        differing = min(missing.total(), surplus.total())
        absent = sum(count for character, count in surplus.items() if character not in first)
        # Bold type may be drawn twice, which PDFium alone notices: a few more of known ones.
        lost = surplus.total() >= max(LOST, first.total() * LOST_SHARE)
        if max(differing, absent) < max(FEW, ceil(first.total() * SHARE)) and not lost:
            continue
        if common_share(other) < PLAUSIBLE <= common_share(text):
            continue  # pypdf does not know the encoding of a font, PDFium does
        snippets = {"first": _some(missing), "second": _some(surplus)}
        raise DocumentError("readers", {"page": page.number, **snippets})


def _characters_of(text: str) -> Counter[str]:
    """The characters that a reader is sure of, whatever their order and spacing."""
    return Counter(
        character
        for character in unicodedata.normalize("NFKC", text)
        if character.isalnum() and unicodedata.category(character) != "Co"
    )


def _some(characters: Counter[str]) -> str:
    return "".join(characters)[:_SNIPPET]
