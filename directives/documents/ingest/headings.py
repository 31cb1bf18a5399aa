"""What a numbered line is: a heading, a sentence, or both; what its section is about.

Rules match Simplified script.
"""

import re
from collections.abc import Callable, Sequence

from directives.documents.ingest import addressees, bodies, deadlines, modality, responsibility
from directives.documents.ingest.deadlines import Dated
from directives.documents.ingest.labels import Label, label_of
from directives.documents.ingest.responsibility import BRACKET, Responsibility, content_of
from directives.documents.ingest.sentences import outside
from directives.documents.ingest.words import Line, Words, aligned

# What a section is about, by its title: there a sentence asks something under stricter conditions.
GUIDING, TARGETS = "guiding", "targets"
_ABOUT = (
    (
        GUIDING,
        re.compile(
            "指导思想|总体要求|总体思路|原则$|方针$|重[大要](?:性|意义)"
            "|(?:充分认识|提高认识)(?!.*，(?:切实|加强|加快|推进|落实|明确|强化|扎实|深化|确保|抓))|形势|背景"
            "|编制依据|适用范围|工作思路|发展基础|发展环境|现状|面临形势|存在(?:的)?(?:主要)?问题"
            "|回顾$|工作总结$|^(?:主要|取得的?)(?:成绩|成效)|(?:总体|进展|完成|基本)情况|^(?:会议|活动|检查|报名|培训)?(?:时间|地点|时间[、和及]?地点)$|参会人员|^(?:联系(?:方式|电话|人)|咨询电话)$"
            "|参加人员|^(?:(?:编制|制定|活动|工作)?目的|依据|宗旨|范围|定义|名词解释|术语|适用对象|主题|活动主题|竞赛主题|口号|目的意义"
            "|活动目的)$"
        ),
    ),
    (TARGETS, re.compile("目标")),
)
_DUTIES_OF = re.compile(
    "(?P<who>.{2,40}?)(?:的?(?:主要|工作|具体|监管|安全生产|安全|岗位|相关|、职业危害防治){0,3}(?:职责|责任制?|任务|义务)(?:分工)?)?"
)
_NOBODY = (
    "部门",
    "单位",
    "机构",
    "组织",
    "企业",
    "个人",
    "学校",
    "社区",
    "行业",
    "地方",
    "财政",
    "中心",
    "政府",
)
_NOUN_OF_LIST = re.compile(
    "(?:规定|事项|方式|程序|要求|流程|标准|内容|范围|条件|对象|办法|措施|原则)$"
)
# 确保完成目标任务, 整改存在问题: what begins so is something to do.
_DOING = re.compile(
    "确保|完成|落实|实现|围绕|聚焦|紧盯|强化|健全|分解|突出|高质量|如期|对照|咬定|推动|推进|加强|压实"
    "|细化|整改|解决|扎实|切实|加快|改善|提升|优化|建立|完善|开展|组织|全面(?!贯彻)"
)
_MEANING = re.compile("(?:重大|重要|战略)意义|重要性|紧迫性")
_LONGEST_HEADING = 30  # characters of a heading with text behind it on its line
_LONGEST_TITLE = 60
AMOUNT = re.compile(
    r"[0-9０-９]+(?:\.[0-9]+)?\s*(?:%|％|万|亿|个|家|处|名|人|户|公里|千米|亩|吨|所|座|辆|台|套"
    r"|项|次|场|平方|立方|元|米|张|支"
    r"|条|件|以上|以内|分钟|小时|天|度|株|棵|公顷|倍|辖|间|只|頭|本|份)|百分之"
)
_OF_WHO = re.compile("(?:单位|分工|机构)$")  # 办理单位, with lines that say who
# The last paragraphs that are about the document itself.
_ON_THE_DOCUMENT = re.compile(
    "(?:本|这个|此)(?:意见|通知|决定|规定|办法|方案|纲要|规划|条例|要点|细则|准则|计划|措施|指南"
    "|标准|制度|要领)"
    "(?!.{0,30}(?:列第一|牵头单位))"
    "|^各[^。，]{1,40}，?(?:请|要|应)[^。]*(?:制定|制订|提出|研究)[^。，；]*(?:方案|办法|措施|细则)"
    "|^特此(?:通知|通告|公告|函|批复|报告|函告|通报)|^以上(?:意见|通知|规定)?[^。]{0,12}请[^。]*"
    "(?:执行|落实)"
)


