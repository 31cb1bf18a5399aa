"""The query of every autosave. With the ORM it is two, which take 5 and 3 times as long."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Field

from directives.base.states import ACCEPTED, EDITABLE, REPORTABLE, WORKING
from directives.models import Obligation, ProgressReport, ReportEntry, User
from directives.models.sql import prepared_cursor

EDITED, REPORTED = sorted(EDITABLE), sorted(REPORTABLE)
FIELDS = ReportEntry._meta.concrete_fields
NAMES = tuple(field.attname for field in FIELDS)
COLUMNS = ", ".join(f"entry.{field.column}" for field in FIELDS)
REPORT = ("id", "cycle_id", "document_id", "organisation_id")
OBLIGATION = ("id", "directive_id", "percent", "parts")  # in the order of the model


def _places(values: Sequence[str]) -> str:
    return ", ".join(["%s"] * len(values))


# Its conditions are a part of those of `visible_to` and `owed`. It has subqueries instead of joins,
# because PostgreSQL plans each by itself, and planning takes longer the more tables are joined.
ENTRY = f"""
SELECT {COLUMNS},
  report.cycle_id, report.document_id, report.organisation_id, obligation.directive_id,
  obligation.percent, obligation.parts, (
    SELECT past.percent FROM directives_reportentry AS past
    JOIN directives_progressreport AS filed ON filed.id = past.report_id
    JOIN directives_cycle AS before ON before.id = filed.cycle_id
    WHERE past.obligation_id = entry.obligation_id AND past.state = %s
      AND before.due_on < (SELECT due_on FROM directives_cycle WHERE id = report.cycle_id)
      AND filed.organisation_id = report.organisation_id
      AND filed.document_id = report.document_id
    ORDER BY before.due_on DESC, before.id DESC LIMIT 1
  ) AS earlier_percent
FROM directives_reportentry AS entry
JOIN directives_progressreport AS report ON report.id = entry.report_id
JOIN directives_obligation AS obligation ON obligation.id = entry.obligation_id
WHERE entry.id = %s
AND (entry.state NOT IN ({_places(EDITED)}) OR obligation.state IN ({_places(REPORTED)}))
AND 0 < (
  SELECT COUNT(*) FROM directives_membership AS member
  WHERE member.user_id = %s AND member.organisation_id = report.organisation_id
    AND member.role IN ({_places(WORKING)})
)
"""  # noqa: S608 - names of our own tables


class EntryToSave(NamedTuple):
    """An entry with its report and obligation, of which only keys and parts are read.

    `earlier_percent` is the percentage last accepted in an earlier cycle.
    """

    entry: ReportEntry
    earlier_percent: int | None


def _from_database(field: Field, stored: Any) -> Any:
    """A value as the ORM would read it: SQLite has no type for date and time."""
    column = field.get_col(field.model._meta.db_table)
    for convert in connection.ops.get_db_converters(column):
        stored = convert(stored, column, connection)
    return stored


def entry_to_save(pk: int, *, by: User) -> EntryToSave | None:
    """An entry that is owed or handed in, of an organisation for which this person fills in."""
    with prepared_cursor(connection) as cursor:
        cursor.execute(ENTRY, [ACCEPTED, pk, *EDITED, *REPORTED, by.pk, *WORKING])
        row = cursor.fetchone()
    if row is None:
        return None
    cycle, document, organisation, *of_obligation, earlier_percent = row[len(FIELDS) :]
    organisation_row = next(
        (m.organisation for m in by.held_memberships if m.organisation_id == organisation), None
    )
    if (
        organisation_row is None
    ):  # a membership added during this request counts from the next one on
        return None
    values = [*map(_from_database, FIELDS, row)]
    entry = ReportEntry.from_db(connection.alias, NAMES, values)
    entry.report = ProgressReport.from_db(
        connection.alias, REPORT, (entry.report_id, cycle, document, organisation)
    )
    entry.report.organisation = organisation_row
    entry.obligation = Obligation.from_db(
        connection.alias, OBLIGATION, (entry.obligation_id, *of_obligation)
    )
    return EntryToSave(entry, earlier_percent)
