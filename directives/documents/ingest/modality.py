"""How binding a sentence is, what kind of work it asks for, and how often. Rules match Simplified.

Cadence: "regular" at intervals (定期, 每年, 经常), "once" for what is made or set up once,
"continuing" for work without an end, "" for a statement.
"""

import re
from collections.abc import Sequence

MUST, SHOULD, MAY, MUST_NOT = "要", "應該", "可", "不得"
SUPPORT, ENCOURAGE, EXPLORE, IMPERATIVE = "支持", "鼓勵", "探索", "祈使"
STATEMENT = "statement"
REGULAR, ONCE, CONTINUING = "regular", "once", "continuing"

# 要 is a modal only where it is not part of a word (重要, 需要, 要求), 可 only before a verb.
MODAL = re.compile(
    "(?P<not>不得|严禁|禁止|不准|不许|不能|不可(?!或缺|分割))"
    "|(?P<should>应该|应当"
    "|(?<![适响供反相对回呼感效答因照胜报顺])应"
    "(?![急对用届聘变战试邀考诊税收力季市时声接承答县城激纳付得]"
    "|有尽有|有的|运而|保尽|享尽|该|当))"
    "|(?P<must>必须|务必|须(?!知)"
    "|(?<![所必急供无刚军内])需(?=进一步|严格|按|先|经|在|将|由|于|及时|定期|遵守|立即|配合|提前|认真|确保|加强"
    "|建立|提交|报[送告]|向)"
    "|(?<![重主需必首纲摘概简扼紧])要(?![求素点件闻领害事义是旨塞目么]))"
    "|(?P<may>可以|(?<![认许不宁尽只])(?<=[局府关者人会部校处院所])得"
    "(?=[委由视依予将于申请向为经以提收订设派公办])"
    "|(?<=[长师生员人])得(?=[委由视依申请向于])|(?<=，)得(?=[允由向视依请自])"
    "|可(?=[通由根结在采按向参依视适]))"
)
_NAMES = {"not": MUST_NOT, "should": SHOULD, "must": MUST, "may": MAY}
_ADVERB = "(?:进一步|积极|大力|切实|逐步|继续|不断|重点|稳妥|主动|全面|深入|认真)"
_LEADING = re.compile(rf"{_ADVERB}{{0,2}}(支持|鼓励|探索)")
_LEADERS = {"支持": SUPPORT, "鼓励": ENCOURAGE, "探索": EXPLORE}

# X是Y: the verb, not the end of 特别是, 但是, 还是 …
_COPULA = re.compile("(?<![特尤但还凡于可总只正不或就像先倒便])是(?!否|非)")
_DEFINED = re.compile(
    "(?:渠道|力量|基础|关键|部分|保证|保障|途径|举措|任务|工作|制度|纽带|桥梁|支柱|内容|环节|要求"
    "|基石|重点|难点|标志|特征|优势|法宝|生命线|原则|目标|使命|职责|事业|前提|抓手|平台|载体|体现|所在|阵地|组织"
    "|机关|团体|问题|标准|地方|区域|现象|过程|阶段|选择|需要|发展|规定|总称|依据|时期|结果|表现|反映|场所)$"
)
_REPORTS = re.compile(
    "具有[^。]{0,24}重[要大](?:的)?[^，]*(?:意义|作用|地位)[。；]?$|具有(?:十分|非常)?重[要大](?:的)?[^，]*意义|意义重大(?!的)|取得(?:了)?[^，]*(?:成效|成绩|进展|成就)"
    "|作出(?:了)?[^，]*贡献|存在[^，]*问题[^，]{0,4}$"
)

