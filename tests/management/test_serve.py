"""`manage.py serve`, as a person meets it.

The first start, a taken port, Ctrl-C, the second start, children that die.
"""

import argparse
import http.client
import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from directives.management.commands import serve
from tests.migrated import migrated_database
from tests.node import environment
from tests.spare import PATIENCE, spare_database, spare_port, told, wait_for

PASSWORD = "白云-over-7-hills"
# SQLite makes a table anew to add a column, and its triggers go with the old one: each such
# migration sets them again.
APPEND_ONLY = {
    f"directives_{table}_no_{verb}"
    for table, verb in product(("event", "seal", "submission", "verdict"), ("update", "delete"))
}


class Office:
    """An installation of its own; `start` runs serve in it, whose words go to a file."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.port = folder, spare_port()
        self.environment = {**environment, "PORT": str(self.port), "DEMO_PASSWORD": PASSWORD}
        self.process: subprocess.Popen | None = None

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text(encoding="utf-8")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start and wait for the address."""
        with (self.folder / "said").open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=said,
                stderr=said,
            )
        there = wait_for(
            lambda: "Ctrl-C stops it" in self.said or self.process.poll() is not None,
            4 * PATIENCE,
        )
        assert there and self.process.poll() is None, self.said

    def end(self, number: int) -> int:
        """Send the signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE)

    def children(self) -> dict[int, str]:
        """What runs for this installation besides serve itself: process id → command line."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                mine = (
                    f"QUNZHU_VAR={self.environment['QUNZHU_VAR']}\0".encode()
                    in (folder / "environ").read_bytes()
                )
            except OSError:  # it has ended, or is somebody else's
                continue
            if mine and "manage.py serve" not in words:
                found[int(folder.name)] = words
        return found

    def running(self, words: str) -> int | None:
        """The oldest process of this installation with these words in its command line."""
        return min(
            (number for number, line in self.children().items() if words in line), default=None
        )


@contextmanager
def installation(folder: Path, environment: dict[str, str]) -> Iterator[Office]:
    office = Office(folder, environment)
    try:
        yield office
    finally:
        if office.process is not None and office.process.poll() is None:
            office.end(signal.SIGTERM)


@pytest.fixture
def office(tmp_path: Path, db: None) -> Iterator[Office]:
    """An installation without a table."""
    with spare_database(tmp_path) as spare, installation(tmp_path, spare) as office:
        yield office


@pytest.fixture
def empty_office(tmp_path: Path, transactional_db: None) -> Iterator[Office]:
    """An installation with every table, and no row but what migrations made."""
    with (
        migrated_database(tmp_path) as url,
        installation(tmp_path, environment(tmp_path, url)) as office,
    ):
        yield office


def sign_in(url: str, username: str) -> str:
    """Sign in as a person does, and return the path of the page that follows."""
    browser = urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
    )
    page = browser.open(url + "accounts/login/", timeout=PATIENCE).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    form = {"csrfmiddlewaretoken": token, "login": username, "password": PASSWORD}
    answer = browser.open(
        url + "accounts/login/",
        data=urllib.parse.urlencode(form).encode(),
        timeout=PATIENCE,
    )
    return urllib.parse.urlsplit(answer.url).path


def triggers_of(office: Office) -> set[str]:
    """Those of an installation's database as its migrations left it; tests set their own again."""
    names = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT trigger_name FROM information_schema.triggers",
    }
    return {name for (name,) in told(office.environment, names[connection.vendor])}


