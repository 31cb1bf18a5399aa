"""What the pages of an intake show: its rows with what each would change, its columns, and how far it has come."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from directives.base.wording import EMPTY, localized
from directives.catalogue.kinds import KINDS
from directives.core.keyset import Column as Key
from directives.core.keyset import Order, Page, PageRequest, read_page
from directives.downloads.queries.jobs import Progress, progress_of
from directives.intakes.applying import ALL_CONTESTED, obstacles, to_write
from directives.intakes.starting import fault_in_words
from directives.intakes.steps import context_of
from directives.intakes.undoing import written
from directives.models import Cycle, Document, Intake, IntakeRow, Organisation, User
from directives.models.intakes import (
    APPLIED,
    APPLYING,
    CHANGED,
    CHECKED,
    CHECKING,
    CONFLICT,
    MINE,
    NEW,
    SAME,
    THEIRS,
    UNDOING,
    VERDICTS,
    WRONG,
)
from directives.organisations.imports.people_writing import LISTED, role_in_words
from directives.tables.book import Words
from directives.tables.fields import Fault, Field, TableKind, UntakenCell
from directives.tables.matching import Column, FieldNames, Headings, heading_faults
from directives.tables.untaken_cells import UntakenSummary

ROWS = Order("rows", (Key("number"),))
MINE_OF = Order("intakes", (Key("pk", down=True),))


def kinds_for(user: User) -> tuple[TableKind, ...]:
    """The kinds of tables that this person brings in."""
    return tuple(kind for kind in KINDS.values() if kind.may(user))


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that a row changes: its field, what stands here, what the file says."""

    label: Words
    before: str
    after: str
    contested: bool  # it was written here as well since the file went out, or makes sense only with one that was
    kept: bool  # what stands here was chosen


@dataclass(frozen=True, slots=True)
class RowView:
    """One row of a file as a page shows it."""

    row: IntakeRow
    word: Words
    changes: tuple[Change, ...]
    faults: tuple[Fault, ...]
    untaken: tuple[UntakenCell, ...] = ()

    @property
    def others(self) -> int:
        """Cells of a conflict that are taken over whatever is chosen."""
        return sum(not change.contested for change in self.changes)


def value_in_words(value: Any, field: Field | None) -> str:
    """A value as JSON holds it, for people."""
    if value is None or value == "" or value == []:
        return EMPTY
    if isinstance(value, list):
        return "、".join(
            map(role_in_words if field is not None and field.name == LISTED else str, value)
        )
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    label = dict(field.choices).get(value) if field is not None and field.choices else None
    return str(
        label
        if label is not None
        else f"{value}%"
        if field is not None and field.sort == "percent"
        else value
    )


def row_views(rows: Iterable[IntakeRow], fields: Mapping[str, Field]) -> list[RowView]:
    """Rows with their changes in words; a new row shows what it holds."""
    verdicts = dict(VERDICTS)
    result = []
    for row in rows:
        order = [name for name in fields if name in row.after] + [
            name for name in row.after if name not in fields
        ]
        changes = tuple(
            Change(
                fields[name].label if name in fields else name, value_in_words(row.before.get(name), fields.get(name)),
                value_in_words(row.after[name], fields.get(name)), name in row.theirs, name in row.theirs and row.choice == THEIRS,
            )
            for name in order
            if row.verdict != NEW or row.after[name] not in (None, "", [])
        )  # fmt: skip
        faults, untaken = (
            (Fault(**fault) for fault in row.faults),
            (UntakenCell(**cell) for cell in row.untaken or ()),
        )
        result.append(RowView(row, verdicts[row.verdict], changes, tuple(faults), tuple(untaken)))
    return result


