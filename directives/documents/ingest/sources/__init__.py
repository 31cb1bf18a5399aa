"""Bytes to text: plain text, Markdown, saved web pages (.mht too), .docx and .pdf.

`source_of` gives the text with its lines (see `blocks`), `text_of` the bare text. What has markup
is read in a limited child process, plain text here.
"""

import re
from dataclasses import replace

from directives.documents.ingest.sources.blocks import (
    DOCX,
    HTML,
    PDF,
    TEXT,
    Alternative,
    BrokenByte,
    Cell,
    LeftOut,
    Source,
    SourceLine,
    lines_of,
)
from directives.documents.ingest.sources.encodings import decoded, other_encodings
from directives.documents.ingest.sources.limited import source_in_child
from directives.documents.ingest.sources.markdown import is_markdown, source_of_markdown
from directives.documents.ingest.sources.messages import MESSAGES, DocumentError, gettext_noop
from directives.documents.ingest.sources.signatures import format_of, is_html
from directives.documents.ingest.sources.unbroken import cut

__all__ = [
    "DOCX",
    "HTML",
    "LIMIT",
    "MESSAGES",
    "PDF",
    "TEXT",
    "Alternative",
    "BrokenByte",
    "Cell",
    "DocumentError",
    "LeftOut",
    "Source",
    "SourceLine",
    "content_of_pasted",
    "gettext_noop",
    "is_text",
    "other_readings",
    "source_of",
    "source_of_pasted",
    "text_of",
]

LIMIT = 20 * 1024 * 1024  # bytes
# What Windows puts before HTML on the clipboard: where its parts begin.
_CLIPBOARD = re.compile(r"\AVersion:[\d.]+\s+StartHTML:[^<]*")


def source_of(content: bytes, *, name: str, encoding: str = "") -> Source:
    """The text of a file and its lines; `encoding` is that of an alternative, if a person chose it.

    Raises DocumentError; `name` is what its message calls the file.
    """
    try:
        return _source_of(content, encoding)
    except DocumentError as refusal:
        raise DocumentError(refusal.code, {**refusal.params, "name": name}) from refusal


def content_of_pasted(pasted: str) -> bytes:
    """The file that pasted text makes, or the HTML that Word, WPS or a browser put there."""
    return _CLIPBOARD.sub("", pasted).encode("utf-8", "replace")


def source_of_pasted(pasted: str, *, name: str) -> Source:
    """What was pasted, as `content_of_pasted` takes it."""
    return source_of(content_of_pasted(pasted), name=name, encoding="utf-8")


def is_text(content: bytes) -> bool:
    """Whether a file is plain text or a page, and not one of a format with a signature."""
    try:
        return not format_of(content)
    except DocumentError:
        return False


def other_readings(content: bytes, *, encoding: str = "") -> tuple[Alternative, ...]:
    """The other encodings that a text may have which could not be read in `encoding`."""
    if len(content) > LIMIT or not is_text(content):
        return ()
    return other_encodings(content, read_as=encoding)


def text_of(content: bytes, *, name: str) -> str:
    """The text of a file, lines ended by \\n, without a byte order mark. Raises DocumentError."""
    return source_of(content, name=name).text


def _source_of(content: bytes, encoding: str) -> Source:
    if len(content) > LIMIT:
        raise DocumentError("too_large", {"bytes": len(content), "limit": LIMIT})
    format_name = "" if encoding else format_of(content)
    if format_name:
        source = source_in_child(content, format_name)
    else:
        text = decoded(content, encoding=encoding)
        if is_markdown(text.text):
            source = source_of_markdown(text.text.replace("\r\n", "\n").replace("\r", "\n"))
        elif is_html(text.text):
            source = source_in_child(text.text.encode("utf-8", "replace"), HTML)
        else:
            source = _plain(text.text)
        source = replace(
            source, encoding=text.encoding, alternatives=text.alternatives, broken=text.broken
        )
    if not source.lines:
        raise DocumentError("empty")
    return replace(source, lines=cut(source.text, source.lines))


def _plain(text: str) -> Source:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    return Source(text, tuple(lines_of(text)))
