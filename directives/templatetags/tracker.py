"""Tags and filters of all pages: lights, bars, texts in the reader's script, days, figures."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import uuid4

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, FileInput, RadioSelect
from django.http import HttpRequest
from django.template.context import Context
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext, pgettext_lazy

from directives.base import wording
from directives.base.clocks import COLOUR_NAMES
from directives.base.script import to_hans, to_hant
from directives.base.states import COLOURS
from directives.base.wording import (
    EMPTY,
    describe_light,
    format_day,
    join_words,
    local_day,
    localized,
)
from directives.core import rules, working_calendar
from directives.core.scope import Lights
from directives.models import Document, User
from directives.templatetags.markup import attribute, fast_format_html, join_html

register = template.Library()

SYMBOLS = {"green": "L-g", "yellow": "L-y", "red": "L-r", "closed": "L-c", "undue": "L-n"}
TONES = {"green": "t-g", "yellow": "t-y", "red": "t-r", "closed": "t-n", "undue": "t-n"}
WEEKDAYS = (
    pgettext_lazy("weekday", "Mon"),
    pgettext_lazy("weekday", "Tue"),
    pgettext_lazy("weekday", "Wed"),
    pgettext_lazy("weekday", "Thu"),
    pgettext_lazy("weekday", "Fri"),
    pgettext_lazy("weekday", "Sat"),
    pgettext_lazy("weekday", "Sun"),
)


@register.filter
def owned_by(document: Document, user: User) -> bool:
    """Whether the person may correct and assign the document, which comes with its body."""
    return rules.may(user, "own", document)


# lights


@register.simple_tag
@lru_cache(maxsize=16)
def lamp(colour: str, size: str = "") -> SafeString:
    """The mark of a light. Colours: green, yellow, red, closed, undue; size: "" or "big"."""
    return format_html(
        '<svg class="lamp{}" aria-hidden="true"><use href="#{}"/></svg>',
        f" {size}" if size else "",
        SYMBOLS[colour],
    )


@register.filter
def tone(colour: str) -> str:
    """The text class of a light: t-g, t-y, t-r or t-n."""
    return TONES[colour]


@register.filter
def colour_word(colour: str) -> str:
    """The name of a light in legends and counts: On schedule, Overdue …"""
    return gettext(COLOUR_NAMES[colour])


@register.simple_tag
def lamp_word(colour: str, count: int | None = None) -> SafeString:
    """A lamp with its name, and a count if there is one."""
    tail = f" {grouped(count)}" if count is not None else ""
    return fast_format_html(
        '<span class="light {}">{}{}{}</span>',
        TONES[colour],
        lamp(colour),
        gettext(COLOUR_NAMES[colour]),
        tail,
    )


@register.simple_tag(takes_context=True)
def light(context: Context, row: Any, why: bool = True) -> SafeString:
    """A row's light: lamp, word and reason, as of the request's day.

    The row has light, light_code, light_on, starts_on, due_on and percent; `why=False` leaves
    the reason out.
    """
    word, reason = describe_light(context["request"], row)
    mark = fast_format_html(
        '<span class="light {}">{}{}</span>', TONES[row.light], lamp(row.light), word
    )
    if not (why and reason):
        return mark
    return mark + fast_format_html('<span class="why">{}</span>', reason)


# figures


FILLS = {
    "green": attribute("class", "s-g"),
    "yellow": attribute("fill", "url(#P-y)"),
    "red": attribute("class", "s-r"),
    "closed": attribute("class", "s-n"),
    "undue": attribute("fill", "url(#P-n)"),
}
TRACK = attribute("class", "track")


@register.simple_tag
def bar(lights: Lights, height: int = 18, label: str = "") -> SafeString:
    """A stacked bar of lights; `label` names it for screen readers."""
    total, start, rectangles, parts = lights.total, 0.0, [], []
    for colour in COLOURS:
        count = lights.count(colour)
        if count:
            width = 100 * count / total
            rectangles.append((FILLS[colour], f"{start:.2f}%", f"{width:.2f}%", height))
            parts.append(f"{gettext(COLOUR_NAMES[colour])} {grouped(count)}")
            start += width
    summary = gettext("Nothing to show")
    if parts:
        facts = {"total": grouped(total), "parts": gettext(", ").join(parts)}
        summary = gettext("%(total)s in all: %(parts)s") % facts
    return fast_format_html(
        '<svg class="bars" width="100%" height="{}" role="img" aria-label="{}">{}</svg>',
        height,
        f"{label} {summary}".strip(),
        join_html(
            fast_format_html('<rect{} x="{}" width="{}" height="{}"/>', *rectangle)
            for rectangle in rectangles or [(TRACK, "0%", "100%", height)]
        ),
    )


@register.simple_tag
def meter(done: int, total: int, label: str = "", low: bool = False) -> SafeString:
    """A plain bar of `done` out of `total`; `low` draws it in ink instead of the accent."""
    width = f"{min(100, 100 * done / total) if total else 0:.1f}%"
    return fast_format_html(
        '<svg class="meter" width="100%" height="8" role="img" aria-label="{}">'
        '<rect class="track" width="100%" height="8" rx="2"/>'
        '<rect class="fill{}" width="{}" height="8" rx="2"/></svg>',
        f"{label} {grouped(done)}/{grouped(total)}".strip(),
        " low" if low else "",
        width,
    )


@register.simple_tag
def progress(done: int | None = None, total: int | None = None) -> SafeString:
    """The progress of a long task as a bar; an indeterminate one while it is unknown."""
    if not total or done is None:
        return format_html(
            '<progress class="progress" aria-label="{}"></progress>', pgettext("bar", "Progress")
        )
    label, share = pgettext("bar", "Progress"), f"{100 * min(done, total) // total}%"
    return format_html(
        '<progress class="progress" max="{}" value="{}" aria-label="{}">{}</progress>',
        total,
        done,
        label,
        share,
    )


@register.filter
def grouped(number: int | None) -> str:
    """1234 → 1,234."""
    return EMPTY if number is None else f"{number:,}"


@register.simple_tag
def share(part: int, whole: int) -> str:
    """67.7% (2,618/3,869): a percentage with what it is a percentage of.

    Only the whole is 100%, only nothing 0%.
    """
    figures = {"part": grouped(part), "whole": grouped(whole)}
    if not whole:
        return gettext("— (%(part)s/%(whole)s)") % figures
    tenths = round(1000 * part / whole)
    if 0 < part < whole:
        tenths = min(max(tenths, 1), 999)
    percent = f"{tenths // 10}" if tenths in (0, 1000) else f"{tenths / 10:.1f}"
    return gettext("%(percent)s%% (%(part)s/%(whole)s)") % {"percent": percent, **figures}


# words


@register.filter
def words(thing: Any) -> str:
    """The text of a directive in the reader's script."""
    return localized(thing, "text") if thing else ""


