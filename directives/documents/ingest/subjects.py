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
    "|负责(?!人|同志))(?!由)"
)
# What stands between a subject and that: 在课余时间, 按照规定, 发现隐患时，
_TOWARDS = (
    "(?:在|于|按照?|根据|依照|依据|对于?|为(?!主)|从(?!事)|自|因|经|以|凭|通过|与|向|就|除|将|把)"
)
_CIRCUMSTANCE = (
    rf"(?:{_TOWARDS}[^。；，：]{{1,40}}?，?|{_TOWARDS}[^。；，：]{{1,40}}，"
    "|(?!的|之|被|给予|、|和|及|与|或)[^。；，：]{2,40}(?:(?:时|前|后)(?:，|(?=[应可必须要不]))|(?:的|期间|内)，)"
    "|设在[^。；，：]{2,30}，|[^。；，：的]{2,8}(?=享有|有权)|(?:一旦|如果?|若|遇有?)[^。；，：]{2,40}，"
    "|(?:是|为)[^。；，：]{2,30}(?:机关|机构|部门|主体|单位|责任人)，)"
)
_THEN_ASKS = re.compile(rf"(?:，?{_CIRCUMSTANCE}(?:{_TOWARDS}[^。；，：]{{1,30}}，)?|，)?{_ASKED}")
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
_STATE = re.compile(
    "(?:自治区|本[省市县区])(?=对[^，。；]{2,40}(?:实行|实施|给予)|建立|实行|设立|加强|推进|完善|健全)|国家(?!(?:积极|大力)?鼓励(?!和?支持)|机关|规定|工作人员|标准|级|所有|安全|秘密|有关|相关|利益|机密|公务|主权|财产|赔偿"
    "|建设|发展(?:改革|和)|重点|重大|(?!根据|按照|依照)[\u4e00-\u9fff]{2,6}[局委部署院](?=[、，负牵会应要制等])|[的、和与及或等，。；：“”《》（）]|另有|认可|确定的"
    "|对[^，。；]{2,30}的[^，。；]{2,4}，(?:按照|依照))"
)
_DOES_AND_ASKS = re.compile(
    "[^，。；：的之被]{2,30}(?<![中内上外])，(?:应当?|不得|必须|可以)(?!由)"
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
_SURELY = re.compile("依法|负责|按|根据|对|在|应|可以|设立|建立|制定|组织|会同|研究|根据|统一|主管")
_CARRIES_OUT = re.compile(
    "依法(?:实行|开展|从事|办理|承担|履行)|(?:具体|直接|统一)(?:实施|负责|承担|办理|管理|执行)"
    "|按照?(?:国家)?(?:有关)?规定(?:享受|领取|取得|缴纳|承担|履行)"
)
_LONGEST = 70  # characters of a subject


def state_at(hans: str, start: int) -> Span | None:
    state = _STATE.match(hans, start)
    return Span(*state.span()) if state else None


def subject_at(hans: str, start: int, *, within: bool = False) -> Span | None:
    """The subject that begins at `start`; `within` a sentence, not at its beginning."""
    stop = min(clause_end(hans, start), start + _LONGEST)
    for end in range(start + 2, stop + 1):
        if hans[end : end + 1] in _UNFINISHED or bodies.goes_on(hans, end, stop):
            continue
        if _THEN_ASKS.match(hans, end) and bodies.is_agent(hans[start:end]):
            return Span(start, end)
    office = _office(hans, start, stop)
    if office or within:
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
            and ("、" in hans[start:end] or _KIND.search(hans, start, end))
            and bodies.is_list(hans[start:end])
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
