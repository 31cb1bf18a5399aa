"""Numbers of a document that are skipped, or stand twice: its codes keep them as they are."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from directives.base.script import to_hans
from directives.documents.ingest.deadlines import number as number_of

_NUMBER = re.compile(
    r"(?P<before>.*·)?第?\s*(?P<count>[一二三四五六七八九十百零〇]{1,5}|\d{1,3})(?P<unit>.*)"
)
_AGAIN = re.compile(r"（\d+）$")  # behind a number that stands for the second time
MOST = 20


@dataclass(frozen=True, slots=True)
class NumberFault:
    """`number` follows `before` with a gap, or with `repeated` stands again."""

    number: str
    before: str
    repeated: bool = False


def number_faults(codes: Iterable[str]) -> tuple[NumberFault, ...]:
    """The faults of the sections or articles that begin these codes, in order."""
    faults, last, series, count = [], "", None, 0
    for code in codes:
        section = code.split(".")[0]
        if section == last:
            continue
        if _AGAIN.search(section):
            faults.append(NumberFault(_AGAIN.sub("", section), last, repeated=True))
        match = _NUMBER.fullmatch(to_hans(_AGAIN.sub("", section)))
        if match is None:
            continue
        now = number_of(match["count"])
        if series == (match["before"], match["unit"]) and now > count + 1:
            faults.append(NumberFault(section, last))
        last, series, count = section, (match["before"], match["unit"]), now
    return tuple(faults[:MOST])
