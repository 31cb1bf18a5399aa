"""The frame of a document: title, number, issuers, recipients, date, annexes, signature.

Rules match Simplified script; fields are cut from the original text.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from directives.documents.ingest import bodies
from directives.documents.ingest.deadlines import day_in
from directives.documents.ingest.frame_lines import (
    DAY,
    NUMBER,
    NUMBER_BEHIND_TITLE,
    is_day,
    is_number,
    is_recipients,
    is_title_of_all,
    without_gaps,
)
from directives.documents.ingest.frame_lists import (
    ANNEX,
    ANNEX_ITEM,
    annexes_in,
    copies_in,
    recipients_in,
)
from directives.documents.ingest.labels import ARTICLE, BULLET, DECIMAL, Label, label_of
from directives.documents.ingest.sources import LeftOut
from directives.documents.ingest.titles import title_lines, without_number
from directives.documents.ingest.words import Line, Words, aligned

_LETTERHEAD = re.compile(r"^(?P<body>[\u4e00-\u9fff （）]{2,40}?)\s*文\s*件$")
_NOTE = re.compile(
    r"^[（(].*(?:通过|公布|发布|修订|修正|批准|施行|印发|订定|订颁|颁布|核定|函|令).*[）)]$"
    r"|^(?:中华)?民国.{6,20}日.{2,40}(?:通过|公布|订定|修正|核定)(?:发布|全文\d+条)?$"
    rf"|^{DAY}[，,]\s*[\u4e00-\u9fff]{{2,20}}$|^{DAY}[^，。；]{{6,60}}(?:通过|批准|公布|发布)$"
)
_ORDER_IN_NOTE = re.compile(
    r"(?:日\s*|^[（(])(?P<number>[\u4e00-\u9fff]{2,30}令"
    r"(?:第\s*)?[0-9一二三四五六七八九十百]+\s*号)"
)
_ADOPTED = re.compile(
    r"日\s*(?:经)?(?P<body>[\u4e00-\u9fff]{3,40}?)(?:第\s*[一二三四五六七八九十百零〇\d]+\s*次|令"
    r"|以|公告|发布|公布|常务会议|党组会议|主席团)"
)
_DAY_AT_END = re.compile(rf"^(?P<body>[^，。；：]{{2,40}}?)\s*(?P<day>{DAY})$")
# 中华民国120年3月5日某市政府府交字第1200045678号令订定发布
_ORDERED = re.compile(
    rf"^{DAY}(?P<body>[\u4e00-\u9fff]{{2,20}}?(?:政府|部|局|会|院|署|厅))"
    r"(?P<number>[\u4e00-\u9fff]{1,10}字第\s*\d{3,12}\s*[号號])(?:令|函)"
)
_ATTENDANCE = re.compile(r"^(?:出席|列席|记录|记录人|主持|主持人|参加|参会人员|请假|缺席)\s*[：:]")
_COPIES = re.compile(r"^(?:抄\s*[送报]|分送|印送|主送|报送|发送|正本|副本)\s*[：:]")
_AFTER_THE_END = re.compile(
    r"^[（(](?:此件|联系人|信息公开|公开|依申请|盖章|公章|本文|此文|注)|^(?:联\s*系\s*人|联系电话"
    r"|联系方式|咨询电话|签发人?|公开方式|信息公开选项|公开属性|是否公开|校对|打字|共印|承办单位"
    r"|拟稿|（?盖章）?$|电话)\s*[：:]?"
    r"|印发$|^共\d+份|^[（(]公开[^。]*[）)]$"
)
_OFFICER = re.compile(
    r"^代?(?:[^，。；：]{0,20}[长任席理员]|书记|院长)\s*(?:[：:]\s*[\u4e00-\u9fff○　 ]{2,6}"
    r"|\s+[\u4e00-\u9fff○]\s?[\u4e00-\u9fff○]{1,3})$"
)
_OFFICER_ALONE = re.compile("代?(?:[省市县区州镇乡]长|主席|主任|部长|局长|院长|校长|总理)")
_KEY = re.compile("[•·●]\\s*[^，。；：]{1,8}：[^。；]{0,40}$")  # • 发布：青河县水利局
_BELOW = 12  # lines from the end within which a paper is signed
_LINES_OF_TITLE = 4
_ABOVE = 12  # lines of a page above a paper that may be text
_MOST_SIGNERS = 8  # lines of names above a day
_HEAD_OF_GOVERNMENT = re.compile(r"(?:总理|主席|[省市县州]长)[\u4e00-\u9fff]{2,3}")
_SEVERAL = re.compile("等[一二三四五六七八九十\\d]+(?:个)?(?:部门|单位)")


@dataclass(frozen=True, slots=True)
class Frame:
    """`date` is an ISO day; `places` are the field and range in the source of each line used."""

    title: str = ""
    number: str = ""
    issuers: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    date: str | None = None
    annexes: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()  # those to whom the paper goes for information
    signature: tuple[str, ...] = ()  # the names under the text
    places: tuple[tuple[str, tuple[int, int]], ...] = ()


@dataclass(slots=True)
class Head:
    """What stands before the text, and the place of the first line of the text."""

    frame: Frame
    left_out: list[LeftOut] = field(default_factory=list)
    body: int = 0


@dataclass(slots=True)
class Tail:
    """What stands behind the text: `lines` is how many lines belong to the text."""

    frame: Frame
    lines: int
    left_out: list[LeftOut] = field(default_factory=list)


def left_out(line: Line, reason: str) -> LeftOut:
    return LeftOut(line.number, line.text, reason, line.words.source)


def head_of(lines: Sequence[Line]) -> Head:
    """The head of a document, up to the first line that belongs to its text."""
    begin = _begin_of_paper(lines)
    if begin:
        head = head_of(lines[begin:])
        head.left_out[:0] = [left_out(line, "front matter") for line in lines[:begin]]
        head.body += begin
        day = next((day_in(line.hans) for line in lines[:begin] if is_day(line.hans)), None)
        if day and head.frame.date is None:
            head.frame = replace(head.frame, date=day.isoformat())
        return head
    body = next((at for at, line in enumerate(lines) if _begins_text(lines, at)), len(lines))
    title = title_lines(lines[:body], _plain_lines(lines[:body]))
    if body == len(lines) and not title:
        return Head(Frame(), [], 0)
    head = Head(Frame(places=tuple(("title", lines[at].words.source) for at in title)), [], body)
    joined, joined_hans, number = without_number(
        "".join(lines[at].text for at in title), "".join(lines[at].hans for at in title)
    )
    head.frame = replace(head.frame, number=number)
    issuers = _issuers_in(joined, joined_hans)
    names = [lines[at] for at in title[:-1] if bodies.is_name(lines[at].hans)]
    if len(names) > 1 and names[0] is lines[title[0]]:
        issuers = tuple(name for line in names for name in _issuers_of_line(line.text))
    head.frame = replace(head.frame, title=joined, issuers=issuers)
    for at, line in enumerate(lines[:body]):
        if at not in title:
            _take(line, head, title_seen=not title or at > title[0])
    return head


def _begin_of_paper(lines: Sequence[Line]) -> int:
    """Where a paper begins on a page that says something of it first: its title, above 各镇："""
    body = next((at for at, line in enumerate(lines) if _begins_text(lines, at)), len(lines))
    if any(is_recipients(line) for line in lines[:body]):
        return 0
    for at in range(body, min(body + _ABOVE, len(lines))):
        if label_of(lines[at].words) and not re.match("第一篇|[•]", lines[at].hans):
            return 0
        if is_recipients(lines[at]):
            last = at - 1 - is_number(lines[at - 1])
            for title in range(last, max(body, last - _LINES_OF_TITLE), -1):
                if is_title_of_all("".join(line.hans for line in lines[title : last + 1])):
                    above = lines[title - 1]
                    return title - (title - 1 > body and bodies.is_name(above.hans))
            return 0
    return 0


def tail_of(lines: Sequence[Line]) -> Tail:
    """What stands behind the text of a part: signature, date, annexes, copies."""
    tail = Tail(Frame(), _end_of_paper(lines))
    tail.left_out = [left_out(line, "page tool") for line in lines[tail.lines :]]
    signers: list[str] = []
    annexes: list[str] = []
    copies: list[str] = []
    while tail.lines:
        line = lines[tail.lines - 1]
        reason = _tail_reason(lines, tail.lines - 1)
        if not reason:
            break
        tail.lines -= 1
        tail.left_out.insert(0, left_out(line, reason))
        day = day_in(line.hans) if reason in ("date", "signature") else None
        dated = _DAY_AT_END.match(line.text)
        if day and not tail.frame.date:
            tail.frame = replace(
                tail.frame,
                date=day.isoformat(),
                places=(*tail.frame.places, ("date", line.words.source)),
            )
        if reason == "signature":
            signer = without_gaps(dated["body"] if dated else line.text)
            names = without_gaps(dated["body"] if dated else line.hans).split()
            signers[:0] = [signer] if all(map(bodies.is_name, names)) else []
        if reason == "annexes":
            annexes = [*annexes_in(line), *annexes]
        if reason == "copies":
            copies = [*copies_in(line), *copies]
    issuers = tuple(name for signer in signers for name in _issuers_of_line(signer))
    tail.frame = replace(
        tail.frame,
        issuers=issuers,
        annexes=tuple(annexes),
        copies=tuple(copies),
        signature=issuers,
    )
    return tail


def _end_of_paper(lines: Sequence[Line]) -> int:
    """Where a paper ends: what stands behind its signature, and says nothing, is the page's."""
    for at in range(len(lines) - 2, max(-1, len(lines) - _BELOW), -1):
        if not signature_at(lines, at):
            continue
        end = at + signature_at(lines, at)
        rest = lines[end:]
        if any(_tail_reason(lines, later) for later in range(end, len(lines))):
            return len(lines)
        said = (
            line.markup.cell or label_of(line.words) or re.search("[。；：]$", line.hans)
            for line in rest
        )
        return len(lines) if any(said) else end
    return len(lines)


