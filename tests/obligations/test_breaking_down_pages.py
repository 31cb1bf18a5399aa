"""The pages of delegation: choosing organisations, the tree of the parts, taking a part out."""

from datetime import timedelta

import pytest
from django.utils import timezone

from directives.models import Obligation
from directives.obligations.commands.delegating import PartTerms, Share, break_down
from tests.factories import NOW, make_body, make_obligation


@pytest.fixture
def places(cast):
    made = [make_body(f"Q01{letter}", parent=cast.body, level="city") for letter in "BCDEFGHIJ"]
    cast.body.refresh_from_db()
    return made


@pytest.fixture
def whole(cast, places):
    row = make_obligation(
        organisation=cast.body, percent=30, due_on=timezone.localdate() + timedelta(days=60)
    )
    return Obligation.objects.select_related("organisation", "directive", "document").get(pk=row.pk)


def address(row, name="break-down"):
    return f"/obligations/{row.pk}/{name}/"


def test_all_directly_below_get_a_part_in_one_press(cast, places, whole, sign_in, key):
    client = sign_in(cast.manager)
    page = client.get(address(whole)).content.decode()
    assert "全部直接下级（10 家）" in page
    assert page.count('type="date" name="due-') == 10
    day = timezone.localdate() + timedelta(days=7)
    sent = {**key(), "version": 1, "body": "all", "asks": "办好", f"due-{places[0].pk}": day}
    answer = client.post(f"{address(whole)}save/", sent)
    assert answer.url == address(whole, "breakdown")
    parts = Obligation.objects.filter(broken_from=whole)
    assert parts.count() == 10
    assert parts.get(organisation=places[0]).due_on == day
    tree = client.get(answer.url).content.decode()
    assert tree.count("<tr>") == 11  # one for the heading
    assert "分解项 10 个" in tree
    again = client.get(address(whole)).content.decode()
    assert "全部直接下级" not in again
    assert again.count("已有分解项") == 10


def test_what_was_typed_is_shown_with_every_fault(cast, places, whole, sign_in, key):
    client = sign_in(cast.manager)
    sent = {
        **key(),
        "version": 1,
        "body": [places[0].pk, places[1].pk],
        "asks": "办好本地的事",
        f"due-{places[0].pk}": whole.due_on + timedelta(days=1),
        f"leader-{places[1].pk}": "张三",
    }
    answer = client.post(f"{address(whole)}save/", sent)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "确需晚于本项的，请勾选确认" in text
    assert all(word in text for word in ("办好本地的事", "张三"))
    assert text.count(" checked") == 2
    assert text.count('<p class="error">') == 1  # at its own day
    assert not Obligation.objects.filter(broken_from=whole).exists()
    stale = client.post(f"{address(whole)}save/", {**key(), **sent, "later": "1", "version": 9})
    assert (stale.status_code, "办好本地的事" in stale.content.decode()) == (409, True)
    bad = client.post(f"{address(whole)}save/", sent | key() | {f"due-{places[0].pk}": "x"})
    assert bad.status_code == 422
    done = client.post(f"{address(whole)}save/", {**sent, **key(), "later": "1"})
    assert done.status_code == 302
    assert Obligation.objects.get(organisation=places[1]).leader == "张三"


def test_an_organisation_further_below_is_found_by_name(cast, places, whole, sign_in, key):
    low = make_body("Q01B1", parent=places[0], name_hans="朝阳区总工会")
    client = sign_in(cast.manager)
    query = {"q": "朝阳", "body": places[0].pk, f"leader-{places[0].pk}": "李四"}
    found = client.get(address(whole), query, headers={"HX-Request": "true"}).content.decode()
    assert "朝阳区总工会" in found
    assert "李四" in found
    client.post(f"{address(whole)}save/", {**key(), "version": 1, "body": low.pk})
    assert Obligation.objects.get(organisation=low).broken_from_id == whole.pk


def test_each_page_leads_to_the_tree_and_who_may_not_see_a_row_does_not(
    cast, places, whole, sign_in
):
    own = make_obligation(whole.directive, cast.child, percent=60)
    shares = [Share(cast.child), Share(places[0])]
    break_down(obligation=whole, shares=shares, terms=PartTerms(), by=None, now=NOW)
    tree = address(own, "breakdown")
    for person, rows in ((cast.supervisor, 3), (cast.manager, 3), (cast.below, 1)):
        client = sign_in(person)
        assert tree in client.get(f"/obligations/{own.pk}/").content.decode()
        assert client.get(tree).content.decode().count('<th scope="row"') == rows
    page = sign_in(cast.below).get(f"/obligations/{own.pk}/").content.decode()
    assert cast.body.name_hans in page  # named, not linked
    assert f"/obligations/{whole.pk}/" not in page


def test_a_linked_part_is_made_an_obligation_of_its_own_again(cast, places, whole, sign_in, key):
    own = make_obligation(whole.directive, cast.child)
    break_down(obligation=whole, shares=[Share(cast.child)], terms=PartTerms(), by=None, now=NOW)
    client = sign_in(cast.manager)
    assert "解除分解关系" in client.get(f"/obligations/{own.pk}/").content.decode()
    assert client.post(address(own, "release"), {**key(), "version": 9}).status_code == 409
    client.post(address(own, "release"), {**key(), "version": 2})
    assert Obligation.objects.get(pk=own.pk).broken_from_id is None


def test_a_row_that_cannot_be_broken_down_leads_back(cast, places, sign_in, key):
    row = make_obligation(organisation=cast.body, state="assigned")
    client = sign_in(cast.manager)
    assert client.get(address(row)).url == f"/obligations/{row.pk}/"
    refused = client.post(f"{address(row)}save/", {**key(), "version": 1, "body": "all"})
    assert refused.status_code == 409
    move = client.post(f"/obligations/{row.pk}/move/break_down/", {**key(), "version": 1})
    assert move.status_code == 409


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_ask_a_fixed_number_of_queries(
    cast, places, whole, sign_in, count, django_assert_num_queries
):
    shares = [Share(body) for body in places[:count]]
    break_down(obligation=whole, shares=shares, terms=PartTerms(), by=None, now=NOW)
    client = sign_in(cast.supervisor)
    client.get(address(whole, "breakdown"))
    with django_assert_num_queries(QUERIES):
        client.get(address(whole, "breakdown"))


QUERIES = 4
