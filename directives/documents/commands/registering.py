"""From a reading to a document."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from directives.base.refusals import NotAllowed
from directives.base.script import fold, to_hans, to_hant
from directives.base.states import SUPERVISOR
from directives.core import audit
from directives.core.rules import may
from directives.documents.ingest.reading import Reading, SectionRead, SentenceRead
from directives.documents.ingest.sources import DocumentError
from directives.models import (
    Addressee,
    Directive,
    Document,
    Item,
    LeftOut,
    Organisation,
    Repair,
    Section,
    User,
)
from directives.models.documents import CERTAIN, CONFIRMED, PROPOSED, UNSTATED


def _both(text: str, script: str) -> tuple[str, str]:
    """A text in Simplified and in Traditional; in its own script it stays as it is."""
    return (text if script == "hans" else to_hans(text)), (
        text if script == "hant" else to_hant(text)
    )


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
) -> Document:
    """Store what was read as a document with its sections, directives, items and repairs.

    `organisation` is the body that owns it: the topmost one that the person supervises where none is given, and of all
    bodies where the system registers. Raises DocumentError "repeated" if a document with the same bytes is stored already,
    NotAllowed if the person may not register documents for that body.
    """
    organisation = organisation or _home(by)
    if not may(by, "register", organisation):
        raise NotAllowed(
            _(
                "Documents are registered by supervisors, for the organisations that they "
                "supervise and those below."
            )
        )
    known = Document.objects.filter(sha256=reading.sha256).first()
    if known is not None:
        raise DocumentError.repeated(known.title)
    hans, hant = _both(reading.title, reading.script)
    document = Document.objects.create(
        title=reading.title,
        title_hans=hans,
        title_hant=hant,
        issuer=reading.issuer,
        script=reading.script,
        source=source,
        source_name=source_name,
        sha256=reading.sha256,
        text_read=reading.text_read,
        text_repaired=reading.text_repaired,
        fictional=fictional,
        registered_at=now,
        registered_by=by,
        organisation=organisation,
    )
    order = 0
    for place, section in enumerate(reading.sections):
        order = _register_section(document, section, place, order)
    _register_repairs(document, reading, now)
    after = {"title": document.title, "sha256": document.sha256, "directives": order}
    after |= {"organisation": organisation.name_hans} if organisation else {}
    audit.record("register", document, by=by, now=now, after=after)
    return document


@transaction.atomic
def hand_over(*, document: Document, to: Organisation, by: User | None, now: datetime) -> None:
    """Let a document belong to another body. Raises NotAllowed to whoever does not own it, or does not supervise that body."""
    if not (may(by, "own", document) and may(by, "register", to)):
        raise NotAllowed(
            _(
                "Documents are registered by supervisors, for the organisations that they "
                "supervise and those below."
            )
        )
    before = (
        {"organisation": document.organisation.name_hans}
        if document.organisation
        else {"organisation": ""}
    )
    document.organisation = to
    Document.objects.filter(pk=document.pk).update(organisation=to, version=F("version") + 1)
    audit.record(
        "own", document, by=by, now=now, before=before, after={"organisation": to.name_hans}
    )


def homes(user: User) -> list[Organisation]:
    """The bodies that the person supervises, the topmost first: each may own what they register."""
    bodies = {m.organisation_id: m.organisation for m in user.in_role(SUPERVISOR)}
    return sorted(bodies.values(), key=lambda body: (len(body.path), body.path))


def _home(by: User | None) -> Organisation | None:
    if by is None:
        return Organisation.objects.filter(parent=None).order_by("-branch", "path").first()
    return next(iter(homes(by)), None)


def _register_section(document: Document, read: SectionRead, place: int, order: int) -> int:
    """Store one section; returns the running number of its last directive."""
    hans, hant = _both(read.title, document.script)
    section = Section.objects.create(
        document=document,
        number=read.number,
        order=place,
        title=read.title,
        title_hans=hans,
        title_hant=hant,
    )
    for paragraph, sentences in enumerate(read.paragraphs, 1):
        for sentence, words in enumerate(sentences, 1):
            order += 1
            _register_directive(section, words, paragraph, sentence, order)
    return order


def _register_directive(
    section: Section, read: SentenceRead, paragraph: int, sentence: int, order: int
) -> None:
    script = section.document.script
    hans, hant = _both(read.text, script)
    directive = Directive.objects.create(
        document=section.document,
        section=section,
        paragraph=paragraph,
        sentence=sentence,
        order=order,
        code=read.code,
        text=read.text,
        text_hans=hans,
        text_hant=hant,
        search_key=fold(f"{read.code} {read.text}"),
        statement=read.statement,
        modality=read.modality,
        kind=read.kind,
        cadence=read.cadence,
    )
    Addressee.objects.bulk_create(
        addressees(directive, [(a.name, a.basis, a.source) for a in read.addressees])
    )
    items = []
    for number, item in enumerate(read.items, 1):
        hans, hant = _both(item.name, script)
        items.append(
            Item(
                directive=directive,
                number=number,
                name=item.name,
                name_hans=hans,
                name_hant=hant,
                verb=item.verb,
                start=item.start,
                end=item.end,
            )
        )
    Item.objects.bulk_create(items)


def addressees(directive: Directive, named: Iterable[tuple[str, str, str]]) -> list[Addressee]:
    """Unsaved addressees of a directive from (name, basis, source code); an unstated one has no name."""
    rows = []
    for order, (name, basis, source) in enumerate(named):
        name = "" if basis == UNSTATED else name
        hans, hant = _both(name, directive.document.script)
        rows.append(
            Addressee(
                directive=directive,
                order=order,
                name=name,
                name_hans=hans,
                name_hant=hant,
                basis=basis,
                source=source,
            )
        )
    return rows


def _register_repairs(document: Document, reading: Reading, now: datetime) -> None:
    """Certain repairs are applied as they are; proposed ones wait, unless the reading says who confirmed them."""
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
    Repair.objects.bulk_create(rows)
    LeftOut.objects.bulk_create(
        [
            LeftOut(document=document, line=x.line, text=x.text, reason=x.reason)
            for x in reading.left_out
        ]
    )
