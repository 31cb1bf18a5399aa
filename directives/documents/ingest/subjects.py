"""Subjects that are no plain list of bodies, or that stand apart from what they must do.

A law says 从事养殖的单位应当…, 申请人提交材料后，可以…, 国家对…实行…; a plan says 省财政按比例分担…
Rules match Simplified script.
"""

import re

from directives.documents.ingest import bodies
from directives.documents.ingest.bodies import Span
from directives.documents.ingest.modality import MODAL

_MODAL = re.sub(r"\?P<\w+>", "?:", MODAL.pattern)
_ADVERB = (
    "(?:都|均|也|还|既|又|并|一律|同时|首先|切实|积极|主动|认真|自觉|进一步|共同|分别|联合|依法|定期|严格"
    "|充分|全面|统一|适时|及时|原则上|事先|具体|专门|直接|同样|仍然?|一般|只|仅|自行|相应|每年|长期|重点"
    "|自主|独立|按规定|必要时|在必要时)"
)
# What shows that the words before it must or may do something.
_ASKED = (
    rf"{_ADVERB}{{0,3}}(?:{_MODAL}|有权(?!人)|无权|享有|有(?:责任|义务)|负有|可(?![能靠持行见再回控用选视达续])"
    "|负责(?!人|同志)|其(?:主要)?(?:职责|任务)(?:是|为|包括))(?!由|追究|没收|处以)"
)
# What stands between a subject and that: 在课余时间, 按照规定, 发现隐患时，
_TOWARDS = (
    "(?:在|于|按照?|根据|依照|依据|对于?|为(?!主)|从(?!事)|自|因|经|以|凭|通过|与|向|就|除|将|把)"
)
_CIRCUMSTANCE = (
    rf"(?:{_TOWARDS}[^。；，：]{{1,40}}?，?|{_TOWARDS}[^。；，：]{{1,40}}，"
    "|(?!的|之|被|给予|、|和|及|与|或)[^。；，：]{2,40}(?:(?:时|前|后)(?:，|(?=[应可必须要不]))|(?:的|期间|内)，)"
    "|设在[^。；，：]{2,30}，|未[^。；，：]{2,20}，|[^。；，：的]{2,8}(?=享有|有权)|(?:一旦|如果?|若|遇有?)[^。；，：]{2,40}，"
    "|(?:是|为)[^。；，：]{2,30}(?:机关|机构|部门|主体|单位|责任人)，)"
)
_THEN_ASKS = re.compile(
    rf"(?:之间)?(?:，?{_CIRCUMSTANCE}(?:{_TOWARDS}[^。；，：]{{1,30}}，)?|，)?{_ASKED}"
)
# Names of offices that stand for themselves; whatever follows is what they do.
_OFFICE = re.compile(
    "(?:国务院|中央|国家|全国|最高|本|各|上级|下级|上一级|同级|本级|有关|相关|地方|县级|市级|省级|区级|乡镇"
    "|[^，。、的]{0,14}[省市县区州镇乡旗盟])[^，。；的]{0,24}"
    "(?:政府|部门|局|委|厅|署|部|机关|公所|财政|法院|检察院|委员会|办事处|常委会|办公室|管委会|各单位)$|各[^，。；的、]{1,14}(?:队伍|学校|医院|企业|单位|机构|社区|乡镇|街道|[镇村校])$|国务院$|本[所府校局处院厅署会部]$"
)
# 计划、财政部门
_DEPARTMENTS = re.compile("(?:[^，。、；的]{1,6}、){0,5}[^，。、；的]{2,8}(?:部门|机关)")
_NO_PREDICATE = re.compile(
    "[的之、和及与或以等，。；：（）《》“”内外间上下]|所[属在辖]|下属|直属|内设|有关|相关|各|工作|人员|职工"
    "|干部|领导(?!各级|全国|[本全]|[^，。]{2,12}工作)|负责|主要|分管|班子|职[责能权]|文件|会议|机构|单位|部门|机关|系统|网|平台|令|第|[主局厅县市省区镇乡科处]"
    "[任长]|书记|常务|办公|大楼|[级层]|方面|(?:规定|批准|认定|确定|同意|推荐|颁发)[的后，。]|名义|组织|为主|包括|范围|属|预算|决算|资金|经费|收入|支出|资产|数据|台账|方案|制度|政策|标准|目标|任务|情况|章程|投资"
    "|产业|人口|城市|农村|道路|区域|行政"
)
_ITS_OBJECT = re.compile(
    rf"[^，。；]{{1,30}}[的之][^，。；]{{1,14}}(?:，?(?:{_MODAL})|，由|用于|归)"
)
_CONDITION = re.compile("[^，。；]*(?:的|时|后|前)(?:，|$)")
# 国家 with what it does, not 国家机关 or 国家规定的条件; whom it encourages acts instead.
_STATE_DOES = (
    "对|为|设立|建立|建设(?!银行)|实行|保护|支持|加强|加大|加快|保障|推进|推动|推广|推行|促进|发展(?!改革|和)|采取|依法|依照|统一|统筹"
    "|按照|根据|制定|完善|健全|提倡|倡导|引导|扶持|组织|尊重|维护|坚持|重视|通过|将|把|给予|培养|培育|提供|开展|逐步|奖励|在|禁止|优先|不"
    "|应当|可以|允许|强化|积极(?!鼓励)|大力(?!鼓励)|举办|实施|普及|表彰|举行|确定(?!的)|编制|改善|拓宽|利用|优化|合理|鼓励和?支持|严格|限制"
    "|征收|征用|控制|安排|投资|免除|减免|免费|资助|补助|补贴|救助|帮助|创造|颁布|公布|发布|调整|改革|开发|引进|授权(?!的)|委托(?!的)"
    "|设置|赋予|确认|保持|提高|扩大|增加|稳定|充分|有计划|定期|全面|深化|构建|打造|探索|贯彻|监督|指导|检查|评估|负责|享有|行使|防止|预防"
    "|打击|惩治|消除|解决|落实|参与|每|从|向|以|特别|高度|切实|努力|坚决|着力|最大限度|鼓励、支持"
)
_STATE = re.compile(
    "(?:自治区|本[省市县区])(?=对[^，。；]{2,40}(?:实行|实施|给予)|建立|实行|设立|加强|推进|完善|健全)"
    f"|国家(?=(?:{_STATE_DOES}))(?!对[^，。；]{{2,30}}的[^，。；]{{2,4}}，(?:按照|依照))"
)
_DOES_AND_ASKS = re.compile(
    "[^，。；：的之被]{2,30}(?<![中内上外])，(?:应当?|不得|必须|可以)(?!由)"
)
_DOES = re.compile(
    "设置|设立|撤销|变更|终止|开展|从事|使用|收集|提供|进行|委托|聘用|销售|购买|采购|处理|组织|举办|招用|录用|解除"
    "|订立|签订|转让|出租|停止|暂停|发行|制定|修改"
)
_KIND = re.compile("(?:机关|部门|机构|单位|组织|团体|银行|政府|委员会|法院|检察院|公司)$")
_SIMPLY = re.compile("(?:学校|公司|医院|集团|[本我][校院局司部市县区镇乡村])$")
_ACTS_SIMPLY = re.compile("(?:成立|召开|指定|组建|聘请|每[周月学])")
_AT_WORK = re.compile(
    "(?:在|对|向|与)[^，。；]{2,40}，|以[^，。；]{2,20}(?:形式|方式|名义)|(?:按照|按规定|根据|依照|依据|凭)[^，。；]{2,40}|按[^，。；]{2,40}，|依法(?:实行|开展|从事|办理|承担|履行)"
    "|24小时|每[天日]|轮流|抽调|按国家|(?:具体|直接|统一)(?:实施|负责|承担|办理|管理|执行)"
)
# a heading: 县水利局安全生产职责
_PAPER = re.compile(
    "[^，。；：]{0,14}(?:职责|责任制?|任务|制度|方案|办法|情况|工作|要点|清单|名单|规则|机制|分工|职能|权限|事项|程序)"
)
_AND_ACTS = re.compile("，(?:按照|根据|依照|在|负责|对|统一|依法|承担)")
_SURELY = re.compile("依法|负责|按|根据|对|在|应|可以|设立|建立|制定|组织|会同|研究|根据|统一|主管")
_CARRIES_OUT = re.compile(
    "依法(?:实行|开展|从事|办理|承担|履行)|(?:具体|直接|统一)(?:实施|负责|承担|办理|管理|执行)"
    "|按照?(?:国家)?(?:有关)?规定(?:享受|领取|取得|缴纳|承担|履行)"
)
# Those whom a school or a house addresses, with a circumstance before the modal: 学生于上课时间应…
_PERSON_WORDS = (
    "学生|同学|家长|教师|老师|导师|教职员?工|教官|职工|员工|居民|村民|市民|业主|住户|用户|申请人|当事人"
    "|驾驶人|监护人|人士|经营者"
)
_ONE_PERSON = (
    "(?:本校|全体|全校|各班|在校|任课|值班|住宿|相关|有关|校[内外]|指导|专责|办公室)?"
    f"(?:{_PERSON_WORDS})"
)
PERSONS = re.compile(f"{_ONE_PERSON}(?:[、及和与或]{_ONE_PERSON})*")
_ADDRESSED = re.compile(
    f"凡?(?P<who>{PERSONS.pattern})(?=[于在因遇有请携使进参离骑乘上违未如若需为申发到]|无法)"
)
_TO_DO = re.compile(
    f"{_MODAL}|需(?!求|要)|(?<=[，者时])(?:可(?!能)|得|以[^，]{{1,6}}论|一律|请)|一律|可[利使向约]"
)
_LONGEST = 70  # characters of a subject


