"""Being built."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from directives.views.doors import write


@require_GET
def plans(request, **kwargs):
    return HttpResponse(status=501)


@write
def plan_start(request, **kwargs):
    return HttpResponse(status=501)


@require_GET
def plan(request, **kwargs):
    return HttpResponse(status=501)


@write
def plan_save(request, **kwargs):
    return HttpResponse(status=501)


@write
def plan_move(request, **kwargs):
    return HttpResponse(status=501)
