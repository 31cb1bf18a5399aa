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
    last_anchor = keys.read_file("anchored") or {}
    if not settings.AUDIT_ANCHORS or state is None or last_anchor.get("hash") == state.mark.hash:
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


def faults(extra_lines: Iterable[str]) -> Iterator[str]:
    """What anchors say of seals that the database does not have, or has otherwise.

    `extra_lines` beside those in files.
    """
    lines = [*extra_lines, *anchors_in_files()]
    parsed = [match.groupdict() for line in lines if (match := LINE.search(line))]
    if len(parsed) < len(lines):
        yield f"{len(lines) - len(parsed)} lines are no anchors"
    distinct = {claim["hash"]: claim for claim in parsed}.values()
    standing = {
        seal.number: seal
        for seal in Seal.objects.exclude(signature="").only("number", "total", "root", "hash")
    }
    acknowledged_hashes = {claim.get("lost") for claim in keys.acknowledged()}
    for claim in distinct:
        seal, where = standing.get(int(claim["number"])), f"seal number {claim['number']}"
        if not keys.is_signed(claim["key"], claim["hash"], claim["signature"]):
            yield f"{where}: an anchor of {claim['at']} is not signed by the key that it names"
        elif claim["hash"] in acknowledged_hashes:
            continue
        elif seal is None:
            tells = f"an anchor of {claim['at']} tells of it, {claim['total']} events in all"
            yield f"{where}: {tells}, and it is gone"
        elif (seal.hash, str(seal.total), seal.root) != (
            claim["hash"],
            claim["total"],
            claim["root"],
        ):
            yield f"{where}: it is not the one of which an anchor of {claim['at']} tells"


def anchors_in_files() -> Iterator[str]:
    """The lines of anchors in files that can be read here."""
    for place in settings.AUDIT_ANCHORS:
        path = Path(place.removeprefix("file://"))
        if place.startswith("file:") and path.exists():
            yield from path.read_text("utf-8").splitlines()
