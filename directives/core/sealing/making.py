"""Sealing the waiting events: one process at a time, each seal with its own key."""

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
ONE_AT_A_TIME = 7_103_005_382  # key of the advisory lock: any number that nothing else uses
# How long events must wait before a machine that did not make the last seal takes over
TAKE_OVER = timedelta(minutes=10)
# How long machines of an earlier release may still write events without a code
UPGRADE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Base:
    """What the next seal continues."""

    last: Seal | None  # the seal before it
    tree: Frontier  # up to that seal
    private: str  # the key that signs the next seal
    codes_from: datetime  # see keys.State
    lost: list[keys.Mark] = field(default_factory=list)
    # Seal events whatever their codes: they may have been written under another SECRET_KEY.
    trusts_all_codes: bool = False

    @property
    def next_number(self) -> int:
        return (self.last.number or 0) + 1 if self.last else 1


def hash_seal(seal: Seal) -> str:
    """The hash that follows from the other fields of a seal."""
    fields = [seal.previous_hash, seal.at.isoformat(), seal.ranges, seal.rows_hash]
    if seal.signature:
        fields += [seal.count, seal.number, seal.total, seal.root, seal.key, seal.next_key]
    return hashlib.sha256(json.dumps(fields, separators=(",", ":")).encode()).hexdigest()


def seal(*, now: datetime) -> int:
    """Seal the waiting events, up to BATCH; returns how many.

    Returns 0 without sealing if the worker of another machine seems to have the key.
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
    """What the next seal continues; None if another machine seems to be sealing."""
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
    elif last and last.signature and not _is_abandoned(last, now):
        return None
    codes_from = datetime.fromisoformat(state.codes_from) if state else _codes_from(last, now)
    return Base(
        last, _tree_up_to(last), keys.new_key(), codes_from, lost, trusts_all_codes=state is None
    )


def _codes_from(last: Seal | None, now: datetime) -> datetime:
    """From when on events need a code: later if an earlier release has written to the database."""
    has_older = not last.signature if last else Unsealed.objects.filter(mac="").exists()
    return now + UPGRADE if has_older else now


def is_in_database(mark: keys.Mark) -> bool:
    """Whether the database still has the seal of this mark."""
    return Seal.objects.filter(
        number=mark.number, hash=mark.hash, total=mark.total, root=mark.root
    ).exists()


def _is_abandoned(last: Seal, now: datetime) -> bool:
    """Whether this machine has seen events wait for TAKE_OVER since this seal was made."""
    watch = keys.read_file("watching") or {}
    if watch.get("behind") != last.hash:
        keys.write_file("watching", {"behind": last.hash, "since": now.isoformat()})
        return False
    return now - datetime.fromisoformat(watch["since"]) >= TAKE_OVER


def _tree_up_to(last: Seal | None) -> Frontier:
    """The tree up to a seal; for an unsigned seal it is computed from all events."""
    if last and last.signature and (tree_of_seal := tree_of(last)):
        return tree_of_seal
    tree = Frontier()
    for ranges in Seal.objects.order_by("id").values_list("ranges", flat=True):
        tree = hash_rows(events_in(valid_ranges(ranges)), tree).tree
    return tree


@transaction.atomic
def _add(base: Base, *, now: datetime) -> list[int]:
    """Make the next seal over the waiting events; returns their ids."""
    _wait_for_other_sealers()
    if Seal.objects.order_by("-id").first() != base.last:
        return []
    rows = list(
        _genuine_events(trusts_all_codes=base.trusts_all_codes, upgrading=now < base.codes_from)
    )
    if not rows:
        return []
    ids = [row["id"] for row in rows]
    hashed = hash_rows(rows, base.tree)
    next_key = keys.new_key()
    new = _signed(base, ranges_of(ids), hashed, keys.public_of(next_key), now)
    mark = _mark_of(new, base, hashed.tree)
    keys.prepare(keys.State(next_key, mark, base.codes_from.isoformat(), base.lost))
    new.save(force_insert=True)
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


def _genuine_events(*, trusts_all_codes: bool, upgrading: bool) -> Iterator[dict[str, Any]]:
    """The waiting events that are as the product wrote them, at most BATCH.

    Others are left unsealed, and `verify` reports them.
    """
    after, remaining = 0, BATCH
    waiting = Unsealed.objects.order_by("event_id").values_list("event_id", "mac")
    while remaining and (macs := dict(waiting.filter(event_id__gt=after)[:BATCH])):
        after = max(macs)
        for row in Event.objects.filter(id__in=macs).order_by("id").values(*FIELDS):
            mac = macs[row["id"]]
            if remaining and (
                trusts_all_codes or (event_codes.is_genuine(mac, row) if mac else upgrading)
            ):
                remaining -= 1
                yield row


def _signed(
    base: Base, ranges: list[list[int]], hashed: HashedRows, next_key: str, now: datetime
) -> Seal:
    new = Seal(
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
        signature="-",  # only a signed seal has the fields above in its hash
    )
    new.hash = hash_seal(new)
    new.signature = keys.sign(base.private, new.hash)
    return new


def add_unsigned_seal(
    last: Seal | None, ranges: list[list[int]], rows_hash: str, count: int, *, now: datetime
) -> Seal:
    """Add an unsigned seal after the last one, over made-up events whose rows have this hash."""
    new = Seal(
        at=now,
        ranges=ranges,
        count=count,
        rows_hash=rows_hash,
        previous_hash=last.hash if last else "",
    )
    new.hash = hash_seal(new)
    new.save(force_insert=True)
    return new


def seal_waiting_unsigned(*, now: datetime) -> None:
    """Put the waiting events of made-up work under an unsigned seal, before signing begins."""
    ids = list(Unsealed.objects.order_by("event_id").values_list("event_id", flat=True))
    if ids:
        ranges = ranges_of(ids)
        hashed = hash_rows(events_in(ranges), Frontier())
        last = Seal.objects.order_by("-id").first()
        add_unsigned_seal(last, ranges, hashed.digest, hashed.count, now=now)
        Unsealed.objects.all().delete()


def _wait_for_other_sealers() -> None:
    """Prevent two workers from making the same seal. SQLite has one writer anyway.

    A lock on the row of the last seal is not enough: the process that waited for it still sees that
    row as the last one.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
