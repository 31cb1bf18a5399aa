"""The register of bodies: the tree, a search, and one body."""

from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from directives.base.numbers import whole
from directives.documents.queries.filters import BodyFilter
from directives.downloads.exporting import answer
from directives.models import Organisation
from directives.models.organisations import KINDS, LEVELS
from directives.obligations.queries.counting import COUNT_LIMIT
from directives.organisations.queries import bodies
from directives.tables.formats import wants_file
from directives.web.doors import page

HERE = "directives/organisations/"


@require_GET
def organisations(request):
    """The tree; or, where something is looked for, a list."""
    if wants_file(request):
        return answer(request, "bodies")
    seen = Organisation.objects.visible_to(request.user)
    chosen = BodyFilter.of(request.GET)
    found = bodies.matching_bodies(
        seen,
        q=chosen.q,
        kind=chosen.body_kind,
        level=chosen.level,
        abolished=bool(chosen.abolished or chosen.q),
    )
    context = {"chosen": chosen, "kinds": KINDS, "levels": LEVELS, "limit": COUNT_LIMIT}
    if chosen.q or chosen.body_kind or chosen.level:
        shown, lines = bodies.bodies_page(request.user, found, request.GET)
        return page(request, HERE + "list.html", context | {"page": shown, "lines": lines})
    under = None if (pk := whole(chosen.under)) is None else get_object_or_404(seen, pk=pk)
    context |= {"tree": bodies.tree_of(request.user, under, request.GET), "under": under}
    return page(
        request, HERE + "list.html", context, fragment=HERE + "_below.html" if under else ""
    )


@require_GET
def organisation(request, pk):
    found = get_object_or_404(
        Organisation.objects.visible_to(request.user).select_related("successor", "parent"), pk=pk
    )
    return page(
        request, HERE + "body.html", {"body": found, "view": bodies.body_view(request.user, found)}
    )
