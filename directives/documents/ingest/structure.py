"""The title, issuer, sections, paragraphs and sentences of a repaired text.

Rules are written in Simplified script and match `to_hans` of the text, so both scripts take one
path.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from directives.base.script import to_hans
from directives.documents.ingest.sources import DocumentError, LeftOut

# The first part of the codes of unnumbered sections: 引.1.1, 結.1.1.
OPENING, CLOSING = "引", "結"
EXAMPLE = "一、加强领导"  # of a heading, for messages

_NUMERAL = "一二三四五六七八九十百"
_HEADING = re.compile(rf"^(?:第?([{_NUMERAL}]{{1,4}})(?:[、.．]|部分[：:\s]?|章\s))\s*(\S.*)$")
_SUBHEADING = re.compile(
    rf"^(?:[（(][{_NUMERAL}]{{1,3}}[）)]|[0-9０-９]{{1,2}}[.．、]|[（(][0-9]{{1,2}}[）)])\s*"
)
_PAPER = (
    "(?:意见|通知|决定|决议|规定|办法|方案|纲要|规划|要点|条例|通报|报告|计划|细则|准则|批复|公报"
    "|措施|建议)(?:（[^）]*）)?$"
)
_TITLE = re.compile(rf"^(?:[^，。；：]{{2,60}}?)?关于.+{_PAPER}|^[^，。；]{{2,40}}{_PAPER}")
_RECIPIENT = re.compile(r"^[^。；]{2,200}：$")
# （教育部牵头，财政部配合） behind the full stop belongs to the sentence before it.
_BY_WHOM = "(?:（[^（）。；]*(?:负责|負責|牵头|牽頭|配合)[^（）。；]*）[。；]?)?"
_SENTENCE = re.compile(f"[^。；]*[。；][”’）]?{_BY_WHOM}|[^。；]+$")
_END_MARK = re.compile(r"[（(]完[）)]\s*$")
# The last paragraph asks for papers on the document itself: 要根据本意见要求制定…
_ON_THE_DOCUMENT = re.compile(
    "(?:本|这个|此)(?:意见|通知|决定|规定|办法|方案|纲要|规划|条例|要点|细则|准则|计划)"
    "|^各[^。，]{1,40}，?(?:请|要|应)[^。]*(?:制定|制订|提出|研究)[^。]*(?:方案|办法|措施|细则)"
)
# Signature, attachments, （此件公开发布）: what follows the last sentence of a paper.
_AFTER_THE_END = re.compile("^[^。；！？]*$|^附件|^[（(]此件")

# Page furniture: the reason for which a line is left out, and what such lines look like.
_DAY = r"\d{4}[-年/.]\d{1,2}[-月/.]\d{1,2}日?"
_FURNITURE = tuple(
    (reason, re.compile(look))
    for reason, look in (
        (
            "navigation",
            r"^[^。，；]{0,40}(?:[>＞»›]|\s[|｜]\s)[^。，；]{0,60}$|^(?:首页|返回"
            r"|[上下]一[页篇]).{0,20}$",
        ),
        (
            "editor",
            r"^[（(【\[]?\s*(?:责任|责|本文|网络|值班)?(?:编辑|编审|校对|审核|记者|作者"
            r"|监制)\s*[：:].{0,40}$",
        ),
        ("keywords", r"^(?:关键词|关键字|标签|主题词)\s*[：:]"),
        ("source", r"^(?:.{0,40}\s|文章|稿件|新闻|信息|本文)?(?:来源|稿源|出处)\s*[：:].{0,40}$"),
        ("time", rf"^(?:(?:发布|发表|更新)?(?:时间|日期))?\s*[：:]?\s*{_DAY}[\s\d:：时分秒]*$"),
        (
            "page tool",
            r"^[【\[]?\s*(?:打印|关闭|分享|字号|字体|收藏|扫一扫|点击|浏览|阅读|评论|相关(?:阅读"
            r"|链接|新闻)|版权|大\s*中\s*小)",
        ),
        ("page number", r"^[-—–\s]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*[/／]\s*\d+)?[-—–\s]*$"),
        ("dateline", r"^(?:新华社|人民网|中新社|本报)[^。]{0,30}电\s*$"),
    )
)


@dataclass(frozen=True, slots=True)
class Section:
    number: str  # "" for the opening and the closing
    title: str
    prefix: str  # the first part of the codes of its sentences
    paragraphs: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Structure:
    title: str
    issuer: str
    sections: tuple[Section, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    hans: str


def structure_of(text: str, *, name: str) -> Structure:
    """The structure of a repaired text. Raises DocumentError no_section."""
    lines, left_out = _lines(text)
    first = next((at for at, line in enumerate(lines) if _HEADING.match(line.hans)), None)
    if first is None:
        raise DocumentError(
            "no_section", {"name": name, "lines": len(text.strip().split("\n")), "example": EXAMPLE}
        )
    title, issuer, opening = _front(lines[:first], left_out)
    while not _HEADING.match(lines[-1].hans) and _AFTER_THE_END.search(lines[-1].hans):
        last = lines.pop()
        left_out.append(LeftOut(last.number, last.text, "signature"))
    sections = _sections(lines[first:])
    if opening:
        sections.insert(0, Section("", "", OPENING, tuple(map(sentences_of, opening))))
    left_out.sort(key=lambda row: row.line)
    return Structure(title, issuer, tuple(sections), tuple(left_out))


def sentences_of(paragraph: str) -> tuple[str, ...]:
    """The sentences of a paragraph, each with the 。 or ； that ends it."""
    return tuple(match[0].strip() for match in _SENTENCE.finditer(paragraph) if match[0].strip())


def is_label(sentence: str) -> bool:
    """Whether a sentence in Simplified script is a numbered sub-heading, such as （一）…"""
    match = _SUBHEADING.match(sentence)
    return match is not None and len(sentence) <= 40 and not re.search("[，；]", sentence)


def _lines(text: str) -> tuple[list[_Line], list[LeftOut]]:
    """The trimmed lines of the document, and its page furniture."""
    kept: list[_Line] = []
    left_out: list[LeftOut] = []
    for number, raw in enumerate(text.split("\n"), 1):
        words = raw.replace("\u3000", " ").replace("\xa0", " ").replace("\ufeff", "").strip()
        end = _END_MARK.search(words)
        if end:
            left_out.append(LeftOut(number, end[0].strip(), "end mark"))
            words = words[: end.start()].strip()
        if not words:
            continue
        hans = to_hans(words)
        reason = next((reason for reason, look in _FURNITURE if look.search(hans)), "")
        if reason:
            left_out.append(LeftOut(number, words, reason))
        else:
            kept.append(_Line(number, words, hans))
    return kept, left_out


def _front(lines: Sequence[_Line], left_out: list[LeftOut]) -> tuple[str, str, list[str]]:
    """Title, issuer and opening paragraphs among the lines before the first section."""
    title, issuer = "", ""
    opening: list[str] = []
    above: list[_Line] = []  # an issuer on a line of its own, or the first half of the title
    for line in lines:
        if not title and _TITLE.match(line.hans):
            head = " ".join(row.text for row in above)
            title = f"{head}{line.text}" if line.hans.startswith("关于") else line.text
            before = re.match("(.*?)(?=关于)", line.hans)
            issuer = line.text[: before.end()].strip() if before and before[1] else head
            above = []
        elif title and re.search("[。；]", line.text):
            opening.append(line.text)
        elif title:
            reason = "recipient" if _RECIPIENT.match(line.text) else "front matter"
            left_out.append(LeftOut(line.number, line.text, reason))
        else:
            above.append(line)
    if not title:
        title, above = (above[0].text, above[1:]) if above else ("", [])
        opening += [line.text for line in above if re.search("[。；]", line.text)]
        above = [line for line in above if not re.search("[。；]", line.text)]
    left_out += [
        LeftOut(line.number, line.text, "front matter") for line in above if line.text not in issuer
    ]
    return title, issuer, opening


def _closes(paragraph: str) -> bool:
    """Whether a paragraph in Simplified script is about the document itself."""
    return _ON_THE_DOCUMENT.search(paragraph) is not None and not _SUBHEADING.match(paragraph)


def _sections(lines: Sequence[_Line]) -> list[Section]:
    """Numbered sections, and the closing paragraphs as a section of their own."""
    heads: list[tuple[str, str]] = []
    bodies: list[list[_Line]] = []
    for line in lines:
        heading = _HEADING.match(line.hans)
        if heading and not re.search("[。；].", line.hans):
            heads.append((heading[1], line.text[heading.start(2) :].rstrip("。")))
            bodies.append([])
        elif heading:  # title and first paragraph on one line: 一、加强领导。各级党委要…
            words, _, after = line.text[heading.start(2) :].partition("。")
            heads.append((heading[1], words))
            bodies.append([_Line(line.number, after, to_hans(after))])
        else:
            bodies[-1].append(line)
    closing: list[_Line] = []
    while len(bodies[-1]) > 1 and _closes(bodies[-1][-1].hans):
        closing.insert(0, bodies[-1].pop())
    sections = [
        Section(number, title, number, tuple(sentences_of(line.text) for line in body))
        for (number, title), body in zip(heads, bodies, strict=True)
    ]
    if closing:
        sections.append(
            Section("", "", CLOSING, tuple(sentences_of(line.text) for line in closing))
        )
    return sections
