"""Making a signed copy of events that can be verified without the database.

It holds each event in the bytes that were hashed, its proof, and the seals. An event is proved
against the seal that covers it. The tree of that seal is the frontier of the signed seal before it
and the events since, so that nothing else is read, however long the record is.
"""

import hashlib
import json
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from directives.base import event_codes
from directives.core.sealing import keys
from directives.core.sealing.event_rows import AT_ONCE, FIELDS, events_in, tree_of, valid_ranges
from directives.core.sealing.merkle import ExtendedTree, Frontier, leaf
from directives.models import Event, Seal

EVENTS, PROOFS, SEALS = "events.jsonl", "proofs.jsonl", "seals.jsonl"
READABLE, ABOUT, HELP = "record.csv", "proof.json", "README.txt"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
SEAL_FIELDS = (
    "number",
    "ranges",
    "count",
    "rows_hash",
    "previous_hash",
    "total",
    "root",
    "key",
    "next_key",
    "signature",
    "hash",
)
HOW = Path(__file__).with_name("how_to_check.txt")


@dataclass(frozen=True, slots=True)
class Copied:
    """An event with its proof."""

    pk: int
    data: bytes  # as it was hashed
    seal: int | None = None  # number of the seal that covers it; None: not sealed yet
    index: int | None = None  # its place among all sealed events, from 0
    proof: Sequence[bytes] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.pk,
            "seal": self.seal,
            "index": self.index,
            "proof": [node.hex() for node in self.proof],
        }


def newest() -> Seal | None:
    """The newest signed seal.

    Call this before selecting the events of a copy, so that all events it covers can be selected.
    """
    return Seal.objects.exclude(signature="").order_by("-id").first()


def proved_events(ids: "array[int]", newest_seal: Seal | None) -> Iterator[Copied]:
    """The events with these sorted ids, with proofs against the seals up to `newest_seal`.

    The sealed events come first, in the order of the record, and then those that are not sealed.
    """
    proved = bytearray(len(ids))
    for seal, base, ranges in _trees(newest_seal):
        if not any(_position(ids, first) < _position(ids, end + 1) for first, end in ranges):
            continue
        tree = ExtendedTree(
            base, [leaf(event_codes.canonical_bytes(row)) for row in events_in(ranges)]
        )
        for index, row in enumerate(events_in(ranges), base.size):
            position = _position(ids, row["id"])
            if position < len(ids) and ids[position] == row["id"]:
                proved[position] = True
                data = event_codes.canonical_bytes(row)
                yield Copied(row["id"], data, seal.number, index, tree.proof(index))
    unsealed = [pk for pk, is_proved in zip(ids, proved, strict=True) if not is_proved]
    for start in range(0, len(unsealed), AT_ONCE):
        events = Event.objects.filter(id__in=unsealed[start : start + AT_ONCE]).order_by("id")
        for row in events.values(*FIELDS):
            yield Copied(row["id"], event_codes.canonical_bytes(row))


def _position(ids: "array[int]", pk: int) -> int:
    return bisect_left(ids, pk)


def _trees(newest_seal: Seal | None) -> Iterator[tuple[Seal, Frontier, list[list[int]]]]:
    """Each signed seal, the tree of the signed seal before it, and the ranges of the new events.

    Events under unsigned seals, from before signing began, are new under the first signed seal.
    """
    base, ranges = Frontier(), []
    seals = Seal.objects.filter(pk__lte=newest_seal.pk if newest_seal else 0).order_by("id")
    for seal in seals.iterator(chunk_size=500):
        ranges += valid_ranges(seal.ranges)
        if seal.signature:
            yield seal, base, ranges
            base, ranges = tree_of(seal) or Frontier(), []


@dataclass(frozen=True, slots=True)
class Packed:
    """A finished copy."""

    events: int  # how many
    unsealed: int  # how many of them no seal covers
    manifest: str  # SHA-256 of the manifest
    key: str  # public key of its signature


class Package:
    """A zip file that is being written, with the SHA-256 of each of its entries."""

    def __init__(self, file: BinaryIO) -> None:
        self.zip = ZipFile(file, "w", ZIP_DEFLATED)
        self.hashes: dict[str, str] = {}

    @contextmanager
    def entry(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """Yields a function that writes to the entry. Only one entry can be open at a time."""
        digest = hashlib.sha256()
        with self.zip.open(name, "w", force_zip64=True) as out:

            def write(data: bytes) -> None:
                digest.update(data)
                out.write(data)

            yield write
        self.hashes[name] = digest.hexdigest()

    def add(self, name: str, data: bytes | BinaryIO) -> None:
        with self.entry(name) as write:
            if isinstance(data, bytes):
                write(data)
                return
            data.seek(0)
            while block := data.read(1 << 20):
                write(block)


def pack(
    file: BinaryIO,
    ids: "array[int]",
    newest_seal: Seal | None,
    *,
    about: dict[str, Any],
    table: Callable[[BinaryIO], object],
) -> Packed:
    """Write a copy of these events as a zip file.

    `about` is added to proof.json; `table` writes the same events as CSV, for people.
    """
    package, private = Package(file), keys.copy_key()
    events, unsealed, first_number = _add_events(package, ids, newest_seal)
    with package.entry(SEALS) as write:
        for seal in _chain(first_number, newest_seal):
            write(_json(seal_facts(seal)) + b"\n")
    with tempfile.TemporaryFile() as csv_file:
        table(csv_file)
        package.add(READABLE, csv_file)
    key = keys.public_of(private)
    facts = {
        "format": 1,
        **about,
        "events": events,
        "unsealed": unsealed,
        "seal": seal_facts(newest_seal) if newest_seal else None,
        "key": key,
    }
    package.add(ABOUT, _json(facts, indent=1))
    package.add(HELP, HOW.read_bytes())
    manifest = _json({"format": 1, "key": key, "files": package.hashes}, indent=1)
    package.zip.writestr(MANIFEST, manifest)
    package.zip.writestr(SIGNATURE, keys.sign(private, manifest, purpose=keys.COPY) + "\n")
    package.zip.close()
    return Packed(events, unsealed, hashlib.sha256(manifest).hexdigest(), key)


def _add_events(
    package: Package, ids: "array[int]", newest_seal: Seal | None
) -> tuple[int, int, int | None]:
    """Write events and proofs; returns how many, how many unsealed, the lowest seal's number."""
    events = unsealed = 0
    first_number: int | None = None
    with tempfile.TemporaryFile() as proofs:
        with package.entry(EVENTS) as write:
            for event in proved_events(ids, newest_seal):
                write(event.data + b"\n")
                proofs.write(_json(event.as_json()) + b"\n")
                events, unsealed = events + 1, unsealed + (event.seal is None)
                first_number = event.seal if first_number is None else first_number
        package.add(PROOFS, proofs)
    return events, unsealed, first_number


def _chain(first_number: int | None, newest_seal: Seal | None) -> Iterator[Seal]:
    """The seals from the one with this number to the last."""
    if newest_seal is None:
        return
    signed = Seal.objects.exclude(signature="").order_by("id")
    first = signed.filter(number=first_number)[:1].get() if first_number else newest_seal
    seals = Seal.objects.filter(pk__gte=first.pk, pk__lte=newest_seal.pk).order_by("id")
    yield from seals.iterator(chunk_size=500)


def seal_facts(seal: Seal) -> dict[str, Any]:
    """The fields of a seal in the form that a copy has them."""
    return {"at": seal.at.isoformat(), **{name: getattr(seal, name) for name in SEAL_FIELDS}}


def _json(value: Any, indent: int | None = None) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=indent).encode()
