"""Pages of plans, measures, the log and files.

Who gets which answer, what a form keeps, how many queries a page takes.
"""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from directives.core import evidence
from directives.models import Attachment, LogEntry, Measure, Plan
from directives.plans import commands as planning
from directives.plans.queries.plans import quick_choices
from directives.web.middleware import timezone as clock
from tests.factories import (
    NOW,
    TODAY,
    make_directive,
    make_document,
    make_log,
    make_measure,
    make_obligation,
    make_plan,
    make_section,
)

DUE = date(2026, 10, 20)
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def steady(settings, tmp_path, monkeypatch):
    """Files in a folder of the test; the clock stands at NOW."""
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def work(cast):
    """Two obligations of the body; a draft plan whose one measure serves the first."""
    section = make_section(
        make_document(title_hans="关于加强工作的意见", title_hant="關於加強工作的意見"),
        title="健全制度",
    )
    rows = [
        make_obligation(
            make_directive(section, code=code, text=f"健全{code}制度。"),
            cast.body,
            deliverable="plan",
            plan_due_on=DUE,
        )
        for code in ("九.1.1", "九.1.2")
    ]
    plan = make_plan(cast.body, section.document, due_on=DUE, title="工会实施方案")
    make_measure(plan, rows[0], number=1, text="印发实施办法", responsible="办公厅")
    return plan, rows


def text(response):
    return response.content.decode()


def statuses(client, urls):
    """The answers to GET. A file is read to its end, which closes it."""
    found = []
    for url in urls:
        response = client.get(url)
        found.append(response.status_code)
        if response.streaming:
            response.getvalue()
    return found


def hand_in(plan, cast):
    planning.move_plan(plan, "hand_in", by=cast.manager, now=NOW)
    return plan


# who gets which answer


def gets(plan, measure, file):
    return [
        reverse("plan", args=[plan.pk]),
        reverse("measure_edit", args=[measure.pk]),
        reverse("attachment", args=[file.pk]),
    ]


def posts(plan, measure, file):
    """Every address that writes, with a form that the body's own people could send."""
    line = {"text": "x"}
    return [
        (reverse("plan_save", args=[plan.pk]), {"title": "x", "version": plan.version}),
        (reverse("plan_move", args=[plan.pk, "ask_signature"]), {"version": plan.version}),
        (reverse("measure_add", args=[plan.pk]), line),
        (reverse("measure_save", args=[measure.pk]), line | {"version": measure.version}),
        (reverse("measure_delete", args=[measure.pk]), {}),
        (reverse("measure_done", args=[measure.pk]), {"done": "1", "version": measure.version}),
        (reverse("log_add"), {"measure": measure.pk, "text": "x", "on": "2026-10-13"}),
        (
            reverse("attachment_add"),
            {"parent": f"plan-{plan.pk}", "files": SimpleUploadedFile("a.pdf", b"%PDF-1")},
        ),
        (reverse("attachment_remove", args=[file.pk]), {}),
    ]


@pytest.fixture
def filed(cast, work):
    plan, _rows = work
    return (
        plan,
        plan.measures.get(),
        evidence.attach(plan, SimpleUploadedFile("办法.pdf", b"%PDF-1"), by=cast.staff, now=NOW),
    )


@pytest.mark.parametrize("name", ["outsider", "stranger", "below", "admin", "supervisor", "viewer"])
def test_nobody_else_finds_a_draft(cast, filed, sign_in, key, name):
    client = sign_in(getattr(cast, name))
    assert statuses(client, gets(*filed)) == [404] * 3
    assert [client.post(url, data | key()).status_code for url, data in posts(*filed)] == [404] * 9


@pytest.mark.parametrize("name", ["supervisor", "viewer"])
def test_those_above_see_what_was_handed_in_and_change_nothing(cast, filed, sign_in, key, name):
    plan = hand_in(filed[0], cast)
    client = sign_in(getattr(cast, name))
    assert statuses(client, gets(*filed)) == [200, 403, 200]
    assert [
        client.post(url, data | key()).status_code for url, data in posts(plan, *filed[1:])
    ] == [403] * 9
    assert (LogEntry.objects.count(), Attachment.objects.count(), Plan.objects.get().state) == (
        0,
        1,
        "submitted",
    )


