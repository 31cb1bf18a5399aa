"""Who is responsible, as what and by when, where a bracket or a line behind an item says so.

（牵头单位：市教育局；责任单位：各区政府；完成时限：2031年6月底前） and
（市教育局牵头，市财政局配合。列第一位者为牵头单位，下同）. Every piece between 、 is a body,
whatever it ends in. Rules match Simplified script; names are cut from the original text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from directives.documents.ingest import bodies
from directives.documents.ingest.words import Words

LEAD, RESPONSIBLE, SUPPORTING = "lead", "responsible", "supporting"

_PLAIN = r"[^（）()\[\]［］〔〕【】]"
_INSIDE = rf"(?:{_PLAIN}|[（(][^（）()]*[）)]|[〔\[［【]{_PLAIN}{{1,20}}[〕\]］】])*"
BRACKET = re.compile(
    rf"\s*(?:（(?P<content>{_INSIDE})）|\((?P<round>{_INSIDE})\)"
    rf"|[\[［【〔](?P<square>{_INSIDE})[\]］】〕])[。；]?"
)

_ROLES = (
    ("牵头(?:责任)?(?:单位|部门|科室)?|主办(?:单位|部门)|主责单位|组长单位|主要责任单位", LEAD),
    (
        "(?:责任|负责|落实|实施|承办|完成|执行|承担|主体责任)(?:单位|部门|主体|科室|处室|机构)"
        "|(?:任务)?分工|责任分工",
        RESPONSIBLE,
    ),
    ("(?:配合|协办|参与|参加|协同|协助|协作|支持)(?:责任)?(?:单位|部门|科室)?", SUPPORTING),
)
_DUE_KEYS = (
    "(?:完成|办结|整改|推进|工作|办理|实施|落实)?(?:时限|期限)(?:要求)?|完成时间|时间节点|时间要求"
    "|时间安排|完成日期"
)
_NOT_BODIES = (
    "(?:分管|责任|牵头|包保|主管|负责){0,2}领导|责任人|联系人|负责人|联系电话|备注|工作目标|目标|措施"
    "|工作要求"
)
_KEY = re.compile(
    rf"(?:^|(?<=[；;，,。\s　]))\s*(?:(?P<lead>{_ROLES[0][0]})|(?P<responsible>{_ROLES[1][0]})"
    rf"|(?P<supporting>{_ROLES[2][0]})|(?P<due>{_DUE_KEYS})|(?P<other>{_NOT_BODIES}))"
    r"(?:（[^（）]{1,6}）|[及和与、/][^：:]{2,8})?\s*[：:]\s*"
)
_ACTS = (
    ("牵头(?:负责|组织|落实|实施|督导|推进|办理|协调)?|主办", LEAD),
    (
        "(?:按照?|根据)?(?:各自)?(?:职责|职能)?(?:分工)?(?:分别|共同|具体|组织)?(?:负责(?:落实|实施|推进|组织|办理)|负责|落实|承担"
        "|实施|承办)",
        RESPONSIBLE,
    ),
    ("(?:参与|参加|配合|协助|协同|协办)(?:实施|落实|做好|负责)?", SUPPORTING),
)
_ACT = re.compile(
    rf"(?:等)?(?:(?P<lead>{_ACTS[0][0]})|(?P<supporting>{_ACTS[2][0]})|"
    rf"(?P<responsible>{_ACTS[1][0]}))"
    "(?=[，；。、]|$)"
)
_OWN_ROLE = re.compile(
    "（(?:(?P<lead>牵头[^（）]*|主办[^（）]*)|(?P<supporting>(?:配合|协办|参与)[^（）]*)|"
    "(?P<responsible>负责|责任)[^（）]*)）$"
)
_TOGETHER = re.compile("，?(?:会同|(?<!^)商(?!务|业|贸|标|户|品|城|会|投))")
_FIRST_LEADS = re.compile(
    "第一(?:责任|个)?(?:单位|部门)?(?:为|是)牵头|(?:列|排)(?:名)?(?:在)?(?:第一(?:位|的)?|首位|前)[^，。；]{0,8}(?:为|是|系)?牵头"
)
_ASIDE = re.compile("（[^（）]*(?:下同|为牵头|是牵头|不再)[^（）]*）")
_FROM_HERE_ON = re.compile("下同")
_NOTE = re.compile(
    "以下(?:各项)?任务|以下[^，。]{0,6}均需|不再列[出明入]|不再(?:一一|逐一|做|作)|均涉及|列第一|排第一|列首位|排首位|排名第一|下同|列在首位|列在第一"
)
_TAIL = re.compile("(?:按照?|根据)?(?:各自)?(?:职责|职能)(?:分工)?$|等$|^由|^以及|^和|^会同")
# 综合体（社区服务中心）: another name of the thing before it
_EXPLAINS = re.compile(
    "(?![市县区省州镇乡街国各本全]|[^、]{2}(?:[市县区]))[^、，；：]{2,14}(?:中心|学校|医院|园区|社区|公司|机构|学院|小学|中学|车队)"
)
_CLAUSE = re.compile("[^，；;。,]+")
_GENERIC = re.compile(
    "(?:有关|相关|各|本|该)?(?:部门|单位|机关|机构|组织|企业|个人|地区|干部|党员)"
)


@dataclass(frozen=True, slots=True)
class Responsibility:
    """Bodies with their roles, in order, and the words that say by when.

    `first_leads`: the first one named leads; `from_here_on`: in later brackets too.
    """

    names: tuple[tuple[str, str], ...] = ()
    due: str = ""
    first_leads: bool = False
    from_here_on: bool = False

    def led_by_the_first(self) -> "Responsibility":
        if not self.names or any(role != RESPONSIBLE for _, role in self.names):
            return self
        (name, _), *others = self.names
        return Responsibility(((name, LEAD), *others), self.due, True, self.from_here_on)


def is_responsibility(content: str) -> bool:
    """Whether the content of a bracket, in Simplified, says who is responsible or by when."""
    content = content.strip()
    if not 2 <= len(content) <= 600 or re.match("[一二三四五六七八九十0-9]{1,3}$", content):
        return False
    if _KEY.match(content):
        return True
    clauses = [clause[0] for clause in _CLAUSE.finditer(content) if not _NOTE.search(clause[0])]
    if not clauses:
        return False
    if any(_acted(clause) for clause in clauses):
        return True
    # Only names: each one must look like that of a body.
    return all(_only_names(clause) for clause in clauses if not _is_day(clause)) and not all(
        map(_is_day, clauses)
    )


def read(text: str, hans: str) -> Responsibility:
    """What a bracket or line says; `hans` is `text` in Simplified script, of one length."""
    whole, first_leads = hans, _FIRST_LEADS.search(hans) is not None
    hans = _ASIDE.sub(lambda match: "；" * len(match[0]), hans)
    from_here_on = _FROM_HERE_ON.search(whole) is not None
    if _KEY.match(hans) or _KEY.search(hans):
        names, due = _keyed(text, hans)
    else:
        names, due = _spoken(text, hans)
    result = Responsibility(tuple(names), due, first_leads, from_here_on)
    return result.led_by_the_first() if first_leads else result


def _acted(clause: str) -> bool:
    """Whether a clause names somebody who leads, is responsible or supports."""
    act = _ACT.search(clause)
    if act is None:
        return False
    who = clause[: act.start()]
    return not bodies.begins_like_a_verb(who) or who.startswith("由") or not who


def _is_day(clause: str) -> bool:
    return (
        re.search(
            "(?:年|月|日|季度|年底|前|内|长期|持续推进|近期|常态化)(?:完成|推进|坚持|落实)?$",
            clause,
        )
        is not None
    )


def _only_names(clause: str) -> bool:
    names = [clause[piece.start : piece.end] for piece in bodies.pieces(clause)]
    return all(
        2 <= len(name) <= 26
        and not bodies.begins_like_a_verb(name)
        and not re.search("设在|位于|详见|地点|地址|联系|电话", name)
        and (bodies.ends_like_a_body(re.sub("等$", "", name)))
        for name in names
    ) and not all(_GENERIC.fullmatch(name) for name in names)


def _keyed(text: str, hans: str) -> tuple[list[tuple[str, str]], str]:
    """牵头单位：甲；责任单位：乙、丙；完成时限：2031年6月底前"""
    keys = list(_KEY.finditer(hans))
    names: list[tuple[str, str]] = []
    due = ""
    if keys[0].start() > 0:
        names, due = _spoken(text[: keys[0].start()], hans[: keys[0].start()])
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        end = following.start() if following else len(hans)
        if key.lastgroup == "due":
            due = text[key.end() : end].strip(" ；;，,。")
        elif key.lastgroup in (LEAD, RESPONSIBLE, SUPPORTING):
            value, value_hans = text[key.end() : end], hans[key.end() : end]
            names += _of_value(value, value_hans, key.lastgroup)
            days = (match for match in _CLAUSE.finditer(value_hans) if _is_day(match[0]))
            due = next((value[match.start() : match.end()] for match in days), due)
    return names, due


def _of_value(text: str, hans: str, role: str) -> Iterator[tuple[str, str]]:
    """The bodies of one key; a bracket behind a name can give it a role of its own."""
    for clause in re.finditer("[^；;。]+", hans):
        if _NOTE.search(clause[0]):
            continue
        act = _ACT.search(clause[0])
        if act and act.start():
            names, _ = _spoken(text[clause.start() : clause.end()], clause[0])
            yield from names
            continue
        yield from _with_roles(text[clause.start() : clause.end()], clause[0], role)


def _with_roles(text: str, hans: str, role: str) -> Iterator[tuple[str, str]]:
    """Names; of 县住建局（牵头）、县财政局 the first has a role of its own."""
    for start, end in _places_of(hans):
        if _is_day(hans[start:end]):
            continue
        role_behind = _OWN_ROLE.search(hans[start:end])
        if role_behind:
            yield text[start : start + role_behind.start()], str(role_behind.lastgroup)
        else:
            yield text[start:end], role


def _spoken(text: str, hans: str) -> tuple[list[tuple[str, str]], str]:
    """甲牵头，乙、丙配合，2031年6月底前完成"""
    names: list[tuple[str, str]] = []
    waiting: list[str] = []  # names whose role stands in a later clause
    due = ""
    for clause in re.finditer("[^，；;。,]+", hans):
        words, original = clause[0], text[clause.start() : clause.end()]
        if _NOTE.search(words):
            continue
        if _is_day(words) and not _ACT.search(words):
            due = original.strip()
            continue
        at = 0
        for act in _ACT.finditer(words):
            who = _who(original[at : act.start()], words[at : act.start()], str(act.lastgroup))
            if waiting and who and who[0][1] == RESPONSIBLE and not _ended(hans, clause.start()):
                names += [(name, RESPONSIBLE) for name in waiting]
            elif waiting:
                names += [
                    (name, str(act.lastgroup) if not who else RESPONSIBLE) for name in waiting
                ]
            waiting = []
            names += who
            at = act.end()
        if not at:
            waiting += [name for name, _ in _who(original, words, "")]
            if _TOGETHER.search(words):
                names += _who(original, words, RESPONSIBLE)
                waiting = []
    names += [(name, RESPONSIBLE) for name in waiting]
    return [row for at, row in enumerate(names) if row not in names[:at]], due


def _ended(hans: str, start: int) -> bool:
    return hans[:start].rstrip().endswith(("；", "。"))


def _who(text: str, hans: str, role: str) -> list[tuple[str, str]]:
    """The bodies in front of what they do; of 甲会同乙 the second supports the first."""
    together = _TOGETHER.search(hans)
    if together:
        leading = names_of(text[: together.start()], hans[: together.start()])
        beside = names_of(text[together.end() :], hans[together.end() :])
        return [(name, LEAD) for name in leading] + [(name, SUPPORTING) for name in beside]
    return [(name, role) for name in names_of(text, hans)]


def names_of(text: str, hans: str) -> list[str]:
    """The names between 、 and between whole names joined by 和; 等 is none of theirs."""
    return [text[start:end] for start, end in _places_of(hans)]


def _places_of(hans: str) -> list[tuple[int, int]]:
    places: list[tuple[int, int]] = []
    open_from: int | None = None
    parts = bodies.pieces(hans)
    for at, piece in enumerate(parts):
        start, end = _trimmed(hans, piece.start, piece.end)
        if start >= end:
            continue
        begin = start if open_from is None else open_from
        rest = hans[parts[at + 1].start :] if at + 1 < len(parts) else ""
        if bodies.continues(hans[start:end], rest):
            open_from = begin
            continue
        open_from = None
        places.append((begin, end))
    return places


def _trimmed(hans: str, start: int, end: int) -> tuple[int, int]:
    """The place of a name without 由 in front, and 等 or 按职责分工 behind."""
    changed = True
    while changed and start < end:
        changed = False
        while start < end and hans[start] in " 　、，；。：:":
            start += 1
        while end > start and hans[end - 1] in " 　、，；。：:":
            end -= 1
        tail = _TAIL.search(hans[start:end])
        if tail and tail.group():
            changed = True
            if tail.start() == 0:
                start += tail.end()
            else:
                end = start + tail.start()
    return start, end


def is_keyed(content: str) -> bool:
    """Whether words begin with 责任单位： or another such key."""
    return _KEY.match(content.strip()) is not None


def of_cell(text: str, hans: str, role: str) -> list[tuple[str, str]]:
    """The bodies in a cell of a column that gives them a role; the cell can give others."""
    if _KEY.match(hans):
        return _keyed(text, hans)[0]
    if _FIRST_LEADS.search(hans):
        hans = re.sub("（[^（）]*牵头[^（）]*）$", lambda match: "、" * len(match[0]), hans)
    spaced = re.sub(
        r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])|[;\n/]", lambda match: "、" * len(match[0]), hans
    )
    return list(_of_value(text, spaced, role))


def without_bracket(words: Words) -> tuple[Words, Responsibility | None]:
    """Words without the bracket behind them that says who is responsible, and what it says."""
    start = _last_bracket(words.hans)
    if start is None:
        return words, None
    bracket = BRACKET.match(words.hans, start)
    if bracket is None or not is_responsibility(content_of(bracket)):
        return words, None
    if start and words.hans[start - 1] not in "。；！" and _EXPLAINS.fullmatch(content_of(bracket)):
        return words, None
    group = next(name for name in ("content", "round", "square") if bracket[name] is not None)
    inner = words.cut(bracket.start(group), bracket.end(group))
    return words.cut(0, start), read(inner.text, inner.hans)


def _last_bracket(hans: str) -> int | None:
    """Where the bracket at the end of words begins."""
    stripped = hans.rstrip("。；，！ ")
    if not stripped or stripped[-1] not in "）)]］】〕":
        return None
    depth = 0
    for at in range(len(stripped) - 1, -1, -1):
        depth += stripped[at] in "）)]］】〕"
        depth -= stripped[at] in "（([［【〔"
        if not depth:
            return at
    return None


def content_of(bracket: re.Match[str]) -> str:
    return next(
        bracket[name] for name in ("content", "round", "square") if bracket[name] is not None
    )


def says_first_leads(hans: str) -> bool:
    """Whether words say that the first body named leads."""
    return _FIRST_LEADS.search(hans) is not None