def together(head: Frame, tail: Frame) -> Frame:
    """The frame of a document; of several departments the signature names all."""
    if "".join(tail.issuers) == "".join(head.issuers):
        head = replace(head, issuers=tail.issuers)
    several = any(_SEVERAL.search(name) for name in head.issuers)
    partial = not all(map(bodies.is_name, head.issuers))  # 某镇关于印发…
    issuers = head.issuers
    if set(issuers) < set(tail.issuers):
        issuers = tail.issuers
    if tail.issuers and (several or partial or not issuers):
        issuers = tail.issuers
    return replace(
        head,
        issuers=issuers,
        date=tail.date or head.date,
        annexes=tail.annexes or head.annexes,
        copies=tail.copies,
        signature=tail.signature,
        places=(*head.places, *tail.places),
    )


def _plain_lines(lines: Sequence[Line]) -> list[int]:
    """The places of lines at the front that are no number, note, day, recipients and so on."""
    return [
        at
        for at, line in enumerate(lines)
        if not (
            NUMBER.match(line.hans)
            or _NOTE.match(line.hans)
            or _ORDERED.match(line.hans)
            or _DAY_AT_END.match(line.hans)
            or is_day(line.hans)
            or is_recipients(line)
            or _LETTERHEAD.match(line.hans)
            or _AFTER_THE_END.search(line.hans)
            and "关于" not in line.hans
        )
    ]


