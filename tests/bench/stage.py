"""The database of the bench: filled with made-up data of a scale, then looked through.

`populate` fills an empty database; `prepare` finds people, places and papers in whatever was
filled, so that one that was kept is measured again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from random import Random

from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from directives import tallies
from directives.backups.throwaway import InstallationError, session_of
from directives.base.states import EDITABLE, IMPLEMENTATION_PLAN, STAFF, SUPERVISOR
from directives.core.relighting import tick
from directives.models import (
    Cycle,
    Directive,
    Document,
    Measure,
    Obligation,
    Organisation,
    Plan,
    ReportEntry,
    User,
)
from directives.models.documents import HEAVY
from directives.obligations.commands.issuing import Terms, issue
from directives.plans.commands import MeasureContent, add_measure, owed_obligations, start_plan
from directives.reports.commands import hand_in, open_cycle
from tests.bench.desks import Desk, desks, person

SAMPLE = "sample"
AGO = timedelta(days=120)  # when everything of the sample was assigned
WORK = timedelta(days=240)  # how long it may take
SEED = 2015


@dataclass(frozen=True, slots=True)
class Staged:
    """What the bench needs to know: who is signed in, how much there is, what is worked on."""

    staff: str  # session keys
    supervisor: str
    supervisor_id: int
    scopes: list[
        int
    ]  # the root, a province, a county, a leaf; the last repeated where the tree is not so deep
    document: int
    section: int
    directive: int
    today: str
    bodies: int
    directives: int
    obligations: int
    report_entries: int
    documents: int
    entries: list[tuple[int, int]]  # of the staff's own report, each with its version
    measure: int
    reviews: list[
        tuple[int, int, int]
    ]  # report, entry, version: handed in, to be accepted one at a time
    desks: list[dict]  # of the writers, as `Desk`


def populate(scale: str, *, bodies: int, documents: int, now: datetime) -> None:
    """Fill the empty database with a scale of the demo, or with the sample at so many bodies."""
    if scale == SAMPLE:
        _sample(now, bodies)
    else:
        call_command("demo", scale=scale, documents=documents, seed=SEED, stdout=StringIO())


def prepare(now: datetime, *, reviews: int, writers: int) -> Staged:
    """Sign two people in and lay out the papers: entries, reviews, desks for each writer."""
    cycle = Cycle.objects.filter(document__fictional=True).order_by("-due_on", "-pk").first()
    if cycle is None:
        raise InstallationError(
            "This database holds no made-up work with a reporting cycle: "
            "the bench writes into no other."
        )
    document = Document.objects.defer(*HEAVY).get(pk=cycle.document_id)
    root = Organisation.objects.filter(parent=None, branch=True).order_by("path").first()
    supervisor = person("bench-supervisor", root, SUPERVISOR)
    laid = desks(cycle, 2 + 2 * writers, now=now)
    if len(laid) < 2 + (writers > 0):
        raise InstallationError(
            "Too few reports of the newest cycle still wait to be handed in: "
            "stage the database anew."
        )
    own, review, *rest = laid
    home = Organisation.objects.get(reports=own.report)
    staff = person("bench-staff", home, STAFF)
    directives = Directive.objects.filter(document=document, statement=False).order_by("order")
    asked = directives[len(directives) // 2]
    return Staged(
        staff=session_of(staff),
        supervisor=session_of(supervisor),
        supervisor_id=supervisor.pk,
        scopes=_scopes(root, home),
        document=document.pk,
        section=asked.section_id,
        directive=asked.pk,
        today=timezone.localdate(now).isoformat(),
        bodies=Organisation.objects.count(),
        directives=directives.count(),
        obligations=Obligation.objects.count(),
        report_entries=ReportEntry.objects.count(),
        documents=Document.objects.count(),
        entries=_versions(own),
        measure=_measure(document, home, staff, now),
        reviews=_handed_in(review, reviews, now),
        desks=[{name: getattr(desk, name) for name in Desk.__slots__} for desk in rest],
    )


def _scopes(root: Organisation, home: Organisation) -> list[int]:
    """From where the dashboard is seen: the root, a province, a county, a body with none below."""
    line = home.ancestor_ids
    return [root.pk, line[min(1, len(line) - 1)], line[-2] if len(line) > 2 else line[-1], home.pk]


def _versions(desk: Desk) -> list[tuple[int, int]]:
    return list(
        ReportEntry.objects.filter(pk__in=desk.entries, state__in=EDITABLE)
        .order_by("pk")
        .values_list("pk", "version")
    )


def _handed_in(desk: Desk, wanted: int, now: datetime) -> list[tuple[int, int, int]]:
    """Entries handed in at once, to be accepted one by one."""
    report = ReportEntry.objects.select_related("report").get(pk=desk.entries[0]).report
    hand_in(
        report=report, entries=desk.entries[:wanted], by=User.objects.get(pk=desk.person), now=now
    )
    rows = ReportEntry.objects.filter(pk__in=desk.entries[:wanted]).order_by("pk")
    return list(rows.values_list("report_id", "pk", "version"))


def _measure(document: Document, home: Organisation, staff: User, now: datetime) -> int:
    """A measure of the body's live plan on which work is logged."""
    known = (
        Measure.objects.filter(plan__organisation=home, plan__document=document, plan__live=True)
        .order_by("pk")
        .first()
    )
    if known is not None:
        return known.pk
    paper = start_plan(document=document, organisation=home, by=staff, now=now)
    content = MeasureContent("召开推进会", obligations=tuple(owed_obligations(paper)[:3]))
    return add_measure(Plan.objects.get(pk=paper.pk), content=content, by=staff, now=now).pk


