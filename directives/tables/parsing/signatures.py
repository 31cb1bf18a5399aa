"""Recognises the kind of a file by its content, never by its name."""

import re
from typing import BinaryIO, Literal

from directives.tables.parsing.limits import BLOCK_SIZE, MAX_FILE_SIZE, Fault

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES = (
    (b"%PDF", "pdf", "PDF"),
    (b"{\\rtf", "other", "RTF"),
    (b"\x89PNG", "other", "PNG"),
    (b"\xff\xd8\xff", "other", "JPEG"),
    (b"GIF8", "other", "GIF"),
    (b"Rar!", "packed", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "packed", "7z"),
    (b"\x1f\x8b", "packed", "gzip"),
    (b"SQLite format 3", "other", "SQLite"),
)
_MARKUP = (
    (
        re.compile(rb"urn:schemas-microsoft-com:office:spreadsheet|progid=.excel\.sheet", re.I),
        "xml2003",
    ),
    (re.compile(rb"^\s*mime-version:", re.I), "html"),
    (
        re.compile(
            rb"^\s*(?:<\?xml[^>]*>\s*)?"
            rb"<(?:!doctype\s+html|html|head|meta|table|body|style|div)\b",
            re.I | re.S,
        ),
        "html",
    ),
    (re.compile(rb"^\s*<\?xml", re.I), "xml_file"),
)
# Taken out first: a pattern that skips them needs a possessive quantifier, which Python 3.11.2
# (Debian 12) matches wrongly.
_COMMENT = re.compile(rb"<!--.*?-->", re.S)


def kind_of(file: BinaryIO) -> Literal["zip", "text"]:
    """Return whether the file is a zip package or text. Raises Fault for any other kind."""
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(4096)
    file.seek(0)
    if not size:
        raise Fault("empty_file")
    if size > MAX_FILE_SIZE:
        raise Fault("too_large", size=size, limit=MAX_FILE_SIZE)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if start.startswith(_OLE):
        raise Fault(_compound_code(file))
    for mark, code, format_name in _SIGNATURES:
        if start.startswith(mark):
            raise Fault(code, what=format_name)
    plain = start.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"")
    uncommented = _COMMENT.sub(b"", plain)
    for pattern, code in _MARKUP:
        if pattern.search(plain) or pattern.search(uncommented):
            raise Fault(code)
    return "text"


def _compound_code(file: BinaryIO) -> str:
    """The code of a file in the old compound format; its streams have names in UTF-16."""
    names = {
        "EncryptedPackage": "encrypted",
        "WordDocument": "document",
        "PowerPoint Document": "document",
    }
    previous = b""
    while block := file.read(BLOCK_SIZE):
        for name, code in names.items():
            if name.encode("utf-16-le") in previous + block:
                return code
        previous = block[-64:]
    return "xls"
