"""What the server's log says of an answer that is no fault of ours: one line."""

import logging
import logging.config
from io import StringIO

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from directives.base.log_lines import FromWhere, OneLine
from directives.plans.views import log as log_views
from tests.factories import make_obligation


@pytest.fixture
def terminal() -> StringIO:
    """What the terminal shows, through the handler of the settings."""
    assert settings.LOGGING["handlers"]["terminal"]["filters"] == ["one line", "from where"]
    handler = logging.StreamHandler(StringIO())
    handler.setFormatter(logging.Formatter(settings.LOGGING["formatters"]["line"]["format"]))
    handler.addFilter(OneLine())
    handler.addFilter(FromWhere())
    logging.getLogger().addHandler(handler)
    yield handler.stream
    logging.getLogger().removeHandler(handler)


def ask(sign_in, user, path: str, **form: str) -> int:
    client: Client = sign_in(user)
    client.raise_request_exception = False
    return (client.post(path, form) if form else client.get(path)).status_code


def failing(error: Exception):
    def view(*arguments: object) -> None:
        raise error

    return view


def test_an_expected_refusal_is_one_line(cast, sign_in, key, terminal):
    row = make_obligation(organisation=cast.body, state="assigned")
    answers = [
        ask(
            sign_in,
            cast.supervisor,
            reverse("obligation_move", args=[row.pk, "acknowledge"]),
            version="1",
            **key(),
        ),
        ask(sign_in, cast.staff, "/nowhere/"),
        ask(
            sign_in,
            cast.staff,
            reverse("obligation_move", args=[row.pk, "acknowledge"]),
            version="7",
            **key(),
        ),
        ask(
            sign_in,
            cast.staff,
            reverse("obligation_move", args=[row.pk, "dispute"]),
            version="1",
            **key(),
        ),
        ask(sign_in, cast.staff, "/dashboard/", any="thing"),
    ]
    assert answers == [403, 404, 409, 422, 405]
    lines = terminal.getvalue().splitlines()
    assert len(lines) == len(answers)
    assert [line.split(": ")[1] for line in lines] == [
        "Forbidden (Permission denied)",
        "Not Found",
        "Conflict",
        "Unprocessable Entity",
        "Method Not Allowed (POST)",
    ]


def test_no_address_writes_a_line_of_its_own(cast, sign_in, terminal):
    assert ask(sign_in, cast.staff, "/no%0a2026-10-13 08:30:00 ERROR forged/") == 404
    assert len(terminal.getvalue().splitlines()) == 1


def test_an_outage_is_one_line_that_tells_the_cause(cast, sign_in, terminal, monkeypatch):
    monkeypatch.setattr(log_views, "_page", failing(OSError(28, "No space left\non device")))
    assert ask(sign_in, cast.staff, "/log/") == 507
    (line,) = terminal.getvalue().splitlines()
    assert line.endswith(
        "ERROR django.request: Insufficient Storage: /log/ "
        "(OSError: [Errno 28] No space left on device)"
    )


@pytest.mark.parametrize(
    "error", [ValueError("ours"), OperationalError("no such table: x"), KeyError("x")]
)
def test_a_fault_of_ours_keeps_its_traceback(cast, sign_in, terminal, monkeypatch, error):
    monkeypatch.setattr(log_views, "_page", failing(error))
    assert ask(sign_in, cast.staff, "/log/") == 500
    assert "Traceback (most recent call last):" in terminal.getvalue()
