"""A stored document: its frame corrected, read anew or withdrawn, its parts on its page."""

import re
from datetime import date

import pytest

from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.documents.commands import registering
from directives.documents.commands.correcting import reread
from directives.documents.commands.frames import correct_frame, frame_stored
from directives.documents.commands.withdrawing import read_anew, withdraw_document
from directives.documents.ingest.reading import read
from directives.models import Directive, Document, DocumentPart, Event
from tests.factories import NOW, make_directive, make_document, make_obligation, make_section

TEXT = """江北市人民政府关于加强养老服务的意见
江政发〔2025〕3号
各区县人民政府：
一、健全制度
（一）建立老年人探访制度。市民政局要在2025年底前建立探访制度。
（二）建立补贴制度。各区县要建立补贴制度。
江北市人民政府
2025年3月5日
"""


@pytest.fixture
def document(cast):
    source = TEXT.encode()
    return registering.register_document(
        reading=read(source, name="意见.txt"),
        source=source,
        source_name="意见.txt",
        by=cast.supervisor,
        now=NOW,
    )


# the frame


def frame_form(document, **more):
    frame = frame_stored(document)
    values = frame.values | {"issued_on": frame.issued_on or ""}
    return values | {"version": document.version} | more


def test_the_frame_is_shown_with_its_lines_and_corrected(cast, document, sign_in, key):
    client, url = sign_in(cast.supervisor), f"/documents/{document.pk}/"
    rows = {str(row.label): row for row in client.get(url).context["frame"]}
    assert [row.lines for row in rows.values()][1] == ((2, "江政发〔2025〕3号"),)
    form = frame_form(document, number="江政发〔2025〕13号", issued_on="2025-03-06") | key()
    for _ in range(2):
        assert client.post(f"{url}correct/save/", form).headers["Location"] == url
    stored = Document.objects.get(pk=document.pk)
    assert (stored.number, stored.issued_on, stored.version) == (
        "江政发〔2025〕13号",
        date(2025, 3, 6),
        2,
    )
    event = Event.objects.get(action="correct_frame")
    assert event.before == {"number": "江政发〔2025〕3号", "issued_on": "2025-03-05"}
    assert event.after == {"number": "江政发〔2025〕13号", "issued_on": "2025-03-06"}


def test_a_frame_is_corrected_by_owners_and_once(cast, document):
    frame = frame_stored(document)
    with pytest.raises(NotAllowed):
        correct_frame(document=document, frame=frame, version=1, by=cast.staff, now=NOW)
    with pytest.raises(Stale):
        correct_frame(document=document, frame=frame, version=9, by=cast.supervisor, now=NOW)
    correct_frame(document=document, frame=frame, version=1, by=cast.supervisor, now=NOW)
    assert not Event.objects.filter(action="correct_frame").exists()


def test_an_empty_title_is_refused_and_the_words_stay(cast, document, sign_in, key):
    url = f"/documents/{document.pk}/correct/save/"
    answer = sign_in(cast.supervisor).post(url, frame_form(document, title="", number="甲") | key())
    assert (answer.status_code, answer.context["form"]["number"].value()) == (422, "甲")


# read anew, withdrawn


def test_reading_anew_replaces_the_directives(cast, document, sign_in, key):
    codes = list(document.directives.values_list("code", flat=True))
    spoilt = document.directives.first()
    Directive.objects.filter(pk=spoilt.pk).update(text="误", version=2)
    client, url = sign_in(cast.supervisor), f"/documents/{document.pk}/again/"
    page = client.get(url)
    assert page.context["lost"] == 1
    form = {"lost": 1, "version": document.version} | key()
    assert client.post(f"{url}read/", form).headers["Location"] == f"/documents/{document.pk}/"
    stored = Document.objects.get(pk=document.pk)
    assert list(stored.directives.values_list("code", flat=True)) == codes
    assert not stored.directives.filter(text="误").exists()
    assert (stored.number, stored.version) == ("江政发〔2025〕3号", 2)
    event = Event.objects.get(action="read_anew")
    assert (event.before, event.after) == (
        {"directives": len(codes), "corrected": 1},
        {"directives": len(codes), "corrected": 0},
    )


def test_corrections_made_meanwhile_are_not_lost(cast, document):
    Directive.objects.filter(pk=document.directives.first().pk).update(version=2)
    with pytest.raises(Stale):
        read_anew(document=document, lost=0, version=1, by=cast.supervisor, now=NOW)


