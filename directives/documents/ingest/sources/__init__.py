"""Bytes to text: UTF-8, UTF-16 with a byte order mark, GB18030 and Big5, plain or as a web page."""

import re

from directives.documents.ingest.sources.blocks import (
    Alternative,
    Cell,
    LeftOut,
    Source,
    SourceLine,
    lines_of,
)
from directives.documents.ingest.sources.encodings import decoded
from directives.documents.ingest.sources.messages import MESSAGES, DocumentError, gettext_noop
from directives.documents.ingest.sources.web_pages import text_of_html

__all__ = [
    "LIMIT",
    "MESSAGES",
    "Alternative",
    "Cell",
    "DocumentError",
    "LeftOut",
    "Source",
    "SourceLine",
    "gettext_noop",
    "source_of",
    "text_of",
]

LIMIT = 20 * 1024 * 1024  # bytes
_MAGIC = (
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "DOCX/XLSX/ZIP"),
    (b"\xd0\xcf\x11\xe0", "DOC/XLS"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "GZIP"),
    (b"{\\rtf", "RTF"),
)


def source_of(source: bytes, *, name: str) -> Source:
    """The text of a file and its lines. Raises DocumentError as `text_of`."""
    text = text_of(source, name=name)
    return Source(text, tuple(lines_of(text)))


def text_of(source: bytes, *, name: str) -> str:
    """The text of a source file, lines ended by \\n, without a byte order mark.

    Raises DocumentError empty, too_large, binary or encoding.
    """
    if len(source) > LIMIT:
        raise DocumentError("too_large", {"name": name, "bytes": len(source), "limit": LIMIT})
    for magic, what in _MAGIC:
        if source.startswith(magic):
            raise DocumentError("binary", {"name": name, "what": what})
    text = decoded(source, name)
    if re.search(r"(?i)<(?:!doctype|html|body|p|div|br)\b[^>]*>", text):
        text = text_of_html(text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    if not text.strip().strip("\ufeff\u3000"):
        raise DocumentError("empty", {"name": name})
    return text
