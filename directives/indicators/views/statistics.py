"""Statistics: the figures of a body and of all below it, one indicator beside itself over time, and who has not reported."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from directives.downloads import exporting
from directives.indicators.queries.figures_due import figures_due
from directives.indicators.queries.indicator import indicator_view, missing_page
from directives.indicators.queries.statistics import Choice
from directives.indicators.queries.statistics import statistics as figures
from directives.models import Indicator
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.tables.formats import wants_file
from directives.web.doors import page

HERE = "directives/statistics/"


@require_GET
def statistics(request):
    if wants_file(request):
        return exporting.answer(request, "statistics")
    choice = Choice.of(request.GET)
    found = figures(request.user, choice, today=request.today)
    if found is None:
        if choice.scope is not None or choice.document is not None:
            raise Http404
        return page(request, HERE + "nowhere.html", {})
    return page(
        request,
        HERE + "table.html",
        {"it": found, "todo": figures_due(request.user, today=request.today)},
    )


def _view(request, pk):
    rows = (
        Indicator.objects.visible_to(request.user)
        .select_related("organisation", "document")
        .defer(*HEAVY_OF_DOCUMENT)
    )
    found = indicator_view(
        request.user, get_object_or_404(rows, pk=pk), Choice.of(request.GET), today=request.today
    )
    if found is None:
        raise Http404
    return found


@require_GET
def indicator(request, pk):
    if wants_file(request):
        return exporting.answer(request, "indicator", {"pk": pk})
    found = _view(request, pk)
    return page(request, HERE + "indicator.html", {"it": found, "page": found.page(request.GET)})


@require_GET
def indicator_missing(request, pk):
    if wants_file(request):
        return exporting.answer(request, "indicator-missing", {"pk": pk})
    found = _view(request, pk)
    if not found.view.whole:
        raise PermissionDenied
    shown = missing_page(found.indicator, found.view, found.period, request.GET)
    return page(request, HERE + "missing.html", {"it": found, "page": shown})
