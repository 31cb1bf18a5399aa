"""Half a year of made-up work on the sample, done by the product's own commands.

Every step is carried out at a moment of the past, so that the record, the lights and the tallies
are what the product itself would have left. The same day and seed give the same data.
"""

import json
from datetime import date
from random import Random

from directives.core import relighting
from directives.documents.commands import registering
from directives.documents.ingest.confirmations import confirmations_of
from directives.documents.ingest.reading import read
from directives.made_up.sample import BODIES, CONFIRMATIONS, DOCUMENT, MATTERS, people
from directives.made_up.sample.assigning import assign
from directives.made_up.sample.checking import check
from directives.made_up.sample.figures import count_figures
from directives.made_up.sample.planning import acknowledge, dispute, log_the_last_days, plan
from directives.made_up.sample.reporting import (
    ask_to_close,
    close_some,
    report_current,
    report_last,
)
from directives.made_up.sample.story import Story
from directives.models import Notice, Organisation, User
from directives.organisations import commands as organising

ACTS = (
    *(assign, dispute, acknowledge, plan, report_last, close_some, report_current),
    *(log_the_last_days, ask_to_close, count_figures),
)


def load(*, today: date, seed: int, password: str, progress: bool) -> str:
    """Load the sample into an empty database; returns a line that says what was loaded."""
    story = _set_up(today, seed, password)
    if progress:
        for act in ACTS:
            act(story)
        for day in (-1, 0):
            relighting.tick(now=story.at(day, 8), everything=day == 0)
        # Older notices have been read.
        Notice.objects.filter(at__lt=story.at(-3)).update(read_at=story.at(-2))
        check(today)
    bodies = Organisation.objects.count()
    return f"Loaded 《{story.document.title}》 and {bodies} bodies. Its progress is fictional."


def _set_up(today: date, seed: int, password: str) -> Story:
    """Load the register of bodies, the document and the people."""
    rng, wording = Random(seed), Random(seed + 1)  # noqa: S311 - made-up work, not secrets
    story = Story(today, rng, wording, json.loads(MATTERS.read_bytes()))
    began = story.at(-230, 9)
    organising.load_register(
        organising.read_table(BODIES.read_bytes(), name=BODIES.name), by=None, now=began
    )
    people.make_accounts(password, now=began)
    source = DOCUMENT.read_bytes()
    confirmations = confirmations_of(CONFIRMATIONS.read_bytes(), document=source)
    reading = read(source, name=DOCUMENT.name, confirmations=confirmations)
    story.supervisor, story.manager, story.staff = (
        User.objects.get(username=name) for name in ("supervisor", "manager", "staff")
    )
    story.document = registering.register_document(
        reading=reading,
        source=source,
        source_name=DOCUMENT.name,
        by=story.supervisor,
        now=story.at(-229, 9),
        fictional=True,
    )
    return story
