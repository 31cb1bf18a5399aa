"""Requests of every kind in turn, timed from outside, on one server or on two of different size."""

import http.client
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median, quantiles
from urllib.parse import urlencode

from directives.backups.throwaway import HOST, InstallationError
from tests.bench.courses import Ask, Course

TOKEN = "b" * 32  # the CSRF cookie of the bench's people
RARE = 5  # what takes long runs in one round of so many
WARM = 3  # rounds before those that are counted
GOOD = (http.HTTPStatus.OK, http.HTTPStatus.FOUND)  # a save leads back to its page
BURSTS = 5  # of each kind, in turn


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
        return (
            quantiles(self.took, n=20, method="inclusive")[18]
            if len(self.took) > 1
            else self.took[0]
        )


@dataclass(frozen=True, slots=True)
class Track:
    """The courses of one server, and what each took there."""

    port: int
    times: list[Times]


def track(port: int, courses: list[Course]) -> Track:
    return Track(port, [Times(course) for course in courses])


def run(tracks: list[Track], rounds: int, *, counted: bool = True) -> None:
    """So many rounds, one request of each kind on each server in each.

    What slows the machine thus slows all alike.
    """
    for number in range(rounds):
        # A new connection each round: both web workers take part.
        lines = [http.client.HTTPConnection(HOST, one.port, timeout=300) for one in tracks]
        for line in lines:
            line.connect()
        for turns in zip(*(one.times for one in tracks), strict=True):
            if turns[0].course.rare and number % RARE:
                continue
            pairs = list(zip(lines, turns, strict=True))
            for line, one in pairs[:: -1 if number % 2 else 1]:
                took = _time(line, one)
                if counted:
                    one.took.append(took)
        for line in lines:
            line.close()


def _time(line: http.client.HTTPConnection, one: Times) -> float:
    ask = one.course.ask()
    begun = time.perf_counter()
    answer, content = fetch(line, ask)
    took = 1000 * (time.perf_counter() - begun)
    if answer.status not in GOOD:
        raise InstallationError(f"{one.course.name}: {ask.path} answered {answer.status}")
    one.queries, one.size = int(answer.headers["X-Queries"]), len(content)
    return took


def fetch(line: http.client.HTTPConnection, ask: Ask) -> tuple[http.client.HTTPResponse, bytes]:
    """Make one request over an open connection; returns the answer and all of its content."""
    cookies = f"language=zh-hans; csrftoken={TOKEN}" + (
        f"; sessionid={ask.session}" if ask.session else ""
    )
    headers = {"Cookie": cookies, "X-CSRFToken": TOKEN, "Accept-Encoding": "identity"}
    body = None
    if ask.body is not None:
        body = urlencode(ask.body())
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
    line.request("GET" if body is None else "POST", ask.path, body, headers)
    answer = line.getresponse()
    return answer, answer.read()


@dataclass(frozen=True, slots=True)
class Crowd:
    """Requests a second when so many ask at once: of the floor, and of the page."""

    at_once: int
    floor: float
    page: float

    @property
    def share(self) -> float:
        return self.page / self.floor


def crowd(port: int, floor: Ask, page: Ask, *, at_once: int, requests: int) -> Crowd:
    """Bursts of the floor and of the page in turn, the median of each."""
    rates: dict[str, list[float]] = {"floor": [], "page": []}
    _burst(port, page, at_once, requests)
    for _turn in range(BURSTS):
        rates["floor"].append(_burst(port, floor, at_once, requests))
        rates["page"].append(_burst(port, page, at_once, requests))
    return Crowd(at_once, median(rates["floor"]), median(rates["page"]))


def _burst(port: int, ask: Ask, at_once: int, requests: int) -> float:
    def visitor(count: int) -> None:
        line = http.client.HTTPConnection(HOST, port, timeout=300)
        for _number in range(count):
            answer, _content = fetch(line, ask)
            if answer.status != http.HTTPStatus.OK:
                raise InstallationError(
                    f"{ask.path} answered {answer.status} with {at_once} at once"
                )
        line.close()

    return _rate(visitor, at_once, max(1, requests // at_once))


def _rate(visitor: Callable[[int], None], at_once: int, each: int) -> float:
    """How many a second, with so many visitors of so many requests each."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(visitor, [each] * at_once))
    return at_once * each / (time.perf_counter() - begun)
