"""What came back and was handed in again.

The reason, and what was changed, for reviewer and author.
"""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from directives.models import User
from directives.plans import commands as planning
from directives.plans.commands import MeasureContent
from directives.plans.queries import plan_revisions
from directives.plans.queries.plan_page import MeasureLine
from directives.reports import commands as reporting
from directives.reports.commands import EntryFields
from tests.factories import NOW, make_directive, make_document, make_obligation, make_section
from tests.reports.test_reviewing import AFTER, LATER, HandedIn


def returned(cast, count=1):
    """A report whose first entry was returned."""
    handed_in = HandedIn(cast, count)
    handed_in.decide(cast.supervisor, (0, False, "未写明进度"))
    return handed_in


def text(response):
    assert response.status_code == 200
    return response.content.decode()


def test_the_reviewer_sees_the_reason_and_what_was_changed(cast, sign_in):
    handed_in = returned(cast)
    handed_in.again(cast)
    page = text(sign_in(cast.supervisor).get(f"/reports/{handed_in.report.pk}/review/"))
    assert "未写明进度" in page and "第 1 次报送退回后的改动" in page
    assert "<ins>改后的</ins>进展<del>0</del>" in page
    assert "未改动：存在问题、下一步打算、完成比例" in page


def test_the_author_sees_what_was_changed_before_and_after_handing_in_again(cast, sign_in):
    handed_in = returned(cast)
    address = f"/reports/{handed_in.report.pk}/"
    page = text(sign_in(cast.staff).get(address))
    assert page.count("未写明进度") == 1 and "未作改动" in page
    entry = handed_in.report.entries.get()
    reporting.save_entry(
        entry=entry,
        fields=EntryFields("改后的进展", "缺人", "补人", 70),
        version=entry.version,
        by=cast.staff,
        now=AFTER,
    )
    page = text(sign_in(cast.staff).get(address))
    assert "<ins>改后的</ins>进展<del>0</del>" in page and "<del>60</del><ins>70</ins>%" in page
    reporting.hand_in(report=handed_in.report, by=cast.manager, now=AFTER)
    page = text(sign_in(cast.staff).get(address))
    assert page.count("未写明进度") == 1 and "<ins>改后的</ins>进展<del>0</del>" in page


def test_it_is_said_in_the_readers_script(cast, sign_in):
    handed_in = returned(cast)
    handed_in.again(cast)
    page = text(sign_in(cast.supervisor, "zh-hant").get(f"/reports/{handed_in.report.pk}/review/"))
    assert "<ins>改後的</ins>進展<del>0</del>" in page


def test_nobody_above_sees_what_is_being_changed(cast, sign_in):
    handed_in = returned(cast)
    entry = handed_in.report.entries.get()
    reporting.save_entry(
        entry=entry,
        fields=EntryFields("还没写完", "缺人", "补人", 70),
        version=entry.version,
        by=cast.staff,
        now=AFTER,
    )
    assert "还没写完" not in text(sign_in(cast.supervisor).get(f"/reports/{handed_in.report.pk}/"))


def test_what_was_accepted_says_nothing_of_its_return(cast, sign_in):
    handed_in = returned(cast)
    handed_in.again(cast)
    handed_in.decide(cast.supervisor, (0, True, ""), now=AFTER)
    assert "<ins>" not in text(sign_in(cast.staff).get(f"/reports/{handed_in.report.pk}/"))


def test_the_reviewer_is_named_as_of_then(cast, sign_in):
    handed_in = returned(cast)
    handed_in.again(cast)
    User.objects.filter(pk=cast.supervisor.pk).update(full_name="周改名")
    page = text(sign_in(cast.manager).get(f"/reports/{handed_in.report.pk}/"))
    assert ("周启明" in page, "周改名" in page) == (True, False)


