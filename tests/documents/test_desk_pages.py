"""The pages of the desk: what they show beside each other, and what their forms do."""

from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from directives.documents.commands.registering import register_document
from directives.documents.ingest.reading import read
from directives.models import DeskAct, Directive, Repair
from tests.factories import NOW, make_directive, make_obligation

CITY = Path(__file__).parent / "readings" / "city_twelve_tasks.docx"


@cache
def reading_of_the_city():
    return read(CITY.read_bytes(), name=CITY.name)


@pytest.fixture
def document(cast):
    source = CITY.read_bytes()
    return register_document(
        reading=reading_of_the_city(),
        source=source,
        source_name=CITY.name,
        by=cast.supervisor,
        now=NOW,
        organisation=cast.body,
    )


@pytest.fixture
def desk(document, cast, sign_in):
    return Desk(document, sign_in(cast.supervisor))


class Desk:
    def __init__(self, document, client):
        self.document, self.client = document, client
        self.url = f"/documents/{document.pk}/desk/"

    def row(self, code):
        return Directive.objects.get(document=self.document, code=code)

    def see(self, query="?show=all", **headers):
        answer = self.client.get(self.url + query, headers=headers)
        assert answer.status_code == 200
        return answer.content.decode()

    def shown(self, query="?show=all"):
        view = self.client.get(self.url + query).context["view"]
        return [row.code for row in view.page.rows]

    def send(self, address, **data):
        data = {"idempotency_key": uuid4(), "next": self.url, **data}
        return self.client.post(self.url + address, data)

    def act(self, act, *codes, **data):
        rows = [self.row(code) for code in codes]
        keys = [f"{row.pk}:{row.version}" for row in rows]
        return self.send("act/", act=act, row=keys, **data)

    def text(self, code, act, text):
        row = self.row(code)
        return self.send(f"{row.pk}/text/", act=act, text=text, version=row.version)


def test_every_row_links_to_its_source_and_its_source_to_it(desk):
    shown = desk.see()
    rows = list(desk.document.directives.all())
    assert len(rows) == 24
    for row in rows:
        assert f'id="d{row.pk}"' in shown
        assert f'href="#b{row.pk}"' in shown
        assert shown.count(f'id="b{row.pk}"') == 1
        assert f'href="#d{row.pk}"' in shown


def test_it_counts_what_is_read_and_shows_the_rest(desk):
    codes = desk.shown("?show=unread")
    desk.act("read", "方案·一.1.1", "方案·一.2.1")
    assert desk.shown("?show=unread") == [
        code for code in codes if code not in ("方案·一.1.1", "方案·一.2.1")
    ]
    assert desk.shown() == codes
    figures = desk.client.get(desk.url).context["view"].figures
    assert (figures.read, figures.total) == (2, 24)


def test_the_doubtful_come_first_and_say_why(desk, cast):
    view = desk.client.get(desk.url).context["view"]
    assert view.show == "doubtful"
    assert "方案·一.2.1" in [row.code for row in view.page.rows]
    assert "未明示承担者。" in desk.see("?show=doubtful")
    everything = desk.shown()
    desk.act("read", *everything)
    view = desk.client.get(desk.url).context["view"]
    assert (view.show, view.figures.unread) == ("all", 0)


def test_a_section_is_shown_alone(desk):
    section = desk.row("附·1.1").section_id
    assert desk.shown(f"?show=all&section={section}") == ["附·1.1", "附·2.1", "附·2.2", "附·3.1"]


def test_a_long_document_is_shown_a_hundred_rows_at_a_time(desk):
    section = desk.row("附·3.1").section
    last = desk.row("附·3.1").order
    for number in range(120):
        make_directive(section, code=f"附·9.{number}", order=last + 1 + number)
    first = desk.client.get(desk.url + "?show=all").context["view"].page
    assert len(first.rows) == 100
    second = desk.shown(f"?show=all&after={first.after}")
    assert len(second) == 44
    assert second[-1] == "附·9.119"


def test_it_costs_as_many_queries_for_many_rows_as_for_few(desk):
    section = desk.row("附·3.1").section
    desk.see()
    with CaptureQueriesContext(connection) as few:
        desk.see()
    for number in range(60):
        make_directive(section, code=f"附·9.{number}", order=1000 + number)
    with CaptureQueriesContext(connection) as many:
        desk.see()
    assert len(many) == len(few)
    assert len(few) < 45


def test_the_button_of_a_row_acts_on_it_alone(desk):
    row = desk.row("附·1.1")
    desk.send("act/", one=f"read {row.pk}:{row.version}", row=[f"{desk.row('附·2.1').pk}:1"])
    assert desk.row("附·1.1").checked_at
    assert not desk.row("附·2.1").checked_at


def test_several_rows_are_changed_at_once(desk):
    codes = ("附·1.1", "附·2.1")
    desk.act("body", *codes, name="市教育局", role="supporting")
    desk.act("deadline", *codes, on="2031-12-31")
    desk.act("kind", *codes, kind="pilot")
    for code in codes:
        row = desk.row(code)
        assert row.addressees.filter(name="市教育局", role="supporting").exists()
        assert (str(row.due_on), row.kind) == ("2031-12-31", "pilot")
    desk.act("heading", *codes)
    assert [desk.row(code).heading for code in codes] == [True, True]
    desk.act("drop", *codes)
    assert [desk.row(code).dropped for code in codes] == [True, True]
    desk.act("restore", *codes)
    assert [desk.row(code).dropped for code in codes] == [False, False]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"act": "read"}, "请至少选择一条。"),
        ({"act": "read", "row": "x:1"}, "表单已过期，请重新打开本页。"),
        ({"act": "kind", "row": "1:1"}, "请选择任务类型。"),
        ({"act": "read", "row": "999999:1"}, "已有人先行修改。"),
    ],
)
def test_why_an_act_is_refused_is_told_on_the_desk(desk, data, said):
    answer = desk.client.post(
        desk.url + "act/",
        {"idempotency_key": uuid4(), "next": desk.url, **data},
        follow=True,
    )
    assert said in " ".join(map(str, answer.context["messages"]))
    assert DeskAct.objects.count() == 0


