"""Statistics: the figures of a body and all below it, one indicator, and who has not reported."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseBase
from django.views.decorators.http import require_GET

from directives.downloads import exporting
from directives.indicators.exports import requested_view
from directives.indicators.queries.figures_due import figures_due
from directives.indicators.queries.indicator import missing_page
from directives.indicators.queries.statistics import Choice
from directives.indicators.queries.statistics import statistics as figures
from directives.tables.formats import wants_file
from directives.web.doors import page
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/statistics/"


@require_GET
def statistics(request: SignedInRequest) -> HttpResponseBase:
    if wants_file(request):
        return exporting.answer(request, "statistics")
    choice = Choice.of(request.GET)
    view = figures(request.user, choice, today=request.today)
    if view is None:
        if choice.scope is not None or choice.document is not None:
            raise Http404
        return page(request, TEMPLATES + "no_organisation.html", {})
    context = {"view": view, "todo": figures_due(request.user, today=request.today)}
    return page(request, TEMPLATES + "table.html", context)


@require_GET
def indicator(request: SignedInRequest, pk: int) -> HttpResponseBase:
    if wants_file(request):
        return exporting.answer(request, "indicator", {"pk": pk})
    view = requested_view(request, {"pk": pk})
    return page(
        request, TEMPLATES + "indicator.html", {"view": view, "page": view.page(request.GET)}
    )


@require_GET
def indicator_missing(request: SignedInRequest, pk: int) -> HttpResponseBase:
    if wants_file(request):
        return exporting.answer(request, "indicator-missing", {"pk": pk})
    view = requested_view(request, {"pk": pk})
    if not view.vantage.whole:
        raise PermissionDenied
    list_page = missing_page(view.indicator, view.vantage, view.period, request.GET)
    return page(request, TEMPLATES + "missing.html", {"view": view, "page": list_page})
