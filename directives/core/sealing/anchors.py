"""Anchors: the newest mark, told in a line to where nobody who has the database can change it
(AUDIT_ANCHORS).
"""

import os
import re
import syslog
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import send_mail

from directives.core.sealing import keys
from directives.models import Seal

WORDS = ("number", "total", "at", "root", "hash", "key", "signature")
NO_SPACE, KINDS = r"\S+", {"number": r"\d+", "total": r"\d+"}
LINE = re.compile(
    "qunzhu-seal " + " ".join(rf"{word}=(?P<{word}>{KINDS.get(word, NO_SPACE)})" for word in WORDS)
)


def line_of(mark: keys.Mark) -> str:
    return "qunzhu-seal " + " ".join(f"{word}={getattr(mark, word)}" for word in WORDS)


def anchor(*, now: datetime) -> bool:
    """Tell every place of the newest seal that this machine made, if it was not told; returns
    whether it was.

    One place that fails keeps none of the others from being told; then raises OSError, and all are
    told again next time.
    """
    state = keys.load_state()
    told = keys.read_file("anchored") or {}
    if not settings.AUDIT_ANCHORS or state is None or told.get("hash") == state.mark.hash:
        return False
    failed = []
    for place in settings.AUDIT_ANCHORS:
        try:
            _tell(place, line_of(state.mark))
        except OSError as error:  # smtplib's are OSErrors too
            failed.append(f"{place}: {error}")
    if failed:
        raise OSError(f"No anchor could be written: {'; '.join(failed)}")
    keys.write_file(
        "anchored", {"hash": state.mark.hash, "number": state.mark.number, "at": now.isoformat()}
    )
    return True


def _tell(place: str, line: str) -> None:
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


def faults(given: Iterable[str]) -> Iterator[str]:
    """What anchors say of seals that the database does not have, or has otherwise.

    `given` beside those in files.
    """
    lines = [*given, *anchors_in_files()]
    found = [match.groupdict() for line in lines if (match := LINE.search(line))]
    if len(found) < len(lines):
        yield f"{len(lines) - len(found)} lines are no anchors"
    told = {one["hash"]: one for one in found}.values()
    standing = {
        seal.number: seal
        for seal in Seal.objects.exclude(signature="").only("number", "total", "root", "hash")
    }
    known = {one.get("lost") for one in keys.acknowledged()}
    for one in told:
        seal, where = standing.get(int(one["number"])), f"seal number {one['number']}"
        if not keys.is_signed(one["key"], one["hash"], one["signature"]):
            yield f"{where}: an anchor of {one['at']} is not signed by the key that it names"
        elif one["hash"] in known:
            continue
        elif seal is None:
            tells = f"an anchor of {one['at']} tells of it, {one['total']} events in all"
            yield f"{where}: {tells}, and it is gone"
        elif (seal.hash, str(seal.total), seal.root) != (one["hash"], one["total"], one["root"]):
            yield f"{where}: it is not the one of which an anchor of {one['at']} tells"


def anchors_in_files() -> Iterator[str]:
    """The lines of anchors in files that can be read here."""
    for place in settings.AUDIT_ANCHORS:
        path = Path(place.removeprefix("file://"))
        if place.startswith("file:") and path.exists():
            yield from path.read_text("utf-8").splitlines()