@dataclass(frozen=True, slots=True)
class Chip:
    """How many rows were found so; `key` filters by it."""

    key: str
    word: Words
    count: int
    current: bool


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Rows that were changed here meanwhile, by what was chosen of them."""

    undecided: int
    filed: int  # what the file says holds
    kept: int  # what stands here holds
    nothing: int  # of `kept`: rows of which nothing else is taken over either


@dataclass(frozen=True, slots=True)
class IntakeView:
    """An intake as its page shows it."""

    intake: Intake
    kind: TableKind
    place: tuple[tuple[Words, str], ...]
    progress: Progress
    chips: tuple[Chip, ...] = ()
    page: Page | None = None
    lines: Sequence[RowView] = ()
    hindered: str = ""  # why it cannot be applied
    writes: int = 0  # rows that would be written; of one in hand, those that the act is about
    conflicts: Conflicts | None = None

    @property
    def untaken(self) -> UntakenSummary | None:
        """The cells that are not taken over; None where there is none."""
        return UntakenSummary.of_json(self.intake.untaken) if self.intake.untaken else None

    @property
    def busy(self) -> bool:
        return self.progress.busy

    @property
    def asks(self) -> bool:
        """Nothing but choices stands against applying it."""
        return bool(
            self.conflicts and self.conflicts.undecided and not self.intake.counts.get(WRONG)
        )

    @property
    def cleared(self) -> bool:
        """Its file and rows were cleared away after their time."""
        return not self.intake.file and self.intake.state == APPLIED


# Every row; those that are not the same as what stands here; those with cells that are not taken over.
ALL, EFFECT, UNTAKEN = "all", "effect", "untaken"


def chosen_verdict(intake: Intake, asked: str) -> str:
    """The rows that are shown: those asked for, else those that need somebody, do something, or hold cells that are not taken over."""
    if asked in dict(VERDICTS) or asked in (ALL, EFFECT, UNTAKEN):
        return asked
    needy = next(
        (
            verdict
            for verdict in (WRONG, CONFLICT)
            if intake.state == CHECKED and intake.counts.get(verdict)
        ),
        "",
    )
    same, total = intake.counts.get(SAME, 0), sum(intake.counts.values())
    return needy or (EFFECT if 0 < same < total else UNTAKEN if intake.untaken and same else ALL)


def shown_rows(intake: Intake, verdict: str) -> tuple[QuerySet[IntakeRow], int]:
    """The rows to show, and how many there are."""
    rows, total = IntakeRow.objects.filter(intake=intake), sum(intake.counts.values())
    if verdict == ALL:
        return rows, total
    if verdict == UNTAKEN:
        return rows.filter(untaken__isnull=False), intake.untaken["rows"] if intake.untaken else 0
    if verdict == EFFECT:
        return rows.exclude(verdict=SAME), total - intake.counts.get(SAME, 0)
    return rows.filter(verdict=verdict), intake.counts.get(verdict, 0)


def view_of(intake: Intake, query: Mapping[str, str], now: datetime) -> IntakeView:
    """Everything that the page of an intake shows."""
    kind, place = KINDS[intake.kind], place_in_words(intake.place)
    (progress,) = progress_of([intake], now=now)
    if intake.state not in (CHECKED, APPLIED):
        return IntakeView(intake, kind, place, progress, writes=_in_hand(intake))
    verdict = chosen_verdict(intake, query.get("verdict", ""))
    rows, count = shown_rows(intake, verdict)
    page = read_page(rows, ROWS, PageRequest.from_query(query, ROWS), total=count)
    fields = {field.name: field for field in kind.fields(context_of(intake, now))}
    hindered = obstacles(intake) if intake.state == CHECKED else []
    writes = to_write(intake).count() if intake.state == CHECKED and not hindered else 0
    chips = tuple(_chips(intake, verdict))
    return IntakeView(
        intake,
        kind,
        place,
        progress,
        chips,
        page,
        row_views(page.rows, fields),
        " ".join(hindered),
        writes,
        _conflicts(intake),
    )


def _in_hand(intake: Intake) -> int:
    """How many rows a long act is about."""
    if intake.state == CHECKING:
        return intake.total or 0
    return (
        to_write(intake).count()
        if intake.state == APPLYING
        else written(intake).count()
        if intake.state == UNDOING
        else 0
    )


def _chips(intake: Intake, chosen: str) -> Iterator[Chip]:
    total, same = sum(intake.counts.values()), intake.counts.get(SAME, 0)
    yield Chip(ALL, _("All rows"), total, chosen == ALL)
    if 0 < same < total:
        yield Chip(EFFECT, _("All but the same"), total - same, chosen == EFFECT)
    verdict_words = dict(VERDICTS)
    for verdict in (WRONG, CONFLICT, NEW, CHANGED, SAME):
        if intake.counts.get(verdict):
            yield Chip(verdict, verdict_words[verdict], intake.counts[verdict], chosen == verdict)
    if intake.untaken:
        yield Chip(UNTAKEN, _("With cells not imported"), intake.untaken["rows"], chosen == UNTAKEN)


def _conflicts(intake: Intake) -> Conflicts | None:
    if not intake.counts.get(CONFLICT):
        return None
    rows = IntakeRow.objects.filter(intake=intake, verdict=CONFLICT)
    found = rows.aggregate(
        undecided=Count("pk", filter=Q(choice="")), filed=Count("pk", filter=Q(choice=MINE)), kept=Count("pk", filter=Q(choice=THEIRS)),
        nothing=Count("pk", filter=Q(choice=THEIRS) & ALL_CONTESTED),
    )  # fmt: skip
    return Conflicts(**found)


def place_in_words(place: Mapping[str, int]) -> tuple[tuple[Words, str], ...]:
    """What the table belongs to, in words."""
    found: list[tuple[Words, str]] = []
    if (
        document := Document.objects.filter(pk=place.get("document"))
        .only("title_hans", "title_hant", "title")
        .first()
    ):
        found.append((_("Document"), f"《{localized(document, 'title')}》"))
    if cycle := Cycle.objects.filter(pk=place.get("cycle")).first():
        found.append((_("Reporting cycle"), cycle.name))
    if body := Organisation.objects.filter(pk=place.get("organisation")).first():
        found.append((_("Organisation"), localized(body, "name")))
    if owner := Organisation.objects.filter(pk=place.get("owner")).first():
        found.append((_("Registering organisation"), localized(owner, "name")))
    return tuple(found)


# columns


@dataclass(frozen=True, slots=True)
class MatchedColumn:
    """One column to be matched, and whether its heading was known."""

    column: Column
    field: str


@dataclass(frozen=True, slots=True)
class ColumnsView:
    """The page on which a person says which column holds what."""

    intake: Intake
    kind: TableKind
    asked: tuple[MatchedColumn, ...]
    fields: tuple[Field, ...]
    sheets: tuple[str, ...]
    faults: tuple[str, ...]


def columns_of(
    intake: Intake, now: datetime, chosen: Mapping[str, str] | None = None
) -> ColumnsView:
    """The columns of an intake as they were found, or as chosen (letter → field)."""
    kind = KINDS[intake.kind]
    fields = tuple(field for field in kind.fields(context_of(intake, now)) if not field.computed)
    heads = [Headings.of_json(table) for table in intake.tables]
    head = heads[0] if chosen is None else heads[0].matching(chosen)
    asked = tuple(MatchedColumn(column, column.field) for column in head.columns)
    sheets = tuple(head.sheet for head in heads if head.sheet)
    return ColumnsView(
        intake,
        kind,
        asked,
        fields,
        sheets,
        tuple(fault_in_words(fault) for fault in heading_faults(head, FieldNames(fields))),
    )


__all__ = ["MINE", "MINE_OF", "ColumnsView", "IntakeView", "columns_of", "kinds_for", "view_of"]
