"""How long a session lasts, and where else one is signed in."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from directives.models import Event, OpenSession
from directives.signin import sessions
from tests.sources import ROOT

PASSWORD = "白云-over-7-hills"
POLL = {"HX-Request": "true", "X-By-Itself": "1"}


def after(**span):
    return time_machine.travel(timezone.now() + timedelta(**span))


def test_a_session_ends_when_nothing_was_done(cast, sign_in):
    client = sign_in(cast.staff)
    with after(minutes=29):
        assert client.get("/").status_code == 200
    with after(minutes=58):
        assert client.get("/").status_code == 200
    with after(minutes=89):
        assert client.get("/").status_code == 302


def test_what_asks_by_itself_keeps_no_session(cast, sign_in):
    client = sign_in(cast.staff)
    for minutes in (10, 20, 29):
        with after(minutes=minutes):
            assert client.get("/exports/", headers=POLL).status_code == 200
    with after(minutes=31):
        assert client.get("/exports/", headers=POLL).status_code == 401


def test_every_page_that_asks_by_itself_says_so():
    polls = [
        (path.name, """hx-headers='{"X-By-Itself": "1"}'""" in tag)
        for path in (ROOT / "templates").rglob("*.html")
        for tag in path.read_text(encoding="utf-8").split("<")
        if 'hx-trigger="every' in tag
    ]
    assert len(polls) >= 6
    assert [name for name, told in polls if not told] == []


def test_a_session_ends_after_a_day_of_work(cast, sign_in):
    client = sign_in(cast.staff)
    for minutes in range(25, 12 * 60, 25):
        with after(minutes=minutes):
            assert client.get("/").status_code == 200
    with after(minutes=12 * 60 + 1):
        assert client.get("/").status_code == 302


def test_the_button_of_the_warning_keeps_it_and_tells_what_is_left(cast, sign_in):
    client = sign_in(cast.staff)
    with after(minutes=28):
        answer = client.post("/session/stay/")
    assert answer.status_code == 204
    assert int(answer.headers["X-Session-Left"]) == pytest.approx((12 * 60 - 28) * 60, abs=60)
    with after(minutes=50):
        assert client.get("/").status_code == 200


def test_pages_in_quick_succession_write_nothing(cast, sign_in, django_assert_num_queries):
    client = sign_in(cast.staff)
    session = Session.objects.get().expire_date
    with after(seconds=50):
        client.get("/")
    assert Session.objects.get().expire_date == session
    with after(seconds=70):
        client.get("/")
    assert Session.objects.get().expire_date > session + timedelta(seconds=60)


def test_a_session_from_before_is_given_its_day(cast, sign_in):
    client = sign_in(cast.staff)
    store = client.session
    del store["began"]
    store.save()
    Session.objects.update(expire_date=timezone.now() + timedelta(days=14))
    assert client.get("/").status_code == 200
    assert Session.objects.get().expire_date < timezone.now() + timedelta(minutes=31)
    assert client.session["began"] > 0


@pytest.mark.django_db(transaction=True)
def test_a_page_is_shown_where_nothing_can_be_written(cast, sign_in, caplog):
    client = sign_in(cast.staff)
    store = sessions.SessionStore(client.session.session_key)
    with after(minutes=5), connection.execute_wrapper(refuse_writing):
        store._session_cache = {"began": int(timezone.now().timestamp())}
        store.go_on()
    assert "a session was not noted to go on: disk full" in caplog.text


def refuse_writing(execute, sql, params, many, context):
    if sql.startswith("UPDATE"):
        raise sessions.DatabaseError("disk full")
    return execute(sql, params, many, context)


def test_a_page_of_somebody_else_who_sat_here_saves_nothing(cast, sign_in):
    client = sign_in(cast.staff)
    headers = {"HX-Request": "true", "X-Person": str(cast.manager.pk)}
    assert client.get("/dashboard/", headers=headers).status_code == 401
    assert (
        client.get("/dashboard/", headers=headers | {"X-Person": str(cast.staff.pk)}).status_code
        == 200
    )


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("http://testserver/log/?q=x", "%2Flog%2F%3Fq%3Dx"),
        ("https://elsewhere.example/", "/log/add/"),
    ],
)
def test_a_form_that_meets_the_sign_in_leads_back_to_its_page(db, page, wanted):
    answer = Client().post("/log/add/", {}, headers={"Referer": page})
    assert (answer.status_code, answer.url) == (302, f"/accounts/login/?next={wanted}")


# One's own sessions


@pytest.fixture
def desks(cast, sign_in):
    return [sign_in(cast.staff) for _desk in range(3)]


def test_sessions_are_listed_and_ended_one_by_one(cast, desks, sign_in):
    here, there, third = desks
    stranger = sign_in(cast.stranger)
    page = here.get("/sessions/")
    assert {one.key for one in page.context["sessions"]} == {
        desk.session.session_key for desk in desks
    }
    row = OpenSession.objects.get(key=there.session.session_key)
    post = {"idempotency_key": str(uuid4())}
    assert stranger.post(f"/sessions/{row.pk}/end/", post).status_code == 404
    assert (
        here.post(f"/sessions/{row.pk}/end/", {"idempotency_key": str(uuid4())}).status_code == 302
    )
    assert [desk.get("/").status_code for desk in (here, there, third)] == [200, 302, 200]
    own = OpenSession.objects.get(key=here.session.session_key)
    assert (
        here.post(f"/sessions/{own.pk}/end/", {"idempotency_key": str(uuid4())}).status_code == 404
    )
    assert Event.objects.get(action="end_sessions").after == {"count": 1}


def test_all_others_end_at_once(cast, desks, sign_in):
    stranger = sign_in(cast.stranger)
    assert desks[0].post("/sessions/end/", {"idempotency_key": str(uuid4())}).status_code == 302
    assert [desk.get("/").status_code for desk in (*desks, stranger)] == [200, 302, 302, 200]


def test_the_list_costs_the_same_for_one_and_three(cast, sign_in, django_assert_num_queries):
    client = sign_in(cast.staff)
    with django_assert_num_queries(3):
        client.get("/sessions/")
    for _more in range(2):
        sign_in(cast.staff)
    with django_assert_num_queries(3):
        assert len(client.get("/sessions/").context["sessions"]) == 3


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 "
                "Safari/537.36 Edg/120.0"
            ),
            "Edge · Windows",
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Mobile "
                "Safari/537.36 MicroMessenger/8.0"
            ),
            "WeChat · Android",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1 "
                "Version/17.0 Safari/604.1"
            ),
            "Safari · iPhone",
        ),
        ("", ""),
    ],
)
def test_a_browser_is_called_as_people_call_it(agent, told):
    assert OpenSession(agent=agent).browser == told


def test_an_ended_session_is_not_listed(cast, desks):
    Session.objects.filter(pk=desks[1].session.session_key).update(
        expire_date=timezone.now() - timedelta(minutes=1)
    )
    assert len(desks[0].get("/sessions/").context["sessions"]) == 2


def test_the_script_holds_no_name_in_common_with_the_others():
    text = Path(ROOT / "directives" / "static" / "directives" / "session.js").read_text(
        encoding="utf-8"
    )
    assert text.split("\n")[1] == "(() => {"
    assert text.rstrip().endswith("})();")


def test_signing_in_gives_a_new_session_and_signing_out_ends_it(cast):
    cast.staff.set_password(PASSWORD)
    cast.staff.save()
    client = Client()
    client.get("/accounts/login/")
    planted = sessions.SessionStore()
    planted["seen"] = True
    planted.save()
    client.cookies["sessionid"] = planted.session_key
    client.post("/accounts/login/", {"login": "staff", "password": PASSWORD})
    key = client.cookies["sessionid"].value
    assert key != planted.session_key
    assert client.get("/help/").status_code == 200
    client.post("/accounts/logout/")
    late = Client()
    late.cookies["sessionid"] = key
    assert late.get("/help/").status_code == 302
