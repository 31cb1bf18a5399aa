"""The pages of reports, review and submissions.

Who sees what, what a save answers, how many queries a page takes.
"""

import io
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from directives.core import keyset
from directives.models import (
    Cycle,
    Membership,
    Obligation,
    Plan,
    ProgressReport,
    ReportEntry,
    Submission,
    Verdict,
)
from directives.plans.commands import move_plan
from directives.reports import commands as reporting
from directives.reports.commands import EntryFields, reviewing
from tests.factories import (
    NOW,
    make_body,
    make_directive,
    make_document,
    make_measure,
    make_member,
    make_obligation,
    make_plan,
    make_section,
)

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/reports/1/?show=missing"}
OPENING = {
    "year": 2026,
    "period": "quarter",
    "number": 3,
    "opens_on": date(2026, 9, 17),
    "due_on": date(2027, 1, 15),
}

MOST = 12  # queries of any page, session and memberships included


def queries(client, url, **post):
    """How many queries one request takes."""
    with CaptureQueriesContext(connection) as taken:
        response = client.post(url, post, headers=HTMX) if post else client.get(url)
    assert response.status_code == 200
    return len(taken)


class Office:
    """One cycle; `body` has begun its report of `count` entries."""

    def __init__(self, cast, count=3):
        self.section = make_section(make_document())
        self.rows = [
            make_obligation(make_directive(self.section), cast.body, percent=0)
            for _ in range(count)
        ]
        self.cycle = reporting.open_cycle(
            document=self.section.document, by=cast.supervisor, now=NOW, **OPENING
        )
        self.report = reporting.begin(
            report=self.cycle.reports.get(organisation=cast.body), by=cast.staff, now=NOW
        )
        self.entries = list(self.report.entries.order_by("obligation__directive__order"))
        self.url = f"/reports/{self.report.pk}/"

    def save_url(self, number=0):
        return f"/entries/{self.entries[number].pk}/save/"

    def write(self, by):
        for row in self.report.entries.all():
            reporting.save_entry(
                entry=row,
                fields=EntryFields("已印发", "缺人", "补人", 60),
                version=row.version,
                by=by,
                now=NOW,
            )

    def hand_in(self, by):
        self.write(by)
        return reporting.hand_in(report=self.report, by=by, now=NOW)

    def states(self):
        return list(
            self.report.entries.order_by("obligation__directive__order").values_list(
                "state", flat=True
            )
        )


@pytest.fixture
def office(cast):
    return Office(cast)


TYPED = {
    "progress": "已印发办法",
    "problems": "",
    "next_steps": "",
    "percent": "40",
    "unchanged_reason": "",
    "version": "1",
}


# the list


def listed(answer):
    return [row.report.organisation.code for row in answer.context["page"].rows]


def test_the_list_turns_by_key_in_the_order_of_the_tree(cast, office, sign_in, monkeypatch):
    monkeypatch.setitem(keyset.read_page.__kwdefaults__, "size", 2)
    for number in range(4):
        office.cycle.reports.create(
            document=office.cycle.document, organisation=make_body(f"X{number}", parent=cast.centre)
        )
    client, found, address = sign_in(cast.supervisor), [], "/reports/"
    while address:
        answer = client.get(address)
        found.append(listed(answer))
        after = answer.context["page"].after
        address = f"/reports/?after={after}" if after else ""
    assert found == [[cast.body.code, "X0"], ["X1", "X2"], ["X3"]]
    back = client.get(f"/reports/?before={answer.context['page'].before}")
    assert listed(back) == ["X1", "X2"]


def test_what_waits_the_longest_for_review_comes_first(cast, office, sign_in):
    late = Office(cast, 1)
    late.hand_in(cast.manager)
    ProgressReport.objects.filter(pk=late.report.pk).update(waiting_since=NOW - timedelta(days=3))
    office.hand_in(cast.manager)
    rows = sign_in(cast.supervisor).get("/reports/?state=review&cycle=0").context["page"].rows
    assert [row.report.pk for row in rows] == [late.report.pk, office.report.pk]


