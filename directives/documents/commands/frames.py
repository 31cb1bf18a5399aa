"""The frame of a document as its page shows it and a person corrects it."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy

from directives.base.refusals import NotAllowed, Stale
from directives.base.script import to_hans, to_hant
from directives.core import audit
from directives.core.rules import may
from directives.documents.ingest.reading import Reading
from directives.models import Document, User

NOT_OWNER = gettext_lazy(
    "Only supervisors of the organisation that registered the document, or of one above it, "
    "correct its title, number and so on."
)


@dataclass(frozen=True, slots=True)
class FrameWords:
    """Title, number and so on, in the words of the document; several issuers are one text."""

    title: str
    number: str = ""
    issuer: str = ""
    issued_on: date | None = None
    recipients: tuple[str, ...] = ()
    annexes: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, Any]:
        """By the names of the fields of `Document`; of lists, one a line."""
        lists = {"recipients": "\n".join(self.recipients), "annexes": "\n".join(self.annexes)}
        return asdict(self) | lists


def frame_read(reading: Reading) -> FrameWords:
    frame = reading.frame
    return FrameWords(
        title=reading.title,
        number=frame.number,
        issuer=reading.issuer,
        issued_on=date.fromisoformat(frame.date) if frame.date else None,
        recipients=frame.recipients,
        annexes=frame.annexes,
    )


def frame_stored(document: Document) -> FrameWords:
    return FrameWords(
        title=document.title,
        number=document.number,
        issuer=document.issuer,
        issued_on=document.issued_on,
        recipients=tuple(document.recipients.splitlines()),
        annexes=tuple(document.annexes.splitlines()),
    )


def in_script(frame: FrameWords, script: str, before: FrameWords) -> FrameWords:
    """What a person wrote in the script of the document; words of `before` stay as they are."""
    convert = to_hant if script == "hant" else to_hans
    present = {before.title, before.number, before.issuer, *before.recipients, *before.annexes}

    def written(word: str) -> str:
        return word if word in present else convert(word)

    return replace(
        frame,
        title=written(frame.title),
        number=written(frame.number),
        issuer=written(frame.issuer),
        recipients=tuple(map(written, frame.recipients)),
        annexes=tuple(map(written, frame.annexes)),
    )


def differences(before: FrameWords, after: FrameWords) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values that differ, before and after, as the audit log keeps them."""
    old, new = (_plain(frame.values) for frame in (before, after))
    changed = [name for name in new if new[name] != old[name]]
    return {name: old[name] for name in changed}, {name: new[name] for name in changed}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    day = values["issued_on"]
    return values | {"issued_on": day.isoformat() if day else ""}


@transaction.atomic
def correct_frame(
    *, document: Document, frame: FrameWords, version: int, by: User | None, now: datetime
) -> None:
    """Correct title, number and so on of a stored document.

    Writes nothing without a difference. Raises NotAllowed, or Stale if `version` is not that which
    is stored.
    """
    if not may(by, "own", document):
        raise NotAllowed(str(NOT_OWNER))
    stored = frame_stored(document)
    frame = in_script(frame, document.script, stored)
    before, after = differences(stored, frame)
    title = {"title_hans": to_hans(frame.title), "title_hant": to_hant(frame.title)}
    title[f"title_{document.script}"] = frame.title
    if document.version != version:
        raise Stale(theirs=document)
    if not after:
        return
    same = Document.objects.filter(pk=document.pk, version=version)
    if not same.update(**frame.values, **title, version=version + 1):
        raise Stale(theirs=Document.objects.get(pk=document.pk))
    audit.record("correct_frame", document, by=by, now=now, before=before, after=after)
