"""Who a session belongs to: read in one query, and never a moment longer than it is true."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone

from directives.accounts import Door, SessionStore, person
from directives.models import Event, Membership, Notice, User
from directives.models.people import UNREAD_SHOWN
from tests.factories import NOW, make_document


def columns(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("who", ["staff", "manager", "supervisor", "viewer", "admin", "outsider"])
def test_a_person_is_read_as_the_orm_reads_them(cast, who, django_assert_num_queries):
    known = User.objects.get(pk=getattr(cast, who).pk)
    Membership.objects.create(user=known, organisation=cast.child, role="viewer")
    Notice.objects.create(user=known, kind="returned", url="/", at=NOW)
    with django_assert_num_queries(1):
        found = person(known.pk)
        told = (found.held_memberships, found.unread, found.among_fiction)
    assert told[1:] == (known.unread, False) == (1, False)
    assert columns(found) == columns(known)
    assert [columns(one) for one in found.held_memberships] == [
        columns(one) for one in known.held_memberships
    ]
    assert [columns(one.organisation) for one in found.held_memberships] == [
        columns(one.organisation) for one in known.held_memberships
    ]
    assert all(one.user is found for one in found.held_memberships)


def test_fiction_is_told(cast):
    make_document(fictional=True)
    assert person(cast.staff.pk).among_fiction is True


def test_the_unread_are_counted_up_to_a_limit(cast):
    Notice.objects.bulk_create(
        Notice(user=cast.staff, kind="returned", url="/", at=NOW)
        for _number in range(UNREAD_SHOWN + 5)
    )
    assert person(cast.staff.pk).unread == User.objects.get(pk=cast.staff.pk).unread == UNREAD_SHOWN


def test_nobody_is_nobody_and_who_is_switched_off_is_out(cast, sign_in):
    assert person(0) is None and Door().get_user(0) is None
    client = sign_in(cast.staff)
    assert client.get("/").status_code == 200
    User.objects.filter(pk=cast.staff.pk).update(is_active=False)
    assert person(cast.staff.pk).held_memberships == ()
    assert client.get("/").status_code == 302


def test_a_membership_that_was_withdrawn_is_gone_with_the_next_request(cast, sign_in):
    client, address = sign_in(cast.manager), f"/organisations/{cast.body.pk}/"
    assert client.get(address).context["user"].oversees is True
    Membership.objects.filter(user=cast.manager).delete()
    assert client.get(address).status_code == 404


def test_a_session_is_read_in_one_query_and_no_longer_than_it_lasts(
    cast, sign_in, django_assert_num_queries
):
    client = sign_in(cast.staff)
    key = client.session.session_key
    with django_assert_num_queries(1):
        assert SessionStore(key)["_auth_user_id"] == str(cast.staff.pk)
    Session.objects.filter(pk=key).update(expire_date=timezone.now() + timedelta(seconds=60))
    assert client.get("/").status_code == 200
    Session.objects.filter(pk=key).update(expire_date=timezone.now() - timedelta(seconds=2))
    ended = SessionStore(key)
    assert (ended.get("_auth_user_id"), ended.session_key) == (None, None)
    assert client.get("/").status_code == 302


def test_a_new_password_is_refused_in_the_readers_language(cast, sign_in):
    cast.staff.set_password("demo-pass-2026")
    cast.staff.save()
    client = sign_in(cast.staff)
    client.cookies["language"] = "zh-hans"
    form = {"oldpassword": "demo-pass-2026", "password1": "12", "password2": "12"}
    page = client.post("/accounts/password/change/", form).content.decode()
    assert "密码太短，至少要有 12 个字符。" in page and "too short" not in page
    assert "密码至少 12 个字符。" in page
    assert 'class="btn do" type="submit"' in page


def test_nobody_has_mail_sent_to_an_address_of_their_own_choice(cast, sign_in, mailoutbox):
    client = sign_in(cast.staff)
    answers = [
        client.get("/accounts/email/"),
        client.post("/accounts/email/", {"action_add": "", "email": "other@example.org"}),
    ]
    assert ([answer.status_code for answer in answers], mailoutbox) == ([404, 404], [])


def test_what_is_done_to_accounts_on_the_machine_is_on_record(db, monkeypatch, capsys):
    """By Django's own commands, which know nothing of the record."""
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a long enough one 9")
    call_command("createsuperuser", username="root", email="root@example.org", interactive=False)
    monkeypatch.setattr("getpass.getpass", lambda *arguments, **options: "another long enough 7")
    call_command("changepassword", "root")
    root = User.objects.get(username="root")
    assert root.check_password("another long enough 7")
    told = Event.objects.order_by("pk").values_list("action", "by", "subject_type", "subject_id")
    assert list(told) == [("add", None, "user", root.pk), ("set_password", None, "user", root.pk)]
    with pytest.raises(CommandError, match="does not exist"):
        call_command("changepassword", "nobody")
    assert Event.objects.count() == 2
