"""Figures reported, corrected and taken back in batches, with their totals up the tree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from django.db import IntegrityError, transaction

from directives.base.refusals import NotAllowed, Stale
from directives.core import audit
from directives.core.rules import may
from directives.indicators.commands.faults import (
    OTHERS_FIGURE,
    FigureFaults,
    Key,
    ReportedFigure,
    faults_of,
)
from directives.models import Figure, User
from directives.models.sql import insert, update_each
from directives.tallies import counted, pending_delta

BATCH = 500
UPDATED_FIELDS = ("value", "note", "by", "at", "version")


@dataclass(frozen=True, slots=True)
class FilingResult:
    figures: tuple[Figure, ...]  # in the order in which they were reported
    new: int
    changed: int
    unchanged: int


@counted()
def file_figures(
    figures: Sequence[ReportedFigure], *, by: User | None, now: datetime
) -> FilingResult:
    """Report or correct figures, all or none. Raises FigureFaults, or Stale."""
    if faults := faults_of(figures, by=by, now=now):
        raise FigureFaults(faults)
    ordered = sorted(figures, key=lambda figure: figure.key)
    stored = lock_figures(figure.key for figure in ordered)
    stale = [
        stored.get(figure.key)
        for figure in ordered
        if figure.version is not None and figure.version != _version(stored, figure.key)
    ]
    if stale:
        raise Stale(theirs=stale)
    rows: dict[Key, Figure] = {}
    new: list[Figure] = []
    changed: list[Figure] = []
    corrections: list[audit.Change] = []
    for figure in ordered:
        old = stored.get(figure.key)
        row = rows[figure.key] = _row(figure, old, by, now)
        if old is None:
            new.append(row)
        elif row is not old:
            changed.append(row)
            corrections.append(audit.Change(row, recorded_values(old), recorded_values(row)))
        if row is not old:
            pending_delta().figure(_tally_key(row), old.value if old else None, row.value)
    _write(new, changed)
    reports = [audit.Change(row, {}, recorded_values(row)) for row in new]
    audit.record_many("report_figure", reports, by=by, now=now)
    audit.record_many("correct_figure", corrections, by=by, now=now)
    unchanged = len(ordered) - len(new) - len(changed)
    return FilingResult(
        tuple(rows[figure.key] for figure in figures), len(new), len(changed), unchanged
    )


@counted()
def take_back_figures(figures: Sequence[Figure], *, by: User | None, now: datetime) -> int:
    """Delete figures, which are loaded with indicator and body, to undo an import.

    Raises NotAllowed, or Stale if one was changed since it was read.
    """
    if not all(may(by, "report", body) for body in {row.organisation for row in figures}):
        raise NotAllowed(str(OTHERS_FIGURE))
    ordered = sorted(figures, key=_key)
    stored = lock_figures(map(_key, ordered))
    stale = [stored.get(_key(row)) for row in ordered if row.version != _version(stored, _key(row))]
    if stale:
        raise Stale(theirs=stale)
    audit.record_many(
        "take_back_figure",
        [audit.Change(row, recorded_values(row), {}) for row in ordered],
        by=by,
        now=now,
    )
    for row in ordered:
        pending_delta().figure(_tally_key(row), row.value, None)
    for start in range(0, len(ordered), BATCH):
        Figure.objects.filter(pk__in=[row.pk for row in ordered[start : start + BATCH]]).delete()
    return len(ordered)


def lock_figures(keys: Iterable[Key]) -> dict[Key, Figure]:
    """The stored figures with these keys, which are sorted, locked."""
    stored: dict[Key, Figure] = {}
    for (indicator, year, cadence, number), group in groupby(keys, key=lambda key: key[:4]):
        bodies = [key.body for key in group]
        for start in range(0, len(bodies), BATCH):
            # Bodies are not locked: the holder of the tree lock may be waiting for these figures.
            rows = Figure.objects.select_for_update(no_key=True, of=("self",)).filter(
                indicator=indicator,
                year=year,
                period=cadence,
                number=number,
                organisation__in=bodies[start : start + BATCH],
            )
            stored.update((_key(row), row) for row in rows.order_by("organisation_id"))
    return stored


def _key(row: Figure) -> Key:
    return Key(row.indicator_id, row.year, row.period, row.number, row.organisation_id)


def _tally_key(row: Figure) -> tuple[int, int, int, str, int]:
    """The key of a figure in the tallies."""
    return (row.organisation_id, row.indicator_id, row.year, row.period, row.number)


def _version(stored: Mapping[Key, Figure], key: Key) -> int:
    row = stored.get(key)
    return row.version if row else 0


def _row(
    reported: ReportedFigure, stored_figure: Figure | None, by: User | None, now: datetime
) -> Figure:
    """The figure to store; `stored_figure` itself if nothing changes."""
    # faults_of refuses figures without an indicator or a value.
    assert reported.indicator is not None and reported.value is not None
    note = reported.note.strip()
    if stored_figure is not None:
        stored_figure.indicator, stored_figure.organisation = (
            reported.indicator,
            reported.organisation,
        )
        if stored_figure.value == reported.value and stored_figure.note == note:
            return stored_figure
    period, version = reported.period, stored_figure.version + 1 if stored_figure else 1
    row = Figure(
        indicator=reported.indicator,
        organisation=reported.organisation,
        year=period.year,
        period=period.cadence,
        number=period.number,
        value=reported.value,
        note=note,
        by=by,
        at=now,
        version=version,
    )
    row.pk = stored_figure.pk if stored_figure else None
    return row


def recorded_values(row: Figure) -> dict[str, object]:
    """The values of a figure in the audit record."""
    value = row.value if isinstance(row.value, Decimal) else Decimal(row.value)
    facts = {
        "indicator": row.indicator.code,
        "year": row.year,
        "period": row.period,
        "number": row.number,
    }
    return {**facts, "value": f"{value.normalize():f}", **({"note": row.note} if row.note else {})}


def _write(new: Sequence[Figure], changed: Sequence[Figure]) -> None:
    try:
        with transaction.atomic():
            insert(Figure, new)
    except IntegrityError as error:  # somebody else has reported it meanwhile
        raise Stale from error
    update_each(Figure, changed, UPDATED_FIELDS)
