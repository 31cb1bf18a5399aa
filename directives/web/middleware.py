"""What every request is given, where its answer may be cached, and which requests are refused."""

from collections.abc import Callable
from datetime import date
from itertools import chain
from secrets import token_hex
from time import monotonic
from typing import cast
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import resolve_url
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from directives.base import origins
from directives.base.origins import Origin
from directives.base.workdays import Workdays
from directives.models import CalendarDay
from directives.signin.addresses import client_address
from directives.signin.requests import AppRequest


class OriginMiddleware:
    """Gives each request an id; events and the log hold it and the visitor's address.

    It comes before all others, so that every answer bears the id (X-Request-ID).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: AppRequest) -> HttpResponse:
        # The id is short enough to be read out on the telephone.
        request.origin = Origin(client_address(request), token_hex(6))
        with origins.use(request.origin):
            response = self.get_response(request)
        response["X-Request-ID"] = request.origin.request
        return response


class PageCompressionMiddleware(GZipMiddleware):
    """Compresses pages and their fragments. Files are compressed already.

    The length of an answer reveals no secret: tokens and nonces differ in each answer, and Django
    adds a random part.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)


class TodayMiddleware:
    """Gives each request one `now`, one `today` and the `workdays`, which are read when first used.

    A signed-in person without a language cookie gets the language they last chose. An htmx request
    that meets the sign-in page is answered 401 instead: the page says so and keeps what was typed.
    After signing in again, the sender of a form returns to the page of that form.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: AppRequest) -> HttpResponse:
        request.now = timezone.now()
        request.today = timezone.localdate(request.now)
        # A proxy that behaves as what it reads.
        request.workdays = cast(Workdays, SimpleLazyObject(lambda: workdays.on(request.today)))
        use_preferred_language(request)
        response = self.get_response(request)
        leads_to = response.headers.get("Location", "")
        if response.status_code == 302 and leads_to.startswith(resolve_url(settings.LOGIN_URL)):
            if request.htmx:
                response = HttpResponse(status=401)
            else:
                lead_back_to_form(request, response)
        patch_vary_headers(response, ["HX-Request"])
        if not response.has_header("Cache-Control"):
            # The browser may be shared or stolen: it stores no page.
            patch_cache_control(response, private=True, no_store=True)
        return response


class UnstorableInputMiddleware(MiddlewareMixin):
    """Refuses what cannot be stored, after the check of the CSRF token.

    That is an upload that did not fit on the disk, and the character NUL in an address, a query or
    a form: nobody types it, and PostgreSQL stores no text that contains it.
    """

    def process_view(
        self, request: HttpRequest, view: object, args: tuple, kwargs: dict[str, object]
    ) -> None:
        failure = getattr(request, "upload_failure", None)
        if failure is not None:
            raise failure
        values = [*kwargs.values(), *chain.from_iterable(dict(request.GET.lists()).values())]
        if request.method == "POST":
            values += chain.from_iterable(dict(request.POST.lists()).values())
        if any("\0" in str(value) for value in values):
            raise BadRequest("NUL")
        try:
            for target in request.GET.getlist("next"):
                urlsplit(target)  # allauth parses it and does not catch the error
        except ValueError as fault:
            raise BadRequest("next") from fault


KEPT_SECONDS = 60


class CachedWorkdays:
    """The working days that pages count with, read again after a minute.

    The table changes once a year, when the holidays are announced. What is stored (lights, due
    dates) is worked out by commands from the table itself; only words such as “3 working days left”
    may for a minute differ between two machines.
    """

    def __init__(self) -> None:
        self.day = date.min
        self.read_at = 0.0  # on the monotonic clock
        self.workdays = Workdays()

    def on(self, today: date) -> Workdays:
        if self.day != today or monotonic() - self.read_at >= KEPT_SECONDS:
            self.workdays = CalendarDay.objects.workdays(today)
            self.day, self.read_at = today, monotonic()
        return self.workdays


workdays = CachedWorkdays()


def use_preferred_language(request: HttpRequest) -> None:
    """Use the language that the person last chose, if this browser has no cookie for one."""
    if (
        settings.LANGUAGE_COOKIE_NAME in request.COOKIES
        or settings.SESSION_COOKIE_NAME not in request.COOKIES
    ):
        return
    language = getattr(request.user, "language", "")
    if language in dict(settings.LANGUAGES):
        translation.activate(language)
        request.LANGUAGE_CODE = language


def lead_back_to_form(request: HttpRequest, sign_in: HttpResponse) -> None:
    """After the sign-in, lead to the page of the form: the form's own address shows none."""
    page = request.headers.get("Referer", "")
    if request.method == "POST" and url_has_allowed_host_and_scheme(
        page, {request.get_host()}, request.is_secure()
    ):
        parts = urlsplit(page)
        query = urlencode({"next": urlunsplit(("", "", parts.path, parts.query, ""))})
        sign_in.headers["Location"] = f"{resolve_url(settings.LOGIN_URL)}?{query}"
