"""A summary of the cells of a table that are not imported: how many, in which column and why."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from directives.tables.fields import UntakenCell

PLACES = 5  # listed of each group


@dataclass(slots=True)
class UntakenGroup:
    """Cells of one column that are not imported for the same reason."""

    heading: str
    why: str
    where: str  # to edit them
    count: int = 0
    places: list[str] = field(default_factory=list)  # addresses of the first cells

    @property
    def more(self) -> bool:
        """Whether there are cells that `places` does not list."""
        return self.count > len(self.places)


@dataclass(slots=True)
class UntakenSummary:
    """How many rows have such cells, how many cells there are, and their groups by first place."""

    rows: int = 0
    cells: int = 0
    groups: dict[tuple[str, str, str], UntakenGroup] = field(default_factory=dict)

    def add(self, cells: Sequence[UntakenCell], sheet: str, line: int) -> None:
        """Count the cells of one row; `sheet` is "" where only one sheet is read."""
        self.rows += bool(cells)
        self.cells += len(cells)
        for cell in cells:
            key = (cell.heading, cell.why, cell.where)
            group = self.groups.setdefault(key, UntakenGroup(*key))
            group.count += 1
            if len(group.places) < PLACES:
                address = f"{cell.column}{line}"
                group.places.append(f"{sheet}!{address}" if sheet else address)

    def as_json(self) -> dict[str, Any] | None:
        """Return it as `Intake.untaken` keeps it; None where there is no such cell."""
        if not self.cells:
            return None
        groups = [asdict(group) for group in self.groups.values()]
        return {"rows": self.rows, "cells": self.cells, "groups": groups}

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> "UntakenSummary":
        groups = [UntakenGroup(**group) for group in data["groups"]]
        by_key = {(group.heading, group.why, group.where): group for group in groups}
        return cls(data["rows"], data["cells"], by_key)
