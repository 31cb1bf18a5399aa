"""What is cleared away after its time, and what stays."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from directives.intakes.clearing import clear
from directives.models import Intake, IntakeRow
from directives.models.intakes import APPLIED, APPLYING
from tests.factories import NOW
from tests.intakes.test_checking import TABLE

LATER = NOW + timedelta(days=31)


@pytest.mark.parametrize(
    ("state", "kept"), [("checked", 0), ("unreadable", 0), (APPLIED, 1), ("undone", 1)]
)
def test_files_and_rows_go_and_what_was_applied_is_remembered(cast, bring, state, kept):
    intake = bring(cast.admin, TABLE)
    path = Path(intake.file.path)
    Intake.objects.filter(pk=intake.pk).update(state=state)
    assert clear(now=LATER) == 1
    assert (path.exists(), IntakeRow.objects.count(), Intake.objects.count()) == (False, 0, kept)
    assert clear(now=LATER) == 0


def test_a_young_one_and_one_in_hand_stay(cast, bring):
    intake = bring(cast.admin, TABLE)
    assert clear(now=NOW + timedelta(days=29)) == 0
    Intake.objects.filter(pk=intake.pk).update(state=APPLYING)
    assert (clear(now=LATER), IntakeRow.objects.count()) == (0, 3)


def test_a_cleared_intake_still_has_its_page(cast, bring, sign_in):
    intake = bring(cast.admin, TABLE)
    Intake.objects.filter(pk=intake.pk).update(state=APPLIED, applied_at=NOW, done=2)
    clear(now=LATER)
    shown = sign_in(cast.admin).get(f"/intakes/{intake.pk}/").content.decode()
    assert ("到期清理" in shown, "撤销导入" in shown) == (True, False)


def test_the_command_tells_how_many(cast, bring, capsys):
    bring(cast.admin, TABLE)
    call_command("clear_old")
    line = "imports and their files: 1 (after 30 days: what they wrote stays)"
    assert (line in capsys.readouterr().out, Intake.objects.count()) == (True, 0)