def test_a_document_in_use_is_neither_read_anew_nor_withdrawn(cast, document, sign_in):
    make_obligation(document.directives.filter(statement=False).first(), cast.body)
    with pytest.raises(Invalid):
        read_anew(document=document, lost=0, version=1, by=cast.supervisor, now=NOW)
    with pytest.raises(Invalid):
        withdraw_document(document=document, reason="重复", version=1, by=cast.supervisor, now=NOW)
    page = sign_in(cast.supervisor).get(f"/documents/{document.pk}/again/")
    assert "责任事项" in page.content.decode()
    assert Document.objects.filter(pk=document.pk).exists()


def test_a_document_is_withdrawn_with_a_reason(cast, document, sign_in, key):
    client, url = sign_in(cast.supervisor), f"/documents/{document.pk}/again/withdraw/"
    assert client.post(url, {"version": 1, "reason": " "} | key()).status_code == 422
    form = {"version": 1, "reason": "重复登记"} | key()
    assert client.post(url, form).headers["Location"] == "/documents/"
    assert not Document.objects.filter(pk=document.pk).exists()
    event = Event.objects.get(action="delete", subject_id=document.pk)
    assert (event.reason, event.before["title"]) == ("重复登记", document.title)


@pytest.mark.parametrize("by", ["staff", "viewer", "outsider"])
def test_only_owners_withdraw(cast, document, by):
    with pytest.raises(NotAllowed):
        withdraw_document(
            document=document, reason="重复", version=1, by=getattr(cast, by), now=NOW
        )


# a decision on a doubtful place


@pytest.mark.parametrize("touched", [False, True])
def test_deadline_and_roles_follow_the_text_where_nobody_touched_them(cast, document, touched):
    row = document.directives.get(due_on=date(2025, 12, 31))
    fields = {"text": "旧。", "due_on": None, "due_words": "", "places": []}
    Directive.objects.filter(pk=row.pk).update(**fields, version=2 if touched else 1)
    row.addressees.update(role="supporting")
    assert reread(document=document, by=cast.supervisor, now=NOW) == 1
    stored = Directive.objects.get(pk=row.pk)
    assert (stored.text, stored.due_on is None) == (row.text, touched)
    assert (stored.addressees.get().role == "supporting") == touched
    event = Event.objects.get(action="reword")
    assert (event.before["text"], "due_on" in event.after) == ("旧。", not touched)


# parts on the page


def test_parts_stand_under_their_titles_and_name_their_own_opening(cast, sign_in):
    document = make_document()
    first = make_section(document, number="", order=0)
    part = DocumentPart.objects.create(
        document=document, order=0, label="附1", title="方案", title_hans="方案", title_hant="方案"
    )
    opening = make_section(document, number="", order=1, part=part)
    bare = make_section(document, number="一", order=2, part=part)
    closing = make_section(document, number="", order=3)
    for number, section in enumerate((first, opening, bare, closing), 1):
        section.title = section.title_hans = section.title_hant = ""
        section.save()
        make_directive(section, code=f"附1·{number}", order=number)
    Directive.objects.filter(code="附1·3").update(due_words="每季度末", due_every="quarter")
    html = sign_in(cast.supervisor).get(f"/documents/{document.pk}/").content.decode()
    assert html.count("附1 方案") == 1
    assert "开头或结尾" not in html
    assert "附1 · 无标题正文" in html
    assert "每季度" in html
    desk = sign_in(cast.supervisor).get(f"/documents/{document.pk}/desk/?show=all")
    names = ["开头", "附1 · 无标题正文", "附1 · 一", "结尾"]
    assert (
        re.findall(r'<option value="\d+">\s*(.+?)\s*</option>', desk.content.decode())[:4] == names
    )
    html = sign_in(cast.supervisor).get(f"/documents/{document.pk}/?section={bare.pk}")
    assert html.context["view"].matching == 1


def test_headings_and_left_out_rows_stand_apart_with_the_reason(cast, sign_in):
    section = make_section(make_document(), number="一")
    for number, more in enumerate(({}, {"heading": True}, {"dropped": True}), 1):
        statement = {"statement": True, "kind": "statement", "modality": ""} if more else {}
        make_directive(section, code=f"一.1.{number}", order=number, **statement, **more)
    page = sign_in(cast.supervisor).get(f"/documents/{section.document_id}/")
    view = page.context["view"]
    assert [row.code for row in view.set_aside] == ["一.1.2", "一.1.3"]
    assert [row.directive.code for row in view.sections[0].directives] == ["一.1.1"]
    assert "人工不计入" in page.content.decode()
