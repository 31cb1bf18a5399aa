"""Verifying the audit record: its seals, marks and anchors, and the unsealed events.

Each fault is one English sentence that says what is wrong and where.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from directives.base import event_codes
from directives.core import audit
from directives.core.sealing import anchors, keys
from directives.core.sealing.event_rows import (
    FIELDS,
    HashedRows,
    events_in,
    hash_rows,
    ranges_of,
    tree_of,
    valid_ranges,
)
from directives.core.sealing.making import hash_seal, is_in_database
from directives.core.sealing.merkle import Frontier
from directives.models import Event, Seal, Unsealed

ACKNOWLEDGE = (
    "If you restored a backup or moved the worker: "
    "manage.py verify_audit --acknowledge {} --reason …"
)
AT_ONCE = 5000


@dataclass
class SealWalk:
    """Verifies seal after seal."""

    tree: Frontier = field(default_factory=Frontier)  # over the events so far
    tree_is_known: bool = True  # whether `tree` is computed from unchanged events
    last: Seal | keys.Verified | None = None
    signed: Seal | keys.Verified | None = None  # the last seal with a signature
    used: dict[str, int] = field(default_factory=dict)  # key → id of the seal that it signed
    faults: list[str] = field(default_factory=list)
    ranges: list[list[int]] = field(default_factory=list)
    seals: int = 0
    acknowledged_keys: frozenset[str] = frozenset()  # see keys.begun_anew

    def fault(self, seal: Seal, words: str) -> None:
        covered = valid_ranges(seal.ranges)
        location = f"events {covered[0][0]} to {covered[-1][1]}" if covered else "of no events"
        self.faults.append(f"seal {seal.pk}, {location}: {words}")

    def check(self, seal: Seal) -> None:
        ranges = valid_ranges(seal.ranges)
        hashed = hash_rows(events_in(ranges), self.tree)
        expected = sum(last - first + 1 for first, last in ranges)
        if hashed.count != expected:
            self.fault(seal, f"{expected} events were sealed, {hashed.count} are there")
        elif hashed.digest != seal.rows_hash:
            self.fault(seal, "an event was changed after it was sealed")
        linked = seal.previous_hash == (self.last.hash if self.last else "")
        if not linked:
            self.fault(seal, "the seal before it was changed or removed")
        if seal.hash != hash_seal(seal):
            self.fault(seal, "the seal itself was changed")
        unchanged = hashed.count == expected and hashed.digest == seal.rows_hash and linked
        self.tree_is_known = self.tree_is_known and unchanged
        if seal.signature:
            self._check_signature(seal, hashed, linked)
        elif self.signed:
            self.fault(seal, "it has no signature, and signing had begun before it")
        self._advance(seal, hashed)

    def _check_signature(self, seal: Seal, hashed: HashedRows, linked: bool) -> None:
        if not keys.is_signed(seal.key, seal.hash, seal.signature):
            self.fault(seal, "its signature is not that of the key that it names")
        expected_key = self.signed.next_key if self.signed else seal.key
        if seal.key in self.used:
            self.fault(seal, f"it was signed with the retired key of seal {self.used[seal.key]}")
        elif linked and seal.key not in self.acknowledged_keys and seal.key != expected_key:
            words = "it was signed with a key that the seal before it does not name"
            self.fault(seal, f"{words}. {ACKNOWLEDGE.format(seal.number)}")
        if linked and seal.number != (self.signed.number or 0 if self.signed else 0) + 1:
            self.fault(seal, f"it says that it is number {seal.number}")
        tree = hashed.tree
        expected = (tree.size, tree.root().hex(), tree.as_hex())
        if self.tree_is_known and (seal.total, seal.root, seal.tree) != expected:
            self.fault(seal, "its total or its root is not that of all events up to it")

    def _advance(self, seal: Seal, hashed: HashedRows) -> None:
        self.tree = hashed.tree
        if seal.signature:
            self.used[seal.key], self.signed = seal.pk, seal
            if not self.tree_is_known:
                tree_of_seal = tree_of(seal)
                self.tree, self.tree_is_known = tree_of_seal or Frontier(), tree_of_seal is not None
        self.last, self.seals = seal, self.seals + 1
        self.ranges += valid_ranges(seal.ranges)


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a verification, with numbers of seals and events."""

    faults: list[str]
    seals: int
    events: int
    before: int  # events that an earlier verification had read
    waiting: int
    outside: bool  # whether AUDIT_DIR has the mark of a seal
    end: keys.Verified | None


def verify() -> list[str]:
    """Every fault of the record; empty if there is none."""
    return examine().faults


def examine(*, since_last: bool = False, lines: Iterable[str] = ()) -> Verification:
    """Verify the record, or with `since_last` only what follows the last faultless verification.

    `lines` are further anchors.
    """
    walk, events_before = _begin(since_last)
    seals = Seal.objects.filter(pk__gt=walk.last.pk if walk.last else 0).order_by("id")
    for seal in seals.iterator(chunk_size=500):
        walk.check(seal)
    waiting = Unsealed.objects.count()
    state, damaged = _state()
    faults = [
        *walk.faults,
        *damaged,
        *_mark_faults(state),
        *anchors.faults(lines),
        *_waiting_faults(state),
        *_coverage_faults(walk, events_before, waiting),
    ]
    last, end = walk.signed, None
    if last:
        total, number = last.total or 0, last.number or 0
        end = keys.Verified(last.pk, last.hash, total, number, last.next_key, walk.tree.as_hex())
    events = sum(last_id - first_id + 1 for first_id, last_id in walk.ranges)
    return Verification(faults, walk.seals, events, events_before, waiting, state is not None, end)