def _begins_text(lines: Sequence[Line], at: int) -> bool:
    """Whether a line is the first of the text: a numbered one, a sentence, a cell."""
    line = lines[at]
    if line.markup.cell:
        return True
    if (
        _NOTE.match(line.hans)
        or _ORDERED.match(line.hans)
        or is_day(line.hans)
        or NUMBER.match(line.hans)
    ):
        return False
    label = label_of(line.words)
    if label is not None and label.kind == BULLET and _KEY.match(line.hans):
        return False
    if label is not None and label.kind == ARTICLE:
        return True
    if (
        label is not None
        and label.length < len(line.text)
        and (label.kind != "bare figure" or _numbered_below(lines, at, label))
    ):
        return True
    if is_recipients(line) or _AFTER_THE_END.search(line.hans):
        return False
    if re.search("[。；]", line.hans):
        return True
    return line.hans.endswith(("：", ":")) and at > 0


def _numbered_below(lines: Sequence[Line], at: int, label: Label) -> bool:
    """Whether 1.1, or a 2 of the same kind, follows a line that begins with a bare 1."""
    below = (label_of(line.words) for line in lines[at + 1 : at + 40])
    return any(
        other is not None
        and (
            other.kind == DECIMAL
            and other.number.startswith(label.number)
            or other.kind == label.kind
            and other.count == label.count + 1
        )
        for other in below
    )


