"""Serve the tracker on this machine: a current database, the sample the first time, the web server and the worker.

Both run as children in sessions of their own, so that Ctrl-C reaches this process alone and it stops them in order.
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
from dataclasses import dataclass
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from directives import tallies
from directives.models import Document, User
from directives.sample.people import ACCOUNTS

HOST = "127.0.0.1"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
START_SECONDS = 60  # how long the web server may take to answer
STOP_SECONDS = 20  # how long a child may take to finish what it is doing
PR_SET_PDEATHSIG = 1  # from linux/prctl.h


class StopAsked(BaseException):
    """Somebody asked the product to stop: Ctrl-C, SIGTERM or a closed terminal."""


@dataclass(frozen=True)
class Child:
    """A running process and what to call it."""

    name: str
    process: subprocess.Popen


def port_number(text: str) -> int:
    """A TCP port from its digits; raises ArgumentTypeError for anything else."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"“{text}” is not a port: PORT is a number from 1 to 65535")
    return int(text)


def require_free(port: int) -> None:
    """Raise CommandError unless the web server can have this port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} on {HOST} cannot be used: {error.strerror}. If the tracker runs already, it is at"
                f" http://{HOST}:{port}/ ; otherwise choose another port: PORT={port % 65535 + 1} make run"
            ) from error


def on_signals(handler: Any) -> None:
    for number in SIGNALS:
        signal.signal(number, handler)


def ask_to_stop(signum: int, frame: object) -> NoReturn:
    raise StopAsked


def end_with_parent() -> None:
    """In the child: have Linux end it should this process be killed, so that nothing is left holding the port."""
    on_signals(signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(name: str, arguments: list[str], *, port: int) -> Child:
    """Start a Python process of the product; links in its mail lead to `port` unless SITE_URL says otherwise."""
    environment = {"SITE_URL": f"http://{HOST}:{port}", **os.environ}
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=settings.BASE_DIR, env=environment, start_new_session=True, preexec_fn=end_with_parent
    )
    return Child(name=name, process=process)


def start_web(port: int) -> Child:
    options = ["--workers=2", "--worker-class=gthread", "--threads=4", "--timeout=60", "--graceful-timeout=10"]
    quiet = ["--log-level=warning", "--no-control-socket"]
    return start("web server", ["-m", "gunicorn", "qunzhu_tracker.wsgi:application", f"--bind={HOST}:{port}", *options, *quiet], port=port)


def require_alive(children: list[Child]) -> None:
    """Raise CommandError when a child has ended by itself."""
    for child in children:
        code = child.process.poll()
        if code is not None:
            raise CommandError(f"The {child.name} ended by itself (exit code {code}); its last words are above. Stopping the rest.")


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


def wait_until_serving(children: list[Child], port: int) -> None:
    """Return once the sign-in page is served; raise CommandError when it fails, or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        require_alive(children)
        status = sign_in_status(port)
        if status == http.HTTPStatus.OK:
            return
        if status is not None:
            raise CommandError(f"The web server answers, but the sign-in page fails with HTTP {status}; the reason is above.")
        time.sleep(0.1)
    raise CommandError(f"The web server did not answer within {START_SECONDS} seconds.")


def kill(children: list[Child]) -> None:
    """End at once every process that a child started."""
    for child in children:
        if child.process.poll() is None:
            os.killpg(child.process.pid, signal.SIGKILL)


def stop(children: list[Child]) -> list[Child]:
    """Ask every child to end, wait, and return those that had to be killed. A second Ctrl-C kills at once."""
    on_signals(lambda signum, frame: kill(children))
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
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
    help = "Serve the tracker on this machine, with its background worker; load the sample into an empty database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=port_number, default=os.environ.get("PORT") or "8000", help="default: PORT, or 8000")

    def handle(self, *, port: int, **options: Any) -> None:
        children: list[Child] = []
        on_signals(ask_to_stop)
        try:
            require_free(port)
            new = self.prepare()
            children.append(start_web(port))
            children.append(start("worker", [str(settings.BASE_DIR / "manage.py"), "worker"], port=port))
            wait_until_serving(children, port)
            self.announce(port=port, new=new)
            while True:
                require_alive(children)
                time.sleep(0.5)
        except StopAsked:
            self.say("\nStopping …")
        finally:
            for child in stop(children):
                self.stderr.write(f"The {child.name} did not stop within {STOP_SECONDS} seconds and was killed.")
        self.say("Stopped.")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def prepare(self) -> bool:
        """Bring the database up to date; True when the sample was loaded, which prints the demo accounts' password."""
        self.say("Preparing the database …")
        call_command("migrate", verbosity=0, interactive=False)
        if tallies.never_counted():
            tallies.rebuild()
        call_command("createcachetable", verbosity=0)
        new = not (settings.PRODUCTION or Document.objects.exists() or User.objects.exists())
        if new:
            self.say("Loading the sample …")
            call_command("load_sample", stdout=self.stdout)
        connections.close_all()
        return new

    def announce(self, *, port: int, new: bool) -> None:
        lines = ["", f"The tracker is at http://{HOST}:{port}/", ""]
        names = [account.username for account in ACCOUNTS]
        there = set(User.objects.filter(username__in=names, is_active=True).values_list("username", flat=True))
        connections.close_all()
        if there:
            lines.append(f"Demo accounts: {', '.join(name for name in names if name in there)}")
            known = "is printed above, this once" if new else "was printed at the first start"
            lines += [f"Their password {known}. To set another: .venv/bin/python manage.py changepassword NAME", ""]
        self.say("\n".join([*lines, "Ctrl-C stops it; the data stay. Starting again takes seconds."]))
