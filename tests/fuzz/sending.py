"""Forms and addresses sent with one field made hostile, and what came of it."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote_plus
from uuid import uuid4

from django.apps import apps
from django.core.signals import got_request_exception
from django.db import connection, transaction
from django.db.models import CharField
from django.test import Client
from django_tasks_db.models import DBTaskResult

from directives.core import notices
from tests.fuzz.forms import KEY, Sent

LONG = "长" * 5000
# By their names. A browser sends half of a character as U+FFFD, a program may send the bytes.
HOSTILE = {
    "emptied": "",
    "long": LONG,
    "too long for most": "长" * 201,
    "negative": "-1",
    "20 digits": "9" * 20,
    "64 bits": str(2**63),
    "32 bits": str(2**31),
    "NUL": "甲\x00乙",
    "half a character": "甲\ud800乙",
    "day zero": "0000-00-00",
    "last day": "9999-12-31",
    "right to left": "\u200f\u202e甲",
    "line break": "甲\r\n乙: 丙",
    "a bare number": "1",
    "squared": "²",
    "full width": "１２",
    "no number": "NaN",
    "endless": "1e400",
    "an address": "http://[",
    "percent": "%(x)s %s {0}",
    "markup": "<b>&'\"",
}
LIST = "a list"  # the field twice, with another value
FILES = {
    "no file": None,
    "empty": ("空.csv", b""),
    "NUL": ("表.csv", b"\x00\x01"),
    "long name": ("长" * 250 + ".csv", b"a,b\n1,2\n"),
    "line break in name": ("表\r\n.csv", b"a\n1\n"),
    "rows": ("表.csv", "单位编码,单位名称\nQ09,某某\n".encode()),
    "text": ("意见.txt", "一、\n".encode()),
}
PARAMETERS = (  # that some address knows
    "page",
    "after",
    "before",
    "export",
    "since",
    "until",
    "q",
    "document",
    "directive",
    "body",
    "cycle",
    "show",
    "entry",
    "list",
    "pk",
    "next",
)


@dataclass(frozen=True, slots=True)
class Attack:
    """A form or an address, and which field is made what."""

    sent: Sent
    name: str
    value: str  # a key of HOSTILE, of FILES, or LIST
    where: str = "field"  # or "file", "path"

    def __str__(self) -> str:
        return (
            f"{self.sent.method} {self.sent.address} ({self.sent.name}), "
            f"{self.where} {self.name}: {self.value}"
        )


@dataclass(slots=True)
class Outcome:
    """What became of many attacks."""

    answers: dict[int, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    entered: int = 0  # got past the door: CSRF, permission and key

    @property
    def total(self) -> int:
        return sum(self.answers.values())


def attacks_of(sent: Sent) -> Iterator[Attack]:
    """Every field × every hostile value."""
    names = dict.fromkeys(
        name for name, _value in sent.fields if name not in ("csrfmiddlewaretoken", KEY)
    )
    if sent.method == "GET":
        names |= dict.fromkeys(PARAMETERS)
    yield from (Attack(sent, name, value) for name in names for value in (*HOSTILE, LIST))
    yield from (Attack(sent, name, value, "file") for name in sent.files for value in FILES)
    parts = sent.address.partition("?")[0].split("/")
    yield from (
        Attack(sent, str(place), value, "path")
        for place, part in enumerate(parts)
        if part.isdigit()
        for value in ("20 digits", "64 bits")
    )


def chosen(found: Iterable[Sent], count: int, random: Random) -> list[Attack]:
    """So many attacks, spread evenly over the addresses: one of each in turn."""
    decks: dict[str, list[Attack]] = {}
    for sent in found:
        decks.setdefault(f"{sent.method} {sent.name}", []).extend(attacks_of(sent))
    for deck in decks.values():
        random.shuffle(deck)
    result: list[Attack] = []
    while len(result) < count and any(decks.values()):
        for deck in decks.values():
            result += [deck.pop()] if deck else []
    return result[:count]


def _pairs(attack: Attack) -> list[tuple[str, str]]:
    pairs = [(name, str(uuid4()) if name == KEY else value) for name, value in attack.sent.fields]
    if attack.where != "field":
        return pairs
    if attack.value == LIST:
        return [*pairs, (attack.name, "甲"), (attack.name, "1")]
    others = [(name, value) for name, value in pairs if name != attack.name]
    return [*others, (attack.name, HOSTILE[attack.value])]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _query(pairs: list[tuple[str, str]]) -> str:
    return "&".join(
        f"{quote_plus(_bytes(name))}={quote_plus(_bytes(value))}" for name, value in pairs
    )


BOUNDARY = "----fuzz"


def _multipart(pairs: list[tuple[str, str]], files: list[tuple[str, tuple[str, bytes]]]) -> bytes:
    lines: list[bytes] = []
    for name, value in pairs:
        lines += [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
            + _bytes(value)
        ]
    for name, (title, content) in files:
        head = (
            f"--{BOUNDARY}\r\n"
            f'Content-Disposition: form-data; name="{name}"; filename="{title}"\r\n'
            "Content-Type: text/csv\r\n\r\n"
        )
        lines += [head.encode() + content]
    return b"\r\n".join([*lines, f"--{BOUNDARY}--\r\n".encode()])


def _ask(client: Client, attack: Attack):
    sent, pairs = attack.sent, _pairs(attack)
    address = sent.address
    if attack.where == "path":
        parts = address.split("/")
        parts[int(attack.name)] = HOSTILE[attack.value]
        address = "/".join(parts)
    if sent.method == "GET":
        return client.get(f"{address}?{_query(pairs)}")
    if sent.files:
        files = [
            (
                name,
                FILES[attack.value if attack.where == "file" and name == attack.name else "rows"],
            )
            for name in sent.files
        ]
        content = _multipart(pairs, [(name, file) for name, file in files if file is not None])
        return client.post(
            address, content, content_type=f"multipart/form-data; boundary={BOUNDARY}"
        )
    return client.post(address, _query(pairs), content_type="application/x-www-form-urlencoded")


@contextmanager
def _failures() -> Iterator[list[str]]:
    """What went wrong inside a view, in words."""
    said: list[str] = []

    def note(**_signal: object) -> None:
        kind, error, _trace = sys.exc_info()
        said.append(f"{kind.__name__}: {str(error)[:160]}")

    got_request_exception.connect(note)
    try:
        yield said
    finally:
        got_request_exception.disconnect(note)


def _mails() -> Iterator[str]:
    """Send every mail that waits; what failed, in words."""
    for row in DBTaskResult.objects.filter(task_path=f"{notices.mail.module_path}"):
        try:
            with transaction.atomic():
                notices.mail.func(*row.args_kwargs["args"])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            yield f"mail: {type(error).__name__}: {str(error)[:160]}"


def too_long() -> list[str]:
    """Columns that hold more than they are declared for.

    PostgreSQL refuses it, SQLite stores it.
    """
    models = [
        model for model in apps.get_app_config("directives").get_models() if model._meta.managed
    ]
    fields = [
        field
        for model in models
        for field in model._meta.concrete_fields
        if isinstance(field, CharField) and field.max_length
    ]
    named = [(field.model._meta.db_table, field.column, field.max_length) for field in fields]
    parts = [
        f"SELECT '{table}.{column}' FROM {table} WHERE length({column}) > {limit}"
        for table, column, limit in named
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return [f"too long: {name}" for (name,) in cursor.fetchall()]


def send(client: Client, attacks: list[Attack], committed: Callable) -> Outcome:
    """Send each to the same office: what it changed is taken back.

    `committed` carries out what waits for a commit.
    """
    outcome = Outcome()
    client.raise_request_exception = False
    for attack in attacks:
        with _failures() as said, transaction.atomic():
            with committed(execute=True):
                answer = _ask(client, attack)
                if answer.streaming:
                    b"".join(answer.streaming_content)
            said += (
                []
                if said
                else [
                    *_mails(),
                    *(
                        too_long()
                        if attack.sent.method == "POST" and connection.vendor == "sqlite"
                        else ()
                    ),
                ]
            )
            transaction.set_rollback(True)
        status = answer.status_code
        outcome.answers[status] = outcome.answers.get(status, 0) + 1
        outcome.entered += (
            status < 400 or status in (409, 413, 422) or (status == 404 and attack.where == "path")
        )
        if status >= 500 or said:
            outcome.broken.append(f"{attack}: {status} {' | '.join(said)}")
    return outcome
