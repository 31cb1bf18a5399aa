"""Counts of items of counted obligations by state, and of new obligations."""

from collections.abc import Collection, Iterable
from datetime import date

from directives.models import ALWAYS, ItemState, Obligation
from directives.tallies.delta import Delta, MarkKey, Standing
from directives.tallies.gathering import counted, pending_delta
from directives.tallies.sql.upserts import BATCH

TOPIC = "item"


def item_mark_key(item: int, state: str) -> MarkKey:
    """The mark of a body with this item (its id) in this state."""
    return TOPIC, f"{item}:{state}", ALWAYS


def count_items(delta: Delta, obligations: Iterable[Obligation], sign: int = 1) -> None:
    """Count the items of these obligations in (+1) or out (−1)."""
    rows = {row.pk: row for row in obligations}
    ids = sorted(rows)
    for start in range(0, len(ids), BATCH):
        states = ItemState.objects.filter(obligation__in=ids[start : start + BATCH])
        for pk, item, state in states.values_list("obligation_id", "item_id", "state"):
            row = rows[pk]
            delta.count_mark(row.organisation_id, row.document_id, item_mark_key(item, state), sign)


def move_mark(body: int, document: int, before: MarkKey | None, after: MarkKey | None) -> None:
    """Count a row of a body under another mark than before; None for no mark."""
    delta = pending_delta()
    for mark_key, sign in ((before, -1), (after, 1)) if before != after else ():
        if mark_key is not None:
            delta.count_mark(body, document, mark_key, sign)


def move_item(item: ItemState, before: str) -> None:
    """Count an item of a counted obligation under its new state."""
    row = item.obligation
    if row.is_counted:
        move_mark(
            row.organisation_id,
            row.document_id,
            item_mark_key(item.item_id, before),
            item_mark_key(item.item_id, item.state),
        )


@counted()
def count_new(obligations: Collection[Obligation], on: date | None = None) -> None:
    """Count new obligations with their items; with `on`, as issued that day."""
    delta = pending_delta()
    for row in obligations:
        delta.add(Standing.of(row))
        if on is not None:
            delta.act("obligation", "issue", row.organisation_id, row.document_id, on)
    count_items(delta, (row for row in obligations if row.is_counted))
