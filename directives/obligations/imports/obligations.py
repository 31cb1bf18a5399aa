"""Obligations (责任事项): the ledger comes back, and new pairs are assigned from a table."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.states import CLOSED, RESPONSIBLE, SUPERVISOR, WITHDRAWN
from directives.documents.imports.directive_finder import (
    DirectiveFinder,
    unknown_directive,
    unknown_words,
)
from directives.models import Document, Obligation, Organisation, User
from directives.models.intakes import SAME
from directives.models.scope import any_of, in_view
from directives.obligations.commands.issuing import faults_of, wrong_plan_day
from directives.obligations.imports.ledger_fields import AS_EXPORTED, fields, term, untaken
from directives.obligations.imports.progress import Edit, Reports
from directives.obligations.imports.readonly_columns import WORDS, ReadonlyColumns, cell_text
from directives.obligations.imports.split_bodies import AFTER_NAME, NAMED_IN, split_bodies
from directives.obligations.imports.writing import (
    DAYS,
    NOT_ABOVE,
    OWN,
    PEOPLE,
    TERMS,
    pair_of,
    undo,
    write,
)
from directives.obligations.queries.ledger import CELLS, LedgerRow
from directives.tables.codes import (
    BodyCodes,
    ambiguous_code,
    own_numbers_remedy,
    read_as,
    unknown_body,
)
from directives.tables.comparing import (
    PastValues,
    StoredRow,
    compare,
    json_value,
    new_row,
    refused_cell,
    text_of,
    verdict_of,
    wrong_row,
)
from directives.tables.fields import (
    CheckedRow,
    Checker,
    Fault,
    FileRow,
    IntakeContext,
    TableKind,
    UntakenCell,
)


class StoredObligation(NamedTuple):
    """What stands here of an obligation that a row may mean, read as COLUMNS."""

    pk: int
    version: int
    state: str
    issued_on: date
    document_id: int
    directive_id: int
    code: str
    organisation_id: int
    organisation_code: str
    organisation_name: str
    organisation_path: str
    percent: int
    part: str
    deliverable: str
    leader: str
    contact: str
    note: str
    starts_on: date
    plan_due_on: date | None
    due_on: date | None
    progress: str
    problems: str
    next_steps: str
    light: str
    light_code: str
    light_on: date | None


COLUMNS = (
    *("pk", "version", "state", "issued_on", "document_id", "directive_id", "directive__code"),
    *("organisation_id", "organisation__code", "organisation__name_hans", "organisation__path"),
    *("percent", *TERMS),
    *("progress", "problems", "next_steps", "light", "light_code", "light_on"),
)
cells_of = attrgetter(*CELLS)  # what the line of the ledger is made of


def may(user: User) -> bool:
    """Those who assign, and those who fill in for an organisation."""
    return user.is_active and (user.supervises or user.works)


class ObligationChecker(Checker):
    """Rows are told by their id, else by directive and body."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.clauses = DirectiveFinder(context.place.get("document", 0))
        self.bodies = BodyCodes()
        self.shown, self.reports = (
            ReadonlyColumns(context, self.clauses, self._body),
            Reports(context),
        )
        self.lines: dict[int, LedgerRow] = {}  # of this batch
        self.edits: list[Edit] = []
        # The terms of rows that only name a lead, by directive and body.
        self.led: dict[tuple[int, int], dict[str, Any]] = {}
        self.met: dict[str, int | None] = {}

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        pairs = {row.number: self._pair(row) for row in rows}
        stored = self._stored(rows, pairs)
        meant = {row.number: stored.get(row.values.get("id") or pairs[row.number]) for row in rows}
        met = [(row, here) for row in rows if (here := meant[row.number])]
        past = PastValues.of(
            Obligation,
            {
                here.pk: (row.values.get("version") or here.version, here.version)
                for row, here in met
            },
        )
        fresh_bodies = {pairs[row.number][1] for row in rows if not meant[row.number]} - {None}
        self.fresh = Organisation.objects.in_bulk(fresh_bodies) if fresh_bodies else {}
        self.lines = (
            self.shown.lines([cells_of(here) for _row, here in met]) if self.author else {}
        )  # nobody asks for the system
        self.edits = []
        planned = [self._one(row, pairs[row.number], meant[row.number], past) for row in rows]
        self.reports.settle(self.edits)
        return planned

    def _pair(self, row: FileRow) -> tuple[int | None, int | None]:
        """The directive and the body that the cells of a row name."""
        text = text_of(row.values.get("clause")) or text_of(row.values.get("directive"))
        clause = self.clauses.find(text) if text else None
        return clause.pk if clause else None, self._body(text_of(row.values.get("body")))

    def _body(self, text: str) -> int | None:
        if text not in self.met:
            code = self.bodies.find(text).code or self.bodies.find(AFTER_NAME.sub("", text)).code
            self.met[text] = self.bodies.known.get(code)
        return self.met[text]

    def _stored(
        self, rows: Sequence[FileRow], pairs: dict[int, tuple[int | None, int | None]]
    ) -> dict[Any, StoredObligation]:
        """The obligations that these rows may mean, as the person sees them, by id and by pair."""
        ids = [row.values["id"] for row in rows if row.values.get("id")]
        wanted: dict[int, set[int]] = {}
        for row in rows:
            directive, body = pairs[row.number]
            if directive and body and not row.values.get("id"):
                wanted.setdefault(directive, set()).add(body)
        asked = any_of(
            [
                Q(pk__in=ids),
                *(
                    Q(directive=directive, organisation__in=bodies)
                    for directive, bodies in wanted.items()
                ),
            ]
        )
        found = Obligation.objects.filter(asked).filter(self.seen).order_by().values_list(*COLUMNS)
        stored = [StoredObligation(*cells) for cells in found]
        return {
            key: row for row in stored for key in (row.pk, (row.directive_id, row.organisation_id))
        }

    def _one(
        self,
        row: FileRow,
        pair: tuple[int | None, int | None],
        here: StoredObligation | None,
        past: PastValues,
    ) -> CheckedRow:
        if row.values.get("id") or here:
            return self._known(row, pair, here, past)
        directive, body = pair
        faults = list(self._faults_of_key(row, pair))
        if faults or directive is None or body is None:
            return wrong_row(row, faults)
        return self._fresh(row, directive, body)

    def _once(self, row: FileRow, directive: int, body: int) -> bool:
        """Note the pair of a row. False for a row that only names a lead which was named before."""
        key, only_leads = (directive, body), bool(row.values.get("leads"))
        first = self.first_rows.get(key, row.place) == row.place
        if not first and (only_leads or self.led.get(key) == _cells(row)):
            return False
        if first and only_leads:
            self.led[key] = _cells(row)
        self.note_key(key, row)
        return True

    def _known(
        self,
        row: FileRow,
        pair: tuple[int | None, int | None],
        here: StoredObligation | None,
        past: PastValues,
    ) -> CheckedRow:
        if here is None:
            expected = _("The record ID of an obligation you can see")
            remedy = own_numbers_remedy(_("Keep the exported record ID; clear it for a new row."))
            return wrong_row(row, [Fault("id", str(row.values["id"]), expected, remedy)])
        stored = stored_of(here)
        if row.values.get("leads"):  # it only says who leads
            return CheckedRow(row, SAME, stored.label, stored.pk)
        self._once(row, here.directive_id, here.organisation_id)
        faults = list(self._faults_of_pair(row, pair, here))
        wanted = {
            name: value
            for name, value in _cells(row).items()
            if value not in (None, "") or name not in ("part", "starts_on")
        }
        planned = compare(row, stored, wanted, past, tied=(DAYS,))
        untaken = [*self._barred(planned, here), *_kept(row, stored)]
        if planned.after:
            faults += self._faults_of_change(here, planned, stored)
        planned = (
            wrong_row(row, faults, stored.label, stored.pk) if faults or row.faults else planned
        )
        planned.untaken = untaken
        if line := self.lines.get(here.pk):
            self._hold(row, planned, line, past.known.get(here.pk, {}))
        return planned

    def _barred(self, planned: CheckedRow, here: StoredObligation) -> Iterable[UntakenCell]:
        """Take out of what a row changes the terms that are not this person's to edit."""
        if not planned.after or self.above(here.organisation_path):
            return
        allowed = OWN if here.organisation_id in self.reports.own else ()
        for name in [name for name in planned.after if name not in allowed]:
            after, before = planned.after.pop(name), planned.before.pop(name)
            planned.theirs.pop(name, None)
            yield UntakenCell(
                name,
                term(name, after),
                term(name, before),
                str(NOT_ABOVE),
                _("Ask one of them to import it."),
            )
        planned.verdict = verdict_of(planned)

    def _hold(
        self, row: FileRow, planned: CheckedRow, line: LedgerRow, then: Mapping[str, Any]
    ) -> None:
        """Compare the read-only cells with the ledger; words go into a report."""
        version, faulty = row.values.get("version"), {fault.field for fault in planned.faults}
        keys = (
            () if "directive" in row.values else ("clause", "body")
        )  # else they are what tells which row is meant
        cells = {
            **row.shown,
            **{
                name: row.values[name] for name in keys if name in row.values and name not in faulty
            },
        }
        found = self.shown.differing(cells, line, then, ours=version is not None)
        if edited := [cell for cell in found if cell.name in WORDS]:
            self.edits.append(Edit(planned, line, edited))
        planned.untaken += [
            untaken(cell.name, cell.value, cell.stands) for cell in found if cell.name not in WORDS
        ]
        if version is not None and version > line.version:
            planned.untaken.append(untaken("version", str(version), str(line.version)))

    def _faults_of_pair(
        self, row: FileRow, pair: tuple[int | None, int | None], here: StoredObligation
    ) -> Iterable[Fault]:
        """A line whose id speaks of another directive or body than its words was copied."""
        other = (
            pair[0]
            and here.document_id == self.context.place.get("document")
            and pair[0] != here.directive_id
        )
        if not other and pair[1] in (None, here.organisation_id):
            return
        remedy = own_numbers_remedy(
            _("Clear record ID and version for a new row; otherwise restore the original value.")
        )
        if other:
            yield Fault(
                "clause",
                text_of(row.values["clause"]),
                _("%(code)s, as this row’s record ID says") % {"code": here.code},
                remedy,
            )
        if pair[1] and pair[1] != here.organisation_id:
            yield Fault(
                "body",
                text_of(row.values["body"]),
                _("%(code)s, as this row’s record ID says") % {"code": here.organisation_code},
                remedy,
            )

    def _faults_of_change(
        self, here: StoredObligation, planned: CheckedRow, stored: StoredRow
    ) -> Iterable[Fault]:
        """Why the terms of an obligation cannot become what the file says."""
        days = [name for name in DAYS if name in planned.after]
        if here.state == WITHDRAWN or (here.state == CLOSED and days):
            name = (days or list(planned.after))[0]
            expected = _("Unchanged: this obligation is closed or withdrawn")
            remedy = _(
                "Restore the original value; if it must change, reopen the obligation first."
            )
            yield Fault(name, str(planned.after[name] or ""), expected, remedy)
            return
        due, starts = (
            planned.after.get(name, stored.values[name]) for name in ("due_on", "starts_on")
        )
        floor = max(filter(None, (starts, json_value(here.issued_on))))
        if due and days and due < floor:
            expected = _("%(day)s or later: work cannot end before it starts or is assigned") % {
                "day": floor
            }
            yield Fault(
                "due_on" if "due_on" in planned.after else "starts_on",
                due,
                expected,
                _("Correct the date."),
            )
        paper = {
            name: planned.after.get(name, stored.values[name])
            for name in ("deliverable", "plan_due_on")
        }
        if paper.keys() & planned.after.keys() and (said := wrong_plan_day(*paper.values())):
            yield refused_cell("plan_due_on", paper["plan_due_on"] or "", said)

    @property
    def names(self) -> str:
        """The column that says which directive is meant."""
        return "clause" if "clause" in self.headed else "directive"

    @property
    def author(self) -> User | None:
        """Whose rights are checked; None for administrators, who have all."""
        return self.context.by

    @cached_property
    def seen(self) -> Q:
        """The obligations that may be meant at all."""
        return in_view(self.context.by, "organisation")

    @cached_property
    def owned(self) -> bool:
        """Whether the person assigns directives of this document at all."""
        return (
            Document.objects.owned_by(self.context.by)
            .filter(pk=self.context.place.get("document"))
            .exists()
        )

    @cached_property
    def tops(self) -> tuple[str, ...]:
        return tuple({m.organisation.path for m in self.context.by.in_role(SUPERVISOR)})

    def above(self, path: str) -> bool:
        """Whether the person assigns to the body of this path."""
        return any(path != top and path.startswith(top) for top in self.tops)

    def _faults_of_key(self, row: FileRow, pair: tuple[int | None, int | None]) -> Iterable[Fault]:
        clause, body = (text_of(row.values.get(name)) for name in ("clause", "body"))
        if not self.owned:
            expected = _(
                "A document registered by your organisation or one below it; only its supervisors"
                " assign directives"
            )
            yield Fault(
                self.names,
                clause,
                expected,
                _("Delete this row, or ask the organisation that registered the document."),
            )
        if not pair[0] and not clause and (words := text_of(row.values.get("directive"))):
            yield unknown_words("directive", words)
        elif not pair[0]:
            yield unknown_directive(self.names, clause)
        column = row.values.get(NAMED_IN, "body")
        if not pair[1]:
            found = self.bodies.find(body)
            yield (
                ambiguous_code(column, body, found) if found.several else unknown_body(column, body)
            )
        elif not self.above(self.fresh[pair[1]].path if pair[1] in self.fresh else ""):
            expected = _("An organisation below the one you supervise")
            yield Fault(
                column,
                body,
                expected,
                _("Delete this row, or ask the supervisors of the organisation to assign it."),
            )

    def _fresh(self, row: FileRow, directive: int, body: int) -> CheckedRow:
        clause, home = self.clauses.rows[directive], self.fresh[body]
        if not self._once(row, directive, body):
            return CheckedRow(row, SAME, f"{clause.code} · {home.name_hans}")
        after = {"clause": clause.code, "body": home.code} | {
            name: value for name, value in _cells(row).items() if value
        }
        after.setdefault("part", RESPONSIBLE)
        pair = pair_of(after, clause, home)
        columns = {"directive": self.names, "organisation": row.values.get(NAMED_IN, "body")}
        faults = []
        for name, text in faults_of(pair, by=self.author, today=self.context.today).items():
            field = columns.get(name, name)
            faults.append(refused_cell(field, str(json_value(row.values.get(field)) or ""), text))
        label, given = f"{clause.code} · {home.name_hans}", text_of(row.values.get("body"))
        label = (
            f"{label} · {read_as(given, home.code)}"
            if given.isdecimal() and given != home.code
            else label
        )
        planned = (
            wrong_row(row, faults, label) if faults or row.faults else new_row(row, label, after)
        )
        planned.untaken = list(self._unassigned(row, directive))
        return planned

    def _unassigned(self, row: FileRow, directive: int) -> Iterable[UntakenCell]:
        """Cells of a new row that say what no assignment holds."""
        for name, cell in row.shown.items():
            value = cell_text(name, cell)
            if value and (
                name != "directive" or self.clauses.find(value) != self.clauses.rows[directive]
            ):
                yield untaken(name, value, "")

    def finish(self) -> Iterable[tuple[int, Fault]]:
        expected = _(
            "One row for each directive and organisation; row %(number)s of the file has the same"
        )
        return self.faults_of_repeats(self.names, expected, _("Keep one of the two rows."))


