"""What every page of the product shows around its content."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.translation import get_language, pgettext_lazy

from directives.base.replicas import data_as_of, lag_of
from directives.health.banners import Banner, banners
from directives.health.upkeep import keeper
from directives.intakes.pages import kinds_for
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
    ("statistics", pgettext_lazy("place", "Statistics")),
    ("intakes", pgettext_lazy("place", "Imports")),
    ("events", pgettext_lazy("place", "Audit log")),
)
FOLDED = {"plans", "log", "organisations"}
# Shown only to overseers and administrators; the audit log to auditors as well.
FOR_OVERSEERS = {"organisations", "events"}
MENU_ONLY = {"statistics", "intakes", "events"}
MENU_ONLY_FOR_OVERSEERS = MENU_ONLY | {"log"}  # people who fill in reports write it daily


class Shell:
    """The frame of a page. Its queries run only where a template uses it: a fragment does not."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @property
    def site(self) -> str:
        return str(settings.SITE_NAME)

    @property
    def now(self) -> datetime:
        return getattr(self.request, "now", None) or timezone.now()

    @property
    def as_of(self) -> datetime:
        return data_as_of(self.request, self.now)

    @property
    def lights_on(self) -> date | None:
        """The day whose lights are shown, where that is not today."""
        today = timezone.localdate(self.now)
        return keeper.ask(self.now).old_lights(today) if self.user else None

    @property
    def banners(self) -> tuple[Banner, ...]:
        return banners(keeper.ask(self.now), self.user, self.now) if self.user else ()

    @property
    def rest(self) -> dict[str, int]:
        """Seconds until the session ends if nothing is done, and until it ends in any case."""
        session = cast(SessionStore, self.request.session)
        last = (
            int((session.last_end - self.now).total_seconds())
            if "began" in session
            else settings.SESSION_HOURS * 3600
        )
        return {"idle": settings.SESSION_IDLE_MINUTES * 60, "last": max(0, last)}

    @property
    def behind(self) -> bool:
        """Whether the page was read from a replica that lacks recent changes."""
        return bool(lag_of(self.request))

    @property
    def here(self) -> str:
        """The address that the language switch comes back to."""
        return self.request.get_full_path() if self.request.method == "GET" else self.request.path

    @cached_property
    def user(self) -> User | None:
        user = getattr(self.request, "user", None)
        return user if user is not None and user.is_authenticated else None

    @cached_property
    def demo(self) -> bool:
        """Whether the installation holds fictional data. The sign-in page does not say."""
        if self.user is None:
            return False
        fictional = self.user.among_fiction
        return Document.objects.filter(fictional=True).exists() if fictional is None else fictional

    @property
    def posts(self) -> tuple[Membership, ...]:
        return self.user.held_memberships if self.user else ()

    @property
    def post(self) -> Membership | None:
        """The first of the person's memberships, for the top bar."""
        return self.posts[0] if self.posts else None

    @property
    def unread(self) -> int:
        """Unread notices, counted up to UNREAD_SHOWN."""
        return self.user.unread if self.user else 0

    @property
    def unread_shown(self) -> str:
        """The count as the badge shows it: 3, or 99+."""
        return f"{UNREAD_SHOWN - 1}+" if self.unread >= UNREAD_SHOWN else str(self.unread)

    @cached_property
    def nav(self) -> tuple[NavEntry, ...]:
        return tuple(self._entries(self.user)) if self.user else ()

    def _entries(self, user: User) -> Iterator[NavEntry]:
        menu_only = _menu_only_for(user)
        for name, label in PLACES:
            if not _is_shown(name, user):
                continue
            url, home = reverse(name), name == "my_work"
            yield NavEntry(
                url,
                label,
                current=self.request.path == url if home else self.request.path.startswith(url),
                count=self.unread_shown if home and self.unread else "",
                folded=name in FOLDED,
                menu_only=name in menu_only,
            )

    @property
    def languages(self) -> tuple[LanguageChoice, ...]:
        current = get_language()
        return tuple(
            LanguageChoice(code, *TAGS_AND_SHORT_NAMES[code], name, code == current)
            for code, name in settings.LANGUAGES
        )


def _is_shown(name: str, user: User) -> bool:
    if user.only_audits:
        return name == "events"
    if name == "intakes":
        return bool(kinds_for(user))
    return (
        name not in FOR_OVERSEERS
        or user.oversees
        or user.is_staff
        or (name == "events" and user.is_auditor)
    )


def _menu_only_for(user: User) -> set[str]:
    if user.only_audits:
        return set()
    return MENU_ONLY_FOR_OVERSEERS if user.oversees or user.is_staff else MENU_ONLY


def shell(request: HttpRequest) -> dict[str, Any]:
    """The frame, and the nonce under the name that django-htmx's tag reads."""
    return {"shell": Shell(request), "csp_nonce": getattr(request, "csp_nonce", "")}
