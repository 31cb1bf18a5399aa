"""The items of a requirement: systems, mechanisms and deliverables that can be checked off singly.

An item is the object of a verb of making (建立, 完善, 实施 …) that ends in a noun for something set
up (制度, 机制, 网站 …). Lists are cut where a name is complete: 代表大会制度和委员会制度 are two,
直接联系群众、接受群众评议制度 is one. Rules match Simplified script; names are cut from the
original text.
"""

import re
from dataclasses import dataclass

_VERBS = (
    "建立健全|建立完善|建立和完善|建立|健全完善|健全|完善|改革和改进|改革|改进|创新|规范|拓宽|拓展"
    "|畅通|实施|推行|实行|构建|打造|搭建|组建|设立|建设|形成|优化|研究制定|制定|制订|提出|出台|印发"
    "|编制|编印|落实好|落实|坚持|严格执行|执行|开展|推进|加强|统筹管好用好|管好用好|用好|建好|纳入"
    "|列入|收缴|综合运用|运用|延伸|开设|开通|开发|举办|培育"
)
_VERB = re.compile(_VERBS)
# Nouns for what is set up, and those of them that name something by themselves.
_SIMPLE = (
    "制度|机制|体制|渠道|方式|形式|程序|内容|体系|格局|工程|网站|平台|队伍|模式|设置|活动|设施|阵地"
    "|规定|标准|规则|规程|条例|细则|办法|规划|计划|预算|方案|措施|清单|台账|目录|名录|基地|中心"
    "|项目|交流|合作|互通|对接|立法|检查|的实施|热线|窗口|品牌|试点|考核|评估|督查"
)
_HEADS = (
    f"{_SIMPLE}|政策要求|数据库|信息库|人才库|管理工作|工会经费|工作经费|专项经费|专项资金|示范点"
    f"|联席会议|责任制"
)
_HEAD = re.compile(f"(?:{_HEADS})$")
_ANY_HEAD = re.compile(f"(?:{_HEADS})")
_ONLY_HEAD = re.compile(f"(?:{_SIMPLE})")
_NO_NOUN = re.compile(
    "把|将|对|以|由|使|让|为|向|从|在|按|依|通过|提高|增强|促进|推动|确保|保障|充分|切实|积极|主动"
    "|做到|形成|引导|支持"
)
_CLAUSE = re.compile("[^，。；：]+")
_TAIL = re.compile("(?:并(?!轨|联)|予以|进行|以便|来(?!源)|为(?=[^民主])|向(?=[^导])|使|让|，).*$")
_JOINT = re.compile("、|以及|(?<!调)和(?!谐)|及其|及(?!时)|与(?!会)")
# Lists closed by 等: names of these nouns need the noun to stand alone.
_NEEDS_HEAD = re.compile("制度|机制|体制|活动|体系|办法|措施|规定|工程|计划|项目")


# Items that no verb of making names; `name` is cut from the text, `verb` is what is asked of it.
_MUST = "(?:应该|应当|要|必须)?"
_OTHER_WORDS = (
    # 定期向人民团体通报…: 定期通报
    re.compile("(?P<before>定期)向[^，。；]{2,20}?(?P<name>(?P<verb>通报|报告|汇报|反馈))"),
    # 承接政府转移职能要试点先行: 承接政府转移职能试点
    re.compile("(?:^|，)(?P<name>[^，的]{4,24})(?:应该|应当|要)(?P<after>(?P<verb>试点))先行"),
    # 对基层的经费补贴应该落实到位, 代表人士的兼职比例应该适当增加
    re.compile(
        "的(?P<name>[^，的、]{0,6}(?:经费|资金|补贴|补助|比例))"
        f"{_MUST}(?:适当|逐步|足额|及时)?(?P<verb>落实到位|增加|提高|到位)"
    ),
    # 按人头划拨的经费重点向基层倾斜
    re.compile(
        "(?:^|，)(?P<name>按[^，的]{2,8}的(?:经费|资金|补贴|补助))"
        f"{_MUST}(?:重点|优先)?向[^，]{{1,8}}(?P<verb>倾斜)"
    ),
    # 合理安排群团工作经费: 群团工作经费安排
    re.compile(
        "(?:合理|统筹|足额)(?P<after>(?P<verb>安排))(?P<name>[^，的、]{2,12}(?:经费|资金))"
        "(?=[，。；]|$)"
    ),
)


@dataclass(frozen=True, slots=True)
class ItemRead:
    """A named item: its number in the sentence, its name, its verb, and its place in the text."""

    number: int
    name: str
    verb: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Cut:
    start: int
    end: int
    before: str  # what the name needs in front of its words, in the document's script
    after: str  # what it needs behind them
    verb: str


def items_of(text: str, hans: str, owners: tuple[str, ...]) -> tuple[ItemRead, ...]:
    """The items of a sentence in their order.

    `owners` are the names of the addressees in Simplified script; an item does not begin with one.
    """
    cuts: list[_Cut] = []
    verb = ""
    for clause in _CLAUSE.finditer(hans):
        in_clause = _of_clause(text, hans, clause.start(), clause.end(), owners)
        if (
            not in_clause
            and verb
            and _HEAD.search(clause[0])
            and not _VERB.match(clause[0])
            and not _NO_NOUN.match(clause[0])
        ):
            # 建立重大事项报告制度，代表和委员履职述职制度: the verb reaches over the comma.
            in_clause = _of_object(text, hans, clause.start(), clause.end(), verb, owners)
        verb = in_clause[-1].verb if in_clause else ""
        cuts += in_clause
    cuts = sorted([*cuts, *_of_other_words(text, hans, owners, cuts)], key=lambda cut: cut.start)
    return tuple(
        ItemRead(
            number,
            f"{cut.before}{text[cut.start : cut.end]}{cut.after}",
            cut.verb,
            cut.start,
            cut.end,
        )
        for number, cut in enumerate(cuts, 1)
    )