def test_a_long_list_is_not_counted_to_its_end(cast, office, sign_in, monkeypatch):
    monkeypatch.setattr("directives.reports.queries.reports.COUNT_LIMIT", 2)
    monkeypatch.setattr("directives.reports.views.reports.COUNT_LIMIT", 2)
    Cycle.objects.update(due_on=date(2099, 1, 15))
    for number in range(4):
        office.cycle.reports.create(
            document=office.cycle.document, organisation=make_body(f"X{number}", parent=cast.centre)
        )
    office.hand_in(cast.manager)
    client = sign_in(cast.supervisor)
    answer = client.get("/reports/")
    assert {chip.key: chip.text for chip in answer.context["list"].chips} == {
        "": "2+",
        "review": "1",
        "waiting": "2+",
        "overdue": "0",
        "returned": "0",
        "accepted": "0",
    }
    assert (len(listed(answer)), answer.context["list"].length) == (5, None)
    assert queries(client, "/reports/") <= MOST + 1
    assert listed(client.get("/reports/?state=review")) == [cast.body.code]


def test_the_list_shows_each_reader_their_reports_and_the_next_step(cast, office, sign_in):
    own = sign_in(cast.staff).get("/reports/").content.decode()
    assert f'href="{office.url}"' in own and "继续填报" in own
    above = sign_in(cast.supervisor).get("/reports/").content.decode()
    assert "全国总工会" in above and "0/3" in above and "继续填报" not in above
    stranger = sign_in(cast.stranger).get("/reports/").content.decode()
    assert "全国总工会" not in stranger and "尚未开启填报周期" in stranger


def test_the_list_is_filtered_by_state_and_body(cast, office, sign_in):
    client = sign_in(cast.supervisor)
    assert "没有符合条件的报告" in client.get("/reports/?state=review").content.decode()
    office.hand_in(cast.manager)
    assert (
        f"/reports/{office.report.pk}/review/"
        in client.get("/reports/?state=review").content.decode()
    )
    assert office.url in client.get("/reports/?q=全國總工會").content.decode()
    assert office.url not in client.get("/reports/?q=共青团").content.decode()
    assert office.url in client.get("/reports/?cycle=0&state=nonsense&page=99").content.decode()


def test_the_list_as_a_file(cast, office, sign_in):
    csv = b"".join(sign_in(cast.supervisor).get("/reports/?export=csv").streaming_content).decode(
        "utf-8-sig"
    )
    assert [line.split(",")[0] for line in csv.splitlines()] == ["单位", "全国总工会"]
    assert sign_in(cast.viewer).get("/reports/?export=csv").status_code == 403
    entries = b"".join(
        sign_in(cast.staff).get(f"{office.url}?export=csv&show=blank").streaming_content
    ).decode("utf-8-sig")
    assert [line.split(",")[0] for line in entries.splitlines()[1:]] == [
        row.directive.code for row in office.rows
    ]


def test_the_list_of_one_cycle_says_of_which_document_it_is_and_names_the_others(
    cast, office, sign_in
):
    other = make_section(make_document(title_hans="关于另一件事的意见")).document
    for body in (cast.body, cast.child):
        make_obligation(make_directive(make_section(other)), body)
    newest = reporting.open_cycle(document=other, by=cast.supervisor, now=NOW, **OPENING)
    client = sign_in(cast.supervisor)
    page = client.get("/reports/").content.decode()
    told = page.partition('class="soft tip"')[2].partition("</p>")[0]
    assert "《关于另一件事的意见》" in told  # of whose bodies it says how many have handed in
    assert f'href="/reports/?cycle={office.cycle.pk}"' in page
    assert (
        f'href="/reports/?cycle={newest.pk}"'
        in client.get(f"/reports/?cycle={office.cycle.pk}").content.decode()
    )
    written = b"".join(client.get("/reports/?export=xlsx"))
    cover = [
        cell
        for row in load_workbook(io.BytesIO(written)).worksheets[0].iter_rows(values_only=True)
        for cell in row
    ]
    assert "关于另一件事的意见" in cover


def test_the_list_takes_the_same_queries_for_two_reports_and_for_three(cast, office, sign_in):
    client, taken = sign_in(cast.supervisor), []
    for code in ("X1", "X2"):
        body = make_body(code, parent=cast.centre)
        make_obligation(office.rows[0].directive, body)
        office.cycle.reports.create(document=office.cycle.document, organisation=body)
        taken.append(queries(client, "/reports/"))
    assert taken[0] == taken[1] <= MOST
    assert "单位X2" in client.get("/reports/").content.decode()


# one report


