from collections.abc import Callable, Iterator
from functools import wraps

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import login_webauthn
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django_tasks_db.models import DBTaskResult

admin.autodiscover()
# What administrators may do is not theirs to widen; addresses and second factors are each person's
# own; of tasks that failed the doctor and the log tell.
for model in (Group, EmailAddress, Authenticator, DBTaskResult):
    admin.site.unregister(model)

login_not_required(login_webauthn)  # allauth knows no LoginRequiredMiddleware for it


def in_one_transaction(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of allauth whose form is carried out whole, its audit event with it."""

    @wraps(view)
    def carried(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with transaction.atomic():
            return view(request, *args, **kwargs)

    return carried


def patterns_of(resolver: URLResolver) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        yield from patterns_of(pattern) if isinstance(pattern, URLResolver) else [pattern]


def closed(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """An address of allauth that the product does not offer: addresses are given by administrators,
    mail goes to no other.
    """
    raise Http404


accounts = path("accounts/", include("allauth.urls"))
for pattern in patterns_of(accounts):
    if pattern.name in (
        "account_email",
        "account_confirm_email",
        "account_email_verification_sent",
    ):
        pattern.callback = closed
    if (pattern.name or "").startswith("mfa_") or pattern.name == "account_change_password":
        pattern.callback = in_one_transaction(pattern.callback)

urlpatterns = [
    path("", include("directives.urls")),
    accounts,
    path(settings.ADMIN_PATH, admin.site.urls),
]

handler403 = "directives.web.refused.forbidden"
handler404 = "directives.web.refused.missing"
handler500 = "directives.web.outages.failed"
