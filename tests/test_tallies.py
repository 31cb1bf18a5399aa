"""Tallies: the command that compares and rebuilds them, and what happens when a body gets its first child."""

import pytest
from django.core.management import call_command

from directives import tallies
from directives.models import Mark, Owing, Tally, Total
from directives.transitions import move
from tests.factories import NOW, make_body, make_directive, make_obligation, make_section


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
    shown = {(scope, state, light): (count, percent) for scope, light, count, percent, _directive, state in rows(Tally)}
    assert shown == {(body.pk, "suspended", "undue"): (1, 30) for body in (cast.centre, cast.body)}
    totals = {(scope, light): (count, percent) for scope, light, count, percent, _section in rows(Total)}
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