@pytest.mark.parametrize("name", ["outsider", "stranger", "below"])
def test_others_find_nothing_that_was_handed_in(cast, filed, sign_in, name):
    hand_in(filed[0], cast)
    assert statuses(sign_in(getattr(cast, name)), gets(*filed)) == [404] * 3


def test_a_plan_that_the_manager_sent_back_stays_inside(cast, work, sign_in):
    plan = work[0]
    planning.move_plan(plan, "ask_signature", by=cast.staff, now=NOW)
    planning.move_plan(plan, "decline", by=cast.manager, now=NOW, reason="补成果")
    assert sign_in(cast.supervisor).get(reverse("plan", args=[plan.pk])).status_code == 404
    assert "补成果" in text(sign_in(cast.staff).get(reverse("plan", args=[plan.pk])))


def test_writes_are_posted(cast, filed, sign_in):
    client = sign_in(cast.staff)
    for url, _data in [*posts(*filed), (reverse("plan_start"), {})]:
        assert client.get(url).status_code == 302
    for url in [*gets(*filed), reverse("plans"), reverse("log")]:
        assert client.post(url).status_code == 405


def test_a_form_without_a_key_does_nothing(cast, filed, sign_in):
    for url, data in posts(*filed):
        assert sign_in(cast.staff).post(url, data).status_code == 422
    assert (LogEntry.objects.count(), Attachment.objects.count(), Measure.objects.get().text) == (
        0,
        1,
        "印发实施办法",
    )


@pytest.mark.parametrize("action", ["accept", "return", "open"])
def test_an_unknown_move_is_not_found(cast, work, sign_in, key, action):
    assert (
        sign_in(cast.manager)
        .post(reverse("plan_move", args=[work[0].pk, action]), {"version": 1} | key())
        .status_code
        == 404
    )


# the list


def test_starting_a_plan(cast, sign_in, key):
    document = make_document(title_hans="关于加强工作的意见")
    make_obligation(
        make_directive(make_section(document)), cast.body, deliverable="plan", plan_due_on=DUE
    )
    client = sign_in(cast.staff)
    assert "制定方案" in text(client.get(reverse("plans")))
    data = {"document": document.pk, "organisation": cast.body.pk} | key()
    for _time in range(2):
        response = client.post(reverse("plan_start"), data)
        assert (response.status_code, response.url) == (
            302,
            reverse("plan", args=[Plan.objects.get().pk]),
        )
    assert "全国总工会贯彻落实《关于加强工作的意见》实施方案" in text(client.get(response.url))
    for name, status in (
        ("stranger", 404),
        ("outsider", 404),
        ("supervisor", 403),
        ("viewer", 403),
    ):
        assert (
            sign_in(getattr(cast, name)).post(reverse("plan_start"), data | key()).status_code
            == status
        )
    for wrong in ({"document": "x"}, {"document": 10**6}, {"organisation": ""}):
        assert client.post(reverse("plan_start"), data | key() | wrong).status_code == 404


def test_the_list_from_above_filters_and_exports(cast, work, sign_in):
    hand_in(work[0], cast)
    other = make_plan(
        cast.sibling,
        make_document(),
        state="accepted",
        title="团中央方案",
        decided_by=cast.supervisor,
        decided_at=NOW,
        submitted_at=NOW,
    )
    make_plan(cast.child, title="北京草稿")
    client = sign_in(cast.supervisor)
    whole = text(client.get(reverse("plans")))
    assert ("工会实施方案" in whole, "团中央方案" in whole, "北京草稿" in whole) == (
        True,
        True,
        False,
    )
    assert "50.0%（1/2）" in whole
    for query, here, gone in (
        ("state=accepted", "团中央方案", "工会实施方案"),
        (f"document={work[0].document_id}", "工会实施方案", "团中央方案"),
        ("q=共青團", "团中央方案", "工会实施方案"),
        ("q=Q01", "工会实施方案", "团中央方案"),
    ):
        found = text(client.get(f"{reverse('plans')}?{query}"))
        assert (here in found, gone in found) == (True, False)
    assert "没有符合条件的方案" in text(client.get(reverse("plans") + "?q=无此单位"))
    assert client.get(reverse("plans") + "?state=nonsense&document=x&page=99").status_code == 200
    book = load_workbook(
        BytesIO(client.get(reverse("plans") + "?export=xlsx&state=accepted").getvalue())
    )
    assert [row[4] for row in book.worksheets[1].iter_rows(values_only=True)] == [
        "标题",
        other.title,
    ]
    assert sign_in(cast.viewer).get(reverse("plans") + "?export=csv").status_code == 403


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("stranger", "目前不需要制定方案"),
        ("supervisor", "还没有单位报送方案"),
        ("outsider", "没有您可以查看的方案"),
    ],
)
def test_an_empty_list_says_what_comes(cast, sign_in, name, words):
    assert words in text(sign_in(getattr(cast, name)).get(reverse("plans")))


