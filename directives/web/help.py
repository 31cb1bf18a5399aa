"""Help: what each role does, and how a light is decided."""

from django.conf import settings
from django.views.decorators.http import require_GET

from directives.core.transitions import tolerances
from directives.web.doors import page


@require_GET
def help(request):
    roles = {m.role for m in request.user.standing}
    rules = {"separate": settings.SEPARATE_DUTIES, "confirmed": settings.CONFIRM_RIGHTS}
    return page(request, "directives/help/help.html", {"roles": roles, **rules})


@require_GET
def lights(request):
    return page(
        request, "directives/help/lights.html", {"settings": settings, "tolerances": tolerances()}
    )
