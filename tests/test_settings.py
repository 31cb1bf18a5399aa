"""A wrong setting is one sentence and an exit code, and never shows a password."""

import os
import re
import runpy
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import Error, OperationalError, connection
from django.db.utils import ConnectionHandler

from qunzhu_tracker import starting
from qunzhu_tracker.databases import databases
from qunzhu_tracker.environment import DO, Environment, WrongSetting, without_password
from tests.spare import spare_port

README = settings.BASE_DIR / "README.md"
# Read by no settings module: the sample's and the demo's own password.
ELSEWHERE = {"DEMO_PASSWORD"}
# Not for an office: wsgi.py says by it that this is a web process.
INSIDE = {"QUNZHU_PROCESS"}
SECRET = "geheim"
SERVER = f"postgres://u:{SECRET}@db.example.org:5432/app"
PRODUCTION = {
    "QUNZHU_ENV": "production",
    "SECRET_KEY": "0123456789" * 5,
    "ALLOWED_HOSTS": "tracker.example.org",
    "SITE_URL": "https://tracker.example.org",
}
BUCKET = {"FILES_S3_BUCKET": "evidence"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine's: only what a test sets."""
    for name in documented() - {"QUNZHU_VAR"}:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QUNZHU_DOTENV", os.devnull)
    monkeypatch.setenv("QUNZHU_VAR", str(tmp_path / "var"))
    monkeypatch.setattr(
        os, "umask", lambda mode: (tmp_path / "var").mkdir(mode=0o777 & ~mode, exist_ok=True)
    )


def documented() -> set[str]:
    """The names in the table of README.md."""
    table = README.read_text(encoding="utf-8").partition("\n## Settings\n")[2].partition("\n## ")[0]
    return set(
        re.findall(
            r"`([A-Z][A-Z0-9_]+)`",
            "\n".join(line for line in table.splitlines() if line.startswith("| `")),
        )
    )


def load() -> dict[str, object]:
    """The settings as a new process would read them."""
    return runpy.run_path(str(settings.BASE_DIR / "qunzhu_tracker" / "settings.py"))


def refusal(monkeypatch: pytest.MonkeyPatch, **words: str) -> str:
    for name, value in words.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(WrongSetting) as refused:
        load()
    return str(refused.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            {"QUNZHU_ENV": "prodution"},
            "QUNZHU_ENV is “prodution”: local or production was expected.",
        ),
        ({"QUNZHU_ENV": ""}, "QUNZHU_ENV is empty: local or production"),
        ({"DEBUG": "ja"}, "DEBUG is “ja”: true or false"),
        ({"NEAR_DAYS": "five"}, "NEAR_DAYS is “five”: a whole number from 0 to 1000"),
        ({"NEAR_DAYS": ""}, "NEAR_DAYS is empty: a whole number"),
        ({"NEAR_DAYS": "-1"}, "NEAR_DAYS is “-1”"),
        ({"ACKNOWLEDGE_DAYS": "3.5"}, "ACKNOWLEDGE_DAYS is “3.5”"),
        ({"BEHIND_TOLERANCE": "101"}, "BEHIND_TOLERANCE is “101”: a whole number from 0 to 100"),
        ({"PORT": "80a"}, "PORT is “80a”: a whole number from 1 to 65535"),
        ({"PORT": "0"}, "PORT is “0”"),
        ({"PORT": "65536"}, "PORT is “65536”"),
        ({"PROXIES": "all"}, "PROXIES is “all”"),
        (
            {"TRUSTED_PROXIES": "nginx"},
            "TRUSTED_PROXIES is “nginx”: addresses or networks were expected",
        ),
        (
            {"SECOND_FACTOR": "administrator,boss"},
            "SECOND_FACTOR is “administrator,boss”: some of administrator, auditor, supervisor",
        ),
        ({"SECOND_FACTOR_GRACE": "-1"}, "SECOND_FACTOR_GRACE is “-1”"),
        ({"PASSWORD_PROFILE": "strict"}, "PASSWORD_PROFILE is “strict”: standard or dengbao"),
        ({"SESSION_IDLE_MINUTES": "0"}, "SESSION_IDLE_MINUTES is “0”: a whole number from 1"),
        ({"SESSION_HOURS": "200"}, "SESSION_HOURS is “200”: a whole number from 1 to 168"),
        ({"DB_MIGRATION_LOCK_TIMEOUT": "3s"}, "DB_MIGRATION_LOCK_TIMEOUT is “3s”"),
        ({"REPLICA_MAX_LAG": "x"}, "REPLICA_MAX_LAG is “x”"),
        (
            {"DATABASE_URL": SERVER, "DB_STATEMENT_TIMEOUT": "-5", "QUNZHU_PROCESS": "web"},
            "DB_STATEMENT_TIMEOUT is “-5”",
        ),
        (
            {"DATABASE_URL": SERVER, "DB_POOL_MAX": "many", "QUNZHU_PROCESS": "web"},
            "DB_POOL_MAX is “many”",
        ),
        (
            {"DATABASE_URL": SERVER, "DB_PGBOUNCER": "perhaps"},
            "DB_PGBOUNCER is “perhaps”: true or false",
        ),
        ({"SECURE_SSL_REDIRECT": "2"}, "SECURE_SSL_REDIRECT is “2”"),
        ({"SECURE_HSTS_SECONDS": "1h"}, "SECURE_HSTS_SECONDS is “1h”"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is “loud”: DEBUG or INFO"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is empty: postgres://"),
        ({"DATABASE_URL": "qunzhu"}, "DATABASE_URL is “qunzhu”: postgres://"),
        ({"DATABASE_URL": f"mysql://u:{SECRET}@h/x"}, "DATABASE_URL is “mysql://…@h/x”"),
        (
            {"DATABASE_URL": f"postgres://u:{SECRET}@h:port/x"},
            "DATABASE_URL is “postgres://…@h:port/x”",
        ),
        ({"DATABASE_URL": f"postgres://u:a/{SECRET}@h/x"}, "are written percent-encoded"),
        ({"DATABASE_URL": f"postgres://u:{SECRET}@h"}, "it names no database"),
        ({"DATABASE_URL": "sqlite://"}, "it names no database"),
        ({"DATABASE_URL": "sqlite://:memory:"}, "it names no database"),
        ({"DATABASE_REPLICA_URL": SERVER}, "SQLite has no replicas"),
        (
            {"DATABASE_URL": SERVER, "DATABASE_REPLICA_URL": "sqlite:////x"},
            "it must name PostgreSQL servers",
        ),
        (
            {"DATABASE_URL": SERVER, "DATABASE_REPLICA_URL": f"{SERVER},h"},
            "DATABASE_REPLICA_URL is “h”",
        ),
        ({"AUDIT_DIR": ""}, "AUDIT_DIR is empty: a folder was expected"),
        (
            {"AUDIT_ANCHORS": "syslog:,/var/log/x"},
            "AUDIT_ANCHORS is “/var/log/x”: file:///folder/file, syslog: or mailto:",
        ),
        ({"AUDIT_ANCHORS": "file://x"}, "AUDIT_ANCHORS is “file://x”"),
        ({"AUDIT_ANCHORS": "mailto:auditor"}, "AUDIT_ANCHORS is “mailto:auditor”"),
        (
            {"SITE_URL": "www.example.org"},
            "SITE_URL is “www.example.org”: an address such as https://",
        ),
        ({"SITE_URL": "https://"}, "SITE_URL is “https://”"),
        ({"SITE_URL": ""}, "SITE_URL is empty"),
        ({"EMAIL_URL": "nonsense"}, "EMAIL_URL is “nonsense”: smtp://"),
        ({"EMAIL_URL": f"mail://u:{SECRET}@h"}, "EMAIL_URL is “mail://…@h”"),
        ({"EMAIL_URL": f"smtp://u:{SECRET}@h:port"}, "EMAIL_URL is “smtp://…@h:port”"),
        ({"EMAIL_URL": "smtp://"}, "EMAIL_URL is “smtp://”"),
        ({"DEFAULT_FROM_EMAIL": "office"}, "DEFAULT_FROM_EMAIL is “office”: a mail address"),
        (BUCKET | {"FILES_S3_KEY": "k"}, "FILES_S3_SECRET is empty"),
        (BUCKET | {"FILES_S3_SECRET": SECRET}, "FILES_S3_KEY is empty"),
        (BUCKET | {"FILES_S3_ENDPOINT": "s3.example.org"}, "FILES_S3_ENDPOINT is “s3.example.org”"),
        ({"FILES_S3_KEY": "k", "FILES_S3_SECRET": SECRET}, "FILES_S3_BUCKET is empty"),
        (
            {"CSRF_TRUSTED_ORIGINS": "tracker.example.org"},
            "CSRF_TRUSTED_ORIGINS is “tracker.example.org”",
        ),
        ({"QUNZHU_ENV": "production"}, "SECRET_KEY is not set: QUNZHU_ENV is production"),
        ({"QUNZHU_ENV": "production", "SECRET_KEY": "x"}, "ALLOWED_HOSTS is not set"),
        (PRODUCTION | {"DEBUG": "true"}, "DEBUG is “true”: production shows"),
        (PRODUCTION | {"SECRET_KEY": "0123456789"}, "SECRET_KEY is “…”: it can be guessed"),
        (PRODUCTION | {"SECRET_KEY": "x" * 50}, "SECRET_KEY is “…”: it can be guessed"),
        (
            PRODUCTION | {"SECRET_KEY": "django-insecure-" + "0123456789" * 5},
            "SECRET_KEY is “…”: it can be guessed",
        ),
        (PRODUCTION | {"ALLOWED_HOSTS": "a.example.org,*"}, "ALLOWED_HOSTS is “*”: the names"),
        (PRODUCTION | {"SITE_URL": ""}, "SITE_URL is empty: QUNZHU_ENV is production"),
        (
            PRODUCTION | {"SITE_URL": "http://tracker.example.org"},
            "SITE_URL is “http://tracker.example.org”: production is reached",
        ),
        ({"CLAMD": "localhost"}, "CLAMD is “localhost”: the path of a socket or host:port"),
        ({"QUNZHU_VAR": ""}, "QUNZHU_VAR is empty: a folder was expected"),
        ({"QUNZHU_VAR": os.devnull}, "QUNZHU_VAR is “/dev/null”: a folder"),
        ({"QUNZHU_VAR": "/proc/nowhere"}, "QUNZHU_VAR is “/proc/nowhere”: a folder"),
        ({"QUNZHU_DOTENV": "/nowhere/.env"}, "QUNZHU_DOTENV is “/nowhere/.env”: a file"),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    environment: None,
    monkeypatch: pytest.MonkeyPatch,
    words: dict[str, str],
    said: str,
) -> None:
    sentence = refusal(monkeypatch, **words)
    assert said in sentence
    assert sentence.endswith(DO)
    assert (SECRET in sentence, "\n" in sentence) == (False, False)


