"""A restore drill: a backup of this installation, restored, checked and served elsewhere."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection

from directives import tallies
from directives.backups.making import make
from directives.backups.throwaway import HOST, folder, served, server_of, session_of
from directives.core.sealing import verify
from directives.models import Attachment, Membership, Obligation

PAGES = ("/", "/dashboard/", "/documents/", "/obligations/")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DrillResult:
    """The results of the checks in the restored installation."""

    drift: list[str]
    faults: list[str]  # of the audit log
    obligations: int
    session: str  # of a person who may read pages; "" if there is nobody
    file: int  # an attachment that this person may open; 0 if there is none


@contextmanager
def _timed(step: str, say: Say) -> Iterator[None]:
    started_at = time.monotonic()
    yield
    say(f"{step}: {time.monotonic() - started_at:.1f} s")


def drill(*, now: datetime, say: Say) -> None:
    """Run all steps, report how long each took, and remove everything.

    Raises CommandError at the first step that fails.
    """
    with folder(None) as base, server_of(connection.vendor, base) as server:
        with _timed("Backup made and read back", say):
            manifest = make(base / "backup", now=now)
        rows = sum(manifest.rows.values())
        say(f"  {manifest.size() / 1e6:,.1f} MB: {rows:,} rows, {len(manifest.files):,} files")
        for fault in manifest.faults:
            say(f"  Warning: {fault}")
        environment = _environment(base, server)
        with _timed("Restored and compared with its manifest", say):
            _manage(environment, "restore", str(base / "backup"))
        with _timed("Migrations, counts and audit log checked", say):
            _manage(environment, "migrate", "--check")
            result = DrillResult(
                **json.loads(_manage(environment, "restore_drill", "--look").splitlines()[-1])
            )
            if result.drift or result.faults:
                raise CommandError("\n".join([*result.drift, *result.faults]))
        with _timed("Served, and pages read", say):
            pages = _visit(environment, result)
        say(f"  {result.obligations:,} obligations; {', '.join(pages)}")


def _environment(base: Path, server: str) -> dict[str, str]:
    """An empty installation that shares no setting, no file and no mail with this one."""
    var = base / "var"
    var.mkdir()
    url = f"{server}/qunzhu" if server else f"sqlite:///{var / 'qunzhu.sqlite3'}"
    names = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    return environment | {"QUNZHU_DOTENV": os.devnull, "QUNZHU_VAR": str(var), "DATABASE_URL": url}


def _manage(environment: dict[str, str], *arguments: str) -> str:
    """The output of a command in that installation. Raises CommandError with its stderr."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
    completed = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )
    if completed.returncode:
        raise CommandError(f"{' '.join(arguments)} failed: {completed.stderr.strip()}")
    return completed.stdout


def check_restored() -> str:
    """Check this installation, which was restored; returns a DrillResult as JSON."""
    members = Membership.objects.filter(user__is_active=True).select_related("user")
    member = members.order_by("organisation__path").first()
    file = Attachment.objects.visible_to(member.user).order_by("pk").first() if member else None
    result = DrillResult(
        drift=tallies.drift(),
        faults=verify(),
        obligations=Obligation.objects.count(),
        session=session_of(member.user) if member else "",
        file=file.pk if file else 0,
    )
    return json.dumps(asdict(result), ensure_ascii=False)


def _visit(environment: dict[str, str], result: DrillResult) -> list[str]:
    """Serve the installation and read pages as a person; returns their paths.

    Raises CommandError for a page that does not answer 200.
    """
    pages = [
        "/readyz",
        *(PAGES if result.session else ()),
        *([f"/files/{result.file}/"] if result.file else []),
    ]
    with served(environment) as web:
        for page in pages:
            client = http.client.HTTPConnection(HOST, web.port, timeout=60)
            client.request("GET", page, headers={"Cookie": f"sessionid={result.session}"})
            answer = client.getresponse()
            answer.read()
            client.close()
            if answer.status != http.HTTPStatus.OK:
                raise CommandError(f"{page} answered {answer.status} in the restored installation.")
    return pages
