"""HTML put together in Python, and the one place that takes text as escaped already."""

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe


def attribute(name: str, value: str) -> str:
    """An attribute with a blank before it, or nothing where there is no value."""
    return format_html(' {}="{}"', name, value) if value else ""


def join_html(pieces: Iterable[str]) -> SafeString:
    """The pieces in a row; those that are no HTML are escaped."""
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def join_escaped(pieces: Iterable[str]) -> SafeString:
    """The pieces of a table of hundreds of cells, each escaped by whoever wrote it.

    `format_html` would take most of the time of such a page. Which modules do so is listed in
    tests/test_local_rules.py.
    """
    return mark_safe("".join(pieces))  # noqa: S308 - see above
