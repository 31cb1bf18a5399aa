"""Tallies: compared, mended, gathered over a transaction, copied each day."""

import ast
import re
from collections import Counter
from datetime import date, datetime, time, timedelta
from random import Random

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from directives import tallies
from directives.base.states import COLOURS
from directives.core.transitions import change_obligations, move
from directives.models import (
    Mark,
    Obligation,
    Organisation,
    OverallDay,
    Owing,
    Tally,
    TallyDay,
    Total,
)
from directives.organisations import commands as organising
from tests.factories import NOW, TODAY, make_body, make_directive, make_obligation, make_section
from tests.sources import APP, parsed


def rows(model):
    """Every tally that counts something; a zero may stay behind where work has moved on."""
    names = ("scope_id", "light", "count", "percent_sum")
    more = ("directive_id", "state") if model is Tally else ("section_id",)
    return sorted(model.objects.exclude(count=0).values_list(*names, *more))


@pytest.fixture
def work(cast):
    section = make_section()
    for body in (cast.centre, cast.body, cast.child, cast.sibling):
        for percent in (0, 100):
            make_obligation(make_directive(section), body, percent=percent)
    return cast


def test_a_move_is_counted_for_the_body_and_everybody_above(cast):
    row = make_obligation(organisation=cast.child, percent=30)
    move(row, "suspend", by=cast.supervisor, now=NOW, reason="机构改革")
    shown = {
        (scope, state, light): (count, percent)
        for scope, light, count, percent, _directive, state in rows(Tally)
    }
    assert shown == {(body.pk, "suspended", "undue"): (1, 30) for body in (cast.centre, cast.body)}
    totals = {
        (scope, light): (count, percent) for scope, light, count, percent, _section in rows(Total)
    }
    assert totals == {(body.pk, "undue"): (1, 30) for body in (cast.centre, cast.body, cast.child)}


def test_the_check_is_silent_about_nothing(work, capsys):
    call_command("tallies", check=True)
    assert capsys.readouterr().out == "0 drift\n"


def test_the_check_prints_each_difference_and_fails(work, capsys):
    Total.objects.filter(scope=work.child, light="yellow").update(count=7)
    Tally.objects.filter(scope=work.centre).first().delete()
    with pytest.raises(SystemExit) as exit:
        call_command("tallies", check=True)
    lines = capsys.readouterr().out.splitlines()
    assert exit.value.code == 1
    assert lines[-1] == "2 drift"
    assert [line.split()[0] for line in lines[:-1]] == ["Tally", "Total"]
    assert "(7, 0), recount (1, 0)" in lines[1]


def test_a_rebuild_makes_what_the_moves_had_made(work, capsys):
    before = rows(Tally), rows(Total)
    Tally.objects.all().delete()
    Total.objects.filter(scope__in=[work.child, work.centre]).update(count=3)
    Mark.objects.filter(topic="reason").delete()
    Owing.objects.update(count=5)
    call_command("tallies", rebuild=True)
    assert (rows(Tally), rows(Total), tallies.drift()) == (*before, [])
    wrong = len(before[0]) + Total.objects.filter(scope__in=[work.child, work.centre]).count()
    wrong += Mark.objects.filter(topic="reason").count() + Owing.objects.count()
    assert capsys.readouterr().out == f"{wrong} tallies made.\n"
    call_command("tallies", rebuild=True)
    assert capsys.readouterr().out == "0 tallies made.\n"


def test_a_body_that_gets_its_first_child_is_tallied_by_directive(work):
    assert not Tally.objects.filter(scope=work.sibling).exists()
    make_body("Q02A", parent=work.sibling)
    assert Tally.objects.filter(scope=work.sibling).count() == 2
    assert tallies.drift() == []


def test_a_second_child_changes_nothing(work):
    before = rows(Tally)
    make_body("Q01B", parent=work.body)
    assert rows(Tally) == before


def test_changes_of_a_part_that_was_rolled_back_are_forgotten(cast):
    """However the part was made.

    A command, a plain transaction around it, a rollback that was asked for.
    """
    rows = [make_obligation(organisation=cast.child) for _number in range(4)]
    with tallies.counted():
        with pytest.raises(RuntimeError), transaction.atomic():
            move(rows[0], "suspend", by=None, now=NOW, reason="机构改革")
            raise RuntimeError
        with transaction.atomic():
            move(rows[1], "suspend", by=None, now=NOW, reason="机构改革")
            transaction.set_rollback(True)
        with tallies.counted():
            move(rows[2], "suspend", by=None, now=NOW, reason="机构改革")
            transaction.set_rollback(True)
        move(rows[3], "suspend", by=None, now=NOW, reason="机构改革")
    assert list(Obligation.objects.filter(state="suspended")) == [rows[3]]
    assert tallies.drift() == []


