"""Reports: the list, one report to fill in and sign, and submissions."""

from urllib.parse import parse_qs, urlsplit

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.numbers import whole_number
from directives.base.refusals import Invalid
from directives.downloads.exporting import answer
from directives.plans.queries.plan_page import submitted_measures
from directives.reports import commands as reporting
from directives.reports.forms import SignForm, UnchangedForm, demand_valid, selected_entries
from directives.reports.queries.entries import FILTERS, entry_line, report_sheet
from directives.reports.queries.reports import (
    COUNT_LIMIT,
    ReportFilter,
    cycles_of,
    report_list,
    report_page,
    visible_reports,
)
from directives.reports.queries.submissions import submission_record, visible_submissions
from directives.tables.formats import wants_file
from directives.web.doors import demand, page, paged, write


@require_GET
def reports(request):
    if wants_file(request):
        return answer(request, "reports")
    cycles = cycles_of(request.user)
    report_filter = ReportFilter.of(request.GET, request.user, cycles)
    listed = report_list(request.user, report_filter, cycles, today=request.today)
    current = report_page(request.user, listed, request.GET, today=request.today)
    context = {"list": listed, "filter": report_filter, "page": current, "limit": COUNT_LIMIT}
    return page(
        request, "directives/reports/list.html", context, fragment="directives/reports/_list.html"
    )


def _context(request, report, **more):
    sheet = report_sheet(report, request.user)
    name = request.GET.get("show", "")
    show = name if name in FILTERS else "all"
    current = paged(request, sheet.showing(show))
    left = request.workdays.between(request.today, report.cycle.due_on)
    return {"sheet": sheet, "report": report, "show": show, "page": current, "left": left, **more}


@require_GET
def report(request, pk):
    if wants_file(request):
        return answer(request, "entries", {"pk": pk})
    report = get_object_or_404(visible_reports(request.user), pk=pk)
    if request.htmx and (entry := whole_number(request.GET.get("entry", ""))) is not None:
        return _one_entry(request, report, entry)
    if request.htmx and request.GET.get("part") == "around":
        context = surroundings(request, report, report_sheet(report, request.user))
        return render(request, "directives/reports/_totals.html", context)
    return render(request, "directives/reports/report.html", _context(request, report))


def surroundings(request, report, sheet):
    """The context of the counts and the hand-in bar, with the chip of the page that requests."""
    query = parse_qs(urlsplit(request.htmx.current_url or "").query)
    left = request.workdays.between(request.today, report.cycle.due_on)
    return {"sheet": sheet, "report": report, "left": left, "show": query.get("show", ["all"])[0]}


def _one_entry(request, report, pk):
    """One row of the report, or only its state, for a page in which somebody is typing.

    The state keeps the version that the page has read, so that a later change by somebody else
    still conflicts.
    """
    sheet = report_sheet(report, request.user)
    if pk not in {line.pk for line in sheet.lines}:
        raise Http404
    context = surroundings(request, report, sheet) | {"line": entry_line(sheet, pk), "show": "all"}
    if request.GET.get("part") == "row":
        return render(request, "directives/reports/_row_and_totals.html", context)
    context["seen"] = request.GET.get("version", "")
    return render(request, "directives/reports/_saved.html", context)


@write
def report_begin(request, pk):
    report = get_object_or_404(visible_reports(request.user), pk=pk)
    reporting.begin(report=report, by=request.user, now=request.now)
    return redirect("report", pk=pk)


@write
def report_redraft(request, pk):
    report = get_object_or_404(visible_reports(request.user), pk=pk)
    # Entries for obligations assigned since are added.
    reporting.begin(report=report, by=request.user, now=request.now)
    count = reporting.redraft(report=report, by=request.user, now=request.now)
    messages.success(
        request, _("Redrafted from the log: %(count)s. Text you typed was kept.") % {"count": count}
    )
    return redirect("report", pk=pk)


@write
def report_unchanged(request, pk):
    report = get_object_or_404(visible_reports(request.user), pk=pk)
    form = UnchangedForm(request.POST)
    demand_valid(form)
    count = reporting.mark_unchanged(
        report=report, by=request.user, now=request.now, **form.cleaned_data
    )
    messages.success(request, _("Marked as unchanged: %(count)s.") % {"count": count})
    return redirect("report", pk=pk)


@write
def report_hand_in(request, pk):
    report = get_object_or_404(visible_reports(request.user), pk=pk)
    entries = selected_entries(request.POST)
    try:
        submission = reporting.hand_in(
            report=report, entries=entries, by=request.user, now=request.now
        )
    except Invalid as refusal:
        context = _context(request, report, refusal=refusal)
        return render(request, "directives/reports/report.html", context, status=422)
    if submission is None:
        messages.success(
            request,
            _("Sent to the manager for signature. You can withdraw an entry until it is signed."),
        )
        return redirect("report", pk=pk)
    messages.success(
        request, _("Submitted as submission %(number)s.") % {"number": submission.number}
    )
    return redirect("submission", pk=submission.pk)


@write
def report_sign(request, pk):
    report = get_object_or_404(visible_reports(request.user), pk=pk)
    demand(request.user, "sign", report)
    form, entries = SignForm(request.POST), selected_entries(request.POST)
    arguments = {"report": report, "entries": entries, "by": request.user, "now": request.now}
    try:
        demand_valid(form)
        if form.cleaned_data["action"] == "sign":
            submission = reporting.sign(**arguments)
            messages.success(
                request,
                _("Signed and submitted as submission %(number)s.") % {"number": submission.number},
            )
            return redirect("submission", pk=submission.pk)
        count = reporting.decline(reason=form.cleaned_data["reason"], **arguments)
    except Invalid as refusal:
        context = _context(request, report, refusal=refusal, sign=form)
        return render(request, "directives/reports/report.html", context, status=422)
    messages.success(request, _("Returned to staff: %(count)s.") % {"count": count})
    return redirect(reverse("report", args=[pk]))


@require_GET
def submission(request, pk):
    row = get_object_or_404(visible_submissions(request.user), pk=pk)
    context = {
        "record": submission_record(row),
        "lines": submitted_measures(row) if row.plan_id else (),
        "submission": row,
    }
    return render(request, "directives/reports/submission.html", context)
