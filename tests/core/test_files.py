"""Evidence in a bucket that several machines share.

Kept, handed out through the tracker alone, taken away.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import boto3
import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from moto import mock_aws

from directives.models import Attachment
from qunzhu_tracker.environment import Environment
from qunzhu_tracker.files import IN_MEMORY, file_storage
from tests.factories import make_measure, make_plan

BUCKET = "evidence"
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 8192  # 2 MB: more than is held in memory


def storage_of(monkeypatch: pytest.MonkeyPatch, **words: str) -> dict:
    for name in ("BUCKET", "ENDPOINT", "REGION", "KEY", "SECRET"):
        monkeypatch.delenv(f"FILES_S3_{name}", raising=False)
    for name, value in words.items():
        monkeypatch.setenv(f"FILES_S3_{name}", value)
    return file_storage(Environment())


def test_files_are_local_unless_a_bucket_is_named(monkeypatch):
    assert storage_of(monkeypatch, ENDPOINT="https://s3.example.org") == {
        "BACKEND": "directives.base.stored_files.WholeFileStorage"
    }


def test_a_bucket_is_described_by_the_environment(monkeypatch):
    found = storage_of(
        monkeypatch, BUCKET=BUCKET, ENDPOINT="https://s3.example.org", KEY="k", SECRET="s"
    )
    assert find_spec(found["BACKEND"].rpartition(".")[0])
    kept = {
        name: found["OPTIONS"][name]
        for name in ("bucket_name", "endpoint_url", "access_key", "secret_key", "default_acl")
    }
    assert kept == {
        "bucket_name": BUCKET,
        "endpoint_url": "https://s3.example.org",
        "access_key": "k",
        "secret_key": "s",
        "default_acl": None,
    }
    assert found["OPTIONS"]["max_memory_size"] == IN_MEMORY < len(PDF)


@pytest.fixture
def bucket(settings, monkeypatch) -> Iterator[object]:
    """A bucket in memory that speaks as S3 does, and the tracker told to keep its files there."""
    with mock_aws():
        made = boto3.resource(
            "s3", region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
        ).create_bucket(Bucket=BUCKET)
        local = settings.STORAGES
        settings.STORAGES = local | {
            "default": storage_of(
                monkeypatch, BUCKET=BUCKET, REGION="us-east-1", KEY="k", SECRET="s"
            )
        }
        yield made


def names(bucket) -> list[str]:
    return [item.key for item in bucket.objects.all()]


def test_evidence_goes_into_the_bucket_and_out_through_the_tracker_alone(
    cast, bucket, sign_in, key, settings
):
    measure = make_measure(make_plan(cast.body))
    staff = sign_in(cast.staff)
    form = {"parent": f"plan-{measure.plan_id}", "files": SimpleUploadedFile("办法.pdf", PDF)}
    assert staff.post(reverse("attachment_add"), key() | form).status_code == 302
    row = Attachment.objects.get()
    assert names(bucket) == [row.file.name]
    assert bucket.Object(row.file.name).get()["Body"].read() == PDF
    assert not list(Path(settings.MEDIA_ROOT).rglob(Path(row.file.name).name))

    answer = staff.get(reverse("attachment", args=[row.pk]))
    assert (answer.status_code, answer.streaming, answer["Content-Security-Policy"]) == (
        200,
        True,
        "default-src 'none'; sandbox",
    )
    assert b"".join(answer.streaming_content) == PDF
    for name in ("outsider", "stranger", "viewer"):  # a draft is its body's own
        assert (
            sign_in(getattr(cast, name)).get(reverse("attachment", args=[row.pk])).status_code
            == 404
        )


def test_what_is_taken_away_leaves_the_bucket(
    cast, bucket, sign_in, key, django_capture_on_commit_callbacks
):
    plan = make_plan(cast.body)
    staff = sign_in(cast.staff)
    staff.post(
        reverse("attachment_add"),
        key() | {"parent": f"plan-{plan.pk}", "files": SimpleUploadedFile("a.pdf", PDF)},
    )
    with django_capture_on_commit_callbacks(execute=True):
        assert (
            staff.post(
                reverse("attachment_remove", args=[Attachment.objects.get().pk]), key()
            ).status_code
            == 302
        )
    assert names(bucket) == []


def test_a_file_that_the_bucket_lost_is_not_there(cast, bucket, sign_in, key):
    plan = make_plan(cast.body)
    staff = sign_in(cast.staff)
    staff.post(
        reverse("attachment_add"),
        key() | {"parent": f"plan-{plan.pk}", "files": SimpleUploadedFile("a.pdf", PDF)},
    )
    row = Attachment.objects.get()
    bucket.Object(row.file.name).delete()
    assert staff.get(reverse("attachment", args=[row.pk])).status_code == 404
    assert default_storage.bucket_name == BUCKET
