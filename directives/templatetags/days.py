"""Days of completion on pages: the present one beside the original one."""

from typing import Any

from django import template
from django.template.context import Context
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


def changed_due(dated: Any, row: Any) -> str:
    """“Original 30 Oct; extended: 1”, or without the count where the day was only corrected."""
    words = {"day": format_day(row.original_due_on, dated.today), "n": row.extensions_granted}
    if row.extensions_granted:
        return gettext("Original date %(day)s; extensions: %(n)s") % words
    return gettext("Original date %(day)s") % words
