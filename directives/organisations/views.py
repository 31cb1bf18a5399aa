"""The register of bodies: the tree, a search, and one body."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from directives.base.numbers import whole_number
from directives.core.rules import may
from directives.documents.queries.filters import BodyFilter
from directives.downloads.exporting import answer
from directives.models import Organisation
from directives.models.organisations import KINDS, LEVELS
from directives.obligations.queries.counting import COUNT_LIMIT
from directives.organisations.queries import bodies
from directives.replies.queries.lines import latest_instructions
from directives.tables.formats import wants_file
from directives.web.doors import page
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/organisations/"


@require_GET
def organisations(request: SignedInRequest) -> HttpResponseBase:
    """The tree of bodies; with a filter, a list."""
    if wants_file(request):
        return answer(request, "bodies")
    visible = Organisation.objects.visible_to(request.user)
    filters = BodyFilter.of(request.GET)
    matching = bodies.matching_bodies(
        visible,
        q=filters.q,
        kind=filters.body_kind,
        level=filters.level,
        abolished=bool(filters.abolished or filters.q),
    )
    context: dict[str, Any] = {
        "filter": filters,
        "kinds": KINDS,
        "levels": LEVELS,
        "limit": COUNT_LIMIT,
    }
    if filters.q or filters.body_kind or filters.level:
        list_page, lines = bodies.bodies_page(request.user, matching, request.GET)
        return page(request, TEMPLATES + "list.html", context | {"page": list_page, "lines": lines})
    pk = whole_number(filters.under)
    under = None if pk is None else get_object_or_404(visible, pk=pk)
    context |= {"tree": bodies.tree_of(request.user, under, request.GET), "under": under}
    fragment = TEMPLATES + "_below.html" if under else ""
    return page(request, TEMPLATES + "list.html", context, fragment=fragment)


@require_GET
def organisation(request: SignedInRequest, pk: int) -> HttpResponse:
    body = get_object_or_404(
        Organisation.objects.visible_to(request.user).select_related("successor", "parent"), pk=pk
    )
    context = {
        "body": body,
        "view": bodies.body_view(request.user, body),
        "may_instruct": may(request.user, "instruct", body) and body.valid_to is None,
        "instructions": latest_instructions(
            request.user, today=request.today, workdays=request.workdays, organisation=body
        ),
    }
    return page(request, TEMPLATES + "body.html", context)
