"""Being built."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from directives.views.doors import write


@require_GET
def obligations(request, **kwargs):
    return HttpResponse(status=501)


@require_GET
def obligation(request, **kwargs):
    return HttpResponse(status=501)


@write
def acknowledge_many(request, **kwargs):
    return HttpResponse(status=501)


@write
def obligation_move(request, **kwargs):
    return HttpResponse(status=501)


@write
def item_state(request, **kwargs):
    return HttpResponse(status=501)
