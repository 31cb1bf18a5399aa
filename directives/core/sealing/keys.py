"""What is known of the record outside its database: the key of the next seal and the mark of the
last one, in AUDIT_DIR.

`state` holds both, and is replaced as a whole. A seal is prepared in `pending`, with the next key
and its own mark; the database commits it; then `pending` takes the place of `state`, whose key is
overwritten. A process that dies in between leaves `pending`: whether it counts is told by the
newest seal of the database (`recover`). So each key signs one seal, and is gone.
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

PURPOSE = b"qunzhu seal 1\n"  # before what is signed, so that no signature means anything else
COPY = b"qunzhu copy of the record 1\n"  # the same, before the manifest of a copy


class Damaged(ValueError):
    """A file of AUDIT_DIR that does not say what it is to say."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{Path(settings.AUDIT_DIR) / name} is damaged")


@dataclass(frozen=True, slots=True)
class Mark:
    """What is remembered of a signed seal outside the database, to verify it and go on after it."""

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
    """`private`: the key of the next seal.

    `codes_from`: since when no event is sealed without a code of who wrote it.

    `lost`: marks whose seals the database no longer had when sealing went on.
    """

    private: str
    mark: Mark
    codes_from: str
    lost: list[Mark] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verified:
    """Up to which seal the record was read and found whole, and what the next one must continue."""

    pk: int
    hash: str
    total: int
    number: int
    next_key: str
    tree: list[str]


def folder() -> Path:
    """AUDIT_DIR, for its owner alone; where it is another's, the doctor tells."""
    path = Path(settings.AUDIT_DIR)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.stat().st_mode & 0o077:
        with suppress(PermissionError):
            path.chmod(0o700)
    return path


@contextmanager
def exclusive_lock() -> Iterator[None]:
    """Among all processes that seal with this folder."""
    file = os.open(folder() / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def read_file(name: str) -> Any:
    """What a file of the folder says; None where there is none. Raises Damaged."""
    try:
        return json.loads((Path(settings.AUDIT_DIR) / name).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise Damaged(name) from error


def write_file(name: str, values: Any) -> None:
    """Write a file of the folder, whole or not at all, for its owner alone."""
    part = folder() / f"{name}.part"
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as out:
        json.dump(values, out, ensure_ascii=False)
        out.flush()
        os.fsync(out.fileno())
    os.replace(part, folder() / name)
    _settle()


def _settle() -> None:
    """Have the disk keep which names the folder has."""
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
        pending = _state("pending")  # the state's key was being overwritten
        if pending is None:
            raise
        return pending


def prepare(state: State) -> None:
    """Keep the state that a seal will make, before the database has the seal."""
    write_file("pending", asdict(state))


def recover(newest: str) -> None:
    """Finish, or forget, what a process that died had prepared.

    `newest`: the hash of the database's newest seal.
    """
    pending = _state("pending")
    if pending is None:
        return
    if pending.mark.hash == newest or not _is_whole(
        "state"
    ):  # the key was overwritten: there is no way back
        adopt()
    else:
        erase("pending")
        (folder() / "pending").unlink()


def _is_whole(name: str) -> bool:
    try:
        read_file(name)
    except ValueError:
        return False
    return True


def adopt() -> None:
    """The seal stands: its state takes the place of the one before, whose key is gone for good."""
    if (folder() / "state").exists():
        erase("state")
    os.replace(folder() / "pending", folder() / "state")
    _settle()


def erase(name: str) -> None:
    """Overwrite a file; what a disk keeps of old blocks beneath it is its own affair."""
    path = folder() / name
    with path.open("r+b") as file:
        file.write(b"\0" * path.stat().st_size)
        file.flush()
        os.fsync(file.fileno())


def acknowledged() -> list[dict[str, Any]]:
    """New beginnings that an administrator has looked into: the number and key of a seal, or the
    hash of a lost one.

    Raises Damaged.
    """
    entries = read_file("acknowledged") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Damaged("acknowledged")
    return entries


def begun_anew() -> frozenset[str]:
    """The keys with which an administrator knows that sealing began anew."""
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
    """The key by which this machine signs copies of the record, made when it is first needed.

    It is none of the keys of seals: those sign one seal each and are gone, this one stays.
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
    """Whether the holder of this public key signed the hash of a seal, or for another purpose
    something else.
    """
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(signature), purpose + _bytes(message)
        )
    except (InvalidSignature, ValueError):
        return False
    return True
