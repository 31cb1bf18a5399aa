"""Whatever leaves as a file stands in the record: who took what, when.

Nothing else is written by a GET.
"""

from collections.abc import Callable

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from directives.downloads.export_job import reach_of
from directives.models import Attachment, Event, Export, ReportEntry
from tests.factories import (
    NOW,
    make_cycle,
    make_directive,
    make_measure,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)


@pytest.fixture
def report(cast, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    obligation = make_obligation(make_directive(make_section()), cast.body)
    report = make_report(cast.body, make_cycle(obligation.document), obligation)
    make_measure(make_plan(cast.body, obligation.document, state="submitted"), obligation)
    return report


def file(cast, report) -> str:
    row = Attachment(
        report_entry=ReportEntry.objects.get(),
        name="佐证材料.txt",
        size=2,
        sha256="0" * 64,
        by=cast.staff,
        at=NOW,
    )
    row.file.save("x.txt", ContentFile(b"ok"))
    return reverse("attachment", args=[row.pk])


def export(cast, report) -> str:
    row = Export(
        by=cast.staff,
        list="ledger",
        format="csv",
        language="zh-hans",
        asked_at=NOW,
        as_of=NOW,
        finished_at=timezone.now(),
    )
    row.reach, row.state, row.name = reach_of(cast.staff), "ready", "台账.csv"
    row.file.save("x.csv", ContentFile(b"ok"))
    return reverse("export_file", args=[row.pk])


WAYS: dict[str, tuple[str, str, Callable]] = {
    "evidence": ("download", "reportentry", file),
    "a file of the worker's": ("download", "export", export),
    "a workbook to fill in": (
        "take_offline",
        "progressreport",
        lambda cast, report: reverse("report_offline", args=[report.pk]),
    ),
    "the paper of a report": (
        "take_paper",
        "progressreport",
        lambda cast, report: reverse("report_paper", args=[report.pk]) + "?export=docx",
    ),
    "the paper of a plan": (
        "take_paper",
        "plan",
        lambda cast, report: (
            reverse("plan_paper", args=[cast.body.plans.get().pk]) + "?export=docx"
        ),
    ),
    "the source of a document": (
        "view_source",
        "document",
        lambda cast, report: reverse("document_source", args=[report.document_id]),
    ),
    "a list": ("export", "membership", lambda cast, report: reverse("obligations") + "?export=csv"),
}


@pytest.mark.parametrize("way", WAYS)
def test_it_is_on_record(cast, report, sign_in, way):
    action, subject, address = WAYS[way]
    client, there = sign_in(cast.staff), address(cast, report)
    before = Event.objects.count()
    answer = client.get(there)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert (answer.status_code, bool(content)) == (200, True)
    assert Event.objects.count() == before + 1
    event = Event.objects.latest("pk")
    assert (event.action, event.subject_type, event.by) == (action, subject, cast.staff)


def test_an_export_of_the_admin_is_on_record(cast, report, sign_in):
    form = {"format": "0", "resource": "0", "organisationresource_code": "on"}
    answer = sign_in(cast.admin).post(reverse("admin:directives_organisation_export"), form)
    assert answer.status_code == 200 and b"Q01" in answer.content
    event = Event.objects.latest("pk")
    assert (event.action, event.by, event.after) == (
        "export",
        cast.admin,
        {"list": "organisation", "rows": 4},
    )


def test_whoever_may_not_have_it_is_on_record_as_refused(cast, report, sign_in):
    there = [address(cast, report) for _action, _subject, address in WAYS.values()]
    before = Event.objects.count()
    assert {sign_in(cast.outsider).get(address).status_code for address in there} <= {403, 404}
    told = list(Event.objects.order_by("pk").values_list("action", "by"))[before:]
    assert told == [("refused", cast.outsider.pk)] * len(WAYS)


def test_a_file_that_one_may_have_no_more_is_refused_on_record(cast, report, sign_in):
    there = export(cast, report)
    cast.staff.memberships.update(role="viewer")
    assert sign_in(cast.staff).get(there).status_code == 403
    event = Event.objects.latest("pk")
    assert (event.action, event.subject_type, event.after["where"]) == (
        "refused",
        "export",
        "export_file",
    )
