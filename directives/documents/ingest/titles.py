"""Which lines at the front of a document are its title.

Rules match Simplified script.
"""

import re
from collections.abc import Sequence

from directives.documents.ingest import bodies
from directives.documents.ingest.frame_lines import (
    NUMBER_AT_START,
    NUMBER_BEHIND_TITLE,
    PAPER,
    is_kind,
)
from directives.documents.ingest.words import Line

_NUMBER_AT_END = re.compile(
    r"[（(](?P<number>[\u4e00-\u9fff]{2,12}[〔\[［（(【]\d{4}[〕\]］）)】]第?\s*\d{1,5}\s*[号號])[）)]$"
)


BEGINS_WITH_WHAT = re.compile("关于|印发|转发|批转")


_LONGEST_TITLE = 5  # lines


_SAME = 12  # characters at its end by which a title is known again


def without_number(title: str, hans: str) -> tuple[str, str, str]:
    """A title without the number before or behind it and the quotes around it, and that number."""
    number = ""
    before = NUMBER_AT_START.match(hans)
    behind = _NUMBER_AT_END.search(hans) or NUMBER_BEHIND_TITLE.match(hans)
    if behind:
        number = title[behind.start("number") : behind.end("number")]
        end = behind.start("number") - (hans[behind.end("number") :] != "")
        title, hans = title[:end], hans[:end]
    elif before:
        number = title[: before.end("number")]
        title, hans = title[before.end() :], hans[before.end() :]
    if re.fullmatch("《[^《》]{6,}》|【[^【】]{6,}】", hans):
        title, hans = title[1:-1], hans[1:-1]
    return title, hans, number


def title_lines(lines: Sequence[Line], plain: Sequence[int]) -> list[int]:
    """The places of the lines of the title; `plain` are those that are nothing else."""
    ends = [at for at in plain if _ends_title(lines, at)]
    if not ends:
        return _title_without_kind(lines, plain)
    # A saved page shows its title above the paper, too: the last one is that of the paper.
    end = ends[0]
    for later in ends[1:]:
        quoted = re.search("《(.+)》[^《》]{0,8}$", lines[later].hans)
        carries = quoted is not None and quoted[1] == lines[end].hans
        again = _core(lines[: later + 1]).endswith(_core([lines[end]])[-_SAME:])
        names = re.findall("《([^《》]+(?:〈[^〉]*〉[^《》]*)?)》", lines[end].hans)
        told = lines[end].hans.endswith("》") and lines[later].hans in names  # a headline
        if carries or told or again or lines[later].hans.endswith(lines[end].hans[-4:]):
            end = later
    carries = BEGINS_WITH_WHAT.search(lines[end].hans) and not lines[end].hans.endswith("通知")
    if carries and end + 1 in plain and lines[end + 1].hans.endswith("的通知"):
        return [*_from_its_first_line(lines, plain, end), end + 1]
    return _from_its_first_line(lines, plain, end)


def _ends_title(lines: Sequence[Line], at: int) -> bool:
    """Whether a line can be the last of a title; 通知 alone only below what it is about."""
    hans = lines[at].hans
    if not _says_kind(hans):
        return False
    above = lines[at - 1].hans if at else ""
    return not is_kind(hans) or re.search("关于|印发|转发|的$", above) is not None


def _says_kind(hans: str) -> bool:
    """Whether a line ends with a kind of paper, and not within a quotation begun above it."""
    return re.search(PAPER, hans) is not None and hans.count("《") == hans.count("》")


def _core(lines: Sequence[Line]) -> str:
    """The words of lines without spaces, quotes and brackets at their end."""
    words = "".join(line.hans for line in lines[-_LONGEST_TITLE:])
    return re.sub(r"（[^（）]*）$|[\s《》〈〉【】]", "", re.sub(r"[】》]$", "", words))


def _from_its_first_line(lines: Sequence[Line], plain: Sequence[int], end: int) -> list[int]:
    title = [end]
    while len(title) < _LONGEST_TITLE:
        above, words = title[0] - 1, "".join(lines[at].hans for at in title)
        if above not in plain or _says_kind(lines[above].hans):
            break
        line = lines[above].hans
        begun = BEGINS_WITH_WHAT.match(words) is not None
        about = "关于" in re.sub("《[^》]*》", "", words) or begun
        names_above = bodies.is_name(line) and bodies.is_name(lines[title[0]].hans)
        if about and not ((begun or names_above) and bodies.is_name(line)):
            break
        if not about and not (
            "关于" in line
            or bodies.is_name(line)
            or above - 1 in plain
            and "关于" in lines[above - 1].hans
        ):
            break
        if words.startswith(line) or _is_issuer_of(line, words, lines[: title[0] - 1]):
            break
        title.insert(0, above)
        if about and not bodies.is_name(lines[above].hans):
            break
    return title


def _is_issuer_of(name: str, title: str, before: Sequence[Line]) -> bool:
    """Whether a name above a title is not its first line: a page shows the title above it, too.

    A law begins with the place whose body made it.
    """
    if "关于" in title or not bodies.is_name(name):
        return False
    shown = any(line.hans.strip("《》") == title for line in before)
    return (
        shown
        or re.search("(?:条例|规定|办法|细则|规则)$", title) is not None
        and (title[:2] == name[:2] or name == "国务院")
    )


def _title_without_kind(lines: Sequence[Line], plain: Sequence[int]) -> list[int]:
    """The line that markup calls the title, else the first one."""
    of_markup = [at for at in plain if lines[at].markup.kind == "heading"]
    centered = [at for at in plain if lines[at].markup.align == "center"]
    if of_markup:
        return of_markup[:1]
    if centered:
        return [at for at in centered if at - centered[0] == centered.index(at)]
    return list(plain[:1])
