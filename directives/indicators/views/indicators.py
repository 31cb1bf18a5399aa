"""The indicators of a document: supervisors define, change, order and stop them."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import Invalid, Stale
from directives.indicators import commands as statistics
from directives.indicators.forms import IndicatorForm
from directives.models import Document, Indicator
from directives.models.documents import HEAVY, HEAVY_OF_DOCUMENT
from directives.web.doors import demand, page, seen_version, write
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/statistics/"


def _document(request: SignedInRequest, pk: int) -> Document:
    rows = Document.objects.visible_to(request.user).select_related("organisation")
    document = get_object_or_404(rows.defer(*HEAVY), pk=pk)
    demand(request.user, "own", document)
    return document


def _indicator(request: SignedInRequest, pk: int) -> Indicator:
    rows = Indicator.objects.visible_to(request.user).select_related(
        "organisation", "document__organisation"
    )
    indicator = get_object_or_404(rows.defer(*HEAVY_OF_DOCUMENT), pk=pk)
    demand(request.user, "define", indicator)
    demand(request.user, "own", indicator.document)
    return indicator


def _list(
    request: SignedInRequest, document: Document, form: IndicatorForm, status: int = 200
) -> HttpResponse:
    rows = (
        Indicator.objects.visible_to(request.user)
        .filter(document=document)
        .select_related("organisation")
        .order_by("order", "pk")
    )
    context = {"document": document, "indicators": rows, "form": form}
    return page(request, TEMPLATES + "indicators.html", context, status=status)


@require_GET
def indicators(request: SignedInRequest, pk: int) -> HttpResponse:
    return _list(request, _document(request, pk), IndicatorForm(user=request.user))


@write
def indicator_add(request: SignedInRequest, pk: int) -> HttpResponse:
    document, form = _document(request, pk), IndicatorForm(request.POST, user=request.user)
    if form.is_valid():
        try:
            indicator = statistics.define_indicator(
                document=document,
                organisation=form.cleaned_data["organisation"],
                fields=form.content(),
                by=request.user,
                now=request.now,
            )
        except Invalid as refusal:
            refusal.add_to(form)
        else:
            messages.success(
                request,
                _("Defined: %(indicator)s. Organisations see it on their figures page.")
                % {"indicator": indicator.code},
            )
            return redirect("indicators", pk)
    return _list(request, document, form, 422)


def _edit(
    request: SignedInRequest,
    indicator: Indicator,
    form: IndicatorForm,
    status: int = 200,
    theirs: bool | None = None,
) -> HttpResponse:
    context = {
        "indicator": indicator,
        "document": indicator.document,
        "form": form,
        "theirs": theirs,
    }
    return page(request, TEMPLATES + "indicator_edit.html", context, status=status)


@require_GET
def indicator_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    indicator = _indicator(request, pk)
    return _edit(request, indicator, IndicatorForm(user=request.user, indicator=indicator))


@write
def indicator_save(request: SignedInRequest, pk: int) -> HttpResponse:
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
            refusal.add_to(form)
        except Stale:
            return _edit(request, _indicator(request, pk), form, 409, theirs=True)
        else:
            messages.success(request, _("Saved."))
            return redirect("indicators", indicator.document_id)
    return _edit(request, indicator, form, 422)


@write
def indicator_move(request: SignedInRequest, pk: int, action: str) -> HttpResponse:
    indicator, version = _indicator(request, pk), seen_version(request)
    by, now = request.user, request.now
    match action:
        case "end":
            statistics.end_indicator(indicator, version=version, by=by, now=now)
        case "resume":
            statistics.resume_indicator(indicator, version=version, by=by, now=now)
        case "up" | "down":
            up = action == "up"
            statistics.shift_indicator(indicator, up=up, version=version, by=by, now=now)
        case _:
            raise Http404
    return redirect("indicators", indicator.document_id)
