"""What reports of the demo say: a few texts for each directive and stage, which bodies share."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from directives.made_up import sentences
from directives.made_up.demo.sink import Cells, Sink

VARIANTS = 6  # reports on one directive at one stage that read differently


@dataclass(frozen=True, slots=True)
class Words:
    """What an entry says; `cells` is the same as a piece of a row."""

    progress: str
    problems: str
    next_steps: str
    cells: Cells


@dataclass(slots=True)
class ReportWords:
    """What bodies of one kind and level report, by the place of the directive and the stage."""

    texts: Sequence[Sequence[Words]]

    def at(self, place: int, stage: int, choice: int) -> Words:
        return self.texts[place][stage * VARIANTS + choice % VARIANTS]


def report_words(
    words: sentences.BodyWords, matters: Sequence[str], rng: Random, out: Sink
) -> ReportWords:
    """The texts on each matter in turn, for bodies that are spoken of in these words."""
    stages = [stage for stage in range(sentences.LAST_STAGE + 1) for _variant in range(VARIANTS)]
    return ReportWords(
        [[_words(words, matter, stage, rng, out) for stage in stages] for matter in matters]
    )


def _words(words: sentences.BodyWords, matter: str, stage: int, rng: Random, out: Sink) -> Words:
    texts = (
        sentences.log_text(rng, words, matter, stage=stage) + "。",
        sentences.problem(rng, stage),
        sentences.next_steps(rng, stage),
    )
    return Words(*texts, out.cells(*texts))
