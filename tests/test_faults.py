"""Many at once, and at the wrong moment: whoever comes first, counts and record stay exact, and nobody waits for ever."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from directives import tallies
from tests.writers import losses, make_world

ROOT = Path(__file__).resolve().parent.parent
WRITERS = 8
MOVES = 240  # of all writers together; `python -m tests.writers` takes any number


def url() -> str:
    """The database under test, for another process."""
    server = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{server['NAME']}"
    return f"postgres://{server['USER']}:{server['PASSWORD']}@{server['HOST']}:{server['PORT']}/{server['NAME']}"


def start(*arguments: str) -> subprocess.Popen:
    environment = os.environ | {"DATABASE_URL": url(), "QUNZHU_DOTENV": os.devnull}
    return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def test_eight_writers_on_the_same_ancestors_lose_nothing(transactional_db):
    make_world(provinces=1, cities=2, bodies=2)
    writers = [start("-m", "tests.writers", str(MOVES // WRITERS), str(seed)) for seed in range(WRITERS)]
    told = [json.loads(writer.communicate(timeout=120)[0]) for writer in writers]
    accepted = sum((Counter(one["accepted"]) for one in told), Counter())
    assert [one["failed"] for one in told] == [[]] * WRITERS
    assert accepted.total() == MOVES
    assert losses(accepted) == []
    assert tallies.drift() == []