@register.filter
def name(thing: Any) -> str:
    """The name of a body, an addressee or an item in the reader's script."""
    return localized(thing, "name") if thing else ""


@register.filter
def titled(thing: Any) -> str:
    """The title of a document or a section in the reader's script."""
    return localized(thing, "title") if thing else ""


@register.filter
def script(value: Any) -> str:
    """Chinese that people typed, in the reader's script. Lists use the stored columns instead."""
    text = str(value or "")
    convert = {"zh-hans": to_hans, "zh-hant": to_hant}.get(get_language() or "")
    return convert(text) if convert else text


# days


register.filter("day", format_day)


moment = register.filter("moment", wording.format_moment)


@register.filter
def weekday(value: date | datetime | None) -> str:
    """周二, or Tue."""
    return EMPTY if value is None else str(WEEKDAYS[local_day(value).weekday()])


# forms and links


@register.simple_tag
def once() -> SafeString:
    """The idempotency key of a form: sent twice, it acts once."""
    return format_html('<input type="hidden" name="idempotency_key" value="{}">', uuid4())


@register.simple_tag
def version(thing: Any) -> SafeString:
    """The version that the reader saw, so that a later change by someone else is noticed."""
    return format_html('<input type="hidden" name="version" value="{}">', thing.version)


PLACES_IN_A_LIST = ("page", "after", "before")  # parameters of pagination


@register.simple_tag
def query(request: HttpRequest, **changes: Any) -> str:
    """The address's query with some values changed ("" or None removes one), at its first page."""
    parameters = request.GET.copy()
    for key, value in {**dict.fromkeys(PLACES_IN_A_LIST), **changes}.items():
        parameters.pop(key, None)
        if value not in (None, ""):
            parameters.setlist(
                key,
                [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)],
            )
    return "?" + urlencode(list(parameters.lists()), doseq=True)


BOXES = (CheckboxInput,)
WITHOUT_CLASS = (CheckboxSelectMultiple, RadioSelect, CheckboxInput, FileInput)


@register.simple_tag(takes_context=True)
def missing_years(context: Context, *days: Any) -> str:
    """The years of these days whose holidays should be in the calendar by now and are not.

    Values that are not dates are ignored.
    """
    request = context["request"]
    missing = working_calendar.missing_years(request.workdays.published, request.today)
    return join_words(
        str(year)
        for year in missing
        if any(isinstance(day, date) and day.year == year for day in days)
    )


@register.simple_tag
def options(choices: Iterable[tuple[Any, Any]], selected: Any) -> SafeString:
    """The options of a select: (value, label) each, the chosen one selected."""
    return join_html(
        fast_format_html(
            '<option value="{}"{}>{}</option>',
            value,
            " selected" if value == selected else "",
            label,
        )
        for value, label in choices
    )


@register.filter
def boxed(field: BoundField) -> bool:
    """Whether the field is a single tick box, whose label follows it."""
    return type(field.field.widget) in BOXES


@register.filter
def styled(field: BoundField) -> SafeString:
    """The field with the product's CSS class, without a placeholder that repeats its label."""
    attrs = field.field.widget.attrs
    if str(attrs.get("placeholder", "")) == str(field.label):
        attrs.pop("placeholder", None)
    if isinstance(field.field.widget, WITHOUT_CLASS):
        return field.as_widget()
    classes = f"in {field.field.widget.attrs.get('class', '')}".strip()
    return field.as_widget(attrs={"class": classes})
