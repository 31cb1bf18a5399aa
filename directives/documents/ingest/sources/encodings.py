"""The encoding of a text, by its byte order mark or by evidence.

What is valid UTF-8 is UTF-8: other Chinese hardly ever is. GB18030, Big5 and UTF-16 without a mark
accept nearly each other's bytes, so the one that gives the most common Chinese is taken, and the
others are told as alternatives.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from directives.documents.ingest.language import common_share
from directives.documents.ingest.sources.blocks import Alternative
from directives.documents.ingest.sources.messages import DocumentError

# The share of common pairs below which a text is noise: Chinese has about 0.5, a wrong decoding
# less than 0.1.
PLAUSIBLE = 0.2
# How much evidence an encoding has beside the best, to be told as an alternative.
_RIVAL = 0.1
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = ("gb18030", "big5hkscs", "utf-16-le", "utf-16-be")
_CONTROL = re.compile("[\0-\x08\x0e-\x1a\x1c-\x1f]")
_ASCII = re.compile(r"[\0-\x7f]+")
_META = re.compile(rb"(?i)<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{3,20})")
_PREVIEW = 60  # characters
_WRONG_SAMPLE = 20_000  # of which it is tried whether they were read wrongly
_SAMPLE = 200_000  # characters of which the evidence is taken
# Wrong decodings that were saved as UTF-8: as what the bytes were read, what they were.
_WRONG = (
    ("gb18030", "utf-8"),
    ("cp1252", "utf-8"),
    ("latin-1", "utf-8"),
    ("latin-1", "gb18030"),
    ("big5hkscs", "gb18030"),
)


@dataclass(frozen=True, slots=True)
class Decoded:
    text: str
    encoding: str
    alternatives: tuple[Alternative, ...] = ()


def decoded(source: bytes, *, encoding: str = "") -> Decoded:
    """The text without a byte order mark; `encoding` is one that a person chose.

    Raises DocumentError binary, encoding or garbled.
    """
    if encoding:  # one of `alternatives`, or "utf-8"
        return _in_encoding(source, encoding)
    for mark, marked in _MARKS:
        if source.startswith(mark):
            try:
                return _sound(source[len(mark) :].decode(marked), marked)
            except UnicodeDecodeError as fault:
                raise DocumentError("encoding", {"byte": fault.start + len(mark)}) from fault
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as fault:
        return _by_evidence(source, fault.start)
    if _CONTROL.search(text):  # text in UTF-16 of nothing but ASCII is valid UTF-8, too
        return _by_evidence(source, 0)
    return _sound(text, "utf-8")


def _in_encoding(source: bytes, encoding: str) -> Decoded:
    if encoding not in ("utf-8", *_UNMARKED):
        raise DocumentError("encoding", {"byte": 0})
    for mark, marked in _MARKS:
        if marked == encoding:
            source = source.removeprefix(mark)
    try:
        text = source.decode(encoding)
    except UnicodeDecodeError as fault:
        raise DocumentError("encoding", {"byte": fault.start}) from fault
    alternatives = () if encoding == "utf-8" else _alternatives(source, encoding)
    return Decoded(text, encoding, alternatives)


def _by_evidence(source: bytes, byte: int) -> Decoded:
    """`byte` is where the source is not UTF-8."""
    found = {name: (_evidence(text), text) for name, text in _attempts(source)}
    declared = _META.search(source[:4096])
    if declared and (name := _canonical(declared[1])) in found:
        share, text = found[name]
        if share >= PLAUSIBLE:
            found[name] = (share + _RIVAL, text)
    best = max(found, key=lambda name: found[name][0], default="")
    if not best or found[best][0] < PLAUSIBLE:
        _refuse_binary(source)
        raise DocumentError("encoding", {"byte": byte})
    return Decoded(found[best][1], best, _alternatives(source, best))


def _attempts(source: bytes) -> Iterator[tuple[str, str]]:
    """The texts that the bytes can be, without control characters."""
    for encoding in _UNMARKED:
        try:
            text = source.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _CONTROL.search(text):
            yield encoding, text


def _alternatives(source: bytes, chosen: str) -> tuple[Alternative, ...]:
    return tuple(
        Alternative(name, " ".join(text[: 2 * _PREVIEW].split())[:_PREVIEW])
        for name, text in _attempts(source)
        if name != chosen and _evidence(text) >= _RIVAL
    )


def _evidence(text: str) -> float:
    """The share of common pairs, without the markup and scripts of a page."""
    return common_share(_ASCII.sub(" ", text[:_SAMPLE]))


def _canonical(name: bytes) -> str:
    try:
        codec = codecs.lookup(name.decode("ascii")).name
    except LookupError:
        return ""
    return {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "cp950": "big5hkscs"}.get(
        codec, codec
    )


def _refuse_binary(source: bytes) -> None:
    # Control bytes do not occur in text of any encoding that is known here.
    control = re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", source)
    if control:
        raise DocumentError("binary", {"what": f"{control[0][0]:#04x} @ {control.start()}"})


def _sound(text: str, encoding: str) -> Decoded:
    """Raises DocumentError if Chinese was saved after it had been decoded wrongly."""
    sample = text[:_WRONG_SAMPLE]
    wide = _ASCII.sub("", sample)
    if len(wide) >= 12 and _evidence(sample) < PLAUSIBLE:
        for read_as, was in _WRONG:
            meant = _read_again(sample, read_as, was)
            if meant and _evidence(meant) >= PLAUSIBLE:
                shown, right = wide[:12], _ASCII.sub("", meant)[:8]
                raise DocumentError("garbled", {"shown": shown, "meant": right})
    return Decoded(text, encoding)


def _read_again(text: str, read_as: str, was: str) -> str:
    """ "" unless most of the text can be what was read wrongly."""
    again = b"".join(_bytes_of(character, read_as) for character in text).decode(was, "replace")
    return "" if again.count("\ufffd") * 3 > len(again) else again


def _bytes_of(character: str, encoding: str) -> bytes:
    """Windows reads bytes that cp1252 does not have as control characters."""
    try:
        return character.encode(encoding)
    except UnicodeEncodeError:
        return character.encode("latin-1", "ignore")
