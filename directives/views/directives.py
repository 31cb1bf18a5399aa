"""Being built."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from directives.views.doors import write


@require_GET
def directive(request, **kwargs):
    return HttpResponse(status=501)


@require_GET
def directive_correct(request, **kwargs):
    return HttpResponse(status=501)


@write
def directive_correct_save(request, **kwargs):
    return HttpResponse(status=501)
