"""Correcting the counts by a recount from the obligations, and comparing the two."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.db.models.functions import Now

from directives.base import tree_lock
from directives.models import JobRun, Obligation, Owing
from directives.tallies.daily import add_up_days
from directives.tallies.sql import recounts
from directives.tallies.sql.upserts import COLUMNS, VALUES

COUNTED = "counted:2"  # the JobRun of a full count; a new number makes upgrades count again
REPORTED = 200  # differences of one table that `drift` reports


def rebuild() -> int:
    """Correct every count; returns how many rows had to be written.

    There is a transaction for each table. People can work meanwhile: the difference is added to the
    counts, as a move does, so that concurrent moves are neither lost nor counted twice. Changes of
    the tree wait.
    """
    add_up_days()
    # Owing first, because moves derive a mark from it.
    models: list[type[Model]] = [Owing, *(model for model in COLUMNS if model is not Owing)]
    written = sum(map(_repair, models))
    JobRun.objects.get_or_create(
        name=COUNTED, defaults={"last_day": date.min, "last_ran_at": Now()}
    )
    return written


@transaction.atomic
def _repair(model: type[Model]) -> int:
    tree_lock.share_for_repair()
    if not model._default_manager.exists():
        tree_lock.hold_exclusively()
        return recounts.fill(model)
    return recounts.repair(model)


def never_counted() -> bool:
    """Whether some count was never made, as after an upgrade that added one."""
    counted = Owing.objects.exists() and JobRun.objects.filter(name=COUNTED).exists()
    return not counted and Obligation.objects.exists()


def drift() -> list[str]:
    """Each count that differs from a recount, in words, up to some hundreds for each table.

    Each table is compared in one statement, and so in one snapshot, without locks.
    """
    return [line for model in COLUMNS for line in _differences(model)]


def _differences(model: type[Model]) -> Iterator[str]:
    sides: dict[tuple[Any, ...], dict[bool, tuple[int | Decimal, ...]]] = {}
    for difference in recounts.differences(model, 2 * REPORTED):
        sides.setdefault(difference.key, {})[difference.is_stored] = tuple(
            int(value) if value == int(value) else value for value in difference.counts
        )
    zero = (0,) * len(VALUES[model])
    for key, side in sides.items():
        fields = dict(zip(COLUMNS[model], key, strict=True))
        stored, recounted = side.get(True, zero), side.get(False, zero)
        yield f"{model.__name__} {fields}: {stored}, recount {recounted}"
