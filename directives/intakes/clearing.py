"""Files brought in are kept for some days, and then cleared away with what was found of their rows; what was written stays."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import QuerySet

from directives.models import Intake, IntakeRow
from directives.models.intakes import APPLIED, UNDONE

AT_ONCE = 200


def due(now: datetime) -> QuerySet[Intake]:
    """The intakes whose time is over and of which something is left. One that is in hand at this moment is not among them."""
    old = Intake.objects.filter(at__lt=now - timedelta(days=settings.INTAKE_DAYS)).exclude(
        state__in=Intake.BUSY
    )
    return old.exclude(state__in=(APPLIED, UNDONE), file="")


def clear(*, now: datetime) -> int:
    """Clear away the files and rows of intakes older than INTAKE_DAYS; returns how many.

    Of an intake that was applied its line remains, though it can be taken back no longer; of others nothing does.
    """
    count = 0
    for intake in due(now).order_by("pk")[: AT_ONCE * 50].iterator(chunk_size=AT_ONCE):
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
