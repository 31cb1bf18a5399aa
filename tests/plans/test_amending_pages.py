"""Pages of the work log's entries.

The author corrects and withdraws where an entry is listed, others look.
"""

from datetime import date

import pytest
from django.urls import reverse

from directives.models import LogEntry
from directives.plans import commands as planning
from directives.reports import commands as reporting
from directives.reports.commands import EntryFields
from tests.factories import (
    NOW,
    make_directive,
    make_document,
    make_measure,
    make_obligation,
    make_plan,
    make_section,
)

ON = date(2026, 10, 12)
THIRD = {
    "year": 2026,
    "period": "quarter",
    "number": 3,
    "opens_on": date(2026, 9, 17),
    "due_on": date(2026, 10, 15),
}
QUERIES = {"log": 8, "my_work": 11, "obligation": 19}


@pytest.fixture
def row(cast):
    return make_obligation(make_directive(make_section(make_document())), cast.body)


@pytest.fixture
def measure(cast, row):
    return make_measure(
        make_plan(
            cast.body, row.document, state="accepted", decided_at=NOW, decided_by=cast.supervisor
        ),
        row,
    )


def log(measure, by, text="召开会议"):
    return planning.log_work(measure, on=ON, text=text, by=by, now=NOW)


def hand_in_a_report(cast, row):
    """The body's report on the obligation, drafted from the log and handed in."""
    cycle = reporting.open_cycle(document=row.document, by=cast.supervisor, now=NOW, **THIRD)
    report = cycle.reports.get(organisation=cast.body)
    reporting.begin(report=report, by=cast.staff, now=NOW)
    entry = report.entries.get()
    reporting.save_entry(
        entry=entry,
        fields=EntryFields(progress=entry.progress, percent=50),
        version=entry.version,
        by=cast.manager,
        now=NOW,
    )
    reporting.hand_in(report=report, by=cast.manager, now=NOW)
    return report


def text(response):
    return response.content.decode()


def test_an_author_edits_and_withdraws_on_the_page(cast, measure, sign_in, key):
    entry, client = log(measure, cast.staff), sign_in(cast.staff)
    edit, page = f"/log/{entry.pk}/edit/", f"/log/{entry.pk}/"
    assert (client.get(edit).status_code, client.get(page).status_code) == (302, 200)
    assert (
        client.post(edit, {**key(), "version": 1, "on": "2026-10-11", "text": "改了"}).headers[
            "Location"
        ]
        == page
    )
    assert LogEntry.objects.get().text == "改了"
    stale = client.post(edit, {**key(), "version": 1, "on": "2026-10-11", "text": "我写的"})
    assert (
        stale.status_code == 409
        and "我写的" in stale.content.decode()
        and "改了" in stale.content.decode()
    )
    wrong = client.post(edit, {**key(), "version": 2, "on": "2099-10-11", "text": ""})
    assert wrong.status_code == 422 and wrong.content.decode().count('class="error"') == 1
    client.post(f"/log/{entry.pk}/withdraw/", {**key(), "version": 2})
    assert LogEntry.objects.get().withdrawn_by == cast.staff
    assert (
        client.post(edit, {**key(), "version": 3, "on": "2026-10-11", "text": "再改"}).status_code
        == 409
    )


def test_the_buttons_are_there_for_the_author_alone(cast, row, measure, sign_in):
    entry = log(measure, cast.staff)
    address = f"/log/{entry.pk}/"
    pages = [
        reverse("log"),
        reverse("log") + f"?measure={measure.pk}",
        reverse("my_work"),
        reverse("obligation", args=[row.pk]),
    ]
    for by, there in ((cast.staff, True), (cast.manager, False)):
        client = sign_in(by)
        assert [f"{address}#amend" in client.get(page).content.decode() for page in pages] == [
            there
        ] * 4
    assert f"{address}#amend" not in sign_in(cast.supervisor).get(pages[3]).content.decode()


