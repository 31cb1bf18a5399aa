"""One entry of the work log: its page, and what its author does with it."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import Invalid, Stale
from directives.plans.forms import LineForm
from directives.plans.queries.log import entry_page, log_seen
from directives.reports.commands import amending
from directives.web.doors import back, page, seen_version, write


def _entry(request, pk):
    return get_object_or_404(log_seen(request.user), pk=pk)


def _page(request, entry, form=None, *, theirs=None, status=200):
    form = form or LineForm(initial={"text": entry.text, "on": entry.on})
    context = {
        "it": entry_page(entry, request.user),
        "entry": entry,
        "form": form,
        "theirs": theirs,
    }
    return page(request, "directives/log/entry.html", context, status=status)


@require_GET
def log_entry(request, pk):
    return _page(request, _entry(request, pk))


def _rewritten(request, pk, command, told):
    """Carry out an act that takes the words of an entry anew; what was typed stays where it is refused."""
    entry, form = _entry(request, pk), LineForm(request.POST)
    files = request.FILES.getlist("files")
    if form.is_valid():
        try:
            changed = command(
                entry,
                **form.cleaned_data,
                files=files,
                version=seen_version(request),
                by=request.user,
                now=request.now,
            )
        except Stale as stale:
            return _page(request, _entry(request, pk), form, theirs=stale.theirs, status=409)
        except Invalid as refused:
            for name, texts in refused.errors.items():
                form.add_error(name if name in form.fields else None, texts)
        else:
            messages.success(request, told)
            return redirect("log_entry", changed.pk)
    return _page(request, entry, form, status=422)


@write
def log_edit(request, pk):
    return _rewritten(
        request, pk, amending.edit_log, _("Corrected. Drafts made from it say it now.")
    )


@write
def log_correct(request, pk):
    return _rewritten(
        request,
        pk,
        amending.correct_log,
        _("Corrected by this entry; the one that was reported stays beside it."),
    )


@write
def log_withdraw(request, pk):
    amending.withdraw_log(
        _entry(request, pk), version=seen_version(request), by=request.user, now=request.now
    )
    messages.success(request, _("Withdrawn. The entry is in no list any more; it stays on record."))
    return back(request, reverse("log"))