# one plan


def test_what_staff_see_of_a_draft(cast, work, sign_in):
    plan, rows = work
    page = text(sign_in(cast.staff).get(reverse("plan", args=[plan.pk])))
    assert "尚未覆盖 1 项，共 2 项" in page
    assert reverse("obligation", args=[rows[1].pk]) in page
    assert "送审签" in page and "签发报送" not in page
    assert "已填齐" not in page and "还有 1 项任务没有对应措施" in page


def test_the_way_of_a_plan_through_the_pages(cast, work, sign_in, key):
    plan = work[0]
    here = reverse("plan", args=[plan.pk])
    staff, manager = sign_in(cast.staff), sign_in(cast.manager)

    def go(client, action, **data):
        version = Plan.objects.get().version
        return client.post(
            reverse("plan_move", args=[plan.pk, action]), {"version": version, **data} | key()
        )

    assert go(staff, "ask_signature").url == here
    assert "撤回修改" in text(staff.get(here))
    assert go(staff, "sign").status_code == 403
    page = text(manager.get(here))
    assert "签发报送" in page and "退回填报员" in page
    assert go(manager, "decline").status_code == 422
    assert go(manager, "decline", reason="补成果形式").status_code == 302
    assert "补成果形式" in text(staff.get(here))
    assert go(staff, "ask_signature").status_code == 302
    assert go(manager, "sign").status_code == 302
    assert go(manager, "sign").status_code == 409
    assert reverse("plan_review", args=[plan.pk]) in text(sign_in(cast.supervisor).get(here))
    planning.decide(Plan.objects.get(), accepted=True, reason="", by=cast.supervisor, now=NOW)
    assert "已通过" in text(staff.get(here))
    assert go(staff, "revise", reason="分工调整").status_code == 302
    assert Plan.objects.get().state == "draft"


def test_everything_that_is_missing_is_named(cast, work, sign_in, key):
    plan = work[0]
    make_measure(plan, number=2, text="办班")
    client = sign_in(cast.manager)
    assert "第 2 条措施没有对应任务" in text(client.get(reverse("plan", args=[plan.pk])))
    response = client.post(reverse("plan_move", args=[plan.pk, "hand_in"]), {"version": 1} | key())
    assert response.status_code == 422
    assert "第 2 条措施没有对应任务" in text(response)


def test_those_above_see_what_was_handed_in_not_what_is_being_rewritten(cast, work, sign_in):
    plan = hand_in(work[0], cast)
    planning.decide(plan, accepted=False, reason="补责任人", by=cast.supervisor, now=NOW)
    Measure.objects.update(text="还没写完的话")
    Measure.objects.get().obligations.clear()
    Plan.objects.update(title="改到一半的题")
    evidence.attach(
        Plan.objects.get(), SimpleUploadedFile("新附件.txt", b"x"), by=cast.staff, now=NOW
    )
    here = reverse("plan", args=[plan.pk])
    above, inside = text(sign_in(cast.supervisor).get(here)), text(sign_in(cast.staff).get(here))
    assert ("印发实施办法" in above, "还没写完的话" in above) == (True, False)
    # Inside, what was returned shows among what was changed since, struck through.
    assert (
        inside.count("印发实施办法"),
        inside.count("<del>印发实施办法</del>"),
        "还没写完的话" in inside,
    ) == (1, 1, True)
    assert (
        "工会实施方案" in above,
        "改到一半的题" in above,
        "新附件" in above,
        "尚未覆盖 1 项" in above,
    ) == (True, False, False, True)
    assert ("改到一半的题" in inside, "新附件" in inside, "尚未覆盖 2 项" in inside) == (
        True,
        True,
        True,
    )
    assert "补责任人" in above and "补责任人" in inside


