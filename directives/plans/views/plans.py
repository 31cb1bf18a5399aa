"""Plans: the list, one plan, and its moves."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from directives.base.numbers import whole_number
from directives.base.refusals import Stale
from directives.base.states import FILING_STATES, HANDED_IN
from directives.downloads.exporting import answer
from directives.models import Document, Organisation
from directives.obligations.queries.counting import COUNT_LIMIT
from directives.plans import commands as planning
from directives.plans.commands.moves import FOLLOW_UPS
from directives.plans.forms import MeasureForm, PlanFilterForm, PlanForm
from directives.plans.queries.plan_page import obligation_options, plan_view, servable_obligations
from directives.plans.queries.plan_revisions import revision_for_page
from directives.plans.queries.plans import (
    own_plans,
    plans_page,
    plans_to_start,
    state_counts,
    visible_plans,
)
from directives.tables.formats import wants_file
from directives.web.doors import page, seen_version, write

DONE = {
    "ask_signature": gettext_lazy("Sent to the manager for signature."),
    "recall": gettext_lazy("Withdrawn: you can edit the plan again."),
    "decline": gettext_lazy("Returned to staff with your reason."),
    "sign": gettext_lazy("Signed and submitted. The supervisors were notified."),
    "hand_in": gettext_lazy("Submitted. The supervisors were notified."),
    "revise": gettext_lazy(
        "The plan is a draft again. The accepted version stays in the submissions."
    ),
}


@require_GET
def plans(request):
    if wants_file(request):
        return answer(request, "plans")
    user, form = request.user, PlanFilterForm(request.GET, user=request.user)
    plan_filter = form.to_filter()
    counts = state_counts(user, plan_filter.document) if user.oversees else {}
    states = [
        (state, label, counts.get(state, 0)) for state, label in FILING_STATES if state in HANDED_IN
    ]
    context = {
        "own": own_plans(user) if user.works else (),
        "starts": plans_to_start(user) if user.works else (),
        "form": form,
        "filter": plan_filter,
        "states": states,
        "total": sum(counts.values()),
        "limit": COUNT_LIMIT,
        "page": plans_page(user, plan_filter, counts, request.GET) if user.oversees else None,
    }
    template, fragment = "directives/plans/list.html", "directives/plans/_submitted_plans.html"
    return page(request, template, context, fragment=fragment)


@write
def plan_start(request):
    body = get_object_or_404(
        Organisation.objects.visible_to(request.user), pk=_id(request, "organisation")
    )
    documents = Document.objects.visible_to(request.user)
    document = get_object_or_404(documents, pk=_id(request, "document"))
    started = planning.start_plan(
        document=document, organisation=body, by=request.user, now=request.now
    )
    return redirect("plan", started.pk)


def _id(request, name):
    pk = whole_number(request.POST.get(name, ""))
    if pk is None:
        raise Http404
    return pk


def _page(request, row, form=None, theirs=None, status=200):
    form = form or PlanForm(initial={"title": row.title, "summary": row.summary})
    plan_page = plan_view(row, request.user)
    context = {"plan_page": plan_page, "plan": row, "form": form, "theirs": theirs}
    context["revision"] = revision_for_page(plan_page)
    if plan_page.can_edit:
        context |= {
            "blank": MeasureForm(servable=servable_obligations(row, None)),
            "groups": obligation_options(row, None, ()),
        }
    return page(request, "directives/plans/plan.html", context, status=status)


@require_GET
def plan(request, pk):
    if wants_file(request):
        return answer(request, "measures", {"pk": pk})
    return _page(request, get_object_or_404(visible_plans(request.user), pk=pk))


@write
def plan_save(request, pk):
    row, form = get_object_or_404(visible_plans(request.user), pk=pk), PlanForm(request.POST)
    if not form.is_valid():
        planning.plans.lock_for_editing(row, request.user)
        return _page(request, row, form, status=422)
    try:
        planning.save_plan(
            row,
            **form.cleaned_data,
            version=seen_version(request),
            by=request.user,
            now=request.now,
        )
    except Stale as stale:
        return _page(request, stale.theirs, form, theirs=stale.theirs, status=409)
    messages.success(request, _("Saved."))
    return redirect("plan", pk)


@write
def plan_move(request, pk, action):
    row = get_object_or_404(visible_plans(request.user), pk=pk)
    if action not in FOLLOW_UPS:
        raise Http404
    row.version = seen_version(request)
    planning.move_plan(
        row, action, by=request.user, now=request.now, reason=request.POST.get("reason", "")
    )
    messages.success(request, DONE[action])
    return redirect(reverse("plan", args=[pk]))
