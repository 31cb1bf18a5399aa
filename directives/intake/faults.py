"""What is wrong with one cell, before it is known which."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wrong:
    """A cell cannot be read: what was expected there, and what to do, in the reader's words."""

    expected: str
    remedy: str = ""
