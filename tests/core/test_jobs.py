"""Long acts: carried out part by part, going on where they were, and seen while they run."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from directives import tallies
from directives.base.refusals import IllegalMove, Invalid, NotAllowed
from directives.core import jobs
from directives.core.jobs import running
from directives.core.notices import render_text
from directives.models import (
    Event,
    JobProgress,
    JobRun,
    Notice,
    Obligation,
    Organisation,
    ProgressReport,
)
from directives.models.jobs import CANCELLED, DONE, FAILED, STOPPED, WAITING
from directives.obligations.commands import bulk_issuing
from directives.obligations.commands.bulk_issuing import issue_in_parts
from directives.obligations.commands.choosing import BodyGroup, Choice, chosen_bodies
from directives.obligations.commands.issuing import Terms
from directives.obligations.queries.bulk_issuing import bulk_preview
from directives.obligations.queries.issuing import Selection
from directives.reports import commands as reporting
from tests.factories import NOW, TODAY, make_body, make_directive, make_obligation, make_section

THIRD = {
    "year": 2026,
    "period": "quarter",
    "number": 3,
    "opens_on": date(2026, 9, 17),
    "due_on": date(2026, 10, 15),
}


@pytest.fixture
def few(monkeypatch):
    """Parts of four pairs, and of two bodies."""
    monkeypatch.setattr(bulk_issuing, "PART", 4)
    monkeypatch.setattr("directives.reports.commands.cycles.PART", 2)
    monkeypatch.setattr("directives.reports.commands.cycles.AT_ONCE", 3)


@pytest.fixture
def directives(cast):
    section = make_section()
    return [make_directive(section, items=("制度",)), make_directive(section)]


def begun(cast, directives, **choice):
    chosen = Choice(
        frozenset(row.pk for row in directives), **({"groups": (BodyGroup(),)} | choice)
    )
    return issue_in_parts(
        document=directives[0].document, choice=chosen, terms=Terms(), by=cast.supervisor, now=NOW
    )


def test_all_below_get_their_directives_part_by_part(cast, directives, few, monkeypatch):
    monkeypatch.setattr(running, "TURN_SECONDS", 0)
    job = begun(cast, directives)
    assert (job.total, Obligation.objects.count()) == (3, 0)
    jobs.run("job", job.pk)
    job.refresh_from_db()
    assert (job.done, job.made, job.finished_at, job.state) == (2, 4, None, WAITING)
    assert {row.organisation_id for row in Obligation.objects.all()} == {
        cast.body.pk,
        cast.child.pk,
    }
    assert tallies.drift() == []
    jobs.run("job", job.pk)
    job.refresh_from_db()
    assert (job.done, job.made, job.finished_at is not None, job.state) == (3, 6, True, DONE)
    assert tallies.drift() == []
    assert Notice.objects.filter(kind="issued").count() == 4  # one for each person
    assert Notice.objects.get(kind="act_done").user == cast.supervisor
    assert set(Event.objects.filter(action="issue").values_list("at", flat=True)) == {NOW}


def test_what_waited_behind_a_tick_is_given_on_its_day(cast, directives, few):
    """No light of the day on which it was asked for is left behind the tick of a later one."""
    job, later = begun(cast, directives), NOW + timedelta(days=30)
    JobRun.objects.create(name="tick", last_ran_at=later, last_day=later)
    for _part in range(2):
        jobs.run("job", job.pk)
    assert set(Obligation.objects.values_list("issued_on", flat=True)) == {later.date()}
    assert set(Event.objects.filter(action="issue").values_list("at", flat=True)) == {later}
    assert not Obligation.objects.due_for_light(later.date()).exists()
    assert tallies.drift() == []


def test_what_was_broken_off_goes_on_and_does_nothing_twice(cast, directives, few):
    job = begun(cast, directives)
    jobs.run("job", job.pk)
    # As if nothing had been noted.
    JobProgress.objects.update(reached="", done=0, made=0, state=WAITING)
    jobs.run("job", job.pk)
    jobs.run("job", job.pk)
    job.refresh_from_db()
    assert (job.done, job.made, Obligation.objects.count()) == (3, 0, 6)
    assert tallies.drift() == []


def test_what_else_is_queued_has_its_turn(cast, directives, few, monkeypatch):
    """A long act goes to the end of the queue after each turn, with what is left of it."""
    monkeypatch.setattr(running, "TURN_SECONDS", 0)
    job = begun(cast, directives)
    turns = DBTaskResult.objects.filter(task_path=jobs.carry_out.module_path)
    before = turns.count()
    jobs.run("job", job.pk)
    job.refresh_from_db()
    assert (job.done, job.finished_at, turns.count() - before) == (2, None, 1)
    jobs.run("job", job.pk)
    job.refresh_from_db()
    assert (job.done, job.finished_at is not None, turns.count() - before) == (3, True, 1)


def test_a_part_that_fails_leaves_nothing_of_itself_and_is_told(
    cast, directives, few, monkeypatch, caplog
):
    job = begun(cast, directives)

    def broken(*_args, **_kwargs):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("directives.obligations.commands.issuing.notices.notify_issued", broken)
    with pytest.raises(RuntimeError):
        jobs.run("job", job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.reached, Obligation.objects.count()) == (FAILED, 0, "", 0)
    assert "Incident issue-" in caplog.text
    assert "the disk is full" in caplog.text
    notice = Notice.objects.get(kind="act_failed")
    assert (notice.user, notice.url, "系统错误" in render_text(notice)) == (
        cast.supervisor,
        f"/jobs/{job.pk}/",
        True,
    )


def test_what_stands_against_it_ends_it_and_is_told(cast, directives, few):
    job = begun(cast, directives)
    cast.supervisor.memberships.update(role="viewer")
    jobs.run("job", job.pk)
    job.refresh_from_db()
    assert (job.state, job.finished_at is not None, job.made) == (STOPPED, True, 0)
    assert "不再督查" in job.fault
    assert Notice.objects.get(kind="act_stopped").user == cast.supervisor


def test_one_post_that_was_lost_stops_it_though_another_is_left(cast, directives, few):
    """Else the bodies below it would be passed over in silence."""
    cast.supervisor.memberships.create(organisation=cast.body, role="supervisor")
    job = begun(cast, directives)
    cast.supervisor.memberships.filter(organisation=cast.centre).delete()
    jobs.run("job", job.pk)
    job.refresh_from_db()
    assert (job.state, job.made) == (STOPPED, 0)


def one_part(job, monkeypatch):
    """The first part of an act is done; the rest waits."""
    monkeypatch.setattr(running, "TURN_SECONDS", 0)
    jobs.run("job", job.pk)
    job.refresh_from_db()
    return job


def killed(job):
    """A process died over what is left: its heart has stopped, and its task is still running."""
    DBTaskResult.objects.filter(pk=job.task).update(
        status="RUNNING", started_at=NOW, worker_ids=["worker:dead"]
    )
    JobProgress.objects.filter(pk=job.pk).update(state="running", moved_at=NOW)


@pytest.mark.parametrize(
    ("counts", "deaths", "state"), [(True, 2, WAITING), (True, 3, STOPPED), (False, 9, WAITING)]
)
def test_tries_are_counted_while_it_comes_no_further(
    cast, directives, few, monkeypatch, counts, deaths, state
):
    job = one_part(begun(cast, directives), monkeypatch)
    for _death in range(deaths):
        killed(job)
        jobs.rescue(DBTaskResult.objects.get(pk=job.task), counts=counts, now=NOW)
        job.refresh_from_db()
    live = DBTaskResult.objects.filter(pk=job.task, status="READY").exists()
    assert (job.state, job.done, live) == (state, 2, state == WAITING)
    assert Notice.objects.filter(kind="act_stopped").count() == (state == STOPPED)
    assert ("三次" in job.fault) is (state == STOPPED)


def test_coming_further_forgives_every_death(cast, directives, few, monkeypatch):
    job = begun(cast, directives)
    JobProgress.objects.update(tries=2)
    one_part(job, monkeypatch)
    assert (job.done, job.tries) == (2, 0)


def test_one_that_stopped_goes_on_behind_what_is_done(
    cast, directives, few, monkeypatch, sign_in, key
):
    job = one_part(begun(cast, directives), monkeypatch)
    JobProgress.objects.update(state=STOPPED, fault="进程中断", finished_at=NOW, version=7)
    client = sign_in(cast.supervisor)
    shown = client.get(f"/jobs/{job.pk}/").content.decode()
    assert ("进程中断" in shown, "从此处继续" in shown, "hx-trigger" in shown) == (
        True,
        True,
        False,
    )
    assert (
        "已中断，已处理 2/3 家单位"
        in client.get(f"/documents/{job.document_id}/issue/").content.decode()
    )
    assert client.post(f"/jobs/{job.pk}/go-on/", {**key(), "version": 6}).status_code == 409
    assert client.post(f"/jobs/{job.pk}/go-on/", {**key(), "version": 7}).url == f"/jobs/{job.pk}/"
    jobs.run("job", job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.made, job.fault) == (DONE, 3, 6, "")
    assert tallies.drift() == []
    event = Event.objects.get(action="continue_act")
    assert (event.by, event.before, event.subject_id) == (
        cast.supervisor,
        {"state": STOPPED, "done": 2},
        job.pk,
    )


def test_calling_off_wins_over_carrying_out(cast, directives, few, monkeypatch):
    job = one_part(begun(cast, directives), monkeypatch)
    give = bulk_issuing.issue

    def meanwhile(**options):
        jobs.cancel_job(JobProgress.objects.get(), by=cast.supervisor, now=NOW)
        return give(**options)

    monkeypatch.setattr(bulk_issuing, "issue", meanwhile)
    jobs.run("job", job.pk)
    job.refresh_from_db()
    # The same connection called it off, so that went with the part; whoever else does is not rolled
    # back.
    jobs.cancel_job(JobProgress.objects.get(), by=cast.supervisor, now=NOW)
    job.refresh_from_db()
    assert (job.state, job.done, Obligation.objects.count()) == (CANCELLED, 2, 4)
    for act in (jobs.cancel_job, jobs.resume_job):
        with pytest.raises(IllegalMove):
            act(job, by=cast.supervisor, now=NOW)
    jobs.run("job", job.pk)
    assert Obligation.objects.count() == 4


def test_an_act_whose_task_is_gone_is_carried_out_all_the_same(cast, directives, few):
    """As after a restore from a backup without the queue, or with a task of the code before."""
    job = begun(cast, directives)
    DBTaskResult.objects.all().delete()
    jobs.sweep()
    jobs.sweep()
    job.refresh_from_db()
    assert [row.pk for row in DBTaskResult.objects.all()] == [job.task]
    old = job.task
    JobProgress.objects.update(task=None)
    jobs.run("job", job.pk, queued=old)  # not the task of this act any more
    assert Obligation.objects.count() == 0


def test_what_the_database_broke_off_is_tried_again_after_a_pause(
    cast, directives, few, monkeypatch
):
    job, broken = begun(cast, directives), []
    give = bulk_issuing.issue

    def away(**options):
        if len(broken) < 2:
            broken.append(True)
            raise OperationalError("server closed the connection unexpectedly")
        return give(**options)

    monkeypatch.setattr(bulk_issuing, "issue", away)
    for tries in (1, 2):
        jobs.run("job", job.pk)
        job.refresh_from_db()
        waits = DBTaskResult.objects.get(pk=job.task).run_after - timezone.now()
        assert (job.state, job.tries, waits > timedelta(seconds=1)) == (WAITING, tries, True)
    jobs.run("job", job.pk)
    job.refresh_from_db()
    assert (job.state, job.made) == (DONE, 6)


@pytest.mark.parametrize(
    ("moved", "worker", "said"),
    [
        (None, True, "正在排队"),
        (None, False, "后台服务没有运行"),
        (5, False, "最近进展"),
        (300, True, "之后没有进展"),
        (300, False, "后台服务没有运行"),
    ],
)
def test_the_page_says_what_is_so(cast, directives, few, sign_in, moved, worker, said):
    job, now = begun(cast, directives), timezone.now()
    if moved is not None:
        JobProgress.objects.update(state="running", moved_at=now - timedelta(seconds=moved))
    if worker:
        JobRun.objects.create(name="worker:x", last_ran_at=now, last_day=timezone.localdate(now))
    shown = sign_in(cast.supervisor).get(f"/jobs/{job.pk}/").content.decode()
    words = ("正在排队", "后台服务没有运行", "最近进展", "之后没有进展")
    assert [word for word in words if word in shown] == [said]


def test_bodies_are_meant_by_subtree_level_and_kind(cast, directives):
    def meant(*groups):
        return begun(cast, directives, groups=groups).total

    make_body("M01", parent=cast.body, kind="military", level="county")
    cases = (
        (BodyGroup(),),
        (BodyGroup(below=cast.body.pk),),
        (BodyGroup(level="provincial"),),
        (BodyGroup(kind="military"), BodyGroup(level="provincial")),
    )
    assert [meant(*groups) for groups in cases] == [4, 2, 1, 2]
    assert [
        BodyGroup.of(key)
        for key in ("x::", ":nowhere:", "", BodyGroup(7, "county", "military").key)
    ] == [
        None,
        None,
        BodyGroup(),
        BodyGroup(7, "county", "military"),
    ]


def test_terms_and_rights_are_looked_at_before(cast, directives):
    chosen = Choice(frozenset(row.pk for row in directives), (BodyGroup(),))
    with pytest.raises(Invalid):
        issue_in_parts(
            document=directives[0].document,
            choice=chosen,
            terms=Terms(due_on=date(2020, 1, 1)),
            by=cast.supervisor,
            now=NOW,
        )
    with pytest.raises(NotAllowed):  # not the document's owner
        issue_in_parts(
            document=directives[0].document, choice=chosen, terms=Terms(), by=cast.manager, now=NOW
        )
    with pytest.raises((Invalid, NotAllowed)):
        issue_in_parts(
            document=directives[0].document,
            choice=Choice(),
            terms=Terms(),
            by=cast.supervisor,
            now=NOW,
        )
    assert JobProgress.objects.count() == 0


def test_a_cycle_of_much_work_is_opened_part_by_part(cast, directives, few):
    for body in (cast.body, cast.child, cast.sibling):
        for directive in directives:
            make_obligation(directive, body)
    cycle = reporting.open_cycle(
        document=directives[0].document, by=cast.supervisor, now=NOW, **THIRD
    )
    job = reporting.opening_job(cycle)
    assert (job.total, ProgressReport.objects.count()) == (3, 0)
    jobs.run("job", job.pk)
    job.refresh_from_db()
    assert (job.done, job.made, job.finished_at is not None) == (3, 3, True)
    assert Obligation.objects.filter(report_due_on=cycle.due_on).count() == 6
    assert tallies.drift() == []
    assert reporting.opening_job(cycle) is None


@pytest.mark.parametrize(
    "pick",
    [
        BodyGroup(),
        BodyGroup(kind="mass_organisation"),
        BodyGroup(level="county"),
        BodyGroup(below=0),
    ],
)
def test_what_exists_already_is_told_exactly_or_as_a_bound_that_holds(
    cast, directives, monkeypatch, pick
):
    bodies = [
        make_body(parent=cast.sibling, level="county", kind=kind)
        for kind in ("mass_organisation", "party_committee")
        for _n in range(3)
    ]
    for number, body in enumerate((*bodies, cast.body, cast.centre)):
        make_obligation(
            directives[number % 2], body, state="withdrawn" if number == 4 else "assigned"
        )
    tallies.rebuild()
    meant = replace(pick, below=cast.sibling.pk) if pick.below == 0 else pick
    document, choice = (
        directives[0].document,
        Choice(frozenset(row.pk for row in directives), (meant,)),
    )
    chosen = set(chosen_bodies(cast.supervisor, choice, TODAY))
    truth = [
        sum(row.organisation in chosen for row in Obligation.objects.filter(directive=one))
        for one in directives
    ]
    selected = Selection(tuple(directives), (), (), None, len(chosen))
    told = bulk_preview(document, cast.supervisor, choice, selected, today=TODAY)
    assert (told.exact, [line.existing for line in told.lines]) == (True, truth)
    assert [line.new for line in told.lines] == [len(chosen) - n for n in truth]
    monkeypatch.setattr("directives.obligations.queries.bulk_issuing.EXACT", 0)
    told = bulk_preview(document, cast.supervisor, choice, selected, today=TODAY)
    assert (
        told.exact,
        all(0 <= line.existing <= n for line, n in zip(told.lines, truth, strict=True)),
    ) == (False, True)
    # Everybody but the centre, whose own may hide one; withdrawn work is not in the kept counts.
    if pick == BodyGroup():
        assert told.existing >= sum(truth) - 3


def test_many_bodies_are_chosen_by_what_they_are_from_choice_to_progress(
    cast, directives, sign_in, key, monkeypatch
):
    monkeypatch.setattr("directives.obligations.queries.issuing.LISTED", 2)
    client, url = sign_in(cast.supervisor), f"/documents/{directives[0].document_id}/issue/"
    form = {"directive": [row.pk for row in directives]}
    client.post(url, {**form, "act": "add"})
    page = client.get(url)
    assert [(choice.group, choice.count) for choice in page.context["choices"].groups] == [
        (BodyGroup(), 3)
    ]
    client.post(url, {**form, "pick": BodyGroup().key, "act": "next"})
    client.post(f"{url}terms/", {"part": "responsible", "due_on": "2099-06-30"})
    context = client.get(f"{url}preview/").context
    assert (
        context["bulk"].pairs,
        context["bulk"].existing,
        context["bulk"].exact,
        context["is_assignable"],
    ) == (6, 0, True, True)
    answer = client.post(f"{url}confirm/", {**key(), "digest": context["draft"].digest})
    job = JobProgress.objects.get()
    assert (answer.headers["Location"], job.total) == (f"/jobs/{job.pk}/", 3)
    assert "hx-trigger" in client.get(f"/jobs/{job.pk}/").content.decode()
    jobs.run("job", job.pk)
    shown = client.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert ("hx-trigger" in shown, "<!DOCTYPE" in shown) == (False, False)
    assert Obligation.objects.count() == 2 * Organisation.objects.exclude(pk=cast.centre.pk).count()


def test_what_fails_after_the_commit_of_a_page_leaves_its_answer_as_it_is(
    cast, monkeypatch, django_capture_on_commit_callbacks, caplog
):
    def fails(*told, **more):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(running, "run", fails)
    job = JobProgress.objects.create(kind="relight", by=cast.supervisor, at=NOW, total=1)
    with django_capture_on_commit_callbacks() as callbacks:
        jobs.enqueue(job, at_once=True)
    assert len(callbacks) == 1
    with django_capture_on_commit_callbacks(execute=True):
        jobs.enqueue(job, at_once=True)
    assert "database or disk is full" in caplog.text
