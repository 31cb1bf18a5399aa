"""The environment, read with types.

A value that cannot be is refused in one sentence, which never shows a password.
"""

import errno
import os
import re
from collections.abc import Callable, Collection
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"true", "on", "ok", "y", "yes", "1"})
FALSE = frozenset({"false", "off", "n", "no", "0", ""})
MOST = 1_000_000_000  # of a whole number of which nothing else is said
DATABASES = {
    "sqlite": "SQLite",
    "postgres": "PostgreSQL",
    "postgresql": "PostgreSQL",
    "psql": "PostgreSQL",
    "pgsql": "PostgreSQL",
}
A_DATABASE = (
    "postgres://user:password@host:port/name or sqlite:////folder/file.sqlite3 was expected"
)
ENCODED = "in a password, %, @, /, :, # and a comma are written percent-encoded"
A_MAIL_SERVER = "smtp://user:password@host:port, smtp+tls://… or smtp+ssl://… was expected"
A_FOLDER = "a folder that can be written to was expected"
A_SITE = "an address such as https://tracker.example.org was expected"
DO = "Correct it in the environment or in the .env file, then start again."
MAIL = (
    "smtp",
    "smtps",
    "smtp+tls",
    "smtp+ssl",
    "consolemail",
    "filemail",
    "memorymail",
    "dummymail",
)
AN_ANCHOR = re.compile(r"file:///[^/].*|syslog:|mailto:[^@\s]+@[^@\s]+")
A_LINE = re.compile(r"\s*(#.*|(export )?\w+=.*)?")
DEMANDED = {
    "SECRET_KEY": "a secret, the same on all machines: "
    "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'",
    "ALLOWED_HOSTS": "the names under which it is served, with commas",
    "SITE_URL": "its address, which mails lead to, such as https://tracker.example.org",
}
SECRET_LENGTH, SECRET_LETTERS = 50, 5  # as `check --deploy` asks; letters that differ
EVERYWHERE = ("0.0.0.0/0", "::/0")
NOTSET = environ.Env.NOTSET


class WrongSetting(ImproperlyConfigured):
    """A setting that cannot be used: which, what it holds, what was expected, what to do."""

    def __init__(self, name: str, value: str | None, expected: str) -> None:
        told = "not set" if value is None else f"“{without_password(value)}”" if value else "empty"
        super().__init__(f"{name} is {told}: {expected}. {DO}")


def without_password(value: str) -> str:
    """A value as it may be shown: an address without its user, password and options."""
    if "@" not in value:
        return value
    scheme, mark, _rest = value.partition("://")
    return f"{scheme if mark else ''}{mark}…@{value.rpartition('@')[2].partition('?')[0]}"


