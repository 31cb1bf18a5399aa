"""One entry of a report: saved as it is typed, taken back from the manager's desk."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.models import ReportEntry
from directives.reports.commands import NOT_YOURS, entry_to_save, recall, save_entry
from directives.reports.forms import EntryForm
from directives.reports.queries.entries import entry_line, report_sheet, saved_line
from directives.reports.queries.reports import visible_reports
from directives.reports.views.reports import surroundings
from directives.web.doors import redirect_back, write


def _entry(request, pk):
    rows = (
        ReportEntry.objects.visible_to(request.user)
        .owed()
        .select_related("report__organisation", "report__cycle", "obligation")
    )
    return get_object_or_404(rows, pk=pk)


def _own_entry(request, pk):
    """An entry that this person fills in. Whoever sees it from above may not save it, for others there is none."""
    entry = entry_to_save(pk, by=request.user)
    if entry is None and _entry(request, pk):
        raise NotAllowed(NOT_YOURS)
    return entry


def _place(entry):
    """Where the same form leads when it is sent again: the state of the entry, as of this save."""
    return f"{reverse('report', args=[entry.report_id])}?entry={entry.pk}&version={entry.version}"


def _whole(request, entry, **more):
    """The context of an answer that draws the entry anew."""
    report = visible_reports(request.user).get(pk=entry.report_id)
    page = report_sheet(report, request.user)
    return surroundings(request, report, page) | {"line": entry_line(page, entry.pk, **more)}


def _row(request, pk):
    """Where the entry is filled in."""
    return f"{reverse('report', args=[_entry(request, pk).report_id])}#e-{pk}"


@write(form=_row)
def entry_save(request, pk):
    entry, form = _own_entry(request, pk), EntryForm(request.POST)
    folded = entry.unchanged
    try:
        fields = form.given()
        entry = save_entry(
            entry=entry, fields=fields, version=form.version_seen, by=request.user, now=request.now
        )
    except (Invalid, Stale, IllegalMove) as refusal:
        return _not_saved(request, entry, form, refusal)
    if not request.htmx:
        messages.success(request, _("Saved."))
        return redirect_back(request, f"{reverse('report', args=[entry.report_id])}#e-{entry.pk}")
    turned = folded != entry.unchanged
    response = _turned(request, entry) if turned else _saved(request, entry)
    response.headers["Location"] = _place(entry)
    return response


def _saved(request, entry):
    """What a save changes in the row. The page asks for what stands around the rows by itself, when the typing pauses."""
    if (
        entry.saved_at is None
    ):  # nothing was typed in what was carried over: the note names its report
        return render(request, "directives/reports/_saved.html", _whole(request, entry))
    return render(
        request,
        "directives/reports/_saved.html",
        {"report": entry.report, "line": saved_line(entry, entry.earlier_percent)},
    )


def _turned(request, entry):
    """The row folds or unfolds: it is drawn anew."""
    response = render(request, "directives/reports/_turned.html", _whole(request, entry))
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = f"#e-{entry.pk}", "outerHTML"
    return response


def _not_saved(request, entry, form, refusal):
    """What was typed stays in the page; beside it what was wrong, or what somebody else wrote meanwhile."""
    errors = refusal.errors if isinstance(refusal, Invalid) else {}
    context = _whole(request, entry, shown=form.shown(), errors=errors)
    context |= {
        "refusal": refusal,
        "typed": form.shown(),
        "seen": form.data.get("version", ""),
        "theirs": getattr(refusal, "theirs", None),
    }
    part = "directives/reports/_unsaved.html" if request.htmx else "directives/reports/entry.html"
    return render(request, part, context, status=refusal.status)


@write(form=_row)
def entry_recall(request, pk):
    entry = _entry(request, pk)
    recall(report=entry.report, entries=[entry.pk], by=request.user, now=request.now)
    messages.success(request, _("Withdrawn: you can edit it again."))
    return redirect(f"{reverse('report', args=[entry.report_id])}#e-{entry.pk}")
