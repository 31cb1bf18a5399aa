"""Sealing the events that wait, one process at a time, each seal with a key of its own."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from directives.base import event_codes
from directives.core.sealing import keys
from directives.core.sealing.event_rows import (
    FIELDS,
    HashedRows,
    events_in,
    hash_rows,
    ranges_of,
    tree_of,
    valid_ranges,
)
from directives.core.sealing.merkle import Frontier
from directives.models import Event, Seal, Unsealed

BATCH = 5000  # events of one seal
ONE_AT_A_TIME = 7_103_005_382  # the key of the advisory lock; any number that nothing else uses
# For which events wait before another machine than the last begins with a key of its own
TAKE_OVER = timedelta(minutes=10)
# For which nodes of the release before may still write events without a code
UPGRADE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Base:
    """What the next seal stands on: the seal before it, the tree up to it, and the key that signs.

    `trusting`: events are taken whatever their codes, as SECRET_KEY may be another than where they
    were written.
    """

    last: Seal | None
    tree: Frontier
    private: str
    codes_from: datetime
    lost: list[keys.Mark] = field(default_factory=list)
    trusting: bool = False

    @property
    def next_number(self) -> int:
        return (self.last.number or 0) + 1 if self.last else 1


def hash_seal(seal: Seal) -> str:
    """What the hash of a seal must be, by what it says."""
    fields = [seal.previous_hash, seal.at.isoformat(), seal.ranges, seal.rows_hash]
    if seal.signature:
        fields += [seal.count, seal.number, seal.total, seal.root, seal.key, seal.next_key]
    return hashlib.sha256(json.dumps(fields, separators=(",", ":")).encode()).hexdigest()


def seal(*, now: datetime) -> int:
    """Seal the events that wait; returns how many.

    One that commits after this goes into the next seal.

    Returns 0 where another machine's worker has the key and does it.
    """
    with keys.exclusive_lock():
        last = Seal.objects.order_by("-id").first()
        keys.recover(last.hash if last else "")
        if not Unsealed.objects.exists():
            return 0
        base = _base(last, now)
        ids = _add(base, now=now) if base else []
        if ids:
            keys.adopt()
            event_codes.forget(ids)
    return len(ids)


def _base(last: Seal | None, now: datetime) -> Base | None:
    """Where sealing goes on. None: it is another machine's, as it seems."""
    state = keys.load_state()
    if state and last and state.mark.hash == last.hash:
        return Base(
            last,
            Frontier.from_hex(state.mark.total, state.mark.tree),
            state.private,
            datetime.fromisoformat(state.codes_from),
            state.lost,
        )
    lost = list(state.lost) if state else []
    if state and not is_in_database(state.mark):
        lost.append(state.mark)
    elif last and last.signature and not _stands_still(last, now):
        return None
    codes_from = datetime.fromisoformat(state.codes_from) if state else _codes_from(last, now)
    return Base(last, _tree_behind(last), keys.new_key(), codes_from, lost, trusting=state is None)


def _codes_from(last: Seal | None, now: datetime) -> datetime:
    """Since when events need a code; a day later where an earlier release still wrote here."""
    before = not last.signature if last else Unsealed.objects.filter(mac="").exists()
    return now + UPGRADE if before else now


def is_in_database(mark: keys.Mark) -> bool:
    """Whether the database still has the seal that this is the mark of."""
    return Seal.objects.filter(
        number=mark.number, hash=mark.hash, total=mark.total, root=mark.root
    ).exists()


def _stands_still(last: Seal, now: datetime) -> bool:
    """Whether events have waited since this machine first saw them behind this seal, long enough
    for another to be gone.
    """
    seen = keys.read_file("watching") or {}
    if seen.get("behind") != last.hash:
        keys.write_file("watching", {"behind": last.hash, "since": now.isoformat()})
        return False
    return now - datetime.fromisoformat(seen["since"]) >= TAKE_OVER


