"""The dashboard on a wall.

Whatever the projector, it fills the screen, never scrolls, and its figures can be read from afar.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from directives.core import relighting
from directives.models import Membership, Organisation, User
from directives.obligations.commands import issuing
from directives.obligations.commands.issuing import Terms
from tests.browser.conftest import Desk
from tests.browser.world import World
from tests.factories import make_body, make_directive, make_document, make_section, make_user

pytestmark = pytest.mark.once

SIZES = (
    (1280, 720),
    (1366, 768),
    (1280, 800),
    (1024, 768),
    (1600, 900),
    (1920, 1080),
    (2560, 1440),
    (3840, 2160),
)
# What is wrong with a wall: it scrolls, leaves room, cuts a line in two, or says something too
# small. Percent of the height. The digits of the typeface stand 73% of its size high: 2.2% of the
# screen make 1.6%.
WRONG = """() => {
  const root = document.documentElement, high = innerHeight, found = [];
  const size = (one) => {
    const svg = one.closest("svg.chart");
    return parseFloat(getComputedStyle(one).fontSize)
      * (svg ? svg.getScreenCTM().d : 1) / high * 100;
  };
  if (root.scrollWidth > innerWidth || root.scrollHeight > high)
    found.push(`scrolls: ${root.scrollWidth} × ${root.scrollHeight}`);
  const foot = document.querySelector(".foot").getBoundingClientRect().bottom;
  if (Math.abs(foot - high) > 1) found.push(`ends at ${foot}`);
  for (const one of document.querySelectorAll("#main .card")) {
    if (!one.checkVisibility()) continue;
    const box = one.getBoundingClientRect();
    if (box.bottom > high || box.height < high / 8)
      found.push(`${one.id} stands from ${box.top} to ${box.bottom}`);
    if (one.scrollHeight > one.clientHeight + 1) found.push(`${one.id} is cut`);
  }
  const texts = document.createTreeWalker(document.querySelector("#main"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const one = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !one.checkVisibility() || one.closest(".sr")) continue;
    if (size(one) < 1.6)
      found.push(`${texts.currentNode.data.trim()} is ${size(one).toFixed(2)}% high`);
  }
  for (const one of document.querySelectorAll(
    ".stat .n, .sects .rt b, .rank .pc b, .heat td a, .delta .v, .cover b, .headline b"
  )) {
    if (one.checkVisibility() && size(one) < 2.19)
      found.push(`figure ${one.textContent} is ${size(one).toFixed(2)}% high`);
  }
  return found;
}"""


def faults_of(desk: Desk, sizes: tuple[tuple[int, int], ...] = SIZES) -> list[str]:
    desk.go("/dashboard/?wall=1")
    found = []
    for width, height in sizes:
        desk.page.set_viewport_size({"width": width, "height": height})
        found += [f"{width}×{height}: {fault}" for fault in desk.page.evaluate(WRONG)]
    return found


def spread(world: World) -> None:
    """Every section owed by ten bodies since long ago, so that every card has much to show."""
    directives, then = (
        list(world.document.directives.filter(statement=False)),
        timezone.now() - timedelta(days=60),
    )
    bodies = list(
        Organisation.objects.filter(parent__code="C000", valid_to=None).exclude(pk=world.body.pk)[
            :10
        ]
    )
    by = User.objects.get(username="supervisor")
    issuing.issue(
        document=world.document,
        directives=directives,
        organisations=[*bodies, world.body],
        terms=Terms(),
        by=by,
        now=then,
    )
    relighting.tick(now=timezone.now(), everything=True)


def test_it_fills_every_screen_and_never_scrolls(world: World, desk: Callable[..., Desk]) -> None:
    spread(world)
    one, found = desk(), []
    for username in ("supervisor", "staff"):  # a branch, a single body
        one.be(User.objects.get(username=username))
        for language, sizes in (("zh-hans", SIZES), ("zh-hant", SIZES[:1]), ("en", SIZES[:4])):
            one.context.add_cookies(
                [{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": one.url}]
            )
            found += [f"{username}, {language}, {fault}" for fault in faults_of(one, sizes)]
        seen = (
            one.page.locator("#sections .sects li").count(),
            one.page.locator("#ranking").count(),
            one.page.locator(".top").count(),
        )
        assert seen == (6, 1 if username == "supervisor" else 0, 0)
    assert found == [], "\n".join(found)


def test_all_documents_together_fill_the_screen_too(
    world: World, desk: Callable[..., Desk]
) -> None:
    spread(world)
    bodies, then = (
        list(Organisation.objects.filter(parent__code="C000", valid_to=None)[:9]),
        timezone.now() - timedelta(days=60),
    )
    by = User.objects.get(username="supervisor")
    for number in range(24):
        document = make_document(title_hans=f"关于第{number}项工作的若干意见和具体措施")
        directive = make_directive(make_section(document))
        issuing.issue(
            document=document,
            directives=[directive],
            organisations=bodies,
            terms=Terms(),
            by=by,
            now=then,
        )
    relighting.tick(now=timezone.now(), everything=True)
    one = desk()
    one.be(by)
    assert faults_of(one, SIZES) == []
    assert one.page.locator("#documents .docs li").count() == 20


@pytest.mark.django_db(transaction=True)
def test_it_says_that_there_is_nothing_yet(desk: Callable[..., Desk]) -> None:
    person = make_user("first")
    Membership.objects.create(user=person, organisation=make_body("C000"), role="supervisor")
    one = desk()
    one.be(person)
    assert faults_of(one) == []
    assert ("还没有文件" in one.page.inner_text("#main"), one.page.locator(".top").count()) == (
        True,
        0,
    )
