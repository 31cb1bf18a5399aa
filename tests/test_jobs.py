"""Long acts: carried out part by part, going on where they were, and seen while they run."""

from dataclasses import replace
from datetime import date

import pytest
from django_tasks_db.models import DBTaskResult

from directives import jobs, reporting, tallies
from directives.issuing import Choice, Pick, Terms, chosen_bodies, issue_in_parts, parts
from directives.models import Event, JobProgress, Notice, Obligation, Organisation, ProgressReport
from directives.overview.issuing import Selection
from directives.overview.wide_issue import wide_preview
from directives.refusals import Invalid, NotAllowed
from tests.factories import NOW, TODAY, make_body, make_directive, make_obligation, make_section

THIRD = {"year": 2026, "period": "quarter", "number": 3, "opens_on": date(2026, 9, 17), "due_on": date(2026, 10, 15)}


@pytest.fixture
def few(monkeypatch):
    """Parts of four pairs, and of two bodies."""
    monkeypatch.setattr(parts, "PART", 4)
    monkeypatch.setattr("directives.reporting.cycles.PART", 2)
    monkeypatch.setattr("directives.reporting.cycles.AT_ONCE", 3)


@pytest.fixture
def directives(cast):
    section = make_section()
    return [make_directive(section, items=("制度",)), make_directive(section)]


def begun(cast, directives, **choice):
    chosen = Choice(frozenset(row.pk for row in directives), **({"picks": (Pick(),)} | choice))
    return issue_in_parts(document=directives[0].document, choice=chosen, terms=Terms(), by=cast.supervisor, now=NOW)


def test_all_below_get_their_directives_part_by_part(cast, directives, few):
    job = begun(cast, directives)
    assert (job.total, Obligation.objects.count()) == (3, 0)
    assert jobs.go_on(job.pk)
    job.refresh_from_db()
    assert (job.done, job.made, job.finished_at) == (2, 4, None)
    assert {row.organisation_id for row in Obligation.objects.all()} == {cast.body.pk, cast.child.pk}
    assert tallies.drift() == []
    assert not jobs.go_on(job.pk)
    job.refresh_from_db()
    assert (job.done, job.made, job.finished_at is not None) == (3, 6, True)
    assert tallies.drift() == []
    assert Notice.objects.filter(kind="issued").count() == 4  # one for each person
    assert set(Event.objects.filter(action="issue").values_list("at", flat=True)) == {NOW}


def test_what_was_broken_off_goes_on_and_does_nothing_twice(cast, directives, few):
    job = begun(cast, directives)
    jobs.go_on(job.pk)
    JobProgress.objects.update(reached="", done=0, made=0)  # as if nothing had been noted
    jobs.carry_out.func(job.pk)
    jobs.carry_out.func(job.pk)
    job.refresh_from_db()
    assert (job.done, job.made, Obligation.objects.count()) == (3, 2, 6)
    assert tallies.drift() == []


def test_what_else_is_queued_has_its_turn(cast, directives, few, monkeypatch):
    """A long act goes to the end of the queue after each turn, with what is left of it."""
    monkeypatch.setattr(jobs, "TURN_SECONDS", 0)
    job = begun(cast, directives)
    turns = DBTaskResult.objects.filter(task_path="directives.jobs.carry_out")
    before = turns.count()
    jobs.carry_out.func(job.pk)
    job.refresh_from_db()
    assert (job.done, job.finished_at, turns.count() - before) == (2, None, 1)
    jobs.carry_out.func(job.pk)
    job.refresh_from_db()
    assert (job.done, job.finished_at is not None, turns.count() - before) == (3, True, 1)


def test_a_part_that_fails_leaves_nothing_of_itself(cast, directives, few, monkeypatch):
    job = begun(cast, directives)

    def broken(*_args, **_kwargs):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("directives.issuing.giving.notices.issued", broken)
    with pytest.raises(RuntimeError):
        jobs.go_on(job.pk)
    job.refresh_from_db()
    assert (job.done, job.reached, Obligation.objects.count()) == (0, "", 0)


def test_what_stands_against_it_ends_it_and_is_told(cast, directives, few):
    job = begun(cast, directives)
    cast.supervisor.memberships.update(role="viewer")
    jobs.go_on(job.pk)
    job.refresh_from_db()
    assert (job.finished_at is not None, job.made) == (True, 0)


def test_bodies_are_meant_by_subtree_level_and_kind(cast, directives):
    def meant(*picks):
        return begun(cast, directives, picks=picks).total

    make_body("M01", parent=cast.body, kind="military", level="county")
    cases = ((Pick(),), (Pick(below=cast.body.pk),), (Pick(level="provincial"),), (Pick(kind="military"), Pick(level="provincial")))
    assert [meant(*picks) for picks in cases] == [4, 2, 1, 2]
    assert [Pick.of(key) for key in ("x::", ":nowhere:", "", Pick(7, "county", "military").key)] == [
        None, None, Pick(), Pick(7, "county", "military"),
    ]  # fmt: skip


