"""The reading of a document: from bytes to requirements with addressees, modality and items."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from directives.base.script import to_hans
from directives.documents.ingest.addressees import UNSTATED, AddresseeRead, addressees_of
from directives.documents.ingest.items import ItemRead, items_of
from directives.documents.ingest.modality import (
    STATEMENT,
    cadence_of,
    is_statement,
    kind_of,
    modality_of,
)
from directives.documents.ingest.repair import Confirmation, Repair, repaired
from directives.documents.ingest.sources import DocumentError, LeftOut, source_of
from directives.documents.ingest.structure import (
    Section,
    Structure,
    is_label,
    structure_of,
)

# The longest title, issuer and name that the register takes, in characters.
TITLE, ISSUER, NAME = 200, 100, 100
START = 20  # characters of a heading that a message quotes


@dataclass(frozen=True, slots=True)
class SentenceRead:
    """One sentence in the document's own words.

    A statement has no addressees, no modality, no cadence and no items.
    """

    code: str
    text: str
    text_hans: str
    statement: bool
    addressees: tuple[AddresseeRead, ...]
    modality: str
    kind: str
    cadence: str
    items: tuple[ItemRead, ...]


@dataclass(frozen=True, slots=True)
class SectionRead:
    """A part of the document; `number` is "" for the opening and closing paragraphs."""

    number: str
    title: str
    paragraphs: tuple[tuple[SentenceRead, ...], ...]


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

    @property
    def sentences(self) -> Iterator[SentenceRead]:
        return (
            sentence
            for section in self.sections
            for paragraph in section.paragraphs
            for sentence in paragraph
        )


def read(source: bytes, *, name: str, confirmations: Sequence[Confirmation] = ()) -> Reading:
    """Read a document, which messages call `name`.

    Raises DocumentError: as `source_of`, or no_section, repeated_number, long, or confirmations
    where one confirms what was never proposed.
    """
    found = source_of(source, name=name)
    repaired_text = repaired(found.text, confirmations)
    if repaired_text.unused:
        unused = repaired_text.unused[0]
        place = f"line {unused.line}, character {unused.start}"
        reason = f"nothing like “{unused.proposed}” was proposed at {place}"
        raise DocumentError("confirmations", {"reason": reason})
    structure = structure_of(repaired_text.text, name=name)
    check(structure, name)
    return Reading(
        title=structure.title,
        issuer=structure.issuer,
        script=script_of(repaired_text.text),
        sections=tuple(map(_section, structure.sections)),
        repairs=repaired_text.repairs,
        left_out=tuple(
            sorted((*found.left_out, *structure.left_out), key=lambda left_out: left_out.line)
        ),
        text_read=found.text,
        text_repaired=repaired_text.text,
        sha256=hashlib.sha256(source).hexdigest(),
    )


def check(structure: Structure, name: str) -> None:
    """Raise DocumentError where two sections have one number, or a heading is too long."""
    sections: dict[str, Section] = {}
    for section in structure.sections:
        other = sections.setdefault(section.prefix, section)
        if other is not section:
            titles = {"first": other.title[:START], "second": section.title[:START]}
            raise DocumentError(
                "repeated_number", {"name": name, "number": section.prefix, **titles}
            )
    titles_and_limits = (
        (structure.title, TITLE),
        (structure.issuer, ISSUER),
        *((section.title, TITLE) for section in structure.sections),
    )
    for text, limit in titles_and_limits:
        if len(text) > limit:
            params = {"name": name, "length": len(text), "limit": limit, "start": text[:START]}
            raise DocumentError("long", params)


def script_of(text: str) -> str:
    # Simplified text has a few characters that the converter changes.
    changed = sum(a != b for a, b in zip(text, to_hans(text), strict=False))
    return "hant" if changed * 100 > len(text) else "hans"


def _section(section: Section) -> SectionRead:
    paragraphs = (
        _paragraph(sentences, f"{section.prefix}.{number}")
        for number, sentences in enumerate(section.paragraphs, 1)
    )
    return SectionRead(section.number, section.title, tuple(paragraphs))


def _paragraph(sentences: Sequence[str], prefix: str) -> tuple[SentenceRead, ...]:
    """The sentences of a paragraph; addressees are carried from one to the next."""
    paragraph: list[SentenceRead] = []
    before: tuple[AddresseeRead, ...] = ()
    code_before = ""
    for number, text in enumerate(sentences, 1):
        sentence = _sentence(text, f"{prefix}.{number}", before, code_before)
        paragraph.append(sentence)
        if not sentence.statement:
            before, code_before = sentence.addressees, sentence.code
    return tuple(paragraph)


def _sentence(
    text: str, code: str, before: Sequence[AddresseeRead], code_before: str
) -> SentenceRead:
    hans = _aligned(text)
    if is_statement(hans) or is_label(hans):
        return SentenceRead(code, text, hans, True, (), "", STATEMENT, "", ())
    addressees = tuple(
        addressee
        for addressee in addressees_of(text, hans, before, code_before)
        if len(addressee.name) <= NAME
    )
    owners = tuple(
        _aligned(addressee.name) for addressee in addressees if addressee.basis != UNSTATED
    )
    items = tuple(item for item in items_of(text, hans, owners) if len(item.name) <= NAME)
    modality = modality_of(hans)
    kind = kind_of(hans, modality, [(_aligned(item.verb), _aligned(item.name)) for item in items])
    return SentenceRead(
        code, text, hans, False, addressees, modality, kind, cadence_of(hans, kind), items
    )


def _aligned(text: str) -> str:
    """The text in Simplified script with each character in its place."""
    hans = to_hans(text)
    if len(hans) == len(text):
        return hans
    return "".join(to_hans(character)[:1] or character for character in text)