_PROEM = re.compile(
    "(?:如下|以下(?:意见|通知|措施|事项))[：:。]?$|^(?:现就|现将|特制定|特制订|特此|现予|予以印发)"
    "|^本(?:办法|规定|条例|要点|细则)(?:之|的)?主管(?:机关|部门)[为是]|^本[^，。]{0,8}(?:范围"
    "|重点|对象|时间)为|^本[^。]{1,60}(?:核定|通过|核准)后(?:公布)?(?:实施|施行)|修正时亦同"
    "|^(?:联系(?:人|电话|方式|地址)|咨询电话|(?:通[信讯]|邮寄|收件)地址|邮\\s*(?:编|政编码)|(?:电子)?(?:邮箱|邮件)"
    "|传\\s*真|电\\s*话|网\\s*址)\\s*[：:]|[：；]联系电话[：:]"
    "|^[^，。；]{2,30}[是系]指(?!导|定|挥)|^本[^，。]{1,12}适用于|(?:统称|简称|称)为[^，。；]{2,20}[。；]?$"
    "|^[^，。；]{2,20}的?(?:准则|方针|宗旨|原则)是[：:，]|^依据[^。]{2,80}略以[：:]|^依据[^，。]{2,60}[。]$|^以上[^。]{0,12}(?:请|希|望)[^。]*执行|，"
    "(?:现就|现将|现提出|现印发|现转发|现予|现紧急|特制定|特订定|特制订|制定本(?!行政|地|级|单位|部门|辖|省|市|县|区)|制订本|制定以下"
    "|制定如下|提出以下|提出如下|现提出)"
    "|印发给你们|转发给你们|请(?:认真|遵照|结合实际(?:认真)?|一并)(?:贯彻|组织|遵照)?(?:执行"
    "|落实)|自(?:发布|印发|公布)(?:之日起|日)(?:施行|执行|实施)"
    "|自[^，。]{4,22}日?起?(?:正式)?(?:施行|执行|实施|生效)|有效期(?:至|为"
    "|[0-9一二三四五六七八九十]+年)|同时废止|由[^，。]{2,30}负责解释"
    "|(?:术语|用语|名词)的?(?:含义|定义|解释)(?:如下)?[：:是为]"
    "|(?:本|该)(?:办法|规定|条例|细则|意见|方案|要点|制度|规则|法|预案)(?:所称(?![^，。]*应当)|适用于|所指|未尽"
    "|由|中下列)|^本[^，。]{0,12}是指|，是指|，?适用本(?:办法|规定|条例|法|细则|规范|规则|制度|规程|意见|通知|标准)"
    "|^(?:在|凡|从事)[^。]*(?:应当?|必须|均应)(?:严格)?遵守本(?:办法|规定|条例|法|细则|规范|规则|制度|规程)[。；]?$"
    "|(?:遵循|坚持)[^，。]{2,60}的(?:基本|总体|工作)?(?:原则|方针)[。；]?$"
    "|^(?:坚持)?以习近平[^。]{2,30}思想为|^(?:坚持)?以[^，。]{2,40}思想为(?:指导|统领|引领|指引)"
    "|的指导思想是|(?:工作|做好[^，。]{2,20})要坚持以习近平|目标是(?![^。]*[0-9])|^[^，。]{0,12}成员(?:单位)?包括|未尽事宜"
    "|^[^，。]{2,24}是[^。]*(?:之年|关键一年|重要一年|关键时期)(?:，[^。]*任务)?[。；]?$"
    "|(?:并|特)?(?:订定|制定)本(?:要点|办法|规定|规范|计划|细则|规则)[。；]?$|^依据[^。]{2,60}(?:订定|制定)本[^。]{2,8}(?:，|。)|^[^，。；]{2,20}由(?=[^。]*、)[^。]{2,120}组成[。；]?$"
    "|^本[^，。]{1,8}所称|，泛指|[，：]系指|^本[^，。]{1,10}系指"
)
# What a meeting heard, said or passed.
_QUESTION = re.compile("？$")
_STAGE = re.compile("[^，。]{0,8}正?处(?:在|于)[^。]*(?:阶段|时期|关口|期)(?:，[^。]*)?$")
# 最高收入包括成本和税金; 其中，成本指…
_CONSISTS = re.compile(
    "(?:其中，?)?[^，。；：]{2,20}(?:(?<![应当须要需])(?:主要|一般|具体)?包括(?!但)"
    "|(?<![所专特别])指(?![导定挥引示派标出明数南令向战认责])).{4,}$"
)
_LISTED = re.compile(
    "^(?!各|市|县|监督|检查|通报|报告|掌握|了解|汇总|督促|反馈|听取|报送|统计|跟踪)[^，：每]{2,24}(?<!汇报)(?<!报告)(?<!通报)(?<!反映)情况$|^[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日至[^，]{2,12}日$"
)
_MINUTED = re.compile(
    "^会议(?:听取|指出|认为|审议|原则|传达|学习|通报|讨论|研究了|肯定|通过|充分肯定|回顾|分析)|^"
    "(?:近年来|当前正值|近期，|近来|目前，|当前，|今年以来|长期以来|预计|据[^，。]{2,12}|入[秋夏冬春汛]以来"
    "|为[^，。]{4,60}，现)"
)

