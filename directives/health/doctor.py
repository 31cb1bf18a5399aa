"""The checks of `manage.py doctor`, and running them."""

from collections.abc import Iterator
from datetime import datetime

from directives.health import accounts, database, machine, work
from directives.health.findings import WRONG, Check, Finding, wrong

CHECKS = (
    Check("settings", machine.check_settings, offline=True),
    Check("static files", machine.check_static_files, offline=True),
    Check("disks", machine.check_disks, offline=True),
    Check("files", machine.check_files, offline=True),
    Check("virus scanner", machine.check_scanner, offline=True),
    Check("mail", machine.check_mail, offline=True),
    Check("database", database.check_database, offline=True),
    Check("migrations", database.check_migrations),
    Check("cache", database.check_cache),
    Check("clock", database.check_clock),
    Check("replicas", database.check_replicas),
    Check("worker", work.check_worker),
    Check("queue", work.check_queue),
    Check("lights", work.check_lights),
    Check("seals", work.check_seals),
    Check("key", work.check_key),
    Check("backup", work.check_backup),
    Check("calendar", work.check_calendar),
    Check("duties", accounts.check_duties),
    Check("counts", work.check_counts, deep=True),
    Check("record", work.check_record, deep=True),
)


def examine(now: datetime, *, deep: bool = False) -> Iterator[tuple[str, Finding]]:
    """Yield each finding with the name of its check.

    If the database cannot be used, the checks that need it are skipped.
    """
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
        return list(check.run(now))
    except Exception as error:  # noqa: BLE001 - a failure is a finding, and the other checks run
        message = f"could not be looked at: {type(error).__name__}: {error}"
        return [wrong(message, "The log may say more.")]
