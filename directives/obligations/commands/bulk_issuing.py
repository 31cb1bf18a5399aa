"""Assigning directives to thousands of organisations in the worker, a part at a time.

One transaction assigns all directives to the bodies of a part and notifies their people. Others
can write between two parts. Existing pairs are left unchanged, so a part is safe to run twice.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from directives.core import jobs
from directives.core.addressing import pairs_proposed
from directives.models import Document, JobProgress, JobRun, Organisation, User
from directives.obligations.commands.as_said import Share, issue_as_said
from directives.obligations.commands.choosing import Choice, chosen_bodies
from directives.obligations.commands.issuing import Terms, check, demand_own, issue

AT_ONCE = 5_000  # pairs that a request creates itself; the worker creates more
PART = 2_000  # pairs in one transaction


def issue_in_parts(
    *, document: Document, choice: Choice, terms: Terms, by: User, now: datetime
) -> JobProgress:
    """Start the job that assigns the chosen directives to the chosen bodies.

    Raises Invalid with every fault at once, or NotAllowed.
    """
    today = timezone.localdate(now)
    bodies = chosen_bodies(by, choice, today)
    directives = list(document.directives.filter(pk__in=choice.directives, statement=False))
    check(document, directives, list(bodies[:1]), terms, by, today)
    arguments = choice.to_json() | {"terms": _to_json(terms), "posts": jobs.supervised_body_ids(by)}
    return jobs.start_job(
        "issue", document=document, asked=arguments, total=bodies.count(), by=by, now=now
    )


def issue_said_in_parts(
    *, document: Document, shares: Sequence[Share], common: Terms, by: User, now: datetime
) -> JobProgress:
    """Start the job that assigns each share on its own terms. Raises NotAllowed."""
    demand_own(document, by)
    said, posts = _said(shares), jobs.supervised_body_ids(by)
    arguments = {"said": said, "terms": _to_json(common), "posts": posts}
    total = len(said["bodies"])
    return jobs.start_job("issue", document=document, asked=arguments, total=total, by=by, now=now)


def _said(shares: Sequence[Share]) -> dict[str, Any]:
    """The shares as JSON: each body with the places of its names, so that a part reads its own."""
    # A name of the document may be typed too, and mean other bodies there.
    named = {(share.name, id(share.bodies)): share for share in shares}
    places = {key: place for place, key in enumerate(named)}
    paths = {body.pk: body.path for share in named.values() for body in share.bodies}
    of_body: dict[int, list[int]] = {pk: [] for pk in sorted(paths, key=paths.__getitem__)}
    for key, share in named.items():
        for body in share.bodies:
            of_body[body.pk].append(places[key])
    return {
        "names": [[share.name, share.is_class] for share in named.values()],
        "bodies": list(of_body.items()),
        "shares": [
            [
                share.directive.pk,
                places[share.name, id(share.bodies)],
                share.part,
                share.due_on.isoformat() if share.due_on else None,
            ]
            for share in shares
        ],
    }


def _to_json(terms: Terms) -> dict[str, Any]:
    def text(day: date | None) -> str | None:
        return day.isoformat() if day else None

    return {
        "part": terms.part,
        "deliverable": terms.deliverable,
        "starts_on": text(terms.starts_on),
        "plan_due_on": text(terms.plan_due_on),
        "due_on": text(terms.due_on),
        "lead": terms.lead.pk if terms.lead else None,
        "first_leads": terms.first_leads,
    }


def _from_json(values: dict[str, Any]) -> Terms:
    def day(name: str) -> date | None:
        return date.fromisoformat(values[name]) if values[name] else None

    lead = values["lead"]

    return Terms(
        part=values["part"],
        deliverable=values["deliverable"],
        starts_on=day("starts_on"),
        plan_due_on=day("plan_due_on"),
        due_on=day("due_on"),
        lead=Organisation.objects.filter(pk=lead).first() if lead else None,
        first_leads=values["first_leads"],
    )


def _next_said_part(job: JobProgress) -> bool:
    """Assign the shares of the next bodies in tree order. Returns whether any may be left."""
    assert job.document is not None, "set by issue_said_in_parts"
    said, now = job.asked["said"], JobRun.objects.as_of(job.at)
    asked = {directive for directive, *_rest in said["shares"]}
    size = max(1, PART // max(1, len(asked)))
    part = said["bodies"][job.done : job.done + size]
    existing = Organisation.objects.existing_on(timezone.localdate(now)).in_bulk(
        [pk for pk, _names in part]
    )
    bodies: list[list[Organisation]] = [[] for _name in said["names"]]
    for pk, places in part:
        for place in places if pk in existing else ():
            bodies[place].append(existing[pk])
    directives = job.document.directives.filter(statement=False).in_bulk(asked)
    shares = []
    for directive, place, role, due_on in said["shares"]:
        if directive in directives and bodies[place]:
            name, is_class = said["names"][place]
            day = due_on and date.fromisoformat(due_on)
            row = directives[directive]
            shares.append(Share(row, name, tuple(bodies[place]), role, day, is_class))
    common = _from_json(job.asked["terms"])
    created = issue_as_said(document=job.document, shares=shares, common=common, by=job.by, now=now)
    job.made, job.done = job.made + len(created), job.done + len(part)
    return job.done < len(said["bodies"])


def next_part(job: JobProgress) -> bool:
    """Assign the directives to the next bodies in tree order. Returns whether any may be left."""
    if "said" in job.asked:
        return _next_said_part(job)
    document, by, choice = job.document, job.by, Choice.from_json(job.asked)
    assert document is not None and by is not None, "set by issue_in_parts"
    directives = list(
        document.directives.filter(pk__in=choice.directives, statement=False).order_by("order")
    )
    size = max(1, PART // max(1, len(directives)))
    now = JobRun.objects.as_of(job.at)
    remaining = chosen_bodies(by, choice, timezone.localdate(now)).filter(path__gt=job.reached)
    bodies = list(remaining.order_by("path")[:size])
    if bodies:
        created = issue(
            document=document,
            directives=directives,
            organisations=bodies,
            terms=_from_json(job.asked["terms"]),
            by=by,
            now=now,
            pairs=pairs_proposed(directives, bodies) if choice.addressed else None,
        )
        job.made, job.done = job.made + len(created), job.done + len(bodies)
        job.reached = bodies[-1].path
    return len(bodies) == size


ACT = jobs.in_parts(next_part)
