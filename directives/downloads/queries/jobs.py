"""The background jobs of a user and their progress."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext

from directives.core.notices import ACTS
from directives.models import Document, Export, Intake, JobProgress, JobRun, User
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.jobs import HALTED, UNFINISHED

QUIET = timedelta(seconds=60)  # without progress: its process may have died

# The models that inherit `BackgroundJob`, with a state each.
LongAct = Export | Intake | JobProgress


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a background job at an instant."""

    row: LongAct
    now: datetime
    worker: bool  # a worker is alive

    @property
    def busy(self) -> bool:
        return self.row.state in self.row.BUSY

    @property
    def waiting(self) -> bool:
        """Whether it has not started, or waits for its next turn."""
        return self.busy and self.row.moved_at is None

    @property
    def quiet(self) -> bool:
        """Whether it has started, but made no progress for some time."""
        moved_at = self.row.moved_at
        return self.busy and moved_at is not None and moved_at + QUIET < self.now

    @property
    def idle(self) -> bool:
        """Whether no process runs it, and none will until a worker is started."""
        return not self.worker and (self.waiting or self.quiet)


def progress_of(rows: Iterable[LongAct], *, now: datetime) -> tuple[Progress, ...]:
    """Return the progress of each job, with one query if any is busy."""
    rows = tuple(rows)
    worker = any(row.state in row.BUSY for row in rows) and JobRun.objects.living(now).exists()
    return tuple(Progress(row, now, worker) for row in rows)


def title(job: JobProgress) -> str:
    return gettext(ACTS[job.kind])


def jobs_of(user: User) -> QuerySet[JobProgress]:
    """The jobs that the user requested, each with its document."""
    return JobProgress.objects.visible_to(user).select_related("document").defer(*HEAVY_OF_DOCUMENT)


def under_way(user: User, document: Document) -> Sequence[JobProgress]:
    """The user's jobs on a document that have not ended."""
    unfinished = JobProgress.objects.visible_to(user).filter(
        document=document, state__in=UNFINISHED | HALTED
    )
    return tuple(unfinished.order_by("-pk")[:5])
