"""A desk for each person: a browser of their own, whose every fault is written down."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect
from pytest_django.live_server_helper import LiveServer

from directives.models import Document, User
from tests.browser.world import World, build

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PASSWORD = "白云-over-7-hills"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")  # tests/run says which
PATIENCE = 20_000  # milliseconds; a busy machine is no fault of the page
expect.set_options(timeout=PATIENCE)
# How often a finger or a mouse button came down on this tab, over all its pages. Typing is not
# counted.
COUNT_CLICKS = """addEventListener("pointerdown", () => {
  sessionStorage.setItem("clicks", 1 + Number(sessionStorage.getItem("clicks")));
}, true);"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = os.path.dirname(__file__)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    return browser_type_launch_args | {
        "executable_path": CHROMIUM or None,  # None: Playwright's own, which has no sandbox
        "chromium_sandbox": bool(CHROMIUM) and os.geteuid() != 0,
        "args": [*quiet, "--disable-dev-shm-usage", "--disable-gpu"],
    }


@dataclass
class Desk:
    """One person's browser.

    `faults` holds what no page may do: console errors, CSP messages, failed scripts, HTTP 5xx.
    """

    context: BrowserContext
    page: Page
    url: str
    faults: list[str] = field(default_factory=list)
    # Path → status of the last answer that was a page.
    statuses: dict[str, int] = field(default_factory=dict)

    @classmethod
    def open(
        cls, browser: Browser, url: str, size: dict[str, int], language: str, **options: object
    ) -> "Desk":
        context = browser.new_context(
            viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", base_url=url, **options
        )
        context.set_default_timeout(PATIENCE)
        context.add_init_script(COUNT_CLICKS)
        context.add_cookies(
            [{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": url}]
        )
        desk = cls(context, context.new_page(), url)
        context.on("console", desk.heard)
        context.on("weberror", lambda error: desk.faults.append(f"{desk.page.url}: {error.error}"))
        context.on("response", desk.answered)
        return desk

    def heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} or "Content Security Policy" in message.text:
            self.faults.append(f"{self.page.url}: {message.type}: {message.text}")

    def answered(self, response: Response) -> None:
        path = response.url.removeprefix(self.url)
        if response.status >= 500:
            self.faults.append(f"{response.status} {response.request.method} {path}")
        if response.request.is_navigation_request():
            self.statuses[path] = response.status

    def go(self, path: str) -> int:
        """Open a page; returns its status."""
        return self.page.goto(path).status

    def press(self, name: str, *, exact: bool = False) -> None:
        """Press the one button of this name."""
        self.page.get_by_role("button", name=name, exact=exact).click()

    def follow(self, name: str, *, exact: bool = False) -> None:
        """Follow the one link of this name."""
        self.page.get_by_role("link", name=name, exact=exact).click()

    def clicks(self) -> int:
        return int(self.page.evaluate("sessionStorage.getItem('clicks') || 0"))

    def sign_in(self, username: str) -> None:
        """Through the page, as people do."""
        self.go("/accounts/login/")
        self.page.fill("[name=login]", username)
        self.page.fill("[name=password]", PASSWORD)
        self.press("登录", exact=True)
        self.page.wait_for_url(f"{self.url}/")

    def be(self, user: User) -> None:
        """Signed in without the page."""
        client = Client()
        client.force_login(user, backend="directives.accounts.Door")
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.url}]
        )


@pytest.fixture
def desk(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Desk]]:
    """Opens desks; all of them are closed at the end, and none may have met a fault."""
    desks: list[Desk] = []

    def sit_down(size: dict[str, int] = WIDE, language: str = "zh-hans", **options: object) -> Desk:
        desks.append(Desk.open(browser, live_server.url, size, language, **options))
        return desks[-1]

    yield sit_down
    faults = [fault for one in desks for fault in one.faults]
    for one in desks:
        one.context.close()
    assert faults == []


@contextmanager
def forgiven(desk: Desk, *marks: str) -> Iterator[None]:
    """Console errors that hold one of these marks are meant to happen here.

    A refused save answers 409.
    """
    before = len(desk.faults)
    yield
    desk.faults[before:] = [
        fault for fault in desk.faults[before:] if not any(mark in fault for mark in marks)
    ]


def until(page: Page, condition: Callable[[], bool]) -> bool:
    """Whether something comes to be so that the page does not show, while the page goes on."""
    for _look in range(PATIENCE // 100):
        if condition():
            return True
        page.wait_for_timeout(100)
    return False


@pytest.fixture
def sample(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Document:
    """The real document, the register of bodies and the demo accounts; nothing is assigned yet."""
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)
    call_command("load_sample", without_progress=True, verbosity=0)
    return Document.objects.get()


@pytest.fixture
def world(sample: Document) -> World:
    """The sample with some work under way."""
    return build(sample)
