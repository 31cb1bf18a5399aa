"""What every answer tells the browser: what it may load, keep, frame and send on.

It also says which cookies scripts may read.
"""

import gzip

import pytest
from django.urls import reverse

from tests.browser.conftest import PASSWORD
from tests.test_access import TABLE, people, world  # noqa: F401 - fixtures

pytestmark = pytest.mark.once

WANTED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
POLICY = (
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
# A file of somebody's: stricter still.
SANDBOXED = {"attachment": ("default-src 'none'", "sandbox")}
# session.js sends the newest token after another sign-in.
READ_BY_SCRIPTS = {"csrftoken"}


def test_every_answer_tells_the_browser_what_it_may(world, people, sign_in):  # noqa: F811
    client, wrong = sign_in(people["supervisor"]), {}
    for name, row in TABLE.items():
        if name in ("healthz", "readyz"):
            continue
        things = {**world["own"], "pk": world["own"].get(row.thing)}
        address = reverse(name, args=row.args(things))
        answer = client.get(address) if row.post is None else client.post(address, row.post)
        if answer.streaming:
            assert b"".join(answer.streaming_content)
        told = {key: answer.headers.get(key) for key in WANTED}
        policy = answer.headers.get("Content-Security-Policy", "")
        lacking = [part for part in SANDBOXED.get(name, POLICY) if part not in policy] + (
            ["unsafe"] if "unsafe-" in policy else []
        )
        kept = answer.headers.get("Cache-Control", "")
        if (
            told != WANTED
            or lacking
            or not ("no-store" in kept and ("private" in kept or "no-cache" in kept))
        ):
            wrong[name] = (answer.status_code, told, lacking, kept)
    assert wrong == {}


def test_cookies_are_for_https_and_this_site_alone(cast, client, settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    cast.staff.set_password(PASSWORD)
    cast.staff.save()
    client.get(reverse("account_login"))
    client.post(reverse("account_login"), {"login": "staff", "password": PASSWORD})
    client.post(reverse("set_script"), {"language": "en"})
    given = {name: cookie for name, cookie in client.cookies.items() if cookie.value}
    assert {"sessionid", "csrftoken", "language", "browser"} <= given.keys()
    assert {name for name, cookie in given.items() if not cookie["secure"]} == set()
    assert {
        name for name, cookie in given.items() if cookie["samesite"] not in ("Lax", "Strict")
    } == set()
    assert {name for name, cookie in given.items() if not cookie["httponly"]} == READ_BY_SCRIPTS


def test_a_fault_of_ours_tells_the_visitor_nothing(cast, sign_in, monkeypatch):
    def broken(*_words: object, **_named: object) -> None:
        raise RuntimeError("select secret from directives_user")

    monkeypatch.setattr("directives.web.help.page", broken)
    client = sign_in(cast.staff)
    client.raise_request_exception = False
    answer = client.get(reverse("help"))
    text = answer.content.decode()
    assert answer.status_code == 500
    assert [
        word
        for word in ("RuntimeError", "Traceback", "secret", "directives")
        if word in text.replace("/directives/", "")
    ] == []


def test_pages_are_compressed_and_files_are_not(cast, sign_in, world, people):  # noqa: F811
    """The length tells nothing of a secret: it differs from one answer to the next (BREACH)."""
    client = sign_in(cast.staff)
    plain = client.get(reverse("help"))
    answers = [
        client.get(reverse("help"), headers={"accept-encoding": "gzip"}) for _again in range(8)
    ]
    assert {answer.get("Content-Encoding") for answer in answers} == {"gzip"}
    assert "Accept-Encoding" in plain["Vary"] and not plain.has_header("Content-Encoding")
    assert len(gzip.decompress(answers[0].content)) > 2 * len(answers[0].content)
    assert len({len(answer.content) for answer in answers}) > 1
    row = TABLE["attachment"]
    address = reverse("attachment", args=row.args({**world["own"], "pk": world["own"][row.thing]}))
    file = sign_in(people["staff"]).get(address, headers={"accept-encoding": "gzip"})
    assert (file.status_code, file.has_header("Content-Encoding")) == (200, False)
    assert b"".join(file.streaming_content)
