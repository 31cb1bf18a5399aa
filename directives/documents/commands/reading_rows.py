"""The rows of a reading: made without the database, which takes long, then inserted at once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from typing import Any

from django.db.models import Model

from directives.base.script import fold, to_hans, to_hant
from directives.base.states import RESPONSIBLE
from directives.documents.ingest.deadlines import Due
from directives.documents.ingest.reading import Reading, SectionRead, SentenceRead
from directives.models import (
    Addressee,
    Directive,
    Document,
    DocumentPart,
    Item,
    LeftOut,
    Repair,
    Section,
)
from directives.models.documents import CERTAIN, CONFIRMED, PROPOSED, UNSTATED
from directives.models.sql import insert


def in_both_scripts(text: str, script: str) -> tuple[str, str]:
    """A text in Simplified and in Traditional script; in its own `script` it stays unchanged."""
    if script == "hans":
        return text, to_hant(text)
    return to_hans(text), text


@dataclass(slots=True)
class ReadingRows:
    """Unsaved rows, which know one another but not their document."""

    parts: list[DocumentPart] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    directives: list[Directive] = field(default_factory=list)
    addressees: list[Addressee] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def store(self, document: Document) -> int:
        """Insert all rows; returns how many directives there are."""
        of_document: Iterable[Any] = chain(
            self.parts, self.sections, self.directives, self.repairs, self.left_out
        )
        for row in of_document:
            row.document = document
        insert(DocumentPart, self.parts)
        _know_ids(self.sections, "part")
        insert(Section, self.sections)
        _know_ids(self.directives, "section")
        insert(Directive, self.directives)
        _know_ids(chain(self.addressees, self.items), "directive")
        insert(Addressee, self.addressees)
        insert(Item, self.items)
        insert(Repair, self.repairs)
        insert(LeftOut, self.left_out)
        return len(self.directives)


def _know_ids(rows: Iterable[Model], name: str) -> None:
    """Take over the ids that the rows named so have by now."""
    for row in rows:
        setattr(row, name, getattr(row, name))


def rows_of(
    reading: Reading, now: datetime, made: Callable[[int], None] = lambda sentences: None
) -> ReadingRows:
    """All rows of a reading. `made` is told after each sentence how many there are."""
    rows = ReadingRows(
        parts=_parts_of(reading), repairs=_repairs_of(reading, now), left_out=_left_out_of(reading)
    )
    by_label = {part.label: part for part in rows.parts}
    for order, section in enumerate(reading.sections):
        row = _section_of(by_label.get(section.part), section, reading.script, order)
        rows.sections.append(row)
        for paragraph, read in enumerate(section.paragraphs, section.first):
            for number, sentence in enumerate(read, 1):
                directive = _directive_of(row, sentence, reading.script)
                directive.paragraph, directive.sentence = paragraph, number
                directive.order = len(rows.directives) + 1
                rows.directives.append(directive)
                named = [(one.name, one.basis, one.source, one.role) for one in sentence.addressees]
                rows.addressees += addressees_of(directive, reading.script, named)
                rows.items += _items_of(directive, sentence, reading.script)
                made(len(rows.directives))
    return rows


def _parts_of(reading: Reading) -> list[DocumentPart]:
    parts = []
    for order, part in enumerate(reading.parts):
        hans, hant = in_both_scripts(part.title, reading.script)
        parts.append(
            DocumentPart(
                order=order, label=part.label, title=part.title, title_hans=hans, title_hant=hant
            )
        )
    return parts


def _section_of(
    part: DocumentPart | None, section: SectionRead, script: str, order: int
) -> Section:
    hans, hant = in_both_scripts(section.title, script)
    return Section(
        part=part,
        level=section.level,
        number=section.number,
        order=order,
        title=section.title,
        title_hans=hans,
        title_hant=hant,
    )


def _directive_of(section: Section, sentence: SentenceRead, script: str) -> Directive:
    hans, hant = in_both_scripts(sentence.text, script)
    return Directive(
        section=section,
        code=sentence.code,
        text=sentence.text,
        text_hans=hans,
        text_hant=hant,
        search_key=fold(f"{sentence.code} {sentence.text}"),
        statement=sentence.statement,
        modality=sentence.modality,
        kind=sentence.kind,
        cadence=sentence.cadence,
        title=sentence.title,
        source_start=sentence.source[0],
        source_end=sentence.source[1],
        places=[list(place) for place in sentence.fields],
        **deadline_of(sentence.due),
    )


def _items_of(directive: Directive, sentence: SentenceRead, script: str) -> list[Item]:
    items = []
    for item in sentence.items:
        hans, hant = in_both_scripts(item.name, script)
        items.append(
            Item(
                directive=directive,
                number=item.number,
                name=item.name,
                name_hans=hans,
                name_hant=hant,
                verb=item.verb,
                start=item.start,
                end=item.end,
            )
        )
    return items


def deadline_of(due: Due | None) -> dict[str, object]:
    """The fields of a directive for its deadline. A day without a year stays words."""
    if due is None:
        return {"due_words": "", "due_on": None, "due_every": "", "due_rule": ""}
    day = due.on if due.on and not due.on.startswith("-") else None
    return {
        "due_words": due.words,
        "due_on": date.fromisoformat(day) if day else None,
        "due_every": due.cadence or "",
        "due_rule": due.rule,
    }


def addressees_of(
    directive: Directive, script: str, addressees: Sequence[tuple[str, str, str, str]]
) -> list[Addressee]:
    """Unsaved addressees of a directive from (name, basis, source code, role) tuples."""
    rows = []
    for order, (name, basis, source, role) in enumerate(addressees):
        name = "" if basis == UNSTATED else name
        hans, hant = in_both_scripts(name, script)
        rows.append(
            Addressee(
                directive=directive,
                order=order,
                name=name,
                name_hans=hans,
                name_hant=hant,
                basis=basis,
                source=source,
                role=role or RESPONSIBLE,  # unstated: whoever is found will be that
            )
        )
    return rows


def _repairs_of(reading: Reading, now: datetime) -> list[Repair]:
    rows = []
    for order, repair in enumerate(reading.repairs):
        state = CERTAIN if repair.certain else CONFIRMED if repair.confirmed_by else PROPOSED
        rows.append(
            Repair(
                order=order,
                kind=repair.kind,
                line=repair.line,
                start=repair.start,
                before=repair.before,
                after=repair.after,
                state=state,
                decided_by=repair.confirmed_by,
                why=repair.why,
                decided_at=now if state == CONFIRMED else None,
            )
        )
    return rows


def _left_out_of(reading: Reading) -> list[LeftOut]:
    return [
        LeftOut(
            line=row.line,
            text=row.text,
            source_start=row.source[0] if row.source else None,
            source_end=row.source[1] if row.source else None,
            reason=row.reason,
        )
        for row in reading.left_out
    ]
