"""Giving directives to thousands of bodies: the worker does it, some bodies at a time.

Every body gets all of its directives, and its people their notice, in one transaction; between two of them others write.
A pair that exists is left as it is, so what was done stays right if a part is done again.
"""

from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from directives.core import jobs
from directives.core.addressing import pairs_proposed
from directives.models import Document, JobProgress, JobRun, Organisation, User
from directives.obligations.commands.choosing import Choice, chosen_bodies
from directives.obligations.commands.issuing import Terms, check, issue

AT_ONCE = 5_000  # pairs that are made while their author waits; more are left to the worker
PART = 2_000  # pairs of one transaction


def issue_in_parts(
    *, document: Document, choice: Choice, terms: Terms, by: User, now: datetime
) -> JobProgress:
    """Have the worker give these directives to all these bodies. Raises Invalid with every fault at once, or NotAllowed."""
    today = timezone.localdate(now)
    bodies = chosen_bodies(by, choice, today)
    directives = list(document.directives.filter(pk__in=choice.directives, statement=False))
    check(document, directives, list(bodies[:1]), terms, by, today)
    asked = choice.to_json() | {"terms": _kept(terms), "posts": jobs.supervised_body_ids(by)}
    return jobs.start_job(
        "issue", document=document, asked=asked, total=bodies.count(), by=by, now=now
    )


def _kept(terms: Terms) -> dict[str, Any]:
    return asdict(terms) | {
        **{
            name: day.isoformat() if day else None
            for name in DAYS
            for day in [getattr(terms, name)]
        },
        "lead": terms.lead.pk if terms.lead else None,
    }


DAYS = ("starts_on", "plan_due_on", "due_on")


def _terms(kept: dict[str, Any]) -> Terms:
    days = {name: date.fromisoformat(kept[name]) if kept[name] else None for name in DAYS}
    plain = {
        field.name: kept[field.name] for field in fields(Terms) if field.name not in (*DAYS, "lead")
    }
    return Terms(
        **plain,
        **days,
        lead=Organisation.objects.filter(pk=kept["lead"]).first() if kept["lead"] else None,
    )


def next_part(job: JobProgress) -> bool:
    """Give the directives to the next bodies, in the order of the tree."""
    choice = Choice.from_json(job.asked)
    directives = list(
        job.document.directives.filter(pk__in=choice.directives, statement=False).order_by("order")
    )
    size = max(1, PART // max(1, len(directives)))
    now = JobRun.objects.as_of(job.at)
    meant = chosen_bodies(job.by, choice, timezone.localdate(now)).filter(path__gt=job.reached)
    bodies = list(meant.order_by("path")[:size])
    if bodies:
        pairs = pairs_proposed(directives, bodies) if choice.addressed else None
        made = issue(
            document=job.document, directives=directives, organisations=bodies, terms=_terms(job.asked["terms"]), by=job.by, now=now,
            pairs=pairs,
        )  # fmt: skip
        job.made, job.done, job.reached = (
            job.made + len(made),
            job.done + len(bodies),
            bodies[-1].path,
        )
    return len(bodies) == size


ACT = jobs.in_parts(next_part)
