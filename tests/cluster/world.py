"""The bodies, people and work of the cluster test.

A process of its own makes them in the database, and prints what the clients need.

usage: python -m tests.cluster.world make | count
"""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qunzhu_tracker.settings")
django.setup()

from django.utils import timezone  # noqa: E402

from directives import tallies  # noqa: E402
from directives.backups.throwaway import session_of  # noqa: E402
from directives.core.relighting import tick  # noqa: E402
from directives.core.sealing import seal, verify  # noqa: E402
from directives.models import Event, LogEntry, Obligation  # noqa: E402
from tests.factories import (  # noqa: E402
    NOW,
    make_body,
    make_directive,
    make_document,
    make_measure,
    make_member,
    make_obligation,
    make_plan,
    make_section,
)

BODIES, DIRECTIVES = 6, 40


def make() -> dict:
    """A centre with six bodies below, each owing forty directives.

    Each has somebody to acknowledge them.
    """
    centre = make_body("C0", kind="centre")
    document = make_document()
    directives = [make_directive(make_section(document)) for _number in range(DIRECTIVES)]
    people = []
    for number in range(BODIES):
        body = make_body(f"B{number}", parent=centre)
        rows = [
            make_obligation(directive, body, state="assigned", percent=0)
            for directive in directives
        ]
        measure = make_measure(make_plan(body, document), *rows)
        session = session_of(make_member(body, "staff", f"staff{number}"))
        people.append({"session": session, "measure": measure.pk, "body": body.pk})
    # So that the worker finds nothing to do, and no version moves under the clients.
    tick(now=timezone.now(), everything=True)
    for person in people:
        rows = Obligation.objects.filter(organisation=person["body"]).order_by("pk")
        person["obligations"] = list(rows.values_list("pk", "version"))
    return {
        "people": people,
        "supervisor": session_of(make_member(centre, "supervisor", "supervisor")),
        "document": document.pk,
    }


def count() -> dict:
    """What the database holds after the load, and whether its sums and its record are whole."""
    while seal(now=NOW):
        pass
    log = sorted(LogEntry.objects.values_list("text", flat=True))
    taken = Event.objects.filter(action="acknowledge").order_by("obligation_id")
    return {
        "log": log,
        "logged": Event.objects.filter(action="log").count(),
        "acknowledged": list(taken.values_list("obligation_id", flat=True)),
        "states": sorted(Obligation.objects.exclude(state="assigned").values_list("pk", flat=True)),
        "drift": tallies.drift(),
        "faults": verify(),
    }


if __name__ == "__main__":
    json.dump({"make": make, "count": count}[sys.argv[1]](), sys.stdout)