def test_the_words_of_a_plan(cast, work, sign_in, key):
    plan = work[0]
    client, url = sign_in(cast.staff), reverse("plan_save", args=[plan.pk])
    data = {"title": "新的方案", "summary": "总体要求", "version": 1} | key()
    assert client.post(url, data).status_code == 302
    assert client.post(url, data).status_code == 302  # the same form again: nothing is done twice
    assert Plan.objects.values_list("title", "version").get() == ("新的方案", 2)
    response = client.post(url, {"title": "我的标题", "summary": "我的要求", "version": 1} | key())
    assert response.status_code == 409
    assert all(
        words in text(response) for words in ("我的标题", "我的要求", "新的方案", "总体要求")
    )
    response = client.post(url, {"title": " ", "summary": "没丢", "version": 2} | key())
    assert response.status_code == 422
    assert "请填写方案标题" in text(response) and "没丢" in text(response)
    hand_in(Plan.objects.get(), cast)
    assert client.post(url, data | key()).status_code == 409
    assert client.post(url, {"title": ""} | key()).status_code == 409


# measures


def test_a_measure_is_added_without_a_script(cast, work, sign_in, key):
    plan, rows = work
    url = reverse("measure_add", args=[plan.pk])
    client = sign_in(cast.staff)
    data = {
        "text": "办培训班",
        "responsible": "组织部",
        "due_on": "2026年11月1日",
        "result": "名册",
        "obligations": [rows[1].pk],
    } | key()
    for _time in range(2):
        assert client.post(url, data).status_code == 302
    measure = Measure.objects.get(number=2)
    assert (measure.text, measure.responsible, measure.due_on, measure.result) == (
        "办培训班",
        "组织部",
        date(2026, 11, 1),
        "名册",
    )
    assert list(measure.obligations.all()) == [rows[1]]
    assert Measure.objects.count() == 2


def test_a_faulty_measure_keeps_what_was_typed(cast, work, sign_in, key):
    plan, rows = work
    foreign = make_obligation(organisation=cast.sibling)
    url = reverse("measure_add", args=[plan.pk])
    data = {
        "text": "",
        "responsible": "组织部",
        "due_on": "下周",
        "result": "名册",
        "obligations": [rows[1].pk],
    }
    for extra in ({}, HTMX):
        response = sign_in(cast.staff).post(url, data | key(), **extra)
        page = text(response)
        assert response.status_code == 422
        assert all(
            words in page
            for words in (
                "请写明要做什么",
                "不是日期",
                "组织部",
                "名册",
                f'value="{rows[1].pk}" checked',
            )
        )
        assert ("<html" in page) == (not extra)
    assert (
        sign_in(cast.staff)
        .post(url, {"text": "x", "obligations": [foreign.pk]} | key())
        .status_code
        == 422
    )
    assert Measure.objects.count() == 1


def test_a_measure_is_edited_in_its_row(cast, work, sign_in, key):
    plan, rows = work
    measure, client = plan.measures.get(), sign_in(cast.staff)
    edit, save = (
        reverse("measure_edit", args=[measure.pk]),
        reverse("measure_save", args=[measure.pk]),
    )
    row = text(client.get(edit, **HTMX))
    assert row.lstrip().startswith("<tbody") and f'value="{rows[0].pk}" checked' in row
    assert "<html" in text(client.get(edit))
    answer = client.post(
        save,
        {"text": "新办法", "version": 1, "obligations": [rows[0].pk, rows[1].pk]} | key(),
        **HTMX,
    )
    page = text(answer)
    assert answer.status_code == 200
    assert (
        "新办法" in page
        and 'id="coverage" hx-swap-oob="true"' in page
        and 'id="handin" hx-swap-oob="true"' in page
    )
    assert "尚未覆盖 0 项，共 2 项" in page
    for extra in ({}, HTMX):
        late = client.post(save, {"text": "我写的", "version": 1} | key(), **extra)
        assert late.status_code == 409
        assert (
            "我写的" in text(late)
            and "新办法" in text(late)
            and 'name="version" value="2"' in text(late)
        )
    assert (
        client.post(save, {"text": "合并后", "version": 2, "obligations": [rows[0].pk]} | key()).url
        == f"{reverse('plan', args=[plan.pk])}#m{measure.pk}"
    )
    assert Measure.objects.values_list("text", "version").get() == ("合并后", 3)


