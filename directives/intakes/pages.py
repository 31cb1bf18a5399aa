"""What the pages of an intake show: its rows and what they change, its columns, its progress."""

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
from directives.documents.imports.directives import addressee_in_words
from directives.downloads.queries.jobs import Progress, progress_of
from directives.intakes.applying import ALL_CONTESTED, obstacles, rows_to_write
from directives.intakes.starting import fault_in_words
from directives.intakes.steps import context_of
from directives.intakes.undoing import written_rows
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
from directives.tables.book import StrOrPromise
from directives.tables.fields import Fault, Field, OpenName, TableKind, UntakenCell
from directives.tables.matching import Column, FieldNames, Headings, heading_faults
from directives.tables.untaken_cells import UntakenSummary

WORDS_OF_LISTS = {LISTED: role_in_words, "addressees": addressee_in_words}
ROW_ORDER = Order("rows", (Key("number"),))
INTAKE_ORDER = Order("intakes", (Key("pk", down=True),))


def kinds_for(user: User) -> tuple[TableKind, ...]:
    """The kinds of tables that the user may import."""
    return tuple(kind for kind in KINDS.values() if kind.may(user))


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that a row changes."""

    label: StrOrPromise
    before: str  # the stored value
    after: str  # that of the file
    contested: bool  # in conflict
    stored_kept: bool  # the stored value was chosen


@dataclass(frozen=True, slots=True)
class RowView:
    """One row of the file."""

    row: IntakeRow
    label: StrOrPromise
    changes: tuple[Change, ...]
    faults: tuple[Fault, ...]
    untaken: tuple[UntakenCell, ...] = ()

    @property
    def uncontested_count(self) -> int:
        """How many cells are imported whichever value is chosen."""
        return sum(not change.contested for change in self.changes)


def value_in_words(value: Any, field: Field | None) -> str:
    """A JSON value as the page shows it."""
    if value is None or value == "" or value == []:
        return EMPTY
    if isinstance(value, list):
        in_words = WORDS_OF_LISTS.get(field.name, str) if field is not None else str
        return "、".join(map(in_words, value))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if field is not None and field.type == "percent":
        return f"{value}%"
    return str(dict(field.choices).get(value, value) if field is not None else value)


def row_views(rows: Iterable[IntakeRow], fields: Mapping[str, Field]) -> list[RowView]:
    """Describe rows and their changes; a new row shows its values."""
    verdicts = dict(VERDICTS)
    result = []
    for row in rows:
        order = [name for name in fields if name in row.after] + [
            name for name in row.after if name not in fields
        ]
        changes = tuple(
            Change(
                fields[name].label if name in fields else name,
                value_in_words(row.before.get(name), fields.get(name)),
                value_in_words(row.after[name], fields.get(name)),
                name in row.theirs,
                name in row.theirs and row.choice == THEIRS,
            )
            for name in order
            if row.verdict != NEW or row.after[name] not in (None, "", [])
        )
        faults, untaken = (
            (Fault(**fault) for fault in row.faults),
            (UntakenCell(**cell) for cell in row.untaken or ()),
        )
        result.append(RowView(row, verdicts[row.verdict], changes, tuple(faults), tuple(untaken)))
    return result


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter of the rows."""

    key: str
    label: StrOrPromise
    count: int
    current: bool


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Numbers of rows in conflict, by decision."""

    undecided: int
    for_file: int
    for_stored: int
    without_effect: int  # of `for_stored`: rows of which no other cell is imported


@dataclass(frozen=True, slots=True)
class IntakeView:
    intake: Intake
    kind: TableKind
    place: tuple[tuple[StrOrPromise, str], ...]
    progress: Progress
    chips: tuple[Chip, ...] = ()
    page: Page | None = None
    lines: Sequence[RowView] = ()
    obstacles: str = ""  # why it cannot be applied
    row_count: int = 0  # rows to write, or rows of the job under way
    conflicts: Conflicts | None = None
    open_names: Sequence[OpenName] = ()
    made: Document | None = None  # by an applied table

    @property
    def untaken(self) -> UntakenSummary | None:
        """The cells that are not imported; None where there is none."""
        return UntakenSummary.of_json(self.intake.untaken) if self.intake.untaken else None

    @property
    def busy(self) -> bool:
        return self.progress.busy

    @property
    def needs_decisions_only(self) -> bool:
        """Whether the intake can be applied once all conflicts are decided."""
        return bool(
            self.conflicts and self.conflicts.undecided and not self.intake.counts.get(WRONG)
        )

    @property
    def cleared(self) -> bool:
        """Whether its file and rows were deleted after some time."""
        return not self.intake.file and self.intake.state == APPLIED


# Every row; rows with an effect; rows with cells that are not imported.
ALL, EFFECT, UNTAKEN = "all", "effect", "untaken"


def chosen_verdict(intake: Intake, requested: str) -> str:
    """The requested filter of rows; by default the one that needs attention most."""
    if requested in dict(VERDICTS) or requested in (ALL, EFFECT, UNTAKEN):
        return requested
    urgent = next(
        (
            verdict
            for verdict in (WRONG, CONFLICT)
            if intake.state == CHECKED and intake.counts.get(verdict)
        ),
        "",
    )
    same_count, total = intake.counts.get(SAME, 0), sum(intake.counts.values())
    return urgent or (
        EFFECT if 0 < same_count < total else UNTAKEN if intake.untaken and same_count else ALL
    )


def shown_rows(intake: Intake, verdict: str) -> tuple[QuerySet[IntakeRow], int]:
    """The rows of a filter, and how many there are."""
    rows, total = IntakeRow.objects.filter(intake=intake), sum(intake.counts.values())
    if verdict == ALL:
        return rows, total
    if verdict == UNTAKEN:
        return rows.filter(untaken__isnull=False), intake.untaken["rows"] if intake.untaken else 0
    if verdict == EFFECT:
        return rows.exclude(verdict=SAME), total - intake.counts.get(SAME, 0)
    return rows.filter(verdict=verdict), intake.counts.get(verdict, 0)


def view_of(intake: Intake, query: Mapping[str, str], now: datetime) -> IntakeView:
    kind, place = KINDS[intake.kind], place_in_words(intake.place)
    (progress,) = progress_of([intake], now=now)
    if intake.state not in (CHECKED, APPLIED):
        return IntakeView(intake, kind, place, progress, row_count=_rows_under_way(intake))
    verdict = chosen_verdict(intake, query.get("verdict", ""))
    rows, count = shown_rows(intake, verdict)
    page = read_page(rows, ROW_ORDER, PageRequest.from_query(query, ROW_ORDER), total=count)
    fields = {field.name: field for field in kind.fields(context_of(intake, now))}
    reasons = obstacles(intake) if intake.state == CHECKED else []
    row_count = rows_to_write(intake).count() if intake.state == CHECKED and not reasons else 0
    chips = tuple(_chips(intake, verdict))
    return IntakeView(
        intake,
        kind,
        place,
        progress,
        chips,
        page,
        row_views(page.rows, fields),
        " ".join(reasons),
        row_count,
        _conflicts(intake),
        _open_names(intake, kind, now),
        _made(intake, kind),
    )


def _made(intake: Intake, kind: TableKind) -> Document | None:
    row = written_rows(intake).order_by("number").first() if intake.state == APPLIED else None
    return kind.made(row) if kind.made is not None and row is not None else None


def _open_names(intake: Intake, kind: TableKind, now: datetime) -> Sequence[OpenName]:
    """The names of a checked table that mean no organisation yet."""
    if kind.open_names is None or intake.state != CHECKED:
        return ()
    rows = (
        IntakeRow.objects.filter(intake=intake).order_by("number").only("line", "after", "faults")
    )
    return kind.open_names(context_of(intake, now), list(rows))


def _rows_under_way(intake: Intake) -> int:
    """How many rows the job under way processes."""
    if intake.state == CHECKING:
        return intake.total or 0
    if intake.state == APPLYING:
        return rows_to_write(intake).count()
    return written_rows(intake).count() if intake.state == UNDOING else 0


def _chips(intake: Intake, current_filter: str) -> Iterator[Chip]:
    total, same_count = sum(intake.counts.values()), intake.counts.get(SAME, 0)
    yield Chip(ALL, _("All rows"), total, current_filter == ALL)
    if 0 < same_count < total:
        yield Chip(EFFECT, _("All but the same"), total - same_count, current_filter == EFFECT)
    labels = dict(VERDICTS)
    for verdict in (WRONG, CONFLICT, NEW, CHANGED, SAME):
        if intake.counts.get(verdict):
            yield Chip(verdict, labels[verdict], intake.counts[verdict], current_filter == verdict)
    if intake.untaken:
        yield Chip(
            UNTAKEN, _("With cells not imported"), intake.untaken["rows"], current_filter == UNTAKEN
        )


def _conflicts(intake: Intake) -> Conflicts | None:
    if not intake.counts.get(CONFLICT):
        return None
    rows = IntakeRow.objects.filter(intake=intake, verdict=CONFLICT)
    counts = rows.aggregate(
        undecided=Count("pk", filter=Q(choice="")),
        for_file=Count("pk", filter=Q(choice=MINE)),
        for_stored=Count("pk", filter=Q(choice=THEIRS)),
        without_effect=Count("pk", filter=Q(choice=THEIRS) & ALL_CONTESTED),
    )
    return Conflicts(**counts)


def place_in_words(place: Mapping[str, int]) -> tuple[tuple[StrOrPromise, str], ...]:
    """Labels and names of what the table belongs to."""
    parts: list[tuple[StrOrPromise, str]] = []
    titles = Document.objects.only("title_hans", "title_hant", "title")
    if "document" in place and (document := titles.filter(pk=place["document"]).first()):
        parts.append((_("Document"), f"《{localized(document, 'title')}》"))
    if "cycle" in place and (cycle := Cycle.objects.filter(pk=place["cycle"]).first()):
        parts.append((_("Reporting cycle"), cycle.name))
    bodies = Organisation.objects.all()
    if "organisation" in place and (body := bodies.filter(pk=place["organisation"]).first()):
        parts.append((_("Organisation"), localized(body, "name")))
    if "owner" in place and (owner := bodies.filter(pk=place["owner"]).first()):
        parts.append((_("Registering organisation"), localized(owner, "name")))
    if place.get("assign"):
        parts.append((_("Assign to the named organisations now"), _("Yes")))
    return tuple(parts)


# columns


@dataclass(frozen=True, slots=True)
class MatchedColumn:
    column: Column
    field: str


@dataclass(frozen=True, slots=True)
class ColumnsView:
    intake: Intake
    kind: TableKind
    columns: tuple[MatchedColumn, ...]
    fields: tuple[Field, ...]
    sheets: tuple[str, ...]
    faults: tuple[str, ...]


def columns_of(
    intake: Intake, now: datetime, fields_by_letter: Mapping[str, str] | None = None
) -> ColumnsView:
    """The columns as they were matched, or with these fields (letter → field)."""
    kind = KINDS[intake.kind]
    fields = tuple(field for field in kind.fields(context_of(intake, now)) if not field.computed)
    heads = [Headings.of_json(table) for table in intake.tables]
    head = heads[0] if fields_by_letter is None else heads[0].with_fields(fields_by_letter)
    columns = tuple(MatchedColumn(column, column.field) for column in head.columns)
    sheets = tuple(head.sheet for head in heads if head.sheet)
    return ColumnsView(
        intake,
        kind,
        columns,
        fields,
        sheets,
        tuple(fault_in_words(fault) for fault in heading_faults(head, FieldNames(fields))),
    )


__all__ = [
    "INTAKE_ORDER",
    "MINE",
    "ColumnsView",
    "IntakeView",
    "columns_of",
    "kinds_for",
    "view_of",
]
