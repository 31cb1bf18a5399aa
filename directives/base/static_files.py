"""Collecting static files in a local installation, hashed and compressed as in a release."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.management.commands.collectstatic import Command
from django.core.management import call_command
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

STAMP = "collected"  # file in VAR_DIR with the digest of the sources of the collected files


class QuickStorage(CompressedManifestStaticFilesStorage):
    """Compress only with gzip: Brotli saves a few percent and makes the first start slow."""

    def create_compressor(self, **options: Any) -> Compressor:
        return Compressor(**options, use_brotli=False)


def sources() -> str:
    """A digest that changes when any static file of the product or of a package changes."""
    stamp = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = Path(storage.path(path)).stat()
            stamp.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return stamp.hexdigest()


def collect() -> None:
    """Collect the static files, unless they were collected from the same sources."""
    stamp, made_from = settings.VAR_DIR / STAMP, sources()
    manifest = settings.STATIC_ROOT / QuickStorage.manifest_name
    if manifest.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == made_from:
        return
    command = Command()
    command.storage = QuickStorage()
    call_command(command, interactive=False, verbosity=0)
    stamp.write_text(made_from, encoding="ascii")
