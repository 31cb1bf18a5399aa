"""The page “My work”, which everybody sees first, and the notices."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET

from directives.core.notices import mark_all_read, mark_read
from directives.models import Notice
from directives.my_work.queries.my_work import load_my_work
from directives.web.doors import page, paged, redirect_back, safe_address, write
from directives.web.requests import SignedInRequest


@require_GET
def my_work(request: SignedInRequest) -> HttpResponse:
    if request.user.only_audits:
        return redirect("events")
    work = load_my_work(
        request.user, now=request.now, today=request.today, workdays=request.workdays
    )
    return page(
        request, "directives/mine/work.html", {"work": work, "quick": work.quick, "next": "/"}
    )


@require_GET
def notices(request: SignedInRequest) -> HttpResponse:
    return page(
        request,
        "directives/mine/notices.html",
        {"page": paged(request, Notice.objects.visible_to(request.user))},
    )


@write
def notices_read(request: SignedInRequest) -> HttpResponse:
    mark_all_read(by=request.user, now=request.now)
    return redirect_back(request, "/")


@write
def notice_open(request: SignedInRequest, pk: int) -> HttpResponse:
    notice = get_object_or_404(Notice.objects.visible_to(request.user), pk=pk)
    mark_read(notice, now=request.now)
    return HttpResponseRedirect(safe_address(request, notice.url))
