"""Being built."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from directives.views.doors import write


@require_GET
def report_review(request, **kwargs):
    return HttpResponse(status=501)


@write
def report_decide(request, **kwargs):
    return HttpResponse(status=501)


@require_GET
def plan_review(request, **kwargs):
    return HttpResponse(status=501)


@write
def plan_decide(request, **kwargs):
    return HttpResponse(status=501)
