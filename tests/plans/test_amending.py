"""The work log amended by its authors.

Edited or withdrawn until a report that used it was handed in, then corrected by another.
"""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from directives import tallies
from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Stale
from directives.base.states import LOG_ACTS, LOG_STATES
from directives.core import evidence, last_heard
from directives.core.transitions import move
from directives.models import Event, LogEntry, LogUse, Membership, Obligation
from directives.plans import commands as planning
from directives.plans.queries.log import LogFilter, filtered_log
from directives.reports import commands as reporting
from directives.reports.commands import EntryFields, amending, reviewing
from tests.factories import (
    NOW,
    TODAY,
    make_directive,
    make_document,
    make_measure,
    make_member,
    make_obligation,
    make_plan,
    make_section,
)

THIRD = {
    "year": 2026,
    "period": "quarter",
    "number": 3,
    "opens_on": date(2026, 9, 17),
    "due_on": date(2026, 10, 15),
}
FOURTH = {
    "year": 2026,
    "period": "quarter",
    "number": 4,
    "opens_on": date(2026, 12, 17),
    "due_on": date(2027, 1, 15),
}
LATER, LAST = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
ON = date(2026, 10, 12)


@pytest.fixture
def section(db):
    return make_section(make_document())


@pytest.fixture
def row(cast, section):
    return make_obligation(make_directive(section), cast.body)


@pytest.fixture
def measure(cast, section, row):
    return make_measure(
        make_plan(
            cast.body,
            section.document,
            state="accepted",
            decided_at=NOW,
            decided_by=cast.supervisor,
        ),
        row,
    )


def log(measure, by, text="召开会议", now=NOW):
    return planning.log_work(measure, on=ON, text=text, by=by, now=now)


def report_of(cast, section, **cycle):
    given = reporting.open_cycle(
        document=section.document, by=cast.supervisor, now=NOW, **(cycle or THIRD)
    )
    report = given.reports.get(organisation=cast.body)
    reporting.begin(report=report, by=cast.staff, now=NOW)
    return report


def handed_in(cast, report, now=NOW):
    """The report with its only entry handed in, its progress as it was drafted."""
    entry = report.entries.get()
    fields = EntryFields(progress=entry.progress, percent=50)
    reporting.save_entry(
        entry=entry, fields=fields, version=entry.version, by=cast.manager, now=now
    )
    reporting.hand_in(report=report, by=cast.manager, now=now)
    return report


def drafted(report):
    return report.entries.get().progress


# which report used what


def test_a_draft_notes_which_entries_of_the_log_it_is_made_from(cast, section, measure):
    used = [log(measure, cast.staff), log(measure, cast.staff, "印发通知")]
    report = report_of(cast, section)
    assert [entry.state for entry in used] == ["open", "open"]
    later = log(measure, cast.staff, "座谈", now=LATER)
    handed_in(cast, report)
    assert [LogEntry.objects.get(pk=entry.pk).state for entry in (*used, later)] == [
        "reported",
        "reported",
        "open",
    ]
    assert set(LogUse.objects.values_list("log_entry", flat=True)) == {entry.pk for entry in used}


def test_what_was_returned_was_handed_in_all_the_same(cast, section, measure):
    entry = log(measure, cast.staff)
    report = handed_in(cast, report_of(cast, section))
    reviewing.decide(
        report=report,
        decisions={report.entries.get().pk: (False, "不具体")},
        by=cast.supervisor,
        now=LATER,
    )
    reporting.redraft(report=report, by=cast.staff, now=LAST)
    assert entry.state == "reported"


def test_a_later_draft_takes_the_place_of_one_that_was_never_handed_in(cast, section, measure):
    first = log(measure, cast.staff)
    report = report_of(cast, section)
    log(measure, cast.staff, "印发通知", now=LATER)
    reporting.redraft(report=report, by=cast.staff, now=LAST)
    assert LogUse.objects.filter(entry=report.entries.get()).count() == 2
    amending.withdraw_log(first, version=1, by=cast.staff, now=LAST)
    assert LogUse.objects.filter(log_entry=first).count() == 0


