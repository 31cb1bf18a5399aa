"""Registering a document without its own text from a table of tasks, and removing it again."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from directives.base.refusals import Invalid, NotAllowed
from directives.base.script import to_hans
from directives.base.wording import join_words
from directives.core import audit
from directives.core.rules import may
from directives.documents.commands.registering import register_document
from directives.documents.ingest.addressees import NAMED, UNSTATED, AddresseeRead
from directives.documents.ingest.items import ItemRead
from directives.documents.ingest.modality import STATEMENT, cadence_of, kind_of, modality_of
from directives.documents.ingest.reading import Reading, SectionRead, SentenceRead, script_of
from directives.documents.ingest.sources import DocumentError
from directives.models import Directive, Document, Organisation, User

NUMBERED = re.compile(r"(?:第)?([一二三四五六七八九十]{1,4}|\d{1,3})(?:部分)?[、.．]\s*(.+)")


@dataclass(frozen=True, slots=True)
class Task:
    """One row of a task table."""

    section: str  # the heading of its part: 一、健全制度
    code: str
    text: str
    items: tuple[str, ...] = ()
    addressees: tuple[str, ...] = ()
    kind: str = ""  # if this or one of the next two is empty, it is read from the text
    modality: str = ""
    cadence: str = ""


def part_of(heading: str) -> tuple[str, str]:
    """The number and the title of a part: 一、健全制度 → 一, 健全制度."""
    numbered = NUMBERED.fullmatch(heading.strip())
    return (numbered[1], numbered[2]) if numbered else ("", heading.strip())


@transaction.atomic
def register_tasks(
    *,
    title: str,
    issuer: str,
    tasks: Sequence[Task],
    source_name: str,
    by: User | None,
    now: datetime,
    organisation: Organisation | None = None,
) -> Document:
    """Register a task table as a document with its parts, directives and items.

    Each task has its own code. `organisation` is as in `register_document`. Raises NotAllowed, or
    Invalid if the same table is registered already.
    """
    text = "\n".join([title, *_lines(tasks)]) + "\n"
    reading = Reading(
        title=title[:200],
        issuer=issuer[:100],
        script=script_of(text),
        sections=tuple(_sections(tasks)),
        repairs=(),
        left_out=(),
        text_read=text,
        text_repaired=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )
    try:
        return register_document(
            reading=reading,
            source=text.encode(),
            source_name=source_name[:200],
            by=by,
            now=now,
            organisation=organisation,
        )
    except DocumentError as error:
        text = _("The same tasks are already registered as “%(title)s”.")
        raise Invalid(text % error.params) from error


def _groups(tasks: Iterable[Task]) -> list[tuple[str, list[Task]]]:
    """The tasks by part, in the order of their first tasks."""
    groups: dict[str, list[Task]] = {}
    for task in tasks:
        groups.setdefault(task.section, []).append(task)
    return list(groups.items())


def _lines(tasks: Iterable[Task]) -> Iterable[str]:
    for heading, rows in _groups(tasks):
        yield heading
        yield from (" ".join(row.text.split()) for row in rows)


def _sections(tasks: Iterable[Task]) -> Iterable[SectionRead]:
    for heading, rows in _groups(tasks):
        number, title = part_of(heading)
        yield SectionRead(number[:8], title[:200], tuple((_sentence(row),) for row in rows))


def _sentence(task: Task) -> SentenceRead:
    text = " ".join(task.text.split())
    hans = to_hans(text)
    if task.kind == STATEMENT:
        return SentenceRead(task.code, text, hans, True, (), "", STATEMENT, "", ())
    items = tuple(_item(number, name, text) for number, name in enumerate(task.items, 1))
    modality = task.modality or modality_of(hans)
    # The verb before an item shows the kind of work: 建立…制度.
    verbs = [
        (to_hans(text[max(0, item.start - 2) : item.start]), to_hans(item.name)) for item in items
    ]
    kind = task.kind or kind_of(hans, modality, verbs)
    addressees = tuple(AddresseeRead(name[:100], NAMED, "") for name in task.addressees)
    unstated = (AddresseeRead("", UNSTATED, ""),)
    cadence = task.cadence or cadence_of(hans, kind)
    return SentenceRead(
        task.code, text, hans, False, addressees or unstated, modality, kind, cadence, items
    )


def _item(number: int, name: str, text: str) -> ItemRead:
    start = max(0, text.find(name))
    return ItemRead(number, name[:100], "", start, start + len(name) if name in text else start)


@transaction.atomic
def remove_document(document: Document, *, by: User | None, now: datetime) -> None:
    """Delete an unused document. Raises NotAllowed, or Invalid that names what uses it."""
    if not may(by, "own", document):
        raise NotAllowed(
            _(
                "Only supervisors of the organisation that registered the document, or of one "
                "above it, undo its registration."
            )
        )
    if Directive.objects.filter(document=document).exclude(version=1).exists():
        raise Invalid(_("The reading of its directives was corrected since then."))
    before = {"title": document.title, "sha256": document.sha256}
    audit.record("delete", document, by=by, now=now, before=before)
    try:
        Directive.objects.filter(document=document).delete()
        document.sections.all().delete()
        Document.objects.filter(pk=document.pk).delete()
    except ProtectedError as error:
        names = sorted({str(row._meta.verbose_name) for row in error.protected_objects})
        raise Invalid(
            _("This document is in use: %(what)s.") % {"what": join_words(names)}
        ) from error