def _take(line: Line, head: Head, *, title_seen: bool) -> None:
    """Put one line of the head into the frame, and among what is left out."""
    frame, reason, place = head.frame, "front matter", line.words.source
    number, letterhead = NUMBER.match(line.hans), _LETTERHEAD.match(line.hans)
    behind = NUMBER_BEHIND_TITLE.match(line.hans)
    if behind and "关于" in behind["title"]:
        number = None
    if number and not frame.number:
        words = line.text[number.start("number") : number.end("number")]
        order = head.left_out[-1].text if words[:1] == "第" and head.left_out else ""
        kind = re.search("(?:令|公告|通告)$", aligned(order))
        if kind and bodies.is_name(aligned(order[: kind.start()])):
            frame = replace(frame, issuers=frame.issuers or (order[: kind.start()],))
            words = order + words
        frame, reason = replace(frame, number=words), "document number"
        frame = replace(frame, places=(*frame.places, ("number", place)))
    elif behind and not frame.number:
        words = line.text[behind.start("number") :]
        frame = replace(frame, number=words, places=(*frame.places, ("number", place)))
    elif letterhead and not frame.issuers:
        frame = replace(frame, issuers=_issuers_of_line(letterhead["body"]))
    elif is_recipients(line) and title_seen:
        names = (*frame.recipients, *recipients_in(line))
        frame, reason = replace(frame, recipients=names), "recipient"
        frame = replace(frame, places=(*frame.places, ("recipients", place)))
    elif _NOTE.match(line.hans) or _ORDERED.match(line.hans):
        frame = _with_note(line, frame)
    elif is_day(line.hans) or _DAY_AT_END.match(line.hans):
        frame = _with_day(line, frame)
    elif bodies.is_name(line.hans) and not frame.issuers:
        frame = replace(frame, issuers=_issuers_of_line(line.text))
    head.frame = frame
    head.left_out.append(left_out(line, reason))


def _with_note(line: Line, frame: Frame) -> Frame:
    """The frame with what stands under the title of a law: who made it, when, its number.

    Of several days the last one counts.
    """
    days = [day_in(piece) for piece in re.split("(?<=日)", line.hans)]
    day = next((day for day in reversed(days) if day), None)
    number = _ORDERED.match(line.hans) or _ORDER_IN_NOTE.search(line.hans)
    issuer = _ORDERED.match(line.hans) or _ADOPTED.search(line.hans)
    words = line.text[number.start("number") : number.end("number")] if number else ""
    issuers = (line.text[issuer.start("body") : issuer.end("body")],) if issuer else ()
    return replace(
        frame,
        number=frame.number or words,
        date=day.isoformat() if day else frame.date,
        issuers=frame.issuers or issuers,
        places=(*frame.places, ("date", line.words.source)) if day else frame.places,
    )


def _with_day(line: Line, frame: Frame) -> Frame:
    """The frame with a day under the title, and the issuer before it."""
    day, dated = day_in(line.hans), _DAY_AT_END.match(line.hans)
    if dated and not is_day(line.hans):
        if not bodies.is_name(dated["body"]):
            return frame
        issuers = frame.issuers or _issuers_of_line(line.text[: dated.end("body")])
        frame = replace(frame, issuers=issuers)
    if day is None or frame.date:
        return frame
    places = (*frame.places, ("date", line.words.source))
    return replace(frame, date=day.isoformat(), places=places)


def _issuers_in(title: str, hans: str) -> tuple[str, ...]:
    """The issuers in a title: what stands before 关于."""
    before = re.match("([^《]+?)(?=关于|印发|转发|批转)", hans)
    if not before:
        before = re.match("(.{2,24}?公司|.{4,30}(?=令$))", hans)
    if not before or "《" in before[1]:
        return ()
    return _issuers_of_line(title[: before.end()].strip())


