"""Fills in forms at random, as everybody.

Compares the counts with a recount after each write.
"""

from collections import Counter, deque
from collections.abc import Callable, Container, Mapping
from datetime import date, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from django.core.management import call_command
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directives import tallies
from directives.base.states import MANAGER, STAFF
from directives.models import Event, Membership, User
from tests.factories import NOW, make_body, make_member, make_user

WHY = "已核实"
BRANCHES, LEAVES = 3, 3  # bodies below the centre, and below each of these
TRAIL = 12  # writes that are told of when one was not counted
Step = Callable[["Walker"], None]


class NothingToDo(Exception):
    """No row is such that this step could be made now."""


class NotCounted(AssertionError):
    """A write after which the counts are not what the rows say."""


class Walker:
    """Knows the office, the clock and how often each address stored something."""

    def __init__(self, seed: int, clock: Any) -> None:
        self.random, self.clock, self.seed = Random(seed), clock, seed
        self.sent, self.stored, self.tables = Counter(), Counter(), Counter()
        self.trail: deque[str] = deque(maxlen=TRAIL)
        self.last, self.clients = 0, {}
        clock.move_to(NOW, tick=False)
        self._found_office()

    def _found_office(self) -> None:
        """Bodies and people, and nothing to do for them yet. Every second body has a manager."""
        centre = make_body("C000", kind="centre")
        # No key: it goes on from the walk before, and would lead the same seed elsewhere.
        number = count(1)
        for branch in range(BRANCHES):
            above = make_body(f"Q{branch}", parent=centre, kind="committee", level="provincial")
            for body in (
                above,
                *(make_body(f"Q{branch}{leaf}", parent=above) for leaf in range(LEAVES)),
            ):
                make_member(body, STAFF, f"staff-{body.code}")
                if next(number) % 2:
                    make_member(body, MANAGER, f"manager-{body.code}")
        self.centre = centre
        self.supervisor = make_member(centre, "supervisor", "supervisor")
        self.admin = make_user("admin", is_staff=True, is_superuser=True)

    # what is there

    @property
    def today(self) -> date:
        return timezone.localdate()

    def pick(self, rows: QuerySet) -> Any:
        """One of these rows. Raises NothingToDo where there is none."""
        ids = list(rows.order_by("pk").values_list("pk", flat=True))
        if not ids:
            raise NothingToDo
        return rows.get(pk=self.random.choice(ids))

    def some(self, rows: QuerySet, most: int) -> list[Any]:
        """A few of these rows, at least one. Raises NothingToDo where there is none."""
        candidates = list(rows.order_by("pk"))
        if not candidates:
            raise NothingToDo
        return self.random.sample(candidates, min(len(candidates), self.random.randint(1, most)))

    def worker_of(self, body: int | Model, *roles: str) -> User:
        """Somebody who fills in for a body."""
        posts = Membership.objects.filter(organisation=body, role__in=roles or (STAFF, MANAGER))
        return User.objects.get(pk=self.pick(posts.filter(user__is_active=True)).user_id)

    def day(self, first: int, last: int) -> date:
        """A day so many days from today."""
        return self.today + timedelta(days=self.random.randint(first, last))

    def words(self) -> str:
        return f"第{self.random.randint(0, 10**9)}项工作已办"

    def key(self) -> str:
        return str(UUID(int=self.random.getrandbits(128), version=4))

    # what is done

    def client_of(self, person: User) -> Client:
        if person.pk not in self.clients:
            client = Client()
            client.force_login(person, backend="directives.accounts.Door")
            client.cookies["language"] = "zh-hans"
            self.clients[person.pk] = client
        return self.clients[person.pk]

    def send(self, name: str, by: User, /, *args: object, **fields: Any) -> HttpResponse:
        """Send the form of an address, then look at the counts if it stored anything."""
        address = reverse(name, args=args)
        answer = self.client_of(by).post(address, {"idempotency_key": self.key(), **fields})
        self.sent[name] += answer.status_code in (200, 204, 302)
        self.look(name, f"{address} by {by.username}: {answer.status_code}")
        return answer

    def work(self) -> None:
        """Have the worker carry out what is queued, and what is to be done each day."""
        call_command("worker", once=True)
        self.look("worker", "the worker")

    def wait(self) -> None:
        """Let time pass: an hour, a day or a month. Sessions do not outlive it."""
        hours = self.random.choice([1, 5, 20, 24, 24, 48, 24 * 30])
        self.clock.shift(timedelta(hours=hours))
        self.clients.clear()

    def look(self, name: str, summary: str) -> None:
        """Note a stored write, and compare the kept counts with a recount. Raises NotCounted."""
        last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        self.trail.append(summary)
        if last == self.last:
            return
        self.last = last
        self.stored[name] += 1
        drift = tallies.drift()
        if drift:
            trail, lines = "\n".join(self.trail), "\n".join(drift[:8])
            place = f"seed {self.seed}, write {self.stored.total()}"
            raise NotCounted(f"{place}: {len(drift)} drift\n{lines}\nafter\n{trail}")

    def walk(
        self,
        steps: Mapping[str, Step],
        writes: int,
        *,
        lacks: Callable[["Walker"], object],
        seldom: Container[str],
    ) -> None:
        """Make steps until so many writes are stored and nothing lacks.

        It gives up after twice as many. Steps that were made less often are likelier; `seldom` are
        those that take long.
        """
        made: Counter[str] = Counter()
        while self.stored.total() < writes or (lacks(self) and self.stored.total() < 2 * writes):
            weights = [1 / (1 + made[name]) ** 2 for name in steps]
            name = self.random.choices(list(steps), weights)[0]
            try:
                steps[name](self)
            except NothingToDo:
                continue
            made[name] += 6 if name in seldom else 1
