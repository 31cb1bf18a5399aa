"""The form on which a body reports and corrects its figures for one period."""

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import Stale
from directives.indicators.commands import file_figures
from directives.indicators.forms import FiguresForm
from directives.indicators.queries.figures_due import BodyFigures, body_figures
from directives.indicators.queries.statistics import Choice
from directives.models import Document, Organisation, Owing
from directives.models.documents import HEAVY
from directives.web.doors import demand, page, write
from directives.web.requests import SignedInRequest


def _figures(request: SignedInRequest, pk: int, query: QueryDict) -> BodyFigures:
    body = get_object_or_404(Organisation.objects.visible_to(request.user), pk=pk)
    demand(request.user, "work", body)
    documents = Document.objects.visible_to(request.user).defer(*HEAVY)
    choice = Choice.of(query)
    if choice.document is None:
        owed = Owing.objects.filter(
            organisation=body, count__gt=0, document__indicators__isnull=False
        ).values("document")
        document = (
            documents.filter(pk__in=owed).first()
            or documents.filter(obligations__organisation=body).first()
            or documents.first()
        )
    else:
        document = documents.filter(pk=choice.document).first()
    if document is None:
        raise Http404
    return body_figures(body, document, choice.period, today=request.today)


def _page(
    request: SignedInRequest, form: FiguresForm, *, status: int = 200, theirs: bool = False
) -> HttpResponse:
    context = {"view": form.figures, "form": form, "theirs": theirs}
    return page(request, "directives/statistics/report.html", context, status=status)


@require_GET
def figures(request: SignedInRequest, pk: int) -> HttpResponse:
    return _page(request, FiguresForm(_figures(request, pk, request.GET)))


@write
def figures_save(request: SignedInRequest, pk: int) -> HttpResponse:
    form = FiguresForm(_figures(request, pk, request.POST), request.POST)
    reported = form.check(by=request.user, now=request.now)
    if form.errors:
        return _page(request, form, status=422)
    try:
        filed = file_figures(reported, by=request.user, now=request.now)
    except Stale:
        form = FiguresForm(_figures(request, pk, request.POST), request.POST)
        return _page(request, form, status=409, theirs=True)
    if filed.new or filed.changed:
        messages.success(
            request,
            _("Saved: %(new)s reported, %(changed)s corrected.")
            % {"new": filed.new, "changed": filed.changed},
        )
    else:
        messages.info(request, _("Nothing was changed."))
    document, period = form.figures.document, form.figures.period
    return redirect(f"{reverse('figures', args=[pk])}?document={document.pk}&period={period.key}")
