"""Planning reporting cycles ahead: a preview by a rule, and each planned cycle by itself."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from directives.base.numbers import whole_number
from directives.base.refusals import Invalid
from directives.models import PlannedCycle
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.reports.commands import planned_cycles as planning
from directives.reports.forms import OverlapForm, PlannedCycles, PlannedDaysForm, RuleForm
from directives.reports.queries.cycles import proposed_cycles, proposed_rule
from directives.reports.views.cycles import after_opening, owned_document
from directives.web.doors import demand, page, write

PLAN = "directives/cycles/plan.html"
PLANNED = "directives/cycles/planned.html"


@require_GET
def cycle_plan(request, pk):
    document = owned_document(request, pk)
    form = RuleForm(request.GET if "every" in request.GET else None)
    if not form.is_bound:
        form.initial = proposed_rule(document, today=request.today)
        return page(request, PLAN, {"document": document, "form": form})
    context = {"document": document, "form": form}
    if form.is_valid():
        proposed = proposed_cycles(
            document, form.rule(), today=request.today, workdays=request.workdays
        )
        rows = PlannedCycles(initial=[cycle.initial for cycle in proposed])
        context |= {"proposed": tuple(zip(proposed, rows, strict=True)), "rows": rows}
        context["overlap"] = OverlapForm() if any(cycle.clashes for cycle in proposed) else None
    return page(request, PLAN, context)


@write(form="cycle_plan")
def cycle_plan_save(request, pk):
    document = owned_document(request, pk)
    rows, overlap = PlannedCycles(request.POST), OverlapForm(request.POST)
    if rows.is_valid() and overlap.is_valid():
        chosen = [row.terms() for row in rows if row.cleaned_data["chosen"]]
        try:
            planned = planning.plan_cycles(
                document=document,
                cycles=chosen,
                **overlap.cleaned_data,
                by=request.user,
                now=request.now,
            )
        except Invalid as refusal:
            refusal.add_to(overlap)
        else:
            text = ngettext(
                "%(count)s reporting cycle is planned.",
                "%(count)s reporting cycles are planned.",
                len(planned),
            )
            messages.success(request, text % {"count": len(planned)})
            return redirect("cycle_new", pk)
    context = {"document": document, "proposed": [(None, row) for row in rows], "rows": rows}
    return page(request, PLAN, context | {"overlap": overlap}, status=422)


def _planned(request, pk):
    rows = PlannedCycle.objects.waiting().visible_to(request.user)
    rows = rows.select_related("document__organisation").defer(*HEAVY_OF_DOCUMENT)
    planned = get_object_or_404(rows, pk=pk)
    demand(request.user, "own", planned.document)
    return planned


@require_GET
def planned_cycle(request, pk):
    planned = _planned(request, pk)
    names = ("opens_on", "due_on", "version")
    form = PlannedDaysForm(initial={name: getattr(planned, name) for name in names})
    return page(request, PLANNED, {"planned": planned, "document": planned.document, "form": form})


@write(form="planned_cycle")
def planned_cycle_save(request, pk):
    planned, form = _planned(request, pk), PlannedDaysForm(request.POST)
    if form.is_valid():
        try:
            planning.change_planned(
                planned=planned, by=request.user, now=request.now, **form.cleaned_data
            )
        except Invalid as refusal:
            refusal.add_to(form)
        else:
            messages.success(
                request, _("The days of %(cycle)s are changed.") % {"cycle": planned.name}
            )
            return redirect("cycle_new", planned.document_id)
    context = {"planned": planned, "document": planned.document, "form": form}
    return page(request, PLANNED, context, status=422)


def _version(request):
    return whole_number(request.POST.get("version", "")) or 0


@write(form="planned_cycle")
def planned_cycle_delete(request, pk):
    planned = _planned(request, pk)
    planning.delete_planned(
        planned=planned, version=_version(request), by=request.user, now=request.now
    )
    messages.success(request, _("%(cycle)s is no longer planned.") % {"cycle": planned.name})
    return redirect("cycle_new", planned.document_id)


@write(form="planned_cycle")
def planned_cycle_open(request, pk):
    planned = _planned(request, pk)
    cycle = planning.open_now(
        planned=planned, version=_version(request), by=request.user, now=request.now
    )
    return after_opening(request, cycle)
