"""Checking a copy of the record by itself, and against the database where there is one: each fault
in a line of its own.
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
from directives.core.sealing.copying import ABOUT, EVENTS, MANIFEST, PROOFS, SAID, SEALS, SIGNATURE
from directives.core.sealing.event_rows import FIELDS, ranges_of
from directives.core.sealing.making import hash_seal
from directives.core.sealing.merkle import is_included, leaf
from directives.models import Event, Seal

LINE = 16 * 1024**2  # bytes of a line at most; an event is far below
SMALL = 4 * 1024**2  # bytes of the manifest and of proof.json at most
AT_ONCE = 500
# What reading JSON that somebody made up may raise
BROKEN = (ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal of the copy, as far as events are held against it."""

    number: int
    total: int
    root: str
    hash: str
    next_key: str


@dataclass
class Checked:
    """What was found.

    `gaps`: places between the first and the last event that are not in the copy; `anchored`:
    anchors that agree.

    `compared`: whether there is a database with seals that it was compared with.
    """

    faults: list[str] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)
    manifest: str = ""
    places: "array[int]" = field(default_factory=lambda: array("q"))
    unsealed: list[int] = field(default_factory=list)
    gaps: int = 0
    anchored: int = 0
    compared: bool = False
    newest: Sealed | None = None
    seals: dict[int, Sealed] = field(default_factory=dict)  # by number


def check(path: Path, *, lines: Iterable[str] = ()) -> Checked:
    """Check a copy.

    `lines`: anchors to compare its seals with. Raises OSError for a file that cannot be read.
    """
    result = Checked()
    try:
        with ZipFile(path) as package:
            names = set(package.namelist())
            lacking = [
                name
                for name in (EVENTS, PROOFS, SEALS, ABOUT, MANIFEST, SIGNATURE)
                if name not in names
            ]
            result.faults += [f"{name} is missing from the file" for name in lacking]
            if not lacking:
                _read(package, result)
    except (
        BadZipFile,
        EOFError,
        NotImplementedError,
        RuntimeError,
        zlib.error,
    ) as error:  # RuntimeError: it is encrypted
        result.faults.append(f"the file cannot be read: {error}")
    if result.about:
        _against_anchors(result, lines)
        _against_database(path, result)
    return result


def _read(package: ZipFile, result: Checked) -> None:
    result.faults += _manifest(package, result)
    result.about = _object(package, ABOUT, result)
    result.faults += _seals(package, result)
    result.faults += _events(package, result)
    result.faults += _whole(result)


def _object(package: ZipFile, name: str, result: Checked) -> dict[str, Any]:
    try:
        with package.open(name) as file:
            value = json.loads(file.read(SMALL))
        return value if isinstance(value, dict) else {}
    except ValueError:
        result.faults.append(f"{name} is damaged")
        return {}


def _manifest(package: ZipFile, result: Checked) -> Iterator[str]:
    """Whether the manifest is as it was signed, and each file as the manifest says."""
    with package.open(MANIFEST) as file, package.open(SIGNATURE) as signed:
        text, signature = file.read(SMALL), signed.read(SMALL).decode("ascii", "replace").strip()
    result.manifest = hashlib.sha256(text).hexdigest()
    manifest = _object(package, MANIFEST, result)
    files = manifest.get("files")
    if not isinstance(files, dict) or not keys.is_signed(
        str(manifest.get("key")), text, signature, purpose=keys.COPY
    ):
        yield f"{MANIFEST} was changed after it was signed"
        files = files if isinstance(files, dict) else {}
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
        while line := file.readline(LINE):
            yield line.removesuffix(b"\n")


def _seals(package: ZipFile, result: Checked) -> Iterator[str]:
    """Each seal by its own hash and signature, and whether it names the one before."""
    fresh, last = keys.begun_anew(), None
    for number, line in enumerate(_lines(package, SEALS), 1):
        try:
            told = json.loads(line)
            seal = Seal(
                at=datetime.fromisoformat(told["at"]), **{name: told[name] for name in SAID}
            )
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
        elif last is not None and seal.key != last.next_key and seal.key not in fresh:
            words = "it was signed with a key that the seal before it does not name"
            yield f"{where}: {words}: ask why sealing began anew with it"
        last = Sealed(told["number"], told["total"], seal.root, seal.hash, seal.next_key)
        result.seals[last.number] = last
    result.newest = last
    told = result.about.get("seal") or {}
    if (told.get("hash") if isinstance(told, dict) else "") != (last.hash if last else None):
        yield f"{ABOUT} names another newest seal than {SEALS} ends with"


