"""A registered document read anew by today's reader, or withdrawn, while nothing rests on it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.base.wording import join_words
from directives.core import audit
from directives.core.rules import may
from directives.documents.commands.correcting import reading_with_decisions
from directives.documents.commands.reading_rows import rows_of
from directives.documents.commands.same_text import hash_of
from directives.documents.ingest.sources import DocumentError
from directives.models import Directive, Document, User

NOT_OWNER = gettext_lazy(
    "Only supervisors of the organisation that registered the document, or of one above it, read "
    "it again or withdraw it."
)
_TABLES = (".xlsx", ".xlsm", ".xls", ".csv")


def uses_of(document: Document) -> list[str]:
    """What rests on a document, in words."""
    related = (
        (document.obligations, _("obligations")),
        (document.plans, _("plans")),
        (document.cycles, _("reporting cycles")),
        (document.planned_cycles, _("planned reporting cycles")),
        (document.indicators, _("indicators")),
    )
    return [words for rows, words in related if rows.exists()]


def corrected_count(document: Document) -> int:
    """How many directives a person corrected since they were read."""
    return document.directives.exclude(version=1).count()


def is_readable(document: Document) -> bool:
    """Whether its source is that of a document; a table of tasks keeps no file to read."""
    return not document.source_name.lower().endswith(_TABLES)


@transaction.atomic
def read_anew(
    *, document: Document, lost: int, version: int, by: User | None, now: datetime
) -> Document:
    """Replace the directives by what the reader makes of the stored file today.

    Title, number and so on stay, as do decisions on doubtful places. `lost` is the number of
    corrected directives that the person agreed to lose. Raises NotAllowed, Invalid or Stale.
    """
    document = _demand_unused(document, version, by)
    if not is_readable(document):
        raise Invalid(_("This document was registered from a table. There is no text to read."))
    if corrected_count(document) != lost:
        raise Stale(theirs=document)
    try:
        reading = reading_with_decisions(document)
    except DocumentError as fault:
        raise Invalid(_("The file cannot be read any more: %(why)s") % {"why": fault}) from fault
    before = {"directives": document.directives.count(), "corrected": lost}
    _remove_reading(document)
    Document.objects.filter(pk=document.pk).update(
        text_read=reading.text_read,
        text_repaired=reading.text_repaired,
        frame_places=[[field, *place] for field, place in reading.frame.places],
        text_sha256=hash_of(reading),
        version=version + 1,
    )
    after = {"directives": rows_of(reading, now).store(document), "corrected": 0}
    audit.record("read_anew", document, by=by, now=now, before=before, after=after)
    return document


@transaction.atomic
def withdraw_document(
    *, document: Document, reason: str, version: int, by: User | None, now: datetime
) -> None:
    """Delete a document on which nothing rests; its events stay on record.

    Raises NotAllowed, Invalid or Stale.
    """
    document = _demand_unused(document, version, by)
    if not reason.strip():
        raise Invalid({"reason": [_("Enter the reason.")]})
    before = {
        "title": document.title,
        "sha256": document.sha256,
        "directives": document.directives.count(),
    }
    audit.record("delete", document, by=by, now=now, before=before, reason=reason.strip())
    _remove_reading(document)
    Document.objects.filter(pk=document.pk).delete()


def _demand_unused(document: Document, version: int, by: User | None) -> Document:
    if not may(by, "own", document):
        raise NotAllowed(str(NOT_OWNER))
    stored = Document.objects.select_for_update(no_key=True).get(pk=document.pk)
    if stored.version != version:
        raise Stale(theirs=stored)
    if uses := uses_of(stored):
        raise Invalid(_("This document is in use: %(what)s.") % {"what": join_words(uses)})
    return stored


def _remove_reading(document: Document) -> None:
    Directive.objects.filter(document=document).delete()
    for rows in (
        document.sections,
        document.parts,
        document.repairs,
        document.left_out,
        document.desk_acts,
    ):
        rows.all().delete()
