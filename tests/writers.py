"""Several processes that work on the same bodies at once.

The world they work in, what each does, what must hold afterwards.

`python -m tests.writers MOVES SEED` is one of them; it makes so many moves and prints what was
accepted, refused and failed. `python -m tests.writers --full [MOVES [WRITERS]]` makes a world in
the empty database of DATABASE_URL, and so many moves in it.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import NamedTuple

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qunzhu_tracker.settings")
    import django

    django.setup()

from django.core.management import call_command
from django.db import Error, connection
from django.db.models import Count, F, Q

from directives import tallies
from directives.base.refusals import Refusal
from directives.base.states import OBLIGATION_MOVES, SUBMITTED
from directives.core.rules import has_manager
from directives.models import (
    Event,
    LogEntry,
    Measure,
    Membership,
    Obligation,
    Plan,
    ProgressReport,
    Submission,
    User,
)
from directives.obligations.commands.supervising import move_obligation
from directives.plans import commands as planning
from directives.reports import commands as reporting
from directives.reports.commands import reviewing
from tests.factories import (
    NOW,
    TODAY,
    make_body,
    make_cycle,
    make_directive,
    make_document,
    make_measure,
    make_member,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)

WHY = "已核实"


def make_world(
    *, provinces: int = 2, cities: int = 3, bodies: int = 3, directives: int = 6
) -> None:
    """A centre with a supervisor, provinces, cities, and under each city bodies that owe.

    They have people, a plan and a report.
    """
    centre = make_body("C000", kind="centre")
    make_member(centre, "supervisor", "supervisor")
    document = make_document()
    owed = [
        make_directive(section)
        for section in (make_section(document), make_section(document))
        for _n in range(directives // 2)
    ]
    cycle = make_cycle(document)
    with tallies.counted():
        for province in range(provinces):
            above = make_body(f"P{province}", parent=centre, kind="provincial_committee")
            for city in range(cities):
                committee = make_body(f"P{province}C{city}", parent=above, kind="committee")
                for number in range(bodies):
                    body = make_body(f"P{province}C{city}B{number}", parent=committee)
                    make_member(body, "staff", f"staff-{body.code}")
                    if number % 2:
                        make_member(body, "manager", f"manager-{body.code}")
                    rows = [
                        make_obligation(
                            one, body, state="assigned", percent=0, acknowledge_by=TODAY
                        )
                        for one in owed
                    ]
                    report = make_report(body, cycle, *rows)
                    report.entries.update(progress="完成一项", percent=40, saved_at=NOW)
                    make_measure(make_plan(body, document), *rows)


class Crew(NamedTuple):
    """Who acts in the world.

    For each body its staff and whoever signs, and the supervisor of all.
    """

    supervisor: User
    staff: dict[int, User]
    managers: dict[int, User]

    @classmethod
    def gather(cls) -> "Crew":
        people = Membership.objects.select_related("user")
        by_role = {
            role: {m.organisation_id: m.user for m in people.filter(role=role)}
            for role in ("staff", "manager")
        }
        return cls(User.objects.get(username="supervisor"), by_role["staff"], by_role["manager"])


def move_one(random: Random, crew: Crew, pk: int) -> str:
    """One legal move of an obligation, by whoever may make it."""
    row = Obligation.objects.select_related("organisation", "document", "directive").get(pk=pk)
    legal = [
        name
        for name, step in OBLIGATION_MOVES.items()
        if row.state in step.sources and name != "withdraw"
    ]
    action = random.choice(legal)
    by = (
        crew.supervisor
        if OBLIGATION_MOVES[action].right == "oversee"
        else crew.staff[row.organisation_id]
    )
    move_obligation(obligation=row, action=action, by=by, now=NOW, reason=WHY)
    return action


def report_one(random: Random, crew: Crew, pk: int) -> str:
    """Hand in, sign or decide one entry of the report of a body."""
    report = ProgressReport.objects.select_related("organisation", "document", "cycle").get(pk=pk)
    entry = random.choice(list(report.entries.all()))
    staff, manager = crew.staff[report.organisation_id], crew.managers.get(report.organisation_id)
    if entry.state == SUBMITTED:
        reviewing.decide(
            report=report,
            decisions={entry.pk: (random.random() < 0.4, WHY)},
            by=crew.supervisor,
            now=NOW,
        )
        return "decide"
    if entry.state == "awaiting":
        reporting.sign(report=report, entries=[entry.pk], by=manager, now=NOW)
        return "sign"
    fields = reporting.EntryFields(
        progress=f"完成{random.randint(0, 10**9)}项", percent=random.randint(0, 100), problems=WHY
    )
    entry.report = report
    reporting.save_entry(entry=entry, fields=fields, version=entry.version, by=staff, now=NOW)
    reporting.hand_in(report=report, entries=[entry.pk], by=staff, now=NOW)
    return "hand_in"


def plan_one(random: Random, crew: Crew, pk: int) -> str:
    """The next move of the plan of a body."""
    plan = Plan.objects.select_related("organisation", "document").get(pk=pk)
    staff, manager = crew.staff[plan.organisation_id], crew.managers.get(plan.organisation_id)
    if plan.state == SUBMITTED:
        planning.decide(
            plan, accepted=random.random() < 0.5, reason=WHY, by=crew.supervisor, now=NOW
        )
        return "decide_plan"
    action = {"awaiting": "sign", "accepted": "revise"}.get(
        plan.state, "ask_signature" if has_manager(plan.organisation) else "hand_in"
    )
    planning.move_plan(plan, action, by=manager if action == "sign" else staff, now=NOW, reason=WHY)
    return f"{action}_plan"


def log_one(random: Random, crew: Crew, pk: int) -> str:
    measure = Measure.objects.select_related("plan__organisation").get(pk=pk)
    planning.log_work(
        measure,
        on=TODAY,
        text=f"座谈{random.randint(0, 10**9)}",
        by=crew.staff[measure.plan.organisation_id],
        now=NOW,
    )
    return "log"


def work(moves: int, seed: int) -> dict:
    """Make so many moves.

    What was accepted by name, how many were refused (somebody was first), what failed, and how long
    it took.
    """
    # One writer at a time: on a busy machine the last of eight waits long.
    if connection.vendor == "sqlite":
        connection.cursor().execute("PRAGMA busy_timeout = 120000")
    random, crew = Random(seed), Crew.gather()
    kinds: list[tuple[Callable[[Random, Crew, int], str], list[int], int]] = [
        (do, list(model.objects.values_list("pk", flat=True)), weight)
        for do, model, weight in (
            (move_one, Obligation, 6),
            (report_one, ProgressReport, 3),
            (plan_one, Plan, 1),
            (log_one, Measure, 1),
        )
    ]
    accepted, refused, failed = Counter(), 0, []
    began = time.monotonic()
    while accepted.total() < moves and len(failed) < 20:
        do, ids, _weight = random.choices(kinds, weights=[weight for _do, _ids, weight in kinds])[0]
        try:
            accepted[do(random, crew, random.choice(ids))] += 1
        except Refusal:
            refused += 1
        except Error as error:
            failed.append(f"{type(error).__name__}: {error}")
    return {
        "accepted": accepted,
        "refused": refused,
        "failed": failed,
        "seconds": time.monotonic() - began,
    }


def losses(accepted: Counter[str]) -> list[str]:
    """What the record and the rows say that does not agree with what was accepted.

    Empty when nothing is lost and nothing doubled.
    """
    found = []
    told = Event.objects.filter(subject_type="obligation", subject_id=F("obligation_id")).exclude(
        action="issue"
    )
    times = dict(told.values_list("obligation_id").annotate(n=Count("pk")).order_by())
    for pk, version in Obligation.objects.values_list("pk", "version"):
        if version - 1 != times.get(pk, 0):
            found.append(f"obligation {pk}: version {version}, {times.get(pk, 0)} events")
    for action in OBLIGATION_MOVES.keys() - {"start"}:  # a log or an accepted plan starts work too
        counted = Event.objects.filter(subject_type="obligation", action=action).count()
        if counted != accepted[action]:
            found.append(f"{action}: {accepted[action]} accepted, {counted} events")
    if LogEntry.objects.count() != accepted["log"]:
        found.append(f"log: {accepted['log']} accepted, {LogEntry.objects.count()} entries")
    verdicts = Event.objects.filter(
        Q(subject_type="reportentry"), action__in=("accept", "return")
    ).count()
    if verdicts != accepted["decide"]:
        found.append(f"verdicts: {accepted['decide']} accepted, {verdicts} events")
    plans = Submission.objects.exclude(plan=None).count()
    if plans != accepted["sign_plan"] + accepted["hand_in_plan"]:
        found.append(f"plans: {accepted} accepted, {plans} submissions")
    return found


def full(moves: int = 5000, writers: int = 8) -> None:
    """Print what so many processes bore together."""
    call_command("migrate", verbosity=0, interactive=False)
    make_world(provinces=3, cities=4, bodies=4, directives=10)
    command = [sys.executable, "-m", "tests.writers", str(moves // writers)]
    processes = [
        subprocess.Popen([*command, str(seed)], stdout=subprocess.PIPE, text=True)
        for seed in range(writers)
    ]
    told = [json.loads(process.communicate()[0]) for process in processes]
    accepted = sum((Counter(one["accepted"]) for one in told), Counter())
    seconds = max(one["seconds"] for one in told)
    failed = [text for one in told for text in one["failed"]]
    sys.stdout.write(
        f"{accepted.total()} accepted in {seconds:.0f} s: "
        f"{accepted.total() / seconds:.0f} a second, by {writers} writers\n"
    )
    sys.stdout.write(
        f"{dict(accepted)}\n"
        f"{sum(one['refused'] for one in told)} refused, {len(failed)} failed {failed[:3]}\n"
    )
    sys.stdout.write(f"lost or doubled: {losses(accepted)}\ndrift: {tallies.drift()}\n")


if __name__ == "__main__":
    if sys.argv[1] == "--full":
        full(*map(int, sys.argv[2:]))
    else:
        told = work(int(sys.argv[1]), int(sys.argv[2]))
        connection.close()
        sys.stdout.write(json.dumps(told))
