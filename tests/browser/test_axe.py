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

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import product
from urllib.parse import urljoin, urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.test import Client
from django.urls import Resolver404, resolve
from playwright.sync_api import Page, Response

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
FILES = (
    "export=",
    "/files/",
    "/paper",
    "/offline/",
    "/source/",
    "/template/",
    ".docx",
    ".xlsx",
    ".csv",
    "/logout/",
)
# What folds away within the page; menus lie over it, one at a time.
OPEN = (
    "document.querySelectorAll('main details:not(.menu)')."
    "forEach((folded) => { folded.open = true; })"
)
VIOLATIONS = "(rules) => axe.run(rules).then((results) => results.violations)"
LINKS = "[...document.querySelectorAll('a[href]')].map((link) => link.getAttribute('href'))"


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


def crawl(links_of: Callable[[str], list[str] | None]) -> Iterator[str]:
    """The pages that links lead to from the first page, one of each address pattern.

    `links_of` says where the links of an address lead; None if it is no page.
    """
    waiting, seen = ["/", "/events/"], set()  # an auditor is led from the one to the other
    while waiting:
        address = waiting.pop(0)
        links = links_of(address)
        if links is None:
            continue
        yield address
        for link in links:
            target = urlsplit(urljoin(address, link))
            try:
                name = resolve(target.path).view_name
            except Resolver404:
                continue
            if target.netloc or name in seen or any(mark in link for mark in FILES):
                continue
            seen.add(name)
            waiting.append(target.path + (f"?{target.query}" if target.query else ""))


def pages_of(user: User) -> Iterator[str]:
    client = Client()
    client.cookies["language"] = "zh-hans"
    client.force_login(user, backend="directives.accounts.Door")

    def links_of(address: str) -> list[str] | None:
        answer = client.get(address)
        answer.close()
        is_page = (
            answer.status_code == 200
            and not answer.streaming
            and answer["Content-Type"].startswith("text/html")
        )
        return Links(answer.content.decode()).found if is_page else None

    return crawl(links_of)


def opened(desk: Desk, path: str, setting: Setting) -> Response:
    page = desk.page
    desk.context.add_cookies([{"name": "language", "value": setting.language, "url": desk.url}])
    page.set_viewport_size(setting.size)
    page.emulate_media(color_scheme=setting.scheme)
    with forgiven(desk, "404"):
        return page.goto(path)


def faults_in(page: Page, setting: Setting) -> Iterator[str]:
    """What axe finds on the page that is open."""
    if setting.opened:
        page.evaluate(OPEN)
    path = urlsplit(page.url)._replace(scheme="", netloc="").geturl()
    page.evaluate(AXE_SCRIPT)
    for fault in page.evaluate(VIOLATIONS, RULES):
        for node in fault["nodes"]:
            yield f"{path} [{setting}]: {fault['id']}: {node['target']} {node['html'][:160]}"


def violations(desk: Desk, path: str, setting: Setting) -> Iterator[str]:
    opened(desk, path, setting)
    yield from faults_in(desk.page, setting)


def who(role: str) -> User:
    if role in ("system", "security"):
        return make_administrator(role, f"{role}_administrator")
    if role == "superuser":
        return User.objects.create_superuser(role, password="白云-over-7-hills")
    return User.objects.get(username=role)


def looked_at(desk: Desk, found: list[str]) -> list[str]:
    """The pages of a person, found by their links as a browser shows them, each in the setting
    whose turn it is. What axe finds is added to `found`.
    """
    pages: list[str] = []
    rows = settings()

    def links_of(address: str) -> list[str] | None:
        setting = rows[len(pages) % len(rows)]
        answer = opened(desk, address, setting)
        if answer.status != 200 or answer.request.redirected_from is not None:
            return None
        found.extend(faults_in(desk.page, setting))
        return desk.page.evaluate(LINKS)

    for address in crawl(links_of):
        pages.append(address)
    return pages


def views(pages: Iterable[str]) -> dict[str, str]:
    """Each page by the name of its view."""
    return {resolve(urlsplit(path).path).view_name: path for path in pages}


@pytest.mark.once
def test_each_page(world: World, desk: Callable[..., Desk]) -> None:
    """Whole for the roles with forms, then what other roles alone have."""
    found: list[str] = []
    known: set[str] = set()
    for role in WITH_FORMS:
        one = desk()
        one.be(who(role))
        pages = looked_at(one, found)
        known |= views(pages).keys()
        assert len(pages) > 5, role
    others, rows = 0, settings()
    for role in ROLES:
        person = who(role)
        fresh = views(pages_of(person))
        pages = [path for name, path in fresh.items() if name not in known]
        known |= fresh.keys()
        if pages:
            one = desk()
            one.be(person)
            for place, path in enumerate(pages):
                found += violations(one, path, rows[place % len(rows)])
            others += len(pages)
    assert found == [], "\n".join(found)
    assert others > 20


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
