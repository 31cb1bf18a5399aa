"""A backup is whole, private and never overwrites; what it holds can be read again."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.spare import spare_database


@pytest.fixture
def office(tmp_path: Path, db: None) -> Iterator[dict[str, str]]:
    """An installation of its own with a person in it who is called 林晓岚."""
    with spare_database(tmp_path) as environment:
        assert manage(environment, "migrate", "--verbosity=0").returncode == 0
        create = "from directives.models import User; User.objects.create(username='lin', full_name='林晓岚')"
        assert manage(environment, "shell", "--no-imports", "-c", create).returncode == 0
        yield environment


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )


def names_in(backup: Path, tmp_path: Path) -> list[str]:
    """The full names of the people in a backup."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(backup)) as copy:
            return [row[0] for row in copy.execute("SELECT full_name FROM directives_user")]
    script = tmp_path / "script.sql"
    subprocess.run(["pg_restore", "--data-only", "--table=directives_user", f"--file={script}", str(backup)], check=True)
    return [name for name in ("林晓岚",) if name in script.read_text(encoding="utf-8")]


def test_a_backup_holds_the_data_and_is_private(office: dict[str, str], tmp_path: Path) -> None:
    backup = tmp_path / "备份"
    result = manage(office, "backup", str(backup))
    assert (result.returncode, result.stderr) == (0, "")
    assert "checked. Evidence files are in" in result.stdout
    assert names_in(backup, tmp_path) == ["林晓岚"]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("备份*")] == ["备份"]


def test_a_backup_never_overwrites(office: dict[str, str], tmp_path: Path) -> None:
    backup = tmp_path / "old"
    backup.write_text("the only copy")
    result = manage(office, "backup", str(backup))
    assert result.returncode == 1
    assert "exists already; name a new file" in result.stderr
    assert backup.read_text() == "the only copy"


def test_a_folder_that_is_not_there_is_said_to_be_so(office: dict[str, str], tmp_path: Path) -> None:
    result = manage(office, "backup", str(tmp_path / "nowhere" / "file"))
    assert result.returncode == 1
    assert "cannot be written: No such file or directory" in result.stderr
    assert "Traceback" not in result.stderr
