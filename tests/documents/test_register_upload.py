"""A new document: read, previewed, and stored only when a supervisor says so."""

import base64
import re
import zlib
from datetime import date
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from directives.base.script import to_hant
from directives.documents.commands import correcting
from directives.documents.forms import packed
from directives.models import Document, Event, Repair

TEXT = (
    "关于做好某项工作的意见\n一、健全制度\n各单位要建立请示报告制度。要定期开会。\n二、加强领导\n"
    "党委要加强领导。\n责任编辑：某某\n"
)


TITLE = "关于做好某项工作的意见"


def upload(client, source, name="意见.txt"):
    return client.post(
        "/documents/new/", {"file": SimpleUploadedFile(name, source, content_type="text/plain")}
    )


def filled(preview, **changed):
    """What the form of a preview sends, unless a person changed it."""
    shown = {**preview.context["form"].initial, **preview.context["frame"].initial, **changed}
    return {name: value for name, value in shown.items() if value not in (None, "")}


def test_a_file_is_previewed_and_stored_only_when_confirmed(cast, sign_in, key):
    client = sign_in(cast.supervisor)
    preview = upload(client, TEXT.encode("gb18030"))
    assert preview.status_code == 200
    assert [(s.number, s.directives) for s in preview.context["preview"].sections] == [
        ("一", 2),
        ("二", 1),
    ]
    assert Document.objects.count() == 0
    form = filled(preview) | key()
    done = client.post("/documents/register/", form)
    stored = Document.objects.get()
    assert (done.status_code, done.headers["Location"]) == (302, f"/documents/{stored.pk}/desk/")
    assert (bytes(stored.source), stored.source_name, stored.registered_by) == (
        TEXT.encode("gb18030"),
        "意见.txt",
        cast.supervisor,
    )
    assert client.post("/documents/register/", form).status_code == 302
    assert Document.objects.count() == 1
    assert Event.objects.filter(action="register").count() == 1


def test_the_preview_names_sections_as_the_document_page_does(cast, sign_in):
    preview = upload(sign_in(cast.supervisor), NOTICE.read_bytes(), NOTICE.name).content.decode()
    names = re.findall(r'<h4 class="reading-section">(.+?)</h4>', preview)
    assert names[:3] == ["开头", "无标题正文", "（一）指导思想"]
    assert names[-1] == "无标题正文"


@pytest.mark.parametrize(
    ("text", "says", "doubtful"),
    [(TEXT, "请核对解析出的任务", 0), (TEXT.replace("制度。要", "制度?要"), "存疑之处", 1)],
)
def test_doubtful_places_are_spoken_of_only_where_there_are_some(
    cast, sign_in, key, text, says, doubtful
):
    client = sign_in(cast.supervisor)
    sent = filled(upload(client, text.encode())) | key()
    page = client.post("/documents/register/", sent, follow=True)
    assert page.redirect_chain == [(f"/documents/{Document.objects.get().pk}/desk/", 302)]
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
        "title": TITLE,
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


# the title, number and so on

NOTICE = Path(__file__).parent / "readings" / "city_twelve_tasks.docx"


def test_the_preview_shows_the_frame_with_the_lines_it_was_read_from(cast, sign_in):
    shown = upload(sign_in(cast.supervisor), NOTICE.read_bytes(), NOTICE.name)
    frame = shown.context["frame"]
    assert frame.initial == {
        "title": "岚山湾市人民政府办公室关于印发岚山湾市推进老年友好型城市建设实施方案的通知",
        "number": "岚政办发〔2031〕23号",
        "issuer": "岚山湾市人民政府办公室",
        "issued_on": date(2031, 3, 18),
        "recipients": "各区人民政府\n市政府各部门、各直属机构",
        "annexes": "适老化改造重点项目表",
    }
    said = {name: str(field.help_text) for name, field in frame.fields.items()}
    assert "第 2 行</span>岚政办发〔2031〕23号" in said["number"]
    assert "2031年3月18日" in said["issued_on"]
    assert "第 1 行" in said["issuer"]  # it stands in the title
    page = shown.content.decode()
    assert "岚山湾市推进老年友好型城市建设实施方案" in page.partition("_reading")[0]
    counts = shown.context["preview"].counts
    assert (counts.directives, counts.with_body, counts.with_day) == (
        counts.sentences - counts.statements,
        counts.with_body,
        counts.with_day,
    )
    assert min(counts.with_body, counts.with_role, counts.with_day) >= 12
    assert [part.label for part in shown.context["preview"].parts] == ["方案", "附"]


