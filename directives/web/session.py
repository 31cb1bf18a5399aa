"""A person and their sign-in: the language switch, the second step, the sessions that are open."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.accounts import prefer_language
from directives.models import OpenSession
from directives.signin.entry import must_go_to
from directives.signin.factors import needs_factor, sign_ins_left
from directives.signin.sessions import end_sessions
from directives.web.doors import posted, safe_address, write


@login_not_required
@posted()
def set_script(request):
    language, target = (
        request.POST.get("language", ""),
        safe_address(request, request.POST.get("next", "/")),
    )
    if language not in dict(settings.LANGUAGES):
        return HttpResponseBadRequest()
    if request.user.is_authenticated:
        prefer_language(by=request.user, language=language)
    response = HttpResponseRedirect(target)
    kept = {
        "max_age": settings.LANGUAGE_COOKIE_AGE,
        "samesite": "Lax",
        "httponly": True,
        "secure": settings.SESSION_COOKIE_SECURE,
    }
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, **kept)
    return response


@require_GET
def second_factor(request):
    """Where whoever needs a second step sets one up; in time, or at once."""
    context = {
        "needed": needs_factor(request.user), "left": sign_ins_left(request.user), "next": safe_address(request, request.GET.get("next", "/")),
        "later": must_go_to(request.user, request.now) == "",
    }  # fmt: skip
    return render(request, "directives/session/second_factor.html", context)


@require_GET
def sessions(request):
    running = OpenSession.objects.visible_to(request.user).running(request.now)
    return render(
        request,
        "directives/session/sessions.html",
        {"sessions": running, "key": request.session.session_key},
    )


@write
def session_end(request, pk):
    """One of them; the one in hand is ended by signing out."""
    own = (
        OpenSession.objects.visible_to(request.user)
        .exclude(key=request.session.session_key)
        .filter(pk=pk)
    )
    if not end_sessions(own, by=request.user, now=request.now):
        raise Http404
    messages.success(request, _("That session has ended."))
    return redirect("sessions")


@write
def sessions_end(request):
    """All but the one in hand."""
    others = OpenSession.objects.visible_to(request.user).exclude(key=request.session.session_key)
    end_sessions(others, by=request.user, now=request.now)
    messages.success(request, _("All other sessions have ended."))
    return redirect("sessions")


@posted()
def session_stay(request):
    """The button of the warning. That it was pressed keeps the session already."""
    left = int((request.session.last_end - request.now).total_seconds())
    return HttpResponse(status=204, headers={"X-Session-Left": str(max(0, left))})
