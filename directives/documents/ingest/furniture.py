"""What a saved page or paper carries beside the document: navigation, tools, tables of metadata.

Rules match Simplified script.
"""

import re
from collections.abc import Iterator, Sequence

from directives.documents.ingest.words import Line, Words

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
            r"|监制)\s*[：:](?:.{0,40}|.{0,80}(?:浏览|阅读|点击|来源|访问).{0,40})$",
        ),
        ("keywords", r"^(?:关键词|关键字|标签|主\s*题\s*词)\s*[：:]"),
        ("source", r"^(?:.{0,40}\s|文章|稿件|新闻|信息|本文)?(?:来源|稿源|出处)\s*[：:].{0,60}$"),
        (
            "time",
            rf"^(?:(?:发布|发表|更新)(?:时间|日期)|时间|日期)\s*[：:]?\s*{_DAY}[\s\d:：时分秒]*"
            r"(?:$|\s*(?:浏览|阅读|点击|访问|来源|作者|下载|字号|字体|人气|信息来源|供稿).{0,80}$)"
            rf"|^{_DAY}\s*\d{{1,2}}[:：]\d{{2}}(?:[:：]\d{{2}})?$",
        ),
        (
            "page tool",
            r"^[【\[]?\s*(?:打印|关闭|分享|字号|字体|收藏|视力保护色|扫一扫|点击|浏览|阅读|评论|相关(?:阅读"
            r"|链接|新闻|解读|文档)|版权|大\s*中\s*小)(?!.*[。；])"
            r"|^(?:下载地址|下载本文|收藏本站|设为首页|人气|访问量|浏览量|点击数)(?!.*[。；])"
            r"|^(?:slider image.{0,20}|:{3}.{0,10})$"
            r"|^(?:\d+\s*人(?:看过|阅读|浏览|已读)|朗读|返回顶部|附件下载|微信扫码.{0,12})$",
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
_LONGEST_VALUE = 60  # characters of what a portal's table gives on the line below a key
_CONTENTS = re.compile(r"^目\s*[录次]$")
_WITH_PAGE = re.compile(r"[….·\s]\s*\d{1,3}$")
_BULLET = r"(?:[•·●◆]\s*)?[【\[［]?\s*"
_KEY = (
    "索\\s*引\\s*号|主题分类|主题词|发文机关|发布机构|发布机关|制发机关|成文日期|标\\s*题"
    "|发文字号|文\\s*号|文件编号"
    "|发布日期|发文日期|有\\s*效\\s*性|效力状态|时\\s*效|信息分类|体裁分类|组配分类|公开方式"
    "|公开范围|公开属性|公开形式|公开时限"
    "|公开类别|生成日期|生效日期|废止日期|实施日期|施行日期|信息名称|名\\s*称|内容概述|关键词"
    "|所属主题|信息来源|分\\s*类|来\\s*源|公文种类"
    "|统一编号|规范性文件编号|登记号|统一登记号|发布时间|服务对象|效力|责任部门|载体类型|记录形式"
    "|颁布日期|颁布单位|颁布部门|发文文号|发布文号|发布部门|发文部门|发文机构|发文单位|印发机关|印发时间|印发日期|实施时间|时\\s*效\\s*性"
)
_METADATA = re.compile(
    rf"^{_BULLET}(?P<key>{_KEY})\s*(?:[】\]］]?\s*[：:]|[】\]］])\s*(?P<value>.*)$"
)
_KEY_ALONE = re.compile(rf"^{_BULLET}(?P<key>{_KEY})\s*[】\]］]?\s*[：:]?$")
_NEXT_KEY = re.compile(rf"(?<=\S)\s{{1,40}}(?={_BULLET}(?:{_KEY})\s*[】\]］]?\s*[：:])")
_RELATED = re.compile(
    "^(?:相关|延伸|推荐|热门|最新)(?:政策|文件|信息|报道|稿件|内容|文章)?[与和及]?(?:阅读|链接|新闻|解读"
    "|文档|政策|文件|推荐|报道|信息|内容|文章|资讯)(?:\\s*Related)?[：:]?$"
)


def reason_of(hans: str) -> str:
    """Why a line is no part of the document, or ""."""
    hans = re.sub(r"^[•·●]\s*", "", hans)
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
            waiting = re.sub(r"\s", "", alone["key"])
            keys[at] = waiting
        elif key and at < 60:
            keys[at] = re.sub(r"\s", "", key["key"])
            waiting = ""
        elif waiting:
            if len(line.hans) <= _LONGEST_VALUE and not re.search("[。；]", line.hans):
                keys[at] = waiting
            waiting = ""
    return keys if _is_table(lines, keys) else {}


def _is_table(lines: Sequence[Line], keys: dict[int, str]) -> bool:
    return len(set(keys.values())) >= 2 or not {"索引号", "发文字号"}.isdisjoint(keys.values())


def places_of_keys(hans: str) -> list[int]:
    """Where further keys begin in a line of a portal's table: 发布部门：… 发布文号：…"""
    if not _METADATA.match(hans):
        return []
    return [match.end() for match in _NEXT_KEY.finditer(hans)]


def is_row_of_keys(hans: str) -> bool:
    """Whether a line is a row of a portal's table with strokes between its cells."""
    cells = re.split("[|｜]", hans)
    return len(cells) > 1 and any(_KEY_ALONE.match(cell.strip()) for cell in cells)


def values_in(
    lines: Sequence[Line], metadata: dict[int, str], keys: Sequence[str]
) -> Iterator[Words]:
    """What the table of a portal gives for a key, the first of several keys first."""
    for wanted in keys:
        for at, key in metadata.items():
            if key != wanted or _KEY_ALONE.match(lines[at].hans):
                continue
            named = _METADATA.match(lines[at].hans)
            yield lines[at].words.cut(named.start("value") if named else 0)


def related_in(lines: Sequence[Line]) -> range:
    """The places of what a page offers to read behind the document."""
    at = next((at for at, line in enumerate(lines) if _RELATED.match(line.hans)), len(lines))
    below = lines[at:]
    if at < len(lines) // 2 or any(re.search("[。；]$", line.hans) for line in below):
        return range(0)
    return range(at, len(lines))


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
