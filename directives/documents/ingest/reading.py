"""The reading of a document: from bytes to requirements with addressees, deadlines and items."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from directives.base.script import to_hans
from directives.documents.ingest.bodies import is_name
from directives.documents.ingest.deadlines import Dated, day_in
from directives.documents.ingest.frame import (
    Frame,
    left_out,
    lines_with_end_marks,
)
from directives.documents.ingest.frame_lines import (
    is_day,
    is_kind,
    is_title,
    is_title_of_all,
    places_run_on,
)
from directives.documents.ingest.furniture import (
    contents_of,
    is_row_of_keys,
    metadata_of,
    places_of_keys,
    reason_of,
    related_in,
    values_in,
)
from directives.documents.ingest.headings import GUIDING, who_of_title
from directives.documents.ingest.modality import MODAL
from directives.documents.ingest.outline import Structure
from directives.documents.ingest.parts import Part, parts_of
from directives.documents.ingest.repair import PUNCTUATION, Confirmation, Repair, repaired
from directives.documents.ingest.requirements import (
    NAME,
    SectionRead,
    SentenceRead,
    sections_of,
)
from directives.documents.ingest.responsibility import Responsibility, says_first_leads
from directives.documents.ingest.sources import (
    Alternative,
    BrokenByte,
    DocumentError,
    LeftOut,
    Source,
    source_of,
)
from directives.documents.ingest.structure import OPENING, Builder
from directives.documents.ingest.text_tables import with_cells
from directives.documents.ingest.words import Line, lines_of
from directives.documents.ingest.wrapped import at_numbers, unwrapped, whole_notes, with_numbers

__all__ = [
    "ISSUER",
    "NAME",
    "TITLE",
    "PartRead",
    "Reading",
    "SectionRead",
    "SentenceRead",
    "read",
    "script_of",
]

# Lines of one document: its sentences are at least as many, and are stored in one transaction.
LINES = 50_000
# The longest title and issuer that the register takes, in characters.
TITLE, ISSUER = 200, 100
START = 20  # characters of a heading that a message quotes
EXAMPLE = "一、加强领导"  # of a heading, for messages


@dataclass(frozen=True, slots=True)
class PartRead:
    """A part after the first: a plan that a notice carries, an annex."""

    label: str
    title: str
    source: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as read.

    `script` is "hant" or "hans", `sha256` is of the source bytes.
    """

    title: str
    issuer: str
    script: str
    sections: tuple[SectionRead, ...]
    repairs: tuple[Repair, ...]
    left_out: tuple[LeftOut, ...]
    text_read: str  # before the repairs
    text_repaired: str
    sha256: str
    frame: Frame = Frame()
    parts: tuple[PartRead, ...] = ()
    encoding: str = ""  # "" where the format says how its text is encoded
    alternatives: tuple[Alternative, ...] = ()
    broken: tuple[BrokenByte, ...] = ()

    @property
    def sentences(self) -> Iterator[SentenceRead]:
        return (
            sentence
            for section in self.sections
            for paragraph in section.paragraphs
            for sentence in paragraph
        )


def read(
    source: bytes, *, name: str, confirmations: Sequence[Confirmation] = (), encoding: str = ""
) -> Reading:
    """Read a document, which messages call `name`; `encoding` is one that a person chose.

    Raises DocumentError: empty, too_large, binary, encoding, no_section, long, or confirmations
    where one confirms what was never proposed.
    """
    origin = _origin(source, name, encoding)
    repaired_text = repaired(origin.text, confirmations)
    if repaired_text.unused:
        unused = repaired_text.unused[0]
        place = f"line {unused.line}, character {unused.start}"
        reason = f"nothing like “{unused.proposed}” was proposed at {place}"
        raise DocumentError("confirmations", {"reason": reason})
    rows = list(origin.left_out)
    whole = whole_notes(unwrapped(list(lines_of(origin, repaired_text.repairs)), origin.text))
    cut = [piece for line in with_cells(whole, origin.text) for piece in _cut(line)]
    lines, portal = _without_furniture(list(with_numbers(cut)), rows)
    parts = parts_of(lines)
    frame = _with_fields(parts[0].frame, portal)
    doubtful = _doubtful(origin.text, repaired_text.repairs)
    sections = list(_sections(parts, frame, doubtful, rows))
    _check(sections, frame, name, lines)
    return Reading(
        title=frame.title,
        issuer=" ".join(frame.issuers),
        script=script_of(repaired_text.text),
        sections=tuple(sections),
        repairs=repaired_text.repairs,
        left_out=tuple(sorted(rows, key=_place)),
        text_read=origin.text,
        text_repaired=repaired_text.text,
        sha256=hashlib.sha256(source).hexdigest(),
        frame=frame,
        parts=tuple(map(_part, parts[1:])),
        encoding=origin.encoding,
        alternatives=origin.alternatives,
        broken=origin.broken,
    )


