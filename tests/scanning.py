"""Two scanners and what was judged of their findings.

Bandit reads the code, wapiti attacks a running tracker as each role.

    python -m tests.scanning bandit
    python -m tests.scanning wapiti http://127.0.0.1:8000 FOLDER

Anything that tests/judged.toml does not name fails, and so does a judgement of what is found no
more.
"""

import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from collections import Counter
from dataclasses import dataclass
from http.cookiejar import CookieJar
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".venv-security" / "bin"
JUDGED = tomllib.loads((ROOT / "tests" / "judged.toml").read_text(encoding="utf-8"))
# The demo accounts; the last may end the sessions of the others.
# Who attacks, and how many pages each must have been seen to reach.
ACCOUNTS = {"staff": 60, "manager": 60, "supervisor": 60, "viewer": 60, "auditor": 8, "admin": 60}
MODULES = (
    "sql,xss,permanentxss,exec,file,redirect,crlf,csrf,cookieflags,csp,http_headers,ssrf,xxe,upload"
)
CRAWL, ATTACK = 25, 5  # seconds, for each role; for each module of each role
ATTEMPTS = 4
# Who is attacked must stay signed in, and keep the password.
LEFT_ALONE = (
    "/accounts/logout/",
    "/accounts/password/*",
    "/accounts/reauthenticate/*",
    "/admin/logout/",
    "/admin/password_change/*",
    "/admin/directives/user/*",
    "/sessions/*",
)


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def bandit() -> int:
    """Read the code.

    Compare how often each rule finds something in each file with what was judged.
    """
    command = [
        TOOLS / "bandit",
        "--recursive",
        "--quiet",
        "--format",
        "json",
        "--configfile",
        "pyproject.toml",
    ]
    done = subprocess.run(
        [*command, "directives", "qunzhu_tracker", "manage.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(done.stdout)
    found = Counter(
        (each["test_id"], each["filename"].removeprefix("./")) for each in report["results"]
    )
    judged = {
        (rule, name): number
        for rule, its in JUDGED["bandit"].items()
        for name, number in its["files"].items()
    }
    differing = {
        key: (found.get(key, 0), judged.get(key, 0))
        for key in found.keys() | judged.keys()
        if found.get(key, 0) != judged.get(key, 0)
    }
    for (rule, name), (now, known) in sorted(differing.items()):
        say(f"bandit: {rule} in {name}: {now} found, {known} judged")
    for fault in report["errors"]:
        say(f"bandit: {fault}")
    say(
        f"bandit: {report['metrics']['_totals']['loc']:,} lines read, {found.total()} findings, "
        f"all judged: {not differing}"
    )
    return 1 if differing or report["errors"] else 0


class Listener(BaseHTTPRequestHandler):
    """Where an attack wants the tracker to go; nobody but the scanner may come, to ask who came."""

    came: list[str] = []

    def do_GET(self) -> None:
        if not self.path.startswith("/get_"):
            self.came.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_HEAD = do_GET

    def log_message(self, *words: object) -> None:
        """Silent."""


@dataclass
class Person:
    """Somebody who is signed in."""

    name: str
    site: str
    cookies: CookieJar
    opener: OpenerDirector

    @classmethod
    def sign_in(cls, site: str, name: str, password: str) -> "Person":
        jar = CookieJar()
        person = cls(name, site, jar, build_opener(HTTPCookieProcessor(jar)))
        address = f"{site}/accounts/login/"
        token = re.search(
            r'name="csrfmiddlewaretoken" value="([^"]+)"', person.read("/accounts/login/")
        )[1]
        form = urlencode(
            {"csrfmiddlewaretoken": token, "login": name, "password": password}
        ).encode()
        person.opener.open(Request(address, form, {"Referer": address}))
        assert person.is_in(), f"{name} could not sign in"
        return person

    def read(self, path: str) -> str:
        return self.opener.open(self.site + path).read().decode()

    def is_in(self) -> bool:
        return urlsplit(self.opener.open(f"{self.site}/help/").url).path == "/help/"

    def keep_cookies(self, path: Path) -> Path:
        """As wapiti reads them."""
        kept = {
            each.name: {
                "value": each.value,
                "expires": None,
                "secure": False,
                "port": None,
                "version": 0,
            }
            for each in self.cookies
        }
        path.write_text(json.dumps({urlsplit(self.site).hostname: {"/": kept}}), encoding="utf-8")
        return path


def scan(person: Person, folder: Path, endpoint: str) -> dict[str, Any]:
    """Attack what this person reaches; returns the scanner's report.

    Where its time is over in the midst of a write, wapiti may lock itself out of its own database:
    then all of it is done again.
    """
    for attempt in range(ATTEMPTS):
        own = folder / f"{person.name}-{attempt}"
        own.mkdir()
        report, words = _attack(person, own, endpoint)
        if report:
            return report
        if "database is locked" not in words:
            break
        say(f"wapiti: {person.name}: it locked its own database")
    raise RuntimeError(words)


def _attack(person: Person, folder: Path, endpoint: str) -> tuple[dict[str, Any] | None, str]:
    """The report, or None where the scanner broke down, and its last words."""
    report, cookies, site = folder / "report.json", folder / "cookies", person.site
    command = [
        str(TOOLS / "wapiti"),
        "--url",
        f"{site}/",
        "--scope",
        "domain",
        "--cookie",
        str(person.keep_cookies(cookies)),
        "--module",
        MODULES,
        "--max-scan-time",
        str(CRAWL),
        "--max-attack-time",
        str(ATTACK),
        "--max-links-per-page",
        "40",
        "--max-files-per-dir",
        "5",
        "--endpoint",
        endpoint,
        "--store-session",
        str(folder / "sessions"),
        "--store-config",
        str(folder / "config"),
        "--flush-session",
        "--no-bugreport",
        "--skip",
        "idempotency_key",
        "--verbose",
        "0",
        "--format",
        "json",
        "--output",
        str(report),
        *[word for path in LEFT_ALONE for word in ("--exclude", f"{site}{path}")],
    ]
    if person.name == "admin":
        command += ["--start", f"{site}/admin/"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    finished = done.returncode == 0 and report.exists()
    return json.loads(report.read_text(encoding="utf-8")) if finished else None, done.stdout[
        -2000:
    ] + done.stderr[-2000:]


def findings(report: dict[str, Any]) -> list[tuple[str, str]]:
    """What the scanner calls a vulnerability or an anomaly: its kind, and what it says of it."""
    return [
        (kind, f"{each['method']} {each['path']} {each['parameter'] or ''} {each['info']}")
        for part in ("vulnerabilities", "anomalies")
        for kind, found in report[part].items()
        for each in found
    ]


def is_judged(kind: str, words: str) -> bool:
    return any(each["kind"] == kind and re.search(each["says"], words) for each in JUDGED["wapiti"])


def wapiti(site: str, folder: Path) -> int:
    password, wrong, reached = os.environ["DEMO_PASSWORD"], [], 0
    people = [Person.sign_in(site, name, password) for name in ACCOUNTS]
    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for person in people:
            report = scan(person, folder, f"http://127.0.0.1:{server.server_port}/")
            pages, found = report["infos"]["crawled_pages_nbr"], findings(report)
            bad = [(kind, words) for kind, words in found if not is_judged(kind, words)]
            say(
                f"wapiti: {person.name}: {pages} pages, {len(found)} findings, "
                f"{len(bad)} of them not judged"
            )
            wrong += [f"{person.name}: {kind}: {words}" for kind, words in bad]
            reached += pages
            if pages < ACCOUNTS[person.name]:
                wrong.append(f"{person.name}: only {pages} pages were reached")
            if not person.is_in():
                wrong.append(
                    f"{person.name}: signed out before the end, "
                    "so that what came after proves nothing"
                )
        server.shutdown()
    wrong += [f"the tracker went where an attack sent it: {path}" for path in Listener.came]
    for fault in wrong:
        say(f"wapiti: {fault}")
    say(f"wapiti: {len(people)} roles, {reached:,} pages, {len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["bandit"]:
            sys.exit(bandit())
        case ["wapiti", site, folder]:
            sys.exit(wapiti(site, Path(folder)))
        case _:
            sys.exit(__doc__)
