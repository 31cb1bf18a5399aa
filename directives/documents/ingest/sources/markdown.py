"""The text of a Markdown file, as its readers see it: without the marks that lay it out."""

import re
from collections.abc import Iterator, Sequence
from html import unescape

from directives.documents.ingest.sources.blocks import CELL, HEADING, PARAGRAPH, Cell, Source
from directives.documents.ingest.sources.building import Builder

MARKDOWN = "markdown"
_HEADING = re.compile(r"^ {0,3}(?P<marks>#{1,6})[ \t\u3000]{1,9}(?P<words>[^\s#].*)$", re.M)
_FIRST = re.compile(r"\A\s*#{1,2} +[^\s#]")
_BOLD_START = re.compile(r"^ {0,3}(?:[-*+>][ \t]+)*\*\*[^*\n]+\*\*", re.M)
_GRID = re.compile(
    r"^ {0,3}\|?[ \t]{0,9}:?-{2,}:?[ \t]{0,9}(?:\|[ \t]{0,9}:?-{2,}:?[ \t]{0,9})+\|?[ \t]*$", re.M
)
_PAGE = re.compile(r"(?i)<(?:!doctype|html|head|body|div|p|table|span)\b")
_BULLET = re.compile(r"^[ \t]*[-*+][ \t]+(?:\[[ xX]\][ \t]+)?(?=\S)")
_QUOTE = re.compile(r"^[ \t]*(?:>[ \t]?)+")
_RULE = re.compile(r"^[ \t]*(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|={3,})$")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)")
_FRONT = re.compile(r"\A\ufeff?---[ \t]*\n(?P<fields>(?:[^\n]*\n){0,60}?)---[ \t]*(?:\n|\Z)")
_FIELD = re.compile(r"^title:[ \t]*[\"']?(?P<words>[^\"'\n]+)", re.M)
_INLINE = (
    (re.compile(r"<!--[^<>\n]*-->"), ""),
    (re.compile(r"(?i)<br[ \t]*/?>"), "\u2028"),
    (re.compile(r"!\[[^\[\]\n]*\]\([^()\n]*\)"), ""),
    (re.compile(r"\[([^\[\]\n]+)\]\((?:https?:|/|#|\.)[^()\n]*\)"), r"\1"),
    (re.compile(r"\*{1,3}(?=\S)([^*\n]*?\S)\*{1,3}"), r"\1"),
    (re.compile(r"__(?=\S)([^_\n]*?\S)__"), r"\1"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!|>~-])"), r"\1"),
)
_FEWEST = 3  # lines that begin in bold, of a text without headings


def is_markdown(text: str) -> bool:
    """Whether a text is laid out in Markdown; one line with # below the first does not show it."""
    if _PAGE.search(text):
        return False
    headings = len(_HEADING.findall(text)) + (_FIRST.match(text) is not None)
    bold = len(_BOLD_START.findall(text))
    return headings > 1 or headings == 1 and bold > 0 or bold >= _FEWEST or bool(_GRID.search(text))


def source_of_markdown(text: str) -> Source:
    out = Builder()
    front = _FRONT.match(text)
    if front:
        title = _FIELD.search(front["fields"])
        if title and not re.search("^# ", text, re.M):
            out.add(title["words"].strip(), kind=HEADING, level=1)
        out.leave_out(front["fields"], "metadata")
    rows = text[front.end() if front else 0 :].split("\n")
    at = 0
    while at < len(rows):
        if "|" in rows[at] and at + 1 < len(rows) and _GRID.match(rows[at + 1]):
            at = _table(out, rows, at)
            continue
        if not (_RULE.match(rows[at]) or _FENCE.match(rows[at])):
            _line(out, rows[at])
        at += 1
    return out.source(MARKDOWN)


def _line(out: Builder, row: str) -> None:
    row = _QUOTE.sub("", row)
    heading = _HEADING.match(row)
    if heading:
        out.add(_plain(heading["words"].rstrip(" \t#")), kind=HEADING, level=len(heading["marks"]))
        return
    bullet = _BULLET.match(row)
    words = _plain(row[bullet.end() :] if bullet else row)
    if words.strip():
        out.add(words, kind=PARAGRAPH, label="•" if bullet else "")


def _table(out: Builder, rows: Sequence[str], at: int) -> int:
    """Add the table whose title row is at a line; returns where it ends."""
    out.tables += 1
    number = 0
    while at < len(rows) and "|" in rows[at]:
        if not _GRID.match(rows[at]):
            number += 1
            for column, words in enumerate(_cells(rows[at]), 1):
                cell = Cell(out.tables, number, column, header=number == 1)
                out.add(_plain(words), kind=CELL, cell=cell)
        at += 1
    return at


def _cells(row: str) -> Iterator[str]:
    row = row.strip()
    row = row.removeprefix("|")
    if row.endswith("|") and not row.endswith("\\|"):
        row = row[:-1]
    return (cell.strip() for cell in re.split(r"(?<!\\)\|", row))


def _plain(words: str) -> str:
    for look, instead in _INLINE:
        words = look.sub(instead, words)
    return unescape(words)
