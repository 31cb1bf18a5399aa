"""Nobody decides what they asked for.

Not one by one, not many at once, and whatever posts they hold by then.
"""

from importlib import import_module
from random import Random

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse

from directives import tallies
from directives.base.refusals import NotAllowed, Refusal
from directives.base.states import ASKED, ENTRY_MOVES, OBLIGATION_MOVES, PLAN_MOVES
from directives.core.deciders import deciders
from directives.core.transitions import can_move, move, move_entries, open_moves
from directives.models import Membership, Obligation, Plan, ReportEntry, User
from directives.my_work.queries.inbox import inbox
from directives.reports.commands import reviewing
from tests.factories import (
    NOW,
    make_body,
    make_cycle,
    make_directive,
    make_member,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)

DECIDED = {"dispute": ("reassign", "withdraw"), "request_close": ("close", "refuse_close")}
BEFORE = {"dispute": "assigned", "request_close": "underway"}
FILED = ("accept", "return")


def again(person):
    """The person as a later sign-in reads them."""
    return User.objects.get(pk=person.pk)


def promoted(person, body):
    """The person, who also supervises this body from now on."""
    Membership.objects.create(user=person, organisation=body, role="supervisor")
    return again(person)


# obligations


@pytest.mark.parametrize("ask", DECIDED)
def test_who_asked_does_not_decide_though_they_supervise_by_then(cast, ask):
    row = make_obligation(organisation=cast.body, state=BEFORE[ask])
    move(row, ask, by=cast.staff, now=NOW, reason="因故")
    two_hats = promoted(cast.staff, cast.centre)
    row = Obligation.objects.get(pk=row.pk)
    assert set(open_moves(row, two_hats)) & set(DECIDED[ask]) == set()
    for action in DECIDED[ask]:
        with pytest.raises(NotAllowed, match="本人"):
            move(row, action, by=two_hats, now=NOW, reason="已核实")
        assert can_move(row, action, cast.supervisor)
    move(row, DECIDED[ask][0], by=cast.supervisor, now=NOW, reason="已核实")
    assert Obligation.objects.get(pk=row.pk).asked_by is None
    assert tallies.drift() == []


def test_what_was_decided_once_holds_nobody_back_from_what_comes_later(cast):
    two_hats = promoted(cast.staff, cast.centre)
    row = make_obligation(organisation=cast.body, state="assigned")
    move(row, "dispute", by=two_hats, now=NOW, reason="不归我们")
    move(row, "reassign", by=cast.supervisor, now=NOW, reason="归你们")
    assert move(row, "withdraw", by=two_hats, now=NOW, reason="撤回").state == "withdrawn"


# plans and entries


def drafted(cast, kind):
    obligation = make_obligation(organisation=cast.body)
    if kind == "plan":
        return make_plan(cast.body, obligation.document)
    return (
        make_report(cast.body, make_cycle(obligation.document), obligation)
        .entries.select_related("report__organisation")
        .get()
    )


@pytest.mark.parametrize("kind", ["plan", "entry"])
def test_neither_who_sent_it_for_signature_nor_who_signed_decides(cast, kind):
    filing = drafted(cast, kind)
    move(filing, "ask_signature", by=cast.staff, now=NOW)
    move(filing, "sign", by=cast.manager, now=NOW)
    for person in (promoted(cast.staff, cast.centre), promoted(cast.manager, cast.centre)):
        for action in FILED:
            with pytest.raises(NotAllowed, match="本人"):
                move(filing, action, by=person, now=NOW, reason="请改")
    assert move(filing, "accept", by=cast.supervisor, now=NOW).state == "accepted"


@pytest.mark.parametrize("kind", ["plan", "entry"])
def test_who_sent_an_earlier_draft_decides_on_what_another_handed_in(cast, kind):
    filing = drafted(cast, kind)
    move(filing, "ask_signature", by=cast.staff, now=NOW)
    move(filing, "decline", by=cast.manager, now=NOW, reason="请改")
    move(filing, "hand_in", by=cast.manager, now=NOW)
    assert move(filing, "accept", by=promoted(cast.staff, cast.centre), now=NOW).state == "accepted"


class Report:
    """Two entries that two people handed in, the second of them a supervisor by now."""

    def __init__(self, cast):
        section = make_section()
        self.rows = [make_obligation(make_directive(section), cast.body) for _number in range(2)]
        self.report = make_report(cast.body, make_cycle(section.document), *self.rows)
        self.other = make_member(cast.body, "manager", "other")
        entries = self.report.entries.select_related("obligation__directive").order_by(
            "obligation__directive__order"
        )
        self.report.entries.update(percent=60, progress="办了")
        for entry, by in zip(entries, (cast.manager, self.other), strict=True):
            entry.report = self.report
            move_entries([entry], "hand_in", by=by, now=NOW)
        type(self.report).objects.filter(pk=self.report.pk).update(
            waiting_since=NOW, first_submitted_at=NOW
        )
        self.entries = list(entries.all())
        self.other = promoted(self.other, cast.centre)

    @property
    def codes(self):
        return [row.directive.code for row in self.rows]


