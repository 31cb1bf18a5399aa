"""The source of a document line by line with its repairs, and where its paragraphs are in it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.documents.ingest.repair import ANNOTATION, PUNCTUATION, UNREADABLE, applied
from directives.documents.ingest.repair import Repair as RepairRead
from directives.documents.ingest.shifted_runs import HALF_LOST, SHIFTED_RUN
from directives.models import Document, LeftOut, Repair
from directives.models.documents import PROPOSED, REFUSED

CONTEXT_LENGTH = 18  # characters shown on either side of a doubtful place
_NOT_LETTERS = re.compile(r"[\W_]+")

AnyRepair = Repair | RepairRead  # stored, or of a reading
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
    "signature": pgettext_lazy("document", "Signature"),
    "hidden text": _("Hidden text"),
    "deleted text": _("Deleted text"),
    "contents": _("Table of contents"),
    "header": _("Page header"),
    "footer": _("Page footer"),
    "footnote": _("Footnote"),
    "endnote": _("Endnote"),
    "comment": pgettext_lazy("left out", "Comment"),
    "form": _("Form of the web page"),
    "aside": _("Beside the text of the web page"),
    "outside the main part": _("Outside the main part of the web page"),
    "date": _("Date of issue"),
    "document number": _("Document number"),
    "annexes": _("List of annexes"),
    "annex": _("Number of an annex"),
    "names": _("Names of members"),
    "attendance": _("Who was present"),
    "copies": pgettext_lazy("left out", "Copies"),
    "metadata": _("Table of the website"),
    "responsibility": _("Who is responsible"),
    "table": pgettext_lazy("left out", "Table"),
    "table head": _("Title row of a table"),
}


def kind_word(kind: str) -> str | Promise:
    """The kind of a repair in words."""
    return REPAIR_KINDS.get(kind) or pgettext_lazy("repair", "Other damage")


def reason_word(reason: str) -> str | Promise:
    """Why a line is left out, in words."""
    return REASONS.get(reason) or _("Web page extras")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a line as saved; with a repair, the (perhaps empty) stretch that it replaces."""

    text: str
    repair: Repair | None = None


@dataclass(frozen=True, slots=True)
class SourceLine:
    number: int  # from 1
    spans: tuple[Span, ...]
    left_out: tuple[LeftOut, ...] = ()  # the parts of it that do not belong to the document

    @property
    def text(self) -> str:
        """The line as saved."""
        return "".join(span.text for span in self.spans)

    @property
    def is_left_out(self) -> bool:
        """Whether the whole line is left out."""
        left_out = "".join(row.text for row in self.left_out)
        return bool(left_out) and len(bare_text(left_out)) >= len(bare_text(self.text))


def source_lines(
    document: Document, repairs: Iterable[Repair], left_out: Iterable[LeftOut]
) -> tuple[SourceLine, ...]:
    """The lines of the text as read, without blank ones."""
    repairs_by_line: dict[int, list[Repair]] = {}
    for repair in repairs:
        repairs_by_line.setdefault(repair.line, []).append(repair)
    left_out_by_line: dict[int, list[LeftOut]] = {}
    for row in left_out:
        left_out_by_line.setdefault(row.line, []).append(row)
    numbered = (
        (number, text)
        for number, text in enumerate(document.text_read.split("\n"), 1)
        if text.strip()
    )
    return tuple(
        SourceLine(
            number,
            spans(text, repairs_by_line.get(number, ())),
            tuple(left_out_by_line.get(number, ())),
        )
        for number, text in numbered
    )


def spans(text: str, repairs: Sequence[Repair]) -> tuple[Span, ...]:
    """A line cut at its repairs, which do not overlap; one that does not fit is ignored."""
    result, position = [], 0
    for repair in sorted(repairs, key=lambda row: (row.start, row.order)):
        end = repair.start + len(repair.before)
        if repair.start < position or text[repair.start : end] != repair.before:
            continue
        if repair.start > position:
            result.append(Span(text[position : repair.start]))
        result.append(Span(repair.before, repair))
        position = end
    if position < len(text):
        result.append(Span(text[position:]))
    return tuple(result)


def bare_text(text: str) -> str:
    """A text without punctuation and spaces, for finding sentences in lines."""
    return _NOT_LETTERS.sub("", text)


def paragraph_lines(repaired: str, paragraphs: Iterable[Sequence[str]]) -> list[range]:
    """The line numbers of each paragraph, given by its sentences; empty where it is not found."""
    letters = ""
    line_of: list[int] = []  # of each character in `words`
    for number, line in enumerate(repaired.split("\n"), 1):
        line_letters = bare_text(line)
        letters += line_letters
        line_of += [number] * len(line_letters)
    position, result = 0, []
    for sentences in paragraphs:
        first, last = bare_text(sentences[0]), bare_text(sentences[-1])
        start = letters.find(first, position) if first else -1
        end = letters.find(last, start) + len(last) - 1 if start >= 0 and last else -1
        if start < 0 or end < start:
            result.append(range(0))
            continue
        position = end
        result.append(range(line_of[start], line_of[end] + 1))
    return result


def repairs_in(sentence: str, lines: Iterable[SourceLine]) -> tuple[Repair, ...]:
    """The repairs in the text of a sentence, without those of punctuation marks."""
    sentence_letters = bare_text(sentence)
    for line in lines:
        letters = ""
        repairs: list[tuple[int, Repair]] = []  # with their places in `words`
        for span in line.spans:
            if span.repair and span.repair.kind != PUNCTUATION:
                repairs.append((len(letters), span.repair))
            replaced = span.repair and span.repair.state != REFUSED
            letters += bare_text(span.repair.after if span.repair and replaced else span.text)
        start = letters.find(sentence_letters) if sentence_letters else -1
        if start >= 0:
            return tuple(
                repair
                for place, repair in repairs
                if start <= place < start + len(sentence_letters)
            )
    return ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """An undecided repair with the text around it as it now reads."""

    repair: AnyRepair
    left_context: str
    right_context: str

    @property
    def kind(self) -> str | Promise:
        return kind_word(self.repair.kind)


def doubts(text_read: str, repairs: Sequence[AnyRepair]) -> tuple[Doubt, ...]:
    """The undecided ones among these repairs."""
    lines = text_read.split("\n")
    result = []
    for repair in repairs:
        if is_undecided(repair):
            line = lines[repair.line - 1]
            in_line = [row for row in repairs if row.line == repair.line]
            index = next(position for position, row in enumerate(in_line) if row is repair)
            left_context = applied(line[: repair.start], in_line[:index])
            end = repair.start + len(repair.before)
            later = [
                _ShiftedRepair(row.start - end, row.before, row.after)
                for row in in_line[index + 1 :]
            ]
            result.append(
                Doubt(
                    repair,
                    left_context[-CONTEXT_LENGTH:],
                    applied(line[end:], later)[:CONTEXT_LENGTH],
                )
            )
    return tuple(result)


@dataclass(frozen=True, slots=True)
class _ShiftedRepair:
    """A repair with its place in the rest of its line."""

    start: int
    before: str
    after: str


def is_undecided(repair: AnyRepair) -> bool:
    if isinstance(repair, Repair):
        return repair.state == PROPOSED
    return not repair.certain and not repair.confirmed_by
