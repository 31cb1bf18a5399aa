"""The manifest of a backup: numbers of rows, size and hash of each file, when it was made."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from django.apps import apps
from django.core.management.base import CommandError
from django.db.models import FileField

FORMAT = 1
NAME = "manifest.json"
FILES = "files"  # the folder of a backup that holds the files of the storage
BLOCK = 1024 * 1024  # bytes read at a time

Query = Callable[[str], list[tuple]]  # a statement → its rows


@dataclass(frozen=True, slots=True)
class FileInfo:
    """The size and hash of a file of a backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a database at one instant, to be compared with a copy."""

    rows: dict[str, int]  # by table
    migrations: list[str]  # app.name
    seal: str  # the hash of the newest seal of the audit log; "" without one
    # Files that rows refer to → the SHA-256 in the row; "" if there is none.
    file_hashes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of a backup.

    `faults` are messages about files that were missing or damaged before they were copied.
    """

    made_at: str  # ISO 8601
    engine: str  # Django's name of it
    release: str  # the commit; "" if the code is no checkout
    storage: str  # folder or bucket of the files
    database: FileInfo
    rows: dict[str, int]
    migrations: list[str]
    seal: str
    files: dict[str, FileInfo]
    faults: list[str] = field(default_factory=list)
    format: int = FORMAT

    def write(self, folder: Path) -> None:
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)
        (folder / NAME).write_text(text + "\n", encoding="utf-8")

    def size(self) -> int:
        """Bytes of the database's copy and of all files."""
        return self.database.bytes + sum(info.bytes for info in self.files.values())


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup. Raises CommandError unless this release can read it."""
    try:
        values = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CommandError(f"{folder} is not a backup: it has no {NAME}.") from error
    except (OSError, ValueError) as error:
        raise CommandError(f"{folder / NAME} cannot be read: {error}") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise CommandError(f"{folder / NAME} is of a format that this release does not know.")
    try:
        values["database"] = FileInfo(**values["database"])
        values["files"] = {name: FileInfo(**info) for name, info in values["files"].items()}
        return Manifest(**values)
    except (AttributeError, KeyError, TypeError) as error:
        raise CommandError(f"{folder / NAME} is damaged: {error}") from error


def contents(query: Query, tables: list[str]) -> Contents:
    """The contents of a database with these tables; `query` must read a single snapshot."""
    if "django_migrations" not in tables:
        raise CommandError(
            "There is nothing to back up: the database has no tables of the tracker."
        )
    count = 'SELECT count(*) FROM "{}"'
    rows = {table: query(count.format(table))[0][0] for table in sorted(tables)}
    applied = query("SELECT app, name FROM django_migrations ORDER BY app, name")
    migrations = [f"{app}.{name}" for app, name in applied]
    newest = "SELECT hash FROM directives_seal ORDER BY id DESC LIMIT 1"
    seals = query(newest) if "directives_seal" in tables else []
    return Contents(
        rows, migrations, seals[0][0] if seals else "", dict(_referenced_files(query, tables))
    )


def _referenced_files(query: Query, tables: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the files that rows refer to, each with the hash in the same row."""
    for model in apps.get_models():
        columns = {column.name: column.column for column in model._meta.concrete_fields}
        for column in model._meta.concrete_fields:
            if isinstance(column, FileField) and model._meta.db_table in tables:
                name, sha256 = f'"{column.column}"', columns.get("sha256", "''")
                statement = "SELECT {}, {} FROM {} WHERE {} <> ''"
                yield from query(statement.format(name, sha256, model._meta.db_table, name))


def differences(before: dict[str, int], after: dict[str, int]) -> list[str]:
    """Messages about tables whose numbers of rows differ."""
    return [
        f"{table}: {before.get(table, 'no')} rows in the manifest, {after.get(table, 'none')} read"
        for table in sorted(before.keys() | after.keys())
        if before.get(table) != after.get(table)
    ]


def demand_none(faults: list[str], message: str) -> None:
    """Raise CommandError with the message and the first faults, if there are any."""
    if faults:
        raise CommandError("\n".join([message, *faults[:20], f"{len(faults)} in all"]))


def digest(path: Path) -> FileInfo:
    """The size and hash of a file, read from its first byte to its last."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return FileInfo(file.tell(), sha256)