@pytest.mark.parametrize("value", ["", "soon", "-0.5", "nan", "inf"])
def test_a_number_is_one(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("WAIT", value)
    with pytest.raises(WrongSetting, match="WAIT is .*: a number from 0 was expected"):
        Environment().float("WAIT")
    monkeypatch.setenv("WAIT", "0.7")
    assert Environment().float("WAIT") == 0.7


def test_right_settings_are_taken(environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    words = PRODUCTION | {
        "DATABASE_URL": SERVER,
        "DATABASE_REPLICA_URL": f"{SERVER},{SERVER}",
        "DB_PGBOUNCER": "Yes",
        "SITE_URL": "https://tracker.example.org",
        "FILES_S3_BUCKET": "evidence",
        "EMAIL_URL": "smtp+tls://u:p%40ss@mail.example.org:587",
        "NEAR_DAYS": "0",
        "FILES_S3_ENDPOINT": "http://10.0.0.5:9000",
        "SECRET_KEY": "$ecret" * 9,
    }
    for name, value in words.items():
        monkeypatch.setenv(name, value)
    read = load()
    assert (read["SECRET_KEY"], read["NEAR_DAYS"], read["DB_PGBOUNCER"]) == ("$ecret" * 9, 0, True)
    assert (read["EMAIL_HOST_PASSWORD"], read["EMAIL_USE_TLS"], len(read["REPLICAS"])) == (
        "p@ss",
        True,
        2,
    )


@pytest.mark.once
def test_django_finds_nothing_to_warn_of_in_production(tmp_path: Path) -> None:
    told = {
        "QUNZHU_DOTENV": os.devnull,
        "QUNZHU_VAR": str(tmp_path / "var"),
        "DATABASE_URL": f"sqlite:///{tmp_path}/q.sqlite3",
    }
    environment = {**os.environ, **PRODUCTION, **told}
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # of the tests
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "no issues" in done.stdout) == (0, True), done.stderr


def test_production_keeps_its_folder_to_itself(
    environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    load()
    assert (
        tmp_path / "var"
    ).stat().st_mode & 0o777 == 0o700  # its umask was 077 before it was made
    monkeypatch.setattr(os, "umask", lambda mode: None)
    (tmp_path / "var").chmod(0o750)
    assert f"{tmp_path}/var”: other users of this machine may read it: chmod 700" in refusal(
        monkeypatch
    )


def test_a_folder_that_may_not_be_written_to_is_no_folder(
    environment: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "expected (Permission denied)" in refusal(monkeypatch)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"A=1\nDATABASE_URL: x\n", "its line 2 is neither"),
        (b"A=\xff", "it is no text in UTF-8"),
    ],
)
def test_a_broken_dotenv_is_refused(
    environment: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: bytes,
    said: str,
) -> None:
    path = tmp_path / ".env"
    path.write_bytes(content)
    assert said in refusal(monkeypatch, QUNZHU_DOTENV=str(path))


