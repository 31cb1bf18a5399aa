"""Being built."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from directives.views.doors import write


@require_GET
def cycle_new(request, **kwargs):
    return HttpResponse(status=501)


@write
def cycle_open(request, **kwargs):
    return HttpResponse(status=501)
