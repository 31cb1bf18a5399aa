"""How long a document takes to be read, and how many readings are as an officer reads them."""

from dataclasses import dataclass
from statistics import median
from time import perf_counter

from directives.documents.ingest.reading import read
from tests.documents.exactness import NAMES, READINGS, problems_of

LENGTH = 10_000  # characters
TIMES = 5
# One with headings, brackets that say who, and deadlines; repeated, it is a long plan.
PLAN = READINGS / "province_cold_chain_plan.txt"


@dataclass(frozen=True, slots=True)
class Read:
    milliseconds: float  # of LENGTH characters, the median
    readings: int
    exact: int

    @property
    def share(self) -> float:
        return self.exact / self.readings


def long_plan(length: int) -> str:
    text = PLAN.read_text(encoding="utf-8")
    tasks = text[text.index("一、") :]
    return (text + tasks * (length // len(tasks)))[:length]


def measure_reading() -> Read:
    content = long_plan(LENGTH).encode()
    took = []
    for _time in range(TIMES + 1):
        began = perf_counter()
        read(content, name="plan.txt")
        took.append(perf_counter() - began)
    exact = sum(not problems_of(name) for name in NAMES)
    return Read(round(1000 * median(took[1:]), 1), len(NAMES), exact)