def test_an_empty_secret_left_by_a_full_disk_is_made_anew(
    environment: None,
    tmp_path: Path,
) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "secret_key").touch()
    assert len(load()["SECRET_KEY"]) == 50


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgres://u:p@h:1/x?sslkey=k", "postgres://…@h:1/x"),
        ("u:p@h", "…@h"),
        ("smtp://u:p@q@h", "smtp://…@h"),
        ("https://h/x", "https://h/x"),
    ],
)
def test_no_password_is_shown(value: str, shown: str) -> None:
    assert without_password(value) == shown


def test_readme_names_each_setting_that_is_read_and_no_other(
    environment: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: set[str] = set()
    for words in (
        PRODUCTION
        | BUCKET
        | {"DATABASE_URL": SERVER, "DATABASE_REPLICA_URL": SERVER, "QUNZHU_PROCESS": "web"},
        {},
    ):
        with monkeypatch.context() as patch:
            for name, value in words.items():
                patch.setenv(name, value)
            read |= load()["env"].names
            read |= reading_without_pool(patch)
    assert read - INSIDE == documented() - ELSEWHERE


def reading_without_pool(patch: pytest.MonkeyPatch) -> set[str]:
    """What the worker reads."""
    patch.delenv("QUNZHU_PROCESS", raising=False)
    return load()["env"].names


# A database that lets nobody in


@pytest.fixture
def said_of(
    environment: None,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: Any,
) -> Callable[[str], str]:
    """What is said of a database that cannot be used."""

    def ask(url: str) -> str:
        monkeypatch.setenv("DATABASE_URL", url)
        handler = ConnectionHandler(
            {"default": databases(Environment(), var=Path("/tmp"), web=False)["default"]},
        )
        monkeypatch.setattr(starting, "connections", handler)
        with django_db_blocker.unblock(), pytest.raises(Error) as failed:
            starting.demand_database(handler["default"])
        return starting.why_unusable(failed.value)

    return ask


def test_a_server_that_is_not_there(said_of: Callable[[str], str]) -> None:
    port = spare_port()
    said = said_of(f"postgres://u:{SECRET}@127.0.0.1:{port}/app")
    assert said.startswith(f"The database “app” on 127.0.0.1:{port} (user u) cannot be reached: ")
    assert "Connection refused. Check that the server runs" in said


def test_a_host_that_is_not_there(said_of: Callable[[str], str]) -> None:
    said = said_of(f"postgres://u:{SECRET}@nowhere.invalid/app")
    assert "cannot be reached: failed to resolve host 'nowhere.invalid'" in said
    assert SECRET not in said


@pytest.mark.skipif(connection.vendor != "postgresql", reason="asks a server")
def test_a_database_that_is_missing(said_of: Callable[[str], str]) -> None:
    server = connection.settings_dict
    said = said_of(f"postgres://postgres@{server['HOST']}:{server['PORT']}/not_there")
    assert 'database "not_there" does not exist. Create it' in said
    said = said_of(f"postgres://nobody@{server['HOST']}:{server['PORT']}/app")
    assert 'role "nobody" does not exist. Create it' in said


@pytest.mark.parametrize(
    ("words", "todo"),
    [
        ('FATAL:  password authentication failed for user "u"', "Correct the user or the password"),
        ("FATAL:  sorry, too many clients already", "Raise max_connections"),
        ("FATAL:  no pg_hba.conf entry for host", "Let this machine in"),
    ],
)
def test_what_a_server_says_leads_to_what_is_to_be_done(
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    todo: str,
) -> None:
    monkeypatch.setattr(
        starting,
        "connections",
        ConnectionHandler({"default": {**connection.settings_dict, "PORT": ""}}),
    )
    failure = OperationalError(words)
    failure.__cause__ = psycopg.OperationalError(f"connection failed: {words}\nand more")
    assert todo in starting.why_unusable(failure)


def test_a_file_that_is_no_database(said_of: Callable[[str], str], tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    path.write_text("no database at all, but a text that is long enough to be looked at " * 20)
    assert said_of(f"sqlite:///{path}").startswith(f"The database {path} is no SQLite database.")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (sqlite3.SQLITE_CORRUPT, "is damaged. Keep it aside, and restore a backup"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "cannot be written. Let this user write to it"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "is locked by another program"),
        (sqlite3.SQLITE_FULL, "the disk is full. Make room"),
        (sqlite3.SQLITE_CONSTRAINT, ""),
    ],
)
def test_what_sqlite_says_leads_to_what_is_to_be_done(code: int, said: str) -> None:
    failure = OperationalError("x")
    failure.__cause__ = sqlite3.OperationalError("x")
    failure.__cause__.sqlite_errorcode = code
    assert said in starting.why_unusable(failure)
    assert bool(starting.why_unusable(failure)) == bool(said)


