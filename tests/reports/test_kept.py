"""What was handed in is as of then.

Names, codes and words of submissions, verdicts and their papers.
"""

from datetime import date, timedelta
from importlib import import_module
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from docx import Document as Docx

from directives.models import Directive, Document, Organisation, ReportEntry, Submission, User
from directives.plans import commands as planning
from directives.plans.commands import MeasureContent
from directives.reports import commands as reporting
from directives.reports.commands import EntryFields, reviewing
from directives.web.middleware import timezone as clock
from tests.factories import (
    NOW,
    make_cycle,
    make_directive,
    make_document,
    make_log,
    make_measure,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)

LATER = NOW + timedelta(days=90)  # 2027-01-11
SIGNED, TODAY = "2026年10月13日", "2027年1月11日"
THEN = ("全国总工会", "关于加强工作的意见", "健全制度，形成合力", "顾明远", "林晓岚")
NOW_CALLED = ("全国工会总会", "改名的意见", "改过的读法", "顾改名", "林改名")


@pytest.fixture
def row(cast):
    section = make_section(
        make_document(title_hans="关于加强工作的意见", title_hant="關於加強工作的意見"),
        title="第一部分",
    )
    words = "健全制度，形成合力。"
    return make_obligation(make_directive(section, code="一.1.1", text=words), cast.body)


def sign_report(cast, row):
    """The body's report, sent by the staff and signed by the manager."""
    report = make_report(cast.body, make_cycle(row.document), row)
    entry = report.entries.get()
    fields = EntryFields(
        progress="印发了办法", problems="人手不足", next_steps="抓紧培训", percent=60
    )
    reporting.save_entry(entry=entry, fields=fields, version=1, by=cast.staff, now=NOW)
    reporting.hand_in(report=report, by=cast.staff, now=NOW)
    return reporting.sign(report=report, by=cast.manager, now=NOW)


def sign_plan(cast, row):
    plan = planning.start_plan(
        document=row.document, organisation=cast.body, by=cast.staff, now=NOW
    )
    planning.save_plan(
        plan, title="工会实施方案", summary="扎实推进", version=1, by=cast.staff, now=NOW
    )
    planning.add_measure(
        plan, content=MeasureContent("印发办法", obligations=(row,)), by=cast.staff, now=NOW
    )
    plan.refresh_from_db()
    planning.move_plan(plan, "ask_signature", by=cast.staff, now=NOW)
    planning.move_plan(plan, "sign", by=cast.manager, now=NOW)
    return plan.submissions.get()


HANDED_IN = {"report": sign_report, "plan": sign_plan}


def rename(cast):
    """Everything that has a name is called something else by now."""
    Organisation.objects.filter(pk=cast.body.pk).update(
        name_hans="全国工会总会", name_hant="全國工會總會", full_name=""
    )
    Organisation.objects.filter(pk=cast.centre.pk).update(
        name_hans="改名的中央", name_hant="改名的中央"
    )
    Document.objects.update(title="改名的意见", title_hans="改名的意见", title_hant="改名的意見")
    Directive.objects.update(
        text="改过的读法。", text_hans="改过的读法。", text_hant="改過的讀法。"
    )
    for person, name in (
        (cast.manager, "顾改名"),
        (cast.staff, "林改名"),
        (cast.supervisor, "周改名"),
    ):
        User.objects.filter(pk=person.pk).update(full_name=name)


def without_people_and_names(submission, *names):
    """As rows from before kept it: Submission is append-only, so a new one is made."""
    content = {name: value for name, value in submission.content.items() if name not in names}
    subject = {"plan": submission.plan, "report": submission.report}
    return Submission.objects.create(
        organisation=submission.organisation,
        document=submission.document,
        number=9,
        content=content,
        submitted_at=NOW,
        submitted_by=submission.submitted_by,
        **subject,
    )


def shown(client, address):
    response = client.get(address)
    assert response.status_code == 200
    page = response.content.decode()
    return page[page.index("<h1") :]


@pytest.mark.parametrize("kind", HANDED_IN)
def test_a_submission_says_the_names_of_then(cast, row, sign_in, kind):
    submission = HANDED_IN[kind](cast, row)
    rename(cast)
    page = sign_in(cast.supervisor).get(f"/submissions/{submission.pk}/").content.decode()
    names = [name for name in (*THEN, *NOW_CALLED) if name in page]
    assert names == [name for name in THEN if kind == "report" or name != "健全制度，形成合力"]
    assert "现名" not in page


@pytest.mark.parametrize("kind", HANDED_IN)
def test_the_paper_of_a_submission_says_what_it_said_and_bears_its_day(
    cast, row, sign_in, monkeypatch, kind
):
    submission = HANDED_IN[kind](cast, row)
    rename(cast)
    ReportEntry.objects.update(progress="后来的进展")
    monkeypatch.setattr(clock, "now", lambda: LATER)
    client = sign_in(cast.staff)
    page = client.get(f"/submissions/{submission.pk}/paper/")
    assert page.status_code == 200
    answer = client.get(f"/submissions/{submission.pk}/paper/", {"export": "docx"})
    told = "\n".join(paragraph.text for paragraph in Docx(BytesIO(answer.getvalue())).paragraphs)
    assert [
        name
        for name in ("中共中央：", "全国总工会", SIGNED, TODAY, "后来的进展", *NOW_CALLED)
        if name in told
    ] == [
        "中共中央：",
        "全国总工会",
        SIGNED,
    ]
    assert ("印发了办法" if kind == "report" else "印发办法") in told


