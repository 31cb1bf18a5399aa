"""Restoring a backup into an empty installation, and comparing the result with the manifest."""

from pathlib import Path

from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from directives.backups import files
from directives.backups.making import ENGINES, read_back
from directives.backups.manifest import Manifest, demand_none, differences, read_manifest
from directives.base.online import demand_session


def restore(folder: Path) -> Manifest:
    """Restore the files of a backup, then its database. May be repeated after an interruption.

    Raises CommandError before anything is written if the backup is damaged or does not fit this
    installation, and at the end if what was restored differs from the manifest.
    """
    manifest = read_manifest(folder)
    demand_session(connection)
    _demand_restorable(manifest)
    read_back(folder, manifest)
    engine = ENGINES[manifest.engine]
    try:
        engine.demand_empty()
    except DatabaseError as error:
        text = f"The database that DATABASE_URL names does not answer: {str(error).strip()}"
        raise CommandError(text) from error
    try:
        present = files.demand_no_other_files(manifest.files)
        for name in manifest.files.keys() - present:
            files.restore_file(name, folder)
        engine.load(folder / engine.DUMP)
    except OSError as error:
        text = f"It cannot be restored: {error}. Begin again when that is mended."
        raise CommandError(text) from error
    _compare(manifest)
    return manifest


def _demand_restorable(manifest: Manifest) -> None:
    """Raise CommandError unless this release, on this engine, can restore the backup."""
    if manifest.engine != connection.vendor:
        raise CommandError(
            f"This is a backup of {manifest.engine}, and DATABASE_URL names {connection.vendor}."
            f" Restore it where DATABASE_URL names an empty {manifest.engine} database."
        )
    loader = MigrationLoader(None, ignore_no_migrations=True)
    own_migrations = {f"{app}.{name}" for app, name in loader.disk_migrations}
    unknown = sorted(set(manifest.migrations) - own_migrations)
    if unknown:
        reason = f"of a newer release: {unknown[-1]} is unknown here"
        raise CommandError(f"This backup is {reason}. Install that release, then restore.")


def _compare(manifest: Manifest) -> None:
    restored = ENGINES[manifest.engine].read_contents()
    faults = differences(manifest.rows, restored.rows)
    changed = (name for name, info in manifest.files.items() if files.info_of(name) != info)
    faults += [f"{name}: its bytes are not those of the backup" for name in changed]
    if restored.migrations != manifest.migrations:
        faults.append("the migrations that were applied are not those of the manifest")
    if restored.seal != manifest.seal:
        faults.append("the newest seal of the audit log is not that of the manifest")
    demand_none(faults, "What was restored is not what the manifest says:")


def end_sessions() -> int:
    """Sign everybody out and clear the cache; returns how many sessions were ended.

    Rights may have changed since the backup.
    """
    ended, _by_model = Session.objects.all().delete()
    cache.clear()
    return ended
