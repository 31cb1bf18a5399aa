"""Whatever is written, wherever and in whatever order: the kept counts are what a recount says."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from directives.catalogue.kinds import KINDS
from tests.test_access import TABLE
from tests.walk import office, replying, tables, working
from tests.walk.walker import Step, Walker

STEPS: Mapping[str, Step] = {
    **working.STEPS,
    **replying.STEPS,
    **office.STEPS,
    **tables.STEPS,
}
SELDOM = {*tables.STEPS, "set_script", "notice_open"}  # they take long, or store nothing
WRITES = 500  # of the short walk
LONG_WALKS, LONG_WRITES = 6, 1000
# Write addresses that change nothing of which the record tells, and why.
STORES_NO_EVENT = {
    "set_script": "a person's own language",
    "notices_read": "a person's own notices",
    "session_stay": "that a person is still there",
    "notice_open": "a person's own notices",
    "intake_upload": "a file and what was found in it: nothing of the product has changed",
    "intake_match": "the same",
    "intake_check": "the same",
    "intake_choose": "the same",
    "intake_discard": "the same",
}
# Besides the table: Django's own addresses, and what the worker does by itself.
BESIDES = {
    "admin:directives_organisation_change",
    "admin:directives_organisation_merge",
    "admin:directives_obligation_change",
    "admin:directives_obligation_process_import",
    "admin:directives_calendarday_add",
    "worker",
}


@pytest.fixture
def walk(
    transactional_db: None,
    time_machine: Any,
    settings: Any,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Walker]:
    """Walk from an empty office; every transaction is a real one, and so is what runs after it."""
    settings.MEDIA_ROOT = tmp_path / "files"
    monkeypatch.setattr("directives.obligations.commands.bulk_issuing.PART", 4)

    def walked(seed: int, writes: int) -> Walker:
        walker = Walker(seed, time_machine)
        walker.walk(STEPS, writes, lacks=lacking, seldom=SELDOM)
        return walker

    return walked


def lacking(walker: Walker) -> list[str]:
    """Write addresses at which nothing was stored, and kinds of table not applied or not undone."""
    addresses = {name for name, row in TABLE.items() if row.post is not None}
    missing = [f"nothing sent to {name}" for name in addresses - walker.sent.keys()]
    missing += [
        f"nothing stored at {name}"
        for name in addresses - STORES_NO_EVENT.keys() - walker.stored.keys()
    ]
    missing += [f"no step stored {name}" for name in BESIDES - walker.stored.keys()]
    wanted = {(kind, act) for kind in KINDS for act in ("apply", "undo")}
    return sorted(
        [
            *missing,
            *(
                f"{act} of a table of {kind}"
                for kind, act in wanted
                if not walker.tables[kind, act]
            ),
        ]
    )


def test_the_counts_are_true_after_any_write(walk):
    walker = walk(1, WRITES)
    assert walker.stored.total() >= WRITES
    assert lacking(walker) == []
    assert sorted(STORES_NO_EVENT.keys() & walker.stored.keys()) == []


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(2, 2 + LONG_WALKS))
def test_the_counts_are_true_after_thousands_of_writes(walk, seed, record_property):
    walker = walk(seed, LONG_WRITES)
    record_property(
        "figure",
        (
            f"walk {seed}: {walker.stored.total()} stored writes "
            f"at {len(walker.stored)} addresses, no drift"
        ),
    )
    assert (walker.stored.total() >= LONG_WRITES, lacking(walker)) == (True, [])
