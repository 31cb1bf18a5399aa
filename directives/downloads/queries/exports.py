"""The files that a person asked for: how far each has come, and how long it is kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from directives.downloads.queries.jobs import Progress, progress_of
from directives.models import Export, User
from directives.models.exports import READY, RUNNING, UNFINISHED

SHOWN = 50  # of a person's files, the newest
SURE = 5  # seconds of writing before which nobody can say how long it takes


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """One file and how it stands at an instant."""

    export: Export
    progress: Progress
    kept: timedelta

    @property
    def now(self) -> datetime:
        return self.progress.now

    @property
    def unended(self) -> bool:
        return self.export.state in UNFINISHED

    @property
    def running(self) -> bool:
        return self.export.state == RUNNING

    @property
    def ready(self) -> bool:
        """It can be had."""
        return self.export.state == READY and self.now <= self.until

    @property
    def until(self) -> datetime | None:
        """When it will be deleted; None while it is being written."""
        return self.export.finished_at and self.export.finished_at + self.kept

    @property
    def left(self) -> timedelta | None:
        """How long the writing will still take, judged by what is done; None while that cannot be said."""
        row = self.export
        if not self.running or not row.total or not row.done:
            return None
        gone = self.now - row.started_at
        return (
            None if gone.total_seconds() < SURE else gone * max(0, row.total - row.done) / row.done
        )

    @property
    def minutes(self) -> int:
        """The time left, in minutes begun."""
        return int(self.left.total_seconds() // 60) + 1 if self.left is not None else 0

    @property
    def place(self) -> int | None:
        """The id of the thing that the list is about, if it is about one."""
        return self.export.place.get("pk")


def exports_of(user: User) -> QuerySet[Export]:
    """The files that this person asked for."""
    return Export.objects.visible_to(user)


def with_progress(
    exports: Iterable[Export], *, now: datetime, kept: timedelta
) -> tuple[ExportProgress, ...]:
    """These files as they stand; one query where one of them is waited for."""
    return tuple(
        ExportProgress(progress.row, progress, kept) for progress in progress_of(exports, now=now)
    )


def recent_exports(user: User, *, now: datetime, kept: timedelta) -> tuple[ExportProgress, ...]:
    """The person's files, the newest first. At most two queries."""
    return with_progress(exports_of(user)[:SHOWN], now=now, kept=kept)
