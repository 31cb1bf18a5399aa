"""The preview of a file that is not stored yet."""

from collections import Counter
from dataclasses import dataclass

from django.utils.functional import Promise

from directives.documents.ingest.labels import with_mark
from directives.documents.ingest.reading import Reading, SectionRead
from directives.documents.queries.source import Doubt, doubts, kind_word


@dataclass(frozen=True, slots=True)
class SectionPreview:
    number: str
    title: str
    paragraphs: int
    directives: int
    statements: int
    items: int
    opening: str  # its first sentence

    @property
    def label(self) -> str:
        return with_mark(self.number)


@dataclass(frozen=True, slots=True)
class ReadingPreview:
    reading: Reading
    sections: tuple[SectionPreview, ...]
    repairs: tuple[tuple[str | Promise, int], ...]  # kind, count
    doubts: tuple[Doubt, ...]

    @property
    def directives(self) -> int:
        return sum(section.directives for section in self.sections)

    @property
    def statements(self) -> int:
        return sum(section.statements for section in self.sections)

    @property
    def items(self) -> int:
        return sum(section.items for section in self.sections)


def preview_of(reading: Reading) -> ReadingPreview:
    kinds = Counter(repair.kind for repair in reading.repairs)
    repairs = tuple((kind_word(kind), count) for kind, count in kinds.most_common())
    return ReadingPreview(
        reading,
        tuple(map(_section, reading.sections)),
        repairs,
        doubts(reading.text_read, reading.repairs),
    )


def _section(section: SectionRead) -> SectionPreview:
    sentences = [sentence for paragraph in section.paragraphs for sentence in paragraph]
    return SectionPreview(
        section.number,
        section.title,
        len(section.paragraphs),
        len(sentences),
        sum(s.statement for s in sentences),
        sum(len(s.items) for s in sentences),
        sentences[0].text if sentences else "",
    )
