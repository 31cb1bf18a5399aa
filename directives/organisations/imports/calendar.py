"""Import of the working calendar (工作日历): weekdays off, and weekend days worked."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from directives.core import working_calendar
from directives.models import CalendarDay
from directives.models.intakes import NEW
from directives.tables.comparing import (
    PastValues,
    StoredRow,
    changed_since,
    compare,
    json_value,
    new_row,
    stale,
    text_of,
    wrong_row,
)
from directives.tables.fields import (
    CheckedRow,
    Checker,
    Fault,
    Field,
    FileRow,
    IntakeContext,
    IntakeRows,
    TableKind,
)

OFF, WORKED = "0", "1"
CHOICES = (
    (OFF, pgettext_lazy("calendar", "Day off")),
    (WORKED, pgettext_lazy("calendar", "Worked")),
)


def fields(context: IntakeContext) -> tuple[Field, ...]:
    day = ("日期", "放假日期", "调休日期", "公历日期", "date")
    working = ("安排", "类型", "放假或上班", "上班或放假", "是否上班", "working")
    name = ("名称", "节日", "节日名称", "节假日", "说明", "name_hans")
    return (
        Field(
            "day",
            gettext_lazy("Date"),
            "date",
            day,
            required=True,
            key=True,
            example=f"{context.today.year + 1}-10-01",
        ),
        Field(
            "working",
            gettext_lazy("Worked or off"),
            "choice",
            working,
            required=True,
            choices=CHOICES,
            example=OFF,
            help=HELP,
        ),
        Field("name", gettext_lazy("Name"), "text", name, limit=60, example="国庆节"),
    )


HELP = gettext_lazy("One row for each weekday off, and each Saturday or Sunday worked.")


class CalendarChecker(Checker):
    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.first_lines: dict[str, int] = {}  # by day: the line of its first row

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        days = [day for row in rows if (day := row.values.get("day"))]
        stored = CalendarDay.objects.in_bulk(days, field_name="day")
        return [self._check_row(row, stored) for row in rows]

    def _check_row(self, row: FileRow, stored: Mapping[date, CalendarDay]) -> CheckedRow:
        day = row.values.get("day")
        stored_day = stored.get(day) if day else None
        day_text = json_value(day) or ""
        new_values = {"working": row.values.get("working")}
        if "name" in row.values:
            new_values["name"] = text_of(row.values["name"])
        faults = []
        if day and (first_line := self.first_lines.setdefault(day_text, row.line)) != row.line:
            expected = _("Each date once; row %(line)s already has it") % {"line": first_line}
            faults.append(Fault("day", day_text, expected, _("Delete one of the two rows.")))
        label = f"{day_text} {new_values.get('name', '')}".strip()
        if faults or row.faults or not day:
            return wrong_row(row, faults, label, stored_day.pk if stored_day else None)
        if stored_day is None:
            return new_row(row, label, {"day": day_text, **new_values})
        stored_row = StoredRow(stored_day.pk, 1, label, _row_values(stored_day))
        return compare(row, stored_row, new_values, PastValues())


def _row_values(day: CalendarDay) -> dict[str, Any]:
    """The values that the row of a table has for a stored day."""
    return {"working": WORKED if day.working else OFF, "name": day.name}


def _model_values(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a row as fields of the model."""
    return {name: value == WORKED if name == "working" else value for name, value in values.items()}


def _locked(rows: IntakeRows) -> dict[int | None, CalendarDay]:
    days = CalendarDay.objects.select_for_update().order_by("pk")
    return {day.pk: day for day in days.filter(pk__in=[row.subject_id for row in rows])}


def _has_values(day: CalendarDay | None, values: dict[str, Any]) -> bool:
    return day is not None and all(
        _row_values(day)[name] == value for name, value in values.items() if name != "day"
    )


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """Add new days and change stored ones; all lights are computed again afterwards."""
    locked, new = _locked(rows), [row for row in rows if row.verdict == NEW]
    present = CalendarDay.objects.filter(day__in=[row.after["day"] for row in new])
    existing_days = {json_value(day) for day in present.values_list("day", flat=True)}
    for row in rows:
        if row.verdict == NEW:
            changed = row.after["day"] in existing_days
        else:
            changed = not _has_values(locked.get(row.subject_id), row.before)
        if changed:
            raise stale(row)
    added = [CalendarDay(**_model_values({"name": "", **row.after})) for row in new]
    changes = {
        locked[row.subject_id]: _model_values(row.after) for row in rows if row.verdict != NEW
    }
    working_calendar.change_days(added, changes, by=context.by, now=context.now)
    for row, day in zip(new, added, strict=True):
        row.subject_id = day.pk
    for row in rows:
        row.left = 1


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Restore changed days and delete new ones."""
    locked = _locked(rows)
    for row in rows:
        if not _has_values(locked.get(row.subject_id), row.after):
            raise changed_since(row)
    restored = {
        locked[row.subject_id]: _model_values(row.before) for row in rows if row.verdict != NEW
    }
    deleted = [locked[row.subject_id] for row in rows if row.verdict == NEW]
    working_calendar.change_days((), restored, deleted=deleted, by=context.by, now=context.now)


CALENDAR = TableKind(
    key="calendar",
    name=gettext_lazy("Working days"),
    about=gettext_lazy(
        "Weekdays off, and weekend days worked. Dates not in the table do not change."
    ),
    needs=(),
    fields=fields,
    may=working_calendar.keeps_calendar,
    checker=CalendarChecker,
    write=write,
    undo=undo,
)