def _origin(source: bytes, name: str, encoding: str) -> Source:
    origin = source_of(source, name=name, encoding=encoding)
    if len(origin.lines) > LINES:
        params = {"name": name, "count": len(origin.lines), "limit": LINES}
        raise DocumentError("many_lines", params)
    return origin


def _sections(
    parts: Sequence[Part], frame: Frame, doubtful: frozenset[int], rows: list[LeftOut]
) -> Iterator[SectionRead]:
    """The sections of all parts; what is left out of them goes to `rows`."""
    # 列第一位者为牵头单位，下同, or under the title for all that follows
    first_leads = any(says_first_leads(to_hans(row.text)) for row in parts[0].left_out)
    first_leads = first_leads or any(
        says_first_leads(re.sub("（[^（）]*）", "", line.hans)) for line in parts[0].lines
    )
    for part in parts:
        summary = bool(part.title) and part.title[-1].hans.endswith("总结")
        told = GUIDING if summary else ""
        builder = Builder(_dated(frame, part), doubtful, first_leads=first_leads, about=told)
        structure = builder.build(part.lines)
        first_leads = builder.first_leads
        title = "".join(line.text for line in part.title) or (frame.title if not part.label else "")
        _give_to(who_of_title(title), structure)
        rows += [*part.left_out, *structure.left_out]
        carries = len(parts) > 1 and part is parts[0] and not parts[1].label.startswith("附")
        yield from sections_of(structure, part.label, builder.dated, carries=carries)


def _give_to(who: Responsibility | None, structure: Structure) -> None:
    """Give all that nobody else is told to do to those whose duties a title says it is."""
    paragraphs = [paragraph for section in structure.sections for paragraph in section.paragraphs]
    for paragraph in paragraphs if who else []:
        paragraph.who = [row or who for row in paragraph.who]


def _part(part: Part) -> PartRead:
    return PartRead(part.label, "".join(line.text for line in part.title), _range(part.title))


def script_of(text: str) -> str:
    # Simplified text has a few characters that the converter changes.
    changed = sum(a != b for a, b in zip(text, to_hans(text), strict=False))
    return "hant" if changed * 100 > len(text) else "hans"


def _place(row: LeftOut) -> tuple[int, int]:
    return row.line, row.source[0] if row.source else -1


def _range(lines: Sequence[Line]) -> tuple[int, int] | None:
    return (lines[0].words.source[0], lines[-1].words.source[1]) if lines else None


def _without_furniture(lines: list[Line], rows: list[LeftOut]) -> tuple[list[Line], Frame]:
    """The lines of the document, and the frame that a portal's table gives."""
    metadata, contents, related = metadata_of(lines), contents_of(lines), related_in(lines)
    kept: list[Line] = []
    for at, line in enumerate(lines):
        reason = "" if line.markup.cell else reason_of(line.hans)
        if not reason and at + 1 < len(lines) and _repeats(line, lines[at + 1]):
            reason = "page tool"
        if at in metadata:
            reason = "metadata"
        elif at in contents:
            reason = "contents"
        elif at in related:
            reason = "page tool"
        if reason:
            rows.append(left_out(line, reason))
        else:
            kept.append(line)
    return list(lines_with_end_marks(kept, rows)), _frame_of(lines, metadata)


def _repeats(line: Line, below: Line) -> bool:
    """Whether a line of the page says what the title below it is: 意见 above …的意见, 第一篇：…"""
    if line.markup.cell or below.markup.cell:
        return False
    first = re.match("第一[篇部][：:、]?\\s*(?=..)", line.hans)
    if first:
        return below.hans == line.hans[first.end() :]
    return is_kind(line.hans) and is_title(below.hans) and below.hans.endswith(line.hans)


_NUMBERS = ("发文字号", "文号", "发布文号")
_ISSUERS = (
    "发文机关",
    "发文机构",
    "制发机关",
    "发布机关",
    "印发机关",
    "发文单位",
    "发文部门",
    "发布机构",
)
_DATES = ("成文日期", "发文日期", "印发日期", "印发时间")


