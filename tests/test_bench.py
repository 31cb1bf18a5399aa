"""The bench, in its smallest form: it serves the product, asks for every page, and prints its figures."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from directives.bench.race import Course, Times, figures, table

WHAT = {
    "floor: constant", "floor: 50 rows", "list of obligations, supervisor", "list of obligations, staff", "dashboard, supervisor",
    "dashboard, staff", "my work, staff", "my work, supervisor", "entry save, staff", "ledger export, all rows",
}  # fmt: skip


def bench(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False, env=os.environ | environment)


def test_a_short_run_measures_everything_and_leaves_nothing(tmp_path):
    done = bench("--rounds=2", "--bodies=4", "--json", TMPDIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    lines = {line["name"]: line for line in told["lines"]}
    assert lines.keys() == WHAT
    assert (told["bodies"], told["directives"], told["obligations"]) == (4, 69, 276)
    assert (lines["floor: constant"]["queries"], lines["floor: 50 rows"]["queries"]) == (0, 1)
    many = {name for name, line in lines.items() if line["queries"] > 12}
    assert many <= {"entry save, staff", "ledger export, all rows"}
    assert all(line["median_ms"] > 0 and line["bytes"] > 0 for line in lines.values())
    assert list(tmp_path.iterdir()) == []


def test_the_table_has_a_line_for_each_course():
    took = {"floor": [1.0, 2.0, 3.0], "rows": [4.0], "page": [10.0]}
    lines = figures([Times(Course(name, lambda: None), times) for name, times in took.items()])
    assert [line["per_constant"] for line in lines] == [1.0, 2.0, 5.0]
    assert [line["per_rows"] for line in lines] == [0.5, 1.0, 2.5]
    assert table(lines).splitlines()[-1] == "| page | 10.0 | 10.0 | 5.0 | 2.50 | 0 | 0 | 1 |"


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", [{"rounds": 0}, {"bodies": 1}, {"stage": True}])
def test_what_makes_no_sense_is_refused(arguments):
    with pytest.raises(CommandError):
        call_command("bench", **arguments)
