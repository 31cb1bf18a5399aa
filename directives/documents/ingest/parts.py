"""The parts of a document: a notice, the plan that it carries, each annex.

Every part after the first has a short label that no other part has, for the codes of its sentences.
Rules match Simplified script.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from directives.documents.ingest import frame as frames
from directives.documents.ingest.deadlines import day_in
from directives.documents.ingest.frame import Frame, left_out
from directives.documents.ingest.frame_lines import is_day, is_number, is_recipients, is_title
from directives.documents.ingest.frame_lists import recipients_in
from directives.documents.ingest.labels import ARTICLE, Label, label_of
from directives.documents.ingest.sources import LeftOut
from directives.documents.ingest.words import Line, aligned

_ANNEX = re.compile(
    r"^附\s*(?P<kind>件|录|表|则)?\s*(?P<number>[0-9０-９一二三四五六七八九十]{0,3})\s*(?:[：:]|$"
    r"|\s+(?=\S))(?P<title>.*)$"
)
_CARRIED = re.compile(
    "(?:印发|发布|转发|公布|下发|颁布|制定|下达)(?:《(?P<quoted>[^》]+)》|(?P<plain>.+?)(?:的"
    "(?:通知|通告|公告|决定|函)|$))"
)
_LABEL_KINDS = (
    "实施细则|实施方案|实施意见|实施办法|方案|办法|要点|意见|细则|规定|计划|规划|措施|制度|清单"
    "|条例|预案|规则"
    "|指南|标准|章程|纲要|分工表|分解表|任务表|安排|准则|规程|守则|指引|决定|报告|目录|台账|要领"
    "|举措|政策"
)
_SHORT = {"实施细则": "细则", "实施方案": "方案", "实施意见": "意见", "实施办法": "办法"}
# ——2031年1月5日在青河县第十届人民代表大会第二次会议上, over two lines too
_OCCASION = re.compile("——?.{0,40}20[0-9]{2}年.{0,60}$|.{0,30}会议上$")
_LONGEST = 60  # characters of a title
_LATE = 6  # lines of a text within which its number and recipients may stand


@dataclass(slots=True)
class Part:
    """`lines` are those of the text; `title` is that of a part after the first."""

    label: str
    title: list[Line]
    lines: list[Line]
    frame: Frame
    left_out: list[LeftOut] = field(default_factory=list)


def parts_of(lines: Sequence[Line]) -> list[Part]:
    """The parts of a document, each with its frame."""
    head = frames.head_of(lines)
    lines, signature = _without_order(lines, head)
    starts = list(_starts(lines, head.body, aligned(head.frame.title)))
    ends = [*(start.at for start in starts), len(lines)]
    parts = [_part("", [], _without_late_front(lines[head.body : ends[0]], head))]
    parts[0].left_out = head.left_out + signature + parts[0].left_out
    parts[0].frame = frames.together(head.frame, parts[0].frame)
    for start, end in zip(starts, ends[1:], strict=True):
        part = _part(start.label, start.title, lines[start.body : end])
        part.left_out = [*start.left_out, *part.left_out]
        parts.append(part)
    _label(parts)
    return _with_frame_of_all(parts)


def _without_late_front(lines: Sequence[Line], head: frames.Head) -> Sequence[Line]:
    """The lines without a number and recipients that stand below the first words of the text."""
    front = range(min(_LATE, len(lines)))
    first = next((at for at in front if label_of(lines[at].words) or lines[at].markup.cell), None)
    late = [at for at in front if first is None or at < first]
    kept = list(lines)
    for at in reversed(late):
        if is_number(lines[at]) and not head.frame.number:
            head.frame = replace(head.frame, number=lines[at].text)
            head.left_out.append(left_out(kept.pop(at), "document number"))
        elif is_recipients(lines[at]) and not head.frame.recipients:
            head.frame = replace(head.frame, recipients=tuple(recipients_in(lines[at])))
            head.left_out.append(left_out(kept.pop(at), "recipient"))
    return kept


def _without_order(
    lines: Sequence[Line], head: frames.Head
) -> tuple[Sequence[Line], list[LeftOut]]:
    """The lines without the signature of the order that puts the document itself in force.

    The title stands above the order, and the first article behind its signature.
    """
    begin = head.body + 1
    end = begin
    while (
        end < len(lines)
        and end < begin + 5
        and (frames.signs(lines[end]) or frames.is_note(lines[end]))
    ):
        end += 1
    label = label_of(lines[end].words) if begin < end < len(lines) else None
    if label is None or label.kind not in ("chapter", ARTICLE) or label.count != 1:
        return lines, []
    if _plain(aligned(head.frame.title)) not in _carried_in(lines, head.body):
        return lines, []
    day = next((day_in(line.hans) for line in lines[begin:end] if is_day(line.hans)), None)
    if day and head.frame.date is None:
        head.frame = replace(head.frame, date=day.isoformat())
    signature = [left_out(line, "signature") for line in lines[begin:end]]
    return [*lines[:begin], *lines[end:]], signature


@dataclass(slots=True)
class _Start:
    """Where a part begins: `at` its first line, `body` the first one behind its title."""

    at: int
    body: int
    label: str
    title: list[Line]
    left_out: list[LeftOut] = field(default_factory=list)


def _part(label: str, title: list[Line], lines: Sequence[Line]) -> Part:
    notes: list[LeftOut] = []
    begin = 0
    if title:
        while begin < len(lines) and (reason := _reason_under_title(lines[begin])):
            notes.append(left_out(lines[begin], reason))
            begin += 1
    lines = lines[begin:]
    tail = frames.tail_of(lines)
    text, signed, fields = _without_signatures(lines[: tail.lines])
    frame = tail.frame if tail.frame.date or not signed else replace(tail.frame, **fields)
    return Part(label, title, text, frame, notes + signed + tail.left_out)


def _without_signatures(
    lines: Sequence[Line],
) -> tuple[list[Line], list[LeftOut], dict[str, Any]]:
    """The lines without names and the day under them, behind which a text without a title goes on.

    With what they say of the frame.
    """
    text: list[Line] = []
    signed: list[LeftOut] = []
    fields: dict[str, Any] = {}
    at = 0
    while at < len(lines):
        size = frames.signature_at(lines, at) if not text or _ends(text[-1]) else 0
        if not size:
            text.append(lines[at])
            at += 1
            continue
        rows = lines[at : at + size]
        signed += [left_out(line, "signature") for line in rows[:-1]]
        signed.append(left_out(rows[-1], "date"))
        tail = frames.tail_of(rows).frame
        fields = fields or {"date": tail.date, "issuers": tail.issuers, "places": tail.places}
        at += size
    return text, signed, fields


def _ends(line: Line) -> bool:
    return re.search("[。；！）]$", line.hans) is not None


def _reason_under_title(line: Line) -> str:
    """Why a line under the title of a part is no text of it, or ""."""
    if is_number(line):
        return "document number"
    if is_recipients(line):
        return "recipient"
    said = _OCCASION.match(line.hans) or frames.is_officer(line) or frames.are_names(line)
    return "front matter" if said or _is_note(line) else ""


def _is_note(line: Line) -> bool:
    """Whether a line under the title of a part says of it when it was made, or what it is."""
    return (
        not label_of(line.words)
        and not line.markup.cell
        and (
            is_day(line.hans)
            or re.match(r"^[（(].{1,80}[）)]$", line.hans) is not None
            and not re.search("牵头|责任单位|负责", line.hans)
        )
    )


def _starts(lines: Sequence[Line], body: int, title: str) -> Iterator[_Start]:
    carried = _carried(title) | _carried_in(lines, body)
    top: Label | None = None  # the last label of the highest kind in the current part
    ended = False  # a signature or an annex list stands before
    at = body
    while at < len(lines):
        line = lines[at]
        start = _start_at(lines, at, carried, top, ended=ended)
        if start is not None and start.body < len(lines):
            yield start
            carried.discard(_plain("".join(row.hans for row in start.title)))
            at, top, ended = start.body, None, False
            continue
        label = None if line.markup.cell else label_of(line.words)
        if label is not None and (top is None or label.rank <= top.rank):
            top = label
        if frames.ends_a_text(line):
            ended = True
        elif label is None and re.search("[。；]$", line.hans):
            ended = False
        at += 1


def _start_at(
    lines: Sequence[Line], at: int, carried: set[str], top: Label | None, *, ended: bool
) -> _Start | None:
    """The part that begins with a line, if one does."""
    line = lines[at]
    if line.markup.cell:
        return None
    annex = _ANNEX.match(line.hans)
    if annex:
        return _annex_at(lines, at, annex, ended=ended)
    size = _title_size(lines, at)
    if not size:
        return None
    words = _plain("".join(row.hans for row in lines[at : at + size]))
    behind = lines[at + size] if at + size < len(lines) else None
    if behind is None:
        return None
    again = (
        top is not None
        and (label := label_of(behind.words)) is not None
        and label.rank <= top.rank
        and label.count == 1
        and top.count >= 1
        and (label.kind == top.kind)
        and is_title("".join(row.hans for row in lines[at : at + size]))
    )
    follows = ended and not frames.is_tail_line(lines, at) and _has_text(lines[at + size :])
    if _is_carried(words, carried) or follows or again:
        return _Start(at, at + size, "", list(lines[at : at + size]))
    return None


def _annex_at(
    lines: Sequence[Line], at: int, annex: re.Match[str], *, ended: bool
) -> _Start | None:
    """An annex with its text; 附件：河道名录 with nothing behind it is the name of one."""
    line, title = lines[at], annex["title"].strip()
    alone = not title
    if alone and line.hans.rstrip().endswith(("：", ":")) and not ended:
        return None
    if alone and at + 1 >= len(lines):
        return None
    if not alone and (not ended or not _has_text_of_its_own(lines, at)):
        return None
    if not alone and not re.search("[：:]", line.hans) and len(title) > _LONGEST:
        return None
    label = f"附{annex['number']}"
    if alone:
        size = max(1, _title_size(lines, at + 1))
        if lines[at + 1].markup.cell or label_of(lines[at + 1].words):
            size = 0
        rows = [left_out(line, "annex")]
        return _Start(at, at + 1 + size, label, list(lines[at + 1 : at + 1 + size]), rows)
    words = line.words.cut(annex.start("title"))
    mark = line.words.cut(0, annex.start("title"))
    rows = [LeftOut(line.number, mark.text, "annex", mark.source)]
    return _Start(at, at + 1, label, [Line(line.number, words, line.markup)], rows)


def _has_text_of_its_own(lines: Sequence[Line], at: int) -> bool:
    """Whether text follows an annex's name, and not only other names, copies, a signature."""
    for later in range(at + 1, len(lines)):
        if lines[later].markup.cell or re.search("[。；]$", lines[later].hans):
            return True
        if _ANNEX.match(lines[later].hans) or frames.is_tail_line(lines, later):
            return False
    return False


