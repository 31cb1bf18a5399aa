"""What every page of the product shows around its content."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import get_language, pgettext_lazy

from directives.base.replicas import lag_of
from directives.catalogue.kinds import KINDS
from directives.health.banners import Banner, banners
from directives.health.upkeep import upkeep_cache
from directives.models import Document, Membership, User
from directives.models.people import UNREAD_SHOWN
from directives.signin.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class NavEntry:
    """A place in the main navigation."""

    url: str
    label: str | Promise
    current: bool
    count: str = ""
    folded: bool = False  # on a phone: in the person's menu
    menu_only: bool = False  # always in the person's menu


@dataclass(frozen=True, slots=True)
class LanguageChoice:
    code: str
    tag: str  # for HTML
    short: str
    name: str
    current: bool


TAGS_AND_SHORT_NAMES = {
    "zh-hans": ("zh-Hans", "简"),
    "zh-hant": ("zh-Hant", "繁"),
    "en": ("en", "EN"),
}
PLACES = (
    ("my_work", pgettext_lazy("place", "My work")),
    ("dashboard", pgettext_lazy("place", "Dashboard")),
    ("documents", pgettext_lazy("place", "Documents")),
    ("obligations", pgettext_lazy("place", "Obligations")),
    ("plans", pgettext_lazy("place", "Plans")),
    ("reports", pgettext_lazy("place", "Reports")),
    ("log", pgettext_lazy("place", "Log")),
    ("organisations", pgettext_lazy("place", "Organisations")),
    ("reply_requests", pgettext_lazy("place", "Instructions and inputs")),
    ("statistics", pgettext_lazy("place", "Statistics")),
    ("intakes", pgettext_lazy("place", "Imports")),
    ("events", pgettext_lazy("place", "Audit log")),
)
FOLDED = {"plans", "log", "organisations"}
# Shown only to overseers and administrators; the audit log to auditors as well.
FOR_OVERSEERS = {"organisations", "events"}
MENU_ONLY = {"reply_requests", "statistics", "intakes", "events"}
MENU_ONLY_FOR_OVERSEERS = MENU_ONLY | {"log"}  # people who fill in reports write it daily


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """The frame of a page; of one to somebody not signed in, the first three fields alone."""

    site: str
    return_url: str  # the address that the language switch comes back to
    languages: tuple[LanguageChoice, ...]
    user: User | None = None
    memberships: tuple[Membership, ...] = ()  # of the person; the top bar names the first
    unread: str = ""  # the number of unread notices: 3, or 99+
    nav: tuple[NavEntry, ...] = ()
    demo: bool = False  # the installation holds fictional data
    as_of: datetime | None = None
    behind: bool = False  # read from a replica that lacks recent changes
    lights_on: date | None = None  # the day whose lights are shown, if that is not today
    banners: tuple[Banner, ...] = ()
    idle_seconds: int = 0  # until the session ends if nothing is done
    last_seconds: int = 0  # until it ends in any case


def read_shell(request: HttpRequest) -> Shell:
    current = get_language()
    frame = Shell(
        site=str(settings.SITE_NAME),
        return_url=request.get_full_path() if request.method == "GET" else request.path,
        languages=tuple(
            LanguageChoice(code, *TAGS_AND_SHORT_NAMES[code], name, code == current)
            for code, name in settings.LANGUAGES
        ),
    )
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return frame
    now = getattr(request, "now", None) or timezone.now()
    lag, upkeep = lag_of(request), upkeep_cache.get(now)
    unread = f"{UNREAD_SHOWN - 1}+" if user.unread >= UNREAD_SHOWN else str(user.unread or "")
    session = cast(SessionStore, request.session)
    hours = timedelta(hours=settings.SESSION_HOURS)
    session_end = session.last_end if "began" in session else now + hours
    fictional = user.among_fiction
    return replace(
        frame,
        user=user,
        memberships=user.held_memberships,
        unread=unread,
        nav=tuple(nav_entries(user, request.path, unread)),
        demo=Document.objects.filter(fictional=True).exists() if fictional is None else fictional,
        as_of=now - lag,
        behind=bool(lag),
        lights_on=upkeep.old_lights(timezone.localdate(now)),
        banners=banners(upkeep, user, now),
        idle_seconds=settings.SESSION_IDLE_MINUTES * 60,
        last_seconds=max(0, int((session_end - now).total_seconds())),
    )


def nav_entries(user: User, path: str, unread: str) -> Iterator[NavEntry]:
    """The places that the person may visit; `path` is that of the page."""
    oversees = user.oversees or user.is_staff
    menu_only = MENU_ONLY_FOR_OVERSEERS if oversees else MENU_ONLY
    hidden = set() if oversees else FOR_OVERSEERS - ({"events"} if user.is_auditor else set())
    if not any(kind.may(user) for kind in KINDS.values()):
        hidden = hidden | {"intakes"}
    if user.only_audits:
        menu_only, hidden = set(), {name for name, _label in PLACES} - {"events"}
    for name, label in PLACES:
        if name not in hidden:
            url, home = reverse(name), name == "my_work"
            yield NavEntry(
                url,
                label,
                current=path == url if home else path.startswith(url),
                count=unread if home else "",
                folded=name in FOLDED,
                menu_only=name in menu_only,
            )


def shell(request: HttpRequest) -> dict[str, Any]:
    """The frame, and the nonce under the name that django-htmx's tag reads.

    The frame is read where a template uses it: a fragment does not.
    """
    frame = SimpleLazyObject(partial(read_shell, request))
    return {"shell": frame, "csp_nonce": getattr(request, "csp_nonce", "")}
