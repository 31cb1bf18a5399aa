"""Reporting cycles of a document: the list, and opening a new one."""

from operator import attrgetter

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import Invalid
from directives.downloads.queries.jobs import under_way
from directives.models import Cycle, Document, PlannedCycle
from directives.models.documents import HEAVY
from directives.reports import commands as reporting
from directives.reports.forms import CycleForm
from directives.reports.queries.cycles import (
    count_owing,
    cycle_lines,
    next_cycle,
    planned_lines,
)
from directives.web.doors import demand, page, write

HERE = "directives/cycles/new.html"


def owned_document(request, pk):
    documents = Document.objects.visible_to(request.user).select_related("organisation")
    document = get_object_or_404(documents.defer(*HEAVY), pk=pk)
    demand(request.user, "own", document)
    return document


def _context(request, document, form=None):
    lines = cycle_lines(document, request.user, today=request.today)
    planned = planned_lines(document, today=request.today)
    cycles: list[Cycle | PlannedCycle] = [
        *(line.cycle for line in lines),
        *(line.planned for line in planned),
    ]
    last = max(cycles, key=attrgetter("due_on"), default=None)
    form = form or CycleForm.proposing(
        next_cycle(last, today=request.today, workdays=request.workdays)
    )
    return {
        "document": document,
        "lines": lines,
        "planned": planned,
        "form": form,
        "owing": count_owing(document, request.user),
        "jobs": under_way(request.user, document),
    }


@require_GET
def cycle_new(request, pk):
    return page(request, HERE, _context(request, owned_document(request, pk)))


@write(form="cycle_new")
def cycle_open(request, pk):
    document, form = owned_document(request, pk), CycleForm(request.POST)
    if form.is_valid():
        try:
            cycle = reporting.open_cycle(
                document=document, by=request.user, now=request.now, **form.cleaned_data
            )
        except Invalid as refusal:
            refusal.add_to(form)
        else:
            return after_opening(request, cycle)
    return page(request, HERE, _context(request, document, form), status=422)


def after_opening(request, cycle):
    """Where opening a cycle leads: to the job of the worker, if it goes on with it, or the list."""
    job = reporting.opening_job(cycle)
    if job is not None:
        return redirect("job", job.pk)
    messages.success(
        request,
        _("The reporting cycle is open: %(cycle)s. The organisations have been notified.")
        % {"cycle": cycle.name},
    )
    return redirect("cycle_new", cycle.document_id)
