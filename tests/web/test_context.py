"""The frame of every page, seen on one that needs no data of its own.

The page that is not there.
"""

import re

import pytest
from django.utils import timezone

from directives.models import Document, Membership, Notice

NOWHERE = "/nowhere/"


@pytest.fixture
def fictional(db):
    return Document.objects.create(
        title="意见",
        title_hans="意见",
        title_hant="意見",
        script="hans",
        source=b"",
        source_name="a.txt",
        sha256="0" * 64,
        text_read="",
        text_repaired="",
        fictional=True,
        registered_at=timezone.now(),
    )


def page(client, address=NOWHERE):
    return client.get(address).content.decode()


@pytest.mark.parametrize("who", ["manager", "outsider", "admin"])
def test_the_frame_costs_two_queries(cast, sign_in, fictional, django_assert_num_queries, who):
    client = sign_in(getattr(cast, who))
    # the session; the person with memberships and bodies, the count of unread notices, whether
    # there is fictional data
    with django_assert_num_queries(2):
        client.get(NOWHERE)
    for body in (cast.child, cast.sibling):
        Membership.objects.create(user=getattr(cast, who), organisation=body, role="viewer")
    with django_assert_num_queries(2):
        client.get(NOWHERE)


def test_the_count_of_unread_notices_ends_at_ninety_nine(cast, sign_in, fictional):
    many = [
        Notice(user=cast.staff, kind="returned", url="/", at=timezone.now())
        for _number in range(101)
    ]
    Notice.objects.bulk_create(many[:99])
    assert '<span class="count">99<' in page(sign_in(cast.staff))
    Notice.objects.bulk_create(many[99:])
    assert '<span class="count">99+<' in page(sign_in(cast.staff))


def test_overseers_are_led_to_the_bodies_and_staff_are_not(cast, sign_in):
    assert 'href="/organisations/"' in page(sign_in(cast.manager))
    assert 'href="/organisations/"' not in page(sign_in(cast.staff))


def test_the_bar_keeps_to_what_a_role_opens_daily(cast, sign_in):
    def bar(user):
        return [
            entry.url
            for entry in sign_in(user).get(NOWHERE).context["shell"].nav
            if not entry.menu_only
        ]

    daily = ["/", "/dashboard/", "/documents/", "/obligations/", "/plans/", "/reports/"]
    assert bar(cast.staff) == [*daily, "/log/"]
    assert bar(cast.supervisor) == [*daily, "/organisations/"]
    assert re.search(r'<li>\s*<a href="/events/">\s*操作记录', page(sign_in(cast.supervisor)))


def test_only_administrators_are_led_to_the_administration(cast, sign_in):
    assert 'href="/admin/"' in page(sign_in(cast.admin))
    assert 'href="/admin/"' not in page(sign_in(cast.supervisor))


def test_the_bar_names_the_person_the_body_and_the_role(cast, sign_in):
    shown = page(sign_in(cast.staff))
    assert "林晓岚" in shown
    assert "全国总工会 · " in shown
    assert "填报员" in shown


def test_unread_notices_are_counted_and_another_persons_are_not(cast, sign_in):
    for user, read in (
        (cast.staff, None),
        (cast.staff, None),
        (cast.staff, timezone.now()),
        (cast.manager, None),
    ):
        Notice.objects.create(user=user, kind="returned", url="/", at=timezone.now(), read_at=read)
    assert '<span class="count">2<' in page(sign_in(cast.staff))


def test_fictional_data_is_said_to_be_so(cast, sign_in, fictional):
    assert page(sign_in(cast.staff)).count("演示数据") == 1
    Document.objects.update(fictional=False)
    assert page(sign_in(cast.staff)).count("演示数据") == 0


def test_nothing_inside_is_shown_at_the_door(client, fictional):
    shown = page(client, "/accounts/login/")
    assert 'class="nav"' not in shown
    assert "演示数据" not in shown
    assert "严禁录入国家秘密" in shown


@pytest.mark.parametrize(
    ("language", "tag", "said"),
    [("zh-hans", "zh-Hans", "退出登录"), ("zh-hant", "zh-Hant", "登出"), ("en", "en", "Sign out")],
)
def test_the_page_speaks_the_readers_language(cast, sign_in, language, tag, said):
    shown = page(sign_in(cast.staff, language))
    assert f'<html lang="{tag}">' in shown
    assert said in shown
    assert f'value="{language}" lang="{tag}"' in shown


def test_a_persons_name_is_written_in_the_readers_script(cast, sign_in):
    assert "顧明遠" in page(sign_in(cast.manager, "zh-hant"))


def test_nothing_is_inline(cast, sign_in):
    response = sign_in(cast.staff).get(NOWHERE)
    shown = response.content.decode()
    assert " style=" not in shown
    assert " onclick=" not in shown
    assert "<script>" not in shown
    assert "'unsafe-inline'" not in response.headers["Content-Security-Policy"]
