"""What every page of the product shows around its content."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise, SimpleLazyObject, cached_property
from django.utils.translation import get_language, pgettext_lazy

from directives.models import Document, Membership, Notice


@dataclass(frozen=True, slots=True)
class NavEntry:
    """A place in the main navigation. On a phone a `folded` one moves into the person's menu."""

    url: str
    label: str | Promise
    current: bool
    count: int = 0
    folded: bool = False


@dataclass(frozen=True, slots=True)
class LanguageChoice:
    """A button of the language switch: its code, its HTML language tag, one character, its full name."""

    code: str
    tag: str
    short: str
    name: str
    current: bool


SHORT = {"zh-hans": ("zh-Hans", "简"), "zh-hant": ("zh-Hant", "繁"), "en": ("en", "EN")}
# name of the address, words, for overseers alone, folded away on a phone
PLACES = (
    ("my_work", pgettext_lazy("place", "My work"), False, False),
    ("dashboard", pgettext_lazy("place", "Dashboard"), False, False),
    ("documents", pgettext_lazy("place", "Documents"), False, False),
    ("obligations", pgettext_lazy("place", "Obligations"), False, False),
    ("plans", pgettext_lazy("place", "Plans"), False, True),
    ("reports", pgettext_lazy("place", "Reports"), False, False),
    ("log", pgettext_lazy("place", "Log"), False, True),
    ("organisations", pgettext_lazy("place", "Organisations"), True, True),
    ("events", pgettext_lazy("place", "Record"), True, True),
)


class Shell:
    """The frame of a page. Each part is worked out when the template first asks, so that a fragment costs no query."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @property
    def site(self) -> str:
        return str(settings.SITE_NAME)

    @property
    def as_of(self) -> datetime:
        return getattr(self.request, "now", None) or timezone.now()

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
        return self.user is not None and Document.objects.filter(fictional=True).exists()

    @property
    def posts(self) -> tuple[Membership, ...]:
        return self.user.standing if self.user else ()

    @property
    def post(self) -> Membership | None:
        """The first of the person's memberships, for the top bar."""
        return self.posts[0] if self.posts else None

    @cached_property
    def unread(self) -> int:
        return Notice.objects.filter(user=self.user, read_at=None).count() if self.user else 0

    @cached_property
    def nav(self) -> tuple[NavEntry, ...]:
        return tuple(self._entries()) if self.user else ()

    def _entries(self) -> Iterator[NavEntry]:
        oversees = self.user.oversees or self.user.is_staff
        for name, label, overseers_only, folded in PLACES:
            if overseers_only and not oversees:
                continue
            url, home = reverse(name), name == "my_work"
            current = self.request.path == url if home else self.request.path.startswith(url)
            yield NavEntry(url, label, current, self.unread if home else 0, folded)

    @property
    def languages(self) -> tuple[LanguageChoice, ...]:
        current = get_language()
        return tuple(LanguageChoice(code, *SHORT[code], name, code == current) for code, name in settings.LANGUAGES)


def shell(request: HttpRequest) -> dict[str, Any]:
    """The frame, and the nonce under the name that django-htmx's tag reads."""
    return {"shell": SimpleLazyObject(lambda: Shell(request)), "csp_nonce": getattr(request, "csp_nonce", "")}
