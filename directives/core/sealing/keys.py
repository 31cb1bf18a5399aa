"""The files of AUDIT_DIR: the key of the next seal and the mark of the last one.

The file `state` holds both. To make a seal, the next key and the mark of the new seal are written
to `pending`; the database commits the seal; then `state`, with the used key, is overwritten and
replaced by `pending`. A process that dies in between leaves `pending`, and the newest seal of the
database decides whether it becomes the state (`recover`). So each key signs one seal and is erased.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

# Prefixes of what is signed, so that a signature for one purpose is invalid for another
PURPOSE = b"qunzhu seal 1\n"
COPY = b"qunzhu copy of the record 1\n"  # the manifest of a copy


class Damaged(ValueError):
    """A file of AUDIT_DIR that cannot be read."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{Path(settings.AUDIT_DIR) / name} is damaged")


@dataclass(frozen=True, slots=True)
class Mark:
    """What is kept of a signed seal outside the database, to verify it and to continue it."""

    number: int
    total: int
    root: str
    hash: str
    key: str
    signature: str
    at: str
    tree: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class State:
    """The content of `state` and of `pending`."""

    private: str  # the key of the next seal
    mark: Mark
    codes_from: str  # from this instant on, events without a code (MAC) are not sealed
    lost: list[Mark] = field(default_factory=list)  # of seals missing when sealing went on


@dataclass(frozen=True, slots=True)
class Verified:
    """The seal up to which the record was verified without faults, and what must follow it."""

    pk: int
    hash: str
    total: int
    number: int
    next_key: str
    tree: list[str]


def folder() -> Path:
    """AUDIT_DIR, made if needed and closed to other users."""
    path = Path(settings.AUDIT_DIR)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.stat().st_mode & 0o077:
        with suppress(PermissionError):  # another user owns it: `manage.py doctor` reports it
            path.chmod(0o700)
    return path


@contextmanager
def exclusive_lock() -> Iterator[None]:
    """A lock among all processes that use this folder."""
    file = os.open(folder() / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def read_file(name: str) -> Any:
    """The JSON content of a file of the folder; None if there is no file. Raises Damaged."""
    try:
        return json.loads((Path(settings.AUDIT_DIR) / name).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise Damaged(name) from error


def write_file(name: str, values: Any) -> None:
    """Write a file of the folder atomically, readable by its owner only."""
    part = folder() / f"{name}.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(values, out, ensure_ascii=False)
        out.flush()
        os.fsync(out.fileno())
    os.replace(part, folder() / name)
    _settle()


def _settle() -> None:
    """Make renames in the folder durable."""
    file = os.open(folder(), os.O_RDONLY)
    os.fsync(file)
    os.close(file)


def _state(name: str) -> State | None:
    values = read_file(name)
    if values is None:
        return None
    try:
        lost = [Mark(**mark) for mark in values["lost"]]
        return State(values["private"], Mark(**values["mark"]), values["codes_from"], lost)
    except (KeyError, TypeError) as error:
        raise Damaged(name) from error


def load_state() -> State | None:
    """The state; None before the first seal. Raises Damaged."""
    try:
        return _state("state")
    except Damaged:
        pending = _state("pending")  # `state` was just being overwritten
        if pending is None:
            raise
        return pending


def prepare(state: State) -> None:
    """Store the state after a seal that is not in the database yet."""
    write_file("pending", asdict(state))


def recover(newest: str) -> None:
    """Adopt or delete the pending state of a process that died.

    `newest` is the hash of the newest seal in the database.
    """
    pending = _state("pending")
    if pending is None:
        return
    # If `state` is damaged, its key was being overwritten, and only `pending` is left.
    if pending.mark.hash == newest or not _is_readable("state"):
        adopt()
    else:
        erase("pending")
        (folder() / "pending").unlink()


def _is_readable(name: str) -> bool:
    try:
        read_file(name)
    except ValueError:
        return False
    return True


def adopt() -> None:
    """Replace the state by the pending one, once its seal is committed, and erase the used key."""
    if (folder() / "state").exists():
        erase("state")
    os.replace(folder() / "pending", folder() / "state")
    _settle()


def erase(name: str) -> None:
    """Overwrite a file with zeros. A disk may still keep old copies of its blocks."""
    path = folder() / name
    with path.open("r+b") as file:
        file.write(b"\0" * path.stat().st_size)
        file.flush()
        os.fsync(file.fileno())


def acknowledged() -> list[dict[str, Any]]:
    """Breaks of the chain that an administrator has acknowledged. Raises Damaged.

    Each entry has the key of a seal with which sealing began anew, or the hash of a lost seal.
    """
    entries = read_file("acknowledged") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Damaged("acknowledged")
    return entries


def begun_anew() -> frozenset[str]:
    """Keys with which sealing began anew, as an administrator has acknowledged."""
    return frozenset(entry["key"] for entry in acknowledged() if "key" in entry)


def acknowledge(entries: list[dict[str, Any]]) -> None:
    write_file("acknowledged", [*acknowledged(), *entries])


def verified() -> Verified | None:
    values = read_file("verified")
    try:
        return Verified(**values) if values else None
    except TypeError as error:
        raise Damaged("verified") from error


def note_verified(verified: Verified) -> None:
    write_file("verified", asdict(verified))


def copy_key() -> str:
    """The private key by which this machine signs copies of the record, made at first use.

    It is not one of the keys of seals, which are erased after one use.
    """
    with exclusive_lock():
        stored = read_file("copy_key")
        if stored is None:
            stored = {"private": new_key()}
            write_file("copy_key", stored)
    private: str = stored["private"]
    return private


# Keys


def new_key() -> str:
    return Ed25519PrivateKey.generate().private_bytes_raw().hex()


def public_of(private: str) -> str:
    return _private(private).public_key().public_bytes_raw().hex()


def _private(private: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private))


def sign(private: str, message: str | bytes, *, purpose: bytes = PURPOSE) -> str:
    return _private(private).sign(purpose + _bytes(message)).hex()


def _bytes(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message


def is_signed(key: str, message: str | bytes, signature: str, *, purpose: bytes = PURPOSE) -> bool:
    """Whether the signature of the message, for this purpose, is valid for this public key."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(signature), purpose + _bytes(message)
        )
    except (InvalidSignature, ValueError):
        return False
    return True
