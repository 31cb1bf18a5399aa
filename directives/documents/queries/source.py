"""The source of a document line by line, each repair a mark in its place, and where its paragraphs stand in it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.documents.ingest.repair import (
    ANNOTATION,
    HALF_LOST,
    PUNCTUATION,
    SHIFTED_RUN,
    UNREADABLE,
    applied,
)
from directives.models import Document, LeftOut, Repair
from directives.models.documents import PROPOSED, REFUSED

NEAR = 18  # characters shown on either side of a doubtful place
_NOT_WORDS = re.compile(r"[\W_]+")

REPAIR_KINDS: dict[str, str | Promise] = {
    ANNOTATION: pgettext_lazy("repair", "Reading in brackets"),
    PUNCTUATION: pgettext_lazy("repair", "Half-width mark"),
    SHIFTED_RUN: pgettext_lazy("repair", "Shifted run"),
    HALF_LOST: pgettext_lazy("repair", "Half-lost character"),
    UNREADABLE: pgettext_lazy("repair", "Unreadable place"),
}
REASONS: dict[str, str | Promise] = {
    "navigation": _("Navigation"),
    "editor": _("Editor’s name"),
    "keywords": _("Keywords"),
    "source": pgettext_lazy("left out", "Source"),
    "time": _("Time of publication"),
    "page tool": _("Page tool"),
    "page number": _("Page number"),
    "dateline": _("Dateline"),
    "end mark": _("End mark"),
    "front matter": _("Front matter"),
    "recipient": _("Recipient"),
    "signature": _("Signature"),
}


def kind_word(repair: Repair) -> str | Promise:
    """What kind of damage a repair puts right, for people."""
    return REPAIR_KINDS.get(repair.kind) or pgettext_lazy("repair", "Other damage")


def reason_word(row: LeftOut) -> str | Promise:
    """Why a line is not the document's, for people."""
    return REASONS.get(row.reason) or _("Web page extras")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a line as it stands on the page; with a repair, the stretch that it replaces (perhaps empty)."""

    text: str
    repair: Repair | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the source; `number` counts from 1. `left_out` is what of it, perhaps all, is not the document's."""

    number: int
    spans: tuple[Span, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def text(self) -> str:
        """The line as it stands on the page."""
        return "".join(span.text for span in self.spans)

    @property
    def out(self) -> bool:
        """Nothing of the line is the document's."""
        return bool(self.left_out) and len(key("".join(row.text for row in self.left_out))) >= len(
            key(self.text)
        )


def lines_of(
    document: Document, repairs: Iterable[Repair], left_out: Iterable[LeftOut]
) -> tuple[Line, ...]:
    """Every line of the text as read, in order; blank lines are passed over."""
    marks: dict[int, list[Repair]] = {}
    for repair in repairs:
        marks.setdefault(repair.line, []).append(repair)
    furniture: dict[int, list[LeftOut]] = {}
    for row in left_out:
        furniture.setdefault(row.line, []).append(row)
    numbered = (
        (number, text)
        for number, text in enumerate(document.text_read.split("\n"), 1)
        if text.strip()
    )
    return tuple(
        Line(number, spans(text, marks.get(number, ())), tuple(furniture.get(number, ())))
        for number, text in numbered
    )


def spans(text: str, repairs: Sequence[Repair]) -> tuple[Span, ...]:
    """A line cut at its repairs, which do not overlap. A repair that does not fit the line is passed over."""
    found, at = [], 0
    for repair in sorted(repairs, key=lambda row: (row.start, row.order)):
        end = repair.start + len(repair.before)
        if repair.start < at or text[repair.start : end] != repair.before:
            continue
        if repair.start > at:
            found.append(Span(text[at : repair.start]))
        found.append(Span(repair.before, repair))
        at = end
    if at < len(text):
        found.append(Span(text[at:]))
    return tuple(found)


def key(text: str) -> str:
    """The words of a text without its marks and spaces, by which a sentence is found in its line."""
    return _NOT_WORDS.sub("", text)


def places(repaired: str, paragraphs: Iterable[Sequence[str]]) -> list[range]:
    """The numbers of the lines over which each paragraph runs, given its sentences, in order; empty where it is not found."""
    words, owners = "", []
    for number, line in enumerate(repaired.split("\n"), 1):
        found = key(line)
        words += found
        owners += [number] * len(found)
    at, result = 0, []
    for sentences in paragraphs:
        first, last = key(sentences[0]), key(sentences[-1])
        start = words.find(first, at) if first else -1
        end = words.find(last, start) + len(last) - 1 if start >= 0 and last else -1
        if start < 0 or end < start:
            result.append(range(0))
            continue
        at = end
        result.append(range(owners[start], owners[end] + 1))
    return result


def repairs_in(sentence: str, lines: Iterable[Line]) -> tuple[Repair, ...]:
    """The repairs that made the words of a sentence what they are; marks of punctuation are not counted."""
    wanted = key(sentence)
    for line in lines:
        words, before = (
            "",
            [],
        )  # before: how many characters of the words stand ahead of each repair
        for span in line.spans:
            if span.repair and span.repair.kind != PUNCTUATION:
                before.append((len(words), span.repair))
            words += key(
                span.repair.after if span.repair and span.repair.state != REFUSED else span.text
            )
        start = words.find(wanted) if wanted else -1
        if start >= 0:
            return tuple(repair for place, repair in before if start <= place < start + len(wanted))
    return ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubtful place with the words around it as they now read."""

    repair: Any
    left: str
    right: str

    @property
    def kind(self) -> str | Promise:
        return kind_word(self.repair)


def doubts(text_read: str, repairs: Sequence[Any]) -> tuple[Doubt, ...]:
    """The proposals among these repairs (stored ones, or a reading's) that wait for a person."""
    lines = text_read.split("\n")
    found = []
    for repair in repairs:
        if is_waiting(repair):
            line = lines[repair.line - 1]
            own = [row for row in repairs if row.line == repair.line]
            here = next(at for at, row in enumerate(own) if row is repair)
            left = applied(line[: repair.start], own[:here])
            end = repair.start + len(repair.before)
            later = [_Moved(row.start - end, row.before, row.after) for row in own[here + 1 :]]
            found.append(Doubt(repair, left[-NEAR:], applied(line[end:], later)[:NEAR]))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Moved:
    """A repair as it stands in the rest of its line."""

    start: int
    before: str
    after: str


def is_waiting(repair: Any) -> bool:
    """A stored repair or one of a reading that nobody has decided."""
    if isinstance(repair, Repair):
        return repair.state == PROPOSED
    return not repair.certain and not repair.confirmed_by
