"""Names of bodies: how they begin and end, and how a list of them is cut into names.

Rules match Simplified script; names are cut from the original text.
"""

import re
from dataclasses import dataclass

# What the name of a body ends with.
_CORES = (
    "党委|党组|党组织|党工委|党支部|党总支|人大|人大常委会|政府|政协|法院|检察院|监委|纪委"
    "|监察委员会|群团组织|人民团体|群众团体|社会团体|群众组织|社会组织|工会|总工会|共青团"
    "|共青团组织|团中央|共青团中央|团委|团组织|妇联|妇联组织|科协|侨联|工商联|文联|作协|残联|社科联"
    "|台联|法学会|财政|部门|单位|机关|机构|部委|总部|媒体|基层组织|组织|个人|企业|事业单位"
    "|企事业单位|学校|高校|院校|高等学校|医院|社区|街道|乡镇|乡镇政府|村委会|居委会|村民委员会"
    "|居民委员会|委员会|办公室|办公厅|领导小组|工作组|协调小组|专班|指挥部|协会|学会|联合会|研究会"
    "|基金会|商会|红十字会|证监会|银监会|保监会|银保监会|业委会|管委会|干部|党员|领导班子|负责人"
    "|负责同志|主要负责同志|公民|工作人员|各地|各地区|地区|地方|国务院|中央军委|(?<![全内外大局东西南北中尾头顶底根])部|委|局|厅|署|(?<!银)行业"
    "|园区|出版社|报社|银行|人民银行|公司|集团|领导机关|解放军|武警部队|部队|驻军|主席团|代表团|秘书处|专门委员会|办事处|编办|中心|支行"
    "|分行|总行|联社|支队|大队|总队|车队|研究院|研究所|科学院|学院|大学|中学|小学|幼儿园|科室|处室"
    "|供销社|合作社|派出所|司法所|水利站|工作站|服务站|文化站|水厂|电厂|图书馆|博物馆|档案馆"
    "|文化馆|展览馆|疾控|志愿者队伍|物业|村级组织|公所|党校|(?:[市县区省州镇乡局村]|分管|蹲点|包[村保联]|包片)领导|院团|社会力量"
    "|员工|户政事务所|事务所"
    "|公路段|[^、，的]{2,6}(?<![车网])站|(?:消防|救援|巡[查逻防河山护林]|执法|志愿|应急)队伍|联席会议|[一二三四五六七八九十]科|食堂|餐厅|酒店|宾馆|商场|超市|景区|工地|团体|(?:农|党政|综治|扶贫|维稳|文明|防汛|信访|乡村振兴|环保|安监)办|[^、，的]{2}团体|[^、，的]{2,6}(?<![场厕住])所"
    "|团队|[^、，的]{1,4}院|本[所府校局处院厅署会部]"
    "|[^、，的]{0,3}(?<![用好之到查惩深长出短坏难])处|(?:场|厂|局|院|镇|县|市|校|处|科|站|所|队|组"
    "|街|路|湖|河|林|田|秘书|董事|会|村|乡|区|部|厅|署|司|班|段)长|[^、，]{2}(?:室|科|课|股)"
    "|执法队|监管所|班组|护林员"
    "|[^、，]{2}农|督查室|研究室|政研室"
)
_ENDS = re.compile(f"(?:{_CORES}|[市县区省镇州乡村局委][^的、，。；]{{1,8}}办)(?:（[^（）]*）)?$")
# 各镇, 各窗口: whatever it is that each one of is asked.
_EACH = re.compile(
    "各(?!地(?!(?:市|区|州|方|级市)$)|依|按|项|种|方面|环节|类(?!企业|学校|单位|主体|机构|市场)|自(?!治)|个环节|阶段|领域|地的|位"
    "|式|界$)"
    "[^，。；：、的要应可须需不将在把每于对以按从（）]{1,6}"
    "(?:（[^（）]*）[^，。；：、的要应可须需不将在把每于对以按从（）]{0,8})?$"
    "|每(?:名|个|位|家)[^，。；：、的要应可须需不将在把每于对以按从]{2,9}$"
)
# 各队人数, 各村河道: something of each one.
_OF_EACH = re.compile(
    "(?:人数|名单|数量|比例|责任|工作|任务|目标|情况|形势|项目|河道|道路|设施|环节|阶段|内容|标准|指标|制度"
    "|机制|措施|费用|经费|资金|台账|计划|方案|职责|要求|活动|信息|数据|资料|意见|问题)$|^各(?:牵头|责任|配合|参与|相关|有关|主管|成员)$"
)
_PLACES = re.compile(
    "(?:省|自治区|直辖市|市|县|区|州|盟|旗|乡|镇|村|兵团|中央|国家|地方|军队|上级|下级|本级|同级"
    "|（[市县区州旗、街道园镇乡]+）)$"
)
# Whom a law addresses: only in front of a modal.
_PERSON = re.compile(
    "(?![一二三四五六七八九十0-9])[^的、，]{0,10}(?:人|(?<!或)者|户|方|员|主管|师生|对象|代表|(?<![协磋招工])商|家长|老师|同学|人士|教职员?工|业主|居民|村民|市民|师|车主|从业人员|员工|群众|职工|学生"
    "|青年|总监|经理|书记|主任"
    "|校长|兽医|医生|护士|行政村|自然村|同仁|亲属|家属|副职|正职|妇女|儿童|青少年|[货雇畜船场户失债机]主|[街局处科所站县镇乡村院]长|毕业生|[研学]生"
    "|[^、，]{2}(?:室|队|所|站|馆|厂|店|社|会|组|团|院|校))$"
)
# What no name of a body begins with, and what none contains.
_NOT_AT_START = re.compile(
    "(?!(?:使用|检查|监督|服务|指导|引导|协调|清理|审核|审查|培训|考核|保障|排查)(?:人员?|者|员)|使用单位|(?:组织|教育|建设|监督|服务|改革|编制|规划)、[^，。；的]{1,90}等[^，。；、]{0,6}(?:部门|单位|机关|机构))"
    "(?:尽早|尽快|尽量|制止|进入|离开|返回|前往|支持|鼓励|引导|推动|推进|加强|加大|加快|强化|发挥|尊重|完善"
    "|健全|建立|改进|改革|规范|落实"
    "|坚持"
    "|选好|选任|选拔|配强|配齐|注重|重视|打造|构建|适应|组织(?!部|人事)|动员"
    "|教育(?!部|局|厅|行政|机构|主管|体育|和|委|部门|系统)"
    "|帮助|指导|督促|要求|通过|按照|依照|根据|依法|依托|依靠|围绕|针对|对|把|将(?!军)|由|在|从|为"
    "|向(?!阳)|以|使|让|与|报(?!社|业|刊|纸)|同(?!级|心|江|仁|安)|跟|给|于(?!都|田|洪)|参与|参加"
    "|承接|充分|切实"
    "|积极|大力"
    "|进一步|逐步|全面|深入|更好|提高|提升|增强|促进|保障|保证|确保|防止|扩大|延伸|深化|优化|整合"
    "|统筹|探索|创新|开展|实施|制定|明确|选派|选优|关心|关爱|服务(?!中心|机构|部门|业|局|管理|单位)"
    "|联系|团结|维护|反映|代表|履行|建设(?!局|部门|厅|委|单位|主管|银行|和|部|[课科处司股]|管理|行政|兵团|集团|公司)|培养|建好|做好|抓好"
    "|用好|管好|当好|有关(?=本|于)|希(?!腊|望)|指定|专人|主要(?=考核|检查|包括|是)|考核(?!组|办|委|小组)|建请|承担|受理(?!处|点|中心)|转送|交办|建强|坚决|克服|指挥(?!部|中心|长|所|官)|尽速|儘速|设在|位于|凡|如(?!皋|东)|若(?!干)|经(?!信|济|开|发|科|促|贸)|不|未|没有|没|再|已|是|有"
    "(?!关)"
    "|非(?!公|营)|采取|采用|受到|作出|协同(?!办|中心|创新)|调动|发动|吸引|凝聚|激发|号召|联合(?!会|国|体|社|利)|提请|报请|报经|商请|函请|允许|禁止|严禁|盘活|压实|避免|严格|杜绝|严肃|严厉|鼓舞|发现|遇有|涉及"
    "|对于"
    "|关于|新建|改造|扩建|淘汰|取缔|查处|打击|整治|清理|检查|排查|监督(?!管理|局|检|委|机构|机关|部门|[组站所员])|实行|推行"
    "|实现"
    "|完成|争取|力争|突出|聚焦|立足|借助|利用|运用|培育|引进|引入|支撑|带动|拓展|拓宽|畅通|优先"
    "|重点(?!企业|行业|单位|地区|区域|[^，、]{0,6}(?:村|企业|单位|部门|[县区镇]))"
    "|及时|定期|主动|认真|凭|被|因(?!特)|当(?!涂|阳|事|地)|除|自(?!然|治|贡)|至|到|每(?!名|个|位|家)|可"
    "|应(?!急|城)|须"
    "|必须|请"
    "|本着|这|那|其中|同时|此外|另外|并|且|而|但|或|及|和(?!平|田|县|静|硕|政|林|顺)|等|也|均|都"
    "(?!江|昌|匀)"
    "|仍|还|又|就(?!业|诊|学)|才|更|最|很|非常|十分|比较|保持|营造|形成|扎实|持续|继续|稳步|有序|有力|有效|着力"
    "|努力|牢固|牢牢|始终|只有|只要|无论|不管|虽然|即使|既|要(?!素)|能|会(?!计|展|同|泽|昌|理|东"
    "|宁|议)"
    "|得|需|负责(?!单位|部门|科室)|牵头(?!单位|部门|科室|责任|[县市区]?领导)"
    "|配合(?!单位|部门)|会同|协助(?!单位)|协调(?!小组|办)|汇总|审核|审查|批准|备案|报送|上报|报告|通报"
    "|公布"
    "|公开|发布|印发|出台|决定|清运|编制(?!办|委)|起草|修订|废止|设立|设置|成立|组建|撤销|合并|任命|聘用"
    "|招聘)"
)
_NOT_INSIDE = re.compile(
    "的|之(?!江)|由|依(?!法治|兰|安)|层报|转报|转知|提出|设立|指定|[0-9][日月]|阶段|邀集|邀请|全力|支应|编列|研议|督促(?!组|检)|继续|决定成立|任(?=副|组长|指挥|总)|为(?=主办|牵头|责任)|编制(?!委|办|管理|和|、|部)|报告(?!厅)|情况|及时|干部包|将(?!军|乐)|按(?!摩|揭|照)|包括|列入|会同|建立|实行|转请|送请|陈请|或者?$|长委|担任|兼任|(?:政府|局|委|办|部|厅|署|机关|机构|部门|事先)组织(?!部)|每[日天周月季年半]|后(?!勤)"
    "|牵头(?!单位|部门|科室|责任|和|[县市区]?领导)|负责(?!人|同志|单位|部门|科室)"
    "|报送"
    "|(?<=[好效序极大面入心断步细实利速格时])地(?!方|区|$|市|级|质|震|税|州|各|铁|、|理|产|勘)|对(?![外口台]|$)|是|得|了"
    "|着(?!力)|不(?!同|动产)|通过|按照|支持|加强|参与"
    "|参加|接受|承接|推进(?!办|工作|领导|小组|委|中心)|推动|服务(?=企业|群众)|采取|防止|允许|禁止"
    "|避免"
    "|鼓励|引导|强化|严格|认真|积极|确保|做好|抓好|完成|打造|构建|健全|完善|制定|出台|实现|围绕"
    "|结合"
    "|纳入|带动|帮助|委托|依托|借助|提高|增强|要求|已经|以及其|开展|有效|共同|应当|必须|可以"
)
_CLASS = re.compile("等[^、，]{1,8}的")  # 工会、妇联等中央管理的群团组织
# 各乡镇各部门 are two, with nothing between them.
_JOINT = re.compile(
    "、|，|以及|或者?|和|及(?!时)|与|暨|(?<=各[镇区县市乡院校队])(?=各)|(?<=^各.[镇区县市乡道门位构局院校科室所队])(?=各)"
)
_EVERY = re.compile(
    "各级(?:地方)?|地方各级|县级?以上(?:各级|地方(?:各级)?)?|乡镇以上|省级|市级|县级|基层|各省|中央"
)
_BARE = re.compile(
    "党委|党组|党组织|政府|人民政府|人大|政协|人大常委会|法院|检察院|纪委|监委|纪检监察机关|工会"
    "|共青团|共青团组织|妇联|妇联组织|群团组织|工会组织"
)
_NEXT_PLACE = re.compile(
    "(?:自治区|直辖市|自治州|设区的?市|计划单列市|新疆生产建设兵团|州|盟|市|县|区|旗|乡|镇|街道"
    "|兵团|园区"
    "|开发区|新区|功能区)(?:（[^（）]*）)?[两二三四五]?级?(?:(?:人民政府|政府|党委|党工委|人大|纪委|办事处"
    "|管委会|财政(?![局厅所部]))|$|[和、及])"
)
# 发展改革、自然资源等部门: what stands before 等 need not be a name.
_DEPARTMENTS = re.compile(
    "[^，、。]{2,12}(?:(?:、|和|以及)[^，、。]{2,12})*等[^，。、的；]{0,6}(?:部门|单位|机构|组织|团体|机关|企业|院校|平台|媒体)"
)
_DESCRIBED = re.compile(
    "[^，。；、的]{2,16}的[^，。；、的]{0,6}(?:单位|个人|企业|部门|机构|地区|学校|人员|县区|组织"
    "|经营者)(?:和个人)?"
)
_SHORT_FORM = re.compile(
    "[（(](?:以下|下)?[简簡统統]?[称稱][^（）()]*[）)]$|[（(]以下[^（）()]*[）)]$"
    "|[（(](?:特别是|特別是|尤其是|包括|含|成员|成員)[^（）()]*[）)]$"
)
_ASIDE = re.compile("（(?:以下|下?[简统]?称|特别是|尤其是|包括|含|成员)[^（）]*）")
_AND_MORE = re.compile("(?<=部门|单位|机构)(?:和|及|以及|、)")
_LONGEST = 26  # characters of one name in a list