def _events(package: ZipFile, result: Checked) -> Iterator[str]:
    """Each event by its proof.

    Lines go together by the number of their event, in the same order.
    """
    ids, proved = _numbers(package, EVENTS), _numbers(package, PROOFS)
    for name, numbers in ((EVENTS, ids), (PROOFS, proved)):
        yield from (
            f"event {pk} is in {name} {count} times"
            for pk, count in numbers.items()
            if pk and count > 1
        )
        if numbers[0]:
            yield f"{numbers[0]} lines of {name} are damaged"
    yield from (
        f"event {pk}: it is in the file, and has no proof" for pk in ids if pk not in proved
    )
    yield from (
        f"event {pk}: there is a proof of it, and it is gone" for pk in proved if pk not in ids
    )
    both = {pk for pk in ids if pk and ids[pk] == proved[pk] == 1}
    events = (line for line in _lines(package, EVENTS) if _number(line) in both)
    proofs = (line for line in _lines(package, PROOFS) if _number(line) in both)
    for event, proof in zip(events, proofs, strict=True):
        if _number(event) != _number(proof):
            yield f"event {_number(event)}: it does not stand where its proof does"
        else:
            yield from _event(event, json.loads(proof), result)
    if result.about.get("events") != ids.total():
        yield f"{ABOUT} tells of {result.about.get('events')} events, {ids.total()} are there"


def _number(line: bytes) -> int:
    """The number of the event that a line is about; 0 for a line that makes no sense."""
    try:
        pk = json.loads(line)["id"]
    except BROKEN:
        return 0
    return pk if type(pk) is int and pk > 0 else 0


def _numbers(package: ZipFile, name: str) -> Counter[int]:
    return Counter(map(_number, _lines(package, name)))


def _event(line: bytes, proof: dict[str, Any], result: Checked) -> Iterator[str]:
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
        holds = is_included(leaf(line), proof["index"], seal.total, path, bytes.fromhex(seal.root))
    except BROKEN:
        holds = False
    if holds:
        result.places.append(proof["index"])
    else:
        yield f"event {pk}: it is not as it was sealed (seal number {number})"


def _whole(result: Checked) -> Iterator[str]:
    """What lies between the first and the last event, and whether a copy of everything has
    everything.
    """
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


# against what is known elsewhere


def _against_anchors(result: Checked, lines: Iterable[str]) -> None:
    extra_lines = list(lines)
    for line in (*extra_lines, *anchors.anchors_in_files()):
        match = anchors.LINE.search(line)
        if match is None:
            result.faults += (
                [f"an anchor cannot be read: {line.strip()[:60]}"] if line in extra_lines else []
            )
            continue
        seal = result.seals.get(int(match["number"]))
        if seal is None:
            continue
        if (seal.hash, str(seal.total), seal.root) == (
            match["hash"],
            match["total"],
            match["root"],
        ):
            result.anchored += 1
        else:
            result.faults.append(
                f"seal number {seal.number}: it is not the one of which an anchor of "
                f"{match['at']} tells"
            )


def _against_database(path: Path, result: Checked) -> None:
    """Whether its seals are in the chain here, the record tells that it was taken, and what is
    unsealed stands here as it is there.
    """
    try:
        if not Seal.objects.exclude(signature="").exists():
            return
        result.compared = True
        numbers = sorted(result.seals)
        for start in range(0, len(numbers), AT_ONCE):
            batch = numbers[start : start + AT_ONCE]
            standing = set(Seal.objects.filter(number__in=batch).values_list("number", "hash"))
            wrong = [
                number for number in batch if (number, result.seals[number].hash) not in standing
            ]
            result.faults += [
                f"seal number {number}: it is not in the chain of this installation"
                for number in wrong
            ]
        taken = Event.objects.filter(
            subject_type="seal", action="take_record", after__manifest=result.manifest
        )
        if not taken.exists():
            result.faults.append(
                "the record of this installation does not tell that this copy was taken"
            )
        result.faults += _unsealed(path, result.unsealed)
    except Error:
        result.compared = False


def _unsealed(path: Path, ids: list[int]) -> Iterator[str]:
    wanted = set(ids)
    if not wanted:
        return
    with ZipFile(path) as package:
        for line in _lines(package, EVENTS):
            pk = _number(line)
            if pk in wanted:
                row = Event.objects.filter(pk=pk).values(*FIELDS).first()
                if row is None or event_codes.canonical_bytes(row) != line:
                    words = "no seal covers it, and it is not as this installation has it"
                    yield f"event {pk}: {words}"