def test_a_paper_of_now_bears_the_day_of_now(cast, row, sign_in, monkeypatch):
    report, plan = sign_report(cast, row).report, sign_plan(cast, row).plan
    monkeypatch.setattr(clock, "now", lambda: LATER)
    for address in (f"/reports/{report.pk}/paper/", f"/plans/{plan.pk}/paper/"):
        page = shown(sign_in(cast.staff), address)
        assert [day for day in (SIGNED, TODAY) if f"<p>{day}</p>" in page] == [TODAY]


def test_the_content_keeps_who_handed_in_and_who_prepared_it(cast, row):
    content = sign_report(cast, row).content
    assert (content["submitted_by"], content["signed"]) == (
        {"id": cast.manager.pk, "name": "顾明远"},
        True,
    )
    assert content["entries"][0]["asked_by"] == {"id": cast.staff.pk, "name": "林晓岚"}
    assert content["entries"][0]["section"]["title"] == "第一部分"
    assert content["organisation"]["parent"]["name_hans"] == "中共中央"


@pytest.mark.parametrize("kind", HANDED_IN)
def test_a_verdict_names_the_reviewer_of_then(cast, row, sign_in, kind):
    submission = HANDED_IN[kind](cast, row)
    if kind == "plan":
        planning.decide(
            plan=submission.plan, accepted=False, reason="太空", by=cast.supervisor, now=NOW
        )
    else:
        entry = submission.report.entries.get()
        reviewing.decide(
            report=submission.report,
            decisions={entry.pk: (False, "太空")},
            by=cast.supervisor,
            now=NOW,
        )
    rename(cast)
    subject = (
        f"/plans/{submission.plan_id}/" if kind == "plan" else f"/submissions/{submission.pk}/"
    )
    for by in (cast.staff, cast.supervisor):
        page = shown(sign_in(by), subject)
        assert ("周启明" in page, "周改名" in page) == (True, False)


def test_the_list_of_submissions_names_who_handed_in(cast, row, sign_in):
    submission = sign_report(cast, row)
    rename(cast)
    page = shown(sign_in(cast.staff), f"/reports/{submission.report_id}/")
    assert ("顾明远" in page, "顾改名" in page) == (True, False)


@pytest.mark.parametrize("kind", HANDED_IN)
def test_what_was_not_kept_is_said_to_be_of_today(cast, row, sign_in, kind):
    old = without_people_and_names(
        HANDED_IN[kind](cast, row),
        "organisation",
        "document",
        "submitted_by",
        "signed",
        "directives",
    )
    rename(cast)
    client = sign_in(cast.supervisor)
    page = shown(client, f"/submissions/{old.pk}/")
    assert page.count("为现名") == 3
    paper = shown(client, f"/submissions/{old.pk}/paper/")
    assert "以下名称为现名（报送时未留存当时名称）：全国工会总会、《改名的意见》。" in paper
    assert "改名的中央" not in paper


def test_old_rows_of_any_shape_are_shown(cast, row, sign_in):
    submission = sign_plan(cast, row)
    old = without_people_and_names(
        submission,
        "organisation",
        "document",
        "submitted_by",
        "signed",
        "directives",
        "title",
        "summary",
    )
    client = sign_in(cast.staff)
    assert [client.get(f"/submissions/{old.pk}/{end}").status_code for end in ("", "paper/")] == [
        200,
        200,
    ]


def test_a_paper_takes_as_many_queries_for_many_entries(
    cast, row, sign_in, django_assert_num_queries
):
    rows = [row, *(make_obligation(make_directive(row.section), cast.body) for _number in range(2))]
    one, three = (
        make_report(cast.body, make_cycle(row.document), row),
        make_report(cast.body, make_cycle(row.document, year=2025), *rows),
    )
    client = sign_in(cast.staff)
    for report in (one, three):
        report.entries.update(progress="办了", percent=50)
        submission = reporting.hand_in(report=report, by=cast.manager, now=NOW)
        client.get(f"/submissions/{submission.pk}/paper/")
        with django_assert_num_queries(QUERIES):
            client.get(f"/submissions/{submission.pk}/paper/")


QUERIES = 4


# rows from before


def test_the_log_behind_reports_from_before_is_taken_as_used(cast, row):
    """Only a number of entries was kept.

    What was written before the report was handed in is not changed behind it.
    """
    measure = make_measure(make_plan(cast.body, row.document), row)
    before, after = make_log(measure, cast.staff), make_log(measure, cast.staff, created_at=LATER)
    report = make_report(cast.body, make_cycle(row.document), row)
    report.entries.update(
        drawn_from=1,
        origin="log",
        state="accepted",
        submitted_at=NOW,
        decided_at=NOW,
        decided_by=cast.supervisor,
    )
    draft = make_report(
        cast.body, make_cycle(row.document, year=2027, due_on=date(2027, 10, 15)), row
    )
    draft.entries.update(drawn_from=1, origin="log")
    for _time in range(2):  # broken off and begun again
        import_module("directives.migrations.0028_log_uses").fill(
            apps, SimpleNamespace(connection=connection)
        )
    assert set(report.entries.get().log_uses.values_list("log_entry", flat=True)) == {before.pk}
    assert set(draft.entries.get().log_uses.values_list("log_entry", flat=True)) == {
        before.pk,
        after.pk,
    }
    assert (before.state, after.state) == ("reported", "open")