@dataclass(frozen=True, slots=True)
class Span:
    start: int
    end: int


def ends_like_a_body(name: str) -> bool:
    return _ENDS.search(name) is not None or (
        _EACH.fullmatch(name) is not None and not _OF_EACH.search(name)
    )


def begins_like_a_verb(words: str) -> bool:
    return _NOT_AT_START.match(words) is not None


def is_places(words: str) -> bool:
    """Whether words are only places, as those of 鼓励市县…: not 社区, which is a body."""
    return (
        re.fullmatch(
            "(?:各|有条件的)?[省市州县区镇乡村地](?:[、和]?[省市州县区镇乡村地]){0,5}", words
        )
        is not None
    )


def is_person(words: str) -> bool:
    """Whether these words can be the persons whom a law addresses: 驾驶人, 经营者."""
    return (
        _PERSON.fullmatch(words) is not None
        and not begins_like_a_verb(words)
        and not _NOT_INSIDE.search(words)
    )


def is_whom(words: str) -> bool:
    """Whether words name bodies, or the persons whom a rule addresses."""
    return is_list(words) or is_person(words)


def is_described(words: str) -> bool:
    """Whether words are a kind of bodies that is described: 进度滞后的责任单位."""
    return _DESCRIBED.fullmatch(words) is not None and not re.match(
        "(?:由|对|为|将|把|按|在|向|以|推动|支持|鼓励|加强|完善|建立|落实|确保|做好)", words
    )


