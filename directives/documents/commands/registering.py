"""Documents registered from a reading, and handed over to another body."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy

from directives.base.refusals import NotAllowed
from directives.base.script import fold, to_hans, to_hant
from directives.base.states import RESPONSIBLE, SUPERVISOR
from directives.core import audit
from directives.core.rules import may
from directives.documents.commands.frames import (
    FrameWords,
    differences,
    frame_read,
    in_script,
)
from directives.documents.commands.same_text import hash_of
from directives.documents.ingest.deadlines import Due
from directives.documents.ingest.reading import Reading, SectionRead, SentenceRead
from directives.documents.ingest.sources import DocumentError
from directives.models import (
    Addressee,
    Directive,
    Document,
    DocumentPart,
    Item,
    LeftOut,
    Organisation,
    Repair,
    Section,
    User,
)
from directives.models.documents import CERTAIN, CONFIRMED, PROPOSED, UNSTATED
from directives.models.sql import insert

# Of one document: on SQLite nobody else writes while they are stored, some seconds.
SENTENCES = 20_000
NOT_REGISTRAR = gettext_lazy(
    "Documents are registered by supervisors, for the organisations that they supervise and those "
    "below."
)


def in_both_scripts(text: str, script: str) -> tuple[str, str]:
    """A text in Simplified and in Traditional script; in its own `script` it stays unchanged."""
    if script == "hans":
        return text, to_hant(text)
    return to_hans(text), text


def check(reading: Reading, name: str) -> None:
    """Raise DocumentError if the bytes are registered already, or there are too many sentences."""
    if (
        registered := Document.objects.filter(sha256=reading.sha256).only("title").first()
    ) is not None:
        raise DocumentError.repeated(registered.title)
    sentences = sum(1 for _sentence in reading.sentences)
    if sentences > SENTENCES:
        params = {"name": name, "count": sentences, "limit": SENTENCES}
        raise DocumentError("many_sentences", params)


@transaction.atomic
def register_document(
    *,
    reading: Reading,
    source: bytes,
    source_name: str,
    by: User | None,
    now: datetime,
    organisation: Organisation | None = None,
    fictional: bool = False,
    frame: FrameWords | None = None,
) -> Document:
    """Store a reading as a document with its sections, directives, items and repairs.

    `frame` is what a person corrected the title, number and so on to.
    `organisation` owns it; by default the topmost body that the person supervises, or of all bodies
    if the system registers. Raises DocumentError as `check` does, NotAllowed if the person may not
    register for that body.
    """
    organisation = organisation or _default_owner(by)
    if not may(by, "register", organisation):
        raise NotAllowed(str(NOT_REGISTRAR))
    check(reading, source_name)
    as_read = frame_read(reading)
    frame = in_script(frame, reading.script, as_read) if frame else as_read
    document = _unsaved_document(reading, frame, source, source_name)
    document.fictional, document.organisation = fictional, organisation
    document.registered_at, document.registered_by = now, by
    document.save(force_insert=True)
    directive_count = store_reading(document, reading, now)
    after = {"title": document.title, "sha256": document.sha256, "directives": directive_count}
    after |= {"organisation": organisation.name_hans} if organisation else {}
    before, corrected = differences(as_read, frame)
    audit.record("register", document, by=by, now=now, before=before, after=after | corrected)
    return document


def store_reading(document: Document, reading: Reading, now: datetime) -> int:
    """Store the parts, sections, directives and repairs; returns how many directives there are."""
    directive_count = _register_sections(document, reading)
    _register_repairs(document, reading, now)
    return directive_count


def _unsaved_document(
    reading: Reading, frame: FrameWords, source: bytes, source_name: str
) -> Document:
    hans, hant = in_both_scripts(frame.title, reading.script)
    return Document(
        **frame.values,
        title_hans=hans,
        title_hant=hant,
        frame_places=[[field, *place] for field, place in reading.frame.places],
        script=reading.script,
        source=source,
        source_name=source_name,
        sha256=reading.sha256,
        text_read=reading.text_read,
        text_repaired=reading.text_repaired,
        encoding=reading.encoding,
        text_sha256=hash_of(reading),
    )


@transaction.atomic
def hand_over(*, document: Document, to: Organisation, by: User | None, now: datetime) -> None:
    """Give a document to another body.

    Raises NotAllowed unless the person supervises both its owner and that body.
    """
    if not (may(by, "own", document) and may(by, "register", to)):
        raise NotAllowed(str(NOT_REGISTRAR))
    before = {"organisation": document.organisation.name_hans if document.organisation else ""}
    document.organisation = to
    Document.objects.filter(pk=document.pk).update(organisation=to, version=F("version") + 1)
    audit.record(
        "own", document, by=by, now=now, before=before, after={"organisation": to.name_hans}
    )


def possible_owners(user: User) -> list[Organisation]:
    """The bodies that the person supervises, the topmost first."""
    bodies = user.bodies_as(SUPERVISOR).values()
    return sorted(bodies, key=lambda body: (len(body.path), body.path))


def _default_owner(by: User | None) -> Organisation | None:
    if by is None:
        return Organisation.objects.filter(parent=None).order_by("-branch", "path").first()
    return next(iter(possible_owners(by)), None)


def _register_parts(document: Document, reading: Reading) -> Iterator[DocumentPart]:
    for order, part in enumerate(reading.parts):
        hans, hant = in_both_scripts(part.title, document.script)
        yield DocumentPart.objects.create(
            document=document,
            order=order,
            label=part.label,
            title=part.title,
            title_hans=hans,
            title_hant=hant,
        )


def _register_sections(document: Document, reading: Reading) -> int:
    """Store all sections with their directives; returns how many directives there are."""
    parts = {row.label: row for row in _register_parts(document, reading)}
    sections = [
        _section_of(document, parts.get(section.part), section, order)
        for order, section in enumerate(reading.sections)
    ]
    insert(Section, sections)
    directives: list[Directive] = []
    sentences: list[SentenceRead] = []
    for row, section in zip(sections, reading.sections, strict=True):
        for paragraph, read in enumerate(section.paragraphs, section.first):
            for number, sentence in enumerate(read, 1):
                directives.append(
                    _directive_of(row, sentence, paragraph, number, len(directives) + 1)
                )
                sentences.append(sentence)
    insert(Directive, directives)
    addressees: list[Addressee] = []
    items: list[Item] = []
    for directive, sentence in zip(directives, sentences, strict=True):
        named = [(row.name, row.basis, row.source, row.role) for row in sentence.addressees]
        addressees += addressees_of(directive, named)
        items += _items_of(directive, sentence)
    insert(Addressee, addressees)
    insert(Item, items)
    return len(directives)


def _section_of(
    document: Document, part: DocumentPart | None, section: SectionRead, order: int
) -> Section:
    hans, hant = in_both_scripts(section.title, document.script)
    return Section(
        document=document,
        part=part,
        level=section.level,
        number=section.number,
        order=order,
        title=section.title,
        title_hans=hans,
        title_hant=hant,
    )


def _directive_of(
    section: Section, sentence: SentenceRead, paragraph: int, number: int, order: int
) -> Directive:
    hans, hant = in_both_scripts(sentence.text, section.document.script)
    return Directive(
        document=section.document,
        section=section,
        paragraph=paragraph,
        sentence=number,
        order=order,
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


def _items_of(directive: Directive, sentence: SentenceRead) -> list[Item]:
    items = []
    for item in sentence.items:
        hans, hant = in_both_scripts(item.name, directive.document.script)
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
    directive: Directive, addressees: Iterable[tuple[str, str, str, str]]
) -> list[Addressee]:
    """Unsaved addressees of a directive from (name, basis, source code, role) tuples."""
    rows = []
    for order, (name, basis, source, role) in enumerate(addressees):
        name = "" if basis == UNSTATED else name
        hans, hant = in_both_scripts(name, directive.document.script)
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


def _register_repairs(document: Document, reading: Reading, now: datetime) -> None:
    rows = []
    for order, repair in enumerate(reading.repairs):
        state = CERTAIN if repair.certain else CONFIRMED if repair.confirmed_by else PROPOSED
        rows.append(
            Repair(
                document=document,
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
    insert(Repair, rows)
    left_out = [
        LeftOut(
            document=document,
            line=row.line,
            text=row.text,
            source_start=row.source[0] if row.source else None,
            source_end=row.source[1] if row.source else None,
            reason=row.reason,
        )
        for row in reading.left_out
    ]
    insert(LeftOut, left_out)