def test_what_was_written_early_in_a_part_that_was_rolled_back_is_written_again(cast):
    row = make_obligation(organisation=cast.sibling)
    with tallies.counted():
        move(row, "suspend", by=None, now=NOW, reason="机构改革")
        with transaction.atomic():
            # The first child: what was gathered is written before the sibling is counted.
            make_body("Q02A", parent=cast.sibling)
            transaction.set_rollback(True)
    assert Obligation.objects.get(pk=row.pk).state == "suspended"
    assert tallies.drift() == []


def test_a_transaction_that_fails_leaves_the_counts_alone(cast):
    row = make_obligation(organisation=cast.child)
    with pytest.raises(RuntimeError), tallies.counted():
        move(row, "suspend", by=None, now=NOW, reason="机构改革")
        raise RuntimeError
    with tallies.counted():
        move(Obligation.objects.get(pk=row.pk), "suspend", by=None, now=NOW, reason="机构改革")
        transaction.set_rollback(True)
    assert Obligation.objects.get(pk=row.pk).state == "underway"
    assert tallies.drift() == []


def test_counts_change_inside_counted_alone(cast):
    with pytest.raises(transaction.TransactionManagementError):
        tallies.pending_delta()


# The only functions that write obligations, plans and entries; each is reached through `counted`
# alone.
DOORS = {
    "core/last_heard.py": {"note_heard"},  # a day alone, which counts nowhere
    "obligations/commands/issuing.py": {"store_assigned"},
    # A draft counts nowhere before it is handed in.
    "plans/commands/plans.py": {"open_plan", "save_plan"},
    "plans/commands/proposing.py": {"withdraw_proposals"},  # drafts
    # Words of an entry count nowhere.
    "reports/commands/entries.py": {"_add_entries", "_write", "save_entry"},
    # The report itself, and the mark of its cycle.
    "reports/commands/cycles.py": {"_request_reports"},
    "reports/commands/handing_in.py": {"_mark_submitted", "_take_percents_of_parts"},
    "reports/commands/reviewing.py": {"_complete"},  # the same
    "core/relighting.py": {"_write"},
    "core/transitions.py": {"_write_filings", "_write"},
}
BY_HAND = {"insert", "update_each", "update_where"}  # of models.sql; the model comes first
COUNTED = {"Obligation", "Plan", "ReportEntry", "ProgressReport", "model"}
WRITING = ("update", "bulk_create", "bulk_update", "create", "delete", "save")


def _writes(function: ast.FunctionDef) -> bool:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    by_hand = {
        ast.unparse(call.args[0])
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in BY_HAND
    }
    if by_hand & COUNTED:
        return True
    said = [
        ast.unparse(call.func)
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in WRITING
    ]
    return any(
        re.match(r"(Obligation\b|Plan\b|ReportEntry\b|alike\b|type\(subject\))", text)
        for text in said
    )


def test_no_command_writes_what_is_counted_but_those_that_count_it():
    found = {}
    for path in sorted(APP.rglob("*.py")):
        room = str(path.relative_to(APP))
        if room.startswith(("migrations", "bench", "made_up", "models")):
            continue
        tree = parsed(path)
        writing = {
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and _writes(node)
        }
        if writing:
            found[room] = writing
    assert found == DOORS


@pytest.mark.parametrize("seed", range(3))
def test_the_newest_copy_on_or_before_a_day_is_what_stood_at_its_end(cast, seed):
    random, day = Random(seed), TODAY
    bodies = [cast.centre, cast.body, cast.child, cast.sibling]
    directives = [make_directive(make_section()) for _number in range(3)]
    stood: dict[date, dict] = {}
    for _number in range(14):
        day += timedelta(days=random.choice([1, 1, 2, 5]))
        now = datetime.combine(day, time(10), timezone.get_current_timezone())
        for _change in range(random.randint(0, 4)):
            change_something(random, bodies, directives, now)
        stood[day] = totals()
        tallies.copy_day(day)
        tallies.prune()
    assert tallies.drift() == []
    for on, expected in stood.items():
        assert copied(on) == expected
        assert over_documents(on) == by_body(expected)
    assert copied(TODAY) == {}