def test_terms_and_rights_are_looked_at_before(cast, directives):
    chosen = Choice(frozenset(row.pk for row in directives), (Pick(),))
    with pytest.raises(Invalid):
        issue_in_parts(
            document=directives[0].document, choice=chosen, terms=Terms(due_on=date(2020, 1, 1)), by=cast.supervisor, now=NOW,
        )  # fmt: skip
    with pytest.raises(Invalid):  # nobody below
        issue_in_parts(document=directives[0].document, choice=chosen, terms=Terms(), by=cast.manager, now=NOW)
    with pytest.raises((Invalid, NotAllowed)):
        issue_in_parts(document=directives[0].document, choice=Choice(), terms=Terms(), by=cast.supervisor, now=NOW)
    assert JobProgress.objects.count() == 0


def test_a_cycle_of_much_work_is_opened_part_by_part(cast, directives, few):
    for body in (cast.body, cast.child, cast.sibling):
        for directive in directives:
            make_obligation(directive, body)
    cycle = reporting.open_cycle(document=directives[0].document, by=cast.supervisor, now=NOW, **THIRD)
    job = reporting.job_of(cycle)
    assert (job.total, ProgressReport.objects.count()) == (3, 0)
    jobs.carry_out.func(job.pk)
    job.refresh_from_db()
    assert (job.done, job.made, job.finished_at is not None) == (3, 3, True)
    assert Obligation.objects.filter(report_due_on=cycle.due_on).count() == 6
    assert tallies.drift() == []
    assert reporting.job_of(cycle) is None


@pytest.mark.parametrize("pick", [Pick(), Pick(kind="mass_organisation"), Pick(level="county"), Pick(below=0)])
def test_what_exists_already_is_told_exactly_or_as_a_bound_that_holds(cast, directives, monkeypatch, pick):
    bodies = [
        make_body(parent=cast.sibling, level="county", kind=kind) for kind in ("mass_organisation", "party_committee") for _n in range(3)
    ]
    for number, body in enumerate((*bodies, cast.body, cast.centre)):
        make_obligation(directives[number % 2], body, state="withdrawn" if number == 4 else "assigned")
    tallies.rebuild()
    meant = replace(pick, below=cast.sibling.pk) if pick.below == 0 else pick
    document, choice = directives[0].document, Choice(frozenset(row.pk for row in directives), (meant,))
    chosen = set(chosen_bodies(cast.supervisor, choice, TODAY))
    truth = [sum(row.organisation in chosen for row in Obligation.objects.filter(directive=one)) for one in directives]
    selected = Selection(tuple(directives), (), (), None, len(chosen))
    told = wide_preview(document, cast.supervisor, choice, selected, today=TODAY)
    assert (told.exact, [line.there for line in told.lines]) == (True, truth)
    assert [line.new for line in told.lines] == [len(chosen) - n for n in truth]
    monkeypatch.setattr("directives.overview.wide_issue.EXACT", 0)
    told = wide_preview(document, cast.supervisor, choice, selected, today=TODAY)
    assert (told.exact, all(0 <= line.there <= n for line, n in zip(told.lines, truth, strict=True))) == (False, True)
    if pick == Pick():  # everybody but the centre, whose own may hide one; and withdrawn work is not in the kept counts
        assert told.there >= sum(truth) - 3


def test_many_bodies_are_chosen_by_what_they_are_from_choice_to_progress(cast, directives, sign_in, key, monkeypatch):
    monkeypatch.setattr("directives.overview.issuing.LISTED", 2)
    client, url = sign_in(cast.supervisor), f"/documents/{directives[0].document_id}/issue/"
    form = {"directive": [row.pk for row in directives]}
    client.post(url, {**form, "act": "add"})
    page = client.get(url)
    assert [(group.pick, group.count) for group in page.context["choices"].groups] == [(Pick(), 3)]
    client.post(url, {**form, "pick": Pick().key, "act": "next"})
    client.post(f"{url}terms/", {"part": "responsible", "due_on": "2099-06-30"})
    context = client.get(f"{url}preview/").context
    assert (context["wide"].pairs, context["wide"].there, context["wide"].exact, context["sound"]) == (6, 0, True, True)
    answer = client.post(f"{url}confirm/", {**key(), "digest": context["draft"].digest})
    job = JobProgress.objects.get()
    assert (answer.headers["Location"], job.total) == (f"/jobs/{job.pk}/", 3)
    assert "hx-trigger" in client.get(f"/jobs/{job.pk}/").content.decode()
    jobs.carry_out.func(job.pk)
    shown = client.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert ("hx-trigger" in shown, "<!DOCTYPE" in shown) == (False, False)
    assert Obligation.objects.count() == 2 * Organisation.objects.exclude(pk=cast.centre.pk).count()
