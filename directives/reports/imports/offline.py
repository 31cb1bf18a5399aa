"""A report that goes out to be filled in without a network, and comes back as a table of entries."""

from collections.abc import Mapping
from typing import Any

from directives.base.wording import picked
from directives.reports.queries.entries import Line, Sheet


def entries_to_fill_in(sheet: Sheet) -> list[Mapping[str, Any]]:
    """The entries that this person may fill in now, by field of the kind "entries", as they stand."""
    return [_row(line) for line in sheet.lines if line.writes]


def _row(line: Line) -> Mapping[str, Any]:
    entry = line.entry
    return {
        "code": line.code,
        "text": picked(entry.obligation.directive, "text"),
        "part": str(entry.obligation.get_part_display()),
        "last_percent": line.earlier.percent,
        "progress": entry.progress,
        "problems": entry.problems,
        "next_steps": entry.next_steps,
        "percent": entry.percent,
        "unchanged": "yes" if entry.unchanged else "",
        "unchanged_reason": entry.unchanged_reason,
        "id": entry.pk,
        "version": entry.version,
    }
