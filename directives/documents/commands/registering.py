"""Documents registered from a reading, and handed over to another body."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy

from directives.base.refusals import NotAllowed
from directives.base.states import SUPERVISOR
from directives.core import audit
from directives.core.rules import may
from directives.documents.commands.frames import (
    FrameWords,
    differences,
    frame_read,
    in_script,
)
from directives.documents.commands.reading_rows import ReadingRows, in_both_scripts, rows_of
from directives.documents.commands.same_text import hash_of
from directives.documents.ingest.reading import Reading
from directives.documents.ingest.sources import DocumentError
from directives.models import Document, Organisation, User

# Of one document: on SQLite nobody else writes while they are stored, a second or two.
SENTENCES = 20_000
NOT_REGISTRAR = gettext_lazy(
    "Documents are registered by supervisors, for the organisations that they supervise and those "
    "below."
)


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
    rows: ReadingRows | None = None,
) -> Document:
    """Store a reading as a document with its sections, directives, items and repairs.

    `frame` is what a person corrected the title, number and so on to. `rows` are those of the
    reading, where they were made before this transaction.
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
    directive_count = (rows or rows_of(reading, now)).store(document)
    after = {"title": document.title, "sha256": document.sha256, "directives": directive_count}
    after |= {"organisation": organisation.name_hans} if organisation else {}
    before, corrected = differences(as_read, frame)
    audit.record("register", document, by=by, now=now, before=before, after=after | corrected)
    return document


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