_REGULAR = re.compile(
    "定期|每[年季月周半两]|每届|按[年季月]|年度|经常(?=开展|组织|听取|研究|深入|检查|分析)|逐年"
    "|常态化"
)
_PILOT = re.compile("试点|先行先试|试行")
_EVALUATION = re.compile("考[评核]|评估|评价|评议|督[查察导]|检查|考察|验收|绩效|督办")
_EVALUATION_SYSTEM = re.compile("(?:考[评核]|评估)[^，]{0,4}(?:制度|机制|体系|办法|标准)$")
_EVALUATES = re.compile(
    "^(?:[^，]{0,12}要)?(?:加强|开展|组织|强化)?[^，]{0,6}(?:考核|督查|评估|检查)"
)
_RESOURCE = re.compile("经费|资金|资源|预算|编制|场所|阵地|设施|财政|补贴|投入|装备|用房")
_PAPER = re.compile(
    "(?:实施|落实)(?:方案|意见|办法|细则)|(?:具体|配套)(?:措施|办法|方案|政策)|(?:工作|行动)(?:方案"
    "|计划)|贯彻(?:落实)?(?:意见|方案|措施)|实施规划"
)
_MAKES_PAPER = ("制定", "制订", "提出", "出台", "印发", "编制", "研究制定", "拟订", "报送", "上报")
_BUILDS = re.compile(
    "建立|健全|完善|建设|构建|打造|搭建|组建|设立|创新|改革|改进|规范|拓宽|畅通|实施|推行|制定|制订"
    "|优化|形成"
)


def is_statement(hans: str, *, item: bool = False) -> bool:
    """Whether a sentence only describes and requires nothing; an `item` is one of a list."""
    bare = hans.rstrip("。；")
    if _PROEM.search(hans) or _MINUTED.match(hans):
        return True
    if MODAL.search(bare) and not _is_what_must_be(bare) or _LEADING.match(bare):
        return False
    if _QUESTION.search(hans) or not item and _LISTED.match(bare):
        return True
    if _REPORTS.search(bare) or _STAGE.match(bare) or _CONSISTS.match(bare):
        return True
    copula = _COPULA.search(bare)
    if copula is None or copula.start() < 2 or "，" in bare[: copula.start() - 1]:
        return False
    return _DEFINED.search(bare) is not None


def _is_what_must_be(bare: str) -> bool:
    """Whether all modals only say what something is: 指标，是各级必须实现的要求."""
    before, comma, last = bare.rpartition("，")
    copula = _COPULA.search(last)
    modal = MODAL.search(last)
    return (
        copula is not None
        and modal is not None
        and copula.start() < modal.start()
        and "的" in last[modal.end() :]
        and _DEFINED.search(last) is not None
        and not MODAL.search(before)
    )


def modality_of(hans: str) -> str:
    """The first explicit modal, else the verb that leads the sentence, else imperative."""
    modal = MODAL.search(hans)
    if modal and modal.lastgroup:
        return _NAMES[modal.lastgroup]
    leading = _LEADING.match(hans)
    return _LEADERS[leading[1]] if leading else IMPERATIVE


def kind_of(hans: str, modality: str, items: Sequence[tuple[str, str]]) -> str:
    """What kind of work a requirement is; `items` are its (verb, name) in Simplified script."""
    if modality == MUST_NOT:
        return "prohibition"
    if any(verb in _MAKES_PAPER and _PAPER.search(name) for verb, name in items):
        return "deliverable"
    if modality == ENCOURAGE:
        return "encouragement"
    if modality == EXPLORE and any(_EVALUATION.search(name) for _, name in items):
        return "evaluation"
    if modality == EXPLORE or _PILOT.search(hans):
        return "pilot"
    building = [name for verb, name in items if _BUILDS.search(verb)]
    if building:
        evaluating = all(_EVALUATION_SYSTEM.search(name) for name in building)
        return "evaluation" if evaluating else "institution"
    if _RESOURCE.search(hans):
        return "resource"
    return "evaluation" if _EVALUATES.search(hans) else "recurring duty"


def cadence_of(hans: str, kind: str) -> str:
    """How often the work is done, from its words, else from its kind."""
    if _REGULAR.search(hans):
        return REGULAR
    return ONCE if kind in ("institution", "deliverable", "pilot", "evaluation") else CONTINUING
