"""Findings of checks: a level, a sentence, and what to do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

FINE, WARNING, WRONG = range(3)  # exit codes of `manage.py doctor` too
STATES = {FINE: "ok", WARNING: "warning", WRONG: "wrong"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check; `remedy` is what to do, if anything."""

    level: int
    words: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A check; `look` returns its findings at a given time.

    A `deep` one reads whole tables and runs on request only. An `offline` one needs no database.
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
