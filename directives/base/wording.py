"""Formatting names, days and lights in the reader's language and script, for pages and tables."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Protocol

from django.utils import timezone
from django.utils.translation import get_language, gettext, pgettext

from directives.base.clocks import COLOUR_NAMES, Reason, explain
from directives.base.script import to_hans, to_hant
from directives.base.workdays import Workdays

EMPTY = "—"


class Dated(Protocol):
    """Something with a date and a calendar, such as a request."""

    @property
    def today(self) -> date: ...

    @property
    def workdays(self) -> Workdays: ...


def localized(row: Any, base: str) -> str:
    """An attribute in the reader's script: <base>_hans or <base>_hant; in English, <base>."""
    language = get_language() or ""
    plain, hans, hant = (getattr(row, base + ending, "") for ending in ("", "_hans", "_hant"))
    if language == "zh-hans":
        return hans or to_hans(plain or hant)
    if language == "zh-hant":
        return hant or to_hant(hans or plain)
    return plain or hans or hant


def localized_text(text: str | None) -> str:
    """Chinese text that is stored in one script, in the reader's; unchanged in English."""
    language = get_language()
    if not text or language not in ("zh-hans", "zh-hant"):
        return text or ""
    return to_hans(text) if language == "zh-hans" else to_hant(text)


@lru_cache(maxsize=4096)
def in_script(text: str, language: str | None) -> str:
    """A short Chinese text that repeats, such as a code, in the script of a language."""
    convert = {"zh-hans": to_hans, "zh-hant": to_hant}.get(language or "")
    return convert(text) if convert else text


def join_words(words: Iterable[str]) -> str:
    """A list within a sentence: “a, b” in English, 甲、乙 in Chinese."""
    return pgettext("list", ", ").join(words)


def local_day(value: date | datetime) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value


def format_day(value: date | datetime | None, today: date | None = None) -> str:
    """10月13日, or 13 Oct; with the year where it is not this year's."""
    if value is None:
        return EMPTY
    on = local_day(value)
    same_year = on.year == (today or timezone.localdate()).year
    if (get_language() or "").startswith("zh"):
        return f"{on.month}月{on.day}日" if same_year else f"{on.year}年{on.month}月{on.day}日"
    return f"{on.day} {on:%b}" if same_year else f"{on.day} {on:%b} {on.year}"


def format_moment(value: datetime | None, today: date | None = None) -> str:
    """10月12日 16:20, in Shanghai."""
    if value is None:
        return EMPTY
    return f"{format_day(value, today)} {timezone.localtime(value):%H:%M}"


def describe_light(dated: Dated, row: Any) -> tuple[str, str]:
    """The label beside the light of an obligation and the sentence under it.

    The row has light, light_code, light_on, starts_on, due_on and percent. Without a reason
    (light_code), the sentence is empty.
    """
    if not row.light_code:
        return gettext(COLOUR_NAMES[row.light]), ""
    explained = explain(
        Reason(row.light_code, row.light_on),
        row.light,
        today=dated.today,
        workdays=dated.workdays,
        starts_on=row.starts_on,
        due_on=row.due_on,
        percent=row.percent,
    )
    params = {
        name: format_day(value, dated.today) if isinstance(value, date) else value
        for name, value in explained.params.items()
    }
    return gettext(explained.word) % params, gettext(explained.why) % params