def test_an_unbegun_report_is_begun_by_a_button_and_never_by_looking(cast, sign_in, key):
    section = make_section(make_document())
    make_obligation(make_directive(section), cast.body)
    report = reporting.open_cycle(
        document=section.document, by=cast.supervisor, now=NOW, **OPENING
    ).reports.get()
    client, url = sign_in(cast.staff), f"/reports/{report.pk}/"
    assert "报告尚未开始填报" in client.get(url).content.decode()
    assert ReportEntry.objects.count() == 0
    assert client.get(f"{url}begin/").url == url
    again = key()
    for _twice in range(2):
        assert client.post(f"{url}begin/", again).status_code == 302
    assert ReportEntry.objects.count() == 1
    for person, status in (
        (cast.viewer, 403),
        (cast.supervisor, 403),
        (cast.stranger, 404),
        (cast.outsider, 404),
    ):
        assert sign_in(person).post(f"{url}begin/", key()).status_code == status


def test_drafts_are_seen_by_the_body_alone(cast, office, sign_in):
    office.write(cast.staff)
    assert "已印发" in sign_in(cast.staff).get(office.url).content.decode()
    for person in (cast.supervisor, cast.viewer):
        page = sign_in(person).get(office.url).content.decode()
        assert "已印发" not in page and "尚未报送" in page
    for person in (cast.stranger, cast.below, cast.outsider, cast.admin):
        assert sign_in(person).get(office.url).status_code == 404


def test_those_above_read_what_was_handed_in_and_never_the_revision(cast, office, sign_in, key):
    office.hand_in(cast.manager)
    first = office.entries[0].pk
    reviewing.decide(
        report=office.report, decisions={first: (False, "写具体些")}, by=cast.supervisor, now=NOW
    )
    version = ReportEntry.objects.get(pk=first).version
    sign_in(cast.staff).post(
        office.save_url(),
        TYPED | key() | {"progress": "正在改的稿子", "version": version},
        headers=HTMX,
    )
    assert "正在改的稿子" in sign_in(cast.manager).get(office.url).content.decode()
    for person in (cast.supervisor, cast.viewer):
        page = sign_in(person).get(office.url).content.decode()
        assert "正在改的稿子" not in page and page.count("已印发") == 3 and "待补" not in page


def test_what_the_manager_sent_back_stays_inside(cast, office, sign_in):
    office.write(cast.staff)
    reporting.hand_in(report=office.report, by=cast.staff, now=NOW)
    reporting.decline(report=office.report, reason="家丑", by=cast.manager, now=NOW)
    assert "家丑" in sign_in(cast.staff).get(office.url).content.decode()
    assert "家丑" not in sign_in(cast.supervisor).get(office.url).content.decode()


def test_asking_for_the_state_keeps_the_version_that_the_page_has_read(cast, office, sign_in):
    reporting.save_entry(
        entry=office.entries[0],
        fields=EntryFields(progress="顾明远写的"),
        version=1,
        by=cast.manager,
        now=NOW,
    )
    client, first = sign_in(cast.staff), office.entries[0].pk
    state = client.get(f"{office.url}?entry={first}&version=1", headers=HTMX).content.decode()
    assert 'name="version" value="1"' in state and "顾明远写的" not in state
    row = client.get(f"{office.url}?entry={first}&part=row", headers=HTMX).content.decode()
    assert 'name="version" value="2"' in row and "顾明远写的" in row
    assert client.get(f"{office.url}?entry=0", headers=HTMX).status_code == 404


def test_chips_filter_on_the_server(cast, office, sign_in):
    ReportEntry.objects.filter(pk=office.entries[0].pk).update(progress="写好了的", percent=10)
    client = sign_in(cast.staff)
    page = client.get(f"{office.url}?show=ready").content.decode()
    shown = [entry.pk for entry in office.entries if f'id="e-{entry.pk}"' in page]
    assert shown == [office.entries[0].pk]
    page = client.get(f"{office.url}?show=blank").content.decode()
    assert [entry.pk for entry in office.entries if f'id="e-{entry.pk}"' in page] == [
        entry.pk for entry in office.entries[1:]
    ]
    assert "这一类下没有条目" in client.get(f"{office.url}?show=returned").content.decode()


def test_the_report_takes_the_same_queries_for_one_entry_and_for_three(cast, sign_in):
    for person in (cast.staff, cast.supervisor):
        client = sign_in(person)
        one, three = (Office(cast, count) for count in (1, 3))
        for office in (one, three):
            office.hand_in(cast.manager)
        assert queries(client, one.url) == queries(client, three.url) <= MOST


