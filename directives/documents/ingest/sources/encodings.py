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
from directives.documents.ingest.sources.blocks import Alternative, BrokenByte
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
# Broken bytes of a text that is read all the same, each as a place that cannot be read: at most so
# many, and one in so many characters; a single one can break the two after it.
_MOST_BROKEN, _BROKEN_IN, _FEW = 20, 100, 3
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
    broken: tuple[BrokenByte, ...] = ()


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
    alternatives = () if encoding == "utf-8" else _alternatives(source, encoding)
    text, broken = _decoded_with_gaps(source, encoding)
    if _too_many(broken, text):
        raise DocumentError("encoding", {"byte": broken[0].byte})
    return Decoded(text, encoding, alternatives, broken)


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
        if (read := _with_gaps(source)) is not None:
            return read
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


def _with_gaps(source: bytes) -> Decoded | None:
    """The text as the encoding reads it in which the fewest bytes are broken, if they are few."""
    texts = {name: _decoded_with_gaps(source, name) for name in ("utf-8", "gb18030", "big5hkscs")}
    likely = [
        (len(broken), -_evidence(text), name)
        for name, (text, broken) in texts.items()
        if not _too_many(broken, text) and _evidence(text) >= PLAUSIBLE
    ]
    if not likely:
        return None
    _, _, best = min(likely)
    others = (Alternative(name, _beginning(texts[name][0])) for _, _, name in sorted(likely)[1:])
    return Decoded(texts[best][0], best, tuple(others), texts[best][1])


def _decoded_with_gaps(source: bytes, encoding: str) -> tuple[str, tuple[BrokenByte, ...]]:
    """The text with U+FFFD for what the encoding does not have."""
    pieces: list[str] = []
    broken: list[BrokenByte] = []
    at = 0
    while len(broken) <= _MOST_BROKEN:
        try:
            pieces.append(source[at:].decode(encoding))
            break
        except UnicodeDecodeError as fault:
            start, end = at + fault.start, at + fault.end
            if start > at or not broken:  # else it goes on with the gap before it
                pieces.append(source[at:start].decode(encoding) + "\ufffd")
                broken.append(BrokenByte(source.count(b"\n", 0, start) + 1, start))
            at = end
    return "".join(pieces), tuple(broken)


def _too_many(broken: tuple[BrokenByte, ...], text: str) -> bool:
    return len(broken) > max(_FEW, min(_MOST_BROKEN, len(text) // _BROKEN_IN))


def other_encodings(source: bytes, *, read_as: str) -> tuple[Alternative, ...]:
    """What else the bytes of a text may be, for a person who was told that they cannot be read."""
    if source.startswith(tuple(mark for mark, _ in _MARKS)):
        return ()
    found = []
    for name in ("utf-8", *_UNMARKED):
        text, broken = _decoded_with_gaps(source, name)
        sound = not _CONTROL.search(text) and not _too_many(broken, text)
        if name != read_as and sound and _evidence(text) >= _RIVAL:
            found.append(Alternative(name, _beginning(text)))
    return tuple(found)


def _beginning(text: str) -> str:
    return " ".join(text[: 2 * _PREVIEW].split())[:_PREVIEW]


def _alternatives(source: bytes, chosen: str) -> tuple[Alternative, ...]:
    return tuple(
        Alternative(name, _beginning(text))
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
