"""One row of a task table that names several bodies, taken apart into a row for each of them."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from directives.base.script import fold
from directives.base.states import LEAD, PARTS, RESPONSIBLE, SUPPORTING
from directives.tables.cells import names_of
from directives.tables.comparing import text_of

APART = re.compile(r"[、,，;；/\n]+|\s{2,}")
NAMED_IN = (
    "named_in"  # the key of a row taken apart that says in which column its organisation stands
)
AFTER_NAME = re.compile(r"\s*[(（]([^()（）]*)[)）]$")  # 全国总工会（牵头）
Values = dict[str, Any]


def split_bodies(values: Values) -> Sequence[Values]:
    """The rows that a row without an id stands for.

    Bodies of the column 牵头单位 lead, those of 配合单位 support. Where several share one cell and
    nobody leads, the first one does. A lead beside a body of its own row keeps `leads`.
    """
    if values.get("id"):
        return (values,)
    leads, supporting = named(values.get("leads")), named(values.get("supporting"))
    bodies = named(values.get("body"))
    if not leads and not supporting and len(bodies) < 2:
        return (values,)
    first = (
        RESPONSIBLE
        if leads or supporting or values.get("part") or any(part for _name, part in bodies)
        else LEAD
    )
    found: dict[str, Values] = {}
    for name, _part in leads:
        own = name in dict(bodies) or not bodies
        found[name] = values | {
            "body": name,
            "part": LEAD,
            "leads": None if own else name,
            NAMED_IN: "leads",
        }
    for place, (name, part) in enumerate(bodies):
        part = (
            part
            or values.get("part")
            or ("" if len(bodies) == 1 else RESPONSIBLE if place else first)
        )
        found.setdefault(
            name, values | {"body": name, "leads": None} | ({"part": part} if part else {})
        )
    for name, _part in supporting:
        found.setdefault(
            name, values | {"body": name, "part": SUPPORTING, "leads": None, NAMED_IN: "supporting"}
        )
    return tuple(found.values())


def named(value: Any) -> list[tuple[str, str]]:
    """The bodies that a cell names, each with its part where brackets behind the name say it."""
    found: dict[str, str] = {}
    for text in filter(None, (part.strip() for part in APART.split(text_of(value)))):
        behind = AFTER_NAME.search(text)
        part = _parts().get(fold(behind[1]).removesuffix("单位"), "") if behind else ""
        found.setdefault(AFTER_NAME.sub("", text) if part else text, part)
    return list(found.items())


@cache
def _parts() -> dict[str, str]:
    return names_of(PARTS)