# the 的 of 生产、经营危险品的单位
_RELATED = re.compile("的[^，。；：的]{2,26}$")
_RELATIVE = re.compile("(?P<of>[^，。；：]{2,40})[的之](?P<head>[^，。；：的之]{1,26})$")
# 支持有条件的企业: what is done to those named, and no words of a subject.
_DONE_TO = re.compile(
    "(?:撤销|征收|关闭|拆除|迁移|新建|改建|扩建|对|由|将|把|向|为|关于|根据|按|依照|鼓励|支持|引导|允许|要求|组织|督促|推动|推进|确保|保证|使|让|指导"
    "|帮助|动员|完善|健全|促进|提高|提升|增强|扩大|深化|优化|围绕|针对|通过|是|凡|如|若|除|与|以|给)"
)


def is_agent(words: str) -> bool:
    """Whether words can be those who act, also with what they are: 从事养殖的单位和个人."""
    relative = _RELATIVE.fullmatch(words)
    if relative is None:
        return _are_agents(words)
    if _DONE_TO.match(words):
        return False
    head = relative["head"]
    return _are_agents(head) or is_places(head)


_NAMED_PLACE = "(?![全我本该各])[^，。；：、的和及]{1,6}[省市县区州盟旗镇乡]"
# 青河市、白石市 before what they must do
_NAMED_PLACES = re.compile(f"{_NAMED_PLACE}(?:[、和]{_NAMED_PLACE})+")


