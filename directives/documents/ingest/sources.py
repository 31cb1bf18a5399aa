"""Bytes to text: UTF-8, UTF-16 with a byte order mark, GB18030 and Big5, plain or as a web page."""

import codecs
import re
from collections.abc import Mapping
from html.parser import HTMLParser

from directives.documents.ingest.language import common_share

LIMIT = 20 * 1024 * 1024  # bytes
# The share of common pairs below which a text is noise: Chinese has about 0.5, a wrong decoding
# less than 0.1.
PLAUSIBLE = 0.2
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
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def gettext_noop(message: str) -> str:
    """Mark a string for translation elsewhere: this package does not use Django."""
    return message


# The web layer translates these and fills in `params`.
MESSAGES = {
    "missing": gettext_noop(
        "Cannot read %(name)s: %(reason)s. Give the path of a text file or a saved web page."
    ),
    "empty": gettext_noop(
        "%(name)s contains no text. Save the page again with its text, as plain text or HTML."
    ),
    "too_large": gettext_noop(
        "%(name)s has %(bytes)s bytes; the limit is %(limit)s. Save only the text of the document."
    ),
    "binary": gettext_noop(
        "%(name)s is not text (%(what)s). Save it as plain text in UTF-8, or as an HTML page, and "
        "try again."
    ),
    "encoding": gettext_noop(
        "Cannot tell the encoding of %(name)s: at byte %(byte)s it is not UTF-8, and it does not "
        "read as Chinese in GB18030 or Big5. Save it as UTF-8."
    ),
    "no_section": gettext_noop(
        "%(name)s has no numbered section. A section starts with a line such as “%(example)s”; "
        "none of its %(lines)s lines does."
    ),
    "repeated": gettext_noop(
        "This document is already registered as %(title)s (same SHA-256). Open it instead of "
        "loading it again."
    ),
    "repeated_number": gettext_noop(
        "%(name)s has two sections with the same number: “%(first)s” and “%(second)s” are both "
        "%(number)s, so their directives would have the same codes. Register an annex with its own "
        "numbers as a separate document."
    ),
    "long": gettext_noop(
        "%(name)s has a title or heading of %(length)s characters; the limit is %(limit)s. It "
        "starts “%(start)s…”. Put the main text on separate lines."
    ),
    "confirmations": gettext_noop(
        "The confirmations cannot be used: %(reason)s. JSON is required with the SHA-256 of the "
        "document and, for each confirmed text repair, its line, start, proposed and confirmed "
        "reading, who confirmed it and why."
    ),
}


class DocumentError(Exception):
    """A document is refused. `code` is a key of MESSAGES, `params` fills its message."""

    def __init__(self, code: str, params: Mapping[str, object] | None = None) -> None:
        self.code = code
        self.params = dict(params or {})
        super().__init__(code)

    @property
    def message(self) -> str:
        return MESSAGES[self.code] % self.params

    def __str__(self) -> str:
        return self.message

    @classmethod
    def repeated(cls, title: str) -> "DocumentError":
        return cls("repeated", {"title": title})


def text_of(source: bytes, *, name: str) -> str:
    """The text of a source file, lines ended by \\n, without a byte order mark.

    Raises DocumentError empty, too_large, binary or encoding.
    """
    if len(source) > LIMIT:
        raise DocumentError("too_large", {"name": name, "bytes": len(source), "limit": LIMIT})
    for magic, what in _MAGIC:
        if source.startswith(magic):
            raise DocumentError("binary", {"name": name, "what": what})
    text = _decoded(source, name)
    if re.search(r"(?i)<(?:!doctype|html|body|p|div|br)\b[^>]*>", text):
        text = _text_of_html(text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    if not text.strip().strip("\ufeff\u3000"):
        raise DocumentError("empty", {"name": name})
    return text


def _decoded(source: bytes, name: str) -> str:
    for mark, encoding in _MARKS:
        if source.startswith(mark):
            try:
                return source[len(mark) :].decode(encoding)
            except UnicodeDecodeError as fault:
                raise DocumentError(
                    "encoding", {"name": name, "byte": fault.start + len(mark)}
                ) from fault
    _refuse_binary(source, name)
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as fault:
        # GB18030 and Big5 accept nearly each other's bytes: take the one with more common Chinese.
        decoded = (_attempt(source, "gb18030"), _attempt(source, "big5hkscs"))
        best = max((text for text in decoded if text is not None), key=common_share, default="")
        if common_share(best) < PLAUSIBLE:
            raise DocumentError("encoding", {"name": name, "byte": fault.start}) from fault
        return best


def _refuse_binary(source: bytes, name: str) -> None:
    # Control bytes do not occur in text of any encoding that is known here.
    control = re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", source)
    if control:
        raise DocumentError(
            "binary", {"name": name, "what": f"{control[0][0]:#04x} @ {control.start()}"}
        )


def _attempt(source: bytes, encoding: str) -> str | None:
    try:
        return source.decode(encoding)
    except UnicodeDecodeError:
        return None


class _Page(HTMLParser):
    """Collects the text of a page, one line for each block."""

    BLOCKS = re.compile("p|div|br|li|tr|td|h[1-6]|title|section|article|header|footer|table|ul|ol")
    SILENT = re.compile("script|style|head|noscript|template")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.SILENT.fullmatch(tag):
            self.silent += 1
        elif self.BLOCKS.fullmatch(tag):
            self.parts.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.BLOCKS.fullmatch(tag):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self.SILENT.fullmatch(tag):
            self.silent = max(0, self.silent - 1)
        elif self.BLOCKS.fullmatch(tag):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            # Line breaks in the markup are not part of the text.
            self.parts.append(re.sub(r"[ \t]*[\r\n]+[ \t]*", "", data))


def _text_of_html(markup: str) -> str:
    page = _Page()
    page.feed(markup)
    page.close()
    lines = (line.strip() for line in "".join(page.parts).split("\n"))
    return "\n".join(line for line in lines if line) + "\n"
