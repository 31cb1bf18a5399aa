"""Anchors: lines about the newest seal, sent to the places of AUDIT_ANCHORS.

A place is out of the reach of those who can change the database: a file elsewhere, syslog, mail.
"""

import os
import re
import syslog
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import send_mail

from directives.core.sealing import keys
from directives.models import Seal

PATTERNS = {"number": r"\d+", "total": r"\d+"} | dict.fromkeys(
    ("at", "root", "hash", "key", "signature"), r"\S+"
)
LINE = re.compile(
    "qunzhu-seal " + " ".join(rf"{name}=(?P<{name}>{text})" for name, text in PATTERNS.items())
)


def line_of(mark: keys.Mark) -> str:
    return "qunzhu-seal " + " ".join(f"{name}={getattr(mark, name)}" for name in PATTERNS)


def anchor(*, now: datetime) -> bool:
    """Send the newest seal of this machine to every place, unless it was; returns whether it was.

    Raises OSError after all places were tried if any of them failed; the next call sends it again
    to all of them.
    """
    state = keys.load_state()
    last_anchor = keys.read_file("anchored") or {}
    if not settings.AUDIT_ANCHORS or state is None or last_anchor.get("hash") == state.mark.hash:
        return False
    failed = []
    for place in settings.AUDIT_ANCHORS:
        try:
            _send(place, line_of(state.mark))
        except OSError as error:  # those of smtplib are OSErrors too
            failed.append(f"{place}: {error}")
    if failed:
        raise OSError(f"No anchor could be written: {'; '.join(failed)}")
    mark = state.mark
    keys.write_file("anchored", {"hash": mark.hash, "number": mark.number, "at": now.isoformat()})
    return True


def _send(place: str, line: str) -> None:
    scheme, _colon, rest = place.partition(":")
    if scheme == "file":
        with Path(rest.removeprefix("//")).open("a", encoding="ascii") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    elif scheme == "syslog":
        syslog.syslog(syslog.LOG_NOTICE | syslog.LOG_AUTHPRIV, line)
    else:
        send_mail(line.partition(" root=")[0], line + "\n", None, [rest])


def faults(extra_lines: Iterable[str]) -> Iterator[str]:
    """Faults of seals that anchors name and that are missing from the database or differ there.

    The anchors are `extra_lines` and those in the files of AUDIT_ANCHORS.
    """
    lines = [*extra_lines, *anchors_in_files()]
    parsed = [match.groupdict() for line in lines if (match := LINE.search(line))]
    if len(parsed) < len(lines):
        yield f"{len(lines) - len(parsed)} lines are no anchors"
    by_hash = {anchor["hash"]: anchor for anchor in parsed}
    stored = Seal.objects.exclude(signature="").only("number", "total", "root", "hash")
    seals = {seal.number: seal for seal in stored}
    acknowledged_hashes = {entry.get("lost") for entry in keys.acknowledged()}
    for anchor in by_hash.values():
        seal, where = seals.get(int(anchor["number"])), f"seal number {anchor['number']}"
        if not keys.is_signed(anchor["key"], anchor["hash"], anchor["signature"]):
            yield f"{where}: an anchor of {anchor['at']} is not signed by the key that it names"
        elif anchor["hash"] in acknowledged_hashes:
            continue
        elif seal is None:
            words = f"an anchor of {anchor['at']} tells of it, {anchor['total']} events in all"
            yield f"{where}: {words}, and it is gone"
        elif not agrees(anchor, seal):
            yield f"{where}: it is not the one of which an anchor of {anchor['at']} tells"


def agrees(anchor: Mapping[str, str], seal: Any) -> bool:
    """Whether an anchor of this number is about this seal: it has the same hash, total and root."""
    facts = (seal.hash, str(seal.total), seal.root)
    return facts == (anchor["hash"], anchor["total"], anchor["root"])


def anchors_in_files() -> Iterator[str]:
    """The lines of those files of AUDIT_ANCHORS that exist on this machine."""
    for place in settings.AUDIT_ANCHORS:
        path = Path(place.removeprefix("file://"))
        if place.startswith("file:") and path.exists():
            yield from path.read_text("utf-8").splitlines()
