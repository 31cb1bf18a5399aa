"""What is wrong with one cell, before it is known which, and what a cell means that does not say it in so many words."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Wrong:
    """A cell cannot be read: what was expected there, and what to do, in the reader's words."""

    expected: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Interpreted:
    """A cell is read by a rule of the field, not by its letter: 2025年底前 is its last day. Whoever reads it tells of it."""

    value: Any
