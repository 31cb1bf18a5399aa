"""Official papers of plans, reports and submissions: as a page, or as .docx."""

from io import BytesIO

from django.core.exceptions import PermissionDenied
from django.http import FileResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.core import audit
from directives.core.rules import may
from directives.papers import layout
from directives.papers.paper import title_lines
from directives.plans.papers import plan_paper
from directives.plans.queries.plan_page import plan_view
from directives.plans.queries.plans import visible_plans
from directives.reports.papers import report_paper, submission_paper
from directives.reports.queries.entries import report_sheet
from directives.reports.queries.reports import visible_reports
from directives.reports.queries.submissions import submission_record, visible_submissions

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _answer(request, subject, paper, back, *, empty="", submission=None):
    """The page that shows the paper, or the file that ?export=docx asks for."""
    if request.GET.get("export") != "docx":
        context = {
            "paper": paper,
            "title_lines": title_lines(paper.title),
            "back": back,
            "empty": empty,
            "submission": submission,
            "takes": may(request.user, "export"),
        }
        return render(request, "directives/papers/paper.html", context)
    if not may(request.user, "export"):
        raise PermissionDenied(_("Exporting is for staff, managers and supervisors."))
    audit.record_taken(
        "take_paper", subject, by=request.user, now=request.now, file=f"{paper.file_name}.docx"
    )
    return FileResponse(
        BytesIO(layout.write(paper)),
        as_attachment=True,
        filename=f"{paper.file_name}.docx",
        content_type=DOCX,
    )


@require_GET
def plan_as_paper(request, pk):
    plans = visible_plans(request.user).select_related("organisation__parent")
    plan = get_object_or_404(plans, pk=pk)
    plan_page = plan_view(plan, request.user)
    if plan_page.as_submitted:
        address = reverse("submission_paper", args=[plan_page.history[0].submission.pk])
        return redirect(f"{address}?{request.GET.urlencode()}")
    empty = ""
    if not plan_page.lines:
        empty = _("The plan has no measures yet. The official document is generated from them.")
    paper = plan_paper(plan_page, today=request.today)
    return _answer(request, plan, paper, reverse("plan", args=[pk]), empty=empty)


@require_GET
def report_as_paper(request, pk):
    reports = visible_reports(request.user).select_related("organisation__parent")
    report = get_object_or_404(reports, pk=pk)
    sheet = report_sheet(report, request.user)
    empty = ""
    if not sheet.lines:
        empty = _("Nothing to see in this report yet: it has not been started or submitted.")
    paper = report_paper(sheet, today=request.today)
    return _answer(request, report, paper, reverse("report", args=[pk]), empty=empty)


@require_GET
def submission_as_paper(request, pk):
    row = get_object_or_404(visible_submissions(request.user), pk=pk)
    empty = ""
    if not (row.content.get("entries") or row.content.get("measures")):
        empty = _("This submission says nothing that a paper could print.")
    paper, back = submission_paper(submission_record(row)), reverse("submission", args=[pk])
    return _answer(request, row, paper, back, empty=empty, submission=row)
