"""Files beside rows: whole or not at all, and gone with the transaction that was to keep them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from directives.base.stored_files import WholeFileStorage, deleted_on_failure, note_stored
from directives.core import evidence
from directives.models import Attachment
from tests.factories import NOW, make_body, make_member, make_plan


@pytest.fixture
def shelf(tmp_path: Path, settings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "files"
    return tmp_path


class Failure(Exception):
    """What goes wrong in these tests."""


class HalfFile(File):
    """A file that ends in the middle of being read, as when a disk ends while it is written."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield b"half"
        raise OSError(28, "No space left on device")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def attach(plan, by) -> Attachment:
    return evidence.attach(plan, SimpleUploadedFile("a.txt", b"x"), by=by, now=NOW)


def fail() -> None:
    raise Failure


@pytest.fixture
def desk(transactional_db, shelf):
    body = make_body("Q01")
    return make_plan(body), make_member(body, "staff")


def test_a_file_that_finds_no_room_leaves_nothing(shelf):
    storage = WholeFileStorage(location=shelf / "disk")
    with pytest.raises(OSError, match="No space left"):
        storage.save("evidence/a.txt", HalfFile(None, name="a.txt"))
    assert files(shelf) == []
    assert storage.save("evidence/a.txt", ContentFile(b"whole")) == "evidence/a.txt"
    assert storage.save("evidence/a.txt", ContentFile(b"another")) != "evidence/a.txt"
    assert (shelf / "disk/evidence/a.txt").read_bytes() == b"whole"


def test_a_file_goes_with_its_transaction(desk, shelf):
    plan, by = desk
    with pytest.raises(Failure), deleted_on_failure(), transaction.atomic():
        attach(plan, by)
        assert len(files(shelf)) == 1
        raise Failure
    assert (files(shelf), Attachment.objects.count()) == ([], 0)


def test_what_fails_after_the_commit_takes_no_file_from_its_row(desk, shelf):
    plan, by = desk
    with pytest.raises(Failure), deleted_on_failure(), transaction.atomic():
        attach(plan, by)
        transaction.on_commit(fail)
    assert Path(Attachment.objects.get().file.path).read_bytes() == b"x"


def test_a_file_without_a_transaction_goes_with_the_failure(shelf, settings):
    with pytest.raises(Failure), deleted_on_failure():
        note_stored(
            default_storage, default_storage.save("django-import-export/1", ContentFile(b"x"))
        )
        raise Failure
    assert files(shelf) == []
    with deleted_on_failure():
        note_stored(
            default_storage, default_storage.save("django-import-export/1", ContentFile(b"x"))
        )
    assert files(shelf) == ["1"]


def test_a_form_that_is_refused_leaves_no_file(cast, shelf, sign_in, key):
    """Two files, the second of which is no good, and a plan that they may not write any more."""
    plan = make_plan(cast.body)
    good, bad = SimpleUploadedFile("a.txt", b"x"), SimpleUploadedFile("b.exe", b"MZ")
    form = {"parent": f"plan-{plan.pk}", "files": [good, bad], **key()}
    assert sign_in(cast.staff).post("/files/add/", form).status_code == 422
    assert (files(shelf), Attachment.objects.count()) == ([], 0)
