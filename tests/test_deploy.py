"""What is shipped for an installation.

The files say what they must, a node says whether it can serve. tests/cluster runs them.
"""

import configparser
import os
import re
import runpy
import subprocess
from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.urls import reverse

from directives.base.refusals import Refusal
from directives.signin.addresses import client_address
from directives.web import doors, health
from tests.test_access import TABLE, people, world  # noqa: F401 - a fixture

DEPLOY = settings.BASE_DIR / "deploy"
TEXTS = sorted(
    path for path in DEPLOY.rglob("*") if path.is_file() and "__pycache__" not in path.parts
)


def read(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


# A node


def test_a_process_that_lives_says_so_without_the_database():
    answer = Client().get("/healthz")  # no fixture lets it near the database
    assert (answer.status_code, answer.content) == (200, b"alive\n")


def test_a_node_is_ready_when_the_database_has_what_its_code_needs(db, monkeypatch):
    assert (Client().get("/readyz").status_code, Client().get("/readyz").content) == (
        200,
        b"ready\n",
    )
    monkeypatch.setattr(health, "_migrated", lambda: False)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.content) == (
        503,
        b"not ready: the database lacks a migration\n",
    )


def test_a_migration_that_is_missing_is_noticed(db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'directives' AND name >= '0010'")
    assert Client().get("/readyz").status_code == 503


def test_a_database_that_does_not_answer_is_no_secret_and_no_crash(db, monkeypatch):
    def gone():
        raise OperationalError("connection to server at 10.0.0.21 failed")

    monkeypatch.setattr(health, "_migrated", gone)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.content) == (
        503,
        b"not ready: the database does not answer\n",
    )


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_a_proxy_asks_over_plain_http(db, settings, address):
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get(address).status_code == 200
    assert Client().get("/accounts/login/").status_code == 301


@pytest.mark.parametrize(("proxies", "wanted"), [(0, "10.0.0.10"), (1, "203.0.113.9")])
def test_sign_ins_are_limited_for_each_visitor_and_not_for_the_proxy(settings, proxies, wanted):
    """nginx passes on one address, the visitor's own, whatever the visitor claims."""
    settings.PROXIES, settings.TRUSTED_PROXIES = proxies, [ip_network("10.0.0.10")]
    request = RequestFactory().get(
        "/", REMOTE_ADDR="10.0.0.10", headers={"X-Forwarded-For": "203.0.113.9"}
    )
    assert client_address(request) == wanted
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in read("nginx/proxy.conf")


AS_OFTEN = ("set_script", "session_stay")  # as one likes


@pytest.mark.once
@pytest.mark.parametrize(
    "name", [name for name, row in TABLE.items() if row.post is not None and name not in AS_OFTEN]
)
def test_every_write_carries_a_key(cast, world, sign_in, name):  # noqa: F811
    """nginx sends a write again when a node breaks off: each must be one that is done once."""
    row = TABLE[name]
    address = reverse(name, args=row.args({**world["own"], "pk": world["own"].get(row.thing)}))
    answer = sign_in(cast.manager).post(address, row.post)
    assert answer.status_code == Refusal(doors.OUT_OF_DATE).status


# The files


def test_no_file_names_a_registry_or_a_folder_of_the_makers():
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"docker\.io|ghcr\.io|quay\.io|gcr\.io|/work/|/root/", text), path


def test_gunicorn_stops_more_slowly_than_a_statement_and_faster_than_systemd(monkeypatch):
    for name in ("WEB_WORKERS", "WEB_THREADS", "WEB_BIND"):
        monkeypatch.delenv(name, raising=False)
    web = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read_string(read("systemd/qunzhu-web.service"))
    statement = 15
    assert statement < web["graceful_timeout"] < int(unit["Service"]["TimeoutStopSec"])
    assert web["worker_class"] == "gthread"
    assert web["max_requests_jitter"] == web["max_requests"] // 5 > 0


def test_the_pooler_keeps_pages_and_work_apart():
    pooler = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=(";",))
    pooler.read_string(read("pgbouncer/pgbouncer.ini"))
    assert sorted(pooler["databases"]) == ["qunzhu", "qunzhu_work"]
    assert "statement_timeout=15000" in pooler["databases"]["qunzhu"]
    assert "statement_timeout" not in pooler["databases"]["qunzhu_work"]
    assert (pooler["pgbouncer"]["pool_mode"], pooler["pgbouncer"]["ignore_startup_parameters"]) == (
        "transaction",
        "extra_float_digits",
    )


def test_nginx_sends_a_sign_in_only_once():
    for name in ("nginx/nodes.conf", "compose/nginx.conf"):
        text = read(name)
        product, _brace, rest = text.partition("location ~ ^/(accounts|admin)/")
        assert "non_idempotent" in product
        assert "non_idempotent" not in rest
        assert settings.ADMIN_PATH == "admin/"


