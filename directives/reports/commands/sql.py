"""An entry as whoever fills it in has it before them: what a save needs to know of it, in one query."""

from typing import Any

from django.db import connection
from django.db.models import Field

from directives.base.states import ACCEPTED, EDITABLE, MANAGER, REPORTABLE, STAFF
from directives.models import Obligation, ProgressReport, ReportEntry, User
from directives.models.planned import prepared_cursor

EDITED, REPORTED = sorted(EDITABLE), sorted(REPORTABLE)
FIELDS = ReportEntry._meta.concrete_fields
NAMES = tuple(field.attname for field in FIELDS)
COLUMNS = ", ".join(f"entry.{field.column}" for field in FIELDS)
REPORT = ("id", "cycle_id", "document_id", "organisation_id")


def _places(values: list[str]) -> str:
    return ", ".join(["%s"] * len(values))


# Written out because every pause in the typing asks it: the ORM took several times as long to put it together as a database to
# answer it. Whom it shows an entry, and which, is a part of what `visible_to` and `owed` say. Subqueries where joins would do:
# PostgreSQL plans each for itself, and the more tables it may join in any order the longer it thinks.
ENTRY = f"""
SELECT {COLUMNS}, report.cycle_id, report.document_id, report.organisation_id, obligation.directive_id, (
    SELECT past.percent FROM directives_reportentry AS past
    JOIN directives_progressreport AS filed ON filed.id = past.report_id
    JOIN directives_cycle AS before ON before.id = filed.cycle_id
    WHERE past.obligation_id = entry.obligation_id AND past.state = %s
      AND before.due_on < (SELECT due_on FROM directives_cycle WHERE id = report.cycle_id)
      AND filed.organisation_id = report.organisation_id AND filed.document_id = report.document_id
    ORDER BY before.due_on DESC, before.id DESC LIMIT 1
  ) AS earlier_percent
FROM directives_reportentry AS entry
JOIN directives_progressreport AS report ON report.id = entry.report_id
JOIN directives_obligation AS obligation ON obligation.id = entry.obligation_id
WHERE entry.id = %s AND (entry.state NOT IN ({_places(EDITED)}) OR obligation.state IN ({_places(REPORTED)})) AND 0 < (
  SELECT COUNT(*) FROM directives_membership AS member
  WHERE member.user_id = %s AND member.organisation_id = report.organisation_id AND member.role IN (%s, %s)
)
"""  # noqa: S608 - names of our own tables


def _read(field: Field, stored: Any) -> Any:
    """A value as the ORM would read it: SQLite knows no instants."""
    column = field.get_col(field.model._meta.db_table)
    for convert in connection.ops.get_db_converters(column):
        stored = convert(stored, column, connection)
    return stored


def entry_to_save(pk: int, *, by: User) -> ReportEntry | None:
    """An entry of a body for which this person fills in, unless nobody waits for it any more; None for any other.

    It comes with its report and obligation, of which only the keys are read, and with `earlier_percent`: the percentage last
    accepted in an earlier cycle, or None.
    """
    with prepared_cursor(connection) as cursor:
        cursor.execute(ENTRY, [ACCEPTED, pk, *EDITED, *REPORTED, by.pk, STAFF, MANAGER])
        row = cursor.fetchone()
    if row is None:
        return None
    cycle, document, organisation, directive, earlier_percent = row[len(FIELDS) :]
    body = next(
        (m.organisation for m in by.held_memberships if m.organisation_id == organisation), None
    )
    if (
        body is None
    ):  # a membership that began since the sign-in was read counts from the next request on
        return None
    entry = ReportEntry.from_db(connection.alias, NAMES, [*map(_read, FIELDS, row)])
    entry.report = ProgressReport.from_db(
        connection.alias, REPORT, (entry.report_id, cycle, document, organisation)
    )
    entry.report.organisation, entry.earlier_percent = body, earlier_percent
    entry.obligation = Obligation.from_db(
        connection.alias, ("id", "directive_id"), (entry.obligation_id, directive)
    )
    return entry
