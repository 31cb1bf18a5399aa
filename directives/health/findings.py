"""Findings of checks: a level, a sentence, and what to do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

FINE, WARNING, WRONG = range(3)  # exit codes of `manage.py doctor` too
STATES = {FINE: "ok", WARNING: "warning", WRONG: "wrong"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check; `remedy` says what to do, if anything."""

    level: int
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A check; `run` returns its findings at a given time.

    A `deep` one reads whole tables and runs on request only. An `offline` one needs no database.
    """

    name: str
    run: Callable[[datetime], Iterable[Finding]]
    deep: bool = False
    offline: bool = False


def fine(message: str) -> Finding:
    return Finding(FINE, message)


def warning(message: str, remedy: str) -> Finding:
    return Finding(WARNING, message, remedy)


def wrong(message: str, remedy: str) -> Finding:
    return Finding(WRONG, message, remedy)
