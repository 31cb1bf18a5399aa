"""By when a requirement is to be done: a day, a cadence, or words that are neither.

Rules match Simplified script; the words are cut from the original text.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

# The rule by which a deadline was read.
DAY, MONTH, QUARTER, HALF_YEAR, YEAR = "day", "month", "quarter", "half_year", "year"
FROM_ISSUE, RECURRING, WORDS = "from_issue", "recurring", "words"

_DIGITS = {mark: str(at % 10) for at, mark in enumerate("〇一二三四五六七八九")}
_DIGITS |= dict.fromkeys("零○Ｏ０OoΟ", "0")
_DIGITS |= {chr(0xFF10 + figure): str(figure) for figure in range(10)}
_NUMBER = "[0-9０-９一二三四五六七八九十廿卅百两]"
_Y = (
    r"(?:(?P<year>(?:20|19|２０)[0-9０-９]{2}|二[〇零○Ｏ0OoΟ][一二三四五六七八九〇零○Ｏ0OoΟ]{2})\s*年|"
    r"(?:中华)?民国\s*"
    rf"(?P<minguo>{_NUMBER}{{2,4}})\s*年|(?<![0-9])(?P<roc>1[0-2][0-9])\s*年(?=\s*[0-9]{{1,2}}\s*月)|(?P<relative>今年|本年度?|当年|明年|次年|后年))"
)
_M = rf"(?P<month>{_NUMBER}{{1,2}})\s*月份?"
_D = rf"(?P<day>{_NUMBER}{{1,3}})\s*日"
_BEFORE = "(?:之前|以前|前|以内|内|止|截止)"
_LAST = "(?:底|末|底以?前|末以?前)"


@dataclass(frozen=True, slots=True)
class Due:
    """`on` is an ISO day, `--MM-DD` where no year is known, None where there is no day.

    `cadence` is week, month, quarter, half or year, or None; `words` are those of the document.
    """

    on: str | None
    cadence: str | None
    rule: str
    words: str


@dataclass(frozen=True, slots=True)
class Dated:
    """What a day without a year, or one counted from the issue, refers to."""

    issued: date | None = None
    year: int | None = None  # of the title, where the document has no date


_UNITS = {
    "日": "day",
    "天": "day",
    "学期": "half",
    "周": "week",
    "星期": "week",
    "月": "month",
    "季": "quarter",
    "季度": "quarter",
    "半年": "half",
    "年": "year",
    "年度": "year",
}
_RECURRING = re.compile(
    "(?:每个?|按)(?P<unit>半年|学期|季度|季|年度|年|月|星期|周|日|天)"
    rf"(?:(?:(?<=[日天])[0-9]{{1,2}}(?:[:：][0-9]{{2}}|[时点])(?=之前|以前|前)"
    rf"|(?<=[周期])[一二三四五六日天](?![一二三四五六七八九十次])"
    rf"|(?<=季度)的?(?:第[一二三1-3]个?|[首末])月的?{_NUMBER}{{1,3}}日)(?:之前|以前|前)?|(?:[“”三八五四六一九]{{2,4}}节|第[一二三四]季度|{_NUMBER}{{1,2}}月份?"
    rf"(?:{_NUMBER}{{1,3}}日)?|{_NUMBER}{{1,3}}日|上半年|下半年"
    "|年|月)?(?:底|末|初|上旬|中旬|下旬)?(?:之前|以前|前)?)|半年(?=[一1]次|检查|通报|报)"
)
_NOT_RECURRING = re.compile(
    r"每(?:月|年|日|天|次)(?=\s*[0-9０-９.]+\s*万?元)"
    "|按[日天年月]|每(?:个?(?:季度?|月|年度?|周))(?:对应)?的(?![0-9一二三第首末上中下])|每(?:日|天|年)(?:不得|可|人|最|产|处理)|每年(?:增长|递增|增加|提高|不少于|不低于"
    "|新增|减少|下降)"
)

_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (rule, re.compile(pattern))
    for rule, pattern in (
        (
            FROM_ISSUE,
            "(?:自|从)?(?:本?(?:方案|意见|通知|办法|规定|计划|细则|文件|决定|措施|条例)?)(?:印发"
            "|发布|公布|下发|发文)(?:之日|之后|后)起?(?:的)?"
            rf"(?P<count>{_NUMBER}{{1,4}})(?P<unit>个工作日|工作日|日|天|个月|年)(?:之内|以内|内)?",
        ),
        (DAY, rf"{_Y}?\s*{_M}\s*{_D}(?:[0-9]{{1,2}}[时點点])?{_BEFORE}"),
        (
            DAY,
            rf"于(?:[0-9]{{1,2}}月[0-9]{{1,2}}日[、和])*\s*{_Y}?\s*{_M}\s*{_D}(?:[（(][^（）()]{{1,6}}[）)])?(?=[^起召至到，]{{0,10}}(?:报|上报|报送|提交|完成|建成|投入"
            rf"|开通|上线))",
        ),
        (
            MONTH,
            rf"{_Y}?\s*{_M}(?P<part>上旬|中旬|下旬|{_LAST}|份?(?=前|之前|以前|内))(?:之前|以前|前"
            rf"|内)?",
        ),
        (
            QUARTER,
            rf"{_Y}?\s*(?:第)?(?P<quarter>[一二三四1-4])季度(?:{_LAST})?(?:之前|以前|前|内)?"
            rf"(?=[，。；、（）\s]|$|完成|建成|启动|前|底|末)",
        ),
        (HALF_YEAR, rf"{_Y}?\s*(?P<half>上半年|下半年)(?:{_LAST})?(?:之前|以前|前|内)?"),
        (
            YEAR,
            rf"(?:(?:到|至)\s?)?{_Y}(?:{_LAST}|年底|年末|年内|内)(?:之前|以前|前)?",
        ),
        (YEAR, rf"(?:到|至)\s?{_Y}(?!\s*{_NUMBER}{{1,2}}\s*月)"),
        (YEAR, rf"{_Y}(?P<before>之前|以前|前)"),
        (YEAR, "(?<![每半\\d一二三四五六七八九十〇])年(?P<close>底|末|内)(?:之前|以前|前)?"),
    )
)
_COUNTED = re.compile(
    rf"(?:(?:自|从)[^，。；、]{{0,24}}?(?:之日起|后|起)的?|[^，。；、当应须要在于]{{0,12}}"
    rf"(?:之日起|后))?"
    rf"{_NUMBER}{{1,4}}个?(?:工作日|日|天|周|星期|月|年)(?:之内|以内|内)"
)
_NO_DEADLINE = re.compile("[^，。；]{0,3}(?:累计|以来)|(?:禁止|不得|不予|不再|暂停)")
_SINCE = re.compile("(?:自|从)(?!然|治|行|主|己)[^，。；]{2,24}(?:之日起|后|起)")
_EFFECT = re.compile("^[^，。；]{0,8}(?:起)?(?:施行|执行|实施|生效|废止|起)")


def due_in(text: str, hans: str, dated: Dated) -> Due | None:
    """The deadline in a sentence; of two days the later."""
    recurring = _recurring(text, hans)
    dues = [due for due, _ in _found(text, hans, dated)]
    days = [due for due in dues if due.on]
    if recurring and not days:
        return recurring
    if days:
        return max(days, key=lambda due: str(due.on))
    counted = _counted(hans)
    if counted:
        since = _SINCE.search(counted[0])
        start = counted.start() + (since.start() if since else 0)
        return Due(None, None, WORDS, text[start : counted.end()])
    return dues[0] if dues else None


def due_of(text: str, hans: str, dated: Dated) -> Due | None:
    """The deadline in words that a bracket or a column gives for it."""
    words = text.strip(" 　。；，")
    if not words or re.fullmatch("[—–/无-]+", words):
        return None
    due = due_in(text, hans, dated)
    if due is None:
        day = next(_last_days(hans, dated), None)
        if day is None:
            plain = re.match("[^完办]{2,}(?=(?:完成|办结)$)", hans.strip(" 　。；，"))
            return Due(None, None, WORDS, words[: plain.end()] if plain else words)
        return Due(day, None, DAY, words)
    return Due(
        due.on, due.cadence, due.rule, words if due.on is None and not due.cadence else due.words
    )


def day_in(hans: str) -> date | None:
    """The first whole day that is written out: 2031年3月5日, 二〇三一年三月五日."""
    for match in re.finditer(
        rf"{_Y}\s*{_M}\s*{_D}|(\d{{4}})[-./](\d{{1,2}})[-./](\d{{1,2}})", hans
    ):
        if match[0][0].isdigit() and not match["month"]:
            year, month, day = map(int, match.groups()[-3:])
        else:
            year, month, day = _year(match, None) or 0, number(match["month"]), number(match["day"])
        made = _made(year, month, day)
        if made:
            return made
    return None


def number(words: str) -> int:
    """A whole number in figures or Chinese numerals (up to 999)."""
    digits = "".join(_DIGITS.get(mark, mark) for mark in words)
    if digits.isdecimal() and not re.search("[十百廿卅两]", words):
        return int(digits)
    words = words.replace("廿", "二十").replace("卅", "三十").replace("两", "二")
    hundreds, _, rest = words.rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    total = int(_DIGITS.get(hundreds, "1")) * 100 if "百" in words else 0
    if ten:
        total += int(_DIGITS.get(tens[-1:], "1")) * 10
    return total + int(_DIGITS.get(ones[-1:], "0") if ones else 0)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _recurring(text: str, hans: str) -> Due | None:
    for match in _RECURRING.finditer(hans):
        if _NOT_RECURRING.match(hans, match.start()):
            continue
        unit = match["unit"]
        cadence = _UNITS.get(unit or "", "half")
        if not unit and "半年" not in match[0]:
            cadence = "half"
        return Due(None, cadence, RECURRING, text[match.start() : match.end()])
    return None


def _counted(hans: str) -> re.Match[str] | None:
    for match in _COUNTED.finditer(hans):
        before = hans[: match.start()].endswith("前")  # 申请前三年内
        if not before and not _NO_DEADLINE.match(hans, match.end()):
            return match
    return None


def _found(text: str, hans: str, dated: Dated) -> Iterator[tuple[Due, int]]:
    taken: list[tuple[int, int]] = []
    for rule, pattern in _RULES:
        for match in pattern.finditer(hans):
            start, end = match.span()
            if any(start < stop and begin < end for begin, stop in taken):
                continue
            if (
                hans[max(0, start - 2) : start].endswith("每")
                or "每年" in hans[max(0, start - 2) : start]
            ):
                continue
            if _EFFECT.match(hans[end:]) and rule in (DAY, MONTH):
                continue
            taken.append((start, end))
            words = text[start + hans.startswith("于", start) : end].strip()
            yield Due(_ISO[rule](match, dated), None, rule, words), start


def _year(match: re.Match[str], dated: Dated | None) -> int | None:
    groups = match.groupdict()
    if groups.get("year"):
        return int("".join(_DIGITS.get(mark, mark) for mark in groups["year"]))
    if groups.get("roc"):
        return int(groups["roc"]) + 1911
    if groups.get("minguo"):
        return number(groups["minguo"]) + 1911
    base = None
    if dated is not None:
        base = dated.issued.year if dated.issued else dated.year
    if groups.get("relative") and base is not None:
        return base + {"明年": 1, "次年": 1, "后年": 2}.get(groups["relative"], 0)
    return None


def _iso(year: int | None, month: int, day: int, dated: Dated) -> str | None:
    """The day in ISO form; without a year the first on or after the document's date."""
    if not 1 <= month <= 12:
        return None
    if year is None:
        year = dated.issued.year if dated.issued else dated.year
        if year is not None:
            made = _made(year, month, min(day, calendar.monthrange(year, month)[1]))
            if made and dated.issued and made < dated.issued:
                year += 1
    if year is None:
        last = calendar.monthrange(2001, month)[1]
        return f"--{month:02}-{min(day, last):02}"
    last = calendar.monthrange(year, month)[1]
    made = _made(year, month, min(day, last)) if day >= 1 else None
    return made.isoformat() if made else None