# the sample, when no scale of the demo is asked for


def _sample(now: datetime, bodies: int) -> None:
    """The sample's document and bodies, its directives owed by so many, and a running cycle."""
    call_command("load_sample", without_progress=True, stdout=StringIO())
    document = Document.objects.defer(*HEAVY).get()
    directives = list(
        Directive.objects.filter(document=document, statement=False).order_by("order")
    )
    then = now - AGO
    days = {
        "due_on": timezone.localdate(then + WORK),
        "plan_due_on": timezone.localdate(then + AGO / 2),
    }
    terms = Terms(deliverable=IMPLEMENTATION_PLAN, **days)
    issue(
        document=document,
        directives=directives,
        organisations=_bodies(then, bodies),
        terms=terms,
        by=None,
        now=then,
    )
    _work(now)
    today = timezone.localdate(now)
    open_cycle(
        document=document,
        year=today.year,
        period="quarter",
        number=(today.month + 2) // 3,
        opens_on=today - timedelta(days=10),
        due_on=today + timedelta(days=10),
        by=None,
        now=now,
    )
    tick(now=now, everything=True)


def _bodies(then: datetime, wanted: int) -> list[Organisation]:
    """So many bodies: the top, others of the sample that still exist, then made-up ones."""
    existing = Organisation.objects.existing_on(timezone.localdate(then)).order_by("code")
    bodies = sorted(existing, key=lambda body: (body.parent_id is not None, body.code))[:wanted]
    top = bodies[0]
    while len(bodies) < wanted:
        number = f"{len(bodies):03}"
        bodies.append(
            Organisation.objects.create(
                code=f"X{number}", name_hans=f"单位{number}", name_hant=f"單位{number}", parent=top
            )
        )
    return bodies


def _work(now: datetime) -> None:
    """Made-up progress, written straight into this throw-away database; tallies follow it."""
    random = Random(SEED)
    rows = list(Obligation.objects.all())
    for row in rows:
        row.state, row.percent = random.choice(
            [("acknowledged", 0), ("underway", 30), ("underway", 60), ("underway", 90)]
        )
        row.acknowledge_by = None
        row.plan_due_on = row.plan_due_on if random.random() < 0.1 else None
        row.due_on = row.due_on + timedelta(days=random.randint(-130, 200))
    fields = ["state", "percent", "acknowledge_by", "plan_due_on", "due_on"]
    Obligation.objects.bulk_update(rows, fields, batch_size=500)
    Obligation.objects.update(original_due_on=F("due_on"))
    tallies.rebuild()
