"""Requests of every kind in turn, timed from outside, and the table of what they took."""

import http.client
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median, quantiles
from urllib.parse import urlencode
from uuid import uuid4

HOST = "127.0.0.1"
TOKEN = "b" * 32  # the CSRF cookie of the bench's two people
RARE = 5  # the export, which takes long, runs in one round of so many
WARM = 2  # rounds that are not counted


class BenchError(Exception):
    """A page did not answer as it must; its figure would mean nothing."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `body` is made anew each time; None is a GET."""

    path: str
    session: str = ""
    body: Callable[[], dict[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """What is measured: its name, and what is asked for each time."""

    name: str
    ask: Callable[[], Ask]
    rare: bool = False


@dataclass(slots=True)
class Times:
    """What one course took, in milliseconds; queries and bytes are those of the last answer."""

    course: Course
    took: list[float] = field(default_factory=list)
    queries: int = 0
    size: int = 0

    @property
    def median(self) -> float:
        return median(self.took)

    @property
    def p95(self) -> float:
        return quantiles(self.took, n=20, method="inclusive")[18] if len(self.took) > 1 else self.took[0]


def courses(staged: dict) -> list[Course]:
    """The floors and the pages, with the people that `stage` signed in."""
    turns = _entries(staged)
    staff, supervisor = staged["staff"], staged["supervisor"]
    document = staged["document"]
    return [
        Course("floor: constant", lambda: Ask("/floor/constant/")),
        Course("floor: 50 rows", lambda: Ask("/floor/rows/")),
        Course("list of obligations, supervisor", lambda: Ask("/obligations/", supervisor)),
        Course("list of obligations, staff", lambda: Ask("/obligations/", staff)),
        Course("dashboard, supervisor", lambda: Ask("/dashboard/", supervisor)),
        Course("dashboard, staff", lambda: Ask("/dashboard/", staff)),
        Course("my work, staff", lambda: Ask("/", staff)),
        Course("my work, supervisor", lambda: Ask("/", supervisor)),
        Course("entry save, staff", lambda: next(turns)),
        Course("ledger export, all rows", lambda: Ask(f"/obligations/?document={document}&export=xlsx", supervisor), rare=True),
    ]


def _entries(staged: dict) -> Iterator[Ask]:
    """Saves of one entry after another; each save must know the version that the one before left."""
    version = 1
    while True:
        for pk in staged["entries"]:
            words = {"progress": f"第{version}次填写：已印发办法。", "problems": "", "next_steps": ""}
            typed = words | {"percent": "50", "version": str(version)}
            yield Ask(f"/entries/{pk}/save/", staged["staff"], lambda typed=typed: typed | {"idempotency_key": str(uuid4())})
        version += 1


def run(port: int, staged: dict, rounds: int) -> list[Times]:
    """So many rounds, one request of each kind in each, so that what slows the machine slows all alike."""
    times = [Times(course) for course in courses(staged)]
    connection = http.client.HTTPConnection(HOST, port, timeout=120)
    for number in range(rounds + WARM):
        for one in times:
            if one.course.rare and number % RARE and number != WARM:
                continue
            took = _time(connection, one)
            if number >= WARM:
                one.took.append(took)
    connection.close()
    return times


def _time(connection: http.client.HTTPConnection, one: Times) -> float:
    ask = one.course.ask()
    cookies = f"language=zh-hans; csrftoken={TOKEN}" + (f"; sessionid={ask.session}" if ask.session else "")
    headers = {"Cookie": cookies, "X-CSRFToken": TOKEN, "Accept-Encoding": "identity"}
    body = None
    if ask.body is not None:
        body = urlencode(ask.body())
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
    begun = time.perf_counter()
    connection.request("GET" if body is None else "POST", ask.path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    took = 1000 * (time.perf_counter() - begun)
    if answer.status != http.HTTPStatus.OK:
        raise BenchError(f"{one.course.name}: {ask.path} answered {answer.status}")
    one.queries, one.size = int(answer.headers["X-Queries"]), len(content)
    return took


def figures(times: list[Times]) -> list[dict]:
    """One line for each course, with its ratios to the two floors."""
    constant, rows = times[0].median, times[1].median
    return [
        {
            "name": one.course.name, "median_ms": round(one.median, 1), "p95_ms": round(one.p95, 1),
            "per_constant": round(one.median / constant, 1), "per_rows": round(one.median / rows, 2), "queries": one.queries,
            "bytes": one.size, "times": len(one.took),
        }
        for one in times
    ]  # fmt: skip


def table(lines: list[dict]) -> str:
    """The figures as a Markdown table."""
    head = "| what | median ms | p95 ms | × constant | × 50 rows | queries | bytes | times |\n|---|--:|--:|--:|--:|--:|--:|--:|"
    rows = (
        f"| {line['name']} | {line['median_ms']:,.1f} | {line['p95_ms']:,.1f} | {line['per_constant']:,.1f} | {line['per_rows']:,.2f} "
        f"| {line['queries']} | {line['bytes']:,} | {line['times']} |"
        for line in lines
    )
    return "\n".join([head, *rows])