# saving


def test_htmx_saves_and_answers_with_the_state_alone(cast, office, sign_in, key):
    response = sign_in(cast.staff).post(office.save_url(), TYPED | key(), headers=HTMX)
    text = response.content.decode()
    assert response.status_code == 200
    assert "可报" in text and 'name="version" value="2"' in text and "<textarea" not in text
    assert 'id="saved" hx-swap-oob="true"' in text and 'id="chips"' not in text
    assert ReportEntry.objects.values_list("progress", "percent", "version").get(
        pk=office.entries[0].pk
    ) == ("已印发办法", 40, 2)


def test_an_entry_is_saved_whatever_was_accepted_on_its_obligation(cast, office, sign_in, key):
    """The percentage of an obligation is not taken for the number of its parts."""
    Obligation.objects.filter(pk=office.rows[0].pk).update(percent=80)
    assert sign_in(cast.staff).post(office.save_url(), TYPED | key()).status_code == 302


def test_what_stands_around_the_rows_is_asked_for_when_the_typing_pauses(
    cast, office, sign_in, key
):
    client = sign_in(cast.staff)
    client.post(office.save_url(), TYPED | key(), headers=HTMX)
    text = client.get(f"{office.url}?part=around", headers=HTMX).content.decode()
    for part in ('id="saved"', 'id="chips"', 'id="handin" class="handbar"'):
        assert f'{part} hx-swap-oob="true"' in text
    assert 'aria-current="true">待补 <b>2</b>' in text  # the chip that the reader stands under
    assert "<textarea" not in text


def test_a_browser_without_scripts_saves_and_comes_back_to_the_row(cast, office, sign_in, key):
    place = f"{office.url}?show=missing#e-{office.entries[0].pk}"
    response = sign_in(cast.staff).post(office.save_url(), TYPED | key() | {"next": place})
    assert (response.status_code, response.headers["Location"]) == (302, place)


def test_the_same_save_twice_acts_once_and_leads_to_the_state(cast, office, sign_in, key):
    client, again = sign_in(cast.staff), TYPED | key()
    client.post(office.save_url(), again, headers=HTMX)
    second = client.post(office.save_url(), again, headers=HTMX, follow=True)
    assert second.redirect_chain == [(f"{office.url}?entry={office.entries[0].pk}&version=2", 302)]
    assert 'name="version" value="2"' in second.content.decode()
    assert ReportEntry.objects.get(pk=office.entries[0].pk).version == 2


def test_a_conflict_shows_both_versions_and_overwrites_neither(cast, office, sign_in, key):
    reporting.save_entry(
        entry=office.entries[0],
        fields=EntryFields(progress="顾明远写的"),
        version=1,
        by=cast.manager,
        now=NOW,
    )
    for headers in (HTMX, {}):
        response = sign_in(cast.staff).post(office.save_url(), TYPED | key(), headers=headers)
        text = response.content.decode()
        assert response.status_code == 409
        assert (
            "顾明远写的" in text
            and "已印发办法" in text
            and "保留本人内容" in text
            and "采用对方内容" in text
        )
        assert ReportEntry.objects.get(pk=office.entries[0].pk).progress == "顾明远写的"
    mine = TYPED | key() | {"version": "2"}
    assert sign_in(cast.staff).post(office.save_url(), mine, headers=HTMX).status_code == 200
    assert ReportEntry.objects.get(pk=office.entries[0].pk).progress == "已印发办法"


def test_an_open_conflict_stays_open_until_somebody_decides(cast, office, sign_in, key):
    reporting.save_entry(
        entry=office.entries[0],
        fields=EntryFields(progress="顾明远写的"),
        version=1,
        by=cast.manager,
        now=NOW,
    )
    text = sign_in(cast.staff).post(office.save_url(), TYPED | key(), headers=HTMX).content.decode()
    # The next save of the row meets the conflict again.
    assert text.index('name="version" value="1"') < text.index("hx-swap-oob")


