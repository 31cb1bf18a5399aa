"""What all steps of the sample share: its people, its days, and the random generators."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import NamedTuple

from django.utils import timezone

from directives.made_up import sentences
from directives.made_up.sample.people import HOME
from directives.models import Directive, Document, Obligation, Organisation, User

# Days from today, the last day of the sample.
BEGAN, ISSUED, ACKNOWLEDGED, PLANNED, PLAN_DUE = -230, -225, -222, -190, -165


def moment(day: date, hour: int) -> datetime:
    """An hour of a day in the time zone of the installation."""
    return datetime.combine(day, time(hour), timezone.get_current_timezone())


class Subject(NamedTuple):
    """What a body writes about: a matter, or a paper that it drafts, in the words of its kind."""

    words: sentences.BodyWords
    matter: str
    paper: str


@dataclass(slots=True)
class Story:
    """The state of the sample while it is made."""

    today: date
    rng: Random
    wording: Random  # chooses words only: new words leave states and days as they are
    matters: dict[str, str]  # what each directive is about, by its code
    document: Document = field(init=False)
    supervisor: User = field(init=False)
    manager: User = field(init=False)  # signs for the home body
    staff: User = field(init=False)  # fills in for the home body
    fillers: dict[int, User] = field(default_factory=dict)  # body id → who fills in for it
    diligence: dict[int, float] = field(default_factory=dict)  # body id → 0 idle … 1 exemplary

    def at(self, days: int, hour: int = 10) -> datetime:
        """An hour of the day that is `days` from today (negative: before)."""
        return moment(self.day(days), hour)

    def day(self, days: int) -> date:
        return self.today + timedelta(days=days)

    def writer(self, body: Organisation) -> User:
        """Who fills in for the body."""
        return self.staff if body.code == HOME else self.fillers[body.pk]

    def subject(self, directive: Directive, body: Organisation) -> Subject:
        papers = sentences.papers_for(item.name_hans for item in directive.items.all())
        return Subject(
            sentences.body_words(body.kind, body.level),
            self.matters.get(directive.code, sentences.MATTER),
            papers[int(body.code[1:]) % len(papers)] if papers else "",
        )

    def signer(self, body: Organisation) -> User:
        """Who hands in for the body: the manager of the home body, elsewhere whoever fills in."""
        return self.manager if body.code == HOME else self.fillers[body.pk]

    def expected(self, row: Obligation, on: date) -> float:
        """The percentage of an obligation's time that has elapsed; without an end, of a year."""
        if on <= row.starts_on:
            return 0.0
        due_on = row.due_on or row.starts_on + timedelta(days=365)
        return min(1.0, (on - row.starts_on) / (due_on - row.starts_on)) * 100

    def percent(self, row: Obligation, on: date) -> int:
        """The percentage on a day: near the schedule, by the body's diligence, never falling."""
        pace = 0.86 + 0.2 * self.diligence[row.organisation_id] + self.rng.uniform(-0.06, 0.08)
        return max(row.percent, min(100, round(self.expected(row, on) * pace / 5) * 5))
