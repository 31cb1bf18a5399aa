"""The work log: its list with the quick form, and one entry."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.numbers import whole_number
from directives.base.refusals import Invalid, Stale
from directives.downloads.exporting import answer
from directives.models import Measure
from directives.obligations.queries.counting import COUNT_LIMIT
from directives.plans.commands import log_work
from directives.plans.forms import LineForm, LogFilterForm, LogForm
from directives.plans.queries.log import entry_page, log_page, log_rows, visible_log
from directives.plans.queries.plans import quick_choices
from directives.reports.commands import amending
from directives.tables.formats import wants_file
from directives.web.doors import page, redirect_back, seen_version, write


def _page(request, form=None, status=200):
    log_filter = LogFilterForm(request.GET).to_filter(request.user)
    current = log_page(request.user, log_filter, request.GET)
    quick = None
    if request.user.works:
        quick = quick_choices(request.user, request.today, first=log_filter.measure or 0)
    context = {
        "page": current,
        "rows": log_rows(current.rows, request.user),
        "filter": log_filter,
        "limit": 0 if log_filter.below else COUNT_LIMIT,
        "quick": quick,
        "form": form,
        "next": request.POST.get("next", reverse("log")),
    }
    template, fragment = "directives/log/list.html", "directives/log/_rows.html"
    return page(request, template, context, fragment=fragment, status=status)


@require_GET
def log(request):
    if wants_file(request):
        return answer(request, "log")
    return _page(request)


@write
def log_add(request):
    if (pk := whole_number(request.POST.get("measure", ""))) is not None:
        get_object_or_404(Measure.objects.visible_to(request.user), pk=pk)
    form = LogForm(request.POST, user=request.user)
    files = request.FILES.getlist("files")
    if form.is_valid():
        try:
            log_work(**form.cleaned_data, files=files, by=request.user, now=request.now)
        except Invalid as refusal:
            refusal.add_to(form)
    if not form.is_valid():
        return _page(request, form, status=422)
    messages.success(request, _("Saved. The next report will use it."))
    return redirect_back(request, reverse("log"))


# one entry


def _entry(request, pk):
    return get_object_or_404(visible_log(request.user), pk=pk)


def _entry_page(request, entry, form=None, *, theirs=None, status=200):
    form = form or LineForm(initial={"text": entry.text, "on": entry.on})
    context = {
        "entry_page": entry_page(entry, request.user),
        "entry": entry,
        "form": form,
        "theirs": theirs,
    }
    return page(request, "directives/log/entry.html", context, status=status)


@require_GET
def log_entry(request, pk):
    return _entry_page(request, _entry(request, pk))


def _rewrite(request, pk, command, message):
    """Run a command that changes an entry; if it is refused, show the form as it was typed."""
    entry, form = _entry(request, pk), LineForm(request.POST)
    submitted = {"files": request.FILES.getlist("files"), "version": seen_version(request)}
    if form.is_valid():
        try:
            changed = command(
                entry, **form.cleaned_data, **submitted, by=request.user, now=request.now
            )
        except Stale as stale:
            return _entry_page(request, _entry(request, pk), form, theirs=stale.theirs, status=409)
        except Invalid as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, message)
            return redirect("log_entry", changed.pk)
    return _entry_page(request, entry, form, status=422)


@write
def log_edit(request, pk):
    message = _("Corrected. Drafts made from it say it now.")
    return _rewrite(request, pk, amending.edit_log, message)


@write
def log_correct(request, pk):
    message = _("Corrected by this entry; the one that was reported stays beside it.")
    return _rewrite(request, pk, amending.correct_log, message)


@write
def log_withdraw(request, pk):
    amending.withdraw_log(
        _entry(request, pk), version=seen_version(request), by=request.user, now=request.now
    )
    messages.success(request, _("Withdrawn. The entry is in no list any more; it stays on record."))
    return redirect_back(request, reverse("log"))
