"""The exports of a user: how far each has come, and how long its file is kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from directives.downloads.queries.jobs import Progress, progress_of
from directives.models import Export, User
from directives.models.exports import READY, RUNNING, UNFINISHED

PAGE_LIMIT = 50  # exports on the page
ESTIMATE_AFTER = 5  # seconds of writing before the time left is estimated


@dataclass(frozen=True, slots=True)
class ExportProgress:
    export: Export
    progress: Progress
    retention: timedelta

    @property
    def now(self) -> datetime:
        return self.progress.now

    @property
    def unfinished(self) -> bool:
        return self.export.state in UNFINISHED

    @property
    def running(self) -> bool:
        return self.export.state == RUNNING

    @property
    def ready(self) -> bool:
        """Whether the file can be downloaded."""
        kept_until = self.kept_until
        return self.export.state == READY and kept_until is not None and self.now <= kept_until

    @property
    def kept_until(self) -> datetime | None:
        """When the file will be deleted; None while it is being written."""
        return self.export.finished_at and self.export.finished_at + self.retention

    @property
    def time_left(self) -> timedelta | None:
        """An estimate of the remaining writing time; None if there is none yet."""
        export = self.export
        if not self.running or not export.total or not export.done or export.started_at is None:
            return None
        elapsed = self.now - export.started_at
        if elapsed.total_seconds() < ESTIMATE_AFTER:
            return None
        return elapsed * max(0, export.total - export.done) / export.done

    @property
    def minutes(self) -> int:
        """The time left in minutes, rounded up; 0 if unknown."""
        return int(self.time_left.total_seconds() // 60) + 1 if self.time_left is not None else 0

    @property
    def place(self) -> int | None:
        """The id of the object that the list is about, if there is one."""
        pk: int | None = self.export.place.get("pk")
        return pk


def exports_of(user: User) -> QuerySet[Export]:
    return Export.objects.visible_to(user)


def with_progress(
    exports: Iterable[Export], *, now: datetime, retention: timedelta
) -> tuple[ExportProgress, ...]:
    """Return the progress of each export, with one query if any is being written."""
    exports = tuple(exports)
    pairs = zip(exports, progress_of(exports, now=now), strict=True)
    return tuple(ExportProgress(export, progress, retention) for export, progress in pairs)


def recent_exports(
    user: User, *, now: datetime, retention: timedelta
) -> tuple[ExportProgress, ...]:
    """The user's exports, the newest first; at most two queries."""
    return with_progress(exports_of(user)[:PAGE_LIMIT], now=now, retention=retention)
