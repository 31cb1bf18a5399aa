"""Numbers and days that arrive as text: ids, versions, pages in an address, a form or a table."""

from datetime import date

# No id and no version comes near it, and every column, on both engines, can be compared with it
LARGEST = 10**15 - 1


def whole_number(text: object, largest: int = LARGEST) -> int | None:
    """The whole number from 0 that this text writes in ASCII digits; None where it is none, or one
    that no row can have.
    """
    digits = str(text)
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > len(str(largest)):
        return None
    number = int(digits)
    return number if number <= largest else None


def iso_date(text: str) -> date | None:
    """The day that a text such as 2026-03-01 writes; None where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
