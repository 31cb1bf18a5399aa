"""HTML made in Python, and the one place where text counts as escaped already."""

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe


def attribute(name: str, value: str) -> str:
    """An attribute with a blank before it, or nothing where there is no value."""
    return format_html(' {}="{}"', name, value) if value else ""


def shortened(text: str, length: int) -> str:
    """The text, cut to `length` characters of which the last is an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def join_html(pieces: Iterable[str]) -> SafeString:
    """Join the pieces; those that are not HTML are escaped."""
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def join_escaped(pieces: Iterable[str]) -> SafeString:
    """Join the pieces of a table of hundreds of cells, each of which the caller has escaped.

    `format_html` would take most of the time of such a page. tests/test_local_rules.py lists the
    modules that may use this.
    """
    return mark_safe("".join(pieces))  # noqa: S308 - see above