def test_an_act_is_undone_from_the_page(desk):
    desk.act("drop", "附·1.1")
    assert "已剔除" in desk.see()
    number = DeskAct.objects.get().number
    desk.send("undo/", version=number)
    assert not desk.row("附·1.1").dropped
    assert desk.client.get(desk.url).context["view"].last_act is None


def test_a_misread_word_is_shown_beside_what_was_read(desk):
    before = desk.row("附·1.1").text
    desk.text("附·1.1", "words", before.replace("公园", "花园"))
    shown = desk.see()
    assert desk.row("附·1.1").text in "".join(shown.split()) or "花园" in shown
    assert f"<del>{before}</del>" in shown


def test_a_row_is_cut_and_one_is_added_where_its_words_are_in_the_source(desk):
    text = desk.row("方案·二.5.1").text
    desk.text("方案·二.5.1", "split", text.replace("，建设", "，\n建设", 1))
    assert desk.row("方案·二.5.1a").text.startswith("建设护理型床位3000张。")
    desk.text("方案·二.5.1", "add", "适老化改造重点项目表")
    added = desk.row("方案·二.5.1b")
    read_text = desk.document.text_read[added.source_start : added.source_end]
    assert read_text == "适老化改造重点项目表"
    assert desk.shown().index("方案·二.5.1b") == desk.shown().index("方案·二.5.1") + 1


def test_what_was_typed_is_kept_where_it_is_refused(desk):
    row = desk.row("附·1.1")
    answer = desk.client.post(
        f"{desk.url}{row.pk}/text/",
        {"idempotency_key": uuid4(), "act": "split", "text": "别的\n话", "version": row.version},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 422
    assert answer["HX-Retarget"] == f"#e{row.pk}"
    assert "别的\n话" in answer.content.decode()
    assert desk.row("附·1.1").version == row.version


def test_the_reading_of_a_row_is_corrected_in_place_and_undone(desk):
    row = desk.row("附·1.1")
    form = {
        "kind": "pilot",
        "modality": "要",
        "cadence": "once",
        "reason": "核对原件",
        "version": row.version,
        "who-TOTAL_FORMS": 1,
        "who-INITIAL_FORMS": 0,
        "who-0-name": "市教育局",
        "who-0-basis": "named",
        "who-0-source": "",
    }
    answer = desk.send(f"{row.pk}/save/", **form)
    assert answer["Location"].endswith(f"#d{row.pk}")
    assert desk.row("附·1.1").kind == "pilot"
    assert list(desk.row("附·1.1").addressees.values_list("name", flat=True)) == ["市教育局"]
    desk.send("undo/", version=DeskAct.objects.get().number)
    assert desk.row("附·1.1").addressees.count() == 2


def test_an_assigned_row_offers_no_change_of_its_words(desk, cast):
    row = desk.row("附·1.1")
    assert 'value="split"' in desk.client.get(f"{desk.url}{row.pk}/").content.decode()
    make_obligation(row, cast.body)
    assert 'value="split"' not in desk.client.get(f"{desk.url}{row.pk}/").content.decode()


def test_a_damaged_place_is_decided_from_its_row(desk):
    row = desk.row("附·1.1")
    text = desk.document.text_read
    line = text.count("\n", 0, row.source_start) + 1
    start = row.source_start - (text.rfind("\n", 0, row.source_start) + 1)
    Repair.objects.create(
        document=desk.document,
        order=0,
        kind="unreadable",
        line=line,
        start=start,
        before=text[row.source_start],
        after="某",
        state="proposed",
    )
    assert "/decide/" in desk.client.get(f"{desk.url}{row.pk}/").content.decode()
    other = desk.row("附·2.1")
    assert "/decide/" not in desk.client.get(f"{desk.url}{other.pk}/").content.decode()


def test_an_act_answers_htmx_with_the_desk_alone(desk):
    shown = desk.see(**{"HX-Request": "true"})
    assert "<html" not in shown
    assert 'id="desk"' in shown


def test_the_clean_view_has_the_words_without_marks_for_every_reader(desk, cast, sign_in):
    desk.act("drop", "附·1.1")
    make_obligation(desk.row("附·2.1"), cast.body)
    client = sign_in(cast.staff)
    shown = client.get(f"/documents/{desk.document.pk}/text/").content.decode()
    assert "新建社区老年食堂80家；" in shown
    assert "改造公园无障碍设施12处" not in shown
    assert "<del>" not in shown
    assert client.get(desk.url).status_code == 403


def test_the_document_leads_to_the_desk_until_all_is_read(desk):
    page = f"/documents/{desk.document.pk}/"
    main = f'<a class="btn do" href="{desk.url}">'
    assert main in desk.client.get(page).content.decode()
    desk.act("read", *desk.shown())
    assert main not in desk.client.get(page).content.decode()