def _are_agents(words: str) -> bool:
    return (
        is_whom(words)
        or are_persons(words)
        or is_mixed(words)
        or _share_a_head(words)
        or _NAMED_PLACES.fullmatch(words) is not None
    )


_SHARED = re.compile("(?:[^，。、；的]{1,8}、){1,6}[^，。、；的]{2,16}")


def is_mixed(words: str) -> bool:
    """Whether words list bodies and persons: 工会和企业代表."""
    names = [words[piece.start : piece.end] for piece in pieces(words)]
    return any(map(is_list, names)) and all(is_list(name) or is_person(name) for name in names)


def _share_a_head(words: str) -> bool:
    """Whether words are kinds of one body: 航空、铁路运输企业."""
    names = [words[piece.start : piece.end] for piece in pieces(words)]
    return (
        _SHARED.fullmatch(words) is not None
        and not begins_like_a_verb(words)
        and not _NOT_INSIDE.search(words)
        and (is_list(names[-1]) or is_person(names[-1]))
    )


def are_bodies(words: str) -> bool:
    """Whether words list bodies, or bodies and persons, or kinds of one body."""
    return is_list(words) or is_mixed(words) or _share_a_head(words)


_GOES_ON = re.compile(
    "[员民士]|[局厅署](?![面势部])|门(?!诊)|大(?!力)|(?<=所)[在属有辖需称做]|(?<=处)[罚分理置]|(?<=委)[托派任]|(?<=委)会(?![同商])|(?<=银行)业|(?<=居民)[楼区]|(?<=方)[案式法面针便]|单位|事业(?!部)|个人|人员|机构|(?<![府局委厅部门处办关院])组织|部门|机关|企业|团体"
    "|负责人|责任人|当事人|代理人|委员会|(?<!会)代表|办公室|本人|双方|各方"
)


