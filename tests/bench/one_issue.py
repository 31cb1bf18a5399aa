"""One bulk issue, carried out as the worker does, in a process of its own.

Run by its path, in this checkout or in another one (`--before`), with a line of JSON as its input:
it names only what both have.
"""

import json
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from directives.core import jobs
from directives.core.jobs.running import LIST_OF_ACTS
from directives.models import Document, JobProgress, Notice, Obligation, User
from directives.models.documents import HEAVY
from directives.models.jobs import UNFINISHED
from directives.obligations.commands import bulk_issuing
from directives.obligations.commands.choosing import BodyGroup, Choice
from directives.obligations.commands.issuing import Terms


def starter(document: Document, way: str, by: User, now: datetime) -> Callable[[], JobProgress]:
    """What starts the job that assigns everything in the document to all bodies below the person's.

    What its page has read by then is read already.
    """
    common: dict[str, Any] = {"document": document, "by": by, "now": now}
    if way == "said":
        return _starter_as_said(**common)
    directives = document.directives.values_list("pk", flat=True)
    choice = Choice(frozenset(directives), (BodyGroup(),), addressed=way == "addressed")
    return partial(bulk_issuing.issue_in_parts, choice=choice, terms=Terms(), **common)


def _starter_as_said(document: Document, by: User, now: datetime) -> Callable[[], JobProgress]:
    # Not in checkouts up to the release of December 2026
    from directives.obligations.commands.as_said import Share
    from directives.obligations.queries.as_said import proposal

    shares = [
        Share(
            line.directive,
            row.meaning.name,
            row.meaning.bodies,
            row.addressee.role,
            is_class=row.meaning.is_class,
        )
        for line in proposal(document, by, today=timezone.localdate(now)).directives
        for row in line.rows
    ]
    return partial(
        bulk_issuing.issue_said_in_parts,
        document=document,
        shares=shares,
        common=Terms(),
        by=by,
        now=now,
    )


def serving() -> float:
    """Seconds of a processor that the server of PostgreSQL took for this connection."""
    if connection.vendor != "postgresql":
        return 0.0
    pid = connection.connection.info.backend_pid
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:  # on another machine
        return 0.0
    return sum(map(int, stat.rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def carry_out(document: int, way: str, by: int) -> dict[str, Any]:
    """Assign all of it; returns what it took. Statements do not include COPY of PostgreSQL."""
    counts: Counter[str] = Counter()

    def count(execute: Any, *rest: Any) -> Any:
        counts["statements"] += 1
        return execute(*rest)

    person = User.objects.get(pk=by)
    paper = Document.objects.defer(*HEAVY).select_related("organisation").get(pk=document)
    import_string(LIST_OF_ACTS)  # as a worker has imported all of it already
    reverse("job", args=[1])
    start = starter(paper, way, person, timezone.now())
    began, busy, served = time.perf_counter(), time.process_time(), serving()
    with connection.execute_wrapper(count):
        job = start()
        while job.state in UNFINISHED:
            jobs.run("job", job.pk, queued=job.task)
            job.refresh_from_db()
    took = {
        "seconds": time.perf_counter() - began,
        "computing": time.process_time() - busy,
        "serving": serving() - served,
    }
    rows = Obligation.objects.filter(document=paper)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        **took,
        "state": job.state,
        "rows": rows.count(),
        "notices": Notice.objects.filter(kind="issued", at=job.at).count(),
        "statements": counts["statements"],
        "peak": round(peak, 1),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(carry_out(**json.loads(sys.stdin.readline()))))
