"""People and work in the database of a node, made by a process of its own, which prints what a test
needs to know of them.

usage: python -m tests.node_world
"""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qunzhu_tracker.settings")
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.utils import timezone  # noqa: E402

from directives.backups.throwaway import session_of  # noqa: E402
from directives.catalogue.kinds import KINDS  # noqa: E402
from directives.intakes import starting  # noqa: E402
from directives.models import Intake, ReportEntry, User  # noqa: E402
from tests.factories import (  # noqa: E402
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
    make_user,
)

PASSWORD = "白云-over-7-hills"
BODIES = "code,name_hans,parent\nQ09,第九单位,C0\n"


def brought_in(admin: User) -> Intake:
    upload = SimpleUploadedFile("bodies.csv", BODIES.encode())
    return starting.start_intake(
        kind=KINDS["bodies"], place={}, upload=upload, language="en", by=admin, now=timezone.now()
    )


def make() -> dict:
    centre = make_body("C0", kind="centre")
    body = make_body("Q01", parent=centre)
    document = make_document()
    directives = [make_directive(make_section(document)) for _number in range(3)]
    rows = [
        make_obligation(directive, body, state="underway", percent=10) for directive in directives
    ]
    plan = make_plan(body, document)
    measure = make_measure(plan, *rows)
    report = make_report(body, make_cycle(document), *rows)
    entry = ReportEntry.objects.filter(report=report).earliest("pk")
    people = {role: make_member(body, role, role) for role in ("staff", "manager")}
    people["supervisor"] = make_member(centre, "supervisor", "supervisor")
    people["admin"] = make_user("admin", is_staff=True, is_superuser=True)
    User.objects.update(password=make_password(PASSWORD))
    sessions = {name: session_of(User.objects.get(pk=person.pk)) for name, person in people.items()}
    intake = brought_in(people["admin"])
    intake.refresh_from_db()
    assert intake.state == "checked", (intake.state, intake.fault)
    return {
        "sessions": sessions,
        "measure": measure.pk,
        "entry": entry.pk,
        "entry_version": entry.version,
        "body": body.pk,
        "centre": centre.pk,
        "report": report.pk,
        "document": document.pk,
        "intake": intake.pk,
        "intake_version": intake.version,
        "plan": plan.pk,
        "directives": [row.pk for row in directives],
    }


if __name__ == "__main__":
    json.dump(make(), sys.stdout)