def acknowledge(number: int, *, reason: str, now: datetime) -> list[dict[str, Any]]:
    """Accept that sealing began anew with this seal, or that seals from this number on are missing.

    Returns the new entries of `keys.acknowledged`. All other faults are still reported.
    """
    entry = {"number": number, "reason": reason, "at": now.isoformat()}
    seal, before = (
        Seal.objects.filter(number=neighbour).exclude(signature="").first()
        for neighbour in (number, number - 1)
    )
    entries = []
    if seal and (before is None or before.next_key != seal.key):
        entries.append(entry | {"key": seal.key})
    entries += [
        entry | {"lost": mark.hash}
        for mark in _marks(keys.load_state())
        if mark.number >= number and not is_in_database(mark)
    ]
    if entries:
        _store(number, entries, seal, reason=reason, now=now)
        noted_ids = list(event_codes.noted_macs())
        event_codes.forget(set(noted_ids) - set(_existing(noted_ids)))
    return entries


@transaction.atomic
def _store(
    number: int, entries: list[dict[str, Any]], seal: Seal | None, *, reason: str, now: datetime
) -> None:
    """Store the entries in AUDIT_DIR, and record it in an event about the seal, if there is one."""
    pk, facts = seal.pk if seal else 0, {"number": number, "entries": len(entries)}
    audit.record_apart("acknowledge_seal", Seal, pk, by=None, now=now, after=facts, reason=reason)
    keys.acknowledge(entries)


def _begin(since_last: bool) -> tuple[SealWalk, int]:
    """A walk from the first seal, or the last verified one, and the number of events before it."""
    walk = SealWalk(acknowledged_keys=keys.begun_anew())
    verified = keys.verified() if since_last else None
    if verified and Seal.objects.filter(pk=verified.pk, hash=verified.hash).exists():
        walk.tree = Frontier.from_hex(verified.total, verified.tree)
        walk.last = walk.signed = verified
        return walk, verified.total
    return walk, 0


def _state() -> tuple[keys.State | None, list[str]]:
    try:
        return keys.load_state(), []
    except keys.Damaged as error:
        return None, [f"{error}: what was sealed on this machine cannot be compared"]


def _marks(state: keys.State | None) -> list[keys.Mark]:
    return [] if state is None else [*state.lost, state.mark]


def _mark_faults(state: keys.State | None) -> Iterator[str]:
    """Seals that were made with this AUDIT_DIR and are missing or changed in the database."""
    acknowledged_hashes = {entry.get("lost") for entry in keys.acknowledged()}
    for mark in _marks(state):
        if mark.hash not in acknowledged_hashes and not is_in_database(mark):
            words = (
                f"the mark outside the database says that it was sealed {mark.at}, "
                f"{mark.total} events in all: it is gone or another"
            )
            yield f"seal number {mark.number}: {words}. {ACKNOWLEDGE.format(mark.number)}"


def _waiting_faults(state: keys.State | None) -> Iterator[str]:
    """Unsealed events that are missing or no longer as they were written."""
    noted_macs = event_codes.noted_macs()
    checked_ids: set[int] = set()
    if damaged := event_codes.count_damaged_lines():
        yield (
            f"{damaged} lines of AUDIT_DIR/written cannot be read: "
            "events that were deleted before their seal may not be missed"
        )
    codes_required = state is not None and Seal.objects.filter(at__gte=state.codes_from).exists()
    rows, after = Unsealed.objects.order_by("event_id"), 0
    while batch := dict(rows.filter(event_id__gt=after).values_list("event_id", "mac")[:AT_ONCE]):
        stored = Event.objects.filter(id__in=batch).values(*FIELDS)
        events = {row["id"]: row for row in stored}
        after = max(batch)
        checked_ids |= batch.keys()
        for pk, mac in batch.items():
            if pk not in events:
                yield f"event {pk}: it awaits its seal, and is gone"
            elif (codes_required or (state and mac)) and not event_codes.is_genuine(
                mac, events[pk]
            ):
                yield f"event {pk}: it awaits its seal, and is not as the product wrote it"
            elif noted_macs.get(pk, mac[:16]) != mac[:16]:
                yield (
                    f"event {pk}: it awaits its seal, "
                    "and is not the one that was written under this number"
                )
    missing = [pk for pk in noted_macs if pk not in checked_ids]
    present = {
        pk
        for start in range(0, len(missing), AT_ONCE)
        for pk in _existing(missing[start : start + AT_ONCE])
    }
    yield from (f"event {pk}: it was written, and is gone" for pk in missing if pk not in present)


def _existing(ids: list[int]) -> list[int]:
    return list(Event.objects.filter(id__in=ids).values_list("id", flat=True))


def _coverage_faults(walk: SealWalk, before: int, waiting: int) -> Iterator[str]:
    """Events that two seals cover, and those that no seal covers and that do not wait for one."""
    end = 0
    for first, last in sorted(walk.ranges):
        if first <= end:
            yield f"events {first} to {min(last, end)}: two seals cover them"
        end = max(end, last)
    covered = before + sum(last - first + 1 for first, last in walk.ranges)
    if Event.objects.count() <= covered + waiting:
        return
    sealed = Seal.objects.values_list("ranges", flat=True) if before else [walk.ranges]
    covered_ids = {
        pk
        for ranges in sealed
        for first, last in valid_ranges(ranges)
        for pk in range(first, last + 1)
    }
    covered_ids |= set(Unsealed.objects.values_list("event_id", flat=True))
    event_ids = (
        Event.objects.order_by("id").values_list("id", flat=True).iterator(chunk_size=AT_ONCE)
    )
    for first, last in ranges_of(pk for pk in event_ids if pk not in covered_ids):
        location = f"event {first}" if first == last else f"events {first} to {last}"
        verb = "it was" if first == last else "they were"
        yield f"{location}: not covered by any seal and not waiting for one: {verb} slipped in"
