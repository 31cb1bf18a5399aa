"""Being built."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from directives.views.doors import write


@require_GET
def my_work(request, **kwargs):
    return HttpResponse(status=501)


@require_GET
def notices(request, **kwargs):
    return HttpResponse(status=501)


@write
def notice_open(request, **kwargs):
    return HttpResponse(status=501)