def goes_on(words: str, end: int, stop: int | None = None) -> bool:
    """Whether a name that would end at `end` is longer: 用人 of 用人单位."""
    return _GOES_ON.match(words, end, len(words) if stop is None else stop) is not None


def are_persons(words: str) -> bool:
    """Whether these words are a list of such persons."""
    return all(is_person(words[piece.start : piece.end]) for piece in pieces(words))


# 各级党委和政府信访部门 is one.
_PARTY_AND_STATE = re.compile("党委和$")
_OF_BOTH = re.compile("政府[^、，和的]{2,10}(?:部门|机关|机构)")


def joints(words: str) -> list[Span]:
    """Where a list of names is cut: at 、， and where 和 or 与 stands behind a whole name.

    The 和 of 文化和旅游局 cuts nothing, nor does what stands in brackets.
    """
    cuts: list[Span] = []
    depth, begin = _depths(words), 0
    for joint in _JOINT.finditer(words):
        start, end = joint.span()
        if depth[start]:
            continue
        left = words[begin:start]
        if _PARTY_AND_STATE.search(words, 0, end) and _OF_BOTH.match(words, end):
            continue
        last = re.split("[的、]", left)[-1]
        if joint[0] not in ("、", "，") and len(last) > 1 and _PERSON.fullmatch(last):
            cuts.append(Span(start, end))
            begin = end
            continue
        described = _RELATED.search(words, end) is not None and not _ENDS.search(left)
        if described and (joint[0] in ("、", "或者", "或") or "的" in left):
            continue
        if joint[0] not in ("、", "，") and not (ends_like_a_body(left) or _PLACES.search(left)):
            continue
        cuts.append(Span(start, end))
        begin = end
    return cuts