def test_what_is_decided_together_names_what_is_not_theirs(cast):
    made = Report(cast)
    with pytest.raises(NotAllowed) as refused:
        reviewing.decide(
            report=made.report,
            decisions={one.pk: (True, "") for one in made.entries},
            by=made.other,
            now=NOW,
        )
    assert made.codes[1] in str(refused.value) and made.codes[0] not in str(refused.value)
    assert set(ReportEntry.objects.values_list("state", flat=True)) == {"submitted"}


def test_the_desk_offers_what_is_theirs_and_names_the_rest(cast, sign_in, key):
    made = Report(cast)
    for entry in made.entries:
        entry.report = made.report
    _copied(cast, made)
    client = sign_in(made.other)
    page = client.get(reverse("report_review", args=[made.report.pk]))
    assert page.context["review"].waiting == 1
    text = page.content.decode()
    mine, own = made.entries
    assert f'name="verdict-{mine.pk}"' in text and f'name="verdict-{own.pk}"' not in text
    assert "周启明" in text
    sent = {f"version-{one.pk}": one.version for one in made.entries} | {"rest": "accept"} | key()
    answer = client.post(reverse("report_decide", args=[made.report.pk]), sent, follow=True)
    assert [one.state for one in made.report.entries.order_by("obligation__directive__order")] == [
        "accepted",
        "submitted",
    ]
    assert [made.codes[1] in str(told) for told in answer.context["messages"]][-1]


def _copied(cast, made):
    """The submission on which a verdict is given."""
    content = {"entries": [{"entry": one.pk} for one in made.entries]}
    made.report.submissions.create(
        organisation=cast.body,
        document=made.report.document,
        number=1,
        content=content,
        submitted_at=NOW,
        submitted_by=cast.manager,
    )


# what waits, and what the pages say


def test_what_a_person_asked_for_does_not_wait_for_them(cast):
    Report(cast)
    row = make_obligation(organisation=cast.body, state="underway")
    disputed = make_obligation(organisation=cast.body, state="assigned")
    plan = make_plan(cast.body, row.document)
    move(row, "request_close", by=cast.staff, now=NOW, reason="已完成")
    move(disputed, "dispute", by=cast.staff, now=NOW, reason="不归我们")
    move(plan, "ask_signature", by=cast.staff, now=NOW)
    move(plan, "sign", by=cast.manager, now=NOW)
    two_hats = promoted(cast.staff, cast.centre)
    assert sorted(line.kind for line in inbox(cast.supervisor).lines) == [
        "close",
        "dispute",
        "plan",
        "report",
    ]
    assert [line.kind for line in inbox(two_hats).lines] == ["report"]


@pytest.mark.parametrize("ask", DECIDED)
def test_the_page_says_who_decides(cast, sign_in, ask):
    row = make_obligation(organisation=cast.body, state=BEFORE[ask])
    move(row, ask, by=cast.staff, now=NOW, reason="因故")
    page = (
        sign_in(promoted(cast.staff, cast.centre))
        .get(reverse("obligation", args=[row.pk]))
        .content.decode()
    )
    assert "周启明" in page
    assert [
        reverse("obligation_move", args=[row.pk, action]) in page for action in DECIDED[ask]
    ] == [False, False]
    assert (
        "本人提出"
        not in sign_in(cast.supervisor).get(reverse("obligation", args=[row.pk])).content.decode()
    )


def test_the_page_of_a_plan_says_who_decides(cast, sign_in):
    plan = make_plan(cast.body, make_obligation(organisation=cast.body).document)
    move(plan, "hand_in", by=cast.manager, now=NOW)
    two_hats = sign_in(promoted(cast.manager, cast.centre))
    for name in ("plan", "plan_review"):
        page = two_hats.get(reverse(name, args=[plan.pk])).content.decode()
        assert "周启明" in page and 'name="verdict"' not in page


def test_the_level_above_decides_where_a_level_has_nobody_else(cast):
    row = make_obligation(organisation=cast.child, state="underway")
    move(row, "request_close", by=cast.below, now=NOW, reason="已完成")
    alone = promoted(cast.below, cast.body)
    found = deciders(row, alone)
    assert (found.body, found.people) == (cast.centre, (cast.supervisor,))
    beside = make_member(cast.body, "supervisor", "beside")
    assert (deciders(row, alone).body, deciders(row, alone).people) == (cast.body, (beside,))
    assert (deciders(row, beside), deciders(row, cast.supervisor), deciders(row, cast.staff)) == (
        None,
        None,
        None,
    )


def test_where_there_is_nobody_at_all_the_page_says_whom_to_ask(cast, sign_in):
    row = make_obligation(organisation=cast.body, state="underway")
    move(row, "request_close", by=cast.staff, now=NOW, reason="已完成")
    two_hats = promoted(cast.staff, cast.centre)
    User.objects.filter(pk=cast.supervisor.pk).update(is_active=False)
    assert deciders(row, two_hats).body is None
    assert (
        "请联系系统管理员"
        in sign_in(two_hats).get(reverse("obligation", args=[row.pk])).content.decode()
    )


