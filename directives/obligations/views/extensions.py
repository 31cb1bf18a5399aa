"""Pages of extensions: asking for later days, deciding on them, correcting wrong days."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import Invalid
from directives.models import Obligation
from directives.obligations.commands.extending import (
    ask_extension,
    correct_due,
    decide_extensions,
)
from directives.obligations.forms.extensions import (
    AskForm,
    CorrectionForm,
    DecisionForm,
    picked_ids,
    seen_versions,
)
from directives.obligations.forms.obligations import field_errors
from directives.obligations.queries.extensions import (
    loaded_extensions,
    requests_of,
    to_correct,
    to_extend,
)
from directives.obligations.queries.obligation import visible_obligations
from directives.web.doors import page, redirect_back, write
from directives.web.requests import SignedInRequest

ASK = "directives/extensions/ask.html"
CORRECT = "directives/extensions/correct.html"


@require_GET
def extensions(request: SignedInRequest) -> HttpResponse:
    context = {"requests": requests_of(request.user), "form": DecisionForm()}
    return page(request, "directives/extensions/list.html", context)


def _picked(request: SignedInRequest) -> list[Obligation]:
    """The ticked obligations. Raises Http404 if the user does not see one of them."""
    ids = picked_ids(request.POST)
    rows = list(visible_obligations(request.user).filter(pk__in=ids).order_by("pk"))
    if len(rows) < len(ids):
        raise Http404
    return rows


@require_GET
def extension_new(request: SignedInRequest) -> HttpResponse:
    choices = to_extend(request.user, picked_ids(request.GET), request.today)
    return page(request, ASK, {"choices": choices, "form": AskForm()})


@write(form="extension_new")
def extension_ask(request: SignedInRequest) -> HttpResponse:
    rows, form = _picked(request), AskForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid(field_errors(form))
        ask_extension(obligations=rows, by=request.user, now=request.now, **form.cleaned_data)
    except Invalid as refusal:
        choices = to_extend(request.user, [row.pk for row in rows], request.today)
        context = {"choices": choices, "form": form, "refusal": refusal}
        return page(request, ASK, context, status=refusal.status)
    messages.success(request, _("Extension requested: %(count)s.") % {"count": len(rows)})
    return _shown(rows)


def _shown(rows: list[Obligation]) -> HttpResponse:
    """Redirect to the obligation, or to the list of requests if there are several."""
    return redirect("obligation", rows[0].pk) if len(rows) == 1 else redirect("extensions")


@write(form="extensions")
def extension_decide(request: SignedInRequest) -> HttpResponse:
    ids, form = picked_ids(request.POST), DecisionForm(request.POST)
    rows = list(loaded_extensions(request.user).filter(pk__in=ids).order_by("pk"))
    if len(rows) < len(ids):
        raise Http404
    if not form.is_valid():
        raise Invalid(field_errors(form))
    decide_extensions(
        extensions=rows,
        versions=seen_versions(request.POST),
        by=request.user,
        now=request.now,
        **form.cleaned_data,
    )
    granted = form.cleaned_data["action"] == "grant_extension"
    text = _("Extensions granted: %(count)s.") if granted else _("Extensions refused: %(count)s.")
    messages.success(request, text % {"count": len(rows)})
    return redirect_back(request, reverse("extensions"))


@require_GET
def due_correct(request: SignedInRequest) -> HttpResponse:
    choices = to_correct(request.user, picked_ids(request.GET))
    return page(request, CORRECT, {"choices": choices, "form": CorrectionForm()})


@write(form="due_correct")
def due_correct_save(request: SignedInRequest) -> HttpResponse:
    rows, form = _picked(request), CorrectionForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid(field_errors(form))
        count = correct_due(
            obligations=rows,
            versions=seen_versions(request.POST),
            by=request.user,
            now=request.now,
            **form.cleaned_data,
        )
    except Invalid as refusal:
        choices = to_correct(request.user, [row.pk for row in rows])
        context = {"choices": choices, "form": form, "refusal": refusal}
        return page(request, CORRECT, context, status=refusal.status)
    messages.success(request, _("Due dates corrected: %(count)s.") % {"count": count})
    return redirect("obligation", rows[0].pk) if len(rows) == 1 else redirect("obligations")
