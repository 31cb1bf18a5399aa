# ruff: noqa: S608 - names of our own tables and columns alone enter these statements
"""Counts when the tree itself changes: a body gets its first child, changes its kind, or moves to
another parent.

Everything here holds the tree alone: nobody writes counts meanwhile.
"""

from collections import Counter
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import Model
from django.dispatch import receiver

from directives.base import tree_lock
from directives.models import (
    DocumentTotal,
    FigureTotal,
    Mark,
    Obligation,
    Organisation,
    OverallMark,
    Tally,
    Total,
)
from directives.models.organisations import became_branch
from directives.tallies.delta import lock_bodies
from directives.tallies.gathering import write_pending
from directives.tallies.recount import fill
from directives.tallies.upserts import COLUMNS, adding, upsert, values_of

OF_BRANCHES = (Tally, Mark, OverallMark)


@receiver(became_branch)
@transaction.atomic
def open_scope(sender: type, organisation: Organisation, **kwargs: object) -> None:
    """A body that has children is counted in full from then on: count its own work, before anything
    is counted for a child.
    """
    tree_lock.hold_alone()
    write_pending()
    close_scope(organisation.pk)
    for model in OF_BRANCHES:
        fill(model, body=organisation.pk)


def close_scope(scope: int) -> None:
    """A body without children keeps no counts but its totals."""
    for model in OF_BRANCHES:
        model.objects.filter(scope=scope).delete()


@transaction.atomic
def change_kind(organisation: Organisation, *, kind: str, was: str | None = None) -> None:
    """Make a body one of another kind: its work is counted under that from now on.

    `was`: where the new kind is stored already.
    """
    tree_lock.hold_alone()
    write_pending()
    was = was or Organisation.objects.values_list("kind", flat=True).get(pk=organisation.pk)
    held = lock_bodies([organisation.pk])[organisation.pk]
    Organisation.objects.filter(pk=organisation.pk).update(kind=kind)
    counts: Counter[tuple[int, int, int, str, str, str]] = Counter()
    percents: Counter[tuple[int, int, int, str, str, str]] = Counter()
    owed = Obligation.objects.live().filter(organisation=organisation)
    for document, directive, state, light, percent in owed.values_list(
        "document_id", "directive_id", "state", "light", "percent"
    ):
        for scope in held.scopes:
            for name, sign in ((was, -1), (kind, 1)):
                counts[scope, document, directive, name, state, light] += sign
                percents[scope, document, directive, name, state, light] += sign * percent
    upsert(Tally, counts, percents)


@transaction.atomic
def relocate(organisation: Organisation, *, left: Sequence[int], joined: Sequence[int]) -> None:
    """The subtree of a body has left some ancestors (ids) for others: its counts go with it,
    whatever its size.
    """
    tree_lock.hold_alone()
    write_pending()
    if not organisation.branch:  # for as long as this takes: the counts of one body are few
        open_scope(Organisation, organisation)
    for model in (Tally, Total, DocumentTotal, Mark, OverallMark, FigureTotal):
        for scope, sign in (*((pk, "-") for pk in left), *((pk, "") for pk in joined)):
            _carry(model, organisation.pk, scope, sign)
    if not organisation.branch:
        close_scope(organisation.pk)


def _carry(model: type[Model], source: int, scope: int, sign: str) -> None:
    """Add the counts of one body to those of another, or take them out."""
    table, others, values = model._meta.db_table, COLUMNS[model][1:], values_of(model)
    signed = ", ".join(sign + value for value in values)
    any_nonzero = " OR ".join(f"{value} <> 0" for value in values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (scope_id, {', '.join((*others, *values))}) "
            f"SELECT %s, {', '.join(others)}, {signed} FROM {table} WHERE scope_id = %s AND "
            f"({any_nonzero}) {adding(model)}",
            [scope, source],
        )
