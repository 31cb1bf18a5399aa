"""Clients that read and write through the proxy, and keep account of what they were told."""

import http.client
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import uuid4

PAGES = ("/dashboard/", "/obligations/", "/documents/", "/log/", "/plans/", "/")
BROKEN = (502, 503, 504)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: 0 for a connection that was refused or broken off."""

    status: int
    text: str = ""
    source: str = ""  # the replica that the page was read from; "" is the primary
    location: str = ""


class Browser:
    """One signed-in person's browser: a session, and the cookies that the site sets."""

    def __init__(self, port: int, session: str) -> None:
        self.port = port
        self.cookies = {"sessionid": session, "csrftoken": "c" * 32, "language": "en"}

    def ask(self, method: str, path: str, form: dict[str, object] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-CSRFToken": self.cookies["csrftoken"],
            }
        try:
            connection.request(
                method, path, body=urlencode(form) if form is not None else None, headers=headers
            )
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, repr(error))
        finally:
            connection.close()
        for value in answer.headers.get_all("Set-Cookie") or []:
            name, _equals, rest = value.partition("=")
            self.cookies[name] = rest.split(";")[0]
        return Answer(
            answer.status,
            text,
            answer.headers.get("X-Read-From", ""),
            answer.headers.get("Location", ""),
        )

    def read(self, path: str) -> Answer:
        return self.ask("GET", path)

    def write(self, path: str, form: dict[str, object]) -> tuple[Answer, int]:
        """Send a form until it is answered, always with the same key.

        The answer, and how many times it had failed.
        """
        form, failed = {"idempotency_key": uuid4(), **form}, 0
        while (answer := self.ask("POST", path, form)).status in (0, *BROKEN) and failed < 40:
            failed += 1
            time.sleep(0.1)
        return answer, failed


@dataclass
class Account:
    """What one client was told."""

    reads: Counter = field(default_factory=Counter)  # by status and source
    logged: list[str] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    failed_writes: int = 0  # sendings that failed, and were sent again
    broken_off: int = 0  # pages that broke off while they came: the node died with them in flight
    refused: list[str] = field(default_factory=list)  # whatever else went wrong, in words
    slowest: float = 0  # seconds that a reader waited for a page


class Client(threading.Thread):
    """A person who reads and writes until told to stop.

    Between two requests they breathe, so that the machine can, too.
    """

    def __init__(self, port: int, person: dict, number: int) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self.browser, self.person, self.number = Browser(port, person["session"]), person, number
        self.account, self.over = Account(), threading.Event()
        self.todo = iter(person["obligations"])

    def run(self) -> None:
        chance = random.Random(self.number)
        while not self.over.wait(0.01):
            match chance.randrange(6):
                case 0:
                    self.log()
                case 1:
                    self.acknowledge()
                case _:
                    self.read(chance.choice(PAGES))

    def read(self, path: str) -> None:
        began = time.monotonic()
        answer = self.browser.read(path)
        # No proxy can take back the half that it has passed on: a person loads the page again.
        if answer.status == 0:
            self.account.broken_off += 1
            answer = self.browser.read(path)
        self.account.slowest = max(self.account.slowest, time.monotonic() - began)
        self.account.reads[answer.status, answer.source] += 1
        if answer.status != 200:
            waited = time.monotonic() - began
            self.account.refused.append(
                f"GET {path}: {answer.status} after {waited:.1f} s {answer.text[:200]}"
            )

    def log(self) -> None:
        text = f"client {self.number} entry {len(self.account.logged)} {uuid4()}"
        form = {"measure": self.person["measure"], "text": text, "on": "2026-10-13"}
        if self.done("/log/add/", form):
            self.account.logged.append(text)

    def acknowledge(self) -> None:
        pk, version = next(self.todo, (None, 0))
        if pk is not None and self.done(
            f"/obligations/{pk}/move/acknowledge/", {"version": version}
        ):
            self.account.acknowledged.append(pk)

    def done(self, path: str, form: dict[str, object]) -> bool:
        answer, failed = self.browser.write(path, form)
        self.account.failed_writes += failed
        if answer.status != 302:
            self.account.refused.append(f"POST {path}: {answer.status} {answer.text[:200]}")
        return answer.status == 302


class Load:
    """Several clients at once."""

    def __init__(self, port: int, people: list[dict]) -> None:
        self.clients = [Client(port, person, number) for number, person in enumerate(people)]

    def begin(self) -> None:
        for client in self.clients:
            client.start()

    def end(self) -> None:
        for client in self.clients:
            client.over.set()
        for client in self.clients:
            client.join(timeout=300)
            assert not client.is_alive(), f"{client.name} never came back"

    def reads(self) -> Counter:
        return sum((client.account.reads for client in self.clients), Counter())

    def failed_writes(self) -> int:
        return sum(client.account.failed_writes for client in self.clients)

    def broken_off(self) -> int:
        return sum(client.account.broken_off for client in self.clients)

    def slowest(self) -> float:
        return max(client.account.slowest for client in self.clients)

    def told(self) -> int:
        """How many writes were answered as done."""
        return sum(
            len(client.account.logged) + len(client.account.acknowledged) for client in self.clients
        )

    def refused(self) -> list[str]:
        return [line for client in self.clients for line in client.account.refused]
