"""HTML made in Python, and the one place where text counts as escaped already."""

from collections.abc import Iterable

from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe


def attribute(name: str, value: str) -> str:
    """An attribute with a blank before it, or nothing where there is no value."""
    return join_escaped((" ", name, '="', escape(value), '"')) if value else ""


def shortened(text: str, length: int) -> str:
    """The text, cut to `length` characters of which the last is an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def join_html(pieces: Iterable[str]) -> SafeString:
    """Join the pieces; those that are not HTML are escaped."""
    return mark_safe("".join(map(conditional_escape, pieces)))  # noqa: S308 - each is escaped


def number_cells(*values: str) -> SafeString:
    return join_escaped(f'<td class="num">{conditional_escape(value)}</td>' for value in values)


def join_escaped(pieces: Iterable[str]) -> SafeString:
    """Join the pieces of a table of hundreds of cells, each of which the caller has escaped.

    `format_html` for each would make the dashboard a tenth slower. tests/test_local_rules.py lists
    the modules that may use this.
    """
    return mark_safe("".join(pieces))  # noqa: S308 - see above
