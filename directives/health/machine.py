"""Checks that need no database: settings, static files, disks, virus scanner, files, mail."""

import smtplib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import checks
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import get_connection

from directives.base import disk, viruses
from directives.health.findings import Finding, fine, warning, wrong

# Decided by each office for its whole domain: HSTS of subdomains, and the preload list.
IGNORED_CHECKS = frozenset({"security.W005", "security.W021"})
LOW_SPACE = 2 * 1024**3  # free bytes below which there is a warning
MAIL_TIMEOUT = 5  # timeout of the mail server


def check_settings(now: datetime) -> Iterator[Finding]:
    """Run Django's checks; in production those for a deployment too."""
    messages = [
        message
        for message in checks.run_checks(include_deployment_checks=settings.PRODUCTION)
        if message.level >= checks.WARNING and message.id not in IGNORED_CHECKS
    ]
    for message in messages:
        make_finding = wrong if message.level >= checks.ERROR else warning
        yield make_finding(
            f"{message.msg} ({message.id})",
            message.hint or "Correct the setting, then start again.",
        )
    if not messages:
        yield fine(f"{settings.ENVIRONMENT}, in {settings.BASE_DIR}; data in {settings.VAR_DIR}")


def check_static_files(now: datetime) -> Iterator[Finding]:
    if not settings.PRODUCTION:
        yield fine("served as they are")
    elif staticfiles_storage.exists(
        staticfiles_storage.manifest_name  # type: ignore[attr-defined]  # production's has one
    ):
        yield fine(f"collected in {settings.STATIC_ROOT}")
    else:
        yield wrong(
            f"none are collected in {settings.STATIC_ROOT}: no page can be shown",
            "manage.py collectstatic --no-input, then restart the web server.",
        )


def check_scanner(now: datetime) -> Iterator[Finding]:
    """Check that ClamAV answers, if uploads are scanned."""
    if not settings.CLAMD:
        yield fine("uploads are not examined for viruses (CLAMD is not set)")
        return
    try:
        yield fine(f"{viruses.version()} at {settings.CLAMD}")
    except OSError as error:
        yield wrong(
            f"ClamAV does not answer at {settings.CLAMD}, so no file can be uploaded: {error}",
            "systemctl start clamav-daemon, or correct CLAMD.",
        )


def check_disks(now: datetime) -> Iterator[Finding]:
    """Check the free space where the product writes, once for each disk."""
    backups = settings.BACKUP_DIR
    places = disk.written_folders() | ({"backups": Path(backups)} if backups else {})
    shared: dict[int, list[str]] = {}
    for name, path in places.items():
        shared.setdefault(disk.free_bytes(path), []).append(name)
    for free, names in shared.items():
        message = f"{_size(free)} free for {', '.join(names)} ({places[names[0]]})"
        if free < disk.MINIMUM_FREE:
            yield wrong(message, "Nothing more can be saved there. Make room at once.")
        elif free < LOW_SPACE:
            yield warning(message, "Make room, or move them to a larger disk.")
        else:
            yield fine(message)


def _size(count: int) -> str:
    return f"{count / 1024**3:,.1f} GB" if count >= 1024**3 else f"{count / 1024**2:,.0f} MB"


def check_files(now: datetime) -> Iterator[Finding]:
    """Write a file to the storage of evidence, read it, and delete it."""
    location = (
        settings.STORAGES["default"].get("OPTIONS", {}).get("bucket_name", settings.MEDIA_ROOT)
    )
    try:
        name = default_storage.save("doctor/written.txt", ContentFile(b"written"))
        with default_storage.open(name) as file:
            intact = file.read() == b"written"
        default_storage.delete(name)
    except Exception as error:  # noqa: BLE001 - each storage fails in its own way
        yield wrong(
            f"{location} cannot be written: {error}",
            "Let this user write there, or correct FILES_S3_….",
        )
        return
    if intact:
        yield fine(f"written to {location} and read back")
    else:
        yield wrong(
            f"{location} gives back other than was written", "Look at the disk or the bucket."
        )


def check_mail(now: datetime) -> Iterator[Finding]:
    """Check that the mail server can be reached. Nothing is sent."""
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        message = f"notices are not mailed to anybody ({settings.EMAIL_BACKEND})"
        if settings.PRODUCTION:
            yield warning(message, "Set EMAIL_URL to a mail server.")
        else:
            yield fine(message)
        return
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT or 25}"
    try:
        connection = get_connection(timeout=MAIL_TIMEOUT)
        connection.open()
        connection.close()
    except (OSError, smtplib.SMTPException) as error:
        yield wrong(
            f"the mail server {server} lets nothing in: {error}",
            "Correct EMAIL_URL, or see to that server.",
        )
        return
    yield fine(f"the mail server {server} answers")
