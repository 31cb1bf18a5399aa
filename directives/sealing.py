"""Seals over the audit record: a hash chain made beside the writers, never in their way.

The worker calls `seal` every minute. A seal covers the events that no seal covered yet (`Unsealed`), by their ids, and
holds the hash of their rows and of the seal before. `verify` walks the chain and names every row that was changed,
removed or slipped in around the triggers.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from directives.models import Event, Seal, Unsealed

BATCH = 5000  # events of one seal
ONE_AT_A_TIME = 7_103_005_382  # the key of the advisory lock; any number that nothing else uses
FIELDS = (
    "id", "at", "by_id", "action", "subject_type", "subject_id", "organisation_id", "document_id", "directive_id",
    "obligation_id", "before", "after", "reason",
)  # fmt: skip


def _ranges(ids: Iterable[int]) -> list[list[int]]:
    """Sorted ids as closed ranges: 1 2 3 7 → [[1, 3], [7, 7]]."""
    ranges: list[list[int]] = []
    for number in ids:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def _rows(ranges: list[list[int]]) -> Iterator[dict]:
    for first, last in ranges:
        yield from Event.objects.filter(id__range=(first, last)).order_by("id").values(*FIELDS)


def _hash_rows(rows: Iterable[dict]) -> tuple[str, int]:
    """The hash of the rows, in order, and how many there were."""
    digest, count = hashlib.sha256(), 0
    for row in rows:
        plain = json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        digest.update(plain.encode() + b"\n")
        count += 1
    return digest.hexdigest(), count


def _hash_seal(previous: str, at: datetime, ranges: list[list[int]], rows_hash: str) -> str:
    told = json.dumps([previous, at.isoformat(), ranges, rows_hash], separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()


@transaction.atomic
def seal(*, now: datetime) -> int:
    """Seal the events that wait; returns how many. One that commits after this goes into the next seal."""
    _wait_for_other_sealers()
    last = Seal.objects.order_by("-id").first()
    ids = list(Unsealed.objects.order_by("event_id").values_list("event_id", flat=True)[:BATCH])
    if not ids:
        return 0
    ranges = _ranges(ids)
    rows_hash, count = _hash_rows(_rows(ranges))
    link(last, ranges, rows_hash, count, now=now)
    Unsealed.objects.filter(event_id__in=ids).delete()
    return count


def link(last: Seal | None, ranges: list[list[int]], rows_hash: str, count: int, *, now: datetime) -> Seal:
    """Add a seal behind the last one, over events whose rows have this hash."""
    previous = last.hash if last else ""
    hashed = _hash_seal(previous, now, ranges, rows_hash)
    return Seal.objects.create(at=now, ranges=ranges, count=count, rows_hash=rows_hash, previous_hash=previous, hash=hashed)


def _wait_for_other_sealers() -> None:
    """Two workers would both chain to the same seal. A lock on the last row is not enough: who waited for it still sees that row
    as the last one. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


def verify() -> list[str]:
    """Every fault of the chain and of the events under it, in words; empty when the record is whole."""
    faults, previous, covered = [], "", 0
    for link in Seal.objects.order_by("id"):
        rows_hash, count = _hash_rows(_rows(link.ranges))
        expected = sum(last - first + 1 for first, last in link.ranges)
        where = f"seal {link.pk}, events {link.ranges[0][0]} to {link.ranges[-1][1]}"
        if count != expected:
            faults.append(f"{where}: {expected} events were sealed, {count} are there")
        elif rows_hash != link.rows_hash:
            faults.append(f"{where}: an event was changed after it was sealed")
        if link.previous_hash != previous:
            faults.append(f"{where}: the seal before it was changed or removed")
        if link.hash != _hash_seal(link.previous_hash, link.at, link.ranges, link.rows_hash):
            faults.append(f"{where}: the seal itself was changed")
        previous, covered = link.hash, covered + expected
    return faults + _uncovered(covered)


def _uncovered(covered: int) -> list[str]:
    """Events that neither a seal covers nor a writer left to be sealed: they were slipped in."""
    waiting = Unsealed.objects.count()
    total = Event.objects.count()
    if total <= covered + waiting:
        return []
    known = {number for link in Seal.objects.all() for first, last in link.ranges for number in range(first, last + 1)}
    known |= set(Unsealed.objects.values_list("event_id", flat=True))
    slipped = [number for number in Event.objects.order_by("id").values_list("id", flat=True).iterator() if number not in known]
    return [f"event {number}: not covered by any seal and not waiting for one: it was slipped in" for number in slipped]
