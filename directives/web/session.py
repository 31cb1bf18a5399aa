"""The language switch, the page about the second factor, and the list of open sessions."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.accounts import prefer_language
from directives.models import OpenSession
from directives.models.sign_ins import OpenSessionQuerySet
from directives.signin.entry import required_page
from directives.signin.factors import needs_factor, sign_ins_left
from directives.signin.requests import AppRequest
from directives.signin.sessions import end_sessions
from directives.web.doors import posted, redirect_back, safe_address, write
from directives.web.requests import SignedInRequest


@login_not_required
@posted()
def set_script(request: AppRequest) -> HttpResponse:
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        return HttpResponseBadRequest()
    if request.user.is_authenticated:
        prefer_language(by=request.user, language=language)
    response = redirect_back(request, "/")
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        samesite="Lax",
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


@require_GET
def second_factor(request: SignedInRequest) -> HttpResponse:
    """Ask a person who needs a second factor to set one up, now or within a few sign-ins."""
    context = {
        "needed": needs_factor(request.user),
        "left": sign_ins_left(request.user),
        "next": safe_address(request, request.GET.get("next", "/")),
        "later": required_page(request.user, request.now) == "",
    }
    return render(request, "directives/session/second_factor.html", context)


@require_GET
def sessions(request: SignedInRequest) -> HttpResponse:
    running = OpenSession.objects.visible_to(request.user).running(request.now)
    context = {"sessions": running, "key": request.session.session_key}
    return render(request, "directives/session/sessions.html", context)


def _other_sessions(request: SignedInRequest) -> OpenSessionQuerySet:
    """All of the person's sessions but this one, which ends by signing out."""
    own_sessions = OpenSession.objects.visible_to(request.user)
    return own_sessions.exclude(key=request.session.session_key)


@write
def session_end(request: SignedInRequest, pk: int) -> HttpResponse:
    session = _other_sessions(request).filter(pk=pk)
    if not end_sessions(session, by=request.user, now=request.now):
        raise Http404
    messages.success(request, _("That session has ended."))
    return redirect("sessions")


@write
def sessions_end(request: SignedInRequest) -> HttpResponse:
    end_sessions(_other_sessions(request), by=request.user, now=request.now)
    messages.success(request, _("All other sessions have ended."))
    return redirect("sessions")


@posted()
def session_stay(request: SignedInRequest) -> HttpResponse:
    """Keep the session, as any request does; the warning that it ends soon has this button."""
    seconds_left = int((request.session.last_end - request.now).total_seconds())
    return HttpResponse(status=204, headers={"X-Session-Left": str(max(0, seconds_left))})
