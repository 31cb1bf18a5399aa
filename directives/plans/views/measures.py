"""Measures of a plan, edited in place (with htmx) or on their own page."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.numbers import whole_number
from directives.base.refusals import Invalid, Stale
from directives.base.states import EDITABLE
from directives.models import Measure
from directives.plans import commands as planning
from directives.plans.commands.plans import lock_for_editing
from directives.plans.forms import MeasureForm
from directives.plans.queries.plan_page import obligation_options, plan_view, servable_obligations
from directives.plans.queries.plans import visible_plans
from directives.web.doors import OUT_OF_DATE, demand, page, seen_version, write


def _measure(request, pk):
    rows = Measure.objects.visible_to(request.user).select_related(
        "plan__organisation", "plan__document"
    )
    return get_object_or_404(rows, pk=pk)


def _edit(request, plan, form, *, measure=None, theirs=None, status=200):
    """The form of a measure as typed: a fragment for htmx, else a whole page."""
    context = {
        "plan": plan,
        "form": form,
        "measure": measure,
        "theirs": theirs,
        "groups": obligation_options(plan, measure, form.chosen),
        "version": (theirs or measure).version if measure else 0,
        "opened": True,
    }
    template, fragment = "directives/plans/measure.html", "directives/plans/_measure_form.html"
    return page(request, template, context, fragment=fragment, status=status)


def _saved(request, measure, *, added=False):
    """The line of a saved measure, and the parts of the page that depend on it."""
    if not request.htmx:
        messages.success(request, _("Saved."))
        return redirect(f"{reverse('plan', args=[measure.plan_id])}#m{measure.pk}")
    plan = get_object_or_404(visible_plans(request.user), pk=measure.plan_id)
    plan_page = plan_view(plan, request.user)
    context = {
        "plan_page": plan_page,
        "plan": plan,
        "line": plan_page.line(measure.pk),
        "added": added,
        "fresh": True,
    }
    if added:
        form = MeasureForm(servable=servable_obligations(plan, None))
        context |= {"form": form, "groups": obligation_options(plan, None, ()), "opened": False}
    return page(request, "directives/plans/_saved.html", context)


@write
def measure_add(request, pk):
    plan = get_object_or_404(visible_plans(request.user), pk=pk)
    lock_for_editing(plan, request.user)
    form = MeasureForm(request.POST, servable=servable_obligations(plan, None))
    if not form.is_valid():
        return _edit(request, plan, form, status=422)
    content = form.content()
    measure = planning.add_measure(plan, content=content, by=request.user, now=request.now)
    return _saved(request, measure, added=True)


@require_GET
def measure_edit(request, pk):
    measure = _measure(request, pk)
    demand(request.user, "draft", measure)
    if "as_row" in request.GET and request.htmx:
        return _saved(request, measure)
    if measure.plan.state not in EDITABLE:
        return redirect("plan", measure.plan_id)
    form = MeasureForm.of(measure, servable=servable_obligations(measure.plan, measure))
    return _edit(request, measure.plan, form, measure=measure)


@write
def measure_save(request, pk):
    measure = _measure(request, pk)
    lock_for_editing(measure.plan, request.user)
    form = MeasureForm(request.POST, servable=servable_obligations(measure.plan, measure))
    if not form.is_valid():
        return _edit(request, measure.plan, form, measure=measure, status=422)
    content, version = form.content(), seen_version(request)
    try:
        saved = planning.save_measure(
            measure, content=content, version=version, by=request.user, now=request.now
        )
    except Stale as stale:
        if stale.theirs is None:
            raise
        return _edit(request, measure.plan, form, measure=measure, theirs=stale.theirs, status=409)
    return _saved(request, saved)


@write
def measure_delete(request, pk):
    measure = _measure(request, pk)
    planning.delete_measure(measure, by=request.user, now=request.now)
    messages.success(request, _("Measure %(number)s was deleted.") % {"number": measure.number})
    return redirect("plan", measure.plan_id)


@write
def measure_done(request, pk):
    measure = _measure(request, pk)
    done_on = request.today if request.POST.get("done") else None
    version = whole_number(request.POST.get("version", ""))
    if version is None:
        raise Invalid(str(OUT_OF_DATE))
    planning.mark_done(measure, done_on=done_on, version=version, by=request.user, now=request.now)
    return _saved(request, measure)
