"""Who must act: the subject of a sentence, in the document's own words, and as what.

A body is an addressee where the sentence, or one of its clauses, begins with its name and a modal
or a verb follows. A body that is only mentioned (支持群团组织…) is none. A sentence without a
subject has the addressees of the one before it, unless its subject is a thing. Rules match
Simplified script; names are cut from the original text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from directives.documents.ingest import bodies, encouraged
from directives.documents.ingest.bodies import Span, is_list, names_in
from directives.documents.ingest.modality import MODAL
from directives.documents.ingest.responsibility import (
    LEAD,
    RESPONSIBLE,
    SUPPORTING,
    Responsibility,
)
from directives.documents.ingest.subjects import (
    PERSONS,
    addressed_at,
    clause_end,
    state_at,
    subject_at,
)
from directives.documents.ingest.topics import NOMINALISED, THING, topic_of

NAMED, CARRIED, INFERRED, UNSTATED = "named", "carried", "inferred", "unstated"

# What may follow a subject that has no modal straight behind it.
_ADVERB = (
    "(?:重点|都|均|也|还|既|又|并|一律|同时|首先|切实|积极|主动|认真|自觉|进一步|共同|分别|联合|牵头"
    "|会同|结合实际|普遍|率先|带头|逐步|尤其|特别是|定期|依法|严格|充分|全面|统一|适时|及时|原则上|事先|事前"
    "|具体|专门|直接|年底前|(?:按照?|根据)(?:各自)?(?:职责|职能|职权)(?:分工)?，?)"
)
_VERB = (
    "(?:加大|加强|加快|承接|建立|健全|完善|负责(?!人|同志)|牵头|会同|组织(?!部)|制定|研究|开展"
    "|落实|统筹|经营(?=下列|以下)|掌理|综理|分设|均?负(?=[^，。]{1,12}之?责)"
    "|协调|指导"
    "|监督|支持|推动|推进|提供|安排|列支|负有|承担|发挥|实行|实施|设立|配备|履行|坚持|做好|抓好|主持|依照|依据|都?有(?:权|依法|义务|责任)|享有"
    "|抓紧|把|将|对|按照|根据|结合|围绕|通过|每年|定期|依法|具体|及时|主动|积极|认真|切实|参与|配合"
    "|带头|报送|汇报|向)"
)
# What a body that is one by its very name (市水利局) may do besides; 企业改造 is no subject.
_WIDER_VERB = (
    "(?:每[月季周半年]|办好|办理|建(?!设|委)|修订|于|在|自(?!然|治|贡|主|愿|来)|制订|编制(?!管理|委|办)|检查|督促|汇总|通报|公布"
    "|公开|受理|审核|核查|核定|清理"
    "|整治|排查"
    "|完成(?!情况|率|时限|任务)|新建|改造|组建|确定|成立|出台|印发|上报|报|整改|巡查|依托|利用|强化|压实|深化|优化"
    "|改进|推行"
    "|探索|培育|打造|搭建|采取|承办|执行|购买|筹集|划拨|拨付|保障|确保|用好|配齐|派|选派|联合"
    "|聘请|明确"
    "|签订|接到|收到|审批|核发|颁发|公告|责令|给予|予以|处理|查处|约谈|问责|督办|奖励|表彰|受"
    "|领导(?=[本全]|[^，。]{2,10}工作)|主管(?=[本全])|协同|依据|发现|为(?!主|准|期|止|依托|核心|基础|重点))"
)
_AFTER = re.compile(rf"{_ADVERB}{{0,3}}(?:{_VERB})")
_AFTER_OWN_NAME = re.compile(rf"{_ADVERB}{{0,3}}(?:{_VERB}|{_WIDER_VERB})")
# 每周, 于6月底前 and 请 show what is asked as well as a modal does.
_AT_TIMES = "每(?:半年|学期|[日天周月季年班次])|于(?=[0-9每本今明当])"
_ENTITLED = re.compile("(?:依法)?享有|(?<!所)都?有权(?!人)|都?有[^，。]{0,16}的(?:权利|义务)")
_WHILE = "(?:在[^，。；的]{2,16}(?:内|时|前|后|期间))?"  # 村干部在接到通知半小时内必须…
_BEFORE_MODAL = re.compile(rf"{_WHILE}{_ADVERB}{{0,3}}(?:{MODAL.pattern}|{_AT_TIMES})")
_COMMA_MODAL = re.compile(f"，{_ADVERB}{{0,3}}(?:{MODAL.pattern})")
_LOOSELY = re.compile(rf"(?={_VERB}|{_WIDER_VERB}|领导机关)[^的、和，]{{2,14}}?(?:{MODAL.pattern})")
_LOOSELY_EACH = re.compile(rf"(?={_VERB}|{_WIDER_VERB})[^的和，]{{2,16}}?(?:{MODAL.pattern})")
_OWN_NAME = re.compile(
    "^(?:各|本)?(?:[^，、]{0,12}(?:市|县|区|省|镇|乡|州|旗|街道|国务院|国家|中央|全国|集团|公司|学校"
    "|医院))[^，、]{0,16}"
    "(?:局|委|办|厅|署|部|院|政府|委员会|办公室|部门|管委会|办事处|中心|大队|支队|总队|领导小组"
    "|指挥部"
    "|集团|公司|银行|联社)$"
)
_DUTY = re.compile(
    "(?:由|，|；|（|^|】)([^，；。由（）【】]{2,60}?)(?:等)?(?:按照?(?:各自)?职责(?:分工)?)?(?:"
    "(?P<lead>负责牵头|牵头)"
    "|(?P<supporting>(?:参与|协助)?配合|协助|参与|协办(?!单位))|(?P<with>会同)|负责(?!人|同志)|承担|组织实施)"
)
_TOGETHER = re.compile(
    rf"(?:{MODAL.pattern})?(?:积极|主动|负责|牵头)?(?:会同|商)(?!业|贸|务|标|户|品|城)"
)
_BY = re.compile("(?<![自理转经缘来事])由")
# 经费由市、区分担
_BY_PLACES = re.compile(
    "由(?P<who>[省市县区乡镇村](?:、[省市县区乡镇村])*)(?=按|分担|承担|负责|确定|统筹|安排|解决)"
)
_DESCRIBES = re.compile(
    "(?:修建|建设|管理|确定|批准|制定|公布|规定|颁发|认定|指定|推荐|委派|组建|设立|提供|开办|投资|作出){1,2}的|(?:拨款|出资|主办|主管|管理|支持|举办|所属)[^，。]{0,4}的"
)
# 村书记为直接责任人
_ANSWERS = re.compile(
    "(?:^|(?<=[，；。]))(?P<who>[^，。；：]{2,30}?)(?:为|是)[^，。；]{0,24}?"
    "(?:(?P<lead>牵头(?:责任)?(?:单位|部门))|责任(?:人|单位|主体|部门))(?=[，；。（]|$)"
)
# 成立县抗旱指挥部（下称指挥部），负责…
_MADE = re.compile(
    "(?:成立|设立|组建)(?:由[^。；]{4,60}?的)?(?P<who>[^，。；（）的由]{2,40}(?:组|部|办公室|委员会|专班|中心|队))(?:（[^（）]*）)?，"
    "(?:具体|统一)?(?:负责|承担)"
)
# 成立由县长担任主任，部门参加的委员会
_MADE_OF = re.compile("(?:成立|组建|设立|建立)由[^的。；]*$")
_DESCRIBED_BY = re.compile("(?:建立|成立|组建|形成|构建|健全|完善)$")
_SITS = re.compile(
    "任[^，。；]{0,8}(?:长|主任|召集人|成员)|[^，。；]{0,12}(?:担任|兼任|组成|推举|推选|选举产生)"
)  # 由县长兼任
_LEADS = re.compile(rf"(?:{MODAL.pattern})?(?:负责)?牵头")
# A subject with a condition or a definition before the modal: 村民委员会发现隐患的，应当…
_CONDITION = re.compile(
    "(?:是[^，。]{2,24}|如需?[^，。]{1,30}|(?:对|变更|设立|终止|拟|逾期|出现|认为|举行|进行|开展|发现|收到|接到|未|不|违反|因|需要?|有|拒|擅自|提供|申请|使用|从事"
    "|办理)[^，。]{1,30}(?:的|后|时))，"
    rf"(?=(?:{MODAL.pattern})(?!追究|没收|处以))"
)
# 市工商局是户外广告的主管部门，负责…; 气象局在县政府领导下，负责…
_OFFICE = re.compile(
    "(?:是|为)[^，。]{2,30}(?:机关|机构|部门|主体|单位|责任人)，"
    "|在[^，。]{2,16}(?:领导|指导|统筹|组织|授权|委托|协调|管理|协助)下，"
    "|(?:应当)?在[^，。；]{0,8}职责范围内，?"
)
_PART_IN_CHARGE = re.compile(
    "(?:中)?(?:依法)?负责[^，。；、的]{2,24}的(?:工作)?(?:部门|机构|单位|机关|人员)(?![的、])"
)
_BEGINS_WITH_MODAL = re.compile("(?:要|应当?|须|必须|务必)(?!由|急)")
_REQUEST = re.compile(
    "(?:^|(?<=[，；]))希(?!望|腊)|(?<![申聘邀敬提报转陈送恳催已商函])请(?![示求假柬愿由]|群众|专家|媒体|社会|代表|人|教(?![育务体学职师研]))"
)
_TITLED = re.compile(r"【[^】]{1,14}】\s*")  # 【职责分工】
_LABEL = re.compile(
    r"(?:[（(][一二三四五六七八九十]+[）)]|[0-9０-９]+[.．、]|[一二三四五六七八九十]是)\s*"
)
_OWN_DUTY = re.compile("(?P<who>[^，。；：]{2,40})[：:]")  # 县财政局：保障资金
# 各级党委责任主要包括：, with the duties on the lines below
_DUTIES_OF = re.compile(
    "[的之]?[^，。：的、和及与]{0,10}(?:职责|责任|任务|义务)(?:主要)?"
    "(?:包括(?:但不限于)?|是|为|有|如下)?[：:]$"
)
_WHEN = re.compile("凡(?!是)|(?:汛期|平时|节假日期间|届时|同时|此外|另外|其中|今后)，?")
# 第三阶段4月20日—25日镇政府抽查
_ON_DAYS = re.compile(
    "(?:第[一二三四五]阶段)?[0-9]{1,2}月(?:[0-9]{1,2}日)?(?:[—\\-－至到](?:[0-9]{1,2}月)?[0-9]{1,2}日?)?(?=[^，。0-9前底中下旬末])"
)
_ASKED = re.compile(
    "(?:会议(?:要求|强调|决定|明确|议定)，)?(?:请|望|希望?|要求)(?=各|有关|全|相关|市|县|区)|请(?=[^，。；]{2,60}(?:做|将|于|在|按|结合|认真))"
)
_SETS = re.compile("(?<!建)设(?!计|备|施)|置|为")
# 政府对河道的管理，按照规定执行。委员会按照便民的原则设立。
_SET_UP = re.compile(
    "[^，。；]{4,40}的(?:情况|结果|费用|收入|方式|程序|标准|期限|频次)，应当?|"
    "[^。；]{2,60}的，(?:应当?|可以|依法)?(?:追究|没收|处以)|"
    "[^，。；：]{2,30}(?<!加强)(?<!强化)(?<!做好)(?<!实施)对[^，。；]{2,30}[的之][^，。；]{2,4}，(?:除|按照|依照?|适用|参照)|[^，。；：]{2,30}不?按[^，。]{2,40}(?:设立|设置|配备|产生)[。；]"
)


@dataclass(frozen=True, slots=True)
class AddresseeRead:
    """One addressee of a requirement.

    `basis` is named, carried, inferred or unstated (then `name` and `role` are ""). `source` is the
    code of the sentence that a carried or inferred name comes from, "" for the sentence itself.
    `role` is lead, responsible or supporting.
    """

    name: str
    basis: str
    source: str
    role: str = ""


def addressees_of(
    text: str,
    hans: str,
    before: Sequence[AddresseeRead],
    code_before: str,
    who: Responsibility | None = None,
) -> tuple[AddresseeRead, ...]:
    """The addressees of a requirement.

    `before` and `code_before` are of the requirement before it in the paragraph; `who` is what a
    bracket behind its item says.
    """
    named = [AddresseeRead(name, NAMED, "", role) for name, role in named_in(text, hans)]
    if who is not None and who.names:
        in_bracket = [AddresseeRead(name, NAMED, "", role) for name, role in who.names]
        known = {addressee.name for addressee in in_bracket}
        return (*in_bracket, *(body for body in named if body.name not in known))
    if named:
        # 要加强自查，…，由县水利局汇总: those before check themselves
        also = before if _BEGINS_WITH_MODAL.match(hans) else ()
        known = {addressee.name for addressee in named}
        others = (one for one in _carried(also, code_before, CARRIED) if one.name not in known)
        return (*others, *named)
    those = _encouraged(text, hans)
    if those:
        return those
    topic = topic_of(hans)
    carried = _carried(before, code_before, INFERRED if topic == NOMINALISED else CARRIED)
    return carried if carried and topic != THING else (AddresseeRead("", UNSTATED, ""),)


def _carried(
    before: Sequence[AddresseeRead], code_before: str, basis: str
) -> tuple[AddresseeRead, ...]:
    return tuple(
        replace(addressee, basis=basis, source=addressee.source or code_before)
        for addressee in before
        if addressee.basis != UNSTATED
    )


def is_carried_on(text: str, hans: str) -> bool:
    """Whether the next sentence can have the addressees of this one: not those encouraged."""
    return bool(named_in(text, hans)) or not encouraged.ENCOURAGED.match(hans)


@lru_cache(maxsize=256)
def named_in(text: str, hans: str) -> tuple[tuple[str, str], ...]:
    """The bodies that a sentence names as those who act, each with its role."""
    start, requested = _where_it_begins(hans)
    if _SET_UP.match(hans, start):
        return ()
    spans: list[tuple[Span, str]] = []
    subject = _first_subject(hans, start) or (_longest(hans, start) if requested else None)
    spans += _with_those_beside(hans, subject) if subject else []
    for match in re.finditer("[，：；]", hans):
        if _MADE_OF.search(hans, start, match.start()):
            continue
        clause = (
            state_at(hans, match.end())
            or _subject(hans, match.end(), _AFTER, named_only=True)
            or subject_at(hans, match.end(), within=True)
        )
        spans += _with_those_beside(hans, clause) if clause else []
    duty = _OWN_DUTY.match(hans, start)
    if duty and is_list(duty["who"]):
        spans.append((Span(*duty.span("who")), RESPONSIBLE))
    if hans.endswith(("：", ":")):
        ends = (end for end in range(len(hans) - 3, start + 1, -1) if _DUTIES_OF.match(hans, end))
        end = next((end for end in ends if bodies.is_whom(hans[start:end])), 0)
        if end:
            spans.append((Span(start, end), RESPONSIBLE))
    return _names_of(text, hans, spans + _duties(hans) + _requests(hans))


def _where_it_begins(hans: str) -> tuple[int, bool]:
    """Where a sentence begins behind its label and 此外，; whether it asks somebody: 请各镇…"""
    label = _LABEL.match(hans) or _TITLED.match(hans)
    start = label.end() if label else 0
    when = _WHEN.match(hans, start)
    start = when.end() if when else start
    day = _ON_DAYS.match(hans, start)
    start = day.end() if day else start
    request = _ASKED.match(hans, start)
    return (request.end(), True) if request else (start, False)


def _first_subject(hans: str, start: int) -> Span | None:
    subject = (
        state_at(hans, start)
        or _subject(hans, start, _AFTER, loose=True)
        or _subject_with_commas(hans, start)
        or subject_at(hans, start)
    )
    bare = hans.rstrip("。")
    if not subject and len(bare) < len(hans) and is_list(bare[start:]) and not _SETS.search(bare):
        return Span(start, len(bare))  # 县水利局。 before its duties
    return subject


def _names_of(
    text: str, hans: str, spans: Sequence[tuple[Span, str]]
) -> tuple[tuple[str, str], ...]:
    """The names at these places, each once; of places that overlap the first one counts."""
    names: list[tuple[str, str]] = []
    end = -1
    for span, role in sorted(spans, key=lambda row: (row[0].start, _ORDER[row[1]])):
        if span.start > end:
            known = {name for name, _ in names}
            names += [(name, role) for name in names_in(text, hans, span) if name not in known]
            end = span.end
    return tuple(names)


_NOTHING = re.compile("(?!)")  # only a modal shows who acts
_ORDER = {LEAD: 0, SUPPORTING: 1, RESPONSIBLE: 2}


def _duties(hans: str) -> list[tuple[Span, str]]:
    """Bodies with what they do: 由甲会同乙…, 甲牵头, 乙配合, 由丙按职责分工负责."""
    spans: list[tuple[Span, str]] = []
    for match in _ANSWERS.finditer(hans):
        if is_list(match["who"]) or bodies.are_persons(match["who"]):
            spans.append((Span(*match.span("who")), LEAD if match["lead"] else RESPONSIBLE))
    spans += [(Span(*match.span("who")), RESPONSIBLE) for match in _MADE.finditer(hans)]
    for match in _DUTY.finditer(hans):
        in_charge = _PART_IN_CHARGE.match(hans, match.end(1))
        if is_list(match[1]) and not in_charge and not _is_no_act(hans, match.start()):
            role = LEAD if match["lead"] or match["with"] else RESPONSIBLE
            spans.append((Span(*match.span(1)), SUPPORTING if match["supporting"] else role))
    spans += [(Span(*match.span("who")), RESPONSIBLE) for match in _BY_PLACES.finditer(hans)]
    for match in _BY.finditer(hans):
        by = None if _is_no_act(hans, match.start()) else _longest(hans, match.end())
        if by is None or _DESCRIBES.match(hans, by.end) or _SITS.match(hans, by.end):
            continue
        by = _in_charge(hans, by)
        beside = _beside(hans, by.end)
        lead = beside is not None or hans.startswith("牵头", by.end)
        spans.append((by, LEAD if lead else RESPONSIBLE))
        if beside:
            spans.append((beside, SUPPORTING))
    return spans


def _requests(hans: str) -> list[tuple[Span, str]]:
    """Those whom a meeting asks anywhere in a sentence: 操场积水，请教育局整修."""
    asked = (_longest(hans, match.end()) for match in _REQUEST.finditer(hans))
    return [(span, RESPONSIBLE) for span in asked if span]


def _is_no_act(hans: str, at: int) -> bool:
    """Whether a 由 is in what a rule excepts, or in what describes a thing.

    除依法由其他机关没收的，…; 成立由县长任组长的领导小组
    """
    if _DESCRIBED_BY.search(hans, max(0, at - 4), at):
        return True
    begin = max(hans.rfind(mark, 0, at) for mark in "，。；：") + 1
    return "除" in hans[begin:at] and hans[clause_end(hans, at) - 1] in "的外"


def _longest(hans: str, start: int) -> Span | None:
    """The list of bodies at `start`, up to where they act; else the longest in its clause."""
    stop = min(clause_end(hans, start), start + 100)
    if re.match("组成", hans[max(start, stop - 2) :]):
        return None
    ends = [
        end
        for end in range(start + 2, stop + 1)
        if not bodies.goes_on(hans, end, stop) and hans[end : end + 1] not in ("的", "之")
    ]
    lists = [end for end in ends if bodies.are_bodies(hans[start:end])]
    persons = [end for end in ends if bodies.are_persons(hans[start:end])] if not lists else []
    named = PERSONS.match(hans, start)
    if named and named.end() > max(lists, default=0):
        return Span(start, named.end())
    acting = (end for end in lists or persons if end == stop or _AFTER_OWN_NAME.match(hans, end))
    end = next(acting, lists[-1] if lists else next(iter(persons), 0))
    return Span(start, end) if end else _agent(hans, start, stop)


def _agent(hans: str, start: int, stop: int) -> Span | None:
    """Those described, in front of what they do: 其共同的上一级主管部门管理."""
    ends = (
        end
        for end in range(min(stop, start + 50), start + 3, -1)
        if bodies.is_agent(hans[start:end])
    )
    end = next(ends, 0)
    return Span(start, end) if end else None


def _in_charge(hans: str, body: Span) -> Span:
    """A body with the part of it that is in charge: 县政府负责河道工作的部门."""
    part = _PART_IN_CHARGE.match(hans, body.end)
    return Span(body.start, part.end()) if part else body


def _with_those_beside(hans: str, subject: Span) -> list[tuple[Span, str]]:
    """A subject with its role, and those with whom it acts."""
    subject = _in_charge(hans, subject)
    beside = _beside(hans, subject.end)
    if beside:
        return [(subject, LEAD), (beside, SUPPORTING)]
    leads = _LEADS.match(hans, subject.end) is not None
    return [(subject, LEAD if leads else RESPONSIBLE)]


def _beside(hans: str, start: int) -> Span | None:
    """Those with whom a subject acts: the Y of 要会同Y制定…"""
    together = _TOGETHER.match(hans, start)
    return _longest(hans, together.end()) if together else None


def _subject(
    hans: str, start: int, after: re.Pattern[str], *, loose: bool = False, named_only: bool = False
) -> Span | None:
    """The shortest list of bodies at `start` that a modal follows, or what `after` matches.

    With `named_only`, only bodies that have a name of their own can have no modal.

    `loose` allows a few words between the list and the modal (群团组织承接政府转移职能要…).
    """
    stop = clause_end(hans, start)
    lists = _lists_at(hans, start, min(stop, start + 80))
    for end in lists:
        if _BEFORE_MODAL.match(hans, end, stop) or (end == stop and _COMMA_MODAL.match(hans, end)):
            return Span(start, end)
    person = _person(hans, start, stop) or addressed_at(hans, start)
    if person:
        return person
    described = _described(hans, start, min(stop, start + 30), lists, after)
    if described:
        return described
    for end in lists:
        by_name = _OWN_NAME.match(hans[start:end]) is not None or hans.startswith(
            ("每", "各"), start
        )
        if (
            named_only
            and not by_name
            or hans[start] == "各"
            and hans[end : end + 1] in ("和", "为")
        ):
            continue
        if (_AFTER_OWN_NAME if by_name else after).match(hans, end, stop):
            return Span(start, end)
    for end in lists if loose else ():
        look = _LOOSELY_EACH if hans.startswith("各", start) else _LOOSELY
        if look.match(hans, end, stop):
            return Span(start, end)
    return None


def _lists_at(hans: str, start: int, stop: int) -> list[int]:
    """Where the lists of bodies that begin at `start` can end."""
    return [
        end
        for end in range(start + 2, stop + 1)
        if is_list(hans[start:end]) and not bodies.goes_on(hans, end)
    ]


def _described(
    hans: str, start: int, stop: int, lists: Sequence[int], after: re.Pattern[str]
) -> Span | None:
    """A subject with its office, or with a condition: 水利局是主管部门，负责…"""
    for end in range(start + 2, stop + 1):
        office = _OFFICE.match(hans, end) if end in lists else None
        if office and (_BEFORE_MODAL.match(hans, office.end()) or after.match(hans, office.end())):
            return Span(start, end)
        if _CONDITION.match(hans, end) and (end in lists or bodies.are_persons(hans[start:end])):
            return Span(start, end)
    return None


def _person(hans: str, start: int, stop: int) -> Span | None:
    """Persons in front of a modal: 驾驶人不得…"""
    modal = _BEFORE_MODAL.search(hans, start, stop) or _ENTITLED.search(hans, start, stop)
    if modal and (
        bodies.are_persons(hans[start : modal.start()])
        or bodies.is_described(hans[start : modal.start()])
        or bodies.are_bodies(hans[start : modal.start()])
    ):
        return Span(start, modal.start())
    return None


def _subject_with_commas(hans: str, start: int) -> Span | None:
    """Bodies separated by commas before a modal: 甲，乙，丙，要…"""
    for comma in re.finditer("，", hans):
        modal = MODAL.match(hans, comma.end())
        groups = hans[start : comma.start()].split("，")
        if not all(is_list(group) for group in groups):
            break
        last = None if modal else _subject(hans, comma.end(), _NOTHING)
        if modal or last:
            return Span(start, last.end if last else comma.start())
    return None


def _encouraged(text: str, hans: str) -> tuple[AddresseeRead, ...]:
    """Those who are encouraged: the sentence does not say who encourages, and they can act."""
    begin = encouraged.ENCOURAGED.match(hans)
    if not begin:
        return ()
    span = _subject(hans, begin.end(), encouraged.TO_DO)
    span = span or encouraged.agent_at(hans, begin.end())
    person = encouraged.PERSON.match(hans, begin.end())
    if not span and person:
        span = Span(*person.span())
    if not span:
        return (AddresseeRead("", UNSTATED, ""),)
    return tuple(
        AddresseeRead(name, INFERRED, "", RESPONSIBLE) for name in names_in(text, hans, span)
    )