def test_compose_starts_each_thing_after_what_it_needs():
    services = yaml.safe_load(read("compose/compose.yaml"))["services"]
    databases = ["pgbouncer", "postgres", "replica"]
    assert sorted(services) == sorted(["backup", "migrate", "nginx", *databases, "web", "worker"])
    assert services["web"]["depends_on"]["migrate"] == {
        "condition": "service_completed_successfully"
    }
    assert "pgbouncer:6432/qunzhu_work" in services["worker"]["environment"]["DATABASE_URL"]
    assert "postgres:5432" in services["migrate"]["environment"]["DATABASE_URL"]
    assert "DB_PGBOUNCER" not in services["migrate"]["environment"]
    assert "@replica:5432" in services["web"]["environment"]["DATABASE_REPLICA_URL"]
    given = set(re.findall(r"^([A-Z_]+)=", read("compose/env.example"), re.M))
    assert given == set(re.findall(r"\$\{([A-Z_]+):\?\}", read("compose/compose.yaml")))


def test_backups_are_made_by_one_timetable_from_the_primary_itself():
    service = yaml.safe_load(read("compose/compose.yaml"))["services"]["backup"]
    assert "manage.py backup --into /var/backups/qunzhu" in service["command"][-1]
    assert "postgres:5432" in service["environment"]["DATABASE_URL"]
    assert "files:/var/lib/qunzhu/files" in service["volumes"]
    assert "manage.py backup --into /var/backups/qunzhu\n" in read("systemd/qunzhu-backup.service")
    assert not [path for path in TEXTS if re.search(r"^\s*BACKUP_DIR\b", path.read_text(), re.M)]


def test_every_setting_of_the_database_is_documented():
    named = set(
        re.findall(
            r'env\.\w+\("([A-Z0-9_]+)"',
            Path(settings.BASE_DIR / "qunzhu_tracker" / "databases.py").read_text(),
        )
    )
    named |= set(
        re.findall(
            r'env\.\w+\("([A-Z0-9_]+)"',
            Path(settings.BASE_DIR / "qunzhu_tracker" / "files.py").read_text(),
        )
    )
    text = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8") + read("README.md")
    named |= {"REPLICA_MAX_LAG", "DB_MIGRATION_LOCK_TIMEOUT", "PROXIES", "BACKUP_DIR"}
    assert {name for name in named if f"`{name}`" not in text} == set()


def test_who_is_not_root_is_told_one_command():
    """By the same script: with apt-get alone, services would start at every boot."""
    other = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    asked = ["/bin/sh", "-s", "nginx", "chromium"]
    piped = {"input": read("packages.sh"), "capture_output": True, "text": True, "cwd": "/"}
    done = subprocess.run(asked, check=False, **piped, **other)
    assert (done.returncode, done.stdout) == (1, "")
    assert "as root, once" in done.stderr
    assert "starts no service" in done.stderr
    assert re.search(r"^  sudo \S+ nginx chromium$", done.stderr, re.M)


def test_the_runbook_names_only_files_that_are_there():
    named = set(
        re.findall(
            r"`((?:compose|nginx|pgbouncer|postgresql|systemd)/[\w.-]+|gunicorn\.conf\.py)`",
            read("README.md"),
        )
    )
    assert {name for name in named if not (DEPLOY / name).exists()} == set()
    assert len(named) >= 12


@pytest.mark.parametrize("name", ["web", "worker"])
def test_systemd_starts_what_died_again_however_often(name):
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read_string(read(f"systemd/qunzhu-{name}.service"))
    assert (unit["Service"]["Restart"], unit["Unit"]["StartLimitIntervalSec"]) == ("always", "0")


def test_gunicorn_ends_with_a_sentence_where_the_settings_are_wrong(monkeypatch, capfd):
    monkeypatch.setenv("WEB_THREADS", "many")
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))
    assert end.value.code == 2
    assert capfd.readouterr().err == "WEB_THREADS is “many”: a whole number from 1 was expected.\n"


def test_the_image_is_built_with_settings_that_suffice(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "umask", lambda mode: None)
    tmp_path.chmod(0o700)
    text = read("compose/Dockerfile")
    words = re.search(
        r"^RUN ((?:[A-Z_]+=\S+ )+)\\\n +python manage.py collectstatic", text, re.MULTILINE
    )[1]
    for word in ["QUNZHU_ENV=production", f"QUNZHU_VAR={tmp_path}", *words.split()]:
        monkeypatch.setenv(*word.split("=", 1))
    assert "QUNZHU_ENV=production" in text
    assert (
        runpy.run_path(str(settings.BASE_DIR / "qunzhu_tracker" / "settings.py"))["PRODUCTION"]
        is True
    )
