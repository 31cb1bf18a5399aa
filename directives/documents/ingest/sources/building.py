"""Puts the blocks of a file with markup together as a text."""

import re

from directives.documents.ingest.sources.blocks import (
    BLANK,
    PARAGRAPH,
    Cell,
    LeftOut,
    Source,
    SourceLine,
)
from directives.documents.ingest.sources.messages import DocumentError

CHARACTERS = 7_000_000  # of a text: 20 MB of Chinese in UTF-8
# What ends a line, whichever program wrote it; \x0b and \u2028 are line breaks inside a paragraph.
BREAKS = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_INDENT = re.compile("[\u3000\u2003]|[ \u00a0]{3}")  # of the first line of a paragraph
_BLANKS = re.compile(f"[{BLANK}]+")


class Builder:
    """Collects blocks in the order in which people read them."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.lines: list[SourceLine] = []
        self.left_out: list[LeftOut] = []
        self.tables = 0  # so far
        self.at = 0

    def add(
        self,
        words: str,
        *,
        kind: str = PARAGRAPH,
        level: int = 0,
        label: str = "",
        align: str = "",
        cell: Cell | None = None,
    ) -> None:
        """Add a paragraph, or several lines of one: \\n in `words` is a line break.

        `label` is put before the words, with a space where the two would run together.
        """
        joined, first = False, True
        for raw in BREAKS.split(words):
            part = raw.strip(BLANK)
            if not part:  # two line breaks end a paragraph
                joined = False
                continue
            text = f"{label}{_between(label)}{part}" if first else part
            joined = joined and not _INDENT.match(raw)
            self._append(
                text,
                SourceLine(
                    number=len(self.rows) + 1,
                    start=self.at,
                    end=self.at + len(text),
                    kind=kind,
                    level=level,
                    label=len(label) if first else 0,
                    align=align,
                    joined=joined,
                    cell=cell,
                ),
            )
            joined, first = True, False

    def _append(self, text: str, line: SourceLine) -> None:
        self.rows.append(text)
        self.lines.append(line)
        self.at += len(text) + 1
        if self.at > CHARACTERS:
            raise DocumentError("long_text", {"limit": CHARACTERS})

    def leave_out(self, words: str, reason: str) -> None:
        """List what is not part of the document at the place where it was found."""
        text = _BLANKS.sub(" ", BREAKS.sub(" ", words)).strip()
        if text:
            self.left_out.append(LeftOut(len(self.rows) + 1, text, reason))

    def source(self, format_name: str, encoding: str = "") -> Source:
        text = "".join(f"{row}\n" for row in self.rows)
        return Source(text, tuple(self.lines), tuple(self.left_out), format_name, encoding)


def _between(label: str) -> str:
    """一、 needs no space before what follows, 第一条 and 1. do."""
    return " " if label and label[-1] not in "、．）〕】〉》：。，" else ""