@pytest.mark.parametrize("percent", ["101", "-5", "一半", "4.5"])
def test_a_wrong_percentage_is_refused_and_kept(cast, office, sign_in, key, percent):
    for headers in (HTMX, {}):
        response = sign_in(cast.staff).post(
            office.save_url(), TYPED | key() | {"percent": percent}, headers=headers
        )
        assert response.status_code == 422
        assert "完成比例应为 0 至 100 的整数" in response.content.decode()
    assert (
        f'value="{percent}"' in response.content.decode()
        and "已印发办法" in response.content.decode()
    )
    assert ReportEntry.objects.get(pk=office.entries[0].pk).version == 1


def test_a_percentage_may_be_typed_as_people_type_it(cast, office, sign_in, key):
    sign_in(cast.staff).post(
        office.save_url(),
        TYPED | key() | {"percent": "６０％", "progress": "一\r\n二"},
        headers=HTMX,
    )
    assert ReportEntry.objects.values_list("percent", "progress").get(pk=office.entries[0].pk) == (
        60,
        "一\n二",
    )


def test_ticking_no_change_folds_the_row(cast, office, sign_in, key):
    client = sign_in(cast.staff)
    response = client.post(office.save_url(), TYPED | key() | {"unchanged": "1"}, headers=HTMX)
    row = f"#e-{office.entries[0].pk}"
    assert (response.headers["HX-Retarget"], response.headers["HX-Reswap"]) == (row, "outerHTML")
    text = response.content.decode()
    assert "无变化的原因" in text and "待补" in text
    kept = TYPED | {"unchanged": "1", "unchanged_reason": "本季度无节点", "version": "2"}
    text = client.post(office.save_url(), kept | key(), headers=HTMX).content.decode()
    assert "无变化" in text
    entry = ReportEntry.objects.get(pk=office.entries[0].pk)
    assert (entry.unchanged, entry.unchanged_reason, entry.progress) == (
        True,
        "本季度无节点",
        "已印发办法",
    )


def test_saving_is_for_the_body_and_by_post(cast, office, sign_in, key):
    assert (
        sign_in(cast.staff).get(office.save_url()).url == f"{office.url}#e-{office.entries[0].pk}"
    )
    for person in (
        cast.supervisor,
        cast.viewer,
        cast.stranger,
        cast.below,
        cast.outsider,
        cast.admin,
    ):
        assert sign_in(person).post(office.save_url(), TYPED | key()).status_code == 404
    office.hand_in(cast.manager)
    for person in (cast.supervisor, cast.viewer):
        assert sign_in(person).post(office.save_url(), TYPED | key()).status_code == 403
    response = sign_in(cast.staff).post(office.save_url(), TYPED | key(), headers=HTMX)
    assert response.status_code == 409
    assert (
        "现在不能修改" in response.content.decode()
        and ReportEntry.objects.get(pk=office.entries[0].pk).progress == "已印发"
    )


def test_a_save_takes_the_same_queries_however_long_the_report_is(cast, sign_in, key):
    client = sign_in(cast.staff)
    one, three = (Office(cast, count) for count in (1, 3))
    taken = {queries(client, office.save_url(), **TYPED, **key()) for office in (one, three)}
    # SQLite counts its BEGIN, and writes an event in two.
    assert len(taken) == 1 and taken.pop() <= 10


def test_an_entry_is_read_for_a_save_as_the_orm_reads_it(cast, django_assert_num_queries):
    first = Office(cast)
    first.hand_in(cast.manager)
    accepted = {first.entries[0].pk: (True, ""), first.entries[1].pk: (False, "写具体些")}
    reviewing.decide(report=first.report, decisions=accepted, by=cast.supervisor, now=NOW)
    terms = {
        "year": 2027,
        "period": "quarter",
        "number": 1,
        "opens_on": OPENING["due_on"],
        "due_on": OPENING["due_on"] + timedelta(days=90),
    }
    later = reporting.open_cycle(
        document=first.section.document, by=cast.supervisor, now=NOW, **terms
    )
    report = reporting.begin(
        report=later.reports.get(organisation=cast.body), by=cast.staff, now=NOW
    )
    known = list(
        report.entries.order_by("obligation__directive__order").select_related(
            "report", "obligation"
        )
    )
    with django_assert_num_queries(len(known)):
        found = [reporting.entry_to_save(entry.pk, by=cast.staff) for entry in known]
        places = [
            (one.report.organisation, one.report.document_id, one.obligation.directive_id)
            for one, _percent in found
        ]
    assert [percent for _one, percent in found] == [60, None, None]
    assert places == [
        (cast.body, entry.report.document_id, entry.obligation.directive_id) for entry in known
    ]
    names = [field.attname for field in ReportEntry._meta.concrete_fields]
    assert [[getattr(one, name) for name in names] for one, _percent in found] == [
        [getattr(one, name) for name in names] for one in known
    ]