# edited


def test_the_author_changes_day_words_and_files_and_the_draft_says_it(
    cast, section, measure, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    entry = log(measure, cast.staff)
    report = report_of(cast, section)
    assert drafted(report) == "10月12日，召开会议。"
    files = [SimpleUploadedFile("纪要.txt", "纪要".encode())]
    told = {"on": date(2026, 10, 11), "text": " 召开座谈会 ", "files": files}
    amending.edit_log(entry, **told, version=1, by=cast.staff, now=LATER)
    entry.refresh_from_db()
    assert (entry.on, entry.text, entry.version, entry.files.get().name) == (
        date(2026, 10, 11),
        "召开座谈会",
        2,
        "纪要.txt",
    )
    assert drafted(report) == "10月11日，召开座谈会。"
    event = Event.objects.get(action="edit_log")
    assert (event.before, event.after) == (
        {"on": "2026-10-12", "text": "召开会议"},
        {"on": "2026-10-11", "text": "召开座谈会"},
    )
    evidence.remove(entry.files.get(), by=cast.staff, now=LATER)
    assert entry.files.count() == 0


def test_what_people_typed_stays_as_it_is(cast, section, measure):
    entry = log(measure, cast.staff)
    report = report_of(cast, section)
    mine = report.entries.get()
    reporting.save_entry(
        entry=mine,
        fields=EntryFields(progress="自己写的"),
        version=mine.version,
        by=cast.staff,
        now=NOW,
    )
    amending.edit_log(entry, on=ON, text="召开座谈会", version=1, by=cast.staff, now=LATER)
    assert drafted(report) == "自己写的"


def test_a_draft_of_which_only_the_percentage_was_typed_says_it_too(cast, section, measure):
    entry = log(measure, cast.staff)
    report = report_of(cast, section)
    mine = report.entries.get()
    reporting.save_entry(
        entry=mine,
        fields=EntryFields(progress=mine.progress, percent=40),
        version=mine.version,
        by=cast.staff,
        now=NOW,
    )
    amending.edit_log(entry, on=ON, text="召开座谈会", version=1, by=cast.staff, now=LATER)
    assert (drafted(report), report.entries.get().percent) == ("10月12日，召开座谈会。", 40)


def test_every_fault_is_said_at_once(cast, measure):
    entry = log(measure, cast.staff)
    files = [SimpleUploadedFile("a.exe", b"MZ")]
    with pytest.raises(Invalid) as refused:
        amending.edit_log(
            entry,
            on=TODAY + timedelta(days=1),
            text=" ",
            files=files,
            version=1,
            by=cast.staff,
            now=NOW,
        )
    assert sorted(refused.value.errors) == ["files", "on", "text"]
    assert (LogEntry.objects.get().text, Event.objects.filter(action="edit_log").count()) == (
        "召开会议",
        0,
    )


def test_somebody_was_first(cast, measure):
    entry = log(measure, cast.staff)
    amending.edit_log(entry, on=ON, text="甲", version=1, by=cast.staff, now=NOW)
    for act in (
        lambda: amending.edit_log(entry, on=ON, text="乙", version=1, by=cast.staff, now=NOW),
        lambda: amending.withdraw_log(entry, version=1, by=cast.staff, now=NOW),
    ):
        with pytest.raises(Stale) as stale:
            act()
        assert stale.value.theirs.text == "甲"


# who may, and when


@pytest.mark.parametrize(
    "name",
    ["manager", "colleague", "supervisor", "viewer", "admin", "outsider", "stranger", "below"],
)
def test_nobody_but_the_author(cast, measure, name):
    entry = log(measure, cast.staff)
    by = (
        make_member(cast.body, "staff", "colleague") if name == "colleague" else getattr(cast, name)
    )
    for act in (
        lambda: amending.edit_log(entry, on=ON, text="甲", version=1, by=by, now=NOW),
        lambda: amending.withdraw_log(entry, version=1, by=by, now=NOW),
        lambda: amending.correct_log(entry, on=ON, text="甲", version=1, by=by, now=NOW),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert LogEntry.objects.get().version == 1


def test_an_author_who_has_left_the_body_changes_nothing(cast, measure):
    entry = log(measure, cast.staff)
    Membership.objects.filter(user=cast.staff).delete()
    gone = type(cast.staff).objects.get(pk=cast.staff.pk)
    with pytest.raises(NotAllowed):
        amending.withdraw_log(entry, version=1, by=gone, now=NOW)
    assert LogEntry.objects.get().withdrawn_at is None


ACTS = {
    "edit": lambda entry, by: amending.edit_log(
        entry, on=ON, text="改", version=entry.version, by=by, now=LAST
    ),
    "withdraw": lambda entry, by: amending.withdraw_log(
        entry, version=entry.version, by=by, now=LAST
    ),
    "correct": lambda entry, by: amending.correct_log(
        entry, on=ON, text="改", version=entry.version, by=by, now=LAST
    ),
}


def in_state(state, cast, section, measure):
    entry = log(measure, cast.staff)
    if state == "withdrawn":
        amending.withdraw_log(entry, version=1, by=cast.staff, now=NOW)
    elif state != "open":
        report = report_of(cast, section)
        if state == "signing":
            mine = report.entries.get()
            fields = EntryFields(progress=mine.progress, percent=5)
            reporting.save_entry(
                entry=mine, fields=fields, version=mine.version, by=cast.staff, now=NOW
            )
            reporting.hand_in(report=report, by=cast.staff, now=NOW)
        else:
            handed_in(cast, report)
        if state == "corrected":
            amending.correct_log(entry, on=ON, text="更正一次", version=1, by=cast.staff, now=LATER)
    return LogEntry.objects.get(pk=entry.pk)


@pytest.mark.parametrize("act", LOG_ACTS)
@pytest.mark.parametrize("state", dict(LOG_STATES))
def test_each_act_in_each_state_as_the_table_says(cast, section, measure, state, act):
    entry = in_state(state, cast, section, measure)
    assert entry.state == state
    if state in LOG_ACTS[act]:
        assert ACTS[act](entry, cast.staff).text in ("改", "召开会议")
        return
    with pytest.raises(IllegalMove):
        ACTS[act](entry, cast.staff)
    assert LogEntry.objects.get(pk=entry.pk).version == entry.version


# withdrawn


def test_withdrawn_it_is_in_no_list_and_no_count_and_on_record(
    cast, section, measure, row, sign_in
):
    entry = log(measure, cast.staff, "误记的一条")
    report = report_of(cast, section)
    amending.withdraw_log(entry, version=1, by=cast.staff, now=LATER)
    client = sign_in(cast.staff)
    pages = [
        reverse("log"),
        reverse("my_work"),
        reverse("obligation", args=[row.pk]),
        reverse("plan", args=[measure.plan_id]),
    ]
    assert ["误记的一条" in client.get(page).content.decode() for page in pages] == [False] * 4
    assert "还没有记录" in client.get(pages[3]).content.decode()
    assert "误记的一条" not in client.get(reverse("log"), {"export": "csv"}).getvalue().decode(
        "utf-8-sig"
    )
    assert (drafted(report), report.entries.get().origin, report.entries.get().drawn_from) == (
        "",
        "blank",
        0,
    )
    assert list(filtered_log(cast.supervisor, LogFilter(below=True))) == []
    page = client.get(reverse("log_entry", args=[entry.pk])).content.decode()
    assert "误记的一条" in page and "已撤回" in page
    event = Event.objects.get(action="withdraw_log", subject_type="logentry")
    assert (event.before["text"], event.by) == ("误记的一条", cast.staff)


def test_the_day_of_what_was_heard_goes_back(cast, section, row):
    Obligation.objects.filter(pk=row.pk).update(heard_on=None)
    before = last_heard.heard_days(Obligation.objects.all())[row.pk]
    entry = log(make_measure(make_plan(cast.body, section.document), row), cast.staff)
    assert Obligation.objects.get().heard_on == TODAY
    amending.withdraw_log(entry, version=1, by=cast.staff, now=LATER)
    assert Obligation.objects.get().heard_on == before < TODAY
    assert last_heard.heard_days(Obligation.objects.all())[row.pk] == before
    assert tallies.drift() == []


def test_work_that_it_alone_began_is_acknowledged_again(cast, section):
    row = make_obligation(
        make_directive(section), cast.body, state="assigned", heard_on=TODAY - timedelta(days=30)
    )
    before = NOW - timedelta(days=20)
    move(row, "acknowledge", by=cast.staff, now=before)
    entry = log(make_measure(make_plan(cast.body, section.document), row), cast.staff)
    assert Obligation.objects.get().state == "underway"
    amending.withdraw_log(entry, version=1, by=cast.staff, now=LATER)
    row.refresh_from_db()
    assert (row.state, row.moved_at, row.heard_on) == (
        "acknowledged",
        before,
        TODAY - timedelta(days=20),
    )
    assert tallies.drift() == []


def test_work_with_another_entry_stays_underway(cast, section):
    row = make_obligation(make_directive(section), cast.body, state="acknowledged")
    measure = make_measure(make_plan(cast.body, section.document), row)
    entry = log(measure, cast.staff)
    log(measure, cast.staff, "印发通知", now=LATER)
    amending.withdraw_log(entry, version=1, by=cast.staff, now=LAST)
    assert Obligation.objects.get().state == "underway"


# corrected by another


def test_what_was_reported_stays_and_the_correction_names_it(cast, section, measure, sign_in):
    entry = log(measure, cast.staff, "培训三百人")
    report = handed_in(cast, report_of(cast, section))
    said = report.submissions.get().content
    correction = amending.correct_log(
        entry, on=ON, text="培训二百人", version=1, by=cast.staff, now=LATER
    )
    entry.refresh_from_db()
    assert (entry.text, correction.corrects, correction.state, entry.state) == (
        "培训三百人",
        entry,
        "open",
        "corrected",
    )
    assert report.submissions.get().content == said
    client = sign_in(cast.staff)
    page = client.get(reverse("log")).content.decode()
    assert "培训三百人" in page and "培训二百人" in page
    assert f'href="{reverse("log_entry", args=[correction.pk])}">已更正' in page
    assert f'href="{reverse("log_entry", args=[entry.pk])}">更正10月12日的记录' in page
    assert "已更正" in client.get(reverse("log"), {"export": "csv"}).getvalue().decode("utf-8-sig")
    event = Event.objects.get(action="correct_log")
    assert (event.subject_id, event.before["text"], event.after["corrected_by"]) == (
        entry.pk,
        "培训三百人",
        correction.pk,
    )


def test_the_next_report_is_drafted_from_the_correction(cast, section, measure):
    entry = log(measure, cast.staff, "培训三百人")
    handed_in(cast, report_of(cast, section), now=LATER)
    amending.correct_log(entry, on=ON, text="培训二百人", version=1, by=cast.staff, now=LAST)
    assert drafted(report_of(cast, section, **FOURTH)) == "10月12日，更正：培训二百人。"


def test_what_is_returned_is_drafted_anew_from_the_correction_alone(cast, section, measure):
    entry = log(measure, cast.staff, "培训三百人")
    report = handed_in(cast, report_of(cast, section))
    reviewing.decide(
        report=report,
        decisions={report.entries.get().pk: (False, "请核实人数")},
        by=cast.supervisor,
        now=LATER,
    )
    amending.correct_log(entry, on=ON, text="培训二百人", version=1, by=cast.staff, now=LAST)
    assert drafted(report) == "10月12日，更正：培训二百人。"


def test_a_correction_that_is_withdrawn_leaves_what_it_corrected_to_be_corrected_again(
    cast, section, measure
):
    entry = in_state("corrected", cast, section, measure)
    amending.withdraw_log(entry.corrections.get(), version=1, by=cast.staff, now=LAST)
    assert LogEntry.objects.get(pk=entry.pk).state == "reported"