def _has_text(lines: Sequence[Line]) -> bool:
    return any(
        line.markup.cell or label_of(line.words) or re.search("[。；]$", line.hans)
        for line in lines
    )


def _title_size(lines: Sequence[Line], at: int) -> int:
    """How many lines from here on are a title; 0 where the line can be none."""
    if at >= len(lines) or not _can_be_title(lines[at]):
        return 0
    words = ""
    for size in range(1, 4):
        if at + size > len(lines) or not _can_be_title(lines[at + size - 1]):
            break
        words += lines[at + size - 1].hans
        if is_title(words):
            return size
    return 1


def _can_be_title(line: Line) -> bool:
    return (
        not line.markup.cell
        and 2 <= len(line.hans) <= _LONGEST
        and not re.search("[。；，！？：]|^[（(]", line.hans)
        and label_of(line.words) is None
        and not is_day(line.hans)
    )


def _is_carried(words: str, carried: set[str]) -> bool:
    """Whether a title is one that is carried, or what a paper in between passes on."""
    return words in carried or (
        "关于" in words and any(name.endswith(words) and "转发" in name for name in carried)
    )


def _carried(title: str) -> set[str]:
    """What a notice says that it carries: 关于印发《…方案》的通知, 关于印发…方案的通知."""
    names: set[str] = set()
    for match in _CARRIED.finditer(title):
        names.add(_plain(match["quoted"] or match["plain"] or ""))
    return names - {""}


