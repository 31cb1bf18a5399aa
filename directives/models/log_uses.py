"""Which entries of the work log a report was drafted from."""

from django.db import models

from directives.models.plans import LogEntry
from directives.models.reports import ReportEntry


class LogUse(models.Model):
    """A report entry was drafted from this entry of the work log, and handed in with it if it was
    handed in since.
    """

    entry = models.ForeignKey(ReportEntry, models.CASCADE, related_name="log_uses", db_index=False)
    log_entry = models.ForeignKey(LogEntry, models.CASCADE, related_name="uses")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "log_entry"], name="log_used_once_per_entry")
        ]

    def __str__(self) -> str:
        return f"{self.entry} · {self.log_entry}"
