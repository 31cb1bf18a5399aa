"""Checks a table of the admin's import by the fields and the checker of its kind."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directives.documents.imports.directives import DirectiveChecker
from directives.models import Directive
from directives.models.intakes import NEW
from directives.obligations.imports.obligations import ObligationChecker
from directives.obligations.imports.writing import DAYS
from directives.organisations import commands as organising
from directives.tables.cells import CellReader, displayed, value_reader
from directives.tables.faults import Wrong
from directives.tables.fields import CheckedRow, Checker, Fault, Field, FileRow

BATCH = 500
FIRST_LINE = 2  # the line of the first row: the headings are line 1
Row = Mapping[str, Any]
DAYS_ELSEWHERE = gettext_lazy(
    "Dates are not changed here. The organisation requests an extension, or a supervisor above it"
    " corrects the date on the page of the obligation."
)


class AdminObligationChecker(ObligationChecker):
    """For administrators, who may change the terms of every organisation, but no days."""

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        checked_rows = super().check(rows)
        for checked in checked_rows:
            if checked.verdict != NEW:
                checked.faults += [
                    Fault(name, str(checked.after[name] or ""), "", str(DAYS_ELSEWHERE))
                    for name in DAYS
                    if name in checked.after
                ]
        return checked_rows

    @property
    def author(self) -> None:
        return None

    @cached_property
    def visible(self) -> Q:
        return Q(pk__gt=0)

    @cached_property
    def may_assign_document(self) -> bool:
        return True

    def may_assign_to(self, path: str) -> bool:
        return True


class AdminDirectiveChecker(DirectiveChecker):
    """For administrators, who may correct every directive."""

    def visible(self) -> QuerySet[Directive]:
        return Directive.objects.all()


def demand_no_faults(
    checker: Checker, fields: Sequence[Field], rows: Sequence[tuple[int, Row]]
) -> None:
    """Raise ValidationError with every fault of these rows: (line, field → cell)."""
    fields_by_name = {field.name: field for field in fields if not field.read_only}
    cell_readers = {name: value_reader(field) for name, field in fields_by_name.items()}
    file_rows = [_file_row(line, row, fields_by_name, cell_readers) for line, row in rows]
    faults_by_line: list[tuple[int, Fault]] = []
    for start in range(0, len(file_rows), BATCH):
        for checked in checker.check(file_rows[start : start + BATCH]):
            faults = dict.fromkeys((*checked.row.faults, *checked.faults))
            faults_by_line += [(checked.row.number, fault) for fault in faults]
    faults_by_line += checker.finish()
    if faults_by_line:
        headings = {field.name: _heading(field, checker.headed) for field in fields}
        raise ValidationError(
            [
                fault_in_words(line, replace(fault, field=headings.get(fault.field, fault.field)))
                for line, fault in sorted(faults_by_line, key=itemgetter(0))
            ]
        )


def _heading(field: Field, headed: Container[str]) -> str:
    """The label of a column, and its name if that heads it in the file."""
    return f"{field.label} ({field.name})" if field.name in headed else str(field.label)


def _file_row(
    line: int, row: Row, fields: Mapping[str, Field], cell_readers: Mapping[str, CellReader]
) -> FileRow:
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, cell in row.items():
        if name not in fields:
            continue
        value = cell_readers[name](cell)
        if isinstance(value, Wrong):
            faults.append(Fault(name, displayed(cell), value.expected, value.remedy))
        elif value is None and fields[name].required:
            faults.append(Fault(name, "", _("a value; this cell cannot be empty")))
        else:
            values[name] = value
    return FileRow(line, "", line, values, tuple(faults))


def fault_in_words(line: int, fault: Fault) -> str:
    text = fault.expected or fault.remedy
    if fault.expected and fault.remedy:
        params = {"expected": fault.expected.rstrip("。."), "remedy": fault.remedy}
        text = _("%(expected)s. %(remedy)s") % params
    return str(organising.RegisterFault(line, fault.field, fault.value, text))


def numbered_rows(rows: Iterable[Row]) -> list[tuple[int, Row]]:
    return list(enumerate(rows, FIRST_LINE))
