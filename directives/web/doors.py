"""What every view shares: how a page answers, and how a write is carried out once or not at all."""

from collections.abc import Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, overload
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.numbers import whole_number
from directives.base.refusals import NotAllowed, Refusal
from directives.base.stored_files import delete_stored, deleted_on_failure
from directives.core.rules import may
from directives.models import FormKey, User
from directives.models.sql import insert_unless_stored
from directives.signin.requests import AppRequest
from directives.tallies import counted
from directives.web.requests import SignedInRequest

if TYPE_CHECKING:  # a name of the stubs alone: querysets and lists
    from django.core.paginator import _SupportsPagination

Row = TypeVar("Row")
Arguments = ParamSpec("Arguments")
SomeRequest = TypeVar("SomeRequest", bound=HttpRequest)
View = Callable[Concatenate[SomeRequest, Arguments], HttpResponse]

PAGE_SIZE = 50
OUT_OF_DATE = gettext_lazy("This form is out of date. Go back, reload the page and submit again.")
HIDDEN_FIELDS = {"csrfmiddlewaretoken", "idempotency_key", "version", "next", "source"}
ID_FIELDS = {"measure", "parent", "document", "organisation", "directive", "body"}
NOT_GIVEN_BACK = "password"  # fields with this in their name are not shown again
LONGEST_ADDRESS = 2000  # characters that every browser and proxy takes in a header
MOST_FIELDS = 200  # that are shown again: a form may have thousands of tick boxes
STORED_COOKIE = "stored"  # names the forms that were stored, for drafts.js
STORED_SECONDS = 600
STORED_FORMS = 8
FORM_PAGE = "form_page"  # attribute of a view that shows no page: the `form` of `posted`


def page(
    request: AppRequest,
    template: str,
    context: dict[str, Any],
    *,
    fragment: str = "",
    status: int = 200,
) -> HttpResponse:
    """The whole page, or only its fragment where htmx asks for one: the same URL serves both."""
    wants_fragment = (
        fragment
        and request.htmx
        and not request.htmx.boosted
        and not request.htmx.history_restore_request  # the way back through the browser's history
    )
    return render(request, fragment if wants_fragment else template, context, status=status)


def paged(
    request: HttpRequest,
    rows: "_SupportsPagination[Row]",
    size: int = PAGE_SIZE,
    *,
    count: int | None = None,
) -> Page[Row]:
    """The page that ?page= names; one out of range is the last. `count` saves a query."""
    paginator = Paginator(rows, size)
    if count is not None:
        paginator.count = count  # a cached property
    return paginator.get_page(request.GET.get("page"))


def demand(user: User, right: str, subject: Model | str | None = None) -> None:
    """Answer 403 to a person who may see this but not do it."""
    if not may(user, right, subject):
        raise PermissionDenied


def safe_address(request: HttpRequest, address: str, fallback: str = "/") -> str:
    """The address, if it is one of ours that a browser can be sent to; else the fallback."""
    safe = (
        address.startswith("/")
        and len(address) <= LONGEST_ADDRESS
        and url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure())
    )
    return address if safe else fallback


def redirect_back(request: HttpRequest, fallback: str) -> HttpResponseRedirect:
    """Redirect to the page that the form names in `next`, if it is ours; else to the fallback."""
    return HttpResponseRedirect(safe_address(request, request.POST.get("next", ""), fallback))


def _form_key(text: str) -> UUID | None:
    """The idempotency key that a text is."""
    try:
        return UUID(text)
    except ValueError:
        return None


def seen_version(request: HttpRequest) -> int:
    """The version that the reader saw; 0, which no row has, if the form names none."""
    return whole_number(request.POST.get("version", "")) or 0


def _is_typed(name: str) -> bool:
    return (
        name not in HIDDEN_FIELDS | ID_FIELDS
        and NOT_GIVEN_BACK not in name
        and not name.startswith("_")
    )


def typed_fields(request: HttpRequest) -> list[tuple[str, str]]:
    """Names and values of what a person typed into the form that they sent."""
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if value.strip() and _is_typed(name)
    ]
    return fields[:MOST_FIELDS]


def referring_page(request: HttpRequest) -> str:
    """The page of ours that showed the form; "/" if the browser does not say."""
    referrer = request.headers.get("Referer", "")
    is_own_host = url_has_allowed_host_and_scheme(
        referrer, {request.get_host()}, request.is_secure()
    )
    return referrer if is_own_host else "/"


def _refused(request: AppRequest, refusal: Refusal) -> HttpResponse:
    """Show the reason and what was typed."""
    if isinstance(refusal, NotAllowed):
        raise PermissionDenied(str(refusal))
    context = {"refusal": refusal, "typed": typed_fields(request), "back": referring_page(request)}
    return page(
        request,
        "directives/refused.html",
        context,
        fragment="directives/_refused.html",
        status=refusal.status,
    )


def _already_done(request: HttpRequest, done: FormKey) -> HttpResponse:
    """Redirect to where the first answer led; nothing is done twice."""
    messages.info(request, _("This form was already submitted; nothing was repeated."))
    return HttpResponseRedirect(done.location or "/")


