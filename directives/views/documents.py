"""Being built."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from directives.views.doors import write


@require_GET
def documents(request, **kwargs):
    return HttpResponse(status=501)


@require_GET
def document_new(request, **kwargs):
    return HttpResponse(status=501)


@write
def document_register(request, **kwargs):
    return HttpResponse(status=501)


@require_GET
def document(request, **kwargs):
    return HttpResponse(status=501)


@require_GET
def document_source(request, **kwargs):
    return HttpResponse(status=501)


@write
def repair_decide(request, **kwargs):
    return HttpResponse(status=501)


@require_GET
def matrix(request, **kwargs):
    return HttpResponse(status=501)
