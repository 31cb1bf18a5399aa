"""The pages of errors that no view caught. They use neither the database nor the disk."""

import sys

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

from directives.base import origins
from directives.base.outages import FULL, outage_of
from directives.web.doors import referring_page, typed_fields

RETRY_SECONDS = 5


def failed(request: HttpRequest) -> HttpResponse:
    """Django's handler500. A full disk is answered 507, a database that is away or busy 503."""
    outage = outage_of(sys.exc_info()[1])
    if outage is None:
        return HttpResponseServerError(
            render_to_string("500.html", {"request_id": origins.current().request})
        )
    if hasattr(request, "session"):
        request.session.modified = False  # it cannot be saved
    reads = request.method in ("GET", "HEAD", "OPTIONS")
    context = {
        "outage": outage.name,
        "reads": reads,
        "typed": [] if reads else _typed(request),
        "back": referring_page(request),
        "request_id": origins.current().request,
    }
    response = HttpResponse(render_to_string("outage.html", context), status=outage.status)
    if outage is not FULL:
        response["Retry-After"] = str(RETRY_SECONDS)
    add_never_cache_headers(response)
    return response


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields of the form; none if it was reading them that failed."""
    try:
        return typed_fields(request)
    except (OSError, AttributeError):
        return []
