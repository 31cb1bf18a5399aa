"""Harmful, damaged and foreign files at the page: one sentence each, and nothing is stored."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from directives.core.jobs import run
from directives.documents.commands import registering, slow_reading
from directives.models import Document, JobProgress
from tests.documents.ingest.pdf_files import pdf
from tests.documents.ingest.test_sources_bad import BAD

FILES = {
    **{name: content for name, (content, _code) in BAD.items()},
    "a scan": pdf([[]], picture=True),
}


@pytest.mark.parametrize("case", FILES)
def test_a_bad_file_is_told_in_one_sentence_and_leaves_nothing(cast, sign_in, case):
    content = FILES[case]
    content = content() if callable(content) else content
    client = sign_in(cast.supervisor)
    file = SimpleUploadedFile("某文件.docx", content)
    refused = client.post("/documents/new/", {"file": file})
    assert refused.status_code == 422
    [said] = refused.context["form"].errors["file"]
    assert "某文件.docx" in said
    assert "%(" not in said
    assert (Document.objects.count(), JobProgress.objects.count()) == (0, 0)
    assert client.get("/documents/new/").status_code == 200


def test_a_hundred_thousand_lines_are_left_to_the_worker_and_refused(
    cast, sign_in, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    lines = "各镇要开会。\n" * 100_000
    client = sign_in(cast.supervisor)
    file = SimpleUploadedFile("某文件.txt", f"关于开会的通知\n一、时间\n{lines}".encode())
    assert client.post("/documents/new/", {"file": file}).status_code == 302
    job = JobProgress.objects.get()
    run("job", job.pk)
    job.refresh_from_db()
    assert (job.state, job.fault) == (
        "stopped",
        "某文件.txt 有 100002 行，上限为 50000 行。请把各部分作为单独的文件载入。",
    )
    assert Document.objects.count() == 0


def test_the_worker_stops_at_a_text_of_too_many_sentences(
    cast, sign_in, monkeypatch, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(slow_reading, "LONG_TEXT", 10)
    monkeypatch.setattr(registering, "SENTENCES", 1)
    text = "关于开会的通知\n一、时间\n各镇要开会。各村要开会。\n"
    file = SimpleUploadedFile("某文件.txt", text.encode())
    sign_in(cast.supervisor).post("/documents/new/", {"file": file})
    job = JobProgress.objects.get()
    run("job", job.pk)
    job.refresh_from_db()
    assert (job.state, "某文件.txt 有 2 句" in job.fault) == ("stopped", True)
