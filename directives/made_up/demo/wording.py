"""Texts of the demo's reports: a few for each directive and stage, which bodies share."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from directives.made_up import sentences
from directives.made_up.demo.sink import Cells, Sink

VARIANTS = 6  # reports on one directive at one stage that read differently


@dataclass(frozen=True, slots=True)
class EntryText:
    """The text of an entry; `cells` is the same as a piece of a row."""

    progress: str
    problems: str
    next_steps: str
    cells: Cells


@dataclass(slots=True)
class ReportTexts:
    """The report texts of one kind and level of bodies, by place of the directive and stage."""

    texts: Sequence[Sequence[EntryText]]

    def at(self, place: int, stage: int, choice: int) -> EntryText:
        return self.texts[place][stage * VARIANTS + choice % VARIANTS]


def report_texts(
    words: sentences.BodyWords, matters: Sequence[str], rng: Random, row_sink: Sink
) -> ReportTexts:
    """The texts on each matter, for bodies of one kind and level."""
    stages = [stage for stage in range(sentences.LAST_STAGE + 1) for _variant in range(VARIANTS)]
    return ReportTexts(
        [
            [_entry_text(words, matter, stage, rng, row_sink) for stage in stages]
            for matter in matters
        ]
    )


def _entry_text(
    words: sentences.BodyWords, matter: str, stage: int, rng: Random, row_sink: Sink
) -> EntryText:
    texts = (
        sentences.log_text(rng, words, matter, stage=stage) + "。",
        sentences.problem(rng, stage),
        sentences.next_steps(rng, stage),
    )
    return EntryText(*texts, row_sink.cells(*texts))
