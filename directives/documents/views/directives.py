"""One directive, and the correction of its reading."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import Invalid, Stale
from directives.core.rules import may
from directives.documents.commands import correcting
from directives.documents.forms import CorrectionForms
from directives.documents.queries.directive import directive_view
from directives.models import Directive
from directives.replies.queries.lines import latest_instructions
from directives.web.doors import demand, page, write
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/directives/"


def _directive(request: SignedInRequest, pk: int) -> Directive:
    rows = Directive.objects.visible_to(request.user).select_related(
        "document__organisation", "section__part"
    )
    return get_object_or_404(
        rows.defer("document__source", "document__text_read", "document__text_repaired"), pk=pk
    )


@require_GET
def directive(request: SignedInRequest, pk: int) -> HttpResponse:
    row = _directive(request, pk)
    context = {
        "view": directive_view(request.user, row),
        "directive": row,
        "may_correct": may(request.user, "own", row),
        "instructions": latest_instructions(
            request.user, today=request.today, workdays=request.workdays, directive=row
        ),
    }
    return page(request, TEMPLATES + "directive.html", context)


@require_GET
def directive_correct(request: SignedInRequest, pk: int) -> HttpResponse:
    row = _directive(request, pk)
    demand(request.user, "own", row)
    forms = CorrectionForms(row, correcting.reading_of(row))
    return page(request, TEMPLATES + "correct.html", {"directive": row, "forms": forms})


@write
def directive_correct_save(request: SignedInRequest, pk: int) -> HttpResponse:
    row = _directive(request, pk)
    demand(request.user, "own", row)
    reading = correcting.reading_of(row)
    forms = CorrectionForms(row, reading, request.POST)
    context: dict[str, Any] = {"directive": row, "forms": forms}
    if not forms.is_valid():
        return page(request, TEMPLATES + "correct.html", context, status=422)
    try:
        correcting.correct_directive(
            directive=row,
            correction=forms.correction,
            version=forms.version,
            reason=forms.form.cleaned_data["reason"],
            by=request.user,
            now=request.now,
        )
    except Invalid as refusal:
        refusal.add_to(forms.form)
        return page(request, TEMPLATES + "correct.html", context, status=422)
    except Stale as refusal:
        context |= {"theirs": reading, "refusal": refusal}
        return page(request, TEMPLATES + "correct.html", context, status=409)
    messages.success(
        request, _("The reading is corrected; the earlier text is kept in the audit log.")
    )
    return redirect("directive", row.pk)