def test_redrafting_by_the_button(cast, office, sign_in, key):
    client = sign_in(cast.staff)
    assert client.get(f"{office.url}redraft/").url == office.url
    assert client.post(f"{office.url}redraft/", key(), follow=True).status_code == 200
    assert sign_in(cast.viewer).post(f"{office.url}redraft/", key()).status_code == 403
    assert sign_in(cast.outsider).post(f"{office.url}redraft/", key()).status_code == 404


def test_carried_entries_are_marked_unchanged_by_one_press(cast, office, sign_in, key):
    client = sign_in(cast.staff)
    assert f'action="{office.url}unchanged/"' not in client.get(office.url).text
    office.report.entries.update(origin="carried", progress="已印发", percent=40)
    page = client.get(office.url)
    assert page.context["sheet"].carried == office.report.entries.count()
    assert f'action="{office.url}unchanged/"' in page.text
    response = client.post(f"{office.url}unchanged/", key() | {"reason": ""})
    assert response.status_code == 422
    assert client.post(f"{office.url}unchanged/", key() | {"reason": "无新进展"}).url == office.url
    assert set(office.report.entries.values_list("unchanged", "unchanged_reason")) == {
        (True, "无新进展")
    }
    assert f'action="{office.url}unchanged/"' not in client.get(office.url).text


# handing in and signing


def test_staff_send_for_signature_take_back_and_the_manager_signs(cast, office, sign_in, key):
    office.write(cast.staff)
    staff, manager = sign_in(cast.staff), sign_in(cast.manager)
    assert "整份送审签 3 项" in staff.get(office.url).content.decode()
    staff.post(
        f"{office.url}hand-in/", key() | {"entry": [office.entries[0].pk, office.entries[1].pk]}
    )
    assert office.states() == ["awaiting", "awaiting", "draft"]
    staff.post(f"/entries/{office.entries[1].pk}/recall/", key())
    assert office.states() == ["awaiting", "draft", "draft"]
    assert "签发报送 1 项" in manager.get(office.url).content.decode()
    assert "签发报送" not in staff.get(office.url).content.decode()
    assert staff.post(f"{office.url}sign/", key() | {"action": "sign"}).status_code == 403
    response = manager.post(f"{office.url}sign/", key() | {"action": "sign"})
    assert response.headers["Location"] == f"/submissions/{Submission.objects.get().pk}/"
    assert office.states() == ["submitted", "draft", "draft"]


def test_the_manager_sends_back_only_with_a_reason(cast, office, sign_in, key):
    office.write(cast.staff)
    reporting.hand_in(report=office.report, by=cast.staff, now=NOW)
    client = sign_in(cast.manager)
    assert (
        client.post(f"{office.url}sign/", key() | {"action": "decline", "reason": ""}).status_code
        == 422
    )
    client.post(f"{office.url}sign/", key() | {"action": "decline", "reason": "口径不一致"})
    assert office.states() == ["returned"] * 3
    assert "口径不一致" in sign_in(cast.staff).get(office.url).content.decode()


def test_handing_in_what_is_not_ready_says_what_is_missing(cast, office, sign_in, key):
    client = sign_in(cast.manager)
    response = client.post(f"{office.url}hand-in/", key() | {"entry": office.entries[0].pk})
    text = response.content.decode()
    assert response.status_code == 422
    assert f"{office.rows[0].directive.code}: 进展情况, 完成比例" in text
    assert client.get(f"{office.url}hand-in/").url == office.url


def test_handing_in_is_for_the_body(cast, office, sign_in, key):
    office.write(cast.staff)
    for action in ("hand-in/", "sign/"):
        for person, status in (
            (cast.supervisor, 403),
            (cast.viewer, 403),
            (cast.stranger, 404),
            (cast.outsider, 404),
        ):
            assert (
                sign_in(person)
                .post(f"{office.url}{action}", key() | {"action": "sign"})
                .status_code
                == status
            )
    again = key()
    for _twice in range(2):
        sign_in(cast.manager).post(f"{office.url}hand-in/", again)
    assert Submission.objects.count() == 1


