"""Days on pages: the original one beside the present one, and the mark of those not sure yet."""

from datetime import date
from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from directives.base.wording import format_day

register = template.Library()


@register.simple_tag(takes_context=True)
def original_due(context: Context, row: Any) -> SafeString | str:
    """The original day of completion and the number of extensions, where the day was changed.

    The row has due_on, original_due_on and extensions_granted.
    """
    if row.original_due_on in (None, row.due_on):
        return ""
    return format_html('<small class="was">{}</small>', changed_due(context["request"], row))


@register.simple_tag(takes_context=True)
def estimated(context: Context, day: Any, link: bool = True) -> SafeString | str:
    """The mark of a working day, or a number of them, that lies beyond the calendar's end.

    It leads to its explanation; with `link=False` it only says it, for use within a link.
    """
    if not isinstance(day, date) or not context["request"].workdays.is_estimated(day):
        return ""
    why = gettext("The working calendar of %(year)s is not announced yet; Monday to Friday count.")
    parts = (why % {"year": day.year},) * 2
    if not link:
        return format_html(
            '<abbr class="unsure" title="{}">≈<span class="sr">{}</span></abbr>', *parts
        )
    return format_html(
        '<a class="unsure" href="{}#calendar" title="{}">≈<span class="sr">{}</span></a>',
        reverse("lights"),
        *parts,
    )


def changed_due(dated: Any, row: Any) -> str:
    """“Original 30 Oct; extended: 1”, or without the count where the day was only corrected."""
    words = {"day": format_day(row.original_due_on, dated.today), "n": row.extensions_granted}
    if row.extensions_granted:
        return gettext("Original date %(day)s; extensions: %(n)s") % words
    return gettext("Original date %(day)s") % words