def test_tables_that_are_missing() -> None:
    for cause in (sqlite3.OperationalError("no such table: x"), psycopg.errors.UndefinedTable("x")):
        failure = OperationalError("x")
        failure.__cause__ = cause
        assert "Bring it up to date: manage.py migrate" in starting.why_unusable(failure)


def test_a_folder_that_is_not_there(said_of: Callable[[str], str]) -> None:
    assert "cannot be opened. Make its folder" in said_of("sqlite:////nowhere/x.sqlite3")


# The processes: started anew for each, which no engine changes


def started(*arguments: str, **words: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | words,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.once
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("manage.py", "worker"), 2),
        (("-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "qunzhu_tracker.wsgi"), 2),
        (("-c", "import qunzhu_tracker.wsgi"), 3),
    ],
)
def test_no_process_starts_with_a_wrong_setting(
    environment: None,
    arguments: tuple[str, ...],
    code: int,
) -> None:
    result = started(*arguments, QUNZHU_ENV="prodution", WEB_BIND=f"127.0.0.1:{spare_port()}")
    assert result.returncode == code
    lines = [line for line in result.stderr.splitlines() if "[INFO]" not in line]
    assert lines == [
        f"QUNZHU_ENV is “prodution”: local or production was expected. {DO}",
    ]


@pytest.mark.once
def test_no_process_starts_without_its_database(environment: None) -> None:
    url = f"postgres://u:{SECRET}@127.0.0.1:{spare_port()}/app"
    result = started("manage.py", "tick", DATABASE_URL=url)
    assert (result.returncode, result.stderr.count("\n"), "cannot be reached" in result.stderr) == (
        2,
        1,
        True,
    )
