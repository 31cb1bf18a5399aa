"""The frame of a document as its page shows it and a person corrects it."""

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from directives.base.script import to_hans, to_hant
from directives.documents.ingest.reading import Reading
from directives.models import Document


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
