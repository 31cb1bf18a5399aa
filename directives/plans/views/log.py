"""The log of what was done, and the quick way to write in it."""

from django.contrib import messages
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.numbers import whole
from directives.base.refusals import Invalid
from directives.downloads.exporting import answer
from directives.models import Measure
from directives.obligations.queries.counting import LIMIT
from directives.plans.commands import log_work
from directives.plans.forms import LogFilterForm, LogForm
from directives.plans.queries.log import log_page, log_rows
from directives.plans.queries.plans import quick_choices
from directives.tables.formats import asked
from directives.web.doors import back, page, write


def _page(request, form=None, status=200):
    filters = LogFilterForm(request.GET)
    wanted = filters.wanted(request.user)
    current = log_page(request.user, wanted, request.GET)
    context = {
        "page": current, "rows": log_rows(current.rows, request.user), "wanted": wanted, "filters": filters,
        "limit": 0 if wanted.below else LIMIT,
        "quick": quick_choices(request.user, request.today, first=wanted.measure or 0) if request.user.works else None, "form": form,
        "next": request.POST.get("next", reverse("log")),
    }  # fmt: skip
    return page(
        request,
        "directives/log/list.html",
        context,
        fragment="directives/log/_rows.html",
        status=status,
    )


@require_GET
def log(request):
    if asked(request):
        return answer(request, "log")
    return _page(request)


@write
def log_add(request):
    chosen = request.POST.get("measure", "")
    if (pk := whole(chosen)) is not None:
        get_object_or_404(Measure.objects.visible_to(request.user), pk=pk)
    form = LogForm(request.POST, user=request.user)
    files = request.FILES.getlist("files")
    if form.is_valid():
        data = form.cleaned_data
        try:
            log_work(
                data["measure"],
                on=data["on"],
                text=data["text"],
                files=files,
                by=request.user,
                now=request.now,
            )
        except Invalid as refused:
            for name, texts in refused.errors.items():
                form.add_error(name if name in form.fields else None, texts)
    if not form.is_valid():
        return _page(request, form, status=422)
    messages.success(request, _("Saved. The next report will use it."))
    return back(request, reverse("log"))
