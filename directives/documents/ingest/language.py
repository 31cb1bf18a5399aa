"""Tables of the language: readings of characters, common pairs of neighbours, common phrases.

The tables are files in `data/`, read when first needed: an undamaged UTF-8 page needs none.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import log
from pathlib import Path

from directives.base.script import to_hans

_DATA = Path(__file__).parent / "data"
# Share of the marks among the characters of official prose; the table of pairs has words alone.
_MARKS = {"，": 0.05, "。": 0.025, "、": 0.03, "；": 0.004, "：": 0.003}
_HAN_PAIRS = re.compile(r"(?<=[\u4e00-\u9fff])[\u4e00-\u9fff]")


@cache
def readings() -> dict[str, str]:
    """Toned reading → the characters of GBK that have it (zhèn → 鎮震陣…)."""
    table = {}
    for line in (_DATA / "readings.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            reading, characters = line.split("\t")
            table[reading] = characters
    return table


@cache
def pairs() -> dict[str, int]:
    """Common pairs of neighbours in Simplified script → log2 of how often they were counted."""
    table = {}
    for line in (_DATA / "bigrams.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            weight, run = line.split("\t")
            table.update({run[at : at + 2]: int(weight) for at in range(0, len(run), 2)})
    return table


@cache
def _used() -> frozenset[str]:
    return frozenset("".join(pairs()))


def in_use(character: str) -> bool:
    """Whether a character occurs in any common pair."""
    return bool(character) and simple(character) in _used()


@cache
def phrases() -> frozenset[str]:
    """Common words of four characters in Simplified script."""
    lines = (_DATA / "phrases.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(
        line[at : at + 4]
        for line in lines
        if not line.startswith("#")
        for at in range(0, len(line), 4)
    )


def common_share(text: str) -> float:
    """The share (0 to 1) of common pairs among neighbouring Han characters: about 0.5 in prose."""
    sample = to_hans(text[:20_000])
    starts = [match.start() - 1 for match in _HAN_PAIRS.finditer(sample)]
    if not starts:
        return 0.0
    known = pairs()
    return sum(sample[at : at + 2] in known for at in starts) / len(starts)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """How well characters follow one another in a text like the given one.

    The text's own pairs weigh most, because a page repeats its words and its punctuation; the table
    of common pairs supplements them.
    """

    pair_counts: Mapping[tuple[str, str], int]
    counts: Mapping[str, int]
    total: int

    @classmethod
    def of(cls, text: str) -> "Neighbourhood":
        sample = to_hans(text)
        return cls(Counter(pairwise(sample)), Counter(sample), max(1, len(sample)))

    def known(self, before: str, after: str) -> bool:
        """Whether the pair occurs in the text or is common in the language."""
        first, second = simple(before), simple(after)
        return (first, second) in self.pair_counts or first + second in pairs()

    def phrase(self, text: str) -> bool:
        """Whether this is a common word of four characters."""
        return "".join(map(simple, text)) in phrases()

    def fit(self, before: str, after: str) -> float:
        """Log probability (nats, below 0) that `after` follows `before`."""
        first, second = simple(before), simple(after)
        firsts, whole = _firsts()
        # In the text itself, then in the language, then by themselves.
        in_text = self.pair_counts.get((first, second), 0) / (1 + self.counts.get(first, 0))
        weight = pairs().get(first + second)
        common = 2.0**weight / firsts[first] if weight is not None else 0.0
        alone = (
            self.counts.get(second, 0) / self.total
            + firsts.get(second, 0.0) / whole
            + _MARKS.get(second, 0.0)
        )
        return log(0.5 * in_text + 0.35 * common + 0.1 * alone + 1e-7)


@cache
def simple(character: str) -> str:
    """One character in Simplified script."""
    return to_hans(character)


@cache
def _firsts() -> tuple[dict[str, float], float]:
    """How often each character begins a common pair, and the sum."""
    table: dict[str, float] = {}
    for pair, weight in pairs().items():
        table[pair[0]] = table.get(pair[0], 0.0) + 2.0**weight
    return table, sum(table.values())
