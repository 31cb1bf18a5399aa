"""Lines of pages to paragraphs: by indents, gaps and how far the line before reaches.

Headers, footers and page numbers are lines at the edge of a page that say the same on other pages,
or nothing but a number.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from directives.documents.ingest.sources.building import Builder

_PAGE_NUMBER = re.compile(
    r"[-—–－·•\s]*(?:第\s*)?(?:\d{1,4}|[ivxlc]{1,6})(?:\s*页)?"
    r"(?:\s*[/／,，]?\s*(?:共|of)?\s*\d{1,4}\s*页?)?[-—–－·•\s]*",
    re.I,
)
_LABEL = re.compile(
    "(?:第[一二三四五六七八九十百零〇0-9]+[章节节條条编]|[一二三四五六七八九十]+、"
    "|[（(][一二三四五六七八九十0-9]+[）)]|[0-9]+[.．、]|附件)"
)
_STOP = "。；：！？:;!?”）)"
_EDGE = 0.12  # share of the height of a page in which its header or footer stands
_NEAR = 2  # lines of a header or footer
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
    bodies = [
        [line for at, line in enumerate(page.lines) if (page.number, at) not in furniture]
        for page in pages
    ]
    margins = _margins(bodies, max(page.width for page in pages))
    words, align = "", ""
    before: PageLine | None = None
    for page, body in zip(pages, bodies, strict=True):
        for at, line in enumerate(body):
            first = at == 0
            if before is not None and _begins(line, before, margins, new_page=first):
                out.add(words, align=align)
                words = ""
            if not words:
                align = _align(line, margins)
            words = _joined(words, line.text)
            before = line
        for at, line in enumerate(page.lines):
            if (page.number, at) in furniture:
                out.leave_out(line.text, furniture[page.number, at])
    out.add(words, align=align)
    return out


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
    for page in pages:
        seen.update({(edge, _shape(line)) for _at, edge, line in _at_edges(page)})
    found: dict[tuple[int, int], str] = {}
    for page in pages:
        for at, edge, line in _at_edges(page):
            if _PAGE_NUMBER.fullmatch(line.text):
                found[page.number, at] = "page number"
            elif len(pages) > 1 and seen[edge, _shape(line)] >= max(2, len(pages) // 2):
                found[page.number, at] = edge
    return found


def _shape(line: PageLine) -> str:
    """A line without its numbers, which differ from page to page."""
    return re.sub(r"\d+|\s+", "", line.text)


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
    left = _edge([line.left for line in text], lowest=True, size=size)
    right = _edge([line.right for line in text], lowest=False, size=size)
    return _Margins(
        left=left,
        right=right if right > 0.6 * width else width - left,  # of short lines alone
        size=size,
        pitch=median([gap for gap in gaps if gap > 0] or [size * 2]),
    )


def _edge(places: Iterable[float], *, lowest: bool, size: float) -> float:
    """The outermost place at which several lines begin or end."""
    ordered = sorted(places, reverse=not lowest)
    for place in ordered:
        if sum(abs(other - place) < size for other in ordered) >= min(3, len(ordered)):
            return place
    return ordered[0]


def _begins(line: PageLine, before: PageLine, margins: _Margins, *, new_page: bool) -> bool:
    """Whether a line begins a paragraph."""
    em = max(margins.size, 1.0)
    if abs(line.size - before.size) > 0.6:
        return True
    if _align(line, margins) or _align(before, margins):
        return True
    gap = (before.bottom + before.top - line.bottom - line.top) / 2
    if not new_page and gap > 1.7 * margins.pitch:
        return True
    if before.right < margins.right - 1.6 * em:
        return True
    if line.left > margins.left + 1.2 * em:
        return True
    return before.text.endswith(tuple(_STOP)) and _LABEL.match(line.text) is not None


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
