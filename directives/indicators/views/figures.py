"""The figures of one body for one period: reported on one form, corrected on the same."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import Stale
from directives.indicators.commands import file_figures
from directives.indicators.forms import FiguresForm
from directives.indicators.queries.figures_due import body_figures
from directives.indicators.queries.statistics import Choice
from directives.models import Document, Organisation, Owing
from directives.models.documents import HEAVY
from directives.web.doors import demand, page, write


def _desk(request, pk, query):
    body = get_object_or_404(Organisation.objects.visible_to(request.user), pk=pk)
    demand(request.user, "work", body)
    documents = Document.objects.visible_to(request.user).defer(*HEAVY)
    wanted = Choice.of(query)
    if wanted.document is None:
        owed = Owing.objects.filter(
            organisation=body, count__gt=0, document__indicators__isnull=False
        ).values("document")
        document = (
            documents.filter(pk__in=owed).first()
            or documents.filter(obligations__organisation=body).first()
            or documents.first()
        )
    else:
        document = documents.filter(pk=wanted.document).first()
    if document is None:
        raise Http404
    return body_figures(body, document, wanted.period, today=request.today)


def _page(request, form, *, status=200, theirs=False):
    return page(
        request,
        "directives/statistics/report.html",
        {"it": form.desk, "form": form, "theirs": theirs},
        status=status,
    )


@require_GET
def figures(request, pk):
    return _page(request, FiguresForm(_desk(request, pk, request.GET)))


@write
def figures_save(request, pk):
    desk = _desk(request, pk, request.POST)
    form = FiguresForm(desk, request.POST)
    given = form.check(by=request.user, now=request.now)
    if form.errors:
        return _page(request, form, status=422)
    try:
        filed = file_figures(given, by=request.user, now=request.now)
    except Stale:
        return _page(
            request,
            FiguresForm(_desk(request, pk, request.POST), request.POST),
            status=409,
            theirs=True,
        )
    if filed.new or filed.changed:
        messages.success(
            request,
            _("Saved: %(new)s reported, %(changed)s corrected.")
            % {"new": filed.new, "changed": filed.changed},
        )
    else:
        messages.info(request, _("Nothing was changed."))
    return redirect(
        f"{reverse('figures', args=[pk])}?document={desk.document.pk}&period={desk.period.key}"
    )
