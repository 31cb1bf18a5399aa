"""HTML made in Python, and the one place where text counts as escaped already.

`fast_format_html` and `join_html` escape as Django's functions do, in a quarter of the time: a
dashboard calls them hundreds of times. They take text, numbers, translations and SafeStrings, and
no other objects that render themselves as HTML.
"""

from collections.abc import Iterable
from html import escape

from django.utils.safestring import SafeString, mark_safe


def fast_format_html(pattern: str, *values: object) -> SafeString:
    """As `format_html`."""
    escaped = [value if isinstance(value, SafeString) else escape(str(value)) for value in values]
    return SafeString(pattern.format(*escaped))


def join_html(pieces: Iterable[str]) -> SafeString:
    """Join the pieces; those that are not HTML are escaped."""
    return SafeString(
        "".join([piece if isinstance(piece, SafeString) else escape(piece) for piece in pieces])
    )


def attribute(name: str, value: str) -> SafeString:
    """An attribute with a blank before it, or nothing where there is no value."""
    return SafeString(f' {name}="{escape(value)}"' if value else "")


def number_cells(*values: str) -> SafeString:
    return join_html(fast_format_html('<td class="num">{}</td>', value) for value in values)


def shortened(text: str, length: int) -> str:
    """The text, cut to `length` characters of which the last is an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def join_escaped(pieces: Iterable[str]) -> SafeString:
    """Join the pieces of a table of hundreds of cells, each of which the caller has escaped.

    tests/test_local_rules.py lists the modules that may use this.
    """
    return mark_safe("".join(pieces))  # noqa: S308 - see above