def test_what_a_person_corrects_in_the_preview_is_stored_and_both_are_recorded(cast, sign_in, key):
    client = sign_in(cast.supervisor)
    preview = upload(client, NOTICE.read_bytes(), NOTICE.name)
    changed = {
        "number": "岚政办发〔2031〕32号",
        "issued_on": "2031-03-19",
        "recipients": "各区人民政府\n\n 各街道办事處 ",
    }
    assert (
        client.post("/documents/register/", filled(preview, **changed) | key()).status_code == 302
    )
    stored = Document.objects.get()
    assert (stored.number, stored.issued_on, stored.recipients, stored.annexes) == (
        "岚政办发〔2031〕32号",
        date(2031, 3, 19),
        "各区人民政府\n各街道办事处",  # in the script of the document
        "适老化改造重点项目表",
    )
    event = Event.objects.get(action="register")
    assert event.before == {
        "number": "岚政办发〔2031〕23号",
        "issued_on": "2031-03-18",
        "recipients": "各区人民政府\n市政府各部门、各直属机构",
    }
    assert event.after["number"] == "岚政办发〔2031〕32号"
    assert event.after["issued_on"] == "2031-03-19"


@pytest.mark.parametrize(
    ("field", "value"), [("title", " "), ("title", "长" * 201), ("issued_on", "2031-02-30")]
)
def test_a_faulty_field_keeps_the_rest_and_stores_nothing(cast, sign_in, key, field, value):
    client = sign_in(cast.supervisor)
    preview = upload(client, TEXT.encode())
    sent = filled(preview, issuer="某办公室", **{field: value}) | key()
    again = client.post("/documents/register/", sent)
    assert (again.status_code, list(again.context["frame"].errors)) == (422, [field])
    assert 'value="某办公室"' in again.content.decode()
    assert Document.objects.count() == 0


# pasted text


def test_pasted_text_is_registered_like_a_file(cast, sign_in, key):
    client = sign_in(cast.supervisor)
    preview = client.post("/documents/new/", {"text": TEXT})
    assert preview.status_code == 200
    assert client.post("/documents/register/", filled(preview) | key()).status_code == 302
    stored = Document.objects.get()
    assert (stored.title, stored.source_name, stored.encoding) == (TITLE, "粘贴的正文.txt", "utf-8")
    assert bytes(stored.source).decode().split() == TEXT.split()


def test_pasted_html_is_read_with_its_numbering(cast, sign_in, key):
    html = (
        "Version:0.9\r\nStartHTML:00000097\r\n<html><body><!--StartFragment-->"
        "<h1>关于做好某项工作的意见</h1><p>一、健全制度</p><ol><li>各单位要建立制度。</li>"
        "<li>各单位要定期开会。</li></ol></body></html>"
    )
    client = sign_in(cast.supervisor)
    preview = client.post("/documents/new/", {"text": "关于做好某项工作的意见 …", "html": html})
    reading = preview.context["preview"].reading
    assert [row.text for row in reading.sentences] == [
        "1. 各单位要建立制度。",
        "2. 各单位要定期开会。",
    ]
    client.post("/documents/register/", filled(preview) | key())
    stored = Document.objects.get()
    assert stored.source_name == "粘贴的正文.html"
    assert bytes(stored.source).startswith(b"<html>")


def test_a_file_or_text_is_needed_and_not_both(cast, sign_in):
    client = sign_in(cast.supervisor)
    neither = client.post("/documents/new/", {"text": " "})
    assert (neither.status_code, list(neither.context["form"].errors)) == (422, ["file"])
    file = SimpleUploadedFile("a.txt", TEXT.encode())
    both = client.post("/documents/new/", {"file": file, "text": TEXT})
    assert (both.status_code, list(both.context["form"].errors)) == (422, ["file"])
    assert TITLE in both.content.decode()  # what was pasted stays in its box


