"""The calendar of working days (工作日历): days off, and weekend days that are worked, as each autumn announces them."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from directives.core import working_calendar
from directives.models import CalendarDay, IntakeRow
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
    """The columns of a calendar."""
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
    """A day stands once; what the table does not name stays as it is."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.met: dict[str, int] = {}

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        known = {
            row.day: row
            for row in CalendarDay.objects.filter(
                day__in=[row.values.get("day") for row in rows if row.values.get("day")]
            )
        }
        return [self._one(row, known.get(row.values.get("day"))) for row in rows]

    def _one(self, row: FileRow, here: CalendarDay | None) -> CheckedRow:
        day = json_value(row.values.get("day")) or ""
        wanted = {"working": row.values.get("working")}
        if "name" in row.values:
            wanted["name"] = text_of(row.values["name"])
        faults = []
        if day and self.met.setdefault(day, row.line) != row.line:
            expected = _("Each date once; row %(line)s already has it") % {"line": self.met[day]}
            faults.append(Fault("day", day, expected, _("Delete one of the two rows.")))
        label = f"{day} {wanted.get('name', '')}".strip()
        if faults or row.faults or not day:
            return wrong_row(row, faults, label, here.pk if here else None)
        if here is None:
            return new_row(row, label, {"day": day, **wanted})
        return compare(row, StoredRow(here.pk, 1, label, said(here)), wanted, PastValues())

    def finish(self) -> Iterable[tuple[int, Fault]]:
        return ()


def said(day: CalendarDay) -> dict[str, Any]:
    """A day of the calendar as a table says it."""
    return {"working": WORKED if day.working else OFF, "name": day.name}


def _stored(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value == WORKED if name == "working" else value for name, value in values.items()}


def _held(rows: IntakeRows) -> dict[int, CalendarDay]:
    ids = [row.subject_id for row in rows if row.subject_id]
    return {
        day.pk: day
        for day in CalendarDay.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    }


def _says(row: IntakeRow, day: CalendarDay | None, values: dict[str, Any]) -> bool:
    return day is not None and all(
        said(day)[name] == value for name, value in values.items() if name != "day"
    )


def write(context: IntakeContext, rows: IntakeRows) -> None:
    """New days are entered, known ones changed; every light is worked out anew behind it."""
    held, new = _held(rows), [row for row in rows if row.verdict == NEW]
    taken = {
        json_value(day)
        for day in CalendarDay.objects.filter(
            day__in=[row.after["day"] for row in new]
        ).values_list("day", flat=True)
    }
    for row in rows:
        if (
            row.verdict == NEW
            and row.after["day"] in taken
            or row.verdict != NEW
            and not _says(row, held.get(row.subject_id), row.before)
        ):
            raise stale(row)
    made = [CalendarDay(**_stored({"name": "", **row.after})) for row in new]
    changes = {held[row.subject_id]: _stored(row.after) for row in rows if row.verdict != NEW}
    working_calendar.enter(made, changes, by=context.by, now=context.now)
    for row, day in zip(new, made, strict=True):
        row.subject_id = day.pk
    for row in rows:
        row.left = 1


def undo(context: IntakeContext, rows: IntakeRows) -> None:
    """Changed days say again what they said, new ones go."""
    held = _held(rows)
    for row in rows:
        if not _says(row, held.get(row.subject_id), row.after):
            raise changed_since(row)
    back = {held[row.subject_id]: _stored(row.before) for row in rows if row.verdict != NEW}
    working_calendar.enter(
        (),
        back,
        gone=[held[row.subject_id] for row in rows if row.verdict == NEW],
        by=context.by,
        now=context.now,
    )


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
