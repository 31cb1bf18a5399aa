"""Splitting a row of a task table that names several bodies into a row for each of them."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from directives.base.script import fold
from directives.base.states import LEAD, PARTS, RESPONSIBLE, SUPPORTING
from directives.tables.cells import names_of
from directives.tables.comparing import text_of

SEPARATOR = re.compile(r"[、,，;；/\n]+|\s{2,}")
NAMED_IN = "named_in"  # key in the values of a split row: the field that named its organisation
AFTER_NAME = re.compile(r"\s*[(（]([^()（）]*)[)）]$")  # 全国总工会（牵头）
Values = dict[str, Any]


def split_bodies(values: Values) -> Sequence[Values]:
    """Return the rows that a row without an id means.

    Bodies of the column 牵头单位 lead, those of 配合单位 support. If several share one cell and
    nobody leads, the first one does. The row of a lead that is named beside other responsible
    bodies keeps the value `leads`.
    """
    if values.get("id"):
        return (values,)
    leads, supporting = named_bodies(values.get("leads")), named_bodies(values.get("supporting"))
    bodies = named_bodies(values.get("body"))
    if not leads and not supporting and len(bodies) < 2:
        return (values,)
    has_parts = leads or supporting or values.get("part") or any(part for _name, part in bodies)
    rows: dict[str, Values] = {}
    for name, _part in leads:
        has_own_row = name in dict(bodies) or not bodies
        changes = {"body": name, "part": LEAD, "leads": None if has_own_row else name}
        rows[name] = values | changes | {NAMED_IN: "leads"}
    for index, (name, part) in enumerate(bodies):
        part = part or values.get("part") or ""
        if not part and len(bodies) > 1:
            part = RESPONSIBLE if index or has_parts else LEAD
        row = values | {"body": name, "leads": None} | ({"part": part} if part else {})
        rows.setdefault(name, row)
    for name, _part in supporting:
        changes = {"body": name, "part": SUPPORTING, "leads": None}
        rows.setdefault(name, values | changes | {NAMED_IN: "supporting"})
    return tuple(rows.values())


def named_bodies(value: Any) -> list[tuple[str, str]]:
    """The bodies that a cell names, each with the part in brackets behind it, if any."""
    bodies: dict[str, str] = {}
    for text in filter(None, (part.strip() for part in SEPARATOR.split(text_of(value)))):
        brackets = AFTER_NAME.search(text)
        part = _parts().get(fold(brackets[1]).removesuffix("单位"), "") if brackets else ""
        bodies.setdefault(AFTER_NAME.sub("", text) if part else text, part)
    return list(bodies.items())


@cache
def _parts() -> dict[str, str]:
    return names_of(PARTS)
