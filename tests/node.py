"""A web node under gunicorn with a database, a var/ and temporary files of its own, and a person's
browser to use it with.
"""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

from directives.management.commands.serve import end_with_parent
from tests.spare import PATIENCE, spare_port

ROOT = Path(__file__).resolve().parent.parent
Upload = tuple[str, str, bytes]  # field, name of the file, content


def environment(
    folder: Path, url: str, *, temporary: str = "temporary", **more: str
) -> dict[str, str]:
    """What the processes of an installation are told, each machine with temporary files of its
    own. `more` wins.
    """
    scratch = folder / temporary
    scratch.mkdir(exist_ok=True)
    settings = {
        "QUNZHU_VAR": str(folder),
        "TMPDIR": str(scratch),
        "SECRET_KEY": "of one installation" * 3,
    }
    return (
        os.environ
        | settings
        | {"QUNZHU_DOTENV": os.devnull, "DATABASE_URL": url, "LOG_LEVEL": "INFO"}
        | more
    )


def python(
    told: Mapping[str, str], *arguments: str, check: bool = True
) -> subprocess.CompletedProcess:
    """Run Python in the folder of the product."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=dict(told),
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert done.returncode == 0 or not check, done.stderr
    return done


def made_world(told: Mapping[str, str]) -> dict:
    """People, work and sessions in the database of an installation: see tests/node_world.py."""
    return json.loads(python(told, "-m", "tests.node_world").stdout)


@dataclass
class Node:
    """One gunicorn. `log` is where its words go."""

    told: dict[str, str]
    log: Path
    port: int = field(default_factory=spare_port)
    process: subprocess.Popen | None = None

    def __enter__(self) -> "Node":
        told = self.told | {"WEB_BIND": f"127.0.0.1:{self.port}"}
        told = {"WEB_WORKERS": "1", "WEB_THREADS": "4"} | told
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "gunicorn",
                    "-c",
                    "deploy/gunicorn.conf.py",
                    "qunzhu_tracker.wsgi:application",
                ],
                cwd=ROOT,
                env=told,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        deadline = time.monotonic() + PATIENCE
        while self.browser().read("/healthz").status != 200:
            assert self.process.poll() is None and time.monotonic() < deadline, self.words
            time.sleep(0.1)
        return self

    def __exit__(self, *_failure: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=10)

    @property
    def words(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def pids(self) -> list[int]:
        """The processes of this node: gunicorn and its workers."""
        children = (
            Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        )
        return [self.process.pid, *map(int, children)]

    def browser(self, session: str = "", *, language: str = "en") -> "Browser":
        return Browser(
            self.port,
            {"csrftoken": "c" * 32, "language": language}
            | ({"sessionid": session} if session else {}),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 for a connection that was refused or broken off."""

    status: int
    text: str = ""
    location: str = ""
    seconds: float = 0
    content: bytes = b""


@dataclass
class Browser:
    """One person's browser: it keeps its cookies, and goes to whichever node it is pointed at."""

    port: int
    cookies: dict[str, str]

    def read(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def send(
        self, path: str, form: Mapping[str, object], *uploads: Upload, htmx: bool = False
    ) -> Answer:
        """Send a form; with files as a browser sends them."""
        values = [
            (name, value)
            for name, given in form.items()
            for value in (given if isinstance(given, list) else [given])
        ]
        values += [("csrfmiddlewaretoken", self.cookies["csrftoken"])]
        if not any(name == "idempotency_key" for name, _value in values):
            values.append(("idempotency_key", uuid4()))
        headers = {"HX-Request": "true"} if htmx else {}
        if not uploads:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            return self.ask("POST", path, urlencode(values).encode(), headers)
        mark = uuid4().hex
        headers["Content-Type"] = f"multipart/form-data; boundary={mark}"
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in values
        ]
        for name, file, content in uploads:
            head = (
                f"--{mark}\r\n"
                f'Content-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
                "Content-Type: text/csv\r\n\r\n"
            )
            parts.append(head.encode() + content + b"\r\n")
        return self.ask("POST", path, b"".join([*parts, f"--{mark}--\r\n".encode()]), headers)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        began = time.monotonic()
        connected = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        # As a proxy hands it to any node.
        always = {"Cookie": cookies, "Host": "localhost", "Referer": "http://localhost/log/"}
        try:
            connected.request(method, path, body=body, headers=always | (headers or {}))
            answer = connected.getresponse()
            content = answer.read()
        except (TimeoutError, OSError, http.client.HTTPException) as error:
            return Answer(0, repr(error), seconds=time.monotonic() - began)
        finally:
            connected.close()
        for value in answer.headers.get_all("Set-Cookie") or []:
            name, _equals, rest = value.partition("=")
            self.cookies[name] = rest.split(";")[0]
        where = answer.headers.get("Location", "")
        return Answer(
            answer.status,
            content.decode("utf-8", "replace"),
            where,
            time.monotonic() - began,
            content,
        )


def hidden(answer: Answer, name: str) -> str:
    """What a hidden field of a page holds."""
    tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', answer.text)
    assert tag, f"{name} is not in {answer.status}: {answer.text[:2000]}"
    value = re.search(r'value="([^"]*)"', tag[0])
    return value[1].replace("&quot;", '"').replace("&amp;", "&") if value else ""
