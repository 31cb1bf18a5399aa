"""Who is given what: by the document's own words where they name a kind of body, by the made-up supervisor where they do not."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from directives.base.states import IMPLEMENTATION_PLAN, RESPONSIBLE, SPECIFIC_MEASURES, SUPPORTING
from directives.core.addressing import propose
from directives.made_up.sample.people import HOME, make_fillers
from directives.made_up.sample.stage import BEGAN, ISSUED, PLAN_DUE, Stage
from directives.models import Directive, Organisation
from directives.obligations.commands import issuing

# Sentences that name nobody who signs in here, and whom the made-up supervisor gave them to.
DECIDED = {
    "七.2.2": ("M11",),
    "十.1.2": ("D03",),
    "十.1.3": ("D03", "M29"),
    "十.2.1": ("M13",),
    "十.2.2": ("Q01", "M13"),
    "十.2.3": ("M13",),
    "十.4.2": ("M12", "Q08"),
}
SUPPORTED = ("九.3.3", "九.4.5")  # the provinces help the mass organisations with these
UNDATED = ("八.2.2", "十一.2.2")  # to be kept up without end (长期坚持): no day of completion
WEAK = ("Q05", "Q08", "Q16", "P63", "P66")  # behind with nearly everything
DELIVERABLES = {"結.1.1": IMPLEMENTATION_PLAN, "結.1.2": SPECIFIC_MEASURES}


def assign(stage: Stage) -> None:
    """Issue every directive, grouped by terms, to the bodies it speaks of."""
    bodies = list(
        Organisation.objects.existing_on(stage.day(ISSUED)).exclude(parent=None).order_by("code")
    )
    stage.fillers = make_fillers(bodies, now=stage.at(BEGAN, 11))
    stage.diligence = {
        body.pk: 0.15 if body.code in WEAK else stage.rng.uniform(0.55, 1.0) for body in bodies
    }
    groups: dict[tuple[issuing.Terms, tuple[str, ...]], list[Directive]] = defaultdict(list)
    for directive in stage.document.directives.filter(statement=False).prefetch_related(
        "addressees"
    ):
        for codes, part in _given(directive, bodies):
            groups[_terms(stage, directive, part), codes].append(directive)
    by_code = {body.code: body for body in bodies}
    for (terms, codes), directives in groups.items():
        issuing.issue(
            document=stage.document, directives=directives, organisations=[by_code[code] for code in codes], terms=terms,
            by=stage.supervisor, now=stage.at(ISSUED, 15),
        )  # fmt: skip


def _given(
    directive: Directive, bodies: Sequence[Organisation]
) -> list[tuple[tuple[str, ...], str]]:
    """The groups of bodies that get a directive, by code, each with its part."""
    proposal = propose(directive.addressees.all())
    given = [
        (
            DECIDED.get(directive.code)
            or tuple(body.code for body in bodies if proposal.takes(body)),
            RESPONSIBLE,
        )
    ]
    if directive.code in SUPPORTED:
        given.append(
            (tuple(body.code for body in bodies if body.kind == "provincial_committee"), SUPPORTING)
        )
    return [(codes, part) for codes, part in given if codes]


def _terms(stage: Stage, directive: Directive, part: str) -> issuing.Terms:
    """The days depend on the kind of duty and on its place, so that the lights of the sample are of every colour."""
    year_end = date(
        stage.day(21).year, 12, 31
    )  # three weeks before it, the story already speaks of the next
    next_year = date(year_end.year + 1, 6, 30)
    starts_on, due_on = None, year_end
    if directive.kind == "institution":
        due_on = (
            stage.day(-12)
            if directive.order % 11 == 0
            else stage.day(4)
            if directive.order % 11 == 5
            else year_end
        )
    elif directive.kind in ("pilot", "encouragement") or directive.order % 13 == 4:
        starts_on, due_on = stage.day(30), next_year
    elif directive.order % 3 == 0:
        due_on = next_year
    due_on = None if directive.code in UNDATED else due_on
    deliverable = DELIVERABLES.get(directive.code, "")
    home = Organisation.objects.get(code=HOME)
    return issuing.Terms(
        part=part, deliverable=deliverable, starts_on=starts_on, due_on=due_on, lead=home if part == RESPONSIBLE else None,
        plan_due_on=stage.day(PLAN_DUE) if deliverable else None,
    )  # fmt: skip
