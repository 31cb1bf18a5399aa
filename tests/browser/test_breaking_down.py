"""Breaking an obligation down to ten organisations, counted in clicks, also on a phone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from directives.models import Obligation
from tests.factories import make_body, make_obligation


@pytest.mark.parametrize("width", [1440, 390])
def test_ten_organisations_get_their_parts_in_few_clicks(live_server, cast, desk, width):
    for letter in "BCDEFGHIJ":
        make_body(f"Q01{letter}", parent=cast.body)
    row = make_obligation(organisation=cast.body, due_on=timezone.localdate() + timedelta(days=60))
    one = desk({"width": width, "height": 900})
    one.be(cast.manager)
    one.go(f"/obligations/{row.pk}/")
    one.page.get_by_role("link", name="分解到下级").click()
    one.page.get_by_label("全部直接下级（10 家）").check()
    one.page.get_by_role("button", name="分解到下级").click()
    one.page.wait_for_url("**/breakdown/")
    assert Obligation.objects.filter(broken_from=row).count() == 10
    scrolled = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert one.page.evaluate(scrolled) <= 0
    assert int(one.page.evaluate("sessionStorage.getItem('clicks')")) <= 8
