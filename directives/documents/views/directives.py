"""One directive, and putting its reading right."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import Invalid, Stale
from directives.core.rules import may
from directives.documents.commands import correcting
from directives.documents.forms import CorrectionForms
from directives.documents.queries.directive import directive_view
from directives.models import Directive
from directives.web.doors import demand, page, write

HERE = "directives/directives/"


def _directive(request, pk):
    rows = Directive.objects.visible_to(request.user).select_related(
        "document__organisation", "section"
    )
    return get_object_or_404(
        rows.defer("document__source", "document__text_read", "document__text_repaired"), pk=pk
    )


@require_GET
def directive(request, pk):
    found = _directive(request, pk)
    context = {
        "view": directive_view(request.user, found),
        "directive": found,
        "may_correct": may(request.user, "own", found),
    }
    return page(request, HERE + "directive.html", context)


@require_GET
def directive_correct(request, pk):
    found = _directive(request, pk)
    demand(request.user, "own", found)
    forms = CorrectionForms(found, correcting.reading_of(found))
    return page(request, HERE + "correct.html", {"directive": found, "forms": forms})


@write
def directive_correct_save(request, pk):
    found = _directive(request, pk)
    demand(request.user, "own", found)
    now_reads = correcting.reading_of(found)
    forms = CorrectionForms(found, now_reads, request.POST)
    context = {"directive": found, "forms": forms}
    if not forms.is_valid():
        return page(request, HERE + "correct.html", context, status=422)
    try:
        correcting.correct_directive(
            directive=found,
            correction=forms.correction,
            version=forms.version,
            reason=forms.form.cleaned_data["reason"],
            by=request.user,
            now=request.now,
        )
    except Invalid as refusal:
        forms.refuse(refusal.errors)
        return page(request, HERE + "correct.html", context, status=422)
    except Stale as refusal:
        return page(
            request,
            HERE + "correct.html",
            {**context, "theirs": now_reads, "refusal": refusal},
            status=409,
        )
    messages.success(
        request, _("The reading is corrected; the earlier text is kept in the audit log.")
    )
    return redirect("directive", found.pk)
