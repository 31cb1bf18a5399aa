"""A document of very many sentences is registered by the worker, in one short transaction."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from directives.core.jobs import run
from directives.documents.commands import registering, slow_reading, slow_registering
from directives.documents.ingest.reading import read
from directives.models import Document, Event, JobProgress, Membership, Notice
from tests.documents.test_register_upload import TEXT, TITLE, filled
from tests.documents.test_slow_reading import upload
from tests.factories import NOW


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch, settings, tmp_path):
    monkeypatch.setattr(slow_registering, "LONG", 2)
    monkeypatch.setattr(slow_registering, "STEP", 1)
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def client(cast, sign_in):
    return sign_in(cast.supervisor)


def send(client, key, preview, **fields):
    """Press the button of a preview; returns the job."""
    answer = client.post("/documents/register/", filled(preview, **fields) | key())
    job = JobProgress.objects.latest("pk")
    assert (answer.status_code, answer.headers.get("Location")) == (302, f"/jobs/{job.pk}/")
    return job


def previewed(client):
    return client.post("/documents/new/", {"text": TEXT})


def test_the_worker_registers_what_the_form_says(cast, client, key):
    job = send(client, key, previewed(client), number="某发〔2031〕1号", issued_on="2031-02-03")
    assert (job.kind, job.total, Document.objects.count()) == ("register", 3, 0)
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert ("尚未登记" in page, "<b>0</b>/3 句" in page) == (True, True)
    run("job", job.pk)
    job.refresh_from_db()
    stored = Document.objects.get()
    assert (job.state, job.document, job.done, job.made) == ("done", stored, 3, 3)
    assert (stored.number, stored.issued_on.isoformat(), stored.registered_by, stored.title) == (
        "某发〔2031〕1号",
        "2031-02-03",
        cast.supervisor,
        TITLE,
    )
    assert stored.registered_at == job.at
    assert [row.section.document_id for row in stored.directives.all()] == [stored.pk] * 3
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert ("请核对解析出的任务" in page, f'href="/documents/{stored.pk}/desk/"' in page) == (
        True,
        True,
    )
    told = Notice.objects.get(user=cast.supervisor, kind="act_done")
    assert (told.url, told.facts["act"]) == (f"/jobs/{job.pk}/", "register")


def test_what_the_worker_read_it_registers_from_the_same_file(client, key, monkeypatch):
    monkeypatch.setattr(slow_reading, "LONG_TEXT", 10)
    reading = upload(client)
    run("job", reading.pk)
    job = send(client, key, client.get(f"/documents/new/{reading.pk}/"))
    assert job.asked["file"] == reading.asked["file"]
    run("job", job.pk)
    assert bytes(Document.objects.get().source).decode() == TEXT


def test_few_sentences_are_registered_at_once(client, key, monkeypatch):
    monkeypatch.setattr(slow_registering, "LONG", 3)
    answer = client.post("/documents/register/", filled(previewed(client)) | key())
    assert answer.headers["Location"] == f"/documents/{Document.objects.get().pk}/desk/"


def test_registered_meanwhile_it_stops_and_says_so(client, key):
    preview = previewed(client)
    first, second = send(client, key, preview), send(client, key, preview)
    for job in (first, second):
        run("job", job.pk)
    second.refresh_from_db()
    assert (second.state, TITLE in second.fault, Document.objects.count()) == ("stopped", True, 1)
    page = client.get(f"/jobs/{second.pk}/").content.decode()
    assert ("什么也没有保存" in page, 'href="/documents/new/"' in page) == (True, True)


def test_who_no_longer_supervises_registers_nothing(cast, client, key):
    job = send(client, key, previewed(client))
    Membership.objects.filter(user=cast.supervisor).delete()
    run("job", job.pk)
    job.refresh_from_db()
    assert (job.state, Document.objects.count(), Event.objects.count()) == ("stopped", 0, 0)


def test_its_rows_are_made_before_the_transaction_and_its_progress_is_noted(
    client, key, monkeypatch
):
    job, seen = send(client, key, previewed(client)), []
    make, around = slow_registering.rows_of, len(connection.atomic_blocks)

    def rows_of(*args):
        rows = make(*args)
        blocks = len(connection.atomic_blocks)
        seen.append((blocks, JobProgress.objects.get(pk=job.pk).done))
        return rows

    monkeypatch.setattr(slow_registering, "rows_of", rows_of)
    monkeypatch.setattr(registering, "rows_of", None)  # it makes none itself
    run("job", job.pk)
    assert (seen, Document.objects.count()) == ([(around, 3)], 1)


def long_text(sentences):
    return f"{TITLE}\n一、健全制度\n" + "".join(
        f"各单位要建立第{number}项制度。\n" for number in range(sentences)
    )


def test_as_many_statements_for_many_sentences_as_for_some(cast):
    asked, _read_before = [], cast.supervisor.held_memberships
    for sentences in (60, 240):
        text = long_text(sentences).encode()
        reading = read(text, name="a.txt")
        with CaptureQueriesContext(connection) as queries:
            registering.register_document(
                reading=reading, source=text, source_name="a.txt", by=cast.supervisor, now=NOW
            )
        asked.append(len(queries))
    assert asked[0] == asked[1]
