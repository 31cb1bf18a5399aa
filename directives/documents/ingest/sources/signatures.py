"""Recognises the format of a document by its content, never by its name."""

import re
from io import BytesIO
from zipfile import BadZipFile, ZipFile

from directives.documents.ingest.sources.blocks import DOCX, MHT, PDF
from directives.documents.ingest.sources.messages import DocumentError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_KNOWN = (
    (b"{\\rtf", "other_format", "RTF"),
    (b"\x89PNG", "binary", "PNG"),
    (b"\xff\xd8\xff", "binary", "JPEG"),
    (b"GIF8", "binary", "GIF"),
    (b"II*\0", "binary", "TIFF"),
    (b"MM\0*", "binary", "TIFF"),
    (b"Rar!", "archive", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "archive", "7z"),
    (b"\x1f\x8b", "archive", "GZIP"),
    (b"BZh", "archive", "BZIP2"),
    (b"\xfd7zXZ\0", "archive", "XZ"),
)
# Streams of compound files, whose names are in UTF-16.
_OLE_STREAMS = (
    ("EncryptedPackage", "encrypted", ""),
    ("WordDocument", "other_format", "DOC/WPS"),
    ("Workbook", "workbook", ""),
    ("PowerPoint Document", "other_format", "PPT"),
)
_HTML = re.compile(r"(?i)<(?:!doctype\s+html|html|head|body|p|div|br|table|span)\b[^<>]*>")
_MHTML = re.compile(rb"(?i)\A\s*(?:from:|mime-version:|content-type:\s*multipart/)")
_WORD_XML = re.compile(rb"(?i)<\?mso-application|schemas\.microsoft\.com/office/word/2003/wordml")
# A sheet of pages: its text is found within so many bytes.
_START = 1024


def format_of(source: bytes) -> str:
    """DOCX, MHT, PDF, or "" for what may be text. Raises DocumentError for any other format."""
    if b"%PDF-" in source[:_START] and not source.startswith((b"PK", _OLE)):
        return PDF
    if source.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _package(source)
    if source.startswith(_OLE):
        raise _compound(source)
    for magic, code, what in _KNOWN:
        if source.startswith(magic):
            raise DocumentError(code, {"what": what})
    if _MHTML.match(source[:_START]) and b"multipart/" in source[: 8 * _START].lower():
        return MHT
    if _WORD_XML.search(source[: 4 * _START]) and source.lstrip(b"\xef\xbb\xbf\r\n ").startswith(
        b"<?xml"
    ):
        raise DocumentError("other_format", {"what": "Word XML"})
    return ""


def is_html(text: str) -> bool:
    return _HTML.search(text) is not None


def _package(source: bytes) -> str:
    try:
        names = ZipFile(BytesIO(source)).NameToInfo
    except (BadZipFile, ValueError, OSError, NotImplementedError, MemoryError) as fault:
        raise DocumentError("truncated") from fault
    lower = {name.lower() for name in names}
    if "word/document.xml" in lower or any(name.startswith("word/") for name in lower):
        return DOCX
    if "content.xml" in lower and "mimetype" in lower:
        raise DocumentError("other_format", {"what": "ODT"})
    if "[content_types].xml" in lower:
        if any(name.startswith("xl/") for name in lower):
            raise DocumentError("workbook")
        if any(name.startswith("ppt/") for name in lower):
            raise DocumentError("other_format", {"what": "PPTX"})
        return DOCX
    if "ofd.xml" in lower:
        raise DocumentError("other_format", {"what": "OFD"})
    raise DocumentError("archive", {"what": "ZIP"})


def _compound(source: bytes) -> DocumentError:
    for name, code, what in _OLE_STREAMS:
        if name.encode("utf-16-le") in source:
            return DocumentError(code, {"what": what} if what else {})
    return DocumentError("other_format", {"what": "OLE"})
