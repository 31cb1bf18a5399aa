"""Being built."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from directives.views.doors import write


@require_GET
def attachment(request, **kwargs):
    return HttpResponse(status=501)


@write
def attachment_add(request, **kwargs):
    return HttpResponse(status=501)


@write
def attachment_remove(request, **kwargs):
    return HttpResponse(status=501)
