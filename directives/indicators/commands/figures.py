"""Figures reported, corrected and taken back: set-wise, with their record, and counted up the tree in the same transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from directives.base.refusals import NotAllowed, Stale
from directives.core import audit
from directives.core.rules import may
from directives.indicators.commands.faults import FigureFaults, Key, ReportedFigure, faults_of
from directives.models import Figure, User
from directives.models.writing import add_many, overwrite_each
from directives.tallies import counted, gathering

BATCH = 500
WRITTEN = ("value", "note", "by", "at", "version")


@dataclass(frozen=True, slots=True)
class Filed:
    """What was written: the figures in the order in which they were given, and how many were new, changed, the same."""

    figures: tuple[Figure, ...]
    new: int
    changed: int
    same: int


@counted()
def file_figures(figures: Sequence[ReportedFigure], *, by: User | None, now: datetime) -> Filed:
    """Report figures, or correct them: all or none, in few statements for many. What was recorded_values before stays in the record.

    Raises FigureFaults with everything that is wrong with any of them, or Stale with the figures that somebody changed meanwhile.
    """
    found = faults_of(figures, by=by, now=now)
    if found:
        raise FigureFaults(found)
    wanted = sorted(
        figures, key=lambda figure: figure.key
    )  # every writer takes the rows in this order
    stood = stored(figure.key for figure in wanted)
    stale = [
        stood.get(figure.key)
        for figure in wanted
        if figure.version is not None and figure.version != _version(stood, figure.key)
    ]
    if stale:
        raise Stale(theirs=stale)
    rows, new, changed, told = {}, [], [], []
    for given in wanted:
        before, after = stood.get(given.key), _row(given, stood.get(given.key), by, now)
        rows[given.key] = after
        if before is None:
            new.append(after)
        elif after is not before:
            changed.append(after)
            told.append(audit.Change(after, recorded_values(before), recorded_values(after)))
        if after is not before:
            gathering().figure(_place(after), before and before.value, after.value)
    _write(new, changed)
    audit.record_many(
        "report_figure",
        [audit.Change(row, {}, recorded_values(row)) for row in new],
        by=by,
        now=now,
    )
    audit.record_many("correct_figure", told, by=by, now=now)
    return Filed(
        tuple(rows[figure.key] for figure in figures),
        len(new),
        len(changed),
        len(wanted) - len(new) - len(changed),
    )


@counted()
def take_back_figures(figures: Sequence[Figure], *, by: User | None, now: datetime) -> int:
    """Take figures back as if they had never been reported; the record keeps what they recorded_values. For undoing a table brought in.

    The rows must be as they were read, and come with indicator and body. Raises NotAllowed or Stale; nothing changes then.
    """
    if not all(may(by, "report", body) for body in {row.organisation for row in figures}):
        raise NotAllowed(
            _(
                "This is another organisation’s figure; only its own people, and supervisors above "
                "it, report it."
            )
        )
    wanted = sorted(figures, key=_key)
    stood = stored(map(_key, wanted))
    stale = [stood.get(_key(row)) for row in wanted if row.version != _version(stood, _key(row))]
    if stale:
        raise Stale(theirs=stale)
    audit.record_many(
        "take_back_figure",
        [audit.Change(row, recorded_values(row), {}) for row in wanted],
        by=by,
        now=now,
    )
    for row in wanted:
        gathering().figure(_place(row), row.value, None)
    for start in range(0, len(wanted), BATCH):
        Figure.objects.filter(pk__in=[row.pk for row in wanted[start : start + BATCH]]).delete()
    return len(wanted)


def stored(keys: Iterable[Key]) -> dict[Key, Figure]:
    """The figures that stand under these keys, locked; `keys` come in order."""
    found: dict[Key, Figure] = {}
    for (indicator, year, cadence, number), group in groupby(keys, key=lambda key: key[:4]):
        bodies = [key[4] for key in group]
        for start in range(0, len(bodies), BATCH):
            # The figures alone: a body locked here would keep whoever holds the tree alone, and they us.
            rows = Figure.objects.select_for_update(no_key=True, of=("self",)).filter(
                indicator=indicator,
                year=year,
                period=cadence,
                number=number,
                organisation__in=bodies[start : start + BATCH],
            )
            found.update((_key(row), row) for row in rows.order_by("organisation_id"))
    return found


def _key(row: Figure) -> Key:
    return (row.indicator_id, row.year, row.period, row.number, row.organisation_id)


def _place(row: Figure) -> tuple[int, int, int, str, int]:
    """As the totals are told of it."""
    return (row.organisation_id, row.indicator_id, row.year, row.period, row.number)


def _version(stood: dict[Key, Figure], key: Key) -> int:
    row = stood.get(key)
    return row.version if row else 0


def _row(given: ReportedFigure, before: Figure | None, by: User | None, now: datetime) -> Figure:
    """The figure as it is to stand; the one that stands, where nothing changes."""
    note = given.note.strip()
    if before is not None:
        before.indicator, before.organisation = given.indicator, given.organisation
        if before.value == given.value and before.note == note:
            return before
    period, version = given.period, before.version + 1 if before else 1
    row = Figure(
        indicator=given.indicator,
        organisation=given.organisation,
        year=period.year,
        period=period.cadence,
        number=period.number,
        value=given.value,
        note=note,
        by=by,
        at=now,
        version=version,
    )
    row.pk = before.pk if before else None
    return row


def recorded_values(row: Figure) -> dict[str, object]:
    """What the record tells of a figure."""
    value = row.value if isinstance(row.value, Decimal) else Decimal(row.value)
    when = {
        "indicator": row.indicator.code,
        "year": row.year,
        "period": row.period,
        "number": row.number,
    }
    return {**when, "value": f"{value.normalize():f}", **({"note": row.note} if row.note else {})}


def _write(new: Sequence[Figure], changed: Sequence[Figure]) -> None:
    """New rows are inserted, and must be new; changed ones are held."""
    try:
        with transaction.atomic():
            add_many(new)
    except IntegrityError as error:  # somebody reported it between our look and our write
        raise Stale from error
    overwrite_each(changed, WRITTEN)
