"""Codes (HMAC) of audit events that are not sealed yet.

With each event the product stores a code (`Unsealed.mac`) made with SECRET_KEY, which is not in the
database, and after the commit a line in the file `written` of AUDIT_DIR. So an event that was
inserted or changed directly in the database has no valid code, and a deleted one is noticed.
"""

import errno
import fcntl
import hashlib
import hmac
import logging
import os
from collections.abc import Iterable
from datetime import UTC
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

FIELDS = (
    "at",
    "by_id",
    "action",
    "subject_type",
    "subject_id",
    "organisation_id",
    "document_id",
    "directive_id",
    "obligation_id",
    "before",
    "after",
    "reason",
    "address",
    "request",
)
# Added in a later release. Left out if empty, so that the hashes of older events remain the same.
LATER_FIELDS = ("address", "request")
# Bytes of `written` after which it is emptied: another machine has sealed such old events.
MAX_BYTES = 4 * 1024**2
APPENDING = os.O_WRONLY | os.O_APPEND | os.O_CREAT
PURPOSE = b"an event that awaits its seal"

logger = logging.getLogger(__name__)
_encode = DjangoJSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def canonical_bytes(row: dict[str, Any]) -> bytes:
    """The bytes of a row that are hashed: JSON with sorted keys, times in UTC, in milliseconds."""
    values = {**row, "at": row["at"].astimezone(UTC)}
    for name in LATER_FIELDS:
        if not values.get(name):
            values.pop(name, None)
    return _encode(values).encode()


def mac_of(row: dict[str, Any], secret: str | None = None) -> str:
    """The code of an event's columns except its id, which is not known before the insert.

    `secret`: by default SECRET_KEY.
    """
    content = canonical_bytes({name: row[name] for name in FIELDS})
    return hmac.digest(_key(secret or settings.SECRET_KEY), content, "sha256").hex()


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    return hashlib.sha256(PURPOSE + secret.encode()).digest()


def is_genuine(mac: str, row: dict[str, Any]) -> bool:
    """Whether the product wrote this row; also under a SECRET_KEY that is being replaced."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(hmac.compare_digest(mac, mac_of(row, secret)) for secret in secrets)


def _place() -> Path:
    return Path(settings.AUDIT_DIR) / "written"


def note_written(written: Iterable[tuple[int, str]]) -> None:
    """Append ids and codes of committed events to `written`. A failure is only logged."""
    lines = "".join(f"{pk} {mac[:16]}\n" for pk, mac in written)
    try:
        _append(lines.encode())
    except OSError as error:
        count = lines.count("\n")
        logger.error("%s events could not be noted in AUDIT_DIR until their seal: %s", count, error)


def _append(lines: bytes) -> None:
    """Append whole lines or nothing."""
    place = _place()
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = os.open(place, APPENDING, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file).st_size > MAX_BYTES:
            os.ftruncate(file, 0)
        size = os.fstat(file).st_size
        if os.write(file, lines) < len(lines):
            os.ftruncate(file, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(file)


def noted_macs() -> dict[int, str]:
    """The ids in `written`, each with the beginning of its code."""
    return dict(row for row in map(_row, _lines()) if row)


def count_damaged_lines() -> int:
    """The number of unreadable lines in `written`, as after a power failure."""
    return sum(_row(line) is None for line in _lines())


def _lines() -> list[str]:
    return _place().read_text("ascii", "replace").splitlines() if _place().exists() else []


def _row(line: str) -> tuple[int, str] | None:
    match line.split():
        case [pk, mac] if pk.isdecimal():
            return int(pk), mac
    return None


def forget(ids: Iterable[int]) -> None:
    """Delete the lines of these events, which are sealed now, and unreadable lines."""
    if not _place().exists():
        return
    sealed = set(ids)
    with _place().open("r+", encoding="ascii", errors="replace") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        remaining_lines = [
            line
            for line in file.read().splitlines(keepends=True)
            if (row := _row(line)) and row[0] not in sealed
        ]
        file.seek(0)
        file.truncate()
        file.writelines(remaining_lines)
