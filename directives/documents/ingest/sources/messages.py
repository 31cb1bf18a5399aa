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
