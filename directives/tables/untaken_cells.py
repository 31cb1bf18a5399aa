"""Cells that are not taken over, summed up over a whole table: how many of which column and why, and where the first of them stand."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from directives.tables.fields import UntakenCell

NAMED = 5  # places that are named of each group


@dataclass(slots=True)
class UntakenGroup:
    """Cells of one column that are not taken over for one reason. `places`: the first of them, as a spreadsheet names cells."""

    heading: str
    why: str
    where: str
    count: int = 0
    places: list[str] = field(default_factory=list)

    @property
    def more(self) -> bool:
        """Whether there are others than those named."""
        return self.count > len(self.places)


@dataclass(slots=True)
class UntakenSummary:
    """How many rows hold such cells, how many cells there are, and their groups in the order in which they were met."""

    rows: int = 0
    cells: int = 0
    groups: dict[tuple[str, str, str], UntakenGroup] = field(default_factory=dict)

    def meet(self, cells: Sequence[UntakenCell], sheet: str, line: int) -> None:
        """Count the cells of one row; `sheet` is "" where the file is read from one alone."""
        self.rows += bool(cells)
        self.cells += len(cells)
        for cell in cells:
            group = self.groups.setdefault(
                (cell.heading, cell.why, cell.where),
                UntakenGroup(cell.heading, cell.why, cell.where),
            )
            group.count += 1
            if len(group.places) < NAMED:
                group.places.append(
                    f"{sheet}!{cell.column}{line}" if sheet else f"{cell.column}{line}"
                )

    def as_json(self) -> dict[str, Any] | None:
        """As an intake keeps it; None where every cell is taken over."""
        return (
            {"rows": self.rows, "cells": self.cells, "groups": [*map(asdict, self.groups.values())]}
            if self.cells
            else None
        )

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "UntakenSummary":
        groups = [UntakenGroup(**group) for group in kept["groups"]]
        return cls(
            kept["rows"],
            kept["cells"],
            {(group.heading, group.why, group.where): group for group in groups},
        )
