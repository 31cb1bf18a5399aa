"""Assignments: to the bodies that the document names, and those the supervisor decided on."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from directives.base.states import IMPLEMENTATION_PLAN, RESPONSIBLE, SPECIFIC_MEASURES, SUPPORTING
from directives.core.addressing import proposals
from directives.made_up.sample.people import HOME, make_fillers
from directives.made_up.sample.story import BEGAN, ISSUED, PLAN_DUE, Story
from directives.models import Directive, Organisation
from directives.obligations.commands import issuing

MASS_ORGANISATIONS = tuple(f"Q{number:02}" for number in range(1, 22))
# Bodies that the supervisor assigned a sentence to, beside those that its words address by class.
ASSIGNED_BY_SUPERVISOR = {
    "七.2.1": ("R02",),
    "七.2.2": ("M11", "R03"),
    "七.2.3": ("R02",),
    "七.3.1": ("R01",),
    "七.3.2": ("R01", "R02"),
    "七.3.3": ("M12",),
    "九.4.1": MASS_ORGANISATIONS,
    "九.5.1": MASS_ORGANISATIONS,
    "十.1.2": ("D03",),
    "十.1.3": ("D03", "M29"),
    "十.2.1": ("M13",),
    "十.2.2": ("M13", "Q01"),
    "十.2.3": ("M13",),
    "十.2.4": ("M13",),
    "十.2.5": ("M13", "Q01"),
    "十.4.2": ("M12", "Q08"),
}
SUPPORTED_DIRECTIVES = ("九.3.3", "九.4.5")  # the provinces help the mass organisations with these
UNDATED = ("八.2.2", "十一.2.2")  # continuing work (长期坚持): no completion day
SLOW_BODIES = ("Q05", "Q08", "Q16", "P63", "P66")  # behind with nearly everything
DELIVERABLES = {"結.1.1": IMPLEMENTATION_PLAN, "結.1.2": SPECIFIC_MEASURES}


def assign(story: Story) -> None:
    """Issue every directive, grouped by terms, to the bodies it speaks of."""
    bodies = list(
        Organisation.objects.existing_on(story.day(ISSUED)).exclude(parent=None).order_by("code")
    )
    story.fillers = make_fillers(bodies, now=story.at(BEGAN, 11))
    story.diligence = {
        body.pk: 0.15 if body.code in SLOW_BODIES else story.rng.uniform(0.55, 1.0)
        for body in bodies
    }
    groups: dict[tuple[issuing.Terms, tuple[str, ...]], list[Directive]] = defaultdict(list)
    for directive in story.document.directives.filter(statement=False).prefetch_related(
        "addressees"
    ):
        for codes, part in _receivers(directive, bodies):
            groups[_terms(story, directive, part), codes].append(directive)
    by_code = {body.code: body for body in bodies}
    for (terms, codes), directives in groups.items():
        issuing.issue(
            document=story.document,
            directives=directives,
            organisations=[by_code[code] for code in codes],
            terms=terms,
            by=story.supervisor,
            now=story.at(ISSUED, 15),
        )


def _receivers(
    directive: Directive, bodies: Sequence[Organisation]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """The groups of bodies that get a directive, by code, each with its part."""
    proposal = proposals([directive]).get(directive.pk)
    added = ASSIGNED_BY_SUPERVISOR.get(directive.code, ())
    if responsible := tuple(
        body.code for body in bodies if (proposal and proposal.takes(body)) or body.code in added
    ):
        yield responsible, RESPONSIBLE
    if directive.code in SUPPORTED_DIRECTIVES:
        yield (
            tuple(body.code for body in bodies if body.kind == "provincial_committee"),
            SUPPORTING,
        )


def _terms(story: Story, directive: Directive, part: str) -> issuing.Terms:
    """Days by the kind of the directive and its place, so that there are lights of every colour."""
    # From three weeks before the end of a year, days are in the next one.
    year_end = date(story.day(21).year, 12, 31)
    next_year = date(year_end.year + 1, 6, 30)
    starts_on: date | None = None
    due_on: date | None = year_end
    if directive.kind == "institution":
        past_or_near = {0: story.day(-12), 5: story.day(4)}
        due_on = past_or_near.get(directive.order % 11, year_end)
    elif directive.kind in ("pilot", "encouragement") or directive.order % 13 == 4:
        starts_on, due_on = story.day(30), next_year
    elif directive.order % 3 == 0:
        due_on = next_year
    deliverable = DELIVERABLES.get(directive.code, "")
    return issuing.Terms(
        part=part,
        deliverable=deliverable,
        starts_on=starts_on,
        due_on=None if directive.code in UNDATED else due_on,
        lead=Organisation.objects.get(code=HOME) if part == RESPONSIBLE else None,
        plan_due_on=story.day(PLAN_DUE) if deliverable else None,
    )
