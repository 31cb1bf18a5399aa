"""Help: what each role does, and how a light is decided."""

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from directives.core.transitions import tolerances
from directives.core.who_may import POSITIONS, act_tables
from directives.web.doors import page
from directives.web.requests import SignedInRequest


@require_GET
def help(request: SignedInRequest) -> HttpResponse:
    context = {
        "roles": {membership.role for membership in request.user.held_memberships},
        "separate": settings.SEPARATE_DUTIES,
        "confirmed": settings.CONFIRM_RIGHTS,
        "tables": act_tables(),
        "positions": POSITIONS.values(),
    }
    return page(request, "directives/help/help.html", context)


@require_GET
def lights(request: SignedInRequest) -> HttpResponse:
    context = {"settings": settings, "tolerances": tolerances()}
    return page(request, "directives/help/lights.html", context)
