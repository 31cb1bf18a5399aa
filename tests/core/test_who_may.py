"""Every state × act × role of every table of moves: what is not in the table here is refused."""

from collections.abc import Iterator
from itertools import product

import pytest
from django.db import transaction
from django.urls import reverse

from directives.base.refusals import Refusal
from directives.base.states import OBLIGATION_ACTS
from directives.core.deciding import TABLES
from directives.core.transitions import demand_act, move
from directives.core.who_may import CONDITIONS, HOLDERS, act_tables
from directives.models import (
    Extension,
    LookBack,
    Membership,
    Obligation,
    Plan,
    ReplyRequest,
    ReportEntry,
)
from tests.factories import (
    NOW,
    TODAY,
    make_cycle,
    make_extension,
    make_input,
    make_member,
    make_obligation,
    make_plan,
    make_report,
)

# `own` supervises the body itself, `above` the body over it.
ROLES = ("staff", "manager", "own", "above", "viewer", "outsider")
BODY = "staff manager"
# act: the states in which it may be done, who does it
OBLIGATION = {
    "acknowledge": ("assigned", "staff"),
    "dispute": ("assigned", "staff"),
    "reassign": ("disputed", "above"),
    "withdraw": ("disputed assigned", "above"),
    "redirect": ("disputed", "above"),
    "reinstate": ("withdrawn", "above"),
    "break_down": ("acknowledged underway", "own"),
    "withdraw_part": ("", ""),  # it is no part
    "start": ("acknowledged", BODY),
    "suspend": ("underway", "above"),
    "resume": ("suspended", "above"),
    "request_close": ("underway", BODY),
    "close": ("closing", "above"),
    "refuse_close": ("closing", "above"),
    "reopen": ("closed", "above"),
    "ask_extension": ("assigned acknowledged underway suspended", BODY),
    "correct_due": ("assigned acknowledged underway closing disputed suspended", "above"),
}
FILING = {
    "ask_signature": ("draft returned", BODY),
    "recall": ("awaiting", BODY),
    "decline": ("awaiting", "manager"),
    "sign": ("awaiting", "manager"),
    "hand_in": ("draft returned", "manager"),
    "accept": ("submitted", "above"),
    "return": ("submitted", "above"),
}
EXPECTED = {
    Obligation: OBLIGATION,
    Plan: {**FILING, "revise": ("accepted", BODY)},
    ReportEntry: FILING,
    Extension: {
        "grant_extension": ("requested", "above"),
        "refuse_extension": ("requested", "above"),
    },
    ReplyRequest: {  # that a supervisor above asked
        "reply": ("asked returned", BODY),
        "settle": ("replied", "above"),
        "return": ("replied", "above"),
        "withdraw": ("asked returned", "above"),
    },
    LookBack: {
        "look_back_hold": ("planned", "above"),
        "look_back_fail": ("planned", "above"),
        "look_back_call_off": ("planned", "above"),
    },
}
# What a constraint asks of a row in this state.
FIELDS = {
    "closed": {"closed_on": TODAY},
    "disputed": {"reason": "不归我们"},
    "accepted": {"decided_at": NOW},
    "returned": {"reason": "请改", "decided_at": NOW},
    "replied": {"replied_at": NOW},
    "settled": {"replied_at": NOW, "decided_at": NOW},
    **dict.fromkeys(
        ("holds", "fails", "called_off"), {"done_at": NOW, "looked_on": TODAY, "text": "已看"}
    ),
    "granted": {"decided_at": NOW, "granted_due_on": TODAY},
    "refused": {"decided_at": NOW},
}


DECIDED = ("accepted", "returned", "granted", "refused")


def table_of(expected: dict) -> set[tuple[str, str, str]]:
    """Every state, act and role that is allowed."""
    return {
        (state, action, role)
        for action, (states, roles) in expected.items()
        for state, role in product(states.split(), roles.split())
    }


def subject_of(model, cast):
    row = make_obligation(organisation=cast.body)
    if model is Obligation:
        return row
    if model is Plan:
        return make_plan(cast.body, row.document)
    if model is ReportEntry:
        return make_report(cast.body, make_cycle(row.document), row).entries.get()
    if model is ReplyRequest:
        return make_input(row, by=cast.admin)
    if model is LookBack:
        given = {"proposed_on": TODAY, "opened_by": cast.admin, "opened_at": NOW}
        return LookBack.objects.create(obligation=row, **given)
    return make_extension(row)


