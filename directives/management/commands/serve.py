"""Serve the tracker on this machine: update the database, then run web server and worker.

Both are child processes in their own sessions, so that Ctrl-C reaches only this process, which
stops them in order. If the worker ends by itself, it is started again; if the web server does,
everything stops.
"""

import argparse
import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from directives import tallies
from directives.base import static_files
from directives.made_up.sample.people import ACCOUNTS
from directives.models import Document, User

HOST = "127.0.0.1"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
START_SECONDS = 60  # how long the web server may take to answer
STOP_SECONDS = 20  # how long a child may take to finish what it is doing
PAUSES = (1, 2, 4, 8)  # seconds before a restart of the worker after its first, second, … death
WINDOW = 60  # seconds in which deaths are counted; more than len(PAUSES) are too many
PR_SET_PDEATHSIG = 1  # from linux/prctl.h


class StopAsked(BaseException):
    """Somebody asked the product to stop: Ctrl-C, SIGTERM or a closed terminal."""


@dataclass(frozen=True)
class Child:
    """A running process and its name in messages."""

    name: str
    process: subprocess.Popen


@dataclass
class Restarter:
    """Starts the worker, and restarts it when it dies, until it dies too often.

    `start` starts a worker, `say` prints to the terminal. Times are in seconds.
    """

    start: Callable[[], Child]
    say: Callable[[str], None]
    child: Child | None = None
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=len(PAUSES) + 1))
    due: float | None = 0  # when to start a worker; None while one runs, and after too many

    @property
    def running(self) -> list[Child]:
        return [self.child] if self.child is not None else []

    def check(self, now: float) -> None:
        """Start the worker if it is time; report its death if it has died."""
        if self.due is not None and now >= self.due:
            self.due, self.child = None, self.start()
        elif self.child is not None and self.child.process.poll() is not None:
            code, self.child = self.child.process.returncode, None
            self.deaths.append(now)
            self.say(self.after_death(code, now))

    def after_death(self, code: int, now: float) -> str:
        """The message after a death; also sets when to start again."""
        message = f"The worker ended by itself (exit code {code}); its last words are above."
        lately = sum(now - death < WINDOW for death in self.deaths)
        if lately > len(PAUSES):
            return (
                f"{message} That is {lately} times within {WINDOW} seconds, so it is not started "
                "again."
                " Pages are served, but lights, long exports and imports, and notices wait:"
                " put right what it says, then start the tracker anew."
            )
        pause = PAUSES[lately - 1]
        self.due = now + pause
        return f"{message} It is started again in {pause} s."


def port_number(text: str) -> int:
    """A TCP port from its digits; raises ArgumentTypeError for anything else."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(
            f"“{text}” is not a port: PORT is a number from 1 to 65535"
        )
    return int(text)


def require_free(port: int) -> None:
    """Raise CommandError unless the web server can have this port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} on {HOST} cannot be used: {error.strerror}. If the tracker runs "
                "already, it is at"
                f" http://{HOST}:{port}/ ; otherwise choose another port: PORT={port % 65535 + 1} "
                "make run",
                returncode=2,
            ) from error


def on_signals(handler: Any) -> None:
    for number in SIGNALS:
        signal.signal(number, handler)


def ask_to_stop(signum: int, frame: object) -> NoReturn:
    raise StopAsked


def end_with_parent() -> None:
    """Run in the child: Linux is to end it when the parent is killed, to free the port."""
    on_signals(signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(name: str, arguments: list[str], *, port: int) -> Child:
    """Start a Python process of the product. SITE_URL defaults to the address with `port`."""
    environment = {"SITE_URL": f"http://{HOST}:{port}", **os.environ}
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        start_new_session=True,
        preexec_fn=end_with_parent,
    )
    return Child(name=name, process=process)


def start_web(port: int) -> Child:
    options = [
        "--workers=2",
        "--worker-class=gthread",
        "--threads=4",
        "--timeout=60",
        "--graceful-timeout=10",
    ]
    quiet = ["--log-level=warning", "--no-control-socket"]
    program = ["-m", "gunicorn", "qunzhu_tracker.wsgi:application", f"--bind={HOST}:{port}"]
    return start("web server", [*program, *options, *quiet], port=port)