def test_a_submission_is_read_by_those_concerned(cast, office, sign_in):
    url = f"/submissions/{office.hand_in(cast.manager).pk}/"
    for person in (cast.staff, cast.manager, cast.supervisor, cast.viewer):
        page = sign_in(person).get(url).content.decode()
        assert "已印发" in page and "第 1 次报送" in page and "尚无审核结论" in page
    for person in (cast.stranger, cast.below, cast.outsider, cast.admin):
        assert sign_in(person).get(url).status_code == 404
    reviewing.decide(
        report=office.report,
        decisions={office.entries[0].pk: (False, "写具体些")},
        by=cast.supervisor,
        now=NOW,
    )
    ReportEntry.objects.filter(report=office.report).update(progress="后来改的")
    page = sign_in(cast.staff).get(url).content.decode()
    assert "写具体些" in page and "后来改的" not in page


def test_a_submission_takes_the_same_queries_whatever_its_length(cast, sign_in):
    client = sign_in(cast.staff)
    one, three = (
        f"/submissions/{Office(cast, count).hand_in(cast.manager).pk}/" for count in (1, 3)
    )
    assert queries(client, one) == queries(client, three) <= MOST


# review


def test_a_supervisor_returns_one_and_accepts_the_rest(cast, office, sign_in, key):
    office.hand_in(cast.manager)
    client, url = sign_in(cast.supervisor), f"{office.url}review/"
    assert "3 项待审核" in client.get(url).content.decode()
    first = office.entries[0].pk
    seen = {
        f"version-{entry.pk}": ReportEntry.objects.get(pk=entry.pk).version
        for entry in office.entries
    }
    form = seen | {f"verdict-{first}": "return", f"reason-{first}": "写具体些", "rest": "accept"}
    response = client.post(f"{office.url}decide/", form | key())
    assert response.headers["Location"] == url
    # To the next report that waits.
    assert 'href="/reports/?cycle=' in client.get(url).content.decode()
    assert office.states() == ["returned", "accepted", "accepted"]
    assert sorted(Obligation.objects.values_list("percent", flat=True)) == [0, 60, 60]
    assert "写具体些" in sign_in(cast.staff).get(office.url).content.decode()


def test_the_rest_is_only_what_the_reviewer_saw(cast, office, sign_in, key):
    office.hand_in(cast.manager)
    last = office.entries[2].pk
    form = {f"version-{last}": ReportEntry.objects.get(pk=last).version, "rest": "accept"}
    sign_in(cast.supervisor).post(f"{office.url}decide/", form | key())
    assert office.states() == ["submitted", "submitted", "accepted"]


def test_a_return_without_a_reason_keeps_everything_typed(cast, office, sign_in, key):
    office.hand_in(cast.manager)
    first, second, third = (entry.pk for entry in office.entries)
    form = {
        f"verdict-{first}": "return",
        f"verdict-{second}": "accept",
        f"verdict-{third}": "return",
        f"reason-{third}": "缺附件",
    }
    response = sign_in(cast.supervisor).post(f"{office.url}decide/", form | key())
    page = response.content.decode()
    assert response.status_code == 422
    assert "缺附件" in page and "请写明退回原因" in page and page.count(" checked") == 3
    assert (office.states(), Verdict.objects.count()) == (["submitted"] * 3, 0)


def test_review_is_for_supervisors_above(cast, office, sign_in, key):
    office.hand_in(cast.manager)
    for person, status in (
        (cast.staff, 403),
        (cast.manager, 403),
        (cast.viewer, 403),
        (cast.stranger, 404),
        (cast.outsider, 404),
    ):
        assert sign_in(person).get(f"{office.url}review/").status_code == status
        assert (
            sign_in(person)
            .post(f"{office.url}decide/", {f"verdict-{office.entries[0].pk}": "accept"} | key())
            .status_code
            == status
        )
    assert sign_in(cast.supervisor).get(f"{office.url}decide/").url == f"{office.url}review/"
    assert office.states() == ["submitted"] * 3


def test_a_reviewer_who_handed_in_is_told_that_another_decides(cast, office, sign_in):
    Membership.objects.create(user=cast.manager, organisation=cast.centre, role="supervisor")
    office.hand_in(cast.manager)
    page = sign_in(cast.manager).get(f"{office.url}review/").content.decode()
    assert page.count("须由他人审核") == 3 and "周启明" in page and 'type="radio"' not in page


