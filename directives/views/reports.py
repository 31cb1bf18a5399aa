"""Being built."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from directives.views.doors import write


@require_GET
def reports(request, **kwargs):
    return HttpResponse(status=501)


@require_GET
def report(request, **kwargs):
    return HttpResponse(status=501)


@write
def report_begin(request, **kwargs):
    return HttpResponse(status=501)


@write
def report_redraft(request, **kwargs):
    return HttpResponse(status=501)


@write
def report_hand_in(request, **kwargs):
    return HttpResponse(status=501)


@write
def report_sign(request, **kwargs):
    return HttpResponse(status=501)


@require_GET
def submission(request, **kwargs):
    return HttpResponse(status=501)