@pytest.mark.parametrize("name", ["log", "my_work", "obligation"])
def test_lists_take_as_many_queries_for_many_entries_as_for_one(
    cast, row, measure, sign_in, name, django_assert_num_queries
):
    address, client = (
        reverse(name, args=[row.pk] if name == "obligation" else []),
        sign_in(cast.staff),
    )
    log(measure, cast.staff)
    client.get(address)
    with django_assert_num_queries(QUERIES[name]):
        client.get(address)
    for text in ("甲", "乙"):
        log(measure, cast.staff, text)
    with django_assert_num_queries(QUERIES[name]):
        client.get(address)


def test_an_entry_of_another_body_is_not_there(cast, measure, sign_in, key):
    entry = log(measure, cast.staff)
    for act in ("edit", "withdraw", "correct"):
        address = f"/log/{entry.pk}/{act}/"
        assert (
            sign_in(cast.stranger)
            .post(address, {**key(), "version": 1, "on": "2026-10-11", "text": "x"})
            .status_code
            == 404
        )
        assert (
            sign_in(cast.manager)
            .post(address, {**key(), "version": 1, "on": "2026-10-11", "text": "x"})
            .status_code
            == 403
        )
    assert LogEntry.objects.get().version == 1


def test_what_was_reported_is_corrected_by_another_entry_beside_it(
    cast, row, measure, sign_in, key
):
    entry, client = log(measure, cast.staff, "培训三百人"), sign_in(cast.staff)
    report = hand_in_a_report(cast, row)
    said = report.submissions.get().content
    form = {**key(), "version": 1, "on": "2026-10-12", "text": "培训二百人"}
    assert client.post(f"/log/{entry.pk}/edit/", form).status_code == 409  # a report used it
    client.post(f"/log/{entry.pk}/correct/", {**form, **key()})
    assert list(LogEntry.objects.order_by("pk").values_list("text", flat=True)) == [
        "培训三百人",
        "培训二百人",
    ]
    correction = LogEntry.objects.latest("pk")
    for address in ("/log/", f"/log/?measure={measure.pk}", "/", f"/obligations/{row.pk}/"):
        page = text(client.get(address))
        assert f'href="/log/{correction.pk}/">已更正' in page
        assert f'href="/log/{entry.pk}/">更正10月12日的记录' in page
    listed = client.get("/log/", {"export": "csv"}).getvalue().decode("utf-8-sig")
    assert "已更正" in listed and "更正10月12日的记录" in listed
    assert report.submissions.get().content == said


def test_what_is_withdrawn_is_in_no_list_and_on_its_own_page(cast, row, measure, sign_in, key):
    entry, client = log(measure, cast.staff, "误记的一条"), sign_in(cast.staff)
    client.post(f"/log/{entry.pk}/withdraw/", {**key(), "version": 1})
    pages = ["/log/", "/", f"/obligations/{row.pk}/", f"/plans/{measure.plan_id}/"]
    assert ["误记的一条" in text(client.get(page)) for page in pages] == [False] * 4
    assert "还没有记录" in text(client.get(pages[3]))
    assert "误记的一条" not in client.get("/log/", {"export": "csv"}).getvalue().decode("utf-8-sig")
    page = text(client.get(f"/log/{entry.pk}/"))
    assert "误记的一条" in page and "已撤回" in page
    assert sign_in(cast.stranger).get(f"/log/{entry.pk}/").status_code == 404


@pytest.mark.parametrize("state", ["open", "reported"])
def test_the_page_of_an_entry_says_what_may_be_done_with_it(cast, row, measure, sign_in, state):
    entry = log(measure, cast.staff)
    if state == "reported":
        hand_in_a_report(cast, row)
    page = text(sign_in(cast.staff).get(f"/log/{entry.pk}/"))
    forms = {
        act: f'action="/log/{entry.pk}/{act}/"' in page for act in ("edit", "withdraw", "correct")
    }
    assert forms == {
        "edit": state == "open",
        "withdraw": state == "open",
        "correct": state == "reported",
    }
    assert 'id="amend"' not in text(sign_in(cast.supervisor).get(f"/log/{entry.pk}/"))