def require_alive(children: list[Child]) -> None:
    """Raise CommandError when a child has ended by itself."""
    for child in children:
        code = child.process.poll()
        if code is not None:
            raise CommandError(
                f"The {child.name} ended by itself (exit code {code}); its last words are above. "
                "Stopping the rest."
            )


def sign_in_status(port: int) -> int | None:
    """The HTTP status of the sign-in page, or None while nothing answers."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/accounts/login/")
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def wait_until_serving(children: list[Child], port: int, worker: Restarter) -> None:
    """Return once the sign-in page is served. Raises CommandError if it fails or is slow."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        require_alive(children)
        worker.check(time.monotonic())
        status = sign_in_status(port)
        if status == http.HTTPStatus.OK:
            return
        if status is not None:
            raise CommandError(
                f"The web server answers, but the sign-in page fails with HTTP {status}; the "
                "reason is above."
            )
        time.sleep(0.1)
    raise CommandError(f"The web server did not answer within {START_SECONDS} seconds.")


def kill(children: list[Child]) -> None:
    """Kill every process of these children that still run."""
    for child in children:
        if child.process.poll() is None:
            os.killpg(child.process.pid, signal.SIGKILL)


def end_orphans(child: Child) -> None:
    """Terminate processes that a dead child left running: they would hold the port."""
    with suppress(ProcessLookupError):  # nothing is left
        os.killpg(child.process.pid, signal.SIGTERM)


def stop(children: list[Child]) -> list[Child]:
    """Terminate every child and wait; returns those that had to be killed.

    A second Ctrl-C kills at once.
    """
    on_signals(lambda signum, frame: kill(children))
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
        else:
            end_orphans(child)
    deadline = time.monotonic() + STOP_SECONDS
    late = []
    for child in children:
        try:
            child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            late.append(child)
    kill(late)
    for child in late:
        child.process.wait()
    return late


class Command(BaseCommand):
    help = (
        "Serve the tracker on this machine, with its background worker; load the sample into an "
        "empty database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=port_number, default=settings.PORT, help="default: PORT, or 8000"
        )

    def handle(self, *, port: int, **options: Any) -> None:
        children: list[Child] = []
        command = [str(settings.BASE_DIR / "manage.py"), "worker"]
        worker = Restarter(start=partial(start, "worker", command, port=port), say=self.say)
        on_signals(ask_to_stop)
        try:
            require_free(port)
            new = self.prepare()
            children.append(start_web(port))
            wait_until_serving(children, port, worker)
            self.announce(port=port, new=new)
            while True:
                require_alive(children)
                worker.check(time.monotonic())
                time.sleep(0.5)
        except StopAsked:
            self.say("\nStopping …")
        finally:
            for child in stop([*children, *worker.running]):
                self.stderr.write(
                    f"The {child.name} did not stop within {STOP_SECONDS} seconds and was killed."
                )
        self.say("Stopped.")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def prepare(self) -> bool:
        """Bring the database up to date; returns whether the sample was loaded."""
        self.say("Preparing the database …")
        call_command("migrate", verbosity=0, interactive=False)
        if tallies.never_counted():
            tallies.rebuild()
        call_command("createcachetable", verbosity=0)
        if not settings.PRODUCTION:  # there the release has collected them
            static_files.collect()
        new = not (settings.PRODUCTION or Document.objects.exists() or User.objects.exists())
        if new:
            self.say("Loading the sample …")
            call_command("load_sample", stdout=self.stdout)
        connections.close_all()
        return new

    def announce(self, *, port: int, new: bool) -> None:
        lines = [
            "",
            f"The tracker is at http://{HOST}:{port}/",
            f"With passkeys: http://localhost:{port}/",
            "",
        ]
        names = [account.username for account in ACCOUNTS]
        users = User.objects.filter(username__in=names, is_active=True)
        present = set(users.values_list("username", flat=True))
        connections.close_all()
        if present:
            lines.append(f"Demo accounts: {', '.join(name for name in names if name in present)}")
            hint = "is printed above, this once" if new else "was printed at the first start"
            lines += [
                f"Their password {hint}. To set another: .venv/bin/python manage.py "
                "changepassword NAME",
                "",
            ]
        self.say(
            "\n".join([*lines, "Ctrl-C stops it; the data stay. Starting again takes seconds."])
        )
