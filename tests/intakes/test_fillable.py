"""Workbooks that go out to be filled in and come back.

Templates, a report without a network, the table with its faults.
"""

from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from directives.models import Intake, ReportEntry
from directives.web.middleware import timezone as clock
from tests.factories import (
    NOW,
    make_cycle,
    make_directive,
    make_document,
    make_obligation,
    make_report,
    make_section,
)


@pytest.fixture(autouse=True)
def steady(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(clock, "now", lambda: NOW)


def workbook(answer):
    assert answer.status_code == 200, answer.content
    return load_workbook(BytesIO(answer.getvalue()))


def file_of(book, name="表.xlsx"):
    file = BytesIO()
    book.save(file)
    file.seek(0)
    file.name = name
    return file


def bring(client, key, kind, book, **place):
    form = {**place, **key(), "file": file_of(book)}
    answer = client.post(reverse("intake_upload", args=[kind]), form)
    assert answer.status_code == 302, answer.content.decode()
    return Intake.objects.get(pk=answer.url.rstrip("/").split("/")[-1])


@pytest.fixture
def report(cast):
    section = make_section(make_document())
    rows = [
        make_obligation(
            make_directive(section, code=f"九.1.{n}", text=f"健全第{n}项制度。"),
            cast.body,
            state="underway",
        )
        for n in (1, 2, 3)
    ]
    return make_report(cast.body, make_cycle(section.document), *rows)


@pytest.mark.django_db(transaction=True)
def test_a_report_is_filled_in_without_a_network_and_brought_back(cast, report, sign_in, key):
    client = sign_in(cast.staff)
    book = workbook(client.get(reverse("report_offline", args=[report.pk])))
    sheet = book.worksheets[0]
    heads = {cell.value: cell.column for cell in sheet[1]}
    assert [sheet.cell(line, heads["重点任务"]).value for line in (2, 3, 4)] == [
        "健全第1项制度。",
        "健全第2项制度。",
        "健全第3项制度。",
    ]
    sheet.cell(2, heads["进展情况"]).value = "已印发办法"
    sheet.cell(2, heads["完成比例"]).value = 0.6
    sheet.cell(3, heads["完成比例"]).value = "35%"
    made = bring(
        client, key, "entries", book, cycle=report.cycle_id, organisation=report.organisation_id
    )
    assert (made.state, made.counts) == ("checked", {"changed": 2, "same": 1})
    client.post(reverse("intake_apply", args=[made.pk]), {**key(), "version": made.version})
    told = list(
        ReportEntry.objects.filter(report=report)
        .order_by("pk")
        .values_list("progress", "percent", "version")
    )
    assert told == [("已印发办法", 60, 2), ("", 35, 2), ("", None, 1)]


def test_only_those_who_fill_in_take_a_report_offline(cast, report, sign_in):
    address = reverse("report_offline", args=[report.pk])
    assert [
        sign_in(person).get(address).status_code
        for person in (cast.manager, cast.supervisor, cast.outsider)
    ] == [200, 403, 404]


def test_entries_that_were_handed_in_do_not_go_out(cast, report, sign_in):
    first = report.entries.order_by("pk").first()
    ReportEntry.objects.filter(pk=first.pk).update(
        state="submitted", submitted_at=NOW, submitted_by=cast.staff
    )
    sheet = workbook(
        sign_in(cast.staff).get(reverse("report_offline", args=[report.pk]))
    ).worksheets[0]
    assert [row[0].value for row in sheet.iter_rows(min_row=2) if row[0].value] == [
        "九.1.2",
        "九.1.3",
    ]


@pytest.mark.django_db(transaction=True)
def test_a_table_with_faults_comes_back_with_each_at_its_cell(cast, sign_in, key):
    client = sign_in(cast.admin)
    book = workbook(client.get(reverse("intake_template", args=["bodies"])))
    sheet = book.worksheets[0]
    heads = {cell.value: cell.column for cell in sheet[1]}
    for line, (code, name, day) in enumerate(
        (("Z01", "甲会", "2025年2月30日"), ("Z02", "", "2025年3月1日")), 3
    ):
        for heading, value in (("名称", name), ("设立日期", day)):
            sheet.cell(line, heads[heading]).value = value
        sheet.cell(line, 1).value = code
    made = bring(client, key, "bodies", book)
    assert (made.state, made.counts) == ("checked", {"wrong": 2})
    copy = workbook(client.get(reverse("intake_marked", args=[made.pk]))).worksheets[0]
    marked = {cell.coordinate: cell.comment.text for row in copy for cell in row if cell.comment}
    day, name = (
        copy.cell(line, heads[heading]).coordinate
        for line, heading in ((3, "设立日期"), (4, "名称"))
    )
    assert set(marked) == {day, name}
    assert copy[day].value == "2025年2月30日"


@pytest.mark.django_db(transaction=True)
def test_a_table_without_faults_has_no_marked_copy(cast, sign_in, key):
    client = sign_in(cast.admin)
    book = workbook(client.get(reverse("intake_template", args=["bodies"])))
    made = bring(client, key, "bodies", book)
    assert client.get(reverse("intake_marked", args=[made.pk])).url == reverse(
        "intake", args=[made.pk]
    )


def test_templates_are_for_those_who_bring_such_tables_in(cast, sign_in):
    address = reverse("intake_template", args=["bodies"])
    assert [sign_in(person).get(address).status_code for person in (cast.admin, cast.staff)] == [
        200,
        403,
    ]
    assert sign_in(cast.admin).get(reverse("intake_template", args=["nothing"])).status_code == 404