def pieces(words: str) -> list[Span]:
    """The places of what stands between the joints of a list."""
    cuts = joints(words)
    starts = [0, *(cut.end for cut in cuts)]
    ends = [*(cut.start for cut in cuts), len(words)]
    return [Span(start, end) for start, end in zip(starts, ends, strict=True)]


def is_list(words: str) -> bool:
    """Whether these words, in Simplified, are the name of a body or a list of names."""
    if _EACH_PLACES.fullmatch(words):
        return True
    if not ends_like_a_body(words[-12:] if "各" not in words else words) and not ends_like_a_body(
        words[pieces(words)[-1].start :]
    ):
        return False
    if _DEPARTMENTS.fullmatch(words) and not begins_like_a_verb(words):
        return not _NOT_INSIDE.search(_CLASS.sub("等", words))
    more = _AND_MORE.search(words)
    if more and _DEPARTMENTS.fullmatch(words[: more.start()]):
        return is_list(words[: more.start()]) and is_list(words[more.end() :])
    plain = _ASIDE.sub("", _CLASS.sub("等", words))
    if begins_like_a_verb(words) or _NOT_INSIDE.search(plain):
        return False
    return all(
        0 < piece.end - piece.start <= _LONGEST and _is_piece(words[piece.start : piece.end])
        for piece in pieces(words)
    )


_EACH_PLACE = "(?:[省市县区州盟旗乡镇]|自治区|直辖市|开发区|园区)(?:（[^（）]*）)?"
# 各区、县（市） is one.
_EACH_PLACES = re.compile(f"各{_EACH_PLACE}(?:[、和及]{_EACH_PLACE})+")


def names_in(text: str, hans: str, span: Span) -> list[str]:
    """The names in a list: 各级党委和政府 are two, 工会、妇联等群团组织 is one."""
    words = hans[span.start : span.end]
    if words.startswith("任何") or _EACH_PLACES.fullmatch(words):
        return [text[span.start : span.end]]
    names: list[str] = []
    prefix = ""
    for part in _parts(words):
        name_hans = words[part.start : part.end]
        name = text[span.start + part.start : span.start + part.end]
        every = _EVERY.match(name_hans)
        bare = _BARE.fullmatch(name_hans) is not None
        names.append(prefix + name if bare else _SHORT_FORM.sub("", name))
        if every and _BARE.fullmatch(name_hans, every.end()):
            prefix = name[: every.end()]
        elif not bare:
            prefix = ""
    return names


def _is_piece(name: str) -> bool:
    return ends_like_a_body(name) or _PLACES.search(name) is not None


def _depths(words: str) -> list[int]:
    """How many brackets each character stands in."""
    depth, depths = 0, []
    for mark in words:
        depth -= mark in "）)》〉〕"
        depths.append(max(0, depth))
        depth += mark in "（(《〈〔"
    return depths