def _frame_of(lines: Sequence[Line], metadata: dict[int, str]) -> Frame:
    """The frame that the table of a portal gives."""
    numbers = (words.text for words in values_in(lines, metadata, _NUMBERS))
    days = (day_in(words.hans) for words in values_in(lines, metadata, _DATES))
    issuers = [words for words in values_in(lines, metadata, _ISSUERS) if is_name(words.hans)]
    day = next((day for day in days if day), None)
    return Frame(
        number=next((number for number in numbers if re.search("[号號]", number)), ""),
        issuers=tuple(name.text for words in issuers[:1] for name in words.split("[ 、，；]")),
        date=day.isoformat() if day else None,
    )


def _with_fields(frame: Frame, portal: Frame) -> Frame:
    """The frame; what the paper does not say, the table of its portal does."""
    return replace(
        frame,
        number=frame.number or portal.number,
        issuers=frame.issuers or portal.issuers,
        date=frame.date or portal.date,
    )


def _cut(line: Line) -> Iterator[Line]:
    """A line at the spaces behind its title, and before the signature and day at its end.

    Such lines are of texts that were saved without line breaks.
    """
    if line.markup.cell or reason_of(line.hans) == "time":
        yield line
        return
    if is_row_of_keys(line.hans):
        yield from (Line(line.number, words, line.markup) for words in line.words.split("[|｜]"))
        return
    keys = [] if reason_of(line.hans) else places_of_keys(line.hans)
    if keys:
        for start, end in zip([0, *keys], [*keys, None], strict=True):
            yield Line(line.number, line.words.cut(start, end), line.markup)
        return
    gaps = list(re.finditer(" +", line.text))
    run_on = places_run_on(line.hans)
    if not gaps and not run_on:
        yield from at_numbers(line)
        return
    cuts = [gap.end() for gap in gaps if is_title_of_all(line.hans[: gap.start()])][:1]
    if cuts:
        cuts += [gap.end() for gap in gaps if line.hans[: gap.start()].endswith(("：", ":"))][:1]
    if gaps and is_day(line.hans[gaps[-1].end() :]):
        cuts += [gap.end() for gap in gaps[-2:]]
    starts = sorted({0, *cuts, *run_on})
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        words = line.words.cut(start, end)
        yield from at_numbers(Line(line.number, words, line.markup))


def _doubtful(text: str, repairs: Sequence[Repair]) -> frozenset[int]:
    """Places in the source of question marks that may be lost characters instead."""
    doubtful = [
        repair
        for repair in repairs
        if repair.kind == PUNCTUATION and not repair.certain and repair.after == "？"
    ]
    if not doubtful:
        return frozenset()
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    return frozenset(starts[repair.line - 1] + repair.start for repair in doubtful)


def _dated(frame: Frame, part: Part) -> Dated:
    day = part.frame.date if part.label and part.frame.date else frame.date
    if day:
        return Dated(date.fromisoformat(day))
    title = frame.title + "".join(line.text for line in part.title)
    year = re.search(r"(20\d{2})\s*年", title)
    minguo = re.search(r"(?<!\d)(1[0-2]\d)\s*年度", title)
    if year is None and minguo is not None:
        return Dated(None, int(minguo[1]) + 1911)
    return Dated(None, int(year[1]) if year else None)


def _check(sections: Sequence[SectionRead], frame: Frame, name: str, lines: Sequence[Line]) -> None:
    """Raise DocumentError where nothing was asked, or a heading is too long."""
    sentences = [
        sentence
        for section in sections
        for paragraph in section.paragraphs
        for sentence in paragraph
    ]
    numbered = any(section.number or section.title for section in sections)
    asks = any(
        not sentence.statement
        and (sentence.due or MODAL.search(sentence.text_hans) or sentence.addressees[0].name)
        for sentence in sentences
    )
    framed = bool(frame.number or frame.recipients or frame.date)
    coded = any(not sentence.code.startswith(OPENING) for sentence in sentences)
    if not sentences or not (numbered or asks or framed or coded):
        raise DocumentError("no_section", {"name": name, "lines": len(lines), "example": EXAMPLE})
    texts_and_limits = (
        (frame.title, TITLE),
        (" ".join(frame.issuers), ISSUER),
        *((section.title, TITLE) for section in sections),
    )
    for text, limit in texts_and_limits:
        if len(text) > limit:
            params = {"name": name, "length": len(text), "limit": limit, "start": text[:START]}
            raise DocumentError("long", params)
