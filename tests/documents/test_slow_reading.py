"""A long document is read by the worker: progress, its preview, its registration."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from directives.core.clearing import READINGS, find_orphaned_files
from directives.core.jobs import run
from directives.documents.commands import registering, slow_reading
from directives.documents.ingest.reading import read
from directives.documents.ingest.stored_reading import from_json, to_json
from directives.models import Document, JobProgress, Notice
from tests.documents.test_readings import NAMES, path_of
from tests.documents.test_register_upload import TEXT, TITLE, filled
from tests.factories import NOW


@pytest.fixture(autouse=True)
def short_is_long(monkeypatch, settings, tmp_path):
    monkeypatch.setattr(slow_reading, "LONG_TEXT", 10)
    settings.MEDIA_ROOT = tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_a_reading_is_the_same_after_it_was_kept(name):
    path = path_of(name)
    reading = read(path.read_bytes(), name=path.name)
    assert from_json(to_json(reading)) == reading


def upload(client, source=TEXT):
    """The job that reads an upload."""
    file = SimpleUploadedFile("意见.txt", source.encode())
    answer = client.post("/documents/new/", {"file": file})
    job = JobProgress.objects.latest("pk")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/jobs/{job.pk}/")
    return job


def test_a_long_document_is_read_by_the_worker_and_then_previewed(cast, sign_in, key):
    client = sign_in(cast.supervisor)
    job = upload(client)
    waiting = client.get(f"/jobs/{job.pk}/").content.decode()
    assert ("意见.txt" in waiting, f"/documents/new/{job.pk}/" in waiting) == (True, False)
    assert client.get(f"/documents/new/{job.pk}/").status_code == 404
    run("job", JobProgress.objects.latest("pk").pk)
    assert f"/documents/new/{job.pk}/" in client.get(f"/jobs/{job.pk}/").content.decode()
    notice = Notice.objects.get(user=cast.supervisor, kind="act_done")
    assert (notice.url, notice.facts["what"]) == (f"/jobs/{job.pk}/", "意见.txt")
    preview = client.get(f"/documents/new/{job.pk}/")
    assert preview.context["preview"].reading.title == TITLE
    assert 'name="source" value' not in preview.content.decode()  # no megabytes in the page
    assert Document.objects.count() == 0
    sent = filled(preview, number="某发〔2031〕1号") | key()
    assert client.post("/documents/register/", sent).status_code == 302
    stored = Document.objects.get()
    assert (bytes(stored.source).decode(), stored.source_name, stored.number) == (
        TEXT,
        "意见.txt",
        "某发〔2031〕1号",
    )
    again = client.get(f"/documents/new/{job.pk}/")
    assert (again.status_code, "已登记" in again.content.decode()) == (422, True)


def test_what_cannot_be_read_stops_with_the_reason(cast, sign_in):
    client = sign_in(cast.supervisor)
    job = upload(client, "没有部分的一段话。\n")
    run("job", JobProgress.objects.latest("pk").pk)
    job.refresh_from_db()
    assert (job.state, "没有带序号的部分" in job.fault) == ("stopped", True)
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert ("没有带序号的部分" in page, 'href="/documents/new/"' in page) == (True, True)
    assert ("什么也没有保存" in page, "几分钟" in page) == (True, False)


def test_it_is_seen_and_registered_by_who_brought_it_alone(cast, sign_in, key):
    job = upload(sign_in(cast.supervisor))
    run("job", JobProgress.objects.latest("pk").pk)
    other = sign_in(cast.below)
    assert other.get(f"/documents/new/{job.pk}/").status_code in (403, 404)
    sent = {"job": job.pk, "source_name": "意见.txt", "title": TITLE} | key()
    assert other.post("/documents/register/", sent).status_code in (403, 404)
    assert Document.objects.count() == 0


def test_a_file_that_is_no_longer_kept_is_to_be_chosen_again(cast, sign_in, key):
    client = sign_in(cast.supervisor)
    job = upload(client)
    run("job", JobProgress.objects.latest("pk").pk)
    for name in default_storage.listdir(READINGS)[1]:
        default_storage.delete(f"{READINGS}/{name}")
    gone = client.get(f"/documents/new/{job.pk}/")
    assert (gone.status_code, "保留一天" in gone.content.decode()) == (422, True)
    sent = {"job": job.pk, "source_name": "意见.txt", "title": TITLE} | key()
    assert client.post("/documents/register/", sent).status_code == 422
    assert Document.objects.count() == 0


def test_what_was_read_is_cleared_away_after_a_day(cast, sign_in):
    client = sign_in(cast.supervisor)
    upload(client)
    run("job", JobProgress.objects.latest("pk").pk)
    assert find_orphaned_files(NOW - timedelta(days=4000)).orphaned == []
    found = find_orphaned_files(NOW + timedelta(days=4000)).orphaned
    assert sorted(default_storage.listdir(READINGS)[1]) == [name.split("/")[1] for name in found]
    assert len(found) == 2


def test_a_text_of_too_many_sentences_is_refused(cast, sign_in, monkeypatch):
    monkeypatch.setattr(slow_reading, "LONG_TEXT", 10_000)
    monkeypatch.setattr(registering, "SENTENCES", 2)
    file = SimpleUploadedFile("意见.txt", TEXT.encode())
    refused = sign_in(cast.supervisor).post("/documents/new/", {"file": file})
    assert (refused.status_code, "3" in refused.content.decode()) == (422, True)
    assert "意见.txt 有 3 句" in refused.content.decode()


@pytest.mark.parametrize(
    ("content", "slow"),
    [
        ("字" * 100_001, True),
        ("字" * 99_999, False),
        (b"%PDF-1.7" + b"x" * 1_999_000, False),
        (b"%PDF-1.7" + b"x" * 2_000_000, True),
    ],
)
def test_long_texts_and_large_files_are_left_to_the_worker(content, slow, monkeypatch):
    monkeypatch.setattr(slow_reading, "LONG_TEXT", 300_000)
    content = content.encode() if isinstance(content, str) else content
    assert slow_reading.Upload(content, "x").is_slow is slow
