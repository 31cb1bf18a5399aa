"""Where a request comes from, its day and hour, the reader's language, and how its answer may be cached."""

from collections.abc import Callable
from datetime import date
from itertools import chain
from time import monotonic
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import resolve_url
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from directives.base import origins
from directives.base.origins import Origin
from directives.base.workdays import Workdays
from directives.models import CalendarDay
from directives.signin.addresses import client_address


class OriginMiddleware:
    """Gives each request an id, and says it and the visitor's address to whoever writes an event or a line of the log.

    It stands before all others: no answer is without the id (X-Request-ID).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.origin = Origin(client_address(request), origins.new_id())
        with origins.within(request.origin):
            response = self.get_response(request)
        response["X-Request-ID"] = request.origin.request
        return response


class PageCompressionMiddleware(GZipMiddleware):
    """Compresses pages and their fragments. Files are compressed already, and stream with a length that is known.

    Nothing secret is to be guessed from the length: tokens and nonces differ in each answer, and Django adds a random part.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)


class TodayMiddleware:
    """Gives each request one `now` (an instant), one `today` (the day in Asia/Shanghai) and `workdays` (read when first used).

    A signed-in person without a language cookie gets the language they last chose. An htmx request that meets the
    sign-in page is answered 401 instead: the page says so and keeps what was typed. Whoever sent a form comes back to
    the page of that form once signed in.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.now = timezone.now()
        request.today = timezone.localdate(request.now)
        request.workdays = SimpleLazyObject(lambda: calendar.around(request.today))
        use_preference(request)
        response = self.get_response(request)
        if is_sign_in(response):
            response = (
                HttpResponse(status=401) if request.htmx else back_to_the_form(request, response)
            )
        patch_vary_headers(response, ["HX-Request"])
        if not response.has_header("Cache-Control"):
            patch_cache_control(
                response, private=True, no_store=True
            )  # no browser, shared or stolen, keeps what was read
        return response


class FullDiskMiddleware:
    """Refuses a form whose upload found no room on the disk, after Django has checked where the form comes from."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> None:
        failure = getattr(request, "upload_failure", None)
        if failure is not None:
            raise failure


KEPT = 60  # seconds


class Calendar:
    """The working days that pages count with, read again after a minute.

    The table changes once a year, when the holidays are announced. What is stored (lights, days set) is worked out by the
    commands from the table itself; only words such as “3 working days left” may for a minute differ between two machines.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.kept = (date.min, 0.0, Workdays())

    def around(self, today: date) -> Workdays:
        """The working days around this day."""
        day, read_at, workdays = self.kept
        if day != today or monotonic() - read_at >= KEPT:
            workdays = CalendarDay.objects.workdays(today)
            self.kept = (today, monotonic(), workdays)
        return workdays


calendar = Calendar()


def use_preference(request: HttpRequest) -> None:
    """Speak the language that the person chose elsewhere, when this browser holds no choice of its own."""
    if (
        settings.LANGUAGE_COOKIE_NAME in request.COOKIES
        or settings.SESSION_COOKIE_NAME not in request.COOKIES
    ):
        return
    language = getattr(request.user, "language", "")
    if language in dict(settings.LANGUAGES):
        translation.activate(language)
        request.LANGUAGE_CODE = language


def is_sign_in(response: HttpResponse) -> bool:
    """Whether this answer sends the reader to the sign-in page."""
    return response.status_code == 302 and response.headers.get("Location", "").startswith(
        resolve_url(settings.LOGIN_URL)
    )


def back_to_the_form(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """An address that takes forms has no page of its own: after the sign-in the page comes on which the form stood."""
    page = request.headers.get("Referer", "")
    if request.method == "POST" and url_has_allowed_host_and_scheme(
        page, {request.get_host()}, request.is_secure()
    ):
        parts = urlsplit(page)
        query = urlencode({"next": urlunsplit(("", "", parts.path, parts.query, ""))})
        response.headers["Location"] = f"{resolve_url(settings.LOGIN_URL)}?{query}"
    return response


class NulMiddleware:
    """Refuses what carries the character NUL in its address, query or form: nobody types it, and PostgreSQL takes no text with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: tuple, kwargs: dict[str, object]
    ) -> None:
        """After Django has checked where a form comes from."""
        sent = [
            *kwargs.values(),
            *chain.from_iterable(values for _name, values in request.GET.lists()),
        ]
        if request.method == "POST":
            sent += chain.from_iterable(values for _name, values in request.POST.lists())
        if any("\0" in str(value) for value in sent):
            raise BadRequest("NUL")
        try:
            for target in request.GET.getlist("next"):
                urlsplit(target)  # allauth takes it apart without asking whether it can be
        except ValueError as fault:
            raise BadRequest("next") from fault
