"""What a saved page or paper carries beside the document: navigation, tools, tables of metadata.

Rules match Simplified script.
"""

import re
from collections.abc import Iterator, Sequence

from directives.documents.ingest.words import Line

_DAY = r"(?:\d{4}[-年/.]\s*\d{1,2}[-月/.]\s*\d{1,2}日?)"
# The reason for which a line is left out, and what such lines look like.
_LOOKS = tuple(
    (reason, re.compile(look))
    for reason, look in (
        (
            "navigation",
            r"^[^。，；]{0,60}(?:[>＞»›]|\s[|｜]\s)[^。，；]{0,80}$|^(?:首页|返回"
            r"|[上下]一[页篇]).{0,40}$"
            r"|^(?:您|你)?(?:现在|当前|所在)?的?(?:位置|您的位置)\s*[：:]|^当前位置|^(?:无障碍"
            r"|繁體|English|登录|注册)",
        ),
        (
            "editor",
            r"^[（(【\[]?\s*(?:责任|责|本文|网络|值班)?(?:编辑|编审|校对|审核|记者|作者"
            r"|监制)\s*[：:].{0,40}$",
        ),
        ("keywords", r"^(?:关键词|关键字|标签|主\s*题\s*词)\s*[：:]"),
        ("source", r"^(?:.{0,40}\s|文章|稿件|新闻|信息|本文)?(?:来源|稿源|出处)\s*[：:].{0,60}$"),
        (
            "time",
            rf"^(?:(?:发布|发表|更新)(?:时间|日期)|时间|日期)\s*[：:]?\s*{_DAY}[\s\d:：时分秒]*$"
            rf"|^{_DAY}\s+\d{{1,2}}[:：]\d{{2}}(?:[:：]\d{{2}})?$",
        ),
        (
            "page tool",
            r"^[【\[]?\s*(?:打印|关闭|分享|字号|字体|收藏|视力保护色|扫一扫|点击|浏览|阅读|评论|相关(?:阅读"
            r"|链接|新闻|解读|文档)|版权|大\s*中\s*小)(?!.*[。；])",
        ),
        (
            "page number",
            r"^[-—–\s]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*[/／]\s*\d+)?[-—–\s]*$"
            r"|^第\s*\d+\s*页\s*[，,/]?\s*共\s*\d+\s*页$",
        ),
        ("dateline", r"^(?:新华社|人民网|中新社|本报)[^。]{0,30}电\s*$"),
        (
            "site",
            r"^(?:主办|承办|版权所有|网站标识码|备案号|.{0,3}ICP备|.公网安备|联系我们|网站地图"
            r"|技术支持)\s*[：:\d（(]?.{0,60}$",
        ),
    )
)
_CONTENTS = re.compile(r"^目\s*[录次]$")
_WITH_PAGE = re.compile(r"[….·\s]\s*\d{1,3}$")
_KEY = (
    "索\\s*引\\s*号|主题分类|主题词|发文机关|发布机构|发布机关|制发机关|成文日期|标\\s*题"
    "|发文字号|文\\s*号|文件编号"
    "|发布日期|发文日期|有\\s*效\\s*性|效力状态|时\\s*效|信息分类|体裁分类|组配分类|公开方式"
    "|公开范围|公开属性|公开形式|公开时限"
    "|公开类别|生成日期|生效日期|废止日期|实施日期|施行日期|信息名称|名\\s*称|内容概述|关键词"
    "|所属主题|信息来源|分\\s*类|来\\s*源|公文种类"
    "|统一编号|规范性文件编号|登记号|统一登记号|发布时间|服务对象|效力|责任部门|载体类型|记录形式"
)
_METADATA = re.compile(rf"^[【\[]?\s*(?:{_KEY})\s*[】\]]?\s*[：:]\s*(?P<value>.*)$")
_KEY_ALONE = re.compile(rf"^[【\[]?\s*(?:{_KEY})\s*[】\]]?\s*[：:]?$")


def reason_of(hans: str) -> str:
    """Why a line is no part of the document, or ""."""
    return next((reason for reason, look in _LOOKS if look.search(hans)), "")


def metadata_of(lines: Sequence[Line]) -> dict[int, str]:
    """Places of the lines of a portal's table, each with the key that it gives a value for.

    The value stands behind the key, in the next cell of its row, or on the next line.
    """
    keys: dict[int, str] = {}
    waiting = ""  # the key on the line before
    for at, line in enumerate(lines):
        key = _METADATA.match(line.hans)
        alone = _KEY_ALONE.match(line.hans)
        if alone and (key or line.markup.cell):
            waiting = re.sub(r"[\s：:【】\[\]]", "", alone[0])
            keys[at] = waiting
        elif key and at < 60:
            keys[at] = re.sub(r"\s", "", line.hans.split("：")[0].split(":")[0])
            waiting = ""
        elif waiting:
            keys[at] = waiting
            waiting = ""
    return keys if _is_table(lines, keys) else {}


def _is_table(lines: Sequence[Line], keys: dict[int, str]) -> bool:
    return len(set(keys.values())) >= 2 or any(
        re.match(r"索\s*引\s*号|发文字号", lines[at].hans) for at in keys
    )


def numbers_in(lines: Sequence[Line], metadata: dict[int, str]) -> Iterator[str]:
    """What the table of a portal gives as the document's number."""
    for at, key in metadata.items():
        if key in ("发文字号", "文号"):
            value = re.sub(r"^[^：:]*[：:]\s*", "", lines[at].text)
            if re.search("号|號", value) and not _KEY_ALONE.match(lines[at].hans):
                yield value.strip()


def contents_of(lines: Sequence[Line]) -> range:
    """The places of a table of contents: from 目录 up to where its first entry comes again."""
    at = next((at for at, line in enumerate(lines) if _CONTENTS.match(line.hans)), None)
    if at is None or at + 1 >= len(lines):
        return range(0)
    first = _entry(lines[at + 1])
    for later in range(at + 2, len(lines)):
        if first and _entry(lines[later]) == first:
            return range(at, later)
    end = at + 1
    while end < len(lines) and _WITH_PAGE.search(lines[end].text):
        end += 1
    return range(at, end)


def _entry(line: Line) -> str:
    """A line as an entry of a table of contents: without spaces, leaders and page numbers."""
    return re.sub(r"[\s….·]+|\d+$", "", line.hans)