def _cells(row: FileRow) -> dict[str, Any]:
    """The terms that a row gives, as JSON holds them."""
    given = row.values
    cells = {
        name: text_of(given[name]) for name in ("part", "deliverable", *PEOPLE) if name in given
    }
    return cells | {name: json_value(given[name]) for name in DAYS if name in given}


def _kept(row: FileRow, here: StoredRow) -> Iterable[UntakenCell]:
    """Emptied cells of terms that an obligation never is without."""
    for name in ("part", "starts_on"):
        if name in row.values and row.values[name] in (None, "") and row.values.get("version"):
            yield UntakenCell(
                name,
                "",
                term(name, here.values[name]),
                _("This can be replaced, but not removed."),
                str(AS_EXPORTED),
            )


def stored_of(here: StoredObligation) -> StoredRow:
    values = {name: json_value(getattr(here, name)) for name in TERMS}
    return StoredRow(here.pk, here.version, f"{here.code} · {here.organisation_name}", values)


OBLIGATIONS = TableKind(
    key="obligations",
    name=gettext_lazy("Ledger of obligations"),
    about=gettext_lazy(
        "The exported ledger comes back: edited terms change, progress goes into the open report,"
        " rows without a record ID are assigned."
        " Every cell that is not imported is listed."
    ),
    needs=("document",),
    fields=fields,
    may=may,
    checker=ObligationChecker,
    write=write,
    undo=undo,
    split=split_bodies,
)
