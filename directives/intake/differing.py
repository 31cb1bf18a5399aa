"""Cells of columns that only go out, where they say something else than stands here: how many of which column, and where."""

from collections import Counter
from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from directives.intake.fields import Planned
from directives.intake.matching import Column

NAMED = 3  # places of each column


class Differing:
    """Counts such cells, and keeps the first places of each column; `columns`: sheet → field → its column."""

    def __init__(self, columns: Mapping[str, Mapping[str, Column]]) -> None:
        self.columns = columns
        self.counts: Counter[str] = Counter()
        self.places: dict[str, list[str]] = {}

    def meet(self, planned: Planned) -> None:
        given = planned.given
        for name in planned.differs:
            self.counts[name] += 1
            places = self.places.setdefault(name, [])
            if len(places) < NAMED:
                column = self.columns[given.sheet][name]
                places.append(f"{given.sheet}!{column.letter}{given.line}" if len(self.columns) > 1 else f"{column.letter}{given.line}")

    def remarks(self) -> Iterator[str]:
        headings = {name: column.heading for columns in self.columns.values() for name, column in columns.items()}
        for name, count in self.counts.items():
            places = "、".join(self.places[name]) + ("…" if count > NAMED else "")
            text = _("Cells of “%(heading)s” that differ from the current data and are not imported: %(count)s (%(places)s).")
            yield text % {"heading": headings[name], "count": count, "places": places}
