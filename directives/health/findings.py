"""What a check of this installation comes to: a level, a sentence, and what is to be done."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

FINE, WARNING, WRONG = range(3)  # exit codes of `manage.py doctor` too
STATES = {FINE: "ok", WARNING: "warning", WRONG: "wrong"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` is what to do; there is none where nothing is to be done."""

    level: int
    words: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at. `look` gives its findings as of an instant.

    A `deep` one reads whole tables, on demand; one that is not `offline` needs the database.
    """

    name: str
    look: Callable[[datetime], Iterable[Finding]]
    deep: bool = False
    offline: bool = False


def fine(words: str) -> Finding:
    return Finding(FINE, words)


def warning(words: str, remedy: str) -> Finding:
    return Finding(WARNING, words, remedy)


def wrong(words: str, remedy: str) -> Finding:
    return Finding(WRONG, words, remedy)
