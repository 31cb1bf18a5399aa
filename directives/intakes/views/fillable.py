"""Downloads: templates to fill in, and copies of imported tables with their faults marked."""

from io import BytesIO

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.wording import localized
from directives.catalogue.kinds import KINDS
from directives.core import audit
from directives.intakes import checking
from directives.intakes.forms import requested_place
from directives.models import Intake
from directives.reports.imports.entries import entries_to_fill_in
from directives.reports.queries.entries import report_sheet
from directives.reports.queries.reports import visible_reports as found_reports
from directives.tables.fields import IntakeContext
from directives.tables.marked_copy import rows_to_mark, write_marked_copy
from directives.tables.templates import template
from directives.web.doors import demand
from directives.web.requests import SignedInRequest

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _workbook(content: bytes, name: str) -> FileResponse:
    return FileResponse(
        BytesIO(content), as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX
    )


@require_GET
def intake_template(request: SignedInRequest, kind: str) -> FileResponse:
    table_kind = KINDS.get(kind)
    if table_kind is None:
        raise Http404
    if not table_kind.may(request.user):
        raise PermissionDenied
    context = IntakeContext(
        request.user,
        request.now,
        request.today,
        requested_place(table_kind, request.user, request.GET),
    )
    return _workbook(
        template(table_kind, context), _("%(table)s to fill in") % {"table": table_kind.name}
    )


@require_GET
def intake_marked(request: SignedInRequest, pk: int) -> HttpResponseBase:
    intake = get_object_or_404(Intake.objects.visible_to(request.user), pk=pk, kind__in=KINDS)
    rows = rows_to_mark(intake)
    if not rows:
        return redirect("intake", pk)
    file = BytesIO()
    with checking.open_file(intake) as opened:
        write_marked_copy(opened, rows, file)
    audit.record_taken("download", intake, by=request.user, now=request.now, file=intake.name)
    return _workbook(
        file.getvalue(),
        _("%(file)s with its faults") % {"file": intake.name.rpartition(".")[0] or intake.name},
    )


@require_GET
def report_offline(request: SignedInRequest, pk: int) -> FileResponse:
    report = get_object_or_404(found_reports(request.user), pk=pk)
    demand(request.user, "work", report)
    place = {
        "cycle": report.cycle_id,
        "document": report.document_id,
        "organisation": report.organisation_id,
    }
    context = IntakeContext(request.user, request.now, request.today, place)
    rows = entries_to_fill_in(report_sheet(report, request.user))
    name = (
        _("%(period)s progress report") % {"period": report.cycle.name}
        + f" {localized(report.organisation, 'name')}"
    )
    audit.record_taken("take_offline", report, by=request.user, now=request.now, entries=len(rows))
    return _workbook(template(KINDS["entries"], context, rows), name)
