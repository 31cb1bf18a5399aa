"""The columns of the ledger that only go out: whether the cells of a row still say what stands here."""

from collections.abc import Mapping
from typing import Any

from directives.intake.cells import names_of
from directives.intake.kinds.clauses import Clauses
from directives.intake.kinds.comparing import text_of
from directives.script import fold
from directives.states import GREEN, LIGHTS, OBLIGATION_STATES, RED, YELLOW

TOLD = ("directive", "percent", "state", "light")
LAMPS = (("红", RED), ("红灯", RED), ("黄", YELLOW), ("黄灯", YELLOW), ("绿", GREEN), ("绿灯", GREEN))  # as people write them
SPELT = 10_000  # different words of one column that are remembered


class Shown:
    """Compares what was said of an obligation when it went out, as long as that is the version that stands here."""

    def __init__(self, clauses: Clauses) -> None:
        self.clauses = clauses
        self.names = {"state": names_of(OBLIGATION_STATES), "light": names_of(LIGHTS) | {fold(word): light for word, light in LAMPS}}
        self.met: dict[str, dict[str, str]] = {"state": {}, "light": {}}

    def differs(self, cells: Mapping[str, Any], directive: int, stands: Mapping[str, Any]) -> tuple[str, ...]:
        """The fields whose cells say something else. An empty cell says nothing."""
        said = {name: cell for name, cell in cells.items() if cell not in (None, "")}
        return tuple(name for name, cell in said.items() if not self._alike(name, cell, directive, stands))

    def _alike(self, name: str, cell: Any, directive: int, stands: Mapping[str, Any]) -> bool:
        if name == "directive":
            found = self.clauses.find(text_of(cell))
            return found is None and self.clauses.several(text_of(cell)) or found is not None and found.pk == directive
        if name == "percent":
            return _percent(cell) == stands[name]
        named = self._named(name, text_of(cell))
        return named == stands[name] or (name == "light" and not named)  # a lamp is told of in many words

    def _named(self, name: str, text: str) -> str:
        """The state or light that a cell names; behind a light stands its reason."""
        met = self.met[name]
        if text not in met:
            if len(met) >= SPELT:
                met.clear()
            word = text.replace("：", ":").split(":")[0] if name == "light" else text
            met[text] = self.names[name].get(fold(word), "")
        return met[text]


def _percent(cell: Any) -> int | None:
    """A share of 1, as a workbook of ours holds it, or 40%, as a text table of ours."""
    try:
        return round(float(cell.strip().removesuffix("%"))) if isinstance(cell, str) else round(100 * float(cell))
    except (TypeError, ValueError, OverflowError):
        return None
