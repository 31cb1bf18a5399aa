"""Pages that a signed-in person must visit first: a new password, a second factor."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from directives.models import User
from directives.signin.factors import lacks_factor
from directives.signin.requests import AppRequest

AUTOMATIC_HEADER = "X-By-Itself"  # header of a request that a script made by itself
PERSON_HEADER = "X-Person"  # header of htmx: the id of the person whose page it is
PERSON_FIELD = "_person"  # the same in an ordinary form
PASSWORD, FACTOR = "account_change_password", "second_factor"  # views that may be required
ALWAYS_OPEN = {"account_logout", "account_reauthenticate", "set_script", "session_stay"}
# Required view → the views that stay open until it was visited.
OPEN = {
    PASSWORD: ALWAYS_OPEN | {PASSWORD},
    FACTOR: ALWAYS_OPEN
    | {
        FACTOR,
        PASSWORD,
        "mfa_index",
        "mfa_activate_totp",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
        "mfa_view_recovery_codes",
        "mfa_download_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
    },
}


def required_page(user: User, now: datetime) -> str:
    """The view that this person must visit first; "" if there is none."""
    if user.password_given:
        return PASSWORD
    days = settings.PASSWORD_DAYS
    if days and (user.password_set_at or user.date_joined) < now - timedelta(days=days):
        return PASSWORD
    if user.sign_ins_without_factor > settings.SECOND_FACTOR_GRACE and lacks_factor(user):
        return FACTOR
    return ""


class EntryMiddleware(MiddlewareMixin):
    """Redirects people to the page that they must visit first, and prolongs their sessions."""

    def process_view(self, request: AppRequest, view: Any, *args: Any) -> HttpResponse | None:
        if not getattr(view, "login_required", True) or not request.user.is_authenticated:
            return None
        if request.headers.get(PERSON_HEADER, "") not in ("", str(request.user.pk)):
            return HttpResponse(status=401)  # a page of the person signed in before
        if request.method == "POST" and request.POST.get(PERSON_FIELD, "") not in (
            "",
            str(request.user.pk),
        ):
            messages.warning(
                request,
                _("That page was opened by the user signed in before. Nothing was submitted."),
            )
            return redirect("my_work")
        request.session.resting = AUTOMATIC_HEADER in request.headers
        if not request.session.resting:
            request.session.go_on()
        required = required_page(request.user, request.now)
        match = request.resolver_match
        if not required or (match is not None and match.view_name in OPEN[required]):
            return None
        return HttpResponseClientRedirect(reverse(required)) if request.htmx else redirect(required)
