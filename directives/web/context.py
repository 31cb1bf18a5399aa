"""What every page of the product shows around its content."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.translation import get_language, pgettext_lazy

from directives.base.replicas import behind, data_as_of
from directives.health.banners import Banner, banners
from directives.health.upkeep import keeper
from directives.intakes.pages import kinds_for
from directives.models import Document, Membership
from directives.models.people import UNREAD_SHOWN


@dataclass(frozen=True, slots=True)
class NavEntry:
    """A place in the main navigation. A `folded` one moves into the person's menu on a phone, a `kept` one stands only there."""

    url: str
    label: str | Promise
    current: bool
    count: str = ""
    folded: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class LanguageChoice:
    """A button of the language switch: its code, its HTML language tag, one character, its full name."""

    code: str
    tag: str
    short: str
    name: str
    current: bool


SHORT = {"zh-hans": ("zh-Hans", "简"), "zh-hant": ("zh-Hant", "繁"), "en": ("en", "EN")}
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
FOLDED = {"plans", "log", "organisations"}  # on a phone
OVERSEERS = {
    "organisations",
    "events",
}  # shown to overseers and administrators alone; to auditors the record
KEPT = {
    "indicators",
    "intakes",
    "events",
}  # looked up now and then: in the person's menu at every width
KEPT_OF_OVERSEERS = KEPT | {"log"}  # they read the log of others seldom; who works writes it daily


class Shell:
    """The frame of a page. Each part is worked out when the template first asks, so that a fragment costs no query."""

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
        """What a signed-in person is told of the installation itself."""
        return banners(keeper.ask(self.now), self.user, self.now) if self.user else ()

    @property
    def rest(self) -> dict[str, int]:
        """Seconds until the session ends if nothing is done, and until it ends in any case."""
        session = self.request.session
        last = (
            int((session.last_end - self.now).total_seconds())
            if "began" in session
            else settings.SESSION_HOURS * 3600
        )
        return {"idle": settings.SESSION_IDLE_MINUTES * 60, "last": max(0, last)}

    @property
    def behind(self) -> bool:
        """Whether the page was read from a replica that lacks what was written of late."""
        return bool(behind(self.request))

    @property
    def here(self) -> str:
        """The address that the language switch comes back to."""
        return self.request.get_full_path() if self.request.method == "GET" else self.request.path

    @cached_property
    def user(self) -> Any:
        user = getattr(self.request, "user", None)
        return user if user is not None and user.is_authenticated else None

    @cached_property
    def demo(self) -> bool:
        """Whether the installation holds fictional data. The sign-in page does not say."""
        if self.user is None:
            return False
        known = self.user.among_fiction
        return Document.objects.filter(fictional=True).exists() if known is None else known

    @property
    def posts(self) -> tuple[Membership, ...]:
        return self.user.standing if self.user else ()

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
        return tuple(self._entries()) if self.user else ()

    def _opens(self, name: str) -> bool:
        """Whether the person is led to this place."""
        if self.user.only_audits:
            return name == "events"
        if name == "intakes":
            return bool(kinds_for(self.user))
        return (
            name not in OVERSEERS
            or self.user.oversees
            or self.user.is_staff
            or (name == "events" and self.user.is_auditor)
        )

    def _kept(self) -> set[str]:
        if self.user.only_audits:
            return set()
        return KEPT_OF_OVERSEERS if self.user.oversees or self.user.is_staff else KEPT

    def _entries(self) -> Iterator[NavEntry]:
        kept, unread = self._kept(), self.unread_shown if self.unread else ""
        for name, label in PLACES:
            if not self._opens(name):
                continue
            url, home = reverse(name), name == "my_work"
            current = self.request.path == url if home else self.request.path.startswith(url)
            yield NavEntry(
                url, label, current, unread if home else "", name in FOLDED, name in kept
            )

    @property
    def languages(self) -> tuple[LanguageChoice, ...]:
        current = get_language()
        return tuple(
            LanguageChoice(code, *SHORT[code], name, code == current)
            for code, name in settings.LANGUAGES
        )


def shell(request: HttpRequest) -> dict[str, Any]:
    """The frame, and the nonce under the name that django-htmx's tag reads."""
    return {"shell": Shell(request), "csp_nonce": getattr(request, "csp_nonce", "")}
