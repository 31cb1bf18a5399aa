"""Verifying a signed copy of the record, by itself and against anchors and this database.

Each fault is one English sentence.
"""

import hashlib
import json
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from django.db import Error

from directives.base import event_codes
from directives.core.sealing import anchors, keys
from directives.core.sealing.copying import (
    ABOUT,
    EVENTS,
    MANIFEST,
    PROOFS,
    SEAL_FIELDS,
    SEALS,
    SIGNATURE,
)
from directives.core.sealing.event_rows import FIELDS, ranges_of
from directives.core.sealing.making import hash_seal
from directives.core.sealing.merkle import is_included, leaf
from directives.models import Event, Seal

LINE_LIMIT = 16 * 1024**2  # largest line in bytes; an event is far smaller
SMALL_FILE_LIMIT = 4 * 1024**2  # largest manifest and proof.json in bytes
AT_ONCE = 500  # seals of one query
# What reading forged JSON may raise
BROKEN = (ValueError, KeyError, TypeError, AttributeError)
# What reading a damaged zip file may raise; RuntimeError: it is encrypted
UNREADABLE = (BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal of the copy, with what is needed to check events and anchors."""

    number: int
    total: int
    root: str
    hash: str
    next_key: str


@dataclass
class Checked:
    """The result of a check."""

    faults: list[str] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)  # proof.json
    manifest: str = ""  # its SHA-256
    places: "array[int]" = field(default_factory=lambda: array("q"))  # of the proved events
    unsealed: list[int] = field(default_factory=list)  # ids of events that no seal covers
    gaps: int = 0  # events between the first and the last that are not in the copy
    anchored: int = 0  # anchors that agree with a seal of the copy
    compared: bool = False  # with a database that has seals
    newest: Sealed | None = None
    seals: dict[int, Sealed] = field(default_factory=dict)  # by number


def check(path: Path, *, lines: Iterable[str] = ()) -> Checked:
    """Verify a copy.

    `lines` are anchors to compare its seals with. Raises OSError if the file cannot be read.
    """
    result = Checked()
    try:
        with ZipFile(path) as package:
            needed = (EVENTS, PROOFS, SEALS, ABOUT, MANIFEST, SIGNATURE)
            missing = [name for name in needed if name not in set(package.namelist())]
            result.faults += [f"{name} is missing from the file" for name in missing]
            if not missing:
                _check_files(package, result)
    except UNREADABLE as error:
        result.faults.append(f"the file cannot be read: {error}")
    if result.about:
        _compare_with_anchors(result, lines)
        _compare_with_database(path, result)
    return result


def _check_files(package: ZipFile, result: Checked) -> None:
    result.faults += _manifest_faults(package, result)
    result.about = _object(package, ABOUT, result)
    result.faults += _seal_faults(package, result)
    result.faults += _event_faults(package, result)
    result.faults += _gap_faults(result)


def _object(package: ZipFile, name: str, result: Checked) -> dict[str, Any]:
    try:
        with package.open(name) as file:
            value = json.loads(file.read(SMALL_FILE_LIMIT))
        return value if isinstance(value, dict) else {}
    except ValueError:
        result.faults.append(f"{name} is damaged")
        return {}


def _manifest_faults(package: ZipFile, result: Checked) -> Iterator[str]:
    """Check the signature of the manifest, and each file against its hash in the manifest."""
    with package.open(MANIFEST) as file, package.open(SIGNATURE) as signed:
        text, signature = (
            file.read(SMALL_FILE_LIMIT),
            signed.read(SMALL_FILE_LIMIT).decode("ascii", "replace").strip(),
        )
    result.manifest = hashlib.sha256(text).hexdigest()
    manifest = _object(package, MANIFEST, result)
    files, key = manifest.get("files"), str(manifest.get("key"))
    if not isinstance(files, dict):
        files, key = {}, ""  # no signature is valid for an empty key
    if not keys.is_signed(key, text, signature, purpose=keys.COPY):
        yield f"{MANIFEST} was changed after it was signed"
    counts = Counter(package.namelist())
    yield from (
        f"{name} is in the file {count} times" for name, count in counts.items() if count > 1
    )
    for name in sorted({*files, *counts} - {MANIFEST, SIGNATURE}):
        if name not in counts:
            yield f"{name} is missing from the file"
        elif name not in files:
            yield f"{name} is in the file, and {MANIFEST} does not name it"
        elif files[name] != _hash(package, name):
            yield f"{name} is not the one that was signed"


def _hash(package: ZipFile, name: str) -> str:
    with package.open(name) as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
        return digest.hexdigest()


def _lines(package: ZipFile, name: str) -> Iterator[bytes]:
    with package.open(name) as file:
        while line := file.readline(LINE_LIMIT):
            yield line.removesuffix(b"\n")


def _seal_faults(package: ZipFile, result: Checked) -> Iterator[str]:
    """Check the hash and the signature of each seal, and that it continues the one before."""
    known_keys, last = keys.begun_anew(), None
    for number, line in enumerate(_lines(package, SEALS), 1):
        try:
            facts = json.loads(line)
            fields = {name: facts[name] for name in SEAL_FIELDS}
            seal = Seal(at=datetime.fromisoformat(facts["at"]), **fields)
            where, changed = f"seal number {seal.number}", seal.hash != hash_seal(seal)
        except BROKEN:
            yield f"line {number} of {SEALS} is damaged"
            continue
        if changed:
            yield f"{where} was changed"
        if not keys.is_signed(seal.key, seal.hash, seal.signature):
            yield f"{where}: its signature is not that of the key that it names"
        if last is not None and seal.previous_hash != last.hash:
            yield f"{where}: the seal before it was changed or removed"
        elif last is not None and seal.key != last.next_key and seal.key not in known_keys:
            words = "it was signed with a key that the seal before it does not name"
            yield f"{where}: {words}: ask why sealing began anew with it"
        last = Sealed(facts["number"], facts["total"], seal.root, seal.hash, seal.next_key)
        result.seals[last.number] = last
    result.newest = last
    newest = result.about.get("seal") or {}
    if (newest.get("hash") if isinstance(newest, dict) else "") != (last.hash if last else None):
        yield f"{ABOUT} names another newest seal than {SEALS} ends with"


def _event_faults(package: ZipFile, result: Checked) -> Iterator[str]:
    """Check each event by its proof. Both files have the events in the same order."""
    ids, proved = _count_ids(package, EVENTS), _count_ids(package, PROOFS)
    for name, counts in ((EVENTS, ids), (PROOFS, proved)):
        repeated = {pk: count for pk, count in counts.items() if pk and count > 1}
        yield from (f"event {pk} is in {name} {count} times" for pk, count in repeated.items())
        if counts[0]:
            yield f"{counts[0]} lines of {name} are damaged"
    yield from (
        f"event {pk}: it is in the file, and has no proof" for pk in ids if pk not in proved
    )
    yield from (
        f"event {pk}: there is a proof of it, and it is gone" for pk in proved if pk not in ids
    )
    both = {pk for pk in ids if pk and ids[pk] == proved[pk] == 1}
    events = (line for line in _lines(package, EVENTS) if _event_id(line) in both)
    proofs = (line for line in _lines(package, PROOFS) if _event_id(line) in both)
    for event, proof in zip(events, proofs, strict=True):
        if _event_id(event) != _event_id(proof):
            yield f"event {_event_id(event)}: it does not stand where its proof does"
        else:
            yield from _proof_faults(event, json.loads(proof), result)
    if result.about.get("events") != ids.total():
        yield f"{ABOUT} tells of {result.about.get('events')} events, {ids.total()} are there"


def _event_id(line: bytes) -> int:
    """The id of the event that a line is about; 0 for a line that cannot be read."""
    try:
        pk = json.loads(line)["id"]
    except BROKEN:
        return 0
    return pk if type(pk) is int and pk > 0 else 0


def _count_ids(package: ZipFile, name: str) -> Counter[int]:
    return Counter(map(_event_id, _lines(package, name)))


def _proof_faults(line: bytes, proof: dict[str, Any], result: Checked) -> Iterator[str]:
    pk, number = proof["id"], proof.get("seal")
    if number is None:
        result.unsealed.append(pk)
        return
    seal = result.seals.get(number) if isinstance(number, int) else None
    if seal is None:
        yield f"event {pk}: the seal that is to cover it is not in the file"
        return
    try:
        path = [bytes.fromhex(node) for node in proof["proof"]]
        is_valid = is_included(
            leaf(line), proof["index"], seal.total, path, bytes.fromhex(seal.root)
        )
    except BROKEN:
        is_valid = False
    if is_valid:
        result.places.append(proof["index"])
    else:
        yield f"event {pk}: it is not as it was sealed (seal number {number})"


def _gap_faults(result: Checked) -> Iterator[str]:
    """Count the gaps between events, and check that a copy of the whole record has no gap."""
    runs = ranges_of(sorted(set(result.places)))
    result.gaps = sum(
        after[0] - before[1] - 1 for before, after in zip(runs, runs[1:], strict=False)
    )
    if result.about.get("whole") is True and result.newest is not None and not result.faults:
        for first, end in _missing(runs, result.newest.total):
            missing = f"what stands at the places {first} to {end} of it is missing"
            yield f"the copy is to hold the whole record, and {missing}"


def _missing(runs: list[list[int]], total: int) -> Iterator[tuple[int, int]]:
    start = 0
    for first, end in [*runs, [total, total]]:
        if first > start:
            yield start, first - 1
        start = end + 1


def _compare_with_anchors(result: Checked, lines: Iterable[str]) -> None:
    extra_lines = list(lines)
    for line in (*extra_lines, *anchors.anchors_in_files()):
        match = anchors.LINE.search(line)
        if match is None:
            if line in extra_lines:
                result.faults.append(f"an anchor cannot be read: {line.strip()[:60]}")
            continue
        seal = result.seals.get(int(match["number"]))
        if seal is None:
            continue
        if anchors.agrees(match.groupdict(), seal):
            result.anchored += 1
        else:
            words = f"it is not the one of which an anchor of {match['at']} tells"
            result.faults.append(f"seal number {seal.number}: {words}")


def _compare_with_database(path: Path, result: Checked) -> None:
    """Check the seals and the unsealed events against this database, if it has seals.

    The record here must also have the event of the making of this copy.
    """
    try:
        if not Seal.objects.exclude(signature="").exists():
            return
        result.compared = True
        numbers = sorted(result.seals)
        for start in range(0, len(numbers), AT_ONCE):
            batch = numbers[start : start + AT_ONCE]
            stored = set(Seal.objects.filter(number__in=batch).values_list("number", "hash"))
            result.faults += [
                f"seal number {number}: it is not in the chain of this installation"
                for number in batch
                if (number, result.seals[number].hash) not in stored
            ]
        copy_events = Event.objects.filter(
            subject_type="seal", action="take_record", after__manifest=result.manifest
        )
        if not copy_events.exists():
            result.faults.append(
                "the record of this installation does not tell that this copy was taken"
            )
        result.faults += _unsealed_faults(path, result.unsealed)
    except Error:  # no database can be reached
        result.compared = False


def _unsealed_faults(path: Path, ids: list[int]) -> Iterator[str]:
    unsealed_ids = set(ids)
    if not unsealed_ids:
        return
    with ZipFile(path) as package:
        for line in _lines(package, EVENTS):
            pk = _event_id(line)
            if pk in unsealed_ids:
                row = Event.objects.filter(pk=pk).values(*FIELDS).first()
                if row is None or event_codes.canonical_bytes(row) != line:
                    words = "no seal covers it, and it is not as this installation has it"
                    yield f"event {pk}: {words}"