@pytest.mark.parametrize(("name", "end"), [("supervisor", "review/"), ("staff", "")])
def test_pages_take_as_many_queries_for_one_return_as_for_three(cast, sign_in, name, end):
    taken = []
    for count in (1, 3):
        handed_in = HandedIn(cast, count)
        handed_in.decide(
            cast.supervisor, *((number, False, "未写明进度") for number in range(count))
        )
        for entry in handed_in.report.entries.all():
            fields = EntryFields("改后的进展", "缺人", "补人", 70)
            reporting.save_entry(
                entry=entry, fields=fields, version=entry.version, by=cast.staff, now=AFTER
            )
        reporting.hand_in(report=handed_in.report, by=cast.manager, now=AFTER)
        client, address = sign_in(getattr(cast, name)), f"/reports/{handed_in.report.pk}/{end}"
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert text(client.get(address)).count("第 1 次报送退回后的改动") == count
        taken.append(len(queries))
    assert taken[0] == taken[1]


# plans


@pytest.fixture
def plan(cast):
    """A plan of three measures that was returned."""
    section = make_section(make_document())
    rows = [make_obligation(make_directive(section), cast.body) for _number in range(2)]
    made = planning.start_plan(
        document=section.document, organisation=cast.body, by=cast.staff, now=NOW
    )
    planning.save_plan(
        made, title="实施方案", summary="扎实推进", version=1, by=cast.staff, now=NOW
    )
    for words in ("印发办法", "开展培训", "督促检查"):
        planning.add_measure(
            made,
            content=MeasureContent(words, "办公厅", obligations=tuple(rows)),
            by=cast.staff,
            now=NOW,
        )
    made.refresh_from_db()
    planning.move_plan(made, "hand_in", by=cast.manager, now=NOW)
    planning.decide(plan=made, accepted=False, reason="缺少时间节点", by=cast.supervisor, now=LATER)
    return made


def revise(cast, plan):
    first, second, third = plan.measures.order_by("number")
    content = MeasureContent("印发实施办法", "办公厅", obligations=tuple(first.obligations.all()))
    planning.save_measure(first, content=content, version=first.version, by=cast.staff, now=AFTER)
    planning.delete_measure(second, by=cast.staff, now=AFTER)
    added = MeasureContent("通报情况", obligations=tuple(third.obligations.all()))
    planning.add_measure(plan, content=added, by=cast.staff, now=AFTER)
    plan.refresh_from_db()


def test_a_plan_that_came_back_shows_each_measure_that_was_changed(cast, plan, sign_in):
    revise(cast, plan)
    for state in ("returned", "submitted"):
        page = text(sign_in(cast.staff).get(f"/plans/{plan.pk}/"))
        assert "印发<ins>实施</ins>办法" in page
        assert "第 3 条措施：新增" in page and "<ins>通报情况</ins>" in page
        assert "第 2 条措施：已删除" in page and "<del>开展培训</del>" in page
        assert "未改动：第 2 条措施" in page  # the third, which moved up
        assert page.count("缺少时间节点") >= 1
        if state == "returned":
            planning.move_plan(plan, "hand_in", by=cast.manager, now=AFTER + timedelta(minutes=1))
    page = text(sign_in(cast.supervisor).get(f"/plans/{plan.pk}/review/"))
    assert "印发<ins>实施</ins>办法" in page and "缺少时间节点" in page
    assert "印发<ins>实施</ins>办法" in text(sign_in(cast.supervisor).get(f"/plans/{plan.pk}/"))


def test_those_above_see_no_draft_of_a_plan_among_the_changes(cast, plan, sign_in):
    revise(cast, plan)
    page = text(sign_in(cast.supervisor).get(f"/plans/{plan.pk}/"))
    assert "通报情况" not in page and "<ins>" not in page


def test_measures_of_a_submission_from_before_are_found_by_words_or_number():
    def line(number, words, measure=0):
        return MeasureLine(number, words, "", None, "", None, (), measure=measure)

    before = [line(1, "印发办法"), line(2, "开展培训"), line(3, "督促检查")]
    now = [line(1, "开展培训", 8), line(2, "督促检查", 9), line(3, "另一项", 10)]
    paired = plan_revisions._paired(before, now)
    assert {number: old.text for number, old in paired.items()} == {1: "开展培训", 2: "督促检查"}
