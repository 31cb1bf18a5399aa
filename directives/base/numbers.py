"""Parsing numbers and days from text: ids, versions and pages in URLs, forms and tables."""

from datetime import date

# Greater than any id or version; columns of every integer type can be compared with it
LARGEST = 10**15 - 1


def whole_number(text: object, largest: int = LARGEST) -> int | None:
    """The number that a text of ASCII digits is; None for other text or beyond `largest`."""
    digits = str(text)
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > len(str(largest)):
        return None
    number = int(digits)
    return number if number <= largest else None


def iso_date(text: str) -> date | None:
    """The day of a text such as 2026-03-01; None for other text."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