def _tree_behind(last: Seal | None) -> Frontier:
    """The tree up to a seal; over events that were sealed before signing began it is made by
    reading them all.
    """
    if last and last.signature and (tree_of_seal := tree_of(last)):
        return tree_of_seal
    tree = Frontier()
    for ranges in Seal.objects.order_by("id").values_list("ranges", flat=True):
        tree = hash_rows(events_in(valid_ranges(ranges)), tree).tree
    return tree


@transaction.atomic
def _add(base: Base, *, now: datetime) -> list[int]:
    """The next seal, over the events that wait; returns their ids."""
    _wait_for_other_sealers()
    if Seal.objects.order_by("-id").first() != base.last:
        return []
    rows = list(_good(trusting=base.trusting, upgrading=now < base.codes_from))
    if not rows:
        return []
    ids = [row["id"] for row in rows]
    hashed = hash_rows(rows, base.tree)
    following = keys.new_key()
    made = _signed(base, ranges_of(ids), hashed, keys.public_of(following), now)
    mark = _mark_of(made, base, hashed.tree)
    keys.prepare(keys.State(following, mark, base.codes_from.isoformat(), base.lost))
    made.save(force_insert=True)
    Unsealed.objects.filter(event_id__in=ids).delete()
    return ids


def _mark_of(seal: Seal, base: Base, tree: Frontier) -> keys.Mark:
    return keys.Mark(
        base.next_number,
        tree.size,
        seal.root,
        seal.hash,
        seal.key,
        seal.signature,
        seal.at.isoformat(),
        tree.as_hex(),
    )


def _good(*, trusting: bool, upgrading: bool) -> Iterator[dict[str, Any]]:
    """The events that wait and are as they were written, up to a seal's number.

    Others stay, and `verify` names them.
    """
    after, room = 0, BATCH
    while room and (
        waiting := list(
            Unsealed.objects.filter(event_id__gt=after)
            .order_by("event_id")
            .values_list("event_id", "mac")[:BATCH]
        )
    ):
        codes, after = dict(waiting), waiting[-1][0]
        for row in Event.objects.filter(id__in=codes).order_by("id").values(*FIELDS):
            mac = codes[row["id"]]
            if room and (trusting or (event_codes.is_genuine(mac, row) if mac else upgrading)):
                room -= 1
                yield row


def _signed(
    base: Base, ranges: list[list[int]], hashed: HashedRows, next_key: str, now: datetime
) -> Seal:
    made = Seal(
        at=now,
        ranges=ranges,
        count=hashed.count,
        rows_hash=hashed.digest,
        previous_hash=base.last.hash if base.last else "",
        number=base.next_number,
        total=hashed.tree.size,
        root=hashed.tree.root().hex(),
        tree=hashed.tree.as_hex(),
        key=keys.public_of(base.private),
        next_key=next_key,
        signature="-",
    )
    made.hash = hash_seal(made)
    made.signature = keys.sign(base.private, made.hash)
    return made


def add_unsigned_seal(
    last: Seal | None, ranges: list[list[int]], rows_hash: str, count: int, *, now: datetime
) -> Seal:
    """Add a seal without a signature behind the last one, over made-up events whose rows have this
    hash, before signing begins.
    """
    made = Seal(
        at=now,
        ranges=ranges,
        count=count,
        rows_hash=rows_hash,
        previous_hash=last.hash if last else "",
    )
    made.hash = hash_seal(made)
    made.save(force_insert=True)
    return made


def seal_waiting_unsigned(*, now: datetime) -> None:
    """Put what waits under a seal without a signature: made-up work, before signing begins."""
    ids = list(Unsealed.objects.order_by("event_id").values_list("event_id", flat=True))
    if ids:
        ranges = ranges_of(ids)
        hashed = hash_rows(events_in(ranges), Frontier())
        add_unsigned_seal(
            Seal.objects.order_by("-id").first(), ranges, hashed.digest, hashed.count, now=now
        )
        Unsealed.objects.all().delete()


def _wait_for_other_sealers() -> None:
    """Two workers would both chain to the same seal.

    A lock on the last row is not enough: who waited for it still sees that row as the last one.
    SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
