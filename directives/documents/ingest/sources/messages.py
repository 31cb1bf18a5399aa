"""Why a document is refused, in words that the web layer translates."""

from collections.abc import Mapping


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
    "long_text": gettext_noop(
        "%(name)s has more than %(limit)s characters. Save only the text of the document."
    ),
    "binary": gettext_noop(
        "%(name)s is not text (%(what)s). Save it as plain text in UTF-8, or as an HTML page, and "
        "try again."
    ),
    "encoding": gettext_noop(
        "Cannot tell the encoding of %(name)s: at byte %(byte)s it is not UTF-8, and it does not "
        "read as Chinese in GB18030 or Big5. Save it as UTF-8."
    ),
    "garbled": gettext_noop(
        "%(name)s was saved in the wrong encoding: it says “%(shown)s” where “%(meant)s” was "
        "meant. Open the original file again and save it as UTF-8."
    ),
    "archive": gettext_noop(
        "%(name)s is a compressed file (%(what)s). Unpack it and load the document inside."
    ),
    "workbook": gettext_noop(
        "%(name)s is a workbook, not a document. Import its table as tasks, or save the document "
        "as .docx."
    ),
    "other_format": gettext_noop(
        "%(name)s is in a format that cannot be read (%(what)s). Open it with Word or WPS, save it "
        "as .docx, and load that."
    ),
    "encrypted": gettext_noop(
        "%(name)s is protected by a password. Open it, remove the password, save it, and load it "
        "again."
    ),
    "macros": gettext_noop(
        "%(name)s contains macros. Open it with Word or WPS and save it as a Word document (.docx) "
        "without macros."
    ),
    "truncated": gettext_noop(
        "%(name)s is incomplete or damaged. It was probably not fully copied or sent; copy it "
        "again."
    ),
    "damaged": gettext_noop(
        "%(name)s is damaged: its part %(member)s cannot be read. Open it with the program it was "
        "made with, repair it, save it, and load it again."
    ),
    "many_members": gettext_noop(
        "%(name)s has %(count)s parts; the limit is %(limit)s. Copy its text into a new document "
        "and load that."
    ),
    "bomb": gettext_noop(
        "Unpacked, %(name)s would be far larger than a document can be (%(size)s MB from "
        "%(packed)s KB). Copy its text into a new document and load that."
    ),
    "nested": gettext_noop(
        "There is another file inside %(name)s: %(member)s. Load that file itself, or open "
        "%(name)s with Word, save it again, and load that."
    ),
    "entities": gettext_noop(
        "%(name)s contains a document type or entities (%(member)s), which no word processor "
        "writes. Copy its text into a new document and load that."
    ),
    "scan": gettext_noop(
        "%(name)s has only pictures of its pages, no text (page %(page)s). Ask the issuing office "
        "for the file it was printed from, or have the text recognised and checked, and load that."
    ),
    "fonts": gettext_noop(
        "%(name)s uses a font whose characters cannot be known (page %(page)s). Ask the issuing "
        "office for the file it was printed from (.docx), and load that."
    ),
    "readers": gettext_noop(
        "Two readers do not agree on what page %(page)s of %(name)s says (“%(first)s”, "
        "“%(second)s”). Ask the issuing office for the file it was printed from (.docx), and load "
        "that."
    ),
    "memory": gettext_noop(
        "Reading %(name)s needs more memory than allowed. Save only the text of the document."
    ),
    "too_long": gettext_noop(
        "Reading %(name)s takes too long. Save only the text of the document."
    ),
    "broke_off": gettext_noop(
        "Reading %(name)s stopped: part of it cannot be read. Copy its text into a new document "
        "and load that."
    ),
    "no_section": gettext_noop(
        "%(name)s has no numbered section. A section starts with a line such as “%(example)s”; "
        "none of its %(lines)s lines does."
    ),
    "many_lines": gettext_noop(
        "%(name)s has %(count)s lines; the limit is %(limit)s. Load its parts as documents of "
        "their own."
    ),
    "many_sentences": gettext_noop(
        "%(name)s has %(count)s sentences; the limit is %(limit)s. Load its parts as documents of "
        "their own."
    ),
    "repeated": gettext_noop(
        "This document is already registered as %(title)s (same SHA-256). Open it instead of "
        "loading it again."
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
