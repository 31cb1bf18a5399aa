"""The day, the language and the caching of a request."""

from datetime import date

import pytest
import time_machine
from django.http import HttpResponse, HttpResponseRedirect
from django.test import RequestFactory
from django.utils import translation

from directives.models import CalendarDay
from directives.web import middleware
from directives.web.middleware import TodayMiddleware


class Signed:
    is_authenticated = True

    def __init__(self, language=""):
        self.language = language


@pytest.fixture(autouse=True)
def simplified():
    with translation.override("zh-hans"):
        yield


def ask(answer=None, *, user=None, cookies="", htmx=False):
    """Send a request through the middleware; return the request and its answer."""
    request = RequestFactory().get("/", HTTP_COOKIE=cookies)
    request.user, request.htmx = user, htmx
    return request, TodayMiddleware(lambda _request: answer or HttpResponse())(request)


@time_machine.travel("2026-10-12 17:30Z", tick=False)
def test_the_day_is_shanghais():
    request, _answer = ask()
    assert request.today == date(2026, 10, 13)
    assert request.now.isoformat() == "2026-10-12T17:30:00+00:00"


@time_machine.travel("2026-10-12 17:30Z", tick=False)
def test_working_days_are_read_when_they_are_needed(db, django_assert_num_queries):
    CalendarDay.objects.update_or_create(day=date(2026, 10, 14), defaults={"working": False})
    with django_assert_num_queries(0):
        request, _answer = ask()
    with django_assert_num_queries(1):
        assert request.workdays.is_working(date(2026, 10, 14)) is False
        assert request.workdays.is_working(date(2026, 10, 15)) is True


@time_machine.travel("2026-10-12 17:30Z", tick=False)
def test_working_days_are_kept_for_a_minute_and_no_longer(
    db, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(middleware, "KEPT_SECONDS", 60)
    clock = iter([100.0, 159.0, 161.0, 161.0, 161.0])
    monkeypatch.setattr(middleware, "monotonic", lambda: next(clock))
    kept, day = middleware.CachedWorkdays(), date(2026, 10, 13)
    with django_assert_num_queries(1):
        assert kept.on(day).is_working(date(2026, 10, 14)) is True
    CalendarDay.objects.update_or_create(day=date(2026, 10, 14), defaults={"working": False})
    with django_assert_num_queries(0):
        assert kept.on(day).is_working(date(2026, 10, 14)) is True
    with django_assert_num_queries(1):
        assert kept.on(day).is_working(date(2026, 10, 14)) is False
    with django_assert_num_queries(1):
        kept.on(date(2026, 10, 14))


def test_the_persons_language_counts_where_the_browser_holds_no_choice():
    request, _answer = ask(user=Signed("zh-hant"), cookies="sessionid=x")
    assert (request.LANGUAGE_CODE, translation.get_language()) == ("zh-hant", "zh-hant")


@pytest.mark.parametrize(
    ("user", "cookies"),
    [
        (Signed("zh-hant"), "sessionid=x; language=en"),
        (Signed("xx"), "sessionid=x"),
        (Signed(), "sessionid=x"),
        (None, ""),
    ],
)
def test_otherwise_the_language_stays(user, cookies):
    ask(user=user, cookies=cookies)
    assert translation.get_language() == "zh-hans"


def test_answers_are_private_and_differ_for_htmx():
    _request, answer = ask()
    assert answer.headers["Vary"] == "HX-Request"
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_an_answer_that_says_how_it_is_cached_is_left_alone():
    _request, answer = ask(HttpResponse(headers={"Cache-Control": "max-age=60"}))
    assert answer.headers["Cache-Control"] == "max-age=60"


def test_htmx_is_told_that_the_sign_in_has_ended():
    sign_in = HttpResponseRedirect("/accounts/login/?next=/")
    assert ask(sign_in, htmx=True)[1].status_code == 401
    assert ask(HttpResponseRedirect("/accounts/login/"))[1].status_code == 302
    assert ask(HttpResponseRedirect("/reports/"), htmx=True)[1].status_code == 302


def test_a_signed_out_htmx_request_gets_401_from_the_product(client, db):
    assert client.get("/dashboard/", headers={"HX-Request": "true"}).status_code == 401
    assert client.get("/dashboard/").status_code == 302