def _issuers_of_line(words: str) -> tuple[str, ...]:
    return tuple(name for name in re.split(r"[\s、，]+", words.strip()) if len(name) > 1)


def _tail_reason(lines: Sequence[Line], at: int) -> str:
    """Why a line at the end is no text, or ""."""
    line = lines[at]
    hans = line.hans
    if line.markup.cell:
        return ""
    if is_day(hans):
        return "date"
    if _COPIES.match(hans) or re.search("印发$", hans):
        return "copies"
    if _ATTENDANCE.match(hans):
        return "attendance"
    if ANNEX.match(hans) or (ANNEX_ITEM.match(hans) and _in_annex_list(lines, at)):
        return "annexes" if not hans.endswith("。") or ANNEX.match(hans) else ""
    if _AFTER_THE_END.search(hans) and len(hans) <= 120:
        return "signature"
    dated = _DAY_AT_END.match(hans)
    body = without_gaps(dated["body"] if dated else hans)
    names = body.split()
    if _OFFICER.match(hans) or bodies.is_name(body) or names and all(map(bodies.is_name, names)):
        return "signature"
    return ""


def _in_annex_list(lines: Sequence[Line], at: int) -> bool:
    """Whether an item stands below 附件： with nothing but items between."""
    while at >= 0 and ANNEX_ITEM.match(lines[at].hans) and not ANNEX.match(lines[at].hans):
        at -= 1
    return at >= 0 and ANNEX.match(lines[at].hans) is not None


def lines_with_end_marks(lines: Iterable[Line], rows: list[LeftOut]) -> Iterable[Line]:
    """The lines without （完）, which goes among what is left out."""
    for line in lines:
        end = _END_MARK.search(line.hans)
        if not end:
            yield line
            continue
        mark: Words = line.words.cut(end.start())
        rows.append(LeftOut(line.number, mark.text, "end mark", mark.source))
        rest = line.words.cut(0, end.start())
        if rest.text:
            yield Line(line.number, rest, line.markup)


_END_MARK = re.compile(r"[（(]完[）)]\s*$")


def ends_a_text(line: Line) -> bool:
    """Whether a line shows that a text has ended: its date, what is public, copies."""
    return (
        is_day(line.hans)
        or _DAY_AT_END.match(line.hans) is not None
        or _COPIES.match(line.hans) is not None
        or (_AFTER_THE_END.search(line.hans) is not None and len(line.hans) <= 60)
    )


def is_note(line: Line) -> bool:
    return not line.markup.cell and _NOTE.match(line.hans) is not None


def are_names(line: Line) -> bool:
    """Whether a line is names of bodies and nothing else: 县水利局 县财政局."""
    names = line.hans.split()
    return not line.markup.cell and bool(names) and all(map(bodies.is_name, names))


def is_officer(line: Line) -> bool:
    return not line.markup.cell and _OFFICER.match(line.hans) is not None


def signs(line: Line) -> bool:
    """Whether a line is a signature by an officer or its day: 省长 王某某, 2031年3月5日."""
    return (
        is_day(line.hans)
        or _OFFICER.match(line.hans) is not None
        or _HEAD_OF_GOVERNMENT.fullmatch(line.hans) is not None
        or bodies.is_name(line.hans)
    )


def signature_at(lines: Sequence[Line], at: int) -> int:
    """How many lines from here on are names and the day under them; 0 where they are none."""
    end = at
    while end < len(lines) and end < at + _MOST_SIGNERS and _is_signer(lines[end]):
        end += 1
    if at < end < len(lines) and is_day(lines[end].hans):
        return end + 1 - at
    return 0


def _is_signer(line: Line) -> bool:
    hans = without_gaps(line.hans)
    return (
        not line.markup.cell
        and len(hans) <= 40
        and (
            bodies.is_name(hans)
            or all(map(bodies.is_name, hans.split()))
            or _OFFICER.match(hans) is not None
            or _OFFICER_ALONE.fullmatch(hans) is not None
            or _HEAD_OF_GOVERNMENT.fullmatch(hans) is not None
        )
    )


def is_tail_line(lines: Sequence[Line], at: int) -> bool:
    return bool(_tail_reason(lines, at))