class Environment(environ.Env):
    """django-environ's reader, strict: it raises WrongSetting.

    A value that begins with $ is that value, and not another variable's. `names` are the settings
    that were asked for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get_value(
        self,
        var: str,
        cast: Any = None,
        default: Any = NOTSET,
        parse_default: bool = False,
    ) -> Any:
        self.names.add(var)
        if var in self.ENVIRON:
            return self.parse_value(self.ENVIRON[var], cast)
        if default is NOTSET:
            raise WrongSetting(var, None, "it has no default")
        return default

    def read_dotenv(self, var: str, default: Path) -> None:
        """Read the .env file for what the environment lacks. One that is named must exist."""
        path = Path(self.get_value(var, default=default))
        if not path.exists() and var not in self.ENVIRON:
            return
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text in UTF-8"
            raise WrongSetting(
                var,
                str(path),
                f"a file that can be read was expected ({why})",
            ) from None
        for number, line in enumerate(lines, 1):
            if not A_LINE.fullmatch(line):
                why = f"its line {number} is neither NAME=value nor a comment"
                raise WrongSetting(var, str(path), why)
        self.read_env(path)

    def folder(self, var: str, default: Path) -> Path:
        """A folder that may be written to; it is made where it is not there."""
        value = self.get_value(var, default=str(default))
        if not value:
            raise WrongSetting(var, value, "a folder was expected")
        path = Path(value)

        def make() -> None:
            path.mkdir(parents=True, exist_ok=True)
            _demand_writable(path)

        self.kept_in(var, make)
        return path

    def kept_in(self, var: str, act: Callable[[], Any]) -> Any:
        """What an act gives that writes into the folder which this setting names."""
        try:
            return act()
        except OSError as error:
            value = self.ENVIRON.get(var, error.filename)
            raise WrongSetting(var, value, f"{A_FOLDER} ({error.strerror})") from None

    def bool(self, var: str, default: Any = NOTSET) -> bool:
        value = self.get_value(var, default=default)
        if not isinstance(value, str):
            return value
        if value.strip().lower() not in TRUE | FALSE:
            raise WrongSetting(var, value, "true or false was expected")
        return value.strip().lower() in TRUE

    def float(self, var: str, default: Any = NOTSET) -> float:
        """A number that is not negative."""
        value = self.get_value(var, default=default)
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not 0 <= number <= MOST:
            raise WrongSetting(var, str(value), "a number from 0 was expected")
        return number

    def int(self, var: str, default: Any = NOTSET, *, least: int = 0, most: int = MOST) -> int:
        """A whole number within these bounds."""
        value = self.get_value(var, default=default)
        expected = f"a whole number from {least} to {most} was expected"
        try:
            number = int(value)
        except ValueError:
            raise WrongSetting(var, value, expected) from None
        if not least <= number <= most:
            raise WrongSetting(var, value, expected)
        return number

    def choice(self, var: str, choices: Collection[str], default: str) -> str:
        """One of these words."""
        value = self.get_value(var, default=default)
        if value not in choices:
            raise WrongSetting(var, value, f"{' or '.join(choices)} was expected")
        return value

    def words(self, var: str, choices: Collection[str], default: list[str]) -> list[str]:
        """Some of these words, with commas between them; empty: none."""
        found = [word.strip() for word in self.list(var, default=default) if word.strip()]
        if not set(found) <= set(choices):
            raise WrongSetting(
                var,
                ",".join(found),
                f"some of {', '.join(choices)} were expected, with commas, or nothing",
            )
        return found

    def networks(self, var: str, default: list[str]) -> list[IPv4Network | IPv6Network]:
        """Addresses and networks, with commas between them; "*" is every address."""
        found = []
        for word in self.list(var, default=default):
            try:
                found += [
                    ip_network(one, strict=False)
                    for one in (EVERYWHERE if word.strip() == "*" else [word.strip()])
                ]
            except ValueError:
                raise WrongSetting(
                    var,
                    word,
                    "addresses or networks were expected, such as 10.0.0.10 or 10.0.0.0/24",
                ) from None
        return found

    def address(self, var: str, default: str) -> str:
        """Where something is on the web: a scheme and a host; "" only where that is the default."""
        value = self.get_value(var, default=default)
        if value != default and not (value.startswith(("http://", "https://")) and _host(value)):
            raise WrongSetting(var, value, A_SITE)
        return value

    def listener(self, var: str) -> str:
        """Where a service of this network listens: a socket's path or host:port; "" for none."""
        value = self.get_value(var, default="")
        if value and not (value.startswith("/") or re.fullmatch(r"[^\s/]+:\d{1,5}", value)):
            raise WrongSetting(var, value, "the path of a socket or host:port was expected")
        return value

    def anchors(self, var: str) -> list[str]:
        """Where the newest seal of the record is told: files, the system's log, mail addresses."""
        places = self.list(var, default=[])
        for place in places:
            if not AN_ANCHOR.fullmatch(place):
                raise WrongSetting(
                    var,
                    place,
                    "file:///folder/file, syslog: or mailto:somebody@example.org was expected",
                )
        return places

    def sender(self, var: str, default: str) -> str:
        """Whom mail is from."""
        value = self.get_value(var, default=default)
        if "@" not in value:
            raise WrongSetting(var, value, "a mail address was expected")
        return value

    def db(self, var: str = "DATABASE_URL", default: Any = NOTSET) -> dict[str, Any]:
        """An entry of Django's DATABASES."""
        return self._database(var, self.get_value(var, default=default))

    def dbs(self, var: str) -> list[dict[str, Any]]:
        """Entries of Django's DATABASES, from addresses with commas between them."""
        return [self._database(var, url) for url in self.list(var, default=[])]

    def _database(self, var: str, url: str) -> dict[str, Any]:
        kind = DATABASES.get(url.partition("://")[0] if "://" in url else "")
        if kind is None:
            raise WrongSetting(var, url, A_DATABASE)
        if kind == "PostgreSQL" and ("@" in urlsplit(url).path or _host(url) is None):
            raise WrongSetting(
                var,
                url,
                f"{A_DATABASE}; {ENCODED}",
            )
        found = self.db_url_config(url)
        if found["NAME"] in ("", ":memory:"):
            raise WrongSetting(var, url, f"it names no database: {A_DATABASE}")
        return found

    def mail(self, var: str) -> dict[str, Any]:
        """Django's EMAIL_… settings from an address; empty where it is not set."""
        value = self.get_value(var, default="")
        if not value:
            return {}
        scheme = value.partition("://")[0]
        if scheme not in MAIL or (scheme.startswith("smtp") and not _host(value)):
            raise WrongSetting(
                var,
                value,
                A_MAIL_SERVER,
            )
        return self.email_url_config(value)