def state_at(hans: str, start: int) -> Span | None:
    state = _STATE.match(hans, start)
    return Span(*state.span()) if state else None


def subject_at(hans: str, start: int, *, within: bool = False) -> Span | None:
    """The subject that begins at `start`; `within` a sentence, not at its beginning."""
    stop = min(clause_end(hans, start), start + _LONGEST)
    for end in range(start + 2, stop + 1):
        unfinished = hans[end : end + 1] in _UNFINISHED and not hans.startswith("之间", end)
        if unfinished or bodies.goes_on(hans, end, stop):
            continue
        if _THEN_ASKS.match(hans, end) and bodies.is_agent(hans[start:end]):
            return Span(start, end)
    if not within and _AND_ACTS.match(hans, stop) and _is_office(hans[start:stop]):
        return Span(start, stop)
    office = _office(hans, start, stop)
    if office or within and not hans.startswith("其", start):
        return office
    return _at_work(hans, start, stop) or _after_what_they_do(hans, start, stop)


_UNFINISHED = frozenset("的之、和及与或")


def _after_what_they_do(hans: str, start: int, stop: int) -> Span | None:
    """Bodies with what they do before a modal: 国家机关、企业录用职工，应当坚持公平."""
    for end in range(start + 4, stop):
        if (
            hans[end] not in _UNFINISHED
            and _DOES_AND_ASKS.match(hans, end)
            and not bodies.goes_on(hans, end, stop)
            and (
                ("、" in hans[start:end] or _KIND.search(hans, start, end))
                and bodies.is_list(hans[start:end])
                or _DOES.match(hans, end)
                and bodies.is_agent(hans[start:end])
            )
        ):
            return Span(start, end)
    return None


