"""What a person reads on the page: `expected_sample.txt` as objects."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SAMPLE = HERE.parents[2] / "directives" / "made_up" / "sample" / "opinion_2015.txt"
CONFIRMATIONS = SAMPLE.with_name("confirmations.json")


@dataclass(frozen=True, slots=True)
class Expected:
    """One sentence as it ought to be read.

    `addressees` are (name, basis, source), `items` (verb, name).
    """

    code: str
    text: str
    modality: str
    kind: str
    cadence: str
    addressees: tuple[tuple[str, str, str], ...]
    items: tuple[tuple[str, str], ...]


def _expected(block: str) -> Expected:
    head, text, *items = block.split("\n")
    code, modality, kind, cadence, basis, source, who = (field.strip() for field in head.split("|"))
    names = who.split(" + ") if who else [""] if basis == "unstated" else []
    return Expected(
        code=code,
        text=text,
        modality=modality,
        kind=kind,
        cadence=cadence,
        addressees=tuple((name, basis, source) for name in names),
        items=tuple(tuple(item.split(" > ")) for item in items),
    )


def sample_sentences() -> list[Expected]:
    """The sentences of the sample, in order."""
    blocks = (HERE / "expected_sample.txt").read_text(encoding="utf-8").strip().split("\n\n")
    return [_expected(block) for block in blocks if not block.startswith("#")]
