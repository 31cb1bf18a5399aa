"""What single lines of the frame of a document look like: titles, numbers, days, recipients.

Rules match Simplified script.
"""

import re

from directives.documents.ingest import bodies
from directives.documents.ingest.frame_lists import ANNEX
from directives.documents.ingest.words import Line

KINDS_OF_PAPER = (
    "意见|通知|决定|决议|规定|办法|方案|纲要|规划|要点|条例|通报|报告|计划|细则|准则|批复|公报|措施"
    "|建议|函|令|公告|通告|请示|指南|指引|清单|分工表|分解表|任务表|责任表|安排表|一览表|台账"
    "|纪要|章程|制度|守则"
    "|规则|预案|规程|安排|倡议书|标准|分工|目录|政策|举措|法|行动|大纲|任务分解|讲话|须知|注意事项"
    "|实施意见|责任书|承诺书|注意要点|要領"
)


PAPER = f"(?:{KINDS_OF_PAPER})(?:（[^）]*）)?》?$"


_TITLE = re.compile(rf"^(?:[^，。；：]{{2,80}}?)?关于.+{PAPER}|^[^，。；]{{2,60}}{PAPER}")


NUMBER = re.compile(
    r"^[（(]?"
    r"(?P<number>[\u4e00-\u9fffA-Za-z]{0,20}\s*[〔\[［（(【﹝]\s*\d{4}\s*[〕\]］）)】﹞]\s*第?\s*\d{1,5}\s*[号號]"
    r"|(?:[\u4e00-\u9fff]{2,20}(?:令|公告|通告)"
    r"|\d{4}\s*年)?\s*第?\s*[0-9一二三四五六七八九十]{1,5}\s*[号號]"
    r"|[\u4e00-\u9fff]{2,10}字第\s*\d{3,12}\s*[号號])[）)]?$"
)


NUMBER_BEHIND_TITLE = re.compile(
    rf"^(?P<title>.*(?:{KINDS_OF_PAPER})》?)"
    r"(?P<number>[\u4e00-\u9fffA-Za-z]{1,10}[〔\[［（(【]\d{4}[〕\]］）)】]第?\s*\d{1,5}\s*[号號])$"
)
NUMBER_AT_START = re.compile(
    r"^(?P<number>[\u4e00-\u9fffA-Za-z]{1,12}[〔\[［（(【]\d{4}[〕\]］）)】]第?\s*\d{1,5}\s*[号號])"
    r"\s*(?=[《\u4e00-\u9fff])"
)


_NUMERALS = "[0-9一二三四五六七八九十百]"


DAY = (
    r"(?:(?:20|19)\d{2}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日|(?:20|19)\d{2}[-./]\d{1,2}[-./]\d{1,2}"
    r"|[二一][〇零○ＯOoΟ九0０][〇零○ＯOoΟ0０一二三四五六七八九]{2}年[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}日"
    rf"|"
    rf"(?:中华)?民国\s*{_NUMERALS}{{2,4}}\s*年\s*{_NUMERALS}{{1,3}}\s*月\s*{_NUMERALS}{{1,3}}\s*日)"
)


_DAY_ALONE = re.compile(rf"^[（(]?{DAY}[）)]?$")


_NOT_RECIPIENTS = re.compile("如下|现将|现就|为了|为|根据|按照|经.*同意|下列|以下|包括")


def is_title(hans: str) -> bool:
    return _TITLE.match(hans) is not None


def is_kind(hans: str) -> bool:
    """Whether words are a kind of paper and nothing else: 通知."""
    return re.fullmatch(f"(?:{KINDS_OF_PAPER})", hans) is not None


def is_title_of_all(hans: str) -> bool:
    """Whether words are a whole title that says what it is about: …关于…的通知."""
    return re.match(rf"[^。；：]{{0,40}}关于[^。；：]+的?{PAPER}", hans) is not None


def places_run_on(hans: str) -> list[int]:
    """Where the frame ends, or begins, in a line that runs on: 青政发〔2031〕5号各镇：为…"""
    places: list[int] = []
    number = NUMBER_AT_START.match(hans)
    if number and not re.match("《|关于|印发", hans[number.end() :]):
        places.append(number.end())
    start = places[0] if places else 0
    whom = re.match(
        "(?:各|全|有关|中央)[^。；：]{2,300}：(?=\\s|为|根据|按照|现|近|经|《|当前|目前|20)",
        hans[start:],
    )
    if whom and are_recipients(whom[0]):
        places.append(start + whom.end())
    signed = re.search(f"(?<=[。！])(?P<body>[^，。；：！]{{2,40}}?)\\s*(?P<day>{DAY})$", hans)
    if signed and bodies.is_name(signed["body"]):
        places += [signed.start(), signed.start("day")]
    return places


def is_day(hans: str) -> bool:
    return _DAY_ALONE.match(hans) is not None


def is_number(line: Line) -> bool:
    return not line.markup.cell and NUMBER.match(line.hans) is not None


def is_recipients(line: Line) -> bool:
    """Whether a line names those to whom a paper goes: 各镇人民政府，县政府各部门："""
    return are_recipients(line.hans)


def are_recipients(hans: str) -> bool:
    if not hans.endswith(("：", ":")) or not 3 <= len(hans) <= 300 or re.search("[。]", hans):
        return False
    if _NOT_RECIPIENTS.search(hans) or ANNEX.match(hans):
        return False
    names = [name for name in re.split("[，；、]", hans[:-1]) if name]
    known = [name for name in names if bodies.is_place_or_body(name.strip())]
    return len(known) * 2 >= len(names) or hans.startswith(("各", "有关", "全", "机关各"))


def without_gaps(words: str) -> str:
    """A name that is spread over its line: 国 家 数 据 局."""
    spread = re.fullmatch("(?:[\u4e00-\u9fff] +){2,}[\u4e00-\u9fff]", words)
    return re.sub(" +", "", words) if spread else words
