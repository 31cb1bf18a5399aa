"""The pages of the audit record."""

from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from directives.base.refusals import Refusal
from directives.core.rules import may
from directives.downloads.exporting import answer
from directives.record.exports import signed
from directives.record.queries.events import (
    SEARCH_LIMIT,
    SUBJECTS,
    EventFilter,
    event_lines,
    events_page,
    sees_origin,
)
from directives.record.queries.timeline import WORDS
from directives.tables.formats import wants_file
from directives.web.doors import demand, page, referring_page
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/events/"


@require_GET
def events(request: SignedInRequest) -> HttpResponseBase:
    if request.GET.get("export") == "signed":
        return signed_copy(request)
    if wants_file(request):
        return answer(request, "events")
    event_filter = EventFilter.of(request.GET)
    event_page = events_page(request.user, event_filter, request.GET)
    context = {
        "page": event_page,
        "rows": event_lines(event_page.rows, request.user),
        "filter": event_filter,
        "actions": sorted(WORDS),
        "words": WORDS,
        "subjects": SUBJECTS,
        "searched": SEARCH_LIMIT,
        "origin": sees_origin(request.user),
        "audits": may(request.user, "audit"),
    }
    return page(request, TEMPLATES + "list.html", context, fragment=TEMPLATES + "_list.html")


def signed_copy(request: SignedInRequest) -> HttpResponseBase:
    demand(request.user, "audit")
    try:
        file, name = signed.for_page(EventFilter.of(request.GET), by=request.user, now=request.now)
    except Refusal as refusal:
        context = {"refusal": refusal, "back": referring_page(request)}
        return page(
            request,
            "directives/refused.html",
            context,
            fragment="directives/_refused.html",
            status=refusal.status,
        )
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