def heading_on(words: Words) -> tuple[Words, Words | None]:
    """The words up to the first 。 and what stands behind it, which may be nothing."""
    free = outside(words.text)
    stop = next((at for at, mark in enumerate(words.text) if mark in "。：" and free[at]), None)
    if stop is None or words.text[stop] == "：" and words.hans[stop + 1 :].strip() == "":
        return words, None
    head, rest = words.cut(0, stop), words.cut(stop + 1)
    if not rest.text or len(head.text) > _LONGEST_HEADING or re.search("[，；：]", head.hans):
        return words, None
    if head.hans.endswith(("是", "为", "包括", "有", "略以")):
        return words, None
    if words.text[stop] == "：" and (len(head.text) > 16 or _announces_list(head.hans)):
        return words, None
    bracket = BRACKET.fullmatch(rest.hans)
    if bracket and responsibility.is_responsibility(content_of(bracket)):
        return words, None
    return head, rest


def can_be_heading(body: Words) -> bool:
    stripped = re.sub("[。：:]$", "", body.hans)
    if body.hans.endswith("。") and "，" in stripped or _announces_list(stripped):
        return False
    if (
        body.hans.endswith(("：", ":"))
        and stripped not in _NOBODY
        and (
            len(stripped) > (20 if _NOUN_OF_LIST.search(stripped) else 12)
            or bodies.ends_like_a_body(stripped)
        )
    ):
        return False
    return len(stripped) <= _LONGEST_TITLE and not re.search("[。；！？]", stripped)


def is_definite(words: Words, dated: Dated) -> bool:
    """Whether words ask something definite: a body acts, a modal, a day, an amount."""
    hans = words.hans
    return (
        modality.MODAL.search(hans) is not None
        or AMOUNT.search(hans) is not None
        or deadlines.due_in(words.text, hans, dated) is not None
        or bool(addressees.named_in(words.text, hans))
    )


def is_caption(words: Words) -> bool:
    """Whether words name a matter and ask nothing of it."""
    return not (
        re.search("[。；，：！？]", words.hans.rstrip("。"))
        or modality.MODAL.search(words.hans)
        or AMOUNT.search(words.hans)
        or words.hans.endswith("。")
        and addressees.named_in(words.text, words.hans)
    )


def is_heading_of_list(words: Words, dated: Dated) -> bool:
    """Whether a line without a number is the heading of the numbered lines below it."""
    hans = words.hans
    return not (
        re.search("[。；，：:！？]|如下|以下|下列|通知|印发|制定", hans)
        or deadlines.day_in(hans)
        or modality.MODAL.search(hans)
        or deadlines.due_in(words.text, hans, dated)
        or addressees.named_in(words.text, hans)
    )


def about(title: str) -> str:
    title = title.strip(" 　。．.：:")
    if _MEANING.search(title):
        return GUIDING
    if _DOING.match(title):
        return ""
    return next((subject for subject, look in _ABOUT if look.search(title)), "")


def who_of(heading: Words) -> Responsibility | None:
    """Whom a heading gives what stands under it: 市水利局, 市水利局职责."""
    duties = _DUTIES_OF.fullmatch(heading.hans.strip(" 　。．.：:"))
    if duties is None or duties["who"] in _NOBODY:
        return None
    told = duties.end("who") < duties.end()  # 总经理职责: persons have duties too
    if not bodies.is_list(duties["who"]) and not (told and bodies.are_persons(duties["who"])):
        return None
    names = responsibility.names_of(heading.text[: duties.end("who")], duties["who"])
    return Responsibility(tuple((name, responsibility.RESPONSIBLE) for name in names))


def who_of_title(title: str) -> Responsibility | None:
    """Whose duties a whole paper lists: 安全员岗位职责, 各部门负责人安全责任制."""
    hans = aligned(title)
    if not re.search("(?:职责|责任制)$", hans):
        return None
    duties = _DUTIES_OF.fullmatch(hans)
    if duties is None or duties["who"] in _NOBODY or not bodies.is_whom(duties["who"]):
        return None
    names = responsibility.names_of(title[: duties.end("who")], duties["who"])
    return Responsibility(tuple((name, responsibility.RESPONSIBLE) for name in names))


def _announces_list(head: str) -> bool:
    return re.search("下列|以下|如下", head) is not None


def closes(line: Line) -> bool:
    """Whether a paragraph is about the document itself."""
    return (
        not line.markup.cell
        and _ON_THE_DOCUMENT.search(line.hans) is not None
        and label_of(line.words) is None
    )


def has_text_under(
    lines: Sequence[Line],
    at: int,
    stop: int,
    label: Label,
    label_of: Callable[[Words], Label | None] = label_of,
) -> bool:
    """Whether text or lower numbers follow a numbered line."""
    for later in range(at + 1, stop):
        following = lines[later]
        if following.markup.cell:
            return True
        below = label_of(following.words)
        if below is not None:
            return below.rank > label.rank
        if _OF_WHO.search(lines[at].hans):
            return True
        bracket = BRACKET.fullmatch(following.hans)
        content = content_of(bracket) if bracket else following.hans
        if (
            responsibility.is_keyed(content)
            or bracket
            and responsibility.is_responsibility(content)
        ):
            continue
        return True
    return False
