"""Who must act: the subject of a sentence, in the document's own words.

A body is an addressee where the sentence, or one of its clauses, begins with its name and a modal
or a verb follows. A body that is only mentioned (支持群团组织…) is none. A sentence without a
subject has the addressees of the one before it. Rules match Simplified script; names are cut from
the original text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from directives.documents.ingest.modality import MODAL

NAMED, CARRIED, INFERRED, UNSTATED = "named", "carried", "inferred", "unstated"

# What the name of a body ends with.
_CORES = (
    "党委|党组|党组织|党工委|党支部|党总支|人大|人大常委会|政府|政协|法院|检察院|监委|纪委"
    "|监察委员会|群团组织|人民团体|群众团体|社会团体|群众组织|社会组织|工会|总工会|共青团"
    "|共青团组织|团中央|共青团中央|团委|团组织|妇联|妇联组织|科协|侨联|工商联|文联|作协|残联|法学会"
    "|财政|部门|单位|机关|机构|部委|总部|媒体|基层组织|组织|个人|企业|事业单位|企事业单位|学校|高校"
    "|院校|高等学校|医院|社区|街道|乡镇|乡镇政府|村委会|居委会|村民委员会|居民委员会|委员会|办公室"
    "|办公厅|领导小组|协会|学会|联合会|研究会|基金会|商会|干部|党员|领导班子|负责人|负责同志"
    "|主要负责同志|公民|工作人员|各地|各地区|地区|地方|国务院|中央军委|部|委|局|厅|署|行业|园区"
    "|出版社|报社|银行|公司|集团|领导机关|解放军|武警部队|部队"
)
_ENDS = re.compile(f"(?:{_CORES})(?:（[^（）]*）)?$")
_PLACES = re.compile(
    "(?:省|自治区|直辖市|市|县|区|州|盟|旗|乡|镇|中央|国家|地方|军队|上级|下级|本级|同级)$"
)
# What no name of a body begins with, and what none contains.
_NOT_AT_START = re.compile(
    "(?:支持|鼓励|引导|推动|推进|加强|加大|强化|发挥|尊重|完善|健全|建立|改进|改革|规范|落实|坚持"
    "|选好|选任|选拔|配强|注重|重视|打造|构建|适应|组织(?!部|人事)|动员|教育(?!部|局|厅|行政|机构)"
    "|帮助|指导|督促|要求|通过|按照|依照|根据|依法|依托|依靠|围绕|针对|对|把|将|由|在|从|为|向|以"
    "|使|让|与|同|跟|给|于|参与|参加|承接|充分|切实|积极|大力|进一步|逐步|全面|深入|更好|提高|提升"
    "|增强|促进|保障|保证|确保|防止|扩大|延伸|深化|优化|整合|统筹|探索|创新|开展|实施|制定|明确"
    "|选派|选优|关心|关爱|服务(?!中心|机构|部门|业)|联系|团结|维护|反映|代表|履行|建设|培养|建好"
    "|做好|抓好|用好|管好|当好|凡|如|若(?!干)|经|不|未|没有|没|再|已|是|有(?!关)|非)"
)
_NOT_INSIDE = re.compile(
    "的|地(?!方|区|$|市|级|质|震|税)|是|得|了|着(?!力)|不(?!同)|通过|按照|支持|加强|参与|参加|接受"
    "|承接|推进|推动|服务(?=企业|群众)"
)
_CLASS = re.compile("等[^、，]{1,8}的")  # 工会、妇联等中央管理的群团组织
# What may follow a subject that has no modal straight behind it.
_ADVERB = (
    "(?:都|均|也|还|既|又|并|一律|同时|首先|切实|积极|主动|认真|自觉|进一步|共同|分别|联合|牵头"
    "|会同|结合实际|普遍|率先|带头|逐步|尤其|特别是|定期|依法|严格|充分|全面|统一|适时|及时|原则上)"
)
_VERB = (
    "(?:加大|加强|加快|承接|建立|健全|完善|负责|牵头|会同|组织|制定|研究|开展|落实|统筹|协调|指导"
    "|监督|支持|推动|推进|提供|安排|列支|负有|承担|发挥|实行|实施|设立|配备|履行|坚持|做好|抓好"
    "|抓紧|把|将|对|按照|根据|结合|围绕|通过|每年|定期|依法|具体|及时|主动|积极|认真|切实|参与|配合"
    "|带头|报送|汇报|向)"
)
_AFTER = re.compile(rf"{_ADVERB}{{0,3}}(?:{_VERB})")
_BEFORE_MODAL = re.compile(rf"{_ADVERB}{{0,3}}(?:{MODAL.pattern})")
_LOOSELY = re.compile(f"(?!等)[^的、和]{{2,14}}?(?:{MODAL.pattern})")
_SPLIT = re.compile("、|，|以及|和|及(?!时)|与")
_EVERY = re.compile(
    "各级(?:地方)?|地方各级|县级?以上(?:各级|地方(?:各级)?)?|乡镇以上|省级|市级|县级|基层|各省|中央"
)
_BARE = re.compile(
    "党委|党组|党组织|政府|人民政府|人大|政协|人大常委会|法院|检察院|纪委|监委|纪检监察机关|工会"
    "|共青团|共青团组织|妇联|妇联组织|群团组织|工会组织"
)
_LONGEST = 24  # characters of one name in a list
_DUTY = re.compile(
    "(?:由|，|；|（|^)([^，；。由（）]{2,60}?)(?:等)?(?:按职责分工)?(?:负责(?!人|同志)|牵头|会同"
    "|承担|组织实施|配合)"
)


@dataclass(frozen=True, slots=True)
class AddresseeRead:
    """One addressee of a requirement.

    `basis` is named, carried, inferred or unstated (then `name` is ""). `source` is the code of the
    sentence that a carried or inferred name comes from, "" for the sentence itself.
    """

    name: str
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int


def addressees_of(
    text: str, hans: str, before: Sequence[AddresseeRead], code_before: str
) -> tuple[AddresseeRead, ...]:
    """The addressees of a requirement.

    `before` and `code_before` are of the requirement before it in the paragraph.
    """
    named = _named(text, hans)
    if named:
        return tuple(AddresseeRead(name, NAMED, "") for name in named)
    carried = [addressee for addressee in before if addressee.basis != UNSTATED]
    if carried:
        basis = INFERRED if _has_own_topic(hans) else CARRIED
        return tuple(
            AddresseeRead(addressee.name, basis, addressee.source or code_before)
            for addressee in carried
        )
    encouraged = re.match("(?:积极|大力|进一步)?鼓励(?:和支持|和引导|、支持|、引导)?", hans)
    if encouraged:
        # The sentence does not say who encourages: those who are encouraged can act.
        span = _subject(
            hans, encouraged.end(), re.compile("[在通以参自积主依开根结按承立设创加多采利用与]")
        )
        if span:
            return tuple(AddresseeRead(name, INFERRED, "") for name in _groups(text, hans, span))
    return (AddresseeRead("", UNSTATED, ""),)


def _named(text: str, hans: str) -> list[str]:
    """The bodies that the sentence names as its subjects, in order, without repetitions."""
    names: list[str] = []
    start = 0
    label = re.match(
        r"(?:[（(][一二三四五六七八九十]+[）)]|[0-9０-９]+[.．、]|[一二三四五六七八九十]是)\s*",
        hans,
    )
    if label:
        start = label.end()
    spans = [_subject(hans, start, _AFTER, loose=True)]
    if spans[0] is None:
        spans = [_subject_with_commas(hans, start)]
    spans += [_subject(hans, match.end(), None) for match in re.finditer("[，：]", hans)]
    spans += [_Span(*match.span(1)) for match in _DUTY.finditer(hans) if _is_list(match[1])]
    end = -1
    for span in sorted((span for span in spans if span), key=lambda span: span.start):
        if span.start > end:
            names += [name for name in _groups(text, hans, span) if name not in names]
            end = span.end
    return names


def _subject(
    hans: str, start: int, after: re.Pattern[str] | None, *, loose: bool = False
) -> _Span | None:
    """The shortest list of bodies at `start` that a modal follows, or what `after` matches.

    `loose` allows a few words between the list and the modal (群团组织承接政府转移职能要…).
    """
    limit = re.compile("[，。；：]").search(hans, start)
    stop = limit.start() if limit else len(hans)
    lists = [
        end for end in range(start + 2, min(stop, start + 80) + 1) if _is_list(hans[start:end])
    ]
    followers = [
        _BEFORE_MODAL,
        *([after] if after is not None else []),
        *([_LOOSELY] if loose else []),
    ]
    for follower in followers:
        for end in lists:
            if follower.match(hans, end, stop):
                return _Span(start, end)
    return None


def _subject_with_commas(hans: str, start: int) -> _Span | None:
    """Bodies separated by commas, with a comma before the modal: 甲，乙，丙，要…"""
    for comma in re.finditer("，", hans):
        modal = MODAL.match(hans, comma.end())
        groups = hans[start : comma.start()].split("，")
        if modal and all(_is_list(group) for group in groups):
            return _Span(start, comma.start())
    return None


def _is_list(words: str) -> bool:
    """Whether these words, in Simplified, are the name of a body or a list of names."""
    if (
        not _ENDS.search(words)
        or _NOT_AT_START.match(words)
        or _NOT_INSIDE.search(_CLASS.sub("等", words))
    ):
        return False
    parts = _SPLIT.split(words)
    return all(
        0 < len(part) <= _LONGEST and (_ENDS.search(part) or _PLACES.search(part)) for part in parts
    )


def _groups(text: str, hans: str, span: _Span) -> list[str]:
    """The names in a list: 各级党委和政府 are two, 工会、妇联等群团组织 is one."""
    words = hans[span.start : span.end]
    if "，" in words:
        return [
            text[span.start + name.start() : span.start + name.end()]
            for name in re.finditer("[^，]+", words)
        ]
    if words.startswith("任何"):
        return [text[span.start : span.end]]
    names: list[str] = []
    prefix = ""
    for part in _parts(words):
        name_hans = words[part.start : part.end]
        name = text[span.start + part.start : span.start + part.end]
        every = _EVERY.match(name_hans)
        bare = _BARE.fullmatch(name_hans) is not None
        names.append(prefix + name if bare else name)
        if every and _BARE.fullmatch(name_hans, every.end()):
            prefix = name[: every.end()]
        elif not bare:
            prefix = ""
    return names


def _parts(words: str) -> list[_Span]:
    """The places of the names in a list.

    Places without a body belong to the next name: 各省、自治区、直辖市党委 is one.
    """
    cuts = [0, *(at for match in _SPLIT.finditer(words) for at in match.span()), len(words)]
    parts: list[_Span] = []
    open_from: int | None = None
    for start, end in zip(cuts[::2], cuts[1::2], strict=True):
        begin = start if open_from is None else open_from
        open_from = None if _ENDS.search(words[start:end]) else begin
        if open_from is None:
            parts.append(_Span(begin, end))
    return _with_examples(words, parts)


def _with_examples(words: str, parts: list[_Span]) -> list[_Span]:
    """Join examples before 等 with their group, but none that 各级 introduces."""
    names = [words[part.start : part.end] for part in parts]
    last = next((at for at, name in enumerate(names) if re.search("等(?!级)", name)), None)
    if last is None:
        return parts
    first = last
    while first > 0 and not _EVERY.match(words, parts[first - 1].start):
        first -= 1
    # 各级党委、政府和工会等群团组织: names with the shared prefix stay outside.
    while (
        first < last
        and parts[first - 1 : first]
        and _BARE.fullmatch(names[first])
        and re.search("党委|政府", names[first])
    ):
        first += 1
    joined = _Span(parts[first].start, parts[last].end)
    return [*parts[:first], joined, *parts[last + 1 :]]


def _has_own_topic(hans: str) -> bool:
    """Whether the subject of the sentence is no body: 人选的提名推荐，应该…"""
    modal = MODAL.search(hans)
    if modal is None:
        return False
    topic = hans[: modal.start()].rstrip("，")
    return (
        "，" not in topic
        and not _NOT_AT_START.match(topic)
        and re.search("的[^的，、]{2,6}$", topic) is not None
    )