def _parts(words: str) -> list[Span]:
    """The places of the names in a list.

    Places without a body belong to the next name: 各省、自治区、直辖市党委 is one.
    """
    parts: list[Span] = []
    open_from: int | None = None
    places = pieces(words)
    for at, piece in enumerate(places):
        begin = piece.start if open_from is None else open_from
        name = words[piece.start : piece.end]
        rest = words[places[at + 1].start :] if at + 1 < len(places) else ""
        open_from = begin if continues(name, rest) or _is_kind(name, rest) else None
        if open_from is None:
            parts.append(Span(begin, piece.end))
    return _with_examples(words, parts)


# 省、市、县水利部门 is one.
_OFFICE_OF_PLACE = re.compile(
    "(?:[省市县区州乡镇]、)*[市县区州乡镇](?:（[^（）]*）)?[^、，的和（）]{2,16}(?:部门|机关|机构|政府|局|委员会|法院|检察院|[馆所站]|中心)"
)


def _is_kind(name: str, rest: str) -> bool:
    """Whether a piece is only a kind of what follows: 航空 of 航空、铁路运输企业."""
    if re.fullmatch("[省市县区州乡镇]", name) and _OFFICE_OF_PLACE.match(rest):
        return True
    return (
        bool(rest)
        and len(name) <= 8
        and "的" not in name
        and not (_is_piece(name) or is_person(name) or "等" in rest)
    )


def continues(name: str, rest: str) -> bool:
    """Whether a piece of a list is only a place of the next name, as 各省 of 各省、自治区政府 is.

    `rest` is the list behind it; 各区、各部门 are two.
    """
    return (
        _ENDS.search(name) is None
        and _PLACES.search(name) is not None
        and _NEXT_PLACE.match(rest) is not None
    )


def _with_examples(words: str, parts: list[Span]) -> list[Span]:
    """Join examples before 等 with their group, but none that 各级 introduces."""
    names = [words[part.start : part.end] for part in parts]
    last = next((at for at, name in enumerate(names) if re.search("等(?!级)", name)), None)
    if last is None:
        return parts
    first = last
    while first > 0 and words[parts[first - 1].end] != "，":
        if _EVERY.match(words, parts[first - 1].start) and _ENDS.search(names[first - 1]):
            break
        first -= 1
    # 各级党委、政府和工会等群团组织: names with the shared prefix stay outside.
    while first < last and _BARE.fullmatch(names[first]) and re.search("党委|政府", names[first]):
        if first == 0:
            break
        first += 1
    joined = Span(parts[first].start, parts[last].end)
    return [*parts[:first], joined, *parts[last + 1 :]]


def is_place_or_body(name: str) -> bool:
    return _is_piece(name)


def is_name(words: str) -> bool:
    """Whether a whole line is the name of one body or of several, as in a signature."""
    words = re.sub(r"（(?:盖章|公章|代章)）$", "", words.strip())
    names = [name for name in re.split(r"[\s、，]+", words) if name]
    return bool(names) and all(
        2 < len(name) <= 40
        and ends_like_a_body(name)
        and not begins_like_a_verb(name)
        and not re.search("[。；：！？“”《》]", name)
        and not _NOT_INSIDE.search(name)
        for name in names
    )


def _only_place(name: str, rest: str) -> bool:
    """Whether a name is a place before others that have one body: 自治区 of 自治区、直辖市委."""
    return _ENDS.search(name) is None and re.match("(?:自治区|直辖市|各省)", rest) is not None


def whole_names(text: str, hans: str) -> list[str]:
    """The names in a list of recipients, cut at 、 between whole names."""
    names: list[str] = []
    begin = 0
    parts = pieces(hans)
    for at, piece in enumerate(parts):
        rest = hans[parts[at + 1].start :] if at + 1 < len(parts) else ""
        name = hans[piece.start : piece.end]
        if rest and (continues(name, rest) or not _is_piece(name) or _only_place(name, rest)):
            continue
        names.append(text[begin : piece.end])
        begin = parts[at + 1].start if at + 1 < len(parts) else piece.end
    return names
