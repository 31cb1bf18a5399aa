"""Counts kept as work moves: applied in each move's transaction, rebuilt from the obligations, checked against them.

`Tally` counts a subtree's obligations by directive, state and light, for bodies that have children; `Total` by section
and light, for every body. Keys are sorted before they are written, so that two writers meet in the same order and
cannot deadlock.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import connection, transaction
from django.dispatch import receiver

from directives.models import Obligation, Organisation, Tally, Total
from directives.models.organisations import became_branch
from directives.states import LIVE

BATCH = 400  # rows of one statement

TallyKey = tuple[int, int, int, str, str]  # scope, document, directive, state, light
TotalKey = tuple[int, int, int, str]  # scope, document, section, light


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one obligation counts: what the tallies need to know of it."""

    organisation: Organisation
    document_id: int
    section_id: int
    directive_id: int
    state: str
    light: str
    percent: int

    @classmethod
    def of(cls, obligation: Obligation) -> "Standing":
        """The standing of an obligation as it is in memory."""
        names = ("organisation", "document_id", "section_id", "directive_id", "state", "light", "percent")
        return cls(*(getattr(obligation, name) for name in names))


class Delta:
    """Changes to the tallies, gathered and then written at once."""

    def __init__(self) -> None:
        self.tally_counts: Counter[TallyKey] = Counter()
        self.tally_percents: Counter[TallyKey] = Counter()
        self.total_counts: Counter[TotalKey] = Counter()
        self.total_percents: Counter[TotalKey] = Counter()

    def add(self, standing: Standing, sign: int = 1) -> None:
        """Count a standing in (+1) or out (−1), for its body and every ancestor. Withdrawn work counts nowhere."""
        if standing.state not in LIVE:
            return
        percent = sign * standing.percent
        for scope in standing.organisation.ancestor_ids:
            total = (scope, standing.document_id, standing.section_id, standing.light)
            self.total_counts[total] += sign
            self.total_percents[total] += percent
            if scope == standing.organisation.pk and not standing.organisation.branch:
                continue
            tally = (scope, standing.document_id, standing.directive_id, standing.state, standing.light)
            self.tally_counts[tally] += sign
            self.tally_percents[tally] += percent

    def swap(self, before: Standing, after: Standing) -> None:
        """Take the old standing out and put the new one in."""
        self.add(before, -1)
        self.add(after)

    def apply(self) -> None:
        """Write the gathered changes, in one statement a table for a small change."""
        _upsert(Tally, ("scope_id", "document_id", "directive_id", "state", "light"), self.tally_counts, self.tally_percents)
        _upsert(Total, ("scope_id", "document_id", "section_id", "light"), self.total_counts, self.total_percents)


def _batches(rows: list, size: int) -> Iterator[list]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _upsert(model: type, columns: tuple[str, ...], counts: Counter, percents: Counter) -> None:
    """Add to the rows of these keys, making those that are missing. Django's bulk_create can only overwrite."""
    table = model._meta.db_table
    unique = ", ".join(column for column in columns if column != "document_id")
    rows = [(*key, counts[key], percents[key]) for key in sorted(counts) if counts[key] or percents[key]]
    for batch in _batches(rows, BATCH):
        places = ", ".join(["(" + ", ".join(["%s"] * (len(columns) + 2)) + ")"] * len(batch))
        statement = (
            f"INSERT INTO {table} ({', '.join(columns)}, count, percent_sum) VALUES {places} "  # noqa: S608 - names of our own tables
            f"ON CONFLICT ({unique}) DO UPDATE SET count = {table}.count + EXCLUDED.count, "
            f"percent_sum = {table}.percent_sum + EXCLUDED.percent_sum"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [value for row in batch for value in row])


def count_in(obligations: Iterable[Obligation]) -> None:
    """Count new obligations; they must come with their organisation."""
    delta = Delta()
    for obligation in obligations:
        delta.add(Standing.of(obligation))
    delta.apply()


@receiver(became_branch)
def open_scope(sender: type, organisation: Organisation, **kwargs: object) -> None:
    """A body that gets its first child is tallied by directive from then on: count what it owes itself already."""
    delta = Delta()
    for obligation in Obligation.objects.live().filter(organisation=organisation).select_related("organisation"):
        delta.add(Standing.of(obligation))
    delta.total_counts.clear()
    delta.total_percents.clear()
    delta.tally_counts = Counter({key: n for key, n in delta.tally_counts.items() if key[0] == organisation.pk})
    delta.apply()


def _hold(mode: str) -> None:
    """Let writers wait until the transaction ends, so that counts and recount are of one moment. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {Tally._meta.db_table}, {Total._meta.db_table} IN {mode} MODE")


def _recount() -> Delta:
    """What the tallies should say, from the obligations themselves."""
    delta = Delta()
    for obligation in Obligation.objects.live().select_related("organisation").iterator(chunk_size=2000):
        delta.add(Standing.of(obligation))
    return delta


@transaction.atomic
def rebuild() -> int:
    """Make every tally anew; returns the number of rows written."""
    _hold("EXCLUSIVE")
    Tally.objects.all().delete()
    Total.objects.all().delete()
    delta = _recount()
    delta.apply()
    return len(delta.tally_counts) + len(delta.total_counts)


@transaction.atomic
def drift() -> list[str]:
    """Every tally that differs from a recount, in words; empty when all is well."""
    _hold("SHARE")
    delta = _recount()
    tally_fields = ("scope_id", "document_id", "directive_id", "state", "light")
    total_fields = ("scope_id", "document_id", "section_id", "light")
    return [
        *_differences(Tally, tally_fields, delta.tally_counts, delta.tally_percents),
        *_differences(Total, total_fields, delta.total_counts, delta.total_percents),
    ]


def _differences(model: type, fields: tuple[str, ...], counts: Counter, percents: Counter) -> Iterator[str]:
    rows = model.objects.values_list(*fields, "count", "percent_sum")
    kept = {tuple(row[:-2]): (row[-2], row[-1]) for row in rows}
    for key in sorted(kept.keys() | counts.keys(), key=str):
        should = (counts.get(key, 0), percents.get(key, 0))
        if kept.get(key, (0, 0)) != should:
            yield f"{model.__name__} {dict(zip(fields, key, strict=True))}: {kept.get(key, (0, 0))}, recount {should}"
