"""The checks of `manage.py doctor`, and running them."""

from collections.abc import Iterator
from datetime import datetime

from directives.health import accounts, database, machine, work
from directives.health.findings import WRONG, Check, Finding, wrong

CHECKS = (
    Check("settings", machine.look_at_settings, offline=True),
    Check("static files", machine.look_at_static_files, offline=True),
    Check("disks", machine.look_at_disks, offline=True),
    Check("files", machine.look_at_files, offline=True),
    Check("virus scanner", machine.look_at_scanner, offline=True),
    Check("mail", machine.look_at_mail, offline=True),
    Check("database", database.look_at_database, offline=True),
    Check("migrations", database.look_at_migrations),
    Check("cache", database.look_at_cache),
    Check("clock", database.look_at_clock),
    Check("replicas", database.look_at_replicas),
    Check("worker", work.look_at_worker),
    Check("queue", work.look_at_queue),
    Check("lights", work.look_at_lights),
    Check("seals", work.look_at_seals),
    Check("key", work.look_at_key),
    Check("backup", work.look_at_backup),
    Check("calendar", work.look_at_calendar),
    Check("duties", accounts.look_at_duties),
    Check("counts", work.look_at_counts, deep=True),
    Check("record", work.look_at_record, deep=True),
)


def examine(now: datetime, *, deep: bool = False) -> Iterator[tuple[str, Finding]]:
    """Each finding with the name of its check. Checks that need a broken database are skipped."""
    usable = True
    for check in CHECKS:
        if (check.deep and not deep) or not (check.offline or usable):
            continue
        for finding in _findings(check, now):
            yield check.name, finding
            if check.name in ("database", "migrations") and finding.level == WRONG:
                usable = False


def _findings(check: Check, now: datetime) -> list[Finding]:
    try:
        return list(check.look(now))
    except Exception as error:  # noqa: BLE001 - a failure is a finding, and the other checks run
        words = f"could not be looked at: {type(error).__name__}: {error}"
        return [wrong(words, "The log may say more.")]
