"""What a file says: its text, and what its markup knows of each line.

`Source.text` is the text that is read: that of a plain file as decoded, of any other file one block
(paragraph, heading, cell) a line. Offsets of fields and directives refer to it. `Source.lines` are
the blocks, in the order of the text, without blank ones:

- `text[line.start:line.end]` are the words of a block without white space around them. A text that
  was saved without line breaks is cut, so a block may be a part of what stands between two \\n;
  `line.number` is the number of that line, as repairs count.
- A label that numbering generates (一、, （一）, 第一条) is part of the text, as the reader of the
  file sees it; `label` says how many characters it has.
- What `cell` belongs to is a table of data; a table that only lays out a page is paragraphs. A cell
  that is merged is there once, with what it spans; an empty cell has no line; a cell of several
  paragraphs has several lines with an equal `cell`.
- What nobody sees or what is no part of the document (hidden text, headers, footers, page numbers,
  navigation, notes, tables of contents, deleted text) is not in the text but in `left_out`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

PARAGRAPH, HEADING, CELL = "paragraph", "heading", "cell"
BLANK = " \t\r\f\v\u00a0\u3000\ufeff\u200b"  # around the words of a line
TEXT, HTML, DOCX, PDF = "text", "html", "docx", "pdf"
MHT = "mht"  # a page in an archive, whose format is HTML once it is read


@dataclass(frozen=True, slots=True)
class Cell:
    """The place of a cell. Tables, rows and columns count from 1, nested tables too."""

    table: int
    row: int
    column: int
    rows: int = 1  # that it spans
    columns: int = 1
    header: bool = False


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One block of a text, which has no line of its own if it is blank."""

    number: int  # counts from 1
    start: int
    end: int
    kind: str = PARAGRAPH
    level: int = 0  # of a heading, from 1; 0 is the title of the whole
    label: int = 0  # characters at its start that numbering generated
    align: str = ""  # "center" or "right", if the markup says so
    joined: bool = False  # a single line break, no paragraph, parts it from the block before
    cell: Cell | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line, or part of one, that does not belong to the document.

    `line` counts from 1; of what is not in the text, it is the line that it stands before.
    """

    line: int
    text: str
    reason: str
    source: tuple[int, int] | None = field(default=None, compare=False)  # its place in the text


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another encoding that the bytes have, and what the text would begin with."""

    encoding: str
    preview: str


@dataclass(frozen=True, slots=True)
class BrokenByte:
    """Where bytes of a text are no character; its line counts from 1, its bytes from 0."""

    line: int
    byte: int


@dataclass(frozen=True, slots=True)
class Source:
    text: str
    lines: tuple[SourceLine, ...]
    left_out: tuple[LeftOut, ...] = ()
    format: str = TEXT
    encoding: str = ""  # "" where the format says how its text is encoded
    alternatives: tuple[Alternative, ...] = ()
    broken: tuple[BrokenByte, ...] = ()


def lines_of(text: str) -> Iterator[SourceLine]:
    """The lines of a text without markup that are not blank."""
    start = 0
    for number, raw in enumerate(text.split("\n"), 1):
        words = raw.strip(BLANK)
        if words:
            first = start + raw.index(words)
            yield SourceLine(number, first, first + len(words))
        start += len(raw) + 1