def test_a_measure_is_taken_out_or_stays_with_its_log(cast, work, sign_in, key):
    plan = work[0]
    measure, client = plan.measures.get(), sign_in(cast.staff)
    entry = make_log(measure, cast.staff)
    url = reverse("measure_delete", args=[measure.pk])
    assert client.post(url, key()).status_code == 422
    entry.delete()
    data = key()
    assert client.post(url, data).url == reverse("plan", args=[plan.pk])
    assert client.post(url, data).status_code == 302
    assert client.post(url, key()).status_code == 404


def test_done_is_said_in_any_state(cast, work, sign_in, key):
    plan = hand_in(work[0], cast)
    measure, client = plan.measures.get(), sign_in(cast.staff)
    url = reverse("measure_done", args=[measure.pk])
    assert client.post(url, {"done": "1", "version": 1} | key(), **HTMX).status_code == 200
    assert Measure.objects.get().done_on == TODAY
    assert client.post(url, {"version": 1} | key()).status_code == 409
    assert client.post(url, {"version": 2} | key()).status_code == 302
    assert Measure.objects.get().done_on is None
    assert client.post(url, {"done": "1"} | key()).status_code == 422


def test_a_fixed_measure_leads_back_to_its_plan(cast, work, sign_in):
    plan = hand_in(work[0], cast)
    assert sign_in(cast.staff).get(
        reverse("measure_edit", args=[plan.measures.get().pk])
    ).url == reverse("plan", args=[plan.pk])


# the log


def test_work_is_logged_and_one_comes_back_to_where_one_was(cast, work, sign_in, key):
    measure, client = work[0].measures.get(), sign_in(cast.staff)
    data = {
        "measure": measure.pk,
        "text": "召开会议",
        "on": "2026-10-12",
        "next": "/?x=1",
        "files": SimpleUploadedFile("纪要.pdf", b"%PDF-1"),
    } | key()
    assert client.post(reverse("log_add"), data).url == "/?x=1"
    entry = LogEntry.objects.get()
    assert (entry.text, entry.on, entry.by, entry.files.get().name) == (
        "召开会议",
        date(2026, 10, 12),
        cast.staff,
        "纪要.pdf",
    )
    assert client.post(reverse("log_add"), data).url == "/?x=1"
    assert LogEntry.objects.count() == 1
    assert client.post(
        reverse("log_add"), data | key() | {"next": "https://elsewhere.example/", "files": []}
    ).url == reverse("log")
    page = text(client.get(reverse("log")))
    assert "召开会议" in page and "纪要.pdf" in page and "九.1.1" in page


def test_a_faulty_record_keeps_what_was_typed(cast, work, sign_in, key):
    measure = make_measure(work[0], number=2)
    data = {
        "measure": measure.pk,
        "text": "写了很久的话",
        "on": "2026-10-14",
        "next": "/",
        "files": SimpleUploadedFile("a.exe", b"MZ"),
    }
    response = sign_in(cast.staff).post(reverse("log_add"), data | key())
    page = text(response)
    assert response.status_code == 422
    assert all(
        words in page
        for words in (
            "写了很久的话",
            'value="2026-10-14"',
            "此日期尚未到",
            "a.exe",
            "附件需要重新选择",
        )
    )
    assert f'value="{measure.pk}" required checked' in " ".join(page.split())
    assert 'name="next" value="/"' in page
    assert (LogEntry.objects.count(), Attachment.objects.count()) == (0, 0)
    for wrong, words in (
        ({"measure": ""}, "请选择对应的措施"),
        ({"on": "昨天"}, "不是日期"),
        ({"text": " "}, "请写明做了什么"),
    ):
        response = sign_in(cast.staff).post(
            reverse("log_add"),
            {"measure": measure.pk, "text": "没丢", "on": "2026-10-13"} | wrong | key(),
        )
        assert response.status_code == 422
        assert words in text(response)