def _at_work(hans: str, start: int, stop: int) -> Span | None:
    """Those at the beginning of a sentence with where or how they act: 学生团体在校内活动，…"""
    for end in range(start + 2, stop):
        simply = _SIMPLY.match(hans[start:end]) and _ACTS_SIMPLY.match(hans, end)
        if (
            (simply or _AT_WORK.match(hans, end))
            and not bodies.goes_on(hans, end, stop)
            and not _ITS_OBJECT.match(hans, end)
            and ("的" not in hans[start:end] or _CARRIES_OUT.match(hans, end))
            and bodies.is_agent(hans[start:end])
        ):
            return Span(start, end)
    return None


def _is_office(name: str) -> bool:
    if _OFFICE.match(name) and bodies.is_list(name):
        return True
    if _DEPARTMENTS.fullmatch(name) and bodies.are_bodies(name):
        return True
    first = bodies.pieces(name)[0]
    return (
        first.end < len(name)
        and bodies.is_list(name[: first.end])
        and bodies.is_agent(name)
        and _OFFICE.search(name) is not None
    )


def _office(hans: str, start: int, stop: int) -> Span | None:
    """An office with what it does behind it, whatever that is: 省财政按比例分担."""
    longer = False  # whether a longer name ends where nothing is done
    for end in range(stop - 1, start + 1, -1):
        if bodies.goes_on(hans, end, stop) or not _is_office(hans[start:end]):
            continue
        if _PAPER.fullmatch(hans, end):
            return None
        if _NO_PREDICATE.match(hans, end) or _ITS_OBJECT.match(hans, end):
            longer = True
        elif not _CONDITION.match(hans, end) and (not longer or _SURELY.match(hans, end)):
            return Span(start, end)
    return None


def clause_end(hans: str, start: int) -> int:
    """Where the clause ends: at a mark outside of brackets."""
    depth = 0
    for at in range(start, len(hans)):
        mark = hans[at]
        depth += mark in "（《〈〔"
        depth -= mark in "）》〉〕"
        if depth <= 0 and mark in "，。；：！？":
            return at
    return len(hans)


def addressed_at(hans: str, start: int) -> Span | None:
    """Persons with a circumstance between them and the modal: 学生因病缺席者，应…"""
    persons = _ADDRESSED.match(hans, start)
    if persons is None:
        return None
    stop = clause_end(hans, start)
    beyond = clause_end(hans, stop + 1)
    asks = _TO_DO.search(hans, persons.end(), beyond)
    return Span(*persons.span("who")) if asks and asks.start() - persons.end() <= 30 else None
