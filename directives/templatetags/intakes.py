"""Buttons and links to import tables."""

from typing import Any

from django import template
from django.template.context import Context
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext

from directives.catalogue.kinds import KINDS

register = template.Library()

TONES = {"new": "a", "changed": "a", "same": "line", "conflict": "y", "wrong": "y"}


@register.simple_tag(takes_context=True)
def bring_in(context: Context, key: str, **place: Any) -> str:
    """A button to import a table of this kind, if the person may; `place` is preselected."""
    kind = KINDS.get(key)
    if kind is None or not kind.may(context["request"].user):
        return ""
    query = urlencode({name: value for name, value in place.items() if value})
    address = reverse("intake_new", args=[key]) + (f"?{query}" if query else "")
    return format_html('<a class="btn" href="{}">{}</a>', address, gettext("Import a table"))


@register.simple_tag
def template_of(key: str) -> str:
    """The address of the workbook to fill in, where there is one."""
    try:
        return reverse("intake_template", args=[key])
    except NoReverseMatch:
        return ""


@register.filter
def verdict_tone(verdict: str) -> str:
    """The class of a row's tag."""
    return TONES.get(verdict, "")


@register.filter
def of_key(mapping: dict, key: str) -> Any:
    return mapping.get(key, key)


@register.filter
def answer_to(answers: dict[str, str], name: str) -> str:
    """What was typed for a name; "" if nothing was."""
    return answers.get(name, "")
