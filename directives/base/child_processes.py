"""Child processes with little memory and time, which read what may be harmful.

The child calls `limit_itself` before it reads, and answers in lines on its standard output.
"""

import os
import resource
import select
import signal
import subprocess
from collections.abc import Generator, Iterator, Sequence
from time import monotonic
from typing import IO


class ChildFailed(Exception):
    """The child gave no complete answer: `code` is "too_long", "broke_off" or "nonsense"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def limit_itself(memory: int, seconds: int) -> None:
    """Give up what reading does not need: memory, CPU time, files, further processes."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 16),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        _soft, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def answer_of(
    command: Sequence[str], stdin: IO[bytes], *, patience: float, longest: int
) -> Generator[bytes]:
    """Yield the lines that a child writes, which sees no environment; closing kills it.

    `patience` is in seconds without output while the caller waits, `longest` in bytes of a line.
    Raises ChildFailed.
    """
    process = subprocess.Popen(
        command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/"
    )
    assert process.stdout is not None
    try:
        yield from _lines_of(process.stdout.fileno(), patience, longest)
        code = process.wait(patience)
        if code:
            raise ChildFailed("too_long" if code == -signal.SIGXCPU else "broke_off")
    except subprocess.TimeoutExpired as error:
        raise ChildFailed("too_long") from error
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _lines_of(pipe: int, patience: float, longest: int) -> Iterator[bytes]:
    """Yield lines from a pipe. Time between two calls of the caller does not count as waiting."""
    poll, rest = select.poll(), bytearray()
    poll.register(pipe, select.POLLIN)
    while True:
        until = monotonic() + patience
        while (end := rest.find(b"\n")) < 0:
            if not poll.poll(max(0, until - monotonic()) * 1000):
                raise ChildFailed("too_long")
            block = os.read(pipe, 1 << 20)
            if not block:
                return
            rest += block
            if len(rest) > longest:
                raise ChildFailed("nonsense")
        yield bytes(rest[:end])
        del rest[: end + 1]
