"""The encoding of a text: UTF-8, UTF-16 with a byte order mark, GB18030 or Big5."""

import codecs
import re

from directives.documents.ingest.language import common_share
from directives.documents.ingest.sources.messages import DocumentError

# The share of common pairs below which a text is noise: Chinese has about 0.5, a wrong decoding
# less than 0.1.
PLAUSIBLE = 0.2
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decoded(source: bytes, name: str) -> str:
    """The text without a byte order mark. Raises DocumentError binary or encoding."""
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
