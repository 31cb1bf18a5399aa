"""One entry of a report: saved while it is typed, or recalled before it is signed."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from directives.base.numbers import whole_number
from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.core.closed import demand_open_entries
from directives.models import ReportEntry
from directives.replies.queries.inputs import drawn_into, inputs_for_lead
from directives.reports.commands import NOT_YOURS, EntryFields, entry_to_save, recall, save_entry
from directives.reports.forms import EntryForm, demand_valid
from directives.reports.queries.entries import entry_line, report_sheet, saved_line
from directives.reports.queries.reports import visible_reports
from directives.reports.views.reports import surroundings
from directives.web.doors import redirect_back, write
from directives.web.requests import SignedInRequest


def _entry(request: SignedInRequest, pk: int) -> ReportEntry:
    related = ("report__organisation", "report__cycle", "obligation")
    rows = ReportEntry.objects.visible_to(request.user).owed().select_related(*related)
    return get_object_or_404(rows, pk=pk)


def _demand_open(request: SignedInRequest, pk: int) -> None:
    """Raise IllegalMove if the entry is not found only because its obligation was closed."""
    demand_open_entries(ReportEntry.objects.visible_to(request.user).filter(pk=pk))


def _row(request: SignedInRequest, pk: int) -> str:
    """The address at which the entry is filled in."""
    return f"{reverse('report', args=[_entry(request, pk).report_id])}#e-{pk}"


def _whole(request: SignedInRequest, entry: ReportEntry, **typed: Any) -> dict[str, Any]:
    """The context of an answer that draws the entry again."""
    report = visible_reports(request.user).get(pk=entry.report_id)
    sheet = report_sheet(report, request.user)
    return surroundings(request, report, sheet) | {"line": entry_line(sheet, entry.pk, **typed)}


@write(form=_row)
def entry_save(request: SignedInRequest, pk: int) -> HttpResponse:
    to_save, form = entry_to_save(pk, by=request.user), EntryForm(request.POST)
    if to_save is None:
        _demand_open(request, pk)
        _entry(request, pk)  # 404 for those who may not see it
        raise NotAllowed(NOT_YOURS)
    entry, folded, draws = to_save.entry, to_save.entry.unchanged, "draw" in request.POST
    try:
        demand_valid(form)
        version = form.cleaned_data.pop("version")
        fields = _with_input(request, entry, EntryFields(**form.cleaned_data))
        entry = save_entry(
            entry=entry, fields=fields, version=version, by=request.user, now=request.now
        )
    except (Invalid, Stale, IllegalMove) as refusal:
        return _not_saved(request, entry, form, refusal)
    address = reverse("report", args=[entry.report_id])
    if not request.htmx:
        messages.success(request, _("Saved."))
        return redirect_back(request, f"{address}#e-{entry.pk}")
    # The page requests the parts around the rows by itself when typing pauses.
    template = "directives/reports/_saved.html"
    context = {"report": entry.report, "line": saved_line(entry, to_save.earlier_percent)}
    headers = {"Location": f"{address}?entry={entry.pk}&version={entry.version}"}
    if (
        draws or folded != entry.unchanged
    ):  # the row has another text, or it folds or unfolds: it is drawn again
        template, context = "directives/reports/_row_and_totals.html", _whole(request, entry)
        headers |= {"HX-Retarget": f"#e-{entry.pk}", "HX-Reswap": "outerHTML"}
    elif entry.saved_at is None:  # it was not edited: the note names the report it is from
        context = _whole(request, entry)
    response = render(request, template, context)
    for name, value in headers.items():
        response.headers[name] = value
    return response


def _with_input(request: SignedInRequest, entry: ReportEntry, fields: EntryFields) -> EntryFields:
    """The fields with the input that the pressed button draws in; as they are without one."""
    pk = whole_number(request.POST.get("draw", ""))
    if pk is None:
        return fields
    inputs = inputs_for_lead(request.user, [entry.obligation.directive_id])
    drawn = get_object_or_404(inputs, pk=pk)
    return replace(fields, progress=drawn_into(fields.progress, drawn))


def _not_saved(
    request: SignedInRequest,
    entry: ReportEntry,
    form: EntryForm,
    refusal: Invalid | Stale | IllegalMove,
) -> HttpResponse:
    """Show what was typed, with its errors or with what somebody else saved meanwhile."""
    errors = refusal.errors if isinstance(refusal, Invalid) else {}
    context = _whole(request, entry, texts=form.texts(), errors=errors)
    context |= {
        "refusal": refusal,
        "typed": form.texts(),
        "seen": form.data.get("version", ""),
        "theirs": getattr(refusal, "theirs", None),
    }
    part = "directives/reports/_unsaved.html" if request.htmx else "directives/reports/entry.html"
    return render(request, part, context, status=refusal.status)


@write(form=_row)
def entry_recall(request: SignedInRequest, pk: int) -> HttpResponse:
    entry = _entry(request, pk)
    recall(report=entry.report, entries=[entry.pk], by=request.user, now=request.now)
    messages.success(request, _("Withdrawn: you can edit it again."))
    return redirect(f"{reverse('report', args=[entry.report_id])}#e-{entry.pk}")
