"""Being built."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from directives.views.doors import write


@write
def entry_save(request, **kwargs):
    return HttpResponse(status=501)


@write
def entry_recall(request, **kwargs):
    return HttpResponse(status=501)
