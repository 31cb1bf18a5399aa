"""A new document: read, previewed, and stored only when a supervisor says so."""

import base64
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from directives.models import Document, Event, Repair

TEXT = (
    "关于做好某项工作的意见\n一、健全制度\n各单位要建立请示报告制度。要定期开会。\n二、加强领导\n"
    "党委要加强领导。\n责任编辑：某某\n"
)


def upload(client, source, name="意见.txt"):
    return client.post(
        "/documents/new/", {"file": SimpleUploadedFile(name, source, content_type="text/plain")}
    )


def test_a_file_is_previewed_and_stored_only_when_confirmed(cast, sign_in, key):
    client = sign_in(cast.supervisor)
    preview = upload(client, TEXT.encode("gb18030"))
    assert preview.status_code == 200
    assert [(s.number, s.directives) for s in preview.context["preview"].sections] == [
        ("一", 2),
        ("二", 1),
    ]
    assert Document.objects.count() == 0
    form = {
        name: preview.context["form"].initial[name] for name in ("source", "source_name")
    } | key()
    done = client.post("/documents/register/", form)
    stored = Document.objects.get()
    assert (done.status_code, done.headers["Location"]) == (302, f"/documents/{stored.pk}/")
    assert (bytes(stored.source), stored.source_name, stored.registered_by) == (
        TEXT.encode("gb18030"),
        "意见.txt",
        cast.supervisor,
    )
    assert client.post("/documents/register/", form).status_code == 302
    assert Document.objects.count() == 1
    assert Event.objects.filter(action="register").count() == 1


@pytest.mark.parametrize(
    ("text", "says", "doubtful"),
    [(TEXT, "请核对解析出的任务", 0), (TEXT.replace("制度。要", "制度?要"), "存疑之处", 1)],
)
def test_doubtful_places_are_spoken_of_only_where_there_are_some(
    cast, sign_in, key, text, says, doubtful
):
    client = sign_in(cast.supervisor)
    initial = upload(client, text.encode()).context["form"].initial
    client.post(
        "/documents/register/", {"source": initial["source"], "source_name": "x.txt"} | key()
    )
    page = client.get(f"/documents/{Document.objects.get().pk}/")
    assert [
        ("存疑之处" in str(message), says in str(message)) for message in page.context["messages"]
    ] == [(bool(doubtful), True)]
    assert Repair.objects.filter(state="proposed").count() == doubtful


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"", "没有文字"),
        (b"%PDF-1.7 x", "不完整或已损坏"),
        (b"\x89PNG\r\n\x1a\n", "不是文本"),
        ("没有部分。\n".encode(), "部分"),
        (b"\xff\xfe\xfd" * 9, "编码"),
    ],
)
def test_a_bad_file_is_refused_with_the_reason(cast, sign_in, source, said):
    response = upload(sign_in(cast.supervisor), source)
    assert response.status_code == 422
    assert said in " ".join(response.context["form"].errors["file"])
    assert Document.objects.count() == 0


def test_a_document_that_is_stored_already_is_refused(cast, sign_in, key):
    client = sign_in(cast.supervisor)
    form = {
        "source": base64.b64encode(zlib.compress(TEXT.encode())).decode(),
        "source_name": "甲.txt",
    }
    assert client.post("/documents/register/", form | key()).status_code == 302
    assert upload(client, TEXT.encode()).status_code == 422
    assert client.post("/documents/register/", form | key()).status_code == 422
    assert Document.objects.count() == 1


def test_a_field_that_would_unpack_without_end_is_refused(cast, sign_in, key):
    bomb = base64.b64encode(zlib.compress(b"\0" * (21 * 1024 * 1024))).decode()
    for source in (bomb, "no base64!", base64.b64encode(b"no zlib").decode()):
        response = sign_in(cast.supervisor).post(
            "/documents/register/", {"source": source, "source_name": "甲.txt"} | key()
        )
        assert response.status_code == 422
    assert Document.objects.count() == 0


def test_only_a_supervisor_registers(cast, sign_in, key):
    form = {
        "source": base64.b64encode(zlib.compress(TEXT.encode())).decode(),
        "source_name": "甲.txt",
    }
    assert sign_in(cast.supervisor).get("/documents/register/").url == "/documents/new/"
    for name in ("staff", "manager", "viewer"):
        assert (
            sign_in(getattr(cast, name)).post("/documents/register/", form | key()).status_code
            == 403
        )
    assert Document.objects.count() == 0
