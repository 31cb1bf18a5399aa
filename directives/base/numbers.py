"""Numbers that arrive as text, in an address, a hidden field or a table: ids, versions, pages."""

LARGEST = (
    10**15 - 1
)  # no id and no version comes near it, and every column, on both engines, can be compared with it


def whole(text: object, largest: int = LARGEST) -> int | None:
    """The whole number from 0 that this text writes in ASCII digits; None where it is none, or one that no row can have."""
    digits = str(text)
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > len(str(largest)):
        return None
    number = int(digits)
    return number if number <= largest else None