def test_a_verdict_on_something_newer_is_refused(cast, office, sign_in, key):
    office.hand_in(cast.manager)
    first = office.entries[0].pk
    response = sign_in(cast.supervisor).post(
        f"{office.url}decide/", {f"verdict-{first}": "accept", f"version-{first}": "1"} | key()
    )
    assert response.status_code == 409 and office.states() == ["submitted"] * 3


def test_review_takes_the_same_queries_for_one_entry_and_for_three(cast, sign_in):
    client, taken = sign_in(cast.supervisor), []
    for count in (1, 3):
        office = Office(cast, count)
        office.hand_in(cast.manager)
        taken.append(queries(client, f"{office.url}review/"))
    assert taken[0] == taken[1] <= MOST


# plans


@pytest.fixture
def plan(cast):
    row = make_obligation(organisation=cast.body, deliverable="plan", plan_due_on=date(2027, 1, 1))
    plan = make_plan(cast.body, row.document, title="总工会实施方案")
    make_measure(plan, row, due_on=date(2027, 1, 1), responsible="组织部", result="办法")
    return plan


def test_a_plan_is_returned_with_a_reason_or_accepted(cast, plan, sign_in, key):
    move_plan(plan, "hand_in", by=cast.manager, now=NOW)
    client, url = sign_in(cast.supervisor), f"/plans/{plan.pk}/"
    assert "印发办法" in client.get(f"{url}review/").content.decode()
    version = Plan.objects.get().version
    for form in ({}, {"verdict": "return", "reason": " "}):
        response = client.post(f"{url}decide/", form | {"version": version} | key())
        assert response.status_code == 422
    assert (
        client.post(
            f"{url}decide/", {"verdict": "accept", "version": version + 1} | key()
        ).status_code
        == 409
    )
    assert (
        client.post(
            f"{url}decide/", {"verdict": "return", "reason": "不够具体", "version": version} | key()
        ).status_code
        == 302
    )
    assert Plan.objects.values_list("state", "reason").get() == ("returned", "不够具体")
    assert client.get(f"{url}decide/").url == f"{url}review/"
    assert 'href="/plans/?state=submitted"' in client.get(f"{url}review/").content.decode()
    page = sign_in(cast.staff).get(f"/submissions/{plan.submissions.get().pk}/").content.decode()
    assert "印发办法" in page and "不够具体" in page and "2027年1月1日" in page


def test_the_only_directive_is_ticked_in_a_new_measure(cast, plan, sign_in):
    client, url = sign_in(cast.staff), f"/plans/{plan.pk}/"
    (group,) = client.get(url).context["groups"]
    assert [option.chosen for option in group.options] == [True]
    make_obligation(make_directive(group.section), cast.body)
    (group,) = client.get(url).context["groups"]
    assert [option.chosen for option in group.options] == [False, False]


def test_plan_review_is_for_supervisors_above(cast, plan, sign_in, key):
    Plan.objects.update(state="submitted", submitted_by=cast.manager, submitted_at=NOW)
    for person, status in (
        (cast.staff, 403),
        (cast.viewer, 403),
        (cast.stranger, 404),
        (cast.outsider, 404),
    ):
        assert sign_in(person).get(f"/plans/{plan.pk}/review/").status_code == status
        assert (
            sign_in(person)
            .post(f"/plans/{plan.pk}/decide/", {"verdict": "accept"} | key())
            .status_code
            == status
        )
    two_hats = make_member(cast.centre, "supervisor", "two-hats")
    Plan.objects.update(submitted_by=two_hats)
    assert (
        sign_in(two_hats)
        .post(f"/plans/{plan.pk}/decide/", {"verdict": "accept"} | key())
        .status_code
        == 403
    )


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_every_page_opens_in_every_language(cast, office, sign_in, language):
    submission = office.hand_in(cast.manager)
    reviewing.decide(
        report=office.report,
        decisions={office.entries[0].pk: (False, "写具体些")},
        by=cast.supervisor,
        now=NOW,
    )
    pages = {
        cast.staff: [office.url, "/reports/"],
        cast.supervisor: ["/reports/", f"{office.url}review/", f"/submissions/{submission.pk}/"],
    }
    for person, urls in pages.items():
        for url in urls:
            assert sign_in(person, language).get(url).status_code == 200