def test_pasted_text_that_cannot_be_read_stays_in_its_box(cast, sign_in):
    answer = sign_in(cast.supervisor).post("/documents/new/", {"text": "没有部分。"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["text"])
    assert "没有部分。</textarea>" in answer.content.decode()


# encodings


def test_another_encoding_can_be_chosen_and_is_kept(cast, sign_in, key, monkeypatch):
    client = sign_in(cast.supervisor)
    text = to_hant(TEXT.replace("制度。要", "制度?要") * 3)
    sent = {"source": packed(text.encode("big5")), "source_name": "意见.txt"}
    wrong = client.post("/documents/new/", sent | {"encoding": "gb18030"})
    [other] = wrong.context["alternatives"]
    assert (other.encoding, other.preview[:4]) == ("big5hkscs", "關於做好")
    chosen = client.post("/documents/new/", sent | {"encoding": other.encoding})
    assert chosen.context["preview"].reading.text_read == text
    assert client.post("/documents/register/", filled(chosen) | key()).status_code == 302
    stored = Document.objects.get()
    assert stored.encoding == "big5hkscs"
    asked = []
    read = correcting.read
    monkeypatch.setattr(
        correcting,
        "read",
        lambda *args, **more: asked.append(more["encoding"]) or read(*args, **more),
    )
    place = Repair.objects.filter(state="proposed").first()
    decided = {"decision": "confirm", "reads": "。", "who": "甲", "why": "原件", "version": 1}
    client.post(f"/documents/{stored.pk}/repairs/{place.pk}/decide/", decided | key())
    assert set(asked) == {"big5hkscs"}


def test_an_encoding_that_does_not_fit_is_refused_in_words(cast, sign_in):
    client = sign_in(cast.supervisor)
    sent = upload(client, TEXT.encode("gb18030")).context["form"].initial
    form = {"source": sent["source"], "source_name": "意见.txt"}
    wrong = client.post("/documents/new/", form | {"encoding": "big5hkscs"})
    assert (wrong.status_code, "编码" in wrong.content.decode()) == (422, True)
    for encoding in ("rot13", "x" * 40):
        assert client.post("/documents/new/", form | {"encoding": encoding}).status_code == 422


# the same text in another file


def test_the_same_text_in_another_file_is_recognised(cast, sign_in, key):
    client = sign_in(cast.supervisor)
    client.post("/documents/register/", filled(upload(client, TEXT.encode())) | key())
    first = Document.objects.get()
    html = "".join(f"<p>{line}</p>" for line in TEXT.splitlines()).encode()
    again = upload(client, html, "网页.html")
    assert (again.status_code, again.context["same"]) == (200, first)
    assert f'href="/documents/{first.pk}/"' in again.content.decode()
    refused = client.post("/documents/register/", filled(again) | key())
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["again"])
    insisted = client.post("/documents/register/", filled(again, again="on") | key())
    assert (insisted.status_code, Document.objects.count()) == (302, 2)


def test_a_text_that_was_read_in_the_wrong_encoding_is_offered_in_others(cast, sign_in):
    """The evidence, or a person, was wrong, and nothing in the text looks like a document."""
    client = sign_in(cast.supervisor)
    text = to_hant(TEXT).encode("big5")
    sent = {"source": packed(text), "source_name": "意见.txt", "encoding": "utf-16-le"}
    refused = client.post("/documents/new/", sent)
    assert refused.status_code == 422
    assert [other.encoding for other in refused.context["alternatives"]] == ["big5hkscs"]
    page = refused.content.decode()
    assert "關於做好某項工作的意見" in page
    assert f'name="source" value="{packed(text)}"' in page


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5"])
def test_a_broken_byte_is_told_by_line_and_byte_and_is_a_doubtful_place(
    cast, sign_in, key, encoding
):
    client = sign_in(cast.supervisor)
    text = (to_hant(TEXT) if encoding == "big5" else TEXT) * 3
    source = bytearray(text.encode(encoding))
    at = source.index(b"\n", 60) + 1  # the first byte of a line
    source[at] = 0xFF
    preview = upload(client, bytes(source))
    assert preview.status_code == 200
    line = bytes(source[:at]).count(b"\n") + 1
    assert f"第{line}行，第{at}字节。" in preview.content.decode()
    assert [doubt.repair.line for doubt in preview.context["preview"].doubts][0] == line
    client.post("/documents/register/", filled(preview) | key())
    assert Repair.objects.filter(state="proposed", kind="unreadable").exists()


def test_a_text_of_many_broken_bytes_is_refused(cast, sign_in):
    source = bytearray((TEXT * 20).encode())
    source[10:-10:20] = b"\xff" * len(source[10:-10:20])
    refused = upload(sign_in(cast.supervisor), bytes(source))
    assert (refused.status_code, "编码" in refused.content.decode()) == (422, True)


def test_a_file_that_is_registered_already_is_refused_with_a_link_to_it(cast, sign_in, key):
    client = sign_in(cast.supervisor)
    client.post("/documents/register/", filled(upload(client, TEXT.encode())) | key())
    refused = upload(client, TEXT.encode())
    stored = Document.objects.get()
    assert (refused.status_code, refused.context["registered"]) == (422, stored)
    assert f'href="/documents/{stored.pk}/">《{TITLE}》' in refused.content.decode()


# numbers


def test_numbers_that_are_skipped_or_repeated_are_kept_and_told(cast, sign_in):
    text = (
        "关于做好某项工作的意见\n一、健全制度\n各单位要开会。\n三、加强领导\n党委要加强领导。\n"
        "三、加强保障\n各单位要安排经费。\n四、加强督查\n各单位要开展督查。\n"
    )
    preview = upload(sign_in(cast.supervisor), text.encode())
    faults = preview.context["preview"].numbers
    assert [(one.before, one.number, one.repeated) for one in faults] == [
        ("一", "三", False),
        ("三", "三", True),
    ]
    page = preview.content.decode()
    assert ("一 之后是 三。" in page, "三 出现两次。" in page) == (True, True)