def _carried_in(lines: Sequence[Line], body: int) -> set[str]:
    """What the text says that it carries: 现将《…方案》印发给你们, 《…办法》已经…通过."""
    words = "".join(line.hans for line in lines[body : body + 4] if not line.markup.cell)
    quoted = re.findall(
        "(?:现将|现发布|现公布|现颁布|通过的|^)《(.{4,60}?)》(?:印发|转发|发给|已|业|公布|，自)",
        words,
    )
    return {_plain(name.replace("〈", "《").replace("〉", "》")) for name in quoted}


def _plain(words: str) -> str:
    return re.sub(r"[\s《》]", "", words)


def _label(parts: Sequence[Part]) -> None:
    """Give every part after the first a label that is short and its own."""
    annexes = [part for part in parts[1:] if part.label.startswith("附")]
    if len(annexes) == 1 and not annexes[0].label[1:]:
        annexes[0].label = "附"
    taken = {""}
    for part in parts[1:]:
        title = "".join(line.hans for line in part.title)
        kinds = re.findall(f"(?:{_LABEL_KINDS})", title)
        label = part.label or (_SHORT.get(kinds[-1], kinds[-1]) if kinds else "附")
        name, count = label, 1
        while name in taken:
            count += 1
            name = f"{label}{count}"
        taken.add(name)
        part.label = name


def _with_frame_of_all(parts: list[Part]) -> list[Part]:
    """Annexes named at the end of the plan are annexes of the document."""
    first = parts[0]
    if not first.frame.title and len(parts) > 1 and not parts[1].label.startswith("附"):
        title = "".join(line.text for line in parts[1].title)
        places = tuple(("title", line.words.source) for line in parts[1].title)
        first.frame = replace(first.frame, title=title, places=(*first.frame.places, *places))
    if not first.frame.annexes:
        named = next((part.frame.annexes for part in parts[1:] if part.frame.annexes), ())
        first.frame = replace(first.frame, annexes=named)
    if first.frame.date is None:
        day = next((part.frame.date for part in parts[1:] if part.frame.date), None)
        first.frame = replace(first.frame, date=day)
    return parts
