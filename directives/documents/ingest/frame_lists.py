"""Lists in the frame of a document: to whom it goes, who has a copy, its annexes.

Rules match Simplified script; names are cut from the original text.
"""

import re

from directives.documents.ingest import bodies
from directives.documents.ingest.words import Line

ANNEX = re.compile(r"^附\s*[件录表注]?\s*[0-9一二三四五六七八九十]{0,3}\s*[：:]\s*(?P<name>.*)$")
ANNEX_ITEM = re.compile(
    r"^(?:附件)?\s*[0-9一二三四五六七八九十]{1,2}\s*[.．、：:]\s*(?P<name>[^。；]{2,80})$"
)


def recipients_in(line: Line) -> list[str]:
    """The names, cut at ， and ；, and where there are none at 、 between whole names."""
    words = line.words.cut(0, len(line.text) - 1)
    if re.search("[，；]", words.hans):
        return [name.text for name in words.split("[，；]")]
    return [name.strip() for name in bodies.whole_names(words.text, words.hans) if name.strip()]


def copies_in(line: Line) -> list[str]:
    """The names behind 抄送：, cut as recipients are."""
    copies = re.match(r"^(?:抄\s*[送报]|分送|副本)\s*[：:]", line.hans)
    if copies is None:
        return []
    words = line.words.cut(copies.end())
    names = [name.text.rstrip(". ") for name in words.split("[，；。]")]
    if len(names) == 1:
        names = bodies.whole_names(names[0], words.hans[: len(names[0])])
    return [name.strip() for name in names if name.strip()]


def annexes_in(line: Line) -> list[str]:
    words = line.words
    annex = ANNEX.match(words.hans)
    start = annex.start("name") if annex else 0
    rest = words.text[start:]
    cuts = [match.start() for match in re.finditer(r"(?<![0-9])[0-9]{1,2}[.．、](?![0-9])", rest)]
    rows = [rest] if not cuts else [rest[a:b] for a, b in zip(cuts, [*cuts[1:], None], strict=True)]
    names = (re.sub(r"^[0-9一二三四五六七八九十]{1,2}\s*[.．、：:]\s*", "", name) for name in rows)
    return [name.strip(" ；;。　") for name in names if name.strip(" ；;。　")]
