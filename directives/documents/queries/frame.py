"""Where the title, number and so on of a document were read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.wording import format_day
from directives.documents.commands.frames import FrameWords, frame_stored
from directives.models import Document

# The fields of a reading's frame that a document has by another name
_NAMES = {"date": "issued_on", "issuers": "issuer"}
_LONGEST = 5  # lines shown of one field

ReadLine = tuple[int, str]  # number of the line from 1, its text


def lines_read(
    frame: FrameWords, text_read: str, places: Iterable[Sequence[object]]
) -> dict[str, list[ReadLine]]:
    """The lines that each field was read from, by its name in `Document`.

    A field whose place the reader does not tell, such as an issuer that stands in the title, is
    looked for in the text.
    """
    found: dict[str, list[ReadLine]] = {}
    for field, start, end in places:
        assert isinstance(start, int) and isinstance(end, int), "places are [field, start, end]"
        line = (text_read.count("\n", 0, start) + 1, text_read[start:end])
        found.setdefault(_NAMES.get(str(field), str(field)), []).append(line)
    for field, words in (("issuer", [frame.issuer]), ("annexes", frame.annexes)):
        if field not in found:
            found[field] = [line for word in words if word for line in _line_with(word, text_read)]
    return {field: lines[:_LONGEST] for field, lines in found.items() if lines}


def _line_with(word: str, text: str) -> list[ReadLine]:
    start = text.find(word)
    if start < 0:
        return []
    number = text.count("\n", 0, start) + 1
    return [(number, text.split("\n", number)[number - 1].strip())]


@dataclass(frozen=True, slots=True)
class FrameRow:
    """One field of the frame, and the lines of the source that it was read from."""

    label: str | Promise
    texts: tuple[str, ...]
    lines: tuple[ReadLine, ...]


def frame_rows(document: Document) -> Iterator[FrameRow]:
    frame = frame_stored(document)
    lines = lines_read(frame, document.text_read, document.frame_places)
    issued_on = (format_day(frame.issued_on),) if frame.issued_on else ()
    for name, label, texts in (
        ("title", _("Title"), (frame.title,)),
        ("number", _("Document number"), (frame.number,)),
        ("issuer", _("Issuer"), (frame.issuer,)),
        ("issued_on", pgettext_lazy("document", "Issued on"), issued_on),
        ("recipients", _("Recipients"), frame.recipients),
        ("annexes", _("Annexes"), frame.annexes),
    ):
        yield FrameRow(label, tuple(filter(None, texts)), tuple(lines.get(name, ())))