def _carry_out(
    request: SignedInRequest, key: UUID, view: Callable[[], HttpResponse]
) -> HttpResponse:
    with deleted_on_failure() as stored_files, counted():
        # The second of two equal requests waits here until the first has ended.
        if not insert_unless_stored(FormKey(key=key, user=request.user, at=request.now)):
            done = FormKey.objects.filter(key=key, user=request.user).first()
            if done is None:  # somebody else's key
                raise Refusal(OUT_OF_DATE)
            return _already_done(request, done)
        response = view()
        location = response.headers.get("Location", "")[:300]
        if response.status_code >= 400:
            transaction.set_rollback(True)
            delete_stored(stored_files)
        elif location:
            FormKey.objects.filter(pk=key).update(location=location)
    return response


def tell_stored(request: AppRequest, response: HttpResponse) -> HttpResponse:
    """Tell the browser that it may delete its draft of this form.

    The answer to a form is a redirect, so a cookie tells it, which drafts.js deletes; htmx sees it
    from the answer itself. The cookie names the last few forms, because several may be stored
    before the next page is read.
    """
    key = _form_key(request.POST.get("idempotency_key", ""))
    if key is not None and response.status_code < 400 and not request.htmx:
        earlier = map(_form_key, request.COOKIES.get(STORED_COOKIE, "").split("."))
        keys = [str(key) for key in (*earlier, key) if key is not None]
        response.set_cookie(
            STORED_COOKIE,
            ".".join(keys[-STORED_FORMS:]),
            max_age=STORED_SECONDS,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


def _is_page(path: str) -> bool:
    try:
        return not hasattr(resolve(path).func, FORM_PAGE)
    except Resolver404:
        return False


def _page_above(request: HttpRequest) -> str:
    """The nearest page above an address: /plans/3/ for /plans/3/measures/add/."""
    parts = request.path_info.strip("/").split("/")
    above = (f"/{'/'.join(parts[:count])}/" for count in range(len(parts) - 1, 0, -1))
    return next(filter(_is_page, above), "/")


def _lead_to_form(
    request: HttpRequest, form: str | Callable[..., str], *args: Any, **kwargs: Any
) -> HttpResponse:
    """Redirect from an address that only takes forms to the page of its form, as in `posted`."""
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    if callable(form):
        return redirect(form(request, *args, **kwargs))
    return redirect(reverse(form, args=args, kwargs=kwargs) if form else _page_above(request))


def posted(
    form: str | Callable[..., str] = "",
) -> Callable[[View[SomeRequest, Arguments]], View[SomeRequest, Arguments]]:
    """A view that takes forms and shows no page of its own.

    Browsers request its address by GET all the same: after a sign-in, by Back, from bookmarks. Then
    it redirects to the page of the form: the nearest page above it, or the page named `form`, or
    the address that the function `form` returns for the arguments of the view.
    """

    def decorator(view: View[SomeRequest, Arguments]) -> View[SomeRequest, Arguments]:
        @wraps(view)
        def wrapper(
            request: SomeRequest, *args: Arguments.args, **kwargs: Arguments.kwargs
        ) -> HttpResponse:
            if request.method != "POST":
                return _lead_to_form(request, form, *args, **kwargs)
            return view(request, *args, **kwargs)

        setattr(wrapper, FORM_PAGE, form)
        return wrapper

    return decorator


@overload
def write(view: View[SignedInRequest, Arguments]) -> View[SignedInRequest, Arguments]: ...


@overload
def write(
    *, form: str | Callable[..., str]
) -> Callable[[View[SignedInRequest, Arguments]], View[SignedInRequest, Arguments]]: ...


def write(
    view: View[SignedInRequest, Arguments] | None = None, *, form: str | Callable[..., str] = ""
) -> Callable[..., Any]:
    """A view that changes something: POST only, in one transaction, once for each idempotency key.

    A response of 400 or more, or a Refusal, leaves nothing changed; a Refusal becomes a page that
    says why and keeps what was typed. Use {% once %} in the form. `form` as in `posted`.
    """
    if view is None:
        return partial(write, form=form)

    @wraps(view)
    def wrapper(
        request: SignedInRequest, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> HttpResponse:
        if request.method != "POST":
            return _lead_to_form(request, form, *args, **kwargs)
        key = _form_key(request.POST.get("idempotency_key", ""))
        if key is None:
            return _refused(request, Refusal(OUT_OF_DATE))
        try:
            response = _carry_out(request, key, partial(view, request, *args, **kwargs))
            return tell_stored(request, response)
        except Refusal as refusal:
            return _refused(request, refusal)

    setattr(wrapper, FORM_PAGE, form)
    return wrapper


def out_of_date(request: AppRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    get_token(request)  # sets the cookie by which session.js sends its form again
    if request.htmx:
        return HttpResponse(status=403, headers={"X-Form-Out-Of-Date": "1"})
    form_page = referring_page(request)
    context = {
        "typed": typed_fields(request) if form_page != "/" else [],
        "back": form_page,
        "reason": reason,
    }
    return render(request, "403_csrf.html", context, status=403)
