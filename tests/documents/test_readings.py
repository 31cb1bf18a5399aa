"""Documents of many offices against what an officer reads in them: see readings/README.md."""

import json
import re

import pytest

from tests.documents.exactness import NAMES, NOT_YET, READINGS, path_of, problems_of

pytestmark = pytest.mark.once


@pytest.mark.parametrize("name", NAMES)
def test_reading(name: str) -> None:
    problems = problems_of(name)
    if name in NOT_YET:
        assert problems, f"{name} is read as expected: take it out of readings/not_yet.txt"
    else:
        assert not problems, "\n".join([path_of(name).name, *problems])


def test_lists_name_what_is_there() -> None:
    assert set(NOT_YET) <= set(NAMES)
    beside = {"not_yet", "README", "make", "sources", "__pycache__"}
    files = {path.name.split(".")[0] for path in READINGS.iterdir()} - beside
    assert files == set(NAMES)
    assert {path.stem for path in (READINGS / "sources").glob("*")} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_expected_readings_are_sound(name: str) -> None:
    """Codes are unique, a statement names nobody, roles, bases and days are of the known kinds."""
    wanted = json.loads((READINGS / f"{name}.expected.json").read_text(encoding="utf-8"))
    rows = wanted["directives"]
    assert len({row["code"] for row in rows}) == len(rows)
    for row in rows:
        assert not (row["statement"] and (row["who"] or row["due"])), row
        for one in row["who"]:
            assert one["role"] in {"lead", "responsible", "supporting"}, row
            assert one["basis"] in {"named", "carried", "inferred"}, row
        if row["due"]:
            assert re.fullmatch(r"(?:\d{4}|-)-\d\d-\d\d", row["due"]["on"] or "2031-01-01"), row
            assert row["due"]["words"], row
