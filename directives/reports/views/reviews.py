"""Review: reports are accepted or returned entry by entry, plans as a whole."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import Invalid, Stale
from directives.base.states import SUBMITTED
from directives.base.wording import join_words, localized_text
from directives.core.deciders import deciders
from directives.core.deciding import requesters
from directives.plans import commands as planning
from directives.plans.queries.plan_revisions import revision_for_review
from directives.reports.commands import reviewing
from directives.reports.forms import PlanVerdictForm, demand_valid, verdicts
from directives.reports.queries.reports import visible_reports
from directives.reports.queries.reviews import (
    codes_of_own_requests,
    plan_to_review,
    review_of_report,
)
from directives.web.doors import demand, write


@require_GET
def report_review(request, pk):
    report = get_object_or_404(visible_reports(request.user), pk=pk)
    demand(request.user, "oversee", report)
    context = {
        "review": review_of_report(report, request.user, today=request.today),
        "report": report,
    }
    return render(request, "directives/reviews/report.html", context)


@write(form="report_review")
def report_decide(request, pk):
    report = get_object_or_404(visible_reports(request.user), pk=pk)
    decisions = verdicts(request.POST, report.entries.all(), by=request.user)
    try:
        new_verdicts = reviewing.decide(
            report=report, decisions=decisions, by=request.user, now=request.now
        )
    except (Invalid, Stale) as refusal:
        errors = getattr(refusal, "errors", {})
        context = {
            "review": review_of_report(
                report, request.user, today=request.today, decisions=decisions, errors=errors
            ),
            "report": report,
            "refusal": refusal,
        }
        return render(request, "directives/reviews/report.html", context, status=refusal.status)
    accepted = sum(verdict.accepted for verdict in new_verdicts)
    facts = {"accepted": accepted, "returned": len(new_verdicts) - accepted}
    messages.success(
        request,
        _("Accepted %(accepted)s, returned %(returned)s. The organisation has been notified.")
        % facts,
    )
    if request.POST.get("rest") and (own_codes := codes_of_own_requests(report, request.user)):
        codes = {"codes": join_words(localized_text(code) for code in own_codes)}
        messages.warning(
            request, _("Not processed because you requested or submitted them: %(codes)s") % codes
        )
    return redirect("report_review", pk=pk)


def _plan(request, pk):
    plan = plan_to_review(request.user, pk)
    if plan is None:
        raise Http404
    return plan


@require_GET
def plan_review(request, pk):
    plan = _plan(request, pk)
    demand(request.user, "oversee", plan)
    return render(request, "directives/reviews/plan.html", _plan_context(request, plan))


def _plan_context(request, plan, **more):
    waits = plan.state == SUBMITTED and request.user.pk not in requesters(plan)
    return {
        "plan": plan,
        "waits": waits,
        "deciders": deciders(plan, request.user),
        "revision": revision_for_review(plan),
        **more,
    }


@write(form="plan_review")
def plan_decide(request, pk):
    plan, form = _plan(request, pk), PlanVerdictForm(request.POST)
    demand(request.user, "oversee", plan)
    try:
        demand_valid(form)
        data = form.cleaned_data
        accepted = data["verdict"] == "accept"
        planning.decide(
            plan,
            accepted=accepted,
            reason=data["reason"],
            version=data["version"],
            by=request.user,
            now=request.now,
        )
    except (Invalid, Stale) as refusal:
        context = _plan_context(request, _plan(request, pk), form=form, refusal=refusal)
        return render(request, "directives/reviews/plan.html", context, status=refusal.status)
    messages.success(
        request,
        _("The plan was accepted.") if accepted else _("The plan was returned with your reason."),
    )
    return redirect("plan_review", pk=pk)
