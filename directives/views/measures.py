"""Being built."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from directives.views.doors import write


@write
def measure_add(request, **kwargs):
    return HttpResponse(status=501)


@require_GET
def measure_edit(request, **kwargs):
    return HttpResponse(status=501)


@write
def measure_save(request, **kwargs):
    return HttpResponse(status=501)


@write
def measure_delete(request, **kwargs):
    return HttpResponse(status=501)


@write
def measure_done(request, **kwargs):
    return HttpResponse(status=501)
