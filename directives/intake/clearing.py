"""Files brought in are kept for some days, and then cleared away with what was found of their rows; what was written stays."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.storage import default_storage

from directives.models import Intake, IntakeRow
from directives.models.intakes import APPLIED, UNDONE

AT_ONCE = 200


def clear(*, now: datetime) -> int:
    """Clear away the files and rows of intakes older than INTAKE_DAYS; returns how many.

    Of an intake that was applied its line remains, though it can be taken back no longer; of others nothing does. One that is in
    hand at this moment is left for the next day.
    """
    old = Intake.objects.filter(at__lt=now - timedelta(days=settings.INTAKE_DAYS)).exclude(state__in=Intake.BUSY)
    old = old.exclude(state__in=(APPLIED, UNDONE), file="")
    count = 0
    for intake in old.order_by("pk")[: AT_ONCE * 50].iterator(chunk_size=AT_ONCE):
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
