"""What is asked: its list, one of it with its reply, and the decisions on that."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import IllegalMove, Invalid, Stale
from directives.base.states import REPLY_KINDS, REPLY_MOVES
from directives.downloads.exporting import answer
from directives.models import ReplyRequest
from directives.obligations.forms.obligations import field_errors
from directives.replies.commands import DECISIONS, decide, reply
from directives.replies.forms import DecisionForm, ReplyForm
from directives.replies.queries.lines import request_lines
from directives.replies.queries.listing import (
    COUNT_LIMIT,
    STATE_CHOICES,
    RequestFilter,
    list_page,
)
from directives.replies.queries.request import request_page, visible_requests
from directives.tables.formats import wants_file
from directives.web.doors import page, write
from directives.web.requests import SignedInRequest


@require_GET
def reply_requests(request: SignedInRequest) -> HttpResponseBase:
    if wants_file(request):
        return answer(request, "requests")
    request_filter = RequestFilter.of(request.GET)
    found = list_page(request.user, request_filter, request.GET, today=request.today)
    context = {
        "page": found,
        "lines": request_lines(found.rows, today=request.today, workdays=request.workdays),
        "filter": request_filter,
        "limit": COUNT_LIMIT,
        "kinds": REPLY_KINDS,
        "states": STATE_CHOICES,
    }
    template, fragment = "directives/replies/list.html", "directives/replies/_list.html"
    return page(request, template, context, fragment=fragment)


def _request(request: SignedInRequest, pk: int) -> ReplyRequest:
    return get_object_or_404(visible_requests(request.user), pk=pk)


def _page(
    request: SignedInRequest, row: ReplyRequest, *, status: int = 200, **extra: object
) -> HttpResponse:
    view = request_page(row, request.user, today=request.today, workdays=request.workdays)
    context = {"view": view, "row": row, "form": ReplyForm(initial={"reply": row.reply})} | extra
    return page(request, "directives/replies/request.html", context, status=status)


@require_GET
def reply_request(request: SignedInRequest, pk: int) -> HttpResponse:
    return _page(request, _request(request, pk))


@write
def reply_give(request: SignedInRequest, pk: int) -> HttpResponse:
    row, form = _request(request, pk), ReplyForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid(field_errors(form))
        reply(
            request=row,
            text=form.cleaned_data["reply"],
            files=request.FILES.getlist("files"),
            version=form.cleaned_data["version"],
            by=request.user,
            now=request.now,
        )
    except (Invalid, Stale, IllegalMove) as refusal:
        extra = {"form": form, "refusal": refusal}
        return _page(request, _request(request, pk), status=refusal.status, **extra)
    messages.success(request, _("Your reply was sent."))
    return redirect("reply_request", pk)


@write
def reply_decide(request: SignedInRequest, pk: int, action: str) -> HttpResponse:
    row, form = _request(request, pk), DecisionForm(request.POST)
    if action not in DECISIONS:
        raise Http404
    try:
        if not form.is_valid():
            raise Invalid(field_errors(form))
        decide(request=row, action=action, **form.cleaned_data, by=request.user, now=request.now)
    except (Invalid, Stale, IllegalMove) as refusal:
        extra = {"refusal": refusal, "attempted": action, "reason": form.data.get("reason", "")}
        return _page(request, _request(request, pk), status=refusal.status, **extra)
    messages.success(request, _("Done: %(move)s.") % {"move": REPLY_MOVES[action].label})
    return redirect("reply_request", pk)
