"""One entry of a report: saved as it is typed, taken back from the manager's desk."""

from urllib.parse import parse_qs, urlsplit

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from directives.forms.reports import EntryForm
from directives.models import ReportEntry
from directives.overview.entries import line_of, sheet
from directives.overview.reports import HEAVY
from directives.refusals import IllegalMove, Invalid, Stale
from directives.reporting import recall, save_entry
from directives.views.doors import back, write


def _entry(request, pk):
    rows = ReportEntry.objects.visible_to(request.user).select_related("report__organisation", "report__cycle", "report__document")
    return get_object_or_404(rows.defer(*(f"report__{name}" for name in HEAVY)), pk=pk)


def _place(entry):
    """Where the same form leads when it is sent again: the state of the entry, as of this save."""
    return f"{reverse('report', args=[entry.report_id])}?entry={entry.pk}&version={entry.version}"


def _context(request, entry, **more):
    page = sheet(entry.report, request.user, now=request.now)
    return {
        "sheet": page,
        "report": entry.report,
        "line": line_of(page, entry.pk, **more),
        "left": request.workdays.between(request.today, entry.report.cycle.due_on),
        "show": _filter(request),
    }


def _filter(request):
    """The chip that the reader's page stands under."""
    query = parse_qs(urlsplit(request.htmx.current_url or "").query)
    return query.get("show", ["all"])[0]


@write
def entry_save(request, pk):
    entry, form = _entry(request, pk), EntryForm(request.POST)
    folded = entry.unchanged
    try:
        fields = form.given()
        entry = save_entry(entry=entry, fields=fields, version=form.version_seen, by=request.user, now=request.now)
    except (Invalid, Stale, IllegalMove) as refusal:
        return _not_saved(request, entry, form, refusal)
    if not request.htmx:
        messages.success(request, _("Saved."))
        return back(request, f"{reverse('report', args=[entry.report_id])}#e-{entry.pk}")
    turned = folded != entry.unchanged
    part = "directives/reports/_turned.html" if turned else "directives/reports/_saved.html"
    response = render(request, part, _context(request, entry))
    response.headers["Location"] = _place(entry)
    if turned:  # the row folds or unfolds: it is drawn anew
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = f"#e-{entry.pk}", "outerHTML"
    return response


def _not_saved(request, entry, form, refusal):
    """What was typed stays in the page; beside it what was wrong, or what somebody else wrote meanwhile."""
    errors = refusal.errors if isinstance(refusal, Invalid) else {}
    context = _context(request, entry, shown=form.shown(), errors=errors)
    context |= {"refusal": refusal, "typed": form.shown(), "seen": form.data.get("version", ""), "theirs": getattr(refusal, "theirs", None)}
    part = "directives/reports/_unsaved.html" if request.htmx else "directives/reports/entry.html"
    return render(request, part, context, status=refusal.status)


@write
def entry_recall(request, pk):
    entry = _entry(request, pk)
    recall(report=entry.report, entries=[entry.pk], by=request.user, now=request.now)
    messages.success(request, _("Taken back: you can edit it again."))
    return redirect(f"{reverse('report', args=[entry.report_id])}#e-{entry.pk}")
