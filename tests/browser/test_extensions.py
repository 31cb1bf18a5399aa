"""An extension asked for and granted, from My work to the new day, in few clicks."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from directives.models import Extension, Obligation
from tests.browser.conftest import NARROW, WIDE, Desk
from tests.browser.world import World

CLICKS = 6


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_asked_and_granted_in_six_clicks(
    world: World, desk: Callable[..., Desk], size: dict[str, int]
) -> None:
    today = timezone.localdate()
    row = Obligation.objects.filter(
        organisation=world.body, due_on=today + timedelta(days=4), state="underway"
    ).first()
    later = today + timedelta(days=60)

    staff = desk(size)
    staff.sign_in("staff")
    signing_in = staff.clicks()
    staff.go(f"/obligations/?body={world.body.pk}")
    staff.page.locator(f"#o{row.pk} a").click()
    staff.follow("申请延期", exact=True)
    staff.page.fill("[name=due_on]", later.isoformat())
    staff.page.fill("[name=reason]", "试点单位尚在论证")
    staff.press("提交申请")
    staff.page.wait_for_url(f"{staff.url}/obligations/{row.pk}/")

    supervisor = desk(size)
    supervisor.sign_in("supervisor")
    signing_in += supervisor.clicks()
    line = supervisor.page.locator(".todo li", has_text="延期申请")
    line.locator("a.btn").click()
    assert fits(supervisor)
    supervisor.press("同意延期", exact=True)
    supervisor.page.get_by_text("已同意延期 1 项").wait_for()

    row.refresh_from_db()
    assert (row.due_on, row.extensions_granted, Extension.objects.get().state) == (
        later,
        1,
        "granted",
    )
    assert staff.clicks() + supervisor.clicks() - signing_in <= CLICKS
    staff.go("/extensions/")
    assert fits(staff)
    staff.go(f"/obligations/?body={world.body.pk}")
    assert fits(staff)


def fits(desk: Desk) -> bool:
    """Whether nothing of the page lies beside the window."""
    return desk.page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
