"""Whatever people write anywhere is shown as they wrote it and never read as HTML.

Each text of each table, on each page.
"""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.http import HttpResponse
from django.urls import reverse

from directives.models import Event, Plan, ProgressReport, Submission, User
from tests.admin.test_admin_access import OF_NOTHING, addresses, recorded, rows, split  # noqa: F401 - fixtures
from tests.factories import NOW, make_cycle, make_obligation, make_report
from tests.test_access import TABLE, people, world  # noqa: F401 - fixtures

pytestmark = pytest.mark.once

EVIL = "\"'><x-evil>"
# Read as HTML, or out of the attribute that it stands in.
LOOSE = re.compile(r"<x-evil|\"'(?:>|&gt;)")
# What the product reads as something else than words.
NOT_WORDS = {
    "code",
    "path",
    "username",
    "password",
    "sha256",
    "key",
    "language",
    "kind",
    "state",
    "light",
    "light_reason",
    "light_changes_on",
    "number",
    "script",
    "list",
    "format",
    "file",
    "act",
    "session_key",
    "url",
    "model",
    "mac",
    "signature",
    "word",
    "topic",
    "light_code",
}

# Fields of forms, whatever they are for: what is wrong comes back to the page.
TYPED = (
    "reason",
    "text",
    "title",
    "summary",
    "progress",
    "problems",
    "next_steps",
    "percent",
    "version",
    "name",
    "code",
    "unit",
    "meaning",
    "result",
    "responsible",
    "due_on",
    "on",
    "who",
    "why",
    "reads",
    "source_name",
    "measure",
    "parent",
    "column",
    "query",
    "next",
    "then",
)
# A write that hands back nothing but its answer to these.
FALSE = {"set_script": {"next": "/"}}


def texts() -> Iterator[tuple[type[models.Model], str]]:
    """Every column that holds words of people."""
    for model in apps.get_app_config("directives").get_models():
        for field in model._meta.concrete_fields:
            words = isinstance(field, models.CharField | models.TextField) and not (
                field.choices or field.unique or field.is_relation
            )
            long_enough = (field.max_length or 1000) >= len(EVIL)
            if words and long_enough and field.name not in NOT_WORDS and model is not Event:
                yield model, field.name


@pytest.fixture
def hostile(db) -> list[str]:
    """Writes hostile words into every text that is there; returns the columns that took them.

    Ask for it after the world.
    """
    taken = []
    for model, name in texts():
        try:
            with transaction.atomic():
                if model._base_manager.update(**{name: EVIL}):
                    taken.append(f"{model._meta.model_name}.{name}")
        except IntegrityError:  # a constraint says what this column may hold
            continue
    return taken


def hand_in_again(world: dict, by: User) -> None:  # noqa: F811
    """What was handed in is kept for ever, so hostile words are handed in anew.

    They are written as the product keeps them.
    """
    entry = {
        "entry": world["entry"],
        "obligation": world["obligation"],
        "part": "responsible",
        "code": "九.1",
        "text": EVIL,
        "text_hans": EVIL,
        "text_hant": EVIL,
        "progress": EVIL,
        "problems": EVIL,
        "next_steps": EVIL,
        "percent": 50,
        "last_percent": None,
        "unchanged": True,
        "unchanged_reason": EVIL,
        "files": [{"id": world["file"], "name": EVIL, "size": 2, "sha256": "0"}],
    }
    report, plan = (
        ProgressReport.objects.get(pk=world["report"]),
        Plan.objects.get(pk=world["plan"]),
    )
    told = {
        "organisation": report.organisation,
        "document": plan.document,
        "number": 2,
        "submitted_at": NOW,
        "submitted_by": by,
    }
    content = {"organisation": EVIL, "entries": [entry], "count": 1}
    world["submission"] = Submission.objects.create(report=report, content=content, **told).pk


def told(answer: HttpResponse) -> str:
    if answer.streaming:
        # A file, which is closed when it is read.
        return b"".join(answer.streaming_content).decode("utf-8", "replace") and ""
    if not answer.headers.get("Content-Type", "").startswith("text/html"):
        return ""
    return answer.content.decode()


def place_of(text: str) -> str:
    found = LOOSE.search(text)
    return text[max(0, found.start() - 80) : found.end() + 20] if found else ""


@pytest.mark.parametrize("person", ["staff", "supervisor", "admin"])
@pytest.mark.parametrize("language", ["zh-hant", "en"])
def test_no_page_reads_words_as_html(world, people, hostile, sign_in, person, language):  # noqa: F811
    hand_in_again(world["own"], people["staff"])
    client, loose, shown = sign_in(people[person]), {}, 0
    client.cookies["language"] = language
    for name, row in TABLE.items():
        things = {**world["own"], "pk": world["own"].get(row.thing)}
        address = reverse(name, args=row.args(things))
        with transaction.atomic():
            typed = {
                **dict.fromkeys(TYPED, EVIL),
                **FALSE.get(name, {}),
                "idempotency_key": str(uuid4()),
            }
            text = told(
                client.get(address, {"q": EVIL})
                if row.post is None
                else client.post(address, {**row.post, **typed})
            )
            transaction.set_rollback(True)
        shown += "&lt;x-evil&gt;" in text
        if place := place_of(text):
            loose[name] = place
    assert loose == {}
    assert shown > 20
    assert len(hostile) > 40


def test_no_page_of_the_admin_reads_words_as_html(recorded, cast, hostile, sign_in):  # noqa: F811
    client, loose, shown = sign_in(cast.admin), {}, 0
    for name in addresses():
        model, page = split(name)
        if not model or page == "process_import":
            continue
        answer = client.get(
            reverse(f"admin:{name}", args=() if page in OF_NOTHING else (recorded[model],))
        )
        text = told(answer)
        shown += "&lt;x-evil&gt;" in text
        if place := place_of(text):
            loose[name] = place
    assert loose == {}
    assert shown > 15


def test_an_entry_that_comes_back_with_faults_reads_nothing_as_html(cast, sign_in):
    row = make_obligation(organisation=cast.body)
    entry = make_report(cast.body, make_cycle(row.document), row).entries.get()
    typed = dict.fromkeys(
        ("version", "percent", "progress", "problems", "next_steps", "unchanged_reason"), EVIL
    )
    answer = sign_in(cast.staff).post(
        reverse("entry_save", args=[entry.pk]), {**typed, "idempotency_key": str(uuid4())}
    )
    text = answer.content.decode()
    assert (answer.status_code, text.count("&lt;x-evil&gt;") >= 3, place_of(text)) == (
        422,
        True,
        "",
    )
