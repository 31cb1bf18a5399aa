"""What stands around the rows of a report: where each entry stands, how many stand where, what is to be done next."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.states import ACCEPTED, AWAITING, EDITABLE, RETURNED, SUBMITTED
from directives.core.captions import Words
from directives.core.rules import is_above, may
from directives.models import ProgressReport, User
from directives.reports.commands import LACKS

# The chips over the report, in their order. An entry may stand under several.
FILTERS: dict[str, Words] = {
    "all": pgettext_lazy("entries", "All"),
    "missing": pgettext_lazy("entries", "To complete"),
    "returned": pgettext_lazy("entries", "Returned"),
    "blank": pgettext_lazy("entries", "Blank"),
    "ready": pgettext_lazy("entries", "Ready"),
    "unchanged": pgettext_lazy("entries", "Of these unchanged"),
    "awaiting": pgettext_lazy("entries", "Awaiting signature"),
    "submitted": pgettext_lazy("entries", "Submitted"),
    "accepted": pgettext_lazy("entries", "Accepted"),
}
FROM_ABOVE = frozenset(
    {"all", "returned", "submitted", "accepted"}
)  # chips for those who only read
ALWAYS = frozenset(
    {"all", "missing", "ready", "accepted"}
)  # shown though nothing stands under them
TONES = {
    "returned": "y",
    "blank": "y",
    "missing": "y",
    "ready": "g",
    "accepted": "g",
    "submitted": "a",
    "awaiting": "a",
    "unchanged": "",
}
STATUS: dict[str, Words] = {
    "returned": _("Returned, to be revised"),
    "blank": pgettext_lazy("entry", "Blank"),
    "missing": pgettext_lazy("entry", "Incomplete"),
    "ready": pgettext_lazy("entry", "Ready"),
    "unchanged": pgettext_lazy("entry", "No change"),
    "awaiting": pgettext_lazy("filing", "Awaiting signature"),
    "submitted": pgettext_lazy("filing", "Submitted"),
    "accepted": pgettext_lazy("filing", "Accepted"),
}
NAMED = 4  # entries that the hand-in bar names


class Stands:
    """How an entry stands, for whatever knows its state and what it lacks."""

    __slots__ = ()

    pk: int
    code: str  # of the directive
    state: str
    lacks: tuple[str, ...]  # keys of LACKS
    written: bool  # says what was done
    unchanged: bool
    saved_at: datetime | None

    @property
    def blank(self) -> bool:
        return self.state in EDITABLE and not self.written and not self.unchanged

    @property
    def ready(self) -> bool:
        return self.state in EDITABLE and not self.lacks

    @property
    def status(self) -> str:
        """A key of STATUS."""
        if self.state not in EDITABLE:
            return str(self.state)
        if not self.lacks:
            return "unchanged" if self.unchanged else "ready"
        return "returned" if self.state == RETURNED else "blank" if self.blank else "missing"

    @property
    def word(self) -> Words:
        return STATUS[self.status]

    @property
    def tone(self) -> str:
        return TONES[self.status]

    @property
    def missing_words(self) -> list[Words]:
        return [LACKS[lack] for lack in self.lacks]

    @property
    def filters(self) -> tuple[str, ...]:
        """The keys of FILTERS under which the entry stands."""
        if self.state not in EDITABLE:
            return ("all", self.state)
        under = [
            ("missing", bool(self.lacks)),
            ("returned", self.state == RETURNED),
            ("blank", self.blank),
            ("ready", not self.lacks),
        ]
        under.append(("unchanged", self.unchanged and not self.lacks))
        return ("all", *(name for name, stands in under if stands))


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter over the report, with how many entries stand under it."""

    key: str
    label: Words
    count: int


@dataclass(frozen=True)
class Around:
    """A report's entries, and what this person may do with the whole."""

    report: ProgressReport
    lines: tuple[Stands, ...]
    works: bool  # fills in
    signs: bool  # the manager
    direct: bool  # hands in without a further signature
    reviews: bool  # a supervisor above
    last_number: int  # of the last submission; 0 where there is none

    @cached_property
    def counts(self) -> Mapping[str, int]:
        return Counter(name for line in self.lines for name in line.filters)

    def showing(self, name: str) -> list[Stands]:
        return [line for line in self.lines if name in line.filters]

    def count(self, name: str) -> int:
        return self.counts.get(name, 0)

    @property
    def chips(self) -> list[Chip]:
        counted = [
            Chip(key, label, self.count(key))
            for key, label in FILTERS.items()
            if self.works or key in FROM_ABOVE
        ]
        return [chip for chip in counted if chip.count or (chip.key in ALWAYS and self.works)]

    @property
    def total(self) -> int:
        return len(self.lines)

    @property
    def ready(self) -> int:
        return self.count("ready")

    @cached_property
    def missing(self) -> list[Stands]:
        """Entries that cannot go in yet, the returned ones first."""
        return sorted(self.showing("missing"), key=lambda line: line.state != RETURNED)

    @property
    def named(self) -> list[Stands]:
        """The first of them, for the hand-in bar."""
        return self.missing[:NAMED]

    @property
    def open(self) -> int:
        """Entries that this hand-in is about: ready, or still missing something."""
        return self.ready + self.count("missing")

    @property
    def awaiting(self) -> int:
        return self.count(AWAITING)

    @property
    def waiting_review(self) -> int:
        return self.count(SUBMITTED)

    @property
    def accepted(self) -> int:
        return self.count(ACCEPTED)

    @property
    def next_number(self) -> int:
        """Of the next submission."""
        return self.last_number + 1

    @cached_property
    def saved_at(self) -> datetime | None:
        if not self.works:
            return None
        return max((line.saved_at for line in self.lines if line.saved_at), default=None)


def rights(report: ProgressReport, user: User) -> dict[str, Any]:
    """What this person may do with a report, as the fields of an Around."""
    works = may(user, "work", report)
    return {
        "report": report, "works": works, "signs": may(user, "sign", report), "direct": works and may(user, "hand_in", report),
        "reviews": is_above(user, report),
    }  # fmt: skip