# how it came about


def test_the_migration_tells_from_the_record_who_asked(cast):
    signed, direct, asked = drafted(cast, "plan"), drafted(cast, "entry"), drafted(cast, "entry")
    closing, disputed = (
        make_obligation(organisation=cast.body, state=state) for state in ("underway", "assigned")
    )
    withdrawn = make_obligation(organisation=cast.body, state="assigned")
    for subject, action, by in (
        (signed, "ask_signature", cast.staff),
        (signed, "sign", cast.manager),
        (direct, "ask_signature", cast.staff),
        (direct, "decline", cast.manager),
        (direct, "hand_in", cast.manager),
        (asked, "ask_signature", cast.staff),
        (closing, "request_close", cast.staff),
        (disputed, "dispute", cast.staff),
        (withdrawn, "dispute", cast.staff),
        (withdrawn, "withdraw", cast.supervisor),
    ):
        move(subject, action, by=by, now=NOW, reason="因故")
    told = {
        model: dict(model.objects.values_list("pk", "asked_by"))
        for model in (Obligation, Plan, ReportEntry)
    }
    for model in told:
        model.objects.update(asked_by=None)
    import_module("directives.migrations.0023_document_owner").remember(
        apps, connection.schema_editor()
    )
    assert {model: dict(model.objects.values_list("pk", "asked_by")) for model in told} == told
    assert (
        sorted(filter(None, (who for rows in told.values() for who in rows.values())))
        == [cast.staff.pk] * 4
    )


# whoever they are


class Office:
    """A small tree in which people come and go, and what each of them did last."""

    def __init__(self, random):
        self.random = random
        top = make_body(kind="centre")
        middle = make_body(parent=top)
        self.bodies = [top, middle, make_body(parent=middle)]
        self.people = [make_member(random.choice(self.bodies), self.role()) for _number in range(6)]
        # So that somebody can begin, and decide.
        for body, person in zip((*self.bodies, top), self.people, strict=False):
            Membership.objects.get_or_create(user=person, organisation=body, role="staff")
            Membership.objects.get_or_create(user=person, organisation=top, role="supervisor")
        section = make_section()
        rows = [
            make_obligation(make_directive(section), body, state="assigned", percent=0)
            for body in self.bodies[1:] * 2
        ]
        report = make_report(middle, make_cycle(section.document), rows[0])
        self.subjects = [
            *rows,
            make_plan(middle, section.document),
            make_plan(self.bodies[2], section.document),
            report.entries.get(),
        ]
        self.asked = {}
        self.decided = 0
        self.read_people()

    def read_people(self):
        """Everybody with the posts that they hold now: a person keeps those that were read."""
        self.people = [again(person) for person in self.people]

    def role(self):
        return self.random.choice(["staff", "manager", "supervisor", "supervisor"])

    def hire(self):
        """Somebody gets one more post, or loses one."""
        person = self.random.choice(self.people)
        if self.random.random() < 0.3:
            Membership.objects.filter(
                pk__in=Membership.objects.filter(user=person).order_by("pk").values("pk")[:1]
            ).delete()
        Membership.objects.get_or_create(
            user=person, organisation=self.random.choice(self.bodies), role=self.role()
        )
        self.read_people()

    def act(self):
        """One after another tries a move, until somebody may make it.

        Returns whether it was made.
        """
        subject = self.random.choice(self.subjects)
        subject.refresh_from_db()
        table = {Obligation: OBLIGATION_MOVES, Plan: PLAN_MOVES, ReportEntry: ENTRY_MOVES}[
            type(subject)
        ]
        action = self.random.choice(
            [name for name, step in table.items() if subject.state in step.sources] or list(table)
        )
        return any(
            self.tries(person, subject, action, table[action])
            for person in self.random.sample(self.people, 6)
        )

    def tries(self, by, subject, action, step):
        allowed = can_move(subject, action, by)
        try:
            move(subject, action, by=by, now=NOW, reason="因故")
        except Refusal:
            assert not allowed
            return False
        assert allowed
        self.note(subject, action, step, by)
        return True

    def note(self, subject, action, step, by):
        """Hold a decision against who asked.

        `asked` is written down here, not read from the row.
        """
        key = (type(subject), subject.pk)
        if step.decides:
            assert by.pk not in self.asked.get(key, ())
            self.decided += bool(self.asked.pop(key, ()))
        elif action == "sign":
            self.asked.setdefault(key, set()).add(by.pk)
        elif action in ASKED:
            self.asked[key] = {by.pk}
        else:
            self.asked.pop(key, None)


@pytest.mark.parametrize("seed", range(connection.vendor == "postgresql", 6, 2))
def test_whoever_asked_never_decides(db, seed):
    office = Office(Random(seed))
    made = 0
    for turn in range(300):
        if turn % 15 == 14:
            office.hire()
        made += office.act()
    assert made > 20 and office.decided > 3
    assert tallies.drift() == []