def put(subject, state: str, cast) -> None:
    """Have the row in this state, as nobody of ROLES asked for it."""
    names = {field.name for field in subject._meta.get_fields()}
    fields = {"state": state, **FIELDS.get(state, {})}
    if "decided_by" in names and state in (*DECIDED, "settled"):
        fields["decided_by"] = cast.admin
    known = {name: value for name, value in fields.items() if name in names}
    type(subject).objects.filter(pk=subject.pk).update(**known)


def allowed(model, cast) -> Iterator[tuple[str, str, str]]:
    """What a walk over all states, acts and roles finds to be done."""
    people = {
        **{name: getattr(cast, name) for name in ("staff", "manager", "viewer", "outsider")},
        "own": make_member(cast.body, "supervisor", "own"),
        "above": cast.supervisor,
    }
    subject = subject_of(model, cast)
    states = [state for state, _word in model._meta.get_field("state").flatchoices]
    acts = OBLIGATION_ACTS if model is Obligation else {}
    for state, action, role in product(states, (*TABLES[model], *acts), ROLES):
        with transaction.atomic():
            put(subject, state, cast)
            row = model.objects.get(pk=subject.pk)
            if does(row, action, people[role], as_act=action in acts):
                yield state, action, role
            transaction.set_rollback(True)


def does(row, action: str, by, *, as_act: bool) -> bool:
    try:
        if as_act:
            demand_act(row, action, by=by, reason="因故")
        else:
            changes = {"granted_due_on": TODAY} if action == "grant_extension" else {}
            with transaction.atomic():
                move(row, action, by=by, now=NOW, reason="因故", changes=changes)
    except Refusal:
        return False
    return True


def test_every_table_of_moves_is_walked():
    assert TABLES.keys() == EXPECTED.keys()
    for model, table in EXPECTED.items():
        acts = OBLIGATION_ACTS if model is Obligation else {}
        assert {*TABLES[model], *acts} == table.keys()


@pytest.mark.parametrize("model", EXPECTED, ids=lambda model: model.__name__)
def test_what_is_in_the_table_may_be_done_and_nothing_else(cast, model):
    assert set(allowed(model, cast)) == table_of(EXPECTED[model])


def test_a_part_is_withdrawn_by_those_above_after_its_receipt(cast):
    whole = make_obligation(organisation=cast.centre)
    part = make_obligation(whole.directive, cast.body, broken_from=whole)
    assert does(part, "withdraw_part", cast.supervisor, as_act=False)
    for person in (cast.staff, cast.manager, cast.viewer, cast.outsider):
        assert not does(Obligation.objects.get(pk=part.pk), "withdraw_part", person, as_act=False)


@pytest.mark.parametrize("model", [Plan, ReportEntry], ids=lambda model: model.__name__)
def test_without_a_manager_staff_submit(cast, model):
    Membership.objects.filter(user=cast.manager).delete()
    assert does(subject_of(model, cast), "hand_in", cast.staff, as_act=False)


def test_without_a_supervisor_of_its_own_the_manager_breaks_down(cast):
    row = Obligation.objects.get(pk=make_obligation(organisation=cast.body).pk)
    assert does(row, "break_down", cast.manager, as_act=False)


# the help page


NAMES = {"own": "own_supervisor", "above": "supervisor_above"}


def test_the_help_says_of_each_right_what_the_walk_finds():
    """A right that depends on more than the state says so in its condition."""
    for model, table in EXPECTED.items():
        acts = TABLES[model] | (OBLIGATION_ACTS if model is Obligation else {})
        for action, (_states, roles) in table.items():
            right = acts[action].right
            told = {NAMES.get(role, role) for role in roles.split()}
            assert told == set(HOLDERS[right]) or right in CONDITIONS, action
            assert told <= set(HOLDERS[right]), action


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_the_help_page_shows_every_act(cast, sign_in, language):
    page = sign_in(cast.staff, language).get(reverse("help"))
    assert page.status_code == 200
    for table in act_tables():
        assert f'id="acts-{table.key}"' in page.text
    assert page.text.count("✓") == sum(
        holds for table in act_tables() for line in table.lines for _word, holds in line.holders
    )
