"""Made-up words for the reports of the demo: a few for each directive, drawn once and used by all bodies."""

from dataclasses import dataclass
from random import Random

from directives.made_up.demo.sink import Cells, Sink
from directives.made_up.sample import words
from directives.models import Directive

VARIANTS = 7  # reports on one directive that read differently


@dataclass(frozen=True, slots=True)
class Words:
    """What an entry says; `cells` is the same as a piece of a row."""

    progress: str
    problems: str
    next_steps: str
    cells: Cells


def reports_on(directive: Directive, rng: Random, out: Sink) -> list[Words]:
    """The variants for one directive."""
    found = []
    for place in range(VARIANTS):
        said = (
            words.log_text(rng, directive, place=place) + "。",
            rng.choice(words.PROBLEMS),
            rng.choice(words.NEXT),
        )
        found.append(Words(*said, out.cells(*said)))
    return found
