"""Deletes old intakes: their files and checked rows, not what they wrote."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import QuerySet

from directives.models import Intake, IntakeRow
from directives.models.intakes import APPLIED, UNDONE

BATCH = 200
RUN_LIMIT = 50 * BATCH  # in one run


def due(now: datetime) -> QuerySet[Intake]:
    """The intakes that are old and not busy, and have something to delete."""
    old = Intake.objects.filter(at__lt=now - timedelta(days=settings.INTAKE_DAYS)).exclude(
        state__in=Intake.BUSY
    )
    return old.exclude(state__in=(APPLIED, UNDONE), file="")


def clear(*, now: datetime) -> int:
    """Delete the files and rows of intakes older than INTAKE_DAYS; return how many.

    Applied intakes stay in the list, but can no longer be undone; others are deleted.
    """
    count = 0
    for intake in due(now).order_by("pk")[:RUN_LIMIT].iterator(chunk_size=BATCH):
        name = intake.file.name
        IntakeRow.objects.filter(intake=intake).delete()
        if intake.state in (APPLIED, UNDONE):
            Intake.objects.filter(pk=intake.pk).update(file="", tables=[], matching={})
        else:
            intake.delete()
        if name:
            default_storage.delete(name)
        count += 1
    return count
