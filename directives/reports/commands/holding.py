"""A report that is handed in or decided on is held: what becomes of its entries becomes of them one after another."""

from copy import copy

from directives.models import ProgressReport
from directives.models.documents import HEAVY_OF_DOCUMENT

HOME = ("organisation", "document", "cycle")
CHANGES = (
    "organisation_id",
    "begun_at",
    "first_submitted_at",
    "completed_at",
    "waiting_since",
    "version",
)  # while a report lives


def held(report: ProgressReport) -> ProgressReport:
    """The report as it now stands, held until the transaction ends; with its body, document and cycle."""
    if not all(ProgressReport._meta.get_field(name).is_cached(report) for name in HOME):
        rows = ProgressReport.objects.select_for_update(no_key=True, of=("self",)).select_related(
            *HOME
        )
        return (
            rows.select_related("organisation__parent").defer(*HEAVY_OF_DOCUMENT).get(pk=report.pk)
        )
    stored = (
        ProgressReport.objects.select_for_update(no_key=True)
        .filter(pk=report.pk)
        .values_list(*CHANGES)
        .get()
    )
    fresh = copy(report)
    for name, value in zip(CHANGES, stored, strict=True):
        setattr(fresh, name, value)
    return fresh