def answer_of(url: str) -> http.client.HTTPMessage:
    """The headers of an answer to a browser that takes compressed ones."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    return urllib.request.urlopen(request, timeout=PATIENCE).headers


@pytest.mark.once
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_life_of_an_installation(office: Office) -> None:
    office.start()
    assert f"The tracker is at {office.url}\n" in office.said
    assert "With passkeys: http://localhost:" in office.said
    assert "Demo accounts: staff, manager, supervisor, viewer, admin, auditor\n" in office.said
    assert "password is printed above" in office.said
    assert sign_in(office.url, "staff") == "/"
    page = urllib.request.urlopen(office.url + "accounts/login/", timeout=PATIENCE).read().decode()
    sheet = re.search(r'href="/(static/directives/tracker\.[0-9a-f]{12}\.css)"', page)
    assert sheet is not None
    kept = answer_of(office.url + sheet[1])
    assert (kept["Cache-Control"], kept["Content-Encoding"]) == (
        "max-age=315360000, public, immutable",
        "gzip",
    )
    assert answer_of(office.url + "accounts/login/")["Content-Encoding"] == "gzip"
    assert APPEND_ONLY - triggers_of(office) == set()
    kinds = " ".join(office.children().values())
    assert (kinds.count("gunicorn"), kinds.count("manage.py worker")) == (3, 1)

    second = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=settings.BASE_DIR,
        env=office.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert second.returncode == 2
    assert (
        f"Port {office.port} on 127.0.0.1 cannot be used: Address already in use." in second.stderr
    )
    assert "Traceback" not in second.stderr

    assert office.end(signal.SIGINT) == 0
    assert office.said.endswith("Stopping …\nStopped.\n")
    assert "Traceback" not in office.said
    assert office.children() == {}
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(office.url, timeout=5)

    office.start()
    assert "Loading the sample" not in office.said
    assert PASSWORD not in office.said
    assert "printed at the first start" in office.said
    assert sign_in(office.url, "supervisor") == "/"

    first = office.running("manage.py worker")
    os.kill(first, signal.SIGKILL)
    assert wait_for(lambda: office.running("manage.py worker") not in (None, first)), office.said
    assert (
        "The worker ended by itself (exit code -9); its last words are above. "
        "It is started again in 1 s.\n" in office.said
    )
    assert sign_in(office.url, "staff") == "/"

    os.kill(office.running("gunicorn"), signal.SIGKILL)
    assert office.process.wait(timeout=PATIENCE) == 1
    assert "The web server ended by itself (exit code -9)" in office.said
    assert wait_for(lambda: office.children() == {})


@pytest.mark.once
@pytest.mark.skipif(
    sys.platform != "linux",
    reason="the children of a killed process end by themselves on Linux alone",
)
def test_nothing_outlives_a_killed_server(empty_office: Office) -> None:
    empty_office.environment["QUNZHU_ENV"] = "production"  # no sample, and so a quick start
    empty_office.environment |= {
        "SECRET_KEY": "0123456789" * 5,
        "ALLOWED_HOSTS": "127.0.0.1",
        "SITE_URL": "https://127.0.0.1",
        "SECURE_SSL_REDIRECT": "false",
    }
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"],
        cwd=settings.BASE_DIR,
        env=empty_office.environment,
        check=True,
    )
    empty_office.start()
    assert "Demo accounts" not in empty_office.said
    assert empty_office.children() != {}
    assert empty_office.end(signal.SIGKILL) == -signal.SIGKILL
    assert wait_for(lambda: empty_office.children() == {})


@pytest.mark.parametrize("text", ["", "0", "65536", "-1", "80a", "８０００", "8000 "])
def test_what_is_no_port(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="a number from 1 to 65535"):
        serve.port_number(text)


def test_what_is_a_port() -> None:
    assert [serve.port_number(text) for text in ("1", "8000", "65535")] == [1, 8000, 65535]


def test_a_taken_port_is_found_before_the_database_is_touched(
    db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def touched(*arguments: str, **options: object) -> None:
        raise AssertionError(f"{arguments} ran")

    monkeypatch.setattr(serve, "call_command", touched)
    monkeypatch.setattr(serve, "on_signals", lambda handler: None)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            CommandError,
            match=(
                f"Port {port} on 127.0.0.1 cannot be used: "
                f"Address already in use. .* PORT={port + 1} make run"
            ),
        ):
            call_command("serve", f"--port={port}")


class Dead:
    """A process that has ended."""

    returncode = 3

    def poll(self) -> int:
        return self.returncode


def test_a_worker_that_dies_is_started_again_with_growing_pauses_and_then_given_up() -> None:
    starts, said = [], []

    def start() -> serve.Child:
        starts.append(clock)
        return serve.Child("worker", Dead())

    worker = serve.Restarter(start=start, say=said.append)
    for clock in range(40):
        worker.check(clock)
    assert starts == [0, 2, 5, 10, 19]
    assert [re.search(r"again in \d+ s|not started again", words)[0] for words in said] == [
        "again in 1 s",
        "again in 2 s",
        "again in 4 s",
        "again in 8 s",
        "not started again",
    ]
    assert "That is 5 times within 60 seconds" in said[-1]
    assert worker.running == []


def test_a_worker_that_dies_now_and_then_is_always_started_again() -> None:
    said: list[str] = []
    worker = serve.Restarter(start=lambda: serve.Child("worker", Dead()), say=said.append)
    for clock in range(0, 10_000, 30):
        worker.check(clock)
    assert len(said) > 100
    assert {words[-23:] for words in said} <= {
        "is started again in 1 s",
        "s started again in 1 s.",
        "s started again in 2 s.",
    }
