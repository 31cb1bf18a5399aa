"""Long acts and how far they have come, for whoever asked for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext

from directives.core.notices import ACTS
from directives.models import BackgroundJob, Document, JobProgress, JobRun, User
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.jobs import HALTED, UNFINISHED

QUIET = timedelta(
    seconds=60
)  # a row that has not moved for so long may have been left by its process


@dataclass(frozen=True, slots=True)
class Progress:
    """How an act stands at an instant, as far as anybody can know: `worker` tells whether one is alive."""

    row: BackgroundJob
    now: datetime
    worker: bool

    @property
    def busy(self) -> bool:
        return self.row.state in self.row.BUSY

    @property
    def waiting(self) -> bool:
        """It has not begun, or waits for its next turn."""
        return self.busy and self.row.moved_at is None

    @property
    def quiet(self) -> bool:
        """It is in hand, and has not come further for some time."""
        return self.busy and not self.waiting and self.row.moved_at + QUIET < self.now

    @property
    def idle(self) -> bool:
        """No process works on it, and none will until a worker is started."""
        return not self.worker and (self.waiting or self.quiet)


def progress_of(rows: Iterable[BackgroundJob], *, now: datetime) -> tuple[Progress, ...]:
    """These acts as they stand; one query where one of them is waited for."""
    rows = tuple(rows)
    worker = any(row.state in row.BUSY for row in rows) and JobRun.objects.living(now).exists()
    return tuple(Progress(row, now, worker) for row in rows)


def title(job: JobProgress) -> str:
    """What the act is called."""
    return gettext(ACTS[job.kind])


def jobs_of(user: User) -> QuerySet[JobProgress]:
    """The long acts that this person asked for, each with its document."""
    return JobProgress.objects.visible_to(user).select_related("document").defer(*HEAVY_OF_DOCUMENT)


def under_way(user: User, document: Document) -> Sequence[JobProgress]:
    """Those about a document that have not come to their end."""
    unended = JobProgress.objects.visible_to(user).filter(
        document=document, state__in=UNFINISHED | HALTED
    )
    return tuple(unended.order_by("-pk")[:5])
