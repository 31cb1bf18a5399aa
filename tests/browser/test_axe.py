"""axe finds nothing on any page: the product's and the admin's.

For each role, in each script and width, light and dark.

Pages are those that links lead to, one of each address pattern. The four axes (简 or 繁, 1440 or
390 pixels, light or dark, folded parts shut or open) have sixteen combinations; running each on
each page of each role takes hours. What axe finds depends on the markup, which a page has in common
with others of its pattern, and on the sheet, which all pages share: colours depend on light and
dark, hidden parts on the width, texts hardly on anything. So each page is looked at in one of eight
combinations, which go round: among them each setting of any three axes meets each other (an
orthogonal array of strength three). Staff and supervisors, whose pages have the forms, are looked
at whole, of the others the pages that no role before them has. `make torture` runs all eight on
every page of every role, and English.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import product
from urllib.parse import urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import Resolver404, resolve

from directives.models import User
from tests.browser.conftest import NARROW, WIDE, Desk, forgiven
from tests.browser.world import World
from tests.factories import make_administrator

# Without preload, by which axe writes imported sheets into the page, against the policy of its
# content.
RULES = {
    "preload": False,
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
WITH_FORMS = ("staff", "supervisor")
ROLES = (*WITH_FORMS, "manager", "viewer", "auditor", "admin", "system", "security", "superuser")
WITHOUT = ("/accounts/login/", "/accounts/password/reset/", "/nowhere/")
FILES = ("export=", "/paper", ".docx", ".xlsx", ".csv", "/logout/")
# What folds away within the page; menus lie over it, one at a time.
OPEN = (
    "document.querySelectorAll('main details:not(.menu)')."
    "forEach((folded) => { folded.open = true; })"
)


@dataclass(frozen=True, slots=True)
class Setting:
    """How a page is looked at."""

    language: str
    size: dict[str, int]
    scheme: str
    opened: bool

    def __str__(self) -> str:
        return (
            f"{self.language} {self.size['width']} {self.scheme}{' opened' if self.opened else ''}"
        )


def settings() -> list[Setting]:
    """Half of all combinations: the fourth axis is the parity of the others."""
    axes = product((0, 1), (0, 1), (0, 1))
    return [
        Setting(
            ("zh-hans", "zh-hant")[script],
            (WIDE, NARROW)[width],
            ("light", "dark")[scheme],
            bool((script + width + scheme) % 2),
        )
        for script, width, scheme in axes
    ]


class Links(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [
            value for name, value in attributes if tag == "a" and name == "href" and value
        ]


def pages_of(user: User | None) -> Iterator[str]:
    """The pages that links lead to from the first page, one of each address pattern."""
    client = Client()
    client.cookies["language"] = "zh-hans"
    if user is not None:
        client.force_login(user, backend="directives.accounts.Door")
    waiting, seen = ["/", "/events/"], set()  # an auditor is led from the one to the other
    while waiting:
        address = waiting.pop(0)
        answer = client.get(address)
        answer.close()
        if (
            answer.status_code != 200
            or answer.streaming
            or not answer["Content-Type"].startswith("text/html")
        ):
            continue
        yield address
        for link in Links(answer.content.decode()).found:
            target = urlsplit(urljoin(address, link))
            try:
                name = resolve(target.path).view_name
            except Resolver404:
                continue
            if target.netloc or name in seen or any(mark in link for mark in FILES):
                continue
            seen.add(name)
            waiting.append(target.path + (f"?{target.query}" if target.query else ""))


def violations(desk: Desk, path: str, setting: Setting) -> Iterator[str]:
    page = desk.page
    desk.context.add_cookies([{"name": "language", "value": setting.language, "url": desk.url}])
    page.set_viewport_size(setting.size)
    page.emulate_media(color_scheme=setting.scheme)
    with forgiven(desk, "404"):
        desk.go(path)
    if setting.opened:
        page.evaluate(OPEN)
    for fault in Axe().run(page, options=RULES).response["violations"]:
        for node in fault["nodes"]:
            yield f"{path} [{setting}]: {fault['id']}: {node['target']} {node['html'][:160]}"


def who(role: str) -> User:
    if role in ("system", "security"):
        return make_administrator(role, f"{role}_administrator")
    if role == "superuser":
        return User.objects.create_superuser(role, password="白云-over-7-hills")
    return User.objects.get(username=role)


def faults_of(desk: Desk, pages: list[str]) -> list[str]:
    """What axe finds on these pages, each in the setting whose turn it is."""
    rows = settings()
    return [
        line
        for place, path in enumerate(pages)
        for line in violations(desk, path, rows[place % len(rows)])
    ]


@pytest.mark.once
@pytest.mark.parametrize("role", WITH_FORMS)
def test_each_page_of_a_role_with_forms(role: str, world: World, desk: Callable[..., Desk]) -> None:
    person, one = who(role), desk()
    one.be(person)
    pages = list(pages_of(person))
    found = faults_of(one, pages)
    assert found == [], "\n".join(found)
    assert len(pages) > 5


@pytest.mark.once
def test_each_page_that_other_roles_alone_have(world: World, desk: Callable[..., Desk]) -> None:
    known = {
        resolve(urlsplit(path).path).view_name
        for role in WITH_FORMS
        for path in pages_of(who(role))
    }
    found, looked = [], 0
    for role in ROLES:
        person = who(role)
        fresh = {resolve(urlsplit(path).path).view_name: path for path in pages_of(person)}
        pages = [path for name, path in fresh.items() if name not in known]
        known |= fresh.keys()
        if pages:
            one = desk()
            one.be(person)
            found += faults_of(one, pages)
            looked += len(pages)
    assert found == [], "\n".join(found)
    assert looked > 20


@pytest.mark.once
def test_the_pages_before_the_door(world: World, desk: Callable[..., Desk]) -> None:
    one = desk()
    found = [
        line
        for path in WITHOUT
        for setting in settings()
        for line in violations(one, path, setting)
    ]
    assert found == [], "\n".join(found)


@pytest.mark.torture
def test_english(world: World, desk: Callable[..., Desk]) -> None:
    person, one = who("supervisor"), desk()
    one.be(person)
    found = [
        line
        for path in pages_of(person)
        for line in violations(one, path, Setting("en", WIDE, "light", False))
    ]
    assert found == [], "\n".join(found)


@pytest.mark.torture
@pytest.mark.parametrize("role", ROLES)
def test_each_page_in_all_settings(role: str, world: World, desk: Callable[..., Desk]) -> None:
    person, one = who(role), desk()
    one.be(person)
    found = [
        line
        for path in pages_of(person)
        for setting in settings()
        for line in violations(one, path, setting)
    ]
    assert found == [], "\n".join(found)