def _of_other_words(text: str, hans: str, owners: tuple[str, ...], cuts: list[_Cut]) -> list[_Cut]:
    """Items that no verb of making names, where no other item stands."""
    items = []
    for look in _OTHER_WORDS:
        for match in look.finditer(hans):
            start, end = match.span("name")
            start += next((len(name) for name in owners if hans.startswith(name, start)), 0)
            if any(cut.start < end and start < cut.end for cut in cuts):
                continue
            beside = match.groupdict()
            before = text[match.start("before") : match.end("before")] if "before" in beside else ""
            after = text[match.start("after") : match.end("after")] if "after" in beside else ""
            verb = text[match.start("verb") : match.end("verb")]
            items.append(_Cut(start, end, before, after, verb))
    return items


def _of_clause(text: str, hans: str, start: int, end: int, owners: tuple[str, ...]) -> list[_Cut]:
    """Items of one clause: the object of the first verb that has any."""
    for verb in _VERB.finditer(hans, start, end):
        building = _building(text, hans, verb, end)
        if building is not None:
            return building
        items = _of_object(text, hans, verb.end(), end, text[verb.start() : verb.end()], owners)
        if items:
            return items
        if _ANY_HEAD.search(hans, verb.end(), end):
            continue
        break
    return []


def _building(text: str, hans: str, verb: re.Match[str], end: int) -> list[_Cut] | None:
    """The item of 加强…建设: the team in 加强网宣队伍建设, none in 加强领导班子建设."""
    if verb[0] != "加强" or not hans[verb.end() : end].endswith("建设"):
        return None
    words = hans[verb.end() : end - 2]
    if not re.search("(?:队伍|平台|阵地|体系|制度|机制|基地)$", words):
        return []
    return [_Cut(verb.end(), end - 2, "", "", text[verb.start() : verb.end()])]


def _of_object(
    text: str, hans: str, start: int, end: int, verb: str, owners: tuple[str, ...]
) -> list[_Cut]:
    """Items in the object of a verb, from `start` to `end`."""
    words = hans[start:end]
    tail = _TAIL.search(words)
    if tail and _ANY_HEAD.search(words[: tail.start()]):
        words = words[: tail.start()]
    listed = re.match(f"(.+)等([^、等]{{0,6}}(?:{_HEADS}))$", words)
    if listed:
        return _listed(text, hans, start, listed, verb)
    shared = re.match(f"(.+)的((?:[^、的]{{0,6}}(?:{_HEADS})(?:、|和|及)?)+)$", words)
    if shared and shared[1].count("、") >= 2:
        return _shared(text, start, shared, verb)
    return _plain(text, hans, start, words, verb, owners)


def _listed(text: str, hans: str, start: int, listed: re.Match[str], verb: str) -> list[_Cut]:
    """甲、乙、丙等制度: three, each with the noun they share."""
    head = (
        text[start + listed.start(2) : start + listed.end(2)]
        if _NEEDS_HEAD.fullmatch(listed[2])
        else ""
    )
    cuts = []
    at = 0
    for part in re.split("(、|(?<=[^、]{3})和(?=[^、]{3}))", listed[1]):
        if part not in ("、", "和"):
            cuts.append(_Cut(start + at, start + at + len(part), "", head, verb))
        at += len(part)
    return cuts


def _shared(text: str, start: int, shared: re.Match[str], verb: str) -> list[_Cut]:
    """甲、乙、丙、丁的机制和渠道: four, each with what they share."""
    head = text[start + shared.start(2) - 1 : start + shared.end(2)]
    cuts = []
    for part in re.finditer("[^、]+", shared[1]):
        last = part.end() == len(shared[1])
        end = shared.end() if last else part.end()
        cuts.append(_Cut(start + part.start(), start + end, "", "" if last else head, verb))
    return cuts


def _plain(
    text: str, hans: str, start: int, words: str, verb: str, owners: tuple[str, ...]
) -> list[_Cut]:
    """Names in a list, cut after each noun that completes one; the rest is no item."""
    cuts: list[_Cut] = []
    opened = 0
    stem = ""  # 人民团体参与协商民主的 in …的内容、程序、形式
    joints = [match.span() for match in _JOINT.finditer(words)]
    for end, after in [*joints, (len(words), len(words))]:
        name = words[opened:end]
        head = _HEAD.search(name)
        if head is None:
            continue
        if _ONLY_HEAD.fullmatch(name):
            if cuts:
                cuts.append(_Cut(start + opened, start + end, stem, "", verb))
        else:
            skip = next(
                (
                    len(owner)
                    for owner in owners
                    if name.startswith(owner) and len(name) - len(owner) >= 4
                ),
                0,
            )
            begin = start + opened + skip
            cuts.append(_Cut(begin, start + end, "", "", verb))
            stem = text[begin : start + opened + head.start()]
        opened = after
    return cuts
