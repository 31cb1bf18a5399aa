"""What is asked for under a document: supervisors define, change, order and end indicators."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import Invalid, Stale
from directives.indicators import commands as statistics
from directives.indicators.forms import IndicatorForm
from directives.models import Document, Indicator
from directives.models.documents import HEAVY, HEAVY_OF_DOCUMENT
from directives.web.doors import demand, page, seen_version, write

HERE = "directives/statistics/"


def _document(request, pk):
    seen = Document.objects.visible_to(request.user).select_related("organisation")
    document = get_object_or_404(seen.defer(*HEAVY), pk=pk)
    demand(request.user, "own", document)
    return document


def _indicator(request, pk):
    rows = Indicator.objects.visible_to(request.user).select_related(
        "organisation", "document__organisation"
    )
    indicator = get_object_or_404(rows.defer(*HEAVY_OF_DOCUMENT), pk=pk)
    demand(request.user, "define", indicator)
    demand(request.user, "own", indicator.document)
    return indicator


def _refuse(form, refusal):
    for name, texts in refusal.errors.items():
        form.add_error(name if name in form.fields else None, texts)


def _list(request, document, form, status=200):
    rows = (
        Indicator.objects.visible_to(request.user)
        .filter(document=document)
        .select_related("organisation")
        .order_by("order", "pk")
    )
    return page(
        request,
        HERE + "indicators.html",
        {"document": document, "indicators": rows, "form": form},
        status=status,
    )


@require_GET
def indicators(request, pk):
    return _list(request, _document(request, pk), IndicatorForm(user=request.user))


@write
def indicator_add(request, pk):
    document, form = _document(request, pk), IndicatorForm(request.POST, user=request.user)
    if form.is_valid():
        try:
            made = statistics.define_indicator(
                document=document,
                organisation=form.cleaned_data["organisation"],
                fields=form.content(),
                by=request.user,
                now=request.now,
            )
        except Invalid as refusal:
            _refuse(form, refusal)
        else:
            messages.success(
                request,
                _("Defined: %(indicator)s. Organisations see it on their figures page.")
                % {"indicator": made.code},
            )
            return redirect("indicators", pk)
    return _list(request, document, form, 422)


def _edit(request, indicator, form, status=200, theirs=None):
    context = {
        "indicator": indicator,
        "document": indicator.document,
        "form": form,
        "theirs": theirs,
    }
    return page(request, HERE + "indicator_edit.html", context, status=status)


@require_GET
def indicator_edit(request, pk):
    indicator = _indicator(request, pk)
    return _edit(request, indicator, IndicatorForm(user=request.user, indicator=indicator))


@write
def indicator_save(request, pk):
    indicator = _indicator(request, pk)
    form = IndicatorForm(request.POST, user=request.user, indicator=indicator)
    if form.is_valid():
        try:
            statistics.change_indicator(
                indicator,
                fields=form.content(),
                version=seen_version(request),
                by=request.user,
                now=request.now,
            )
        except Invalid as refusal:
            _refuse(form, refusal)
        except Stale:
            return _edit(request, _indicator(request, pk), form, 409, theirs=True)
        else:
            messages.success(request, _("Saved."))
            return redirect("indicators", indicator.document_id)
    return _edit(request, indicator, form, 422)


@write
def indicator_move(request, pk, action):
    indicator, told = (
        _indicator(request, pk),
        {"version": seen_version(request), "by": request.user, "now": request.now},
    )
    match action:
        case "end":
            statistics.end_indicator(indicator, **told)
        case "resume":
            statistics.resume_indicator(indicator, **told)
        case "up" | "down":
            statistics.shift_indicator(indicator, up=action == "up", **told)
        case _:
            raise Http404
    return redirect("indicators", indicator.document_id)