def _on_a_day(match: re.Match[str], dated: Dated) -> str | None:
    return _iso(_year(match, dated), number(match["month"]), number(match["day"]), dated)


def _in_a_month(match: re.Match[str], dated: Dated) -> str | None:
    day = {"上旬": 10, "中旬": 20}.get(match["part"], 31)
    return _iso(_year(match, dated), number(match["month"]), day, dated)


def _in_a_quarter(match: re.Match[str], dated: Dated) -> str | None:
    return _iso(_year(match, dated), number(match["quarter"]) * 3, 31, dated)


def _in_a_half(match: re.Match[str], dated: Dated) -> str | None:
    return _iso(_year(match, dated), 6 if match["half"] == "上半年" else 12, 31, dated)


def _in_a_year(match: re.Match[str], dated: Dated) -> str | None:
    year = _year(match, dated)
    if "before" in match.groupdict() and year is not None:
        year -= 1
    return _iso(year, 12, 31, dated)


def _from_issue(match: re.Match[str], dated: Dated) -> str | None:
    count, unit = number(match["count"]), match["unit"]
    if dated.issued is None or "工作日" in unit:
        return None
    if unit in ("日", "天"):
        return (dated.issued + timedelta(days=count)).isoformat()
    months = dated.issued.month - 1 + count * (12 if unit == "年" else 1)
    year, month = dated.issued.year + months // 12, months % 12 + 1
    return _iso(year, month, dated.issued.day, dated)


_ISO: dict[str, Callable[[re.Match[str], Dated], str | None]] = {
    DAY: _on_a_day,
    MONTH: _in_a_month,
    QUARTER: _in_a_quarter,
    HALF_YEAR: _in_a_half,
    YEAR: _in_a_year,
    FROM_ISSUE: _from_issue,
}


def _last_days(hans: str, dated: Dated) -> Iterator[str]:
    """Days of a field that names one without 前: 2031年10月, 2031.6.30, 2031年."""
    days = []
    for match in re.finditer(rf"(?:{_Y})?\s*{_M}(?:\s*{_D})?", hans):
        day = number(match["day"]) if match["day"] else 31
        days.append(_iso(_year(match, dated), number(match["month"]), day, dated))
    for match in re.finditer(r"(\d{4})[-./](\d{1,2})(?:[-./](\d{1,2}))?", hans):
        days.append(_iso(int(match[1]), int(match[2]), int(match[3] or 31), dated))
    if not days:
        years = [*re.finditer(_Y, hans)]
        days += [_iso(_year(match, dated), 12, 31, dated) for match in years if _year(match, dated)]
    yield from sorted((day for day in days if day), reverse=True)
