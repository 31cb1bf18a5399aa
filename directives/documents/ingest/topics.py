"""What a sentence without a body as its subject is about, which says whom it can be carried to.

Rules match Simplified script.
"""

import re

from directives.documents.ingest import bodies
from directives.documents.ingest.modality import MODAL

_NO_TOPIC = re.compile(
    "(?:违反|经|在|对|按照|根据|自|凡|因|如|有|未|发现|需要?|确需|属于|符合|为|已|被|当|由|除)"
)
# 新建小区 and 改造项目 are things, though they begin like something to do.
_BUILT = re.compile(
    "(?:新建|改建|扩建|在建|已建|改造|新开|既有)[^，、的]{0,12}(?:区|楼|房|宅|项目|工程|建筑物?"
    "|厂|设施|道路|学校|医院|小区|企业|管线|比例|率)$"
)
# 造成损失的，依法承担赔偿责任: those who are liable are not those who act.
_LIABLE = re.compile(
    "的，视为|(?:的|者|，)，?(?:应当)?(?:依法)?(?:承担[^，。；]{0,10}责任|追究[^，。；]{0,12}责任|给予[^，。；]{0,6}(?:处分|处罚))"
)
# What is no act of those before: a fact, or what whoever does something must do.
_IS_OF_OTHERS = re.compile(
    "(?:从事|跨|拟|申请|变更|通过|生产|经营|使用|运输|设立|举办|利用|携带|销售|购买|需要)[^，。；]{2,60}的，"
    "(?:应当|必须|可以|不得)|(?!按|依|对|将|把|由|在|从|经)[^，。；：]{2,40}(?:[的之][^，。；：的]{2,8}|预算|资金|经费|费用|收益|收入)"
    "，?(?:用于|归|属于|无效|分为|视为|以[^，。]{1,20}为准)"
    "|[^，。；：]{2,30}的(?:工作|管理|规定|待遇|收费|标准|办法|程序)按[^，。；]{2,30}(?:执行|办理)[。；]"
    "|[^，。；：]{2,20}(?:结果|情况|成绩|成效)(?:作为|纳入|与[^，。]{2,12}挂钩)"
    "|[^。；]{2,60}，?适用[^。；]{2,40}(?:法律|规定)[。；]"
    "|[^，。；：]{2,30}由[^，。]{1,40}(?:担任|组成|推举|产生|兼任)"
    "|[^，。；：]{2,30}不?按[^，。]{2,40}(?:设立|设置|配备|确定|产生)[。；]"
)
_NOMINAL = re.compile("的(?P<head>[^的，、]{2,6})$")

THING, NOMINALISED = "thing", "nominalised"


def topic_of(hans: str) -> str:
    """What stands before the modal where it is no body.

    "thing" is a subject of its own (新建小区应当…), "nominalised" what those before do
    (人选的考察推荐应该…), "" no subject.
    """
    if _LIABLE.search(hans) or _IS_OF_OTHERS.match(hans):
        return THING
    modal = MODAL.search(hans)
    if modal is None:
        return ""
    topic = hans[: modal.start()]
    clear = topic.endswith("，")
    topic = topic.rstrip("，")
    if not 2 <= len(topic) <= 30 or "，" in topic or "；" in topic:
        return ""
    if topic.endswith("的") or _NO_TOPIC.match(topic):
        return ""
    if bodies.begins_like_a_verb(topic) and not _BUILT.match(topic):
        return ""
    if _NOMINAL.search(topic):
        if clear and modal["must"] == "要":
            return ""  # 排查出的隐患，要整改: what they do it to
        return THING if clear else NOMINALISED
    return "" if clear else THING