def test_the_log_filters_and_exports(cast, work, sign_in):
    plan, rows = work
    first = plan.measures.get()
    second = make_measure(plan, rows[1], number=2)
    make_log(first, cast.staff, text="开座谈会", on=TODAY - timedelta(days=9))
    make_log(second, cast.staff, text="印发名册")
    client = sign_in(cast.staff)
    for query in (f"measure={first.pk}", f"obligation={rows[0].pk}", "until=2026-10-10", "q=座谈"):
        page = text(client.get(f"{reverse('log')}?{query}"))
        assert ("开座谈会" in page, "印发名册" in page) == (True, False)
    assert (
        client.get(reverse("log") + "?measure=x&since=y&obligation=99999999999999").status_code
        == 200
    )
    assert "没有符合条件的记录" in text(client.get(reverse("log") + "?q=没有"))
    book = load_workbook(
        BytesIO(client.get(reverse("log") + "?export=xlsx&since=2026-10-12").getvalue())
    )
    assert [row[4] for row in book.worksheets[1].iter_rows(values_only=True)] == [
        "做了什么",
        "印发名册",
    ]


def test_whose_log_is_shown(cast, work, sign_in):
    plan = work[0]
    make_log(plan.measures.get(), cast.staff, text="总工会的事")
    below = make_plan(cast.child, state="submitted", submitted_at=NOW)
    make_log(make_measure(below), cast.below, text="北京的事")
    shown = {}
    for name, query in (
        ("staff", ""),
        ("manager", ""),
        ("manager", "?whose=below"),
        ("supervisor", ""),
        ("stranger", ""),
        ("outsider", ""),
        ("staff", "?whose=below"),
    ):
        page = text(sign_in(getattr(cast, name)).get(reverse("log") + query))
        shown[name, query] = ("总工会的事" in page, "北京的事" in page)
    assert shown == {
        ("staff", ""): (True, False),
        ("manager", ""): (True, False),
        ("manager", "?whose=below"): (False, True),
        ("supervisor", ""): (False, True),
        ("stranger", ""): (False, False),
        ("outsider", ""): (False, False),
        ("staff", "?whose=below"): (True, False),
    }


def test_the_quick_log_offers_what_was_used_last(cast, work):
    plan, rows = work
    old, new, near, far = (
        plan.measures.get(),
        *(make_measure(plan, rows[1], number=n) for n in (2, 3, 4)),
    )
    done = make_measure(plan, rows[1], number=5, done_on=TODAY)
    make_log(old, cast.staff, on=TODAY - timedelta(days=5))
    make_log(new, cast.staff)
    make_log(done, cast.staff)
    Measure.objects.filter(pk=near.pk).update(due_on=TODAY)
    make_measure(make_plan(cast.sibling))
    many = [make_measure(plan, number=n) for n in (6, 7)]
    choices = quick_choices(cast.staff, TODAY)
    assert [choice.pk for choice in choices.all_choices] == [
        new.pk,
        old.pk,
        near.pk,
        far.pk,
        *(row.pk for row in many),
        done.pk,
    ]
    assert (len(choices.first), choices.first[0].code, choices.today) == (5, "九.1.2", TODAY)
    assert quick_choices(cast.staff, TODAY, first=far.pk).first[0].pk == far.pk
    assert quick_choices(cast.supervisor, TODAY).all_choices == ()


# files


def test_a_file_is_sent_as_a_download(cast, filed, sign_in):
    response = sign_in(cast.staff).get(reverse("attachment", args=[filed[2].pk]))
    assert b"".join(response.streaming_content) == b"%PDF-1"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''%E5%8A%9E%E6%B3%95.pdf"
    assert (response["X-Content-Type-Options"], response["Content-Security-Policy"]) == (
        "nosniff",
        "default-src 'none'; sandbox",
    )


def test_a_file_that_is_gone_is_not_found(cast, filed, sign_in):
    filed[2].file.storage.delete(filed[2].file.name)
    assert sign_in(cast.staff).get(reverse("attachment", args=[filed[2].pk])).status_code == 404