def change_something(random: Random, bodies: list, directives: list, now: datetime) -> None:
    """Issue, move, withdraw, move in the tree, merge, a new section."""
    kind = random.choice(["make", "make", "state", "state", "withdraw", "tree", "section"])
    row = random.choice([*Obligation.objects.live().select_related("organisation")] or [None])
    if kind == "section":
        directives.append(make_directive(make_section(directives[0].document)))
    elif kind == "tree":
        body, to = (
            Organisation.objects.get(pk=random.choice(bodies).pk),
            Organisation.objects.get(pk=random.choice(bodies).pk),
        )
        if not to.path.startswith(body.path):
            organising.move_body(body, new_parent=to, by=None, now=now)
    elif kind == "make" or row is None:
        directive, body = random.choice(directives), random.choice(bodies)
        if not Obligation.objects.filter(directive=directive, organisation=body).exists():
            make_obligation(
                directive, Organisation.objects.get(pk=body.pk), percent=random.randint(0, 100)
            )
    else:
        fields = (
            {"state": "withdrawn"} if kind == "withdraw" else {"percent": random.randint(0, 100)}
        )
        change_obligations([row], fields, action="test", by=None, now=now)


def totals() -> dict:
    """(scope, section) → lights and percent, where there is anything."""
    found: dict[tuple, Counter] = {}
    for scope, section, light, count, percent in Total.objects.values_list(
        "scope", "section", "light", "count", "percent_sum"
    ):
        found.setdefault((scope, section), Counter()).update({light: count, "percent_sum": percent})
    return {key: +counts for key, counts in found.items() if +counts}


def copied(on: date) -> dict:
    """The same, from the newest copies on or before a day."""
    found = {}
    for row in TallyDay.objects.filter(day__lte=on).order_by("day"):
        found[row.scope_id, row.section_id] = +Counter(
            {name: getattr(row, name) for name in (*COLOURS, "percent_sum")}
        )
    return {key: counts for key, counts in found.items() if counts}


def by_body(found: dict) -> dict:
    """Lights and percent by scope alone."""
    sums: dict[int, Counter] = {}
    for (scope, _section), counts in found.items():
        sums.setdefault(scope, Counter()).update(counts)
    return sums


def over_documents(on: date) -> dict:
    """The same, from the newest copies over all documents on or before a day."""
    names = (*COLOURS, "percent_sum")
    rows = OverallDay.objects.filter(day__lte=on).order_by("day")
    found = {row.scope_id: +Counter({name: getattr(row, name) for name in names}) for row in rows}
    return {scope: counts for scope, counts in found.items() if counts}


def test_a_day_is_copied_once_and_nothing_is_written_into_the_past(cast):
    row = make_obligation(organisation=cast.child)
    assert tallies.copy_day(TODAY) == 3
    change_obligations([row], {"percent": 90}, action="test", by=None, now=NOW)
    before = list(TallyDay.objects.values())
    assert [tallies.copy_day(TODAY), tallies.copy_day(TODAY - timedelta(days=3))] == [0, 0]
    assert list(TallyDay.objects.values()) == before
    assert tallies.copy_day(TODAY + timedelta(days=1)) == 3
    change_obligations([row], {"percent": 95}, action="test", by=None, now=NOW)
    assert tallies.copy_day(TODAY + timedelta(days=2)) == 3


def test_a_quiet_day_is_copied_too_and_not_again_in_the_evening(cast):
    row = make_obligation(organisation=cast.child)
    tallies.copy_day(TODAY)
    assert tallies.copy_day(TODAY + timedelta(days=1)) == 0
    change_obligations([row], {"percent": 90}, action="test", by=None, now=NOW)
    assert tallies.copy_day(TODAY + timedelta(days=1)) == 0


def test_acts_are_compared_from_the_day_to_which_they_were_pruned(cast):
    """A clock set back does not bring back what was pruned."""
    row = make_obligation(organisation=cast.child, state="assigned")
    move(row, "acknowledge", by=None, now=NOW - timedelta(days=20))
    move(row, "start", by=None, now=NOW)
    tallies.prune()
    move(row, "suspend", by=None, now=NOW - timedelta(days=25), reason="时钟有误")
    assert tallies.drift() == []
    tallies.rebuild()
    assert tallies.drift() == []