def _host(url: str) -> str | None:
    """The host of an address, "" where it names none, None where it cannot be read."""
    try:
        parts = urlsplit(url)
        if "," in parts.netloc:  # several servers, each perhaps with its port
            return parts.netloc
        _port = parts.port  # which raises where it is no number
        return parts.hostname or ""
    except ValueError:
        return None


def _demand_writable(path: Path) -> None:
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def demand(env: Environment, *, production: bool, debug: bool) -> None:
    """Raise WrongSetting for what does not go together, and for what production lacks."""
    for origin in env.list("CSRF_TRUSTED_ORIGINS", default=[]):
        if "://" not in origin:
            raise WrongSetting(
                "CSRF_TRUSTED_ORIGINS",
                origin,
                A_SITE,
            )
    if not production:
        return
    for name, expected in DEMANDED.items():
        if not env.str(name, default=""):
            why = f"QUNZHU_ENV is production, which needs {expected}"
            raise WrongSetting(name, env.ENVIRON.get(name), why)
    if debug:
        raise WrongSetting("DEBUG", "true", "production shows nobody its insides")
    secret = env.str("SECRET_KEY")
    if (
        len(secret) < SECRET_LENGTH
        or len(set(secret)) < SECRET_LETTERS
        or secret.startswith("django-insecure-")
    ):
        raise WrongSetting(
            "SECRET_KEY", "…", f"it can be guessed: production needs {DEMANDED['SECRET_KEY']}"
        )
    for host in env.list("ALLOWED_HOSTS"):
        if host.strip() in ("*", "."):
            raise WrongSetting(
                "ALLOWED_HOSTS", host, f"{DEMANDED['ALLOWED_HOSTS']}, were expected, not any name"
            )
    site = env.str("SITE_URL")
    if not site.startswith("https://"):
        raise WrongSetting("SITE_URL", site, f"production is reached over HTTPS: {A_SITE}")


def demand_private(var: str, folder: Path) -> None:
    """Raise WrongSetting where other users of the machine may read what the folder holds."""
    if folder.stat().st_mode & 0o077:
        raise WrongSetting(
            var,
            str(folder),
            f"other users of this machine may read it: chmod 700 {folder} closes it",
        )
