"""Lines of pages to paragraphs: by indents, gaps and how far the line before reaches.

Headers, footers and page numbers are lines at the edge of a page that say the same on other pages,
or nothing but a number.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from directives.documents.ingest.sources.building import Builder

_PAGE_NUMBER = re.compile(
    r"[-—–－·•\s]*(?:第\s*)?(?:\d{1,4}|[ivxlc]{1,6})(?:\s*页)?"
    r"(?:\s*[/／,，]?\s*(?:共|of)?\s*\d{1,4}\s*页?)?[-—–－·•\s]*",
    re.I,
)
_LABEL = re.compile(
    "(?:第[一二三四五六七八九十百零〇0-9]+[章节节條条编]|[一二三四五六七八九十]+、"
    "|[壹贰貳叁參肆伍陆陸柒捌玖拾]+、"
    "|[（(][一二三四五六七八九十0-9]+[）)]|[0-9]+[.．、]|附件)"
)
_DASH = "—"
# No header, though it stands at the top of several pages.
_OWN = re.compile("附[件录錄表图圖]|第.{1,4}[章节節條条]|[一二三四五六七八九十]+、|[（(]")
_FOOTNOTE = re.compile(r"\d{1,2}\D|[①-⑳]|[*＊※]")
_STOP = "。；：！？:;!?”）)"
_EDGE = 0.12  # share of the height of a page in which its header or footer stands
_NEAR = 2  # lines of a header or footer
# What no line break parts: brackets that open, a word or number or one character, marks that close.
_FIRST = re.compile(
    r"[“‘《（(〔\[【〈「『]*(?:[A-Za-z0-9.,%-]+|.)[，。、；：！？”’》）)〕\]】〉」』％%·…—]*"
)
_LATIN = re.compile("[A-Za-z0-9,.;:]$")


@dataclass(frozen=True, slots=True)
class PageLine:
    text: str
    left: float  # in points, from the lower left corner of the page
    bottom: float
    right: float
    top: float
    size: float

    @property
    def height(self) -> float:
        return self.top - self.bottom


@dataclass(slots=True)
class Page:
    number: int
    width: float
    height: float
    lines: list[PageLine] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Margins:
    """Where the lines of the text begin and end, and how far apart they are."""

    left: float
    right: float
    size: float
    pitch: float


def laid_out(pages: Sequence[Page]) -> Builder:
    out = Builder()
    for page in pages:
        page.lines = _ordered(page)
    furniture = _furniture(pages)
    margins = _margins(_bodies(pages, furniture), max(page.width for page in pages))
    furniture |= _footnotes(pages, furniture, margins.size)
    bodies = _bodies(pages, furniture)
    words, align = "", ""
    before: PageLine | None = None
    for page, body in zip(pages, bodies, strict=True):
        for at, line in enumerate(body):
            if before is not None and _is_title_of_lines(line, before, margins):
                words = f"{words}\n{line.text}"
            elif before is not None and _begins(line, before, margins, new_page=at == 0):
                out.add(words, align=align)
                words, align = line.text, _align(line, margins)
            else:
                align = align if words else _align(line, margins)
                words = _joined(words, line.text)
            before = line
        for at, line in enumerate(page.lines):
            if (page.number, at) in furniture:
                out.leave_out(line.text, furniture[page.number, at])
    out.add(words, align=align)
    return out


def _bodies(
    pages: Sequence[Page], furniture: Mapping[tuple[int, int], str]
) -> list[list[PageLine]]:
    return [
        [line for at, line in enumerate(page.lines) if (page.number, at) not in furniture]
        for page in pages
    ]


def _ordered(page: Page) -> list[PageLine]:
    """From top to bottom, parts of one line joined; columns keep the order of the file."""
    rows: list[list[PageLine]] = []
    for line in sorted(page.lines, key=lambda one: -(one.bottom + one.top)):
        middle = (line.bottom + line.top) / 2
        if rows and rows[-1][0].bottom <= middle <= rows[-1][0].top:
            rows[-1].append(line)
        else:
            rows.append([line])
    parted = sum(len(row) > 1 for row in rows)
    if parted * 3 > len(rows) and len(rows) > 5:
        return page.lines
    return [_one_line(sorted(row, key=lambda one: one.left)) for row in rows]


def _one_line(parts: Sequence[PageLine]) -> PageLine:
    if len(parts) == 1:
        return parts[0]
    text = parts[0].text
    for before, part in zip(parts, parts[1:], strict=False):
        text += ("" if part.left - before.right < part.size / 2 else " ") + part.text
    return replace(
        parts[0],
        text=text,
        bottom=min(part.bottom for part in parts),
        top=max(part.top for part in parts),
        right=max(part.right for part in parts),
    )


# Headers, footers, page numbers


def _furniture(pages: Sequence[Page]) -> dict[tuple[int, int], str]:
    """(page, index of the line) → the reason for which a line is left out."""
    seen: Counter[tuple[str, str]] = Counter()
    numbers: Counter[tuple[str, int]] = Counter()
    for page in pages:
        at_edges = list(_at_edges(page))
        seen.update({(edge, _shape(line)) for _at, edge, line in at_edges})
        numbers.update({(edge, _ahead(line, page)) for _at, edge, line in at_edges})
    found: dict[tuple[int, int], str] = {}
    for page in pages:
        for at, edge, line in _at_edges(page):
            if _PAGE_NUMBER.fullmatch(line.text):
                if len(pages) == 1 or numbers[edge, _ahead(line, page)] > 1 or _DASH in line.text:
                    found[page.number, at] = "page number"
            elif seen[edge, _shape(line)] >= max(2, len(pages) // 2) and not _OWN.match(line.text):
                found[page.number, at] = edge
    return found


def _footnotes(
    pages: Sequence[Page], furniture: Mapping[tuple[int, int], str], size: float
) -> dict[tuple[int, int], str]:
    """Smaller lines at the foot of a page, the first of which begins with a number."""
    found: dict[tuple[int, int], str] = {}
    for page in pages:
        small: list[int] = []
        for at in range(len(page.lines) - 1, -1, -1):
            if (page.number, at) in furniture:
                continue
            if page.lines[at].size > 0.9 * size:
                break
            small.append(at)
        while small and not _FOOTNOTE.match(page.lines[small[-1]].text):
            small.pop()
        if len(small) < len(page.lines):
            found |= {(page.number, at): "footnote" for at in small}
    return found


def _shape(line: PageLine) -> str:
    """A line without its numbers, which differ from page to page."""
    return re.sub(r"\d+|\s+", "", line.text)


def _ahead(line: PageLine, page: Page) -> int:
    """How far a page number is ahead of the count of pages: as far on every page."""
    digits = re.search(r"\d+", line.text)
    return int(digits[0]) - page.number if digits else 0


def _at_edges(page: Page) -> Iterator[tuple[int, str, PageLine]]:
    last = len(page.lines) - 1
    for at, line in enumerate(page.lines):
        if line.bottom > page.height * (1 - _EDGE) and at < _NEAR:
            yield at, "header", line
        elif line.top < page.height * _EDGE and at > last - _NEAR:
            yield at, "footer", line


# Paragraphs


def _margins(bodies: Sequence[Sequence[PageLine]], width: float) -> _Margins:
    lines = [line for body in bodies for line in body]
    if not lines:
        return _Margins(0, 0, 0, 0)
    size = Counter(line.size for line in lines for _character in line.text).most_common(1)[0][0]
    text = [line for line in lines if abs(line.size - size) < 0.6]
    gaps = [
        (before.bottom + before.top - after.bottom - after.top) / 2
        for body in bodies
        for before, after in zip(body, body[1:], strict=False)
    ]
    apart = sorted(gap for gap in gaps if gap > 0.8 * size)
    left = _edge([line.left for line in text], size) or min(line.left for line in text)
    right = -_edge([-line.right for line in text], size)
    return _Margins(
        left=left,
        right=right if right > 0.6 * width else width - left,  # short lines do not tell
        size=size,
        pitch=_pitch(apart, size),
    )


def _pitch(apart: Sequence[float], size: float) -> float:
    """How far the lines of a paragraph are apart: the least that occurs twice."""
    pairs = zip(apart, apart[1:], strict=False)
    return next((less for less, more in pairs if more < 1.1 * less), 2 * size)


def _edge(places: Sequence[float], size: float) -> float:
    """The lowest place at which several lines begin, 0 if they do so at none."""
    return next(
        (
            place
            for place in sorted(places)
            if sum(abs(other - place) < size / 2 for other in places) >= 3
        ),
        0,
    )


def _begins(line: PageLine, before: PageLine, margins: _Margins, *, new_page: bool) -> bool:
    """Whether a line begins a paragraph."""
    em = max(margins.size, 1.0)
    if abs(line.size - before.size) > 0.6:
        return True
    if _align(line, margins) or _align(before, margins):
        return True
    gap = (before.bottom + before.top - line.bottom - line.top) / 2
    if not new_page and gap > 1.35 * margins.pitch:
        return True
    if margins.right - before.right > (_first_width(line.text) + 0.6) * em:
        return True
    if line.left > margins.left + 1.2 * em:
        return True
    return before.text.endswith(tuple(_STOP)) and _LABEL.match(line.text) is not None


def _is_title_of_lines(line: PageLine, before: PageLine, margins: _Margins) -> bool:
    """Whether two lines of one large size are a title that is broken."""
    together = before.bottom - line.top < 1.2 * line.size and before.top > line.top
    return together and abs(line.size - before.size) < 0.6 and line.size > 1.15 * margins.size


def _first_width(text: str) -> float:
    """How much room, in em, the line before must have had for the first word of a line."""
    word = _FIRST.match(text)
    return sum(0.55 if sign.isascii() else 1.0 for sign in word[0]) if word else 1.0


def _align(line: PageLine, margins: _Margins) -> str:
    """Centred lines are as far from both margins, those at the right reach it or nearly."""
    em = max(margins.size, 1.0)
    left, right = line.left - margins.left, margins.right - line.right
    if left < 2.6 * em:
        return ""
    if abs(left - right) < max(1.0 * em, 0.1 * (left + right)):
        return "center"
    return "right" if left > 3 * right and left > 8 * em else ""


def _joined(words: str, more: str) -> str:
    if not words:
        return more
    between = " " if _LATIN.search(words) and re.match("[A-Za-z]", more) else ""
    return f"{words}{between}{more}"
