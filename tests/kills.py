"""Processes that are killed on purpose.

Each carries out something of the product and dies (SIGKILL) at a statement told to it.

`python -m tests.kills` starts Django once. For each order, a line of JSON, it forks a process,
which is the worker or a web process, and prints a line: the statements of what was carried out, or
null where the process was killed.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qunzhu_tracker.settings")
    import django

    django.setup()

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.wsgi import get_wsgi_application
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.test import RequestFactory
from django.urls import get_resolver
from django.utils import timezone, translation
from django.utils.translation import gettext

from directives.base.script import to_hant
from directives.core.jobs import running
from directives.management.commands import worker

WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")
AFTER = 0.5  # added to the number of a statement: die when it has been carried out


class Meter:
    """Notes every statement while it is armed, and kills its process at one of them."""

    def __init__(self, kill: float | None) -> None:
        self.kill, self.said, self.armed = kill, [], False
        self.watch(CursorWrapper, "_execute", lambda _self, sql, *_rest: str(sql))
        self.watch(CursorWrapper, "_executemany", lambda _self, sql, *_rest: str(sql))
        self.watch(BaseDatabaseWrapper, "_commit", lambda _self: "COMMIT")

    def watch(self, kind: type, name: str, words: Any) -> None:
        inner = getattr(kind, name)

        def watched(*args: Any, **options: Any) -> Any:
            if not self.armed:
                return inner(*args, **options)
            number = len(self.said)
            self.said.append(words(*args).split(None, 1)[0].upper())
            if self.kill == number:
                os.kill(os.getpid(), signal.SIGKILL)
            result = inner(*args, **options)
            if self.kill == number + AFTER:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(kind, name, watched)

    @contextmanager
    def on(self) -> Iterator[None]:
        self.armed = True
        try:
            yield
        finally:
            self.armed = False


def within(meter: Meter, module: Any, name: str) -> None:
    """Statements count while this function runs."""
    inner = getattr(module, name)

    def counted(*args: Any, **options: Any) -> Any:
        with meter.on():
            return inner(*args, **options)

    setattr(module, name, counted)


def begin_worker() -> str:
    name = worker.new_name()
    worker.heartbeat(name).run_due()
    return name


def work(meter: Meter, order: dict) -> None:
    """Empty the queue, as the worker does."""
    within(meter, running, "run")
    name = begin_worker()
    if order.get("rescue"):
        worker.rescue_tasks(timezone.now())
    worker.task_worker(name, batch=True).run()
    worker.end(name)


def tick(meter: Meter, order: dict) -> None:
    """The worker's daily tick."""
    name = begin_worker()
    with meter.on():
        worker.run_daily("tick", name, timezone.now())
    worker.end(name)


def request(meter: Meter, order: dict) -> None:
    """A web process answers a form, as a WSGI server has it do.

    Statements count for `act` while that is carried out.
    """
    form = dict(order["form"])
    if "file" in order:
        form["file"] = SimpleUploadedFile("表.csv", order["file"].encode())
    asked = RequestFactory().post(
        order["path"], form, HTTP_COOKIE=order["cookie"], HTTP_HOST="localhost"
    )
    answering = get_wsgi_application()
    if order.get("act"):
        within(meter, running, "run")
    else:
        within(meter, answering, "get_response")
    answer = answering(asked.environ, lambda status, headers, *rest: meter.said.append(status))
    b"".join(answer)
    answer.close()


def obey(order: dict, told: int) -> None:
    """In a process of its own."""
    for place, value in order.get("constants", {}).items():
        module_name, _dot, name = place.rpartition(".")
        module = import_module(module_name)
        getattr(module, name)  # fails where the constant has another name by now
        setattr(module, name, value)
    meter = Meter(order.get("kill"))
    {"work": work, "tick": tick, "request": request}[order["do"]](meter, order)
    os.write(told, json.dumps(meter.said).encode())


def serve() -> None:
    get_resolver().check()  # imports what the first request would
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            to_hant(gettext("Yes"))
    for line in sys.stdin:
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(reading)
            obey(json.loads(line), writing)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read().decode()
        _pid, status = os.waitpid(pid, 0)
        fine = {-signal.SIGKILL: "null", 0: said}
        print(fine.get(os.waitstatus_to_exitcode(status), '"failed"'), flush=True)  # noqa: T201 - to who gave the order


class Kills:
    """The other end: gives orders. The database and files are those of the test."""

    def __init__(self, url: str, var: str) -> None:
        # In a variable of the environment a key that begins with $ would name another variable.
        Path(var, "secret_key").write_text(settings.SECRET_KEY, encoding="ascii")
        self.environment = os.environ | {
            "DATABASE_URL": url,
            "QUNZHU_VAR": var,
            "QUNZHU_DOTENV": os.devnull,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.kills"],
            cwd=settings.BASE_DIR,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, do: str, **order: Any) -> list[str] | None:
        """What was carried out, statement by statement; None if the process was killed."""
        self.process.stdin.write(json.dumps({"do": do, **order}) + "\n")
        self.process.stdin.flush()
        said = json.loads(self.process.stdout.readline())
        assert said != "failed", "the process failed; its words are above"
        return said

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def kill_with_children(process: subprocess.Popen) -> None:
    """Kill a process and those that it started."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
    process.kill()
    process.wait()
    for pid in map(int, children):
        os.kill(pid, signal.SIGKILL)


def points(said: list[str]) -> list[float]:
    """Before the first write, in the middle of them, just before the last commit."""
    writes = [number for number, word in enumerate(said) if re.match("|".join(WRITES), word)]
    return [
        writes[0],
        writes[len(writes) // 2],
        max(number for number, word in enumerate(said) if word == "COMMIT"),
    ]


if __name__ == "__main__":
    serve()
