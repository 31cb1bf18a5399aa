"""What reading a cell returns when it is not simply a value."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Wrong:
    """The cell cannot be read: what was expected, and what to do, in the user's language."""

    expected: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Interpreted:
    """A value that follows from the cell by a rule: 2025年底前 is the last day of 2025.

    The page of the import shows it to the user.
    """

    value: Any
