"""One run from beginning to end: stage, serve, ask, crowd, write, and gather what was found."""

import http.client
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from directives.backups.throwaway import (
    HOST,
    SQLITE,
    InstallationError,
    Server,
    folder,
    served,
    server_of,
)
from tests.bench.courses import LIST_PATH, ROWS_PATH, Ask, courses
from tests.bench.places import Place, memory, place
from tests.bench.race import WARM, Crowd, Track, crowd, fetch, run, track
from tests.bench.reading import measure_reading
from tests.bench.results import Compared, Outcome, Writing, compared, growth_of, lines_of
from tests.bench.stage import Staged
from tests.bench.writers import Written

AT_ONCE = 8
DEEP = 1000  # the page of the list that is called deep
NEXT = re.compile(r"""<a[^>]*\brel="next"[^>]*>""")
HREF = re.compile(r"""\bhref="([^"]*)\"""")
Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured."""

    scale: str
    engine: str
    against: str | None = None
    rounds: int = 30
    bodies: int = 100  # of the scale “sample”
    documents: int = 1  # of the other scales
    writers: int = AT_ONCE
    seconds: float = 15.0
    requests: int = 160
    keep: str | None = None
    before: str | None = None  # another checkout, asked in turn with this one on equal data
    database: str | None = None


def measure(plan: Plan, say: Say) -> Outcome:
    """Make the whole run; `say` is told of each step.

    Raises InstallationError if something does not answer as it must.
    """
    with _served(plan, say) as (places, staged, servers):
        say("Looking for the deep page")
        found = [_deep(server, one) for server, one in zip(servers, staged, strict=True)]
        tracks = [
            track(server.port, courses(one, path))
            for server, one, (path, _page) in zip(servers, staged, found, strict=True)
        ]
        say("Warming up")
        run(tracks, WARM, counted=False)
        before = memory(servers[0])
        say(f"{plan.rounds} rounds")
        run(tracks, plan.rounds)
        together = _crowd(plan, servers[0], staged[0], say)
        after = memory(servers[0])
        writing = _write(plan, places[0], staged[0], say) if plan.writers else None
        say("Reading documents")
        reading = measure_reading()
        return _outcome(
            plan,
            places[0],
            staged[0],
            tracks,
            page=found[0][1],
            crowd=together,
            writing=writing,
            before=before,
            after=after,
            reading=reading,
        )


def compare(plan: Plan, say: Say) -> list[Compared]:
    """Ask this checkout and the one at `plan.before` in turn, each with its own equal data."""
    checkout = Path(plan.before).resolve()
    with ExitStack() as stack:
        base = stack.enter_context(folder(plan.keep))
        server = stack.enter_context(server_of(plan.engine, base))
        places = [place(plan.scale, base, server, suffix=suffix) for suffix in ("", "_before")]
        staged = [_stage(one, plan, say) for one in places]
        servers = [
            stack.enter_context(served(places[0].environment)),
            stack.enter_context(served(places[1].environment_of(checkout), checkout)),
        ]
        after, before = [
            track(one.port, courses(papers, _deep(one, papers)[0]))
            for one, papers in zip(servers, staged, strict=True)
        ]
        say("Warming up")
        run([after, before], WARM, counted=False)
        say(f"{plan.rounds} rounds")
        run([after, before], plan.rounds)
        return compared(before.times, after.times)


@contextmanager
def _served(plan: Plan, say: Say) -> Iterator[tuple[list[Place], list[Staged], list[Server]]]:
    """The databases of the run, staged and served: the one to measure, then any smaller one."""
    scales = [plan.scale, *([plan.against] if plan.against else [])]
    with ExitStack() as stack:
        base = stack.enter_context(folder(plan.keep))
        needs_server = plan.engine != SQLITE and not (plan.database and len(scales) == 1)
        server = stack.enter_context(server_of(plan.engine, base)) if needs_server else ""
        places = [
            place(scale, base, server, None if number else plan.database)
            for number, scale in enumerate(scales)
        ]
        staged = [_stage(one, plan, say) for one in places]
        yield places, staged, [stack.enter_context(served(one.environment)) for one in places]


def _stage(where: Place, plan: Plan, say: Say) -> Staged:
    """Fill the database if it is new; then lay out the papers of this run."""
    if where.fresh:
        say(f"Staging {where.scale}")
        where.ask(do="fill", scale=where.scale, bodies=plan.bodies, documents=plan.documents)
    say(f"Laying out the papers of {where.scale}")
    told = where.ask(do="lay_out", reviews=plan.rounds + WARM, writers=plan.writers)
    return Staged(**told)


def _deep(server: Server, staged: Staged) -> tuple[str, int]:
    """The address of the list's page 1,000, or of its last page; and which page that is.

    Found by way of its own “next”.
    """
    line, path = http.client.HTTPConnection(HOST, server.port, timeout=300), LIST_PATH
    for number in range(1, DEEP):
        answer, content = fetch(line, Ask(path, staged.supervisor))
        if answer.status != http.HTTPStatus.OK:
            raise InstallationError(f"{path} answered {answer.status}")
        link = NEXT.search(content.decode())
        if link is None:
            return path, number
        path = LIST_PATH + unescape(HREF.search(link.group())[1]).rpartition("/")[2]
    return path, DEEP


def _crowd(plan: Plan, server: Server, staged: Staged, say: Say) -> Crowd | None:
    if not plan.requests:
        return None
    say(f"{AT_ONCE} requests at once")
    floor, page = Ask(ROWS_PATH), Ask(LIST_PATH, staged.supervisor)
    return crowd(server.port, floor, page, at_once=AT_ONCE, requests=plan.requests)


def _write(plan: Plan, where: Place, staged: Staged, say: Say) -> Writing:
    """All writers at once, each with desks of its own; then the tallies are counted again."""
    say(f"{plan.writers} writers")
    writers = [where.open() for _number in range(plan.writers)]
    try:
        for number, writer in enumerate(writers):
            job = {
                "do": "move",
                "desks": staged.desks[number :: plan.writers],
                "supervisor": staged.supervisor_id,
                "seconds": plan.seconds,
            }
            print(json.dumps(job), file=writer.stdin, flush=True)
        for writer in writers:
            if writer.stdout.readline().strip() != "ready":
                raise InstallationError("A writer did not begin.")
        for writer in writers:
            print("go", file=writer.stdin, flush=True)
        told = [writer.communicate()[0] for writer in writers]
    finally:
        for writer in writers:
            writer.kill()
    if any(writer.returncode for writer in writers):
        raise InstallationError("A writer failed; what it says of it stands above.")
    say("Counting the tallies again")
    return Writing.of(
        [Written(**json.loads(text)) for text in told], where.ask(do="drift")["drift"]
    )


def _outcome(
    plan: Plan, where: Place, staged: Staged, tracks: list[Track], **more: object
) -> Outcome:
    counts = {
        name: getattr(staged, name)
        for name in ("bodies", "documents", "directives", "obligations", "report_entries")
    }
    grown = growth_of(tracks[1].times, tracks[0].times) if len(tracks) > 1 else []
    return Outcome(
        scale=plan.scale,
        database=plan.engine,
        **counts,
        database_bytes=where.size(),
        lines=lines_of(tracks[0].times),
        growth=grown,
        against=plan.against or "",
        **more,
    )
