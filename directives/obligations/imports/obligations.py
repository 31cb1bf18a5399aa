"""Importing obligations (责任事项): an edited ledger, or a table that assigns new pairs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.base.states import CLOSED, RESPONSIBLE, WITHDRAWN
from directives.documents.imports.directive_finder import (
    DirectiveFinder,
    unknown_directive,
    unknown_text,
)
from directives.models import Document, Obligation, Organisation, User
from directives.models.intakes import SAME
from directives.models.scope import any_of, in_view, is_above
from directives.obligations.commands.issuing import faults_of, wrong_plan_day
from directives.obligations.imports.ledger_fields import emptied, fields, not_imported, term
from directives.obligations.imports.progress import Edit, Reports
from directives.obligations.imports.readonly_columns import (
    REPORTED_FIELDS,
    ReadonlyColumns,
    cell_text,
)
from directives.obligations.imports.split_bodies import NAMED_IN, split_bodies
from directives.obligations.imports.unknown_bodies import BodyFinder, open_names, settle_names
from directives.obligations.imports.writing import (
    BODY_TERMS,
    DAYS,
    NOT_ABOVE,
    PEOPLE,
    TERMS,
    pair_of,
    undo,
    write,
)
from directives.obligations.queries.ledger import CELLS, LedgerRow
from directives.tables.codes import (
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
    """A stored obligation that a row may mean, read with COLUMNS."""

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
    original_due_on: date | None
    extensions_granted: int
    progress: str
    problems: str
    next_steps: str
    light: str
    light_code: str
    light_on: date | None
    looked_back: str
    whole_id: int | None


COLUMNS = (
    *("pk", "version", "state", "issued_on", "document_id", "directive_id", "directive__code"),
    *("organisation_id", "organisation__code", "organisation__name_hans", "organisation__path"),
    *("percent", *TERMS),
    *("original_due_on", "extensions_granted"),
    *("progress", "problems", "next_steps", "light", "light_code", "light_on"),
    "looked_back",
    "broken_from__organisation_id",
)
cells_of = attrgetter(*CELLS)  # the input of LedgerReader.lines


def may(user: User) -> bool:
    """Whether the user assigns directives or works for an organisation."""
    return user.is_active and (user.supervises or user.works)


class ObligationChecker(Checker):
    """Identifies rows by their id, else by directive and body."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.clauses = DirectiveFinder(context.place.get("document", 0))
        self.bodies = BodyFinder(context)
        self.readonly = ReadonlyColumns(context, self.clauses, self.bodies.id_of)
        self.reports = Reports(context)
        self.lines: dict[int, LedgerRow] = {}  # of this batch
        self.edits: list[Edit] = []
        # The terms of rows that only name a lead, by directive and body.
        self.terms_of_named_leads: dict[tuple[int, int], dict[str, Any]] = {}

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        self.bodies.look_up(text_of(row.values.get("body")) for row in rows)
        pairs = {row.number: self._pair(row) for row in rows}
        stored = self._stored(rows, pairs)
        obligations = {
            row.number: stored.get(row.values.get("id") or pairs[row.number]) for row in rows
        }
        matches = [(row, obligation) for row in rows if (obligation := obligations[row.number])]
        versions = {
            obligation.pk: (row.values.get("version") or obligation.version, obligation.version)
            for row, obligation in matches
        }
        past = PastValues.read(Obligation, versions)
        new_bodies = {pairs[row.number][1] for row in rows if not obligations[row.number]} - {None}
        self.new_bodies = Organisation.objects.in_bulk(new_bodies) if new_bodies else {}
        # The import of the admin site (no author) shows only faults, so it needs no lines.
        cells = [cells_of(obligation) for _row, obligation in matches] if self.author else []
        self.lines = self.readonly.lines(cells)
        self.edits = []
        checked = [
            self._check_row(row, pairs[row.number], obligations[row.number], past) for row in rows
        ]
        self.reports.add_changes(self.edits)
        return checked

    def _pair(self, row: FileRow) -> tuple[int | None, int | None]:
        """The directive and the body that the cells of a row name."""
        text = text_of(row.values.get("clause")) or text_of(row.values.get("directive"))
        clause = self.clauses.find(text) if text else None
        return clause.pk if clause else None, self.bodies.id_of(text_of(row.values.get("body")))

    def _stored(
        self, rows: Sequence[FileRow], pairs: dict[int, tuple[int | None, int | None]]
    ) -> dict[Any, StoredObligation]:
        """The obligations that these rows may mean and the user sees, by id and by pair."""
        ids = [row.values["id"] for row in rows if row.values.get("id")]
        bodies_by_directive: dict[int, set[int]] = {}
        for row in rows:
            directive, body = pairs[row.number]
            if directive and body and not row.values.get("id"):
                bodies_by_directive.setdefault(directive, set()).add(body)
        by_pair = [
            Q(directive=directive, organisation__in=bodies)
            for directive, bodies in bodies_by_directive.items()
        ]
        rows_named = Obligation.objects.filter(any_of([Q(pk__in=ids), *by_pair])).filter(
            self.visible
        )
        stored = [StoredObligation(*cells) for cells in rows_named.order_by().values_list(*COLUMNS)]
        return {
            key: row for row in stored for key in (row.pk, (row.directive_id, row.organisation_id))
        }

    def _check_row(
        self,
        row: FileRow,
        pair: tuple[int | None, int | None],
        obligation: StoredObligation | None,
        past: PastValues,
    ) -> CheckedRow:
        if row.values.get("id") or obligation:
            return self._check_known(row, pair, obligation, past)
        directive, body = pair
        faults = list(self._faults_of_key(row, pair))
        if faults or directive is None or body is None:
            return wrong_row(row, faults)
        return self._check_new(row, directive, body)

    def _note_pair(self, row: FileRow, directive: int, body: int) -> bool:
        """Note the pair of a row. False for a row that only names a lead which was named before."""
        key, only_leads = (directive, body), bool(row.values.get("leads"))
        first = self.first_rows.get(key, row.place) == row.place
        if not first and (only_leads or self.terms_of_named_leads.get(key) == _cells(row)):
            return False
        if first and only_leads:
            self.terms_of_named_leads[key] = _cells(row)
        self.note_key(key, row)
        return True

    def _check_known(
        self,
        row: FileRow,
        pair: tuple[int | None, int | None],
        obligation: StoredObligation | None,
        past: PastValues,
    ) -> CheckedRow:
        if obligation is None:
            expected = _("The record ID of an obligation you can see")
            remedy = own_numbers_remedy(_("Keep the exported record ID; clear it for a new row."))
            return wrong_row(row, [Fault("id", str(row.values["id"]), expected, remedy)])
        stored = stored_of(obligation)
        if row.values.get("leads"):  # the row only names a lead
            return CheckedRow(row, SAME, stored.label, stored.pk)
        self._note_pair(row, obligation.directive_id, obligation.organisation_id)
        faults = list(self._faults_of_pair(row, pair, obligation))
        edited_terms = {
            name: value
            for name, value in _cells(row).items()
            if value not in (None, "") or name not in ("part", "starts_on")
        }
        checked = compare(row, stored, edited_terms, past, tied=(DAYS,))
        skipped_cells = [*self._drop_forbidden_terms(checked, obligation), *emptied(row, stored)]
        if checked.after:
            faults += self._faults_of_change(obligation, checked, stored)
        if faults or row.faults:
            checked = wrong_row(row, faults, stored.label, stored.pk)
        checked.untaken = skipped_cells
        if line := self.lines.get(obligation.pk):
            self._compare_readonly(row, checked, line, past.by_id.get(obligation.pk, {}))
        return checked

    def _drop_forbidden_terms(
        self, checked: CheckedRow, obligation: StoredObligation
    ) -> Iterable[UntakenCell]:
        """Take out of the changes the terms that the user may not edit, and yield them."""
        if not checked.after or self.may_assign_to(obligation.organisation_path):
            return
        allowed = BODY_TERMS if obligation.organisation_id in self.reports.reporting_bodies else ()
        for name in [name for name in checked.after if name not in allowed]:
            after, before = checked.after.pop(name), checked.before.pop(name)
            checked.theirs.pop(name, None)
            yield UntakenCell(
                name,
                term(name, after),
                term(name, before),
                str(NOT_ABOVE),
                _("Ask one of them to import it."),
            )
        checked.verdict = verdict_of(checked)

    def _compare_readonly(
        self, row: FileRow, checked: CheckedRow, line: LedgerRow, exported: Mapping[str, Any]
    ) -> None:
        """Compare the read-only cells with the ledger; edited texts go into a report."""
        version, faulty = row.values.get("version"), {fault.field for fault in checked.faults}
        cells = dict(row.readonly_cells)
        if "directive" not in row.values:  # otherwise clause and body identify the row
            cells |= {
                name: row.values[name]
                for name in ("clause", "body")
                if name in row.values and name not in faulty
            }
        differences = self.readonly.differing(
            cells, line, exported, is_own_export=version is not None
        )
        if edited := [cell for cell in differences if cell.name in REPORTED_FIELDS]:
            self.edits.append(Edit(checked, line, edited))
        checked.untaken += [
            not_imported(cell.name, cell.value, cell.stored)
            for cell in differences
            if cell.name not in REPORTED_FIELDS
        ]
        if version is not None and version > line.version:
            checked.untaken.append(not_imported("version", str(version), str(line.version)))

    def _faults_of_pair(
        self, row: FileRow, pair: tuple[int | None, int | None], obligation: StoredObligation
    ) -> Iterable[Fault]:
        """Yield a fault if the id of a row is of another directive or body than its cells name.

        Such a row was copied from another one.
        """
        is_other_directive = (
            pair[0]
            and obligation.document_id == self.context.place.get("document")
            and pair[0] != obligation.directive_id
        )
        if not is_other_directive and pair[1] in (None, obligation.organisation_id):
            return
        remedy = own_numbers_remedy(
            _("Clear record ID and version for a new row; otherwise restore the original value.")
        )
        if is_other_directive:
            yield Fault(
                "clause",
                text_of(row.values["clause"]),
                _("%(code)s, as this row’s record ID says") % {"code": obligation.code},
                remedy,
            )
        if pair[1] and pair[1] != obligation.organisation_id:
            yield Fault(
                "body",
                text_of(row.values["body"]),
                _("%(code)s, as this row’s record ID says")
                % {"code": obligation.organisation_code},
                remedy,
            )

    def _faults_of_change(
        self, obligation: StoredObligation, checked: CheckedRow, stored: StoredRow
    ) -> Iterable[Fault]:
        """Why the terms of an obligation cannot become what the file says."""
        days = [name for name in DAYS if name in checked.after]
        new_values = {**stored.values, **checked.after}
        if obligation.state in (WITHDRAWN, CLOSED):
            name = (days or list(checked.after))[0]
            expected = _("Unchanged: this obligation is closed or withdrawn")
            remedy = _(
                "Restore the original value; if it must change, reopen the obligation first."
            )
            yield Fault(name, str(checked.after[name] or ""), expected, remedy)
            return
        due = new_values["due_on"]
        if (
            "due_on" in checked.after
            and obligation.due_on
            and obligation.due_on < self.context.today
        ):
            remedy = _("Correct it on the page of the obligation, with a reason.")
            yield Fault("due_on", due or "", _("Unchanged: the stored date has passed"), remedy)
        earliest = max(filter(None, (new_values["starts_on"], json_value(obligation.issued_on))))
        if due and days and due < earliest:
            expected = _("%(day)s or later: work cannot end before it starts or is assigned")
            name = "due_on" if "due_on" in checked.after else "starts_on"
            yield Fault(name, due, expected % {"day": earliest}, _("Correct the date."))
        if {"deliverable", "plan_due_on"} & checked.after.keys():
            plan_due_on = new_values["plan_due_on"]
            if message := wrong_plan_day(new_values["deliverable"], plan_due_on):
                yield refused_cell("plan_due_on", plan_due_on or "", message)

    @property
    def directive_column(self) -> str:
        """The field whose column names the directive."""
        return "clause" if "clause" in self.headed else "directive"

    @property
    def author(self) -> User | None:
        """The user whose rights are checked; None for administrators, who have all."""
        return self.context.by

    @cached_property
    def visible(self) -> Q:
        """The condition on obligations that a row may mean."""
        return in_view(self.context.by, "organisation")

    @cached_property
    def may_assign_document(self) -> bool:
        """Whether the user may assign directives of this document."""
        documents = Document.objects.owned_by(self.context.by)
        return documents.filter(pk=self.context.place.get("document")).exists()

    def may_assign_to(self, path: str) -> bool:
        """Whether the user may assign to the body with this path."""
        return is_above(self.context.by, path)

    def _faults_of_key(self, row: FileRow, pair: tuple[int | None, int | None]) -> Iterable[Fault]:
        clause, body = (text_of(row.values.get(name)) for name in ("clause", "body"))
        if not self.may_assign_document:
            expected = _(
                "A document registered by your organisation or one below it; only its supervisors"
                " assign directives"
            )
            yield Fault(
                self.directive_column,
                clause,
                expected,
                _("Delete this row, or ask the organisation that registered the document."),
            )
        if not pair[0] and not clause and (text := text_of(row.values.get("directive"))):
            yield unknown_text("directive", text)
        elif not pair[0]:
            yield unknown_directive(self.directive_column, clause)
        column = row.values.get(NAMED_IN, "body")
        if not pair[1]:
            match = self.bodies.codes.find(body)
            yield (
                ambiguous_code(column, body, match) if match.several else unknown_body(column, body)
            )
        elif not self.may_assign_to(
            self.new_bodies[pair[1]].path if pair[1] in self.new_bodies else ""
        ):
            expected = _("An organisation below the one you supervise")
            yield Fault(
                column,
                body,
                expected,
                _("Delete this row, or ask the supervisors of the organisation to assign it."),
            )

    def _check_new(self, row: FileRow, directive: int, body: int) -> CheckedRow:
        clause, organisation = self.clauses.rows[directive], self.new_bodies[body]
        label = f"{clause.code} · {organisation.name_hans}"
        if not self._note_pair(row, directive, body):
            return CheckedRow(row, SAME, label)
        after = {"clause": clause.code, "body": organisation.code} | {
            name: value for name, value in _cells(row).items() if value
        }
        after.setdefault("part", RESPONSIBLE)
        pair = pair_of(after, clause, organisation)
        columns = {
            "directive": self.directive_column,
            "organisation": row.values.get(NAMED_IN, "body"),
        }
        faults = []
        for name, text in faults_of(pair, by=self.author, today=self.context.today).items():
            field = columns.get(name, name)
            faults.append(refused_cell(field, str(json_value(row.values.get(field)) or ""), text))
        code = text_of(row.values.get("body"))
        if code.isdecimal() and code != organisation.code:
            label = f"{label} · {read_as(code, organisation.code)}"
        wrong = faults or row.faults
        checked = wrong_row(row, faults, label) if wrong else new_row(row, label, after)
        checked.untaken = list(self._unassigned(row, directive))
        return checked

    def _unassigned(self, row: FileRow, directive: int) -> Iterable[UntakenCell]:
        """Cells of a new row with values that no obligation stores."""
        for name, cell in row.readonly_cells.items():
            value = cell_text(name, cell)
            if not value:
                continue
            if name != "directive" or self.clauses.find(value) != self.clauses.rows[directive]:
                yield not_imported(name, value, "")

    def finish(self) -> Iterable[tuple[int, Fault]]:
        expected = _(
            "One row for each directive and organisation; row %(number)s of the file has the same"
        )
        return self.faults_of_repeats(
            self.directive_column, expected, _("Keep one of the two rows.")
        )


def _cells(row: FileRow) -> dict[str, Any]:
    """The terms that a row gives, as JSON holds them."""
    values, texts = row.values, ("part", "deliverable", *PEOPLE)
    cells = {name: text_of(values[name]) for name in texts if name in values}
    return cells | {name: json_value(values[name]) for name in DAYS if name in values}


def stored_of(obligation: StoredObligation) -> StoredRow:
    values = {name: json_value(getattr(obligation, name)) for name in TERMS}
    return StoredRow(
        obligation.pk,
        obligation.version,
        f"{obligation.code} · {obligation.organisation_name}",
        values,
    )


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
    open_names=open_names,
    settle_names=settle_names,
)
