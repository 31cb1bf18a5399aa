"""Files: which are taken, what is said of the others, and when one may be taken away."""

import hashlib
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from directives.base.refusals import IllegalMove, Invalid, NotAllowed
from directives.core import evidence
from directives.models import Attachment, Event
from tests.factories import (
    NOW,
    make_cycle,
    make_log,
    make_measure,
    make_obligation,
    make_plan,
    make_report,
)

PDF = b"%PDF-1.7\nx"


def package(*members: str) -> bytes:
    with BytesIO() as made:
        with ZipFile(made, "w") as archive:
            for member in members:
                archive.writestr(member, "x")
        return made.getvalue()


DOCX, XLSX, PPTX = (
    package("word/document.xml"),
    package("xl/workbook.xml"),
    package("ppt/presentation.xml"),
)
OFD, ZIP = package("OFD.xml"), package("办法.txt")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest"
PNG = b"\x89PNG\r\n\x1a\nrest"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def upload(name="办法.pdf", content=PDF):
    return SimpleUploadedFile(name, content)


def stored(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


GOOD = [
    ("a.pdf", PDF),
    ("a.docx", DOCX),
    ("a.xlsx", XLSX),
    ("a.pptx", PPTX),
    ("a.ofd", OFD),
    ("a.zip", ZIP),
    ("a.doc", OLE),
    ("a.xls", OLE),
    ("a.ppt", OLE),
    ("a.wps", OLE),
    ("a.wps", ZIP),
    ("a.et", OLE),
    ("a.png", PNG),
    ("a.jpg", b"\xff\xd8\xff\xe0x"),
    ("A.JPEG", b"\xff\xd8\xff\xe1x"),
    ("a.txt", "进展".encode("gb18030")),
    ("a.csv", "\ufeff甲,乙".encode()),
    ("a.txt", "甲".encode("utf-16")),
]


@pytest.mark.parametrize(("name", "content"), GOOD)
def test_every_type_is_known_by_its_bytes(name, content):
    assert evidence.faults(upload(name, content)) == []


BAD = [
    ("a.pdf", b"MZ\x90\x00"),
    ("a.pdf", ZIP),
    ("a.docx", PDF),
    ("a.docx", OLE),
    ("a.png", b"GIF89a"),
    ("a.jpg", PNG),
    ("a.txt", b"MZ\x90"),
    ("a.csv", b"a\0b"),
    ("a.txt", PDF),
    ("a.zip", b"PK\x05\x06"),
    ("a.docx", XLSX),
    ("a.zip", b"PK\x03\x04rest"),
    ("a.xlsx", b"PK\x03\x04rest"),
]


@pytest.mark.parametrize(("name", "content"), BAD)
def test_a_file_that_is_not_what_its_name_says_is_refused(name, content):
    found = evidence.faults(upload(name, content))
    assert len(found) == 1
    assert f"“{name}”" in found[0]


@pytest.mark.parametrize(
    "name", ["a.exe", "a.html", "a.svg", "a.pdf.exe", "a", ".pdf", "a.docm", "a\u202efdp.exe"]
)
def test_a_forbidden_type_is_refused(name):
    assert len(evidence.faults(upload(name, PDF))) == 1


def test_an_empty_file_is_refused_for_that_alone():
    assert len(evidence.faults(upload("a.exe", b""))) == 1


def test_every_fault_of_a_file_is_told_with_the_limit(settings):
    settings.UPLOAD_LIMIT = 1024**2
    found = evidence.faults(upload("a.exe", b"x" * (1024**2 + 1)))
    assert len(found) == 2
    assert "1.0 MB" in found[0] and "1 MB" in found[0]
    assert "pdf、docx" in found[1]
    assert evidence.faults(upload("a.pdf", PDF.ljust(1024**2, b"x"))) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/办法.pdf", "办法.pdf"),
        (r"C:\资料\办法.pdf", "办法.pdf"),
        ("办\u202e法\u200b.pdf", "办法.pdf"),
        ("a\r\nb.pdf", "ab.pdf"),
        ('甲<乙>"丙.pdf', "甲_乙_丙.pdf"),
        ("  .办法 .pdf ", "办法.pdf"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_names_are_made_safe(given, kept):
    assert evidence.clean_name(given) == kept


def test_a_file_is_kept_with_its_hash_under_a_name_of_ours(cast, media):
    plan = make_plan(cast.body)
    kept = evidence.attach(plan, upload("../征求意见稿.pdf"), by=cast.staff, now=NOW)
    row = Attachment.objects.get()
    assert (row.pk, row.name, row.size, row.sha256) == (
        kept.pk,
        "征求意见稿.pdf",
        len(PDF),
        hashlib.sha256(PDF).hexdigest(),
    )
    (path,) = stored(media)
    assert path.read_bytes() == PDF
    assert "征求" not in path.name and path.suffix == ".pdf"
    event = Event.objects.get()
    assert (event.action, event.by, event.subject_type, event.organisation) == (
        "attach",
        cast.staff,
        "plan",
        cast.body,
    )
    assert event.after == {"file": "征求意见稿.pdf", "size": len(PDF), "sha256": row.sha256}


def test_a_refused_file_leaves_nothing(cast, media):
    with pytest.raises(Invalid) as refused:
        evidence.attach(make_plan(cast.body), upload("a.exe"), by=cast.staff, now=NOW)
    assert list(refused.value.errors) == ["files"]
    assert (Attachment.objects.count(), Event.objects.count(), stored(media)) == (0, 0, [])


@pytest.mark.parametrize("name", ["supervisor", "viewer", "admin", "outsider", "stranger", "below"])
def test_only_the_body_itself_adds_and_removes(cast, name):
    plan = make_plan(cast.body)
    kept = evidence.attach(plan, upload(), by=cast.manager, now=NOW)
    with pytest.raises(NotAllowed):
        evidence.attach(plan, upload(), by=getattr(cast, name), now=NOW)
    with pytest.raises(NotAllowed):
        evidence.remove(kept, by=getattr(cast, name), now=NOW)
    assert Attachment.objects.count() == 1


def test_what_was_handed_in_keeps_its_files(cast):
    obligation = make_obligation(organisation=cast.body)
    entry = make_report(cast.body, make_cycle(obligation.document), obligation).entries.get()
    for parent in (make_plan(cast.body, obligation.document), entry):
        kept = evidence.attach(parent, upload(), by=cast.staff, now=NOW)
        type(parent).objects.filter(pk=parent.pk).update(state="submitted")
        parent.refresh_from_db()
        kept.refresh_from_db()
        with pytest.raises(IllegalMove):
            evidence.attach(parent, upload(), by=cast.staff, now=NOW)
        with pytest.raises(IllegalMove):
            evidence.remove(kept, by=cast.staff, now=NOW)
    assert Attachment.objects.count() == 2


def test_an_entry_of_the_log_takes_files_at_any_time_and_gives_them_up_until_it_was_reported(cast):
    row = make_obligation(organisation=cast.body)
    entry = make_log(
        make_measure(make_plan(cast.body, row.document, state="submitted"), row), cast.staff
    )
    first, second = (
        evidence.attach(entry, upload(), by=by, now=NOW) for by in (cast.staff, cast.manager)
    )
    with pytest.raises(NotAllowed):
        evidence.remove(first, by=cast.manager, now=NOW)  # who did not write it
    later = NOW + timedelta(days=1)
    evidence.remove(first, by=cast.staff, now=later)
    report = make_report(cast.body, make_cycle(row.document), row)
    entry.uses.create(entry=report.entries.get(), at=NOW)
    report.entries.update(state="submitted", submitted_at=NOW)
    with pytest.raises(IllegalMove):
        evidence.remove(second, by=cast.staff, now=later)
    evidence.attach(entry, upload(), by=cast.staff, now=later)
    assert Attachment.objects.count() == 2


def test_removing_deletes_the_bytes_unless_they_were_handed_in(
    cast, media, django_capture_on_commit_callbacks
):
    plan = make_plan(cast.body)
    for handed_in in (False, True):
        kept = evidence.attach(plan, upload(), by=cast.staff, now=NOW)
        if handed_in:
            plan.submissions.create(
                organisation=cast.body,
                document=plan.document,
                number=1,
                content={},
                submitted_at=NOW,
                submitted_by=cast.manager,
            )
        with django_capture_on_commit_callbacks(execute=True):
            evidence.remove(kept, by=cast.manager, now=NOW)
        assert Attachment.objects.count() == 0
        assert len(stored(media)) == handed_in
    assert (
        list(Event.objects.order_by("id").values_list("action", flat=True))
        == ["attach", "remove_file"] * 2
    )
