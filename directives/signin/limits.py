"""How often a password may be tried.

Only failures are counted. Those of an account are counted by address, so that attempts from
elsewhere do not lock its owner out. A browser that has signed in to the account before is counted
by itself, so that neither a colleague behind the same address nor a stranger can lock it out.
"""

from datetime import datetime, timedelta
from logging import getLogger
from secrets import token_urlsafe

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from directives.models import SignInAttempt
from directives.signin.addresses import subscriber_address

logger = getLogger(__name__)

COOKIE = "browser"
YEAR = 365 * 24 * 3600  # seconds
BROWSER_NAME_LENGTH = 32  # characters of a browser's name
KNOWN_PLACE_AGE = timedelta(days=90)  # for which the place of a sign-in counts as known
# Failures, and the time in which they are too many.
ACCOUNT_AT_PLACE_LIMIT = 5, timedelta(minutes=5)  # of an account, from one place
PLACE_LIMIT = 200, timedelta(minutes=10)  # from an address, which a large office may share
ACCOUNT_LIMIT = 100, timedelta(hours=1)  # of an account, from places where it never signed in


def account_of(name: str) -> str:
    """A hash of the typed name, which attempts store: the name may be a password."""
    return salted_hmac("sign-in", name.strip().casefold(), algorithm="sha256").hexdigest()


def browser_of(request: HttpRequest) -> str:
    """The name in the cookie that this browser got at an earlier sign-in; "" for a new one."""
    name = request.COOKIES.get(COOKIE, "")
    return name if len(name) == BROWSER_NAME_LENGTH else ""


def begin_attempt(request: HttpRequest, name: str, *, now: datetime) -> SignInAttempt | None:
    """Store an attempt as a failure; the caller deletes it after success.

    Returns None if there were too many. The attempt is stored before the password is checked, so
    that simultaneous attempts count too.
    """
    account, address, browser = account_of(name), subscriber_address(request), browser_of(request)
    earlier_sign_ins = SignInAttempt.objects.filter(
        account=account, succeeded=True, at__gt=now - KNOWN_PLACE_AGE
    )
    same_browser = bool(browser) and earlier_sign_ins.filter(browser=browser).exists()
    attempt = SignInAttempt.objects.create(
        account=account, address=address, browser=browser if same_browser else "", at=now
    )
    if _too_many(
        attempt, known_place=same_browser or earlier_sign_ins.filter(address=address).exists()
    ):
        attempt.delete()
        return None
    return attempt


def _too_many(attempt: SignInAttempt, *, known_place: bool) -> bool:
    """Whether the failures, including this one, exceed a limit."""

    def since(limit: tuple[int, timedelta]) -> Q:
        return Q(at__gt=attempt.at - limit[1])

    account, address = Q(account=attempt.account), Q(address=attempt.address)
    same_place = Q(browser=attempt.browser) if attempt.browser else address & Q(browser="")
    failures = SignInAttempt.objects.filter(
        account | address, since(ACCOUNT_LIMIT), succeeded=False
    )
    counts = failures.aggregate(
        one=Count("pk", filter=account & same_place & since(ACCOUNT_AT_PLACE_LIMIT)),
        place=Count("pk", filter=address & Q(browser="") & since(PLACE_LIMIT)),
        account=Count("pk", filter=account & Q(browser="")),
    )
    if counts["one"] > ACCOUNT_AT_PLACE_LIMIT[0]:
        return True
    if attempt.browser:
        return False
    return counts["place"] > PLACE_LIMIT[0] or (
        counts["account"] > ACCOUNT_LIMIT[0] and not known_place
    )


def forget_failures(name: str) -> int:
    """Delete the failures of an account; returns how many there were."""
    return SignInAttempt.objects.filter(account=account_of(name), succeeded=False).delete()[0]


def remember_place(
    request: HttpRequest, response: HttpResponse, name: str, *, now: datetime
) -> None:
    """Store that this account signed in from here: one row for each place."""
    browser = browser_of(request) or token_urlsafe(BROWSER_NAME_LENGTH)[:BROWSER_NAME_LENGTH]
    try:
        _remember(account_of(name), subscriber_address(request), browser, now)
    except DatabaseError as error:  # signed in all the same; next time the place is unknown
        logger.warning("the place of a sign-in was not noted: %s", str(error).strip())
        return
    response.set_cookie(
        COOKIE,
        browser,
        max_age=YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


@transaction.atomic
def _remember(account: str, address: str, browser: str, now: datetime) -> None:
    fields = {"account": account, "address": address, "browser": browser, "succeeded": True}
    if not SignInAttempt.objects.filter(**fields).update(at=now):
        SignInAttempt.objects.create(**fields, at=now)
