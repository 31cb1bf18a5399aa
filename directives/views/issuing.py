"""Being built."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from directives.views.doors import write


@require_GET
def issue_choose(request, **kwargs):
    return HttpResponse(status=501)


@require_GET
def issue_preview(request, **kwargs):
    return HttpResponse(status=501)


@write
def issue_confirm(request, **kwargs):
    return HttpResponse(status=501)
