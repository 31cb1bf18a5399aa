"""The preview of a file that is not stored yet."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directives.base.states import PARTS
from directives.documents.ingest.deadlines import Due
from directives.documents.ingest.labels import with_mark
from directives.documents.ingest.reading import PartRead, Reading, SentenceRead
from directives.documents.queries.numbering import NumberFault, number_faults
from directives.documents.queries.source import Doubt, doubts, kind_word
from directives.models.documents import INFERRED, INTERVALS

SHOWN = 300  # sentences of the longest documents
_ROLES: dict[str | None, str | Promise] = dict(PARTS)


@dataclass(frozen=True, slots=True)
class SentencePreview:
    sentence: SentenceRead
    who: tuple[tuple[str, str | Promise], ...]  # name, role
    due_on: date | None
    due_every: str | Promise
    doubt: str | Promise  # what a person should look at; "" where nothing is doubtful


@dataclass(frozen=True, slots=True)
class SectionPreview:
    part: str  # label and title of its part, of the first section of it
    in_part: bool
    is_first: bool  # of the document
    number: str
    title: str
    directives: int
    sentences: tuple[SentencePreview, ...]  # as far as they are shown

    @property
    def label(self) -> str:
        return with_mark(self.number)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many sentences there are; all but the first two are of directives."""

    sentences: int
    statements: int
    with_body: int
    with_role: int  # lead or supporting
    with_day: int  # a day or an interval
    doubtful: int
    items: int

    @property
    def directives(self) -> int:
        return self.sentences - self.statements


@dataclass(frozen=True, slots=True)
class ReadingPreview:
    reading: Reading
    counts: Counts
    parts: tuple[PartRead, ...]
    sections: tuple[SectionPreview, ...]
    repairs: tuple[tuple[str | Promise, int], ...]  # kind, count
    doubts: tuple[Doubt, ...]
    numbers: tuple[NumberFault, ...]  # that are skipped or stand twice

    @property
    def more(self) -> int:
        """How many sentences are not shown."""
        return self.counts.sentences - sum(len(section.sentences) for section in self.sections)


def preview_of(reading: Reading) -> ReadingPreview:
    kinds = Counter(repair.kind for repair in reading.repairs)
    return ReadingPreview(
        reading,
        counts_of(reading.sentences),
        reading.parts,
        tuple(_sections(reading)),
        tuple((kind_word(kind), count) for kind, count in kinds.most_common()),
        doubts(reading.text_read, reading.repairs),
        number_faults(sentence.code for sentence in reading.sentences),
    )


def counts_of(sentences: Iterable[SentenceRead]) -> Counts:
    rows = list(sentences)
    directives = [row for row in rows if not row.statement]
    return Counts(
        sentences=len(rows),
        statements=len(rows) - len(directives),
        with_body=sum(any(one.name for one in row.addressees) for row in directives),
        with_role=sum(
            any(one.role in ("lead", "supporting") for one in row.addressees) for row in directives
        ),
        with_day=sum(bool(row.due and (_day(row.due) or row.due.cadence)) for row in directives),
        doubtful=sum(bool(doubt_of(row)) for row in directives),
        items=sum(len(row.items) for row in directives),
    )


def doubt_of(sentence: SentenceRead) -> str | Promise:
    """What a person should look at in a directive."""
    if sentence.title:
        return _("Heading or directive?")
    if sentence.due and not _day(sentence.due) and not sentence.due.cadence:
        return _("Deadline in words only")
    if any(one.basis == INFERRED for one in sentence.addressees):
        return _("Organisation inferred")
    return ""


def _day(due: Due) -> date | None:
    return date.fromisoformat(due.on) if due.on and not due.on.startswith("-") else None


def _sections(reading: Reading) -> Iterator[SectionPreview]:
    titles = {part.label: part.title for part in reading.parts}
    left, part = SHOWN, ""
    for index, section in enumerate(reading.sections):
        sentences = [sentence for paragraph in section.paragraphs for sentence in paragraph]
        shown = tuple(map(_sentence, islice(sentences, left)))
        left -= len(shown)
        begins = section.part if section.part != part else ""
        part = section.part
        yield SectionPreview(
            f"{begins} {titles.get(begins, '')}".strip(),
            bool(part),
            index == 0,
            section.number,
            section.title,
            len(sentences),
            shown,
        )


def _sentence(sentence: SentenceRead) -> SentencePreview:
    due = sentence.due
    return SentencePreview(
        sentence,
        tuple((one.name, _ROLES.get(one.role, "")) for one in sentence.addressees if one.name),
        _day(due) if due else None,
        dict(INTERVALS).get(due.cadence or "", "") if due else "",
        "" if sentence.statement else doubt_of(sentence),
    )
