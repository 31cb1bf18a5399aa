"""Requests to close: what they rest on, what became of them, and when a directive is closed."""

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from directives import tallies
from directives.base.refusals import IllegalMove, Invalid
from directives.core import evidence as files
from directives.models import Attachment, CloseOut, Event, LogEntry, Obligation
from directives.obligations.commands.closing import Evidence
from directives.obligations.commands.supervising import move_obligation
from directives.obligations.queries.closing import closed_directives
from directives.reports.commands.amending import edit_log, withdraw_log
from tests.factories import (
    NOW,
    TODAY,
    make_body,
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

TEXT = "制度已经印发并施行。"


@pytest.fixture
def row(cast):
    return make_obligation(organisation=cast.body, percent=95)


@pytest.fixture
def log(cast, row):
    plan = make_plan(
        cast.body,
        row.document,
        state="accepted",
        submitted_at=NOW,
        submitted_by=cast.staff,
        decided_at=NOW,
        decided_by=cast.supervisor,
    )
    return make_log(make_measure(plan, row), cast.staff)


@pytest.fixture
def file(cast, row):
    report = make_report(cast.body, make_cycle(row.document), row)
    report.entries.update(state="submitted", submitted_at=NOW, submitted_by=cast.staff)
    made = Attachment(
        report_entry=report.entries.get(),
        name="办法.txt",
        size=2,
        sha256="0" * 64,
        by=cast.staff,
        at=NOW,
    )
    made.file.save("x.txt", ContentFile(b"ok"))
    return made


def act(row, action, by, **more):
    return move_obligation(obligation=row, action=action, by=by, now=NOW, **more)


def ask(cast, row, **more):
    return act(row, "request_close", cast.staff, reason=TEXT, **more)


def test_a_request_names_its_evidence_and_the_verifier_sees_it(cast, row, log, file, sign_in, key):
    page = sign_in(cast.staff).get(reverse("obligation", args=[row.pk])).content.decode()
    assert f'value="log-{log.pk}"' in page and f'value="file-{file.pk}"' in page
    answer = sign_in(cast.staff).post(
        reverse("obligation_move", args=[row.pk, "request_close"]),
        {**key(), "version": 1, "reason": TEXT, "evidence": [f"log-{log.pk}", f"file-{file.pk}"]},
    )
    assert answer.status_code == 302
    made = CloseOut.objects.get()
    assert (made.state, made.text, made.percent, made.asked_by) == (
        "requested",
        TEXT,
        95,
        cast.staff,
    )
    assert list(made.evidence.values_list("log_entry", "file").order_by("pk")) == [
        (log.pk, None),
        (None, file.pk),
    ]
    told = Event.objects.get(action="name_evidence")
    assert (told.obligation_id, told.after) == (row.pk, {"log": [log.pk], "files": ["办法.txt"]})
    page = sign_in(cast.supervisor).get(reverse("obligation", args=[row.pk])).content.decode()
    for text in (TEXT, "办法.txt", reverse("log_entry", args=[log.pk]), "核验"):
        assert text in page


def test_a_refused_request_is_kept_beside_the_next(cast, row, sign_in):
    ask(cast, row)
    act(row, "refuse_close", cast.supervisor, reason="缺佐证")
    ask(cast, row)
    act(row, "close", cast.supervisor, reason="已核验")
    kept = CloseOut.objects.order_by("pk").values_list("state", "reason", "decided_by")
    assert list(kept) == [
        ("refused", "缺佐证", cast.supervisor.pk),
        ("verified", "已核验", cast.supervisor.pk),
    ]
    page = sign_in(cast.staff).get(reverse("obligation", args=[row.pk])).content.decode()
    assert "缺佐证" in page and "已核验" in page


def test_what_the_verifier_would_not_see_or_is_of_another_row_cannot_be_named(cast, row, log):
    other = make_obligation(make_directive(row.section), cast.body)
    with pytest.raises(Invalid) as refusal:
        ask(cast, other, evidence=Evidence(log=[log.pk]))
    assert list(refusal.value.errors) == ["evidence"]
    log.measure.plan.__class__.objects.update(submitted_at=None, state="draft")
    with pytest.raises(Invalid):
        ask(cast, row, evidence=Evidence(log=[log.pk]))
    assert (CloseOut.objects.count(), Event.objects.count()) == (0, 0)


def test_named_evidence_stays_as_it_is(cast, row, log, file):
    ask(cast, row, evidence=Evidence([log.pk], [file.pk]))
    given = {"version": log.version, "by": cast.staff, "now": NOW}
    for change in (
        lambda: withdraw_log(log, **given),
        lambda: edit_log(log, on=TODAY, text="别的", **given),
    ):
        with pytest.raises(IllegalMove, match="佐证"):
            change()
    file.report_entry.__class__.objects.update(state="returned", reason="补充")
    file.refresh_from_db()
    with pytest.raises(IllegalMove, match="佐证"):
        files.remove(file, by=cast.staff, now=NOW)
    act(row, "refuse_close", cast.supervisor, reason="重写")
    assert edit_log(log, on=TODAY, text="别的", **given).text == "别的"
    assert LogEntry.objects.get().text == "别的"


# directives as a whole


def of_directive(cast, *states_of_parts):
    document = make_document(organisation=cast.centre)
    directive = make_directive(make_section(document))
    for part, state in states_of_parts:
        closed_on = TODAY if state == "closed" else None
        body = make_body(parent=cast.centre)
        make_obligation(directive, body, part=part, state=state, closed_on=closed_on)
    return directive


@pytest.mark.parametrize(
    ("states", "closed"),
    [
        ([("lead", "closed"), ("responsible", "underway"), ("supporting", "assigned")], True),
        ([("lead", "closed"), ("lead", "underway")], False),
        ([("lead", "underway"), ("responsible", "closed")], False),
        ([("lead", "withdrawn"), ("responsible", "closed")], True),
        ([("responsible", "closed"), ("responsible", "closed"), ("supporting", "underway")], True),
        ([("responsible", "closed"), ("responsible", "suspended")], False),
        ([("supporting", "closed"), ("supporting", "closed")], True),
        ([("supporting", "closed"), ("supporting", "underway")], False),
        ([("responsible", "closed"), ("responsible", "withdrawn")], True),
        ([("responsible", "underway")], False),
        ([], False),
    ],
)
def test_a_directive_is_closed_when_all_its_leads_have_closed(cast, states, closed):
    directive = of_directive(cast, *states)
    expected = {directive.pk: directive.document_id} if closed else {}
    assert closed_directives(directive=directive) == expected
    assert closed_directives(document__in=[directive.document_id]) == expected


def test_a_topmost_body_without_children_counts_too(cast):
    directive = of_directive(cast, ("lead", "closed"))
    make_obligation(directive, make_body("S1"), part="lead")
    assert closed_directives(directive=directive) == {}


def test_pages_show_which_directives_are_closed(cast, sign_in):
    directive = of_directive(cast, ("lead", "closed"), ("responsible", "underway"))
    client, document = sign_in(cast.supervisor), directive.document
    assert "已销号" in client.get(reverse("directive", args=[directive.pk])).content.decode()
    page = client.get(reverse("document", args=[document.pk])).content.decode()
    assert "已销号 1/1" in page
    assert "已销号 1/1" in client.get(reverse("documents")).content.decode()
    Obligation.objects.filter(part="lead").update(state="underway")
    tallies.rebuild()
    assert "已销号 1/1" not in client.get(reverse("documents")).content.decode()
