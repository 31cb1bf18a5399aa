"""Registering a document without its own text from a task table, and removing it again."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from directives import tallies
from directives.base.refusals import Invalid, NotAllowed
from directives.base.script import to_hans
from directives.base.wording import join_words
from directives.core import audit
from directives.core.rules import may
from directives.documents.commands.registering import register_document
from directives.documents.ingest.addressees import NAMED, UNSTATED, AddresseeRead
from directives.documents.ingest.deadlines import Due
from directives.documents.ingest.frame import Frame
from directives.documents.ingest.items import ItemRead
from directives.documents.ingest.modality import STATEMENT, cadence_of, kind_of, modality_of
from directives.documents.ingest.reading import Reading, SectionRead, SentenceRead, script_of
from directives.documents.ingest.sources import DocumentError
from directives.models import Directive, Document, Organisation, User

NUMBERED = re.compile(
    r"(?:第?([一二三四五六七八九十]{1,4}|\d{1,3})(?:部分)?[、.．]"
    r"|([（(][一二三四五六七八九十]{1,4}[)）]))\s*(.+)"
)


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a table, with what all its rows say."""

    section: str  # the heading of its part: 一、健全制度
    code: str
    text: str
    subsection: str = ""  # the heading of the group within that part
    items: tuple[str, ...] = ()
    addressees: tuple[tuple[str, str], ...] = ()  # each name with its role
    kind: str = ""  # if this or one of the next two is empty, it is read from the text
    modality: str = ""
    cadence: str = ""
    due: Due | None = None


@dataclass(frozen=True, slots=True)
class TableFrame:
    """What stands above the headings of a task table."""

    title: str
    issuer: str = ""
    number: str = ""  # 云办发〔2031〕5号
    issued_on: date | None = None


def part_of(heading: str) -> tuple[str, str]:
    """The number and the title of a part: 一、健全制度 → 一, 健全制度."""
    numbered = NUMBERED.fullmatch(heading.strip())
    return (numbered[1] or numbered[2], numbered[3]) if numbered else ("", heading.strip())


@transaction.atomic
def register_tasks(
    *,
    frame: TableFrame,
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
    reading = _reading(frame, tasks)
    try:
        return register_document(
            reading=reading,
            source=reading.text_read.encode(),
            source_name=source_name[:200],
            by=by,
            now=now,
            organisation=organisation,
        )
    except DocumentError as error:
        text = _("The same tasks are already registered as “%(title)s”.")
        raise Invalid(text % error.params) from error


def _reading(frame: TableFrame, tasks: Sequence[Task]) -> Reading:
    text, places = _text(frame.title, tasks)
    return Reading(
        title=frame.title[:200],
        issuer=frame.issuer[:100],
        script=script_of(text),
        sections=tuple(_sections(tasks, places)),
        repairs=(),
        left_out=(),
        text_read=text,
        text_repaired=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        frame=Frame(
            number=frame.number,
            date=frame.issued_on.isoformat() if frame.issued_on else None,
        ),
    )


def _groups(tasks: Iterable[Task]) -> list[tuple[str, int, list[Task]]]:
    """The tasks by heading and its level, in the order of their first tasks."""
    groups: dict[str, dict[str, list[Task]]] = {}
    for task in tasks:
        groups.setdefault(task.section, {"": []}).setdefault(task.subsection, []).append(task)
    return [
        (inner or outer, 2 if inner else 1, rows)
        for outer, parts in groups.items()
        for inner, rows in parts.items()
    ]


def _text(title: str, tasks: Iterable[Task]) -> tuple[str, dict[str, tuple[int, int]]]:
    """The text of the document, a line for each heading and task, and where each code's task is."""
    lines, places, start = [title], {}, len(title) + 1
    for heading, _level, rows in _groups(tasks):
        for line, code in [(heading, ""), *((_one_line(row.text), row.code) for row in rows)]:
            lines.append(line)
            places[code] = start, start + len(line)
            start += len(line) + 1
    return "\n".join(lines) + "\n", places


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _sections(
    tasks: Iterable[Task], places: Mapping[str, tuple[int, int]]
) -> Iterable[SectionRead]:
    for heading, level, rows in _groups(tasks):
        number, title = part_of(heading)
        paragraphs = tuple((replace(_sentence(row), source=places[row.code]),) for row in rows)
        yield SectionRead(number[:8], title[:200], paragraphs, level=level)


def _sentence(task: Task) -> SentenceRead:
    text = _one_line(task.text)
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
    addressees = tuple(AddresseeRead(name[:100], NAMED, "", role) for name, role in task.addressees)
    unstated = (AddresseeRead("", UNSTATED, ""),)
    cadence = task.cadence or cadence_of(hans, kind)
    return SentenceRead(
        task.code,
        text,
        hans,
        False,
        addressees or unstated,
        modality,
        kind,
        cadence,
        items,
        due=task.due,
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
    tallies.write_pending()  # of what was taken back before: its counts go with the document
    try:
        Directive.objects.filter(document=document).delete()
        document.sections.all().delete()
        Document.objects.filter(pk=document.pk).delete()
    except ProtectedError as error:
        names = sorted({str(row._meta.verbose_name) for row in error.protected_objects})
        raise Invalid(
            _("This document is in use: %(what)s.") % {"what": join_words(names)}
        ) from error
