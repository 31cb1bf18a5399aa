"""What a part of a document consists of: sections, and paragraphs with their sentences."""

from dataclasses import dataclass, field

from directives.documents.ingest.labels import Label
from directives.documents.ingest.responsibility import Responsibility
from directives.documents.ingest.sources import LeftOut
from directives.documents.ingest.words import Words


@dataclass(slots=True)
class Paragraph:
    """The sentences of one line, or of an article's several.

    `code` is their first part and `numbers` their last: 一.2 and 1, 2, 3; `who` is of the bracket
    or line behind them.
    """

    sentences: list[Words]
    code: str
    titles: set[int] = field(default_factory=set)  # sentences that could be headings
    who: list[Responsibility | None] = field(default_factory=list)
    starts: set[int] = field(default_factory=set)  # sentences where a paragraph begins
    fields: tuple[tuple[int, int], ...] = ()  # places of the other cells of a row
    about: str = ""
    captions: set[int] = field(default_factory=set)  # sentences that say what stands below
    labels: dict[int, int] = field(default_factory=dict)  # characters of a label in a sentence


@dataclass(slots=True)
class Section:
    number: str  # "" for the opening and the closing
    title: str
    prefix: str  # the first part of the codes of its sentences
    level: int = 1
    source: tuple[int, int] | None = None  # of the heading
    paragraphs: list[Paragraph] = field(default_factory=list)
    first: int = 1  # the number of its first paragraph


@dataclass(slots=True)
class Structure:
    sections: list[Section]
    left_out: list[LeftOut]


@dataclass(slots=True)
class Open:
    """A heading that is open: what stands below it belongs to it."""

    label: Label
    who: Responsibility | None
    about: str
    heading: bool