def test_files_are_added_and_removed_in_their_place(cast, filed, sign_in, key):
    plan, client = filed[0], sign_in(cast.staff)

    def add(*files, **extra):
        data = {
            "parent": f"plan-{plan.pk}",
            "files": [SimpleUploadedFile(*file) for file in files],
            "next": "/plans/",
        }
        return client.post(reverse("attachment_add"), data | key(), **extra)

    assert add(("名册.txt", b"x")).url == "/plans/"
    assert "表.csv" in text(add(("表.csv", b"x"), **HTMX))
    refused = add(("好.txt", b"x"), ("坏.exe", b"MZ"), **HTMX)
    assert refused.status_code == 422
    assert "坏.exe" in text(refused) and "名册.txt" in text(refused)
    assert add(("坏.exe", b"MZ")).status_code == 422
    assert add().status_code == 422
    assert list(Attachment.objects.values_list("name", flat=True)) == [
        "办法.pdf",
        "名册.txt",
        "表.csv",
    ]
    left = client.post(reverse("attachment_remove", args=[filed[2].pk]), key(), **HTMX)
    assert "办法.pdf" not in text(left) and "名册.txt" in text(left)
    hand_in(Plan.objects.get(), cast)
    assert add(("晚.txt", b"x")).status_code == 409
    for parent in ("plan-x", "measure-1", "", "plan-999999"):
        assert client.post(reverse("attachment_add"), {"parent": parent} | key()).status_code == 404


# how many queries


def counted(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


LISTS = [
    ("supervisor", "plans", 6),
    ("staff", "plans", 4),
    ("staff", "log", 8),
    ("supervisor", "log", 5),
]


@pytest.mark.parametrize(("name", "place", "expected"), LISTS)
def test_a_list_takes_as_many_queries_for_one_row_as_for_three(
    cast, sign_in, name, place, expected
):
    client, found = sign_in(getattr(cast, name)), []
    for _round in range(2):
        for _row in range(1 if not found else 2):
            section = make_section(make_document())
            plan = make_plan(cast.body, section.document, state="submitted", submitted_at=NOW)
            measure = make_measure(
                plan,
                make_obligation(make_directive(section), cast.body),
                make_obligation(make_directive(section), cast.body),
            )
            entry = make_log(measure, cast.staff)
            evidence.attach(entry, SimpleUploadedFile("a.pdf", b"%PDF-1"), by=cast.staff, now=NOW)
        found.append(counted(client, reverse(place)))
    assert found == [expected, expected]


def test_the_page_of_a_plan_takes_as_many_queries_for_one_measure_as_for_three(cast, work, sign_in):
    plan, rows = work
    client, found = sign_in(cast.staff), []
    for number in (1, 3):
        while plan.measures.count() < number:
            measure = make_measure(plan, *rows, number=plan.measures.count() + 1)
            make_log(measure, cast.staff)
            rows.append(make_obligation(make_directive(rows[0].section), cast.body))
        found.append(counted(client, reverse("plan", args=[plan.pk])))
    assert found[0] == found[1]
    assert found[0] <= 20


def test_those_above_keep_plan_and_log_while_the_body_revises(cast, sign_in):
    obligation = make_obligation(organisation=cast.body)
    plan = make_plan(cast.body, obligation.document, title="报送时的标题")
    measure = make_measure(plan, obligation, text="报送时的措施")
    make_log(measure, cast.staff, text="已经做过的工作")
    planning.move_plan(plan, "hand_in", by=cast.manager, now=NOW)
    planning.decide(plan, accepted=True, reason="", by=cast.supervisor, now=NOW)
    planning.move_plan(plan, "revise", by=cast.staff, now=NOW, reason="任务调整")
    type(plan).objects.filter(pk=plan.pk).update(title="还没写完的标题")
    shown = sign_in(cast.supervisor).get(f"/plans/{plan.pk}/").content.decode()
    assert ("报送时的标题" in shown, "报送时的措施" in shown, "还没写完的标题" in shown) == (
        True,
        True,
        False,
    )
    assert "已经做过的工作" in sign_in(cast.supervisor).get("/log/").content.decode()
    assert "还没写完的标题" in sign_in(cast.staff).get(f"/plans/{plan.pk}/").content.decode()


def test_a_plan_that_was_never_handed_in_is_not_seen_from_above(cast, sign_in):
    plan = make_plan(cast.body, make_document())
    assert sign_in(cast.supervisor).get(f"/plans/{plan.pk}/").status_code == 404
    assert sign_in(cast.staff).get(f"/plans/{plan.pk}/").status_code == 200
