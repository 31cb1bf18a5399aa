"""The names of a task breakdown that mean no body yet: each is asked once, and remembered."""

import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from directives.base.refusals import Invalid
from directives.models import Organisation
from directives.organisations.commands import aliases
from directives.plans.imports.breakdown_checking import Register
from directives.plans.imports.breakdown_fields import ROLE_FIELDS
from directives.tables.fields import IntakeContext, IntakeRows, OpenName

SEPARATORS = re.compile(r"[、,，;；\n]+")


def open_names(context: IntakeContext, rows: IntakeRows) -> Sequence[OpenName]:
    """The names to decide on, in the order of the file, each with all rows that say it."""
    lines: dict[str, dict[str, None]] = {}
    for row in rows:
        for field in ROLE_FIELDS.values():
            for name in row.after.get(field, ()):
                lines.setdefault(name, {})[str(row.line)] = None
    register = Register(context)
    register.look_up(lines)
    return [
        OpenName(
            name, tuple(said), register.known[name].candidates, bool(register.known[name].bodies)
        )
        for name, said in lines.items()
        if not register.reached(name)
    ]


def settle_names(context: IntakeContext, answers: Mapping[str, str]) -> None:
    """Remember what names mean; `answers` are codes or names of bodies, several with 、 between.

    Raises Invalid with every answer that is no body, and NotAllowed.
    """
    register = Register(context)
    parts = {name: _parts(answer) for name, answer in answers.items()}
    register.look_up({part for named in parts.values() for part in named})
    unknown = [
        part for named in parts.values() for part in named if not register.known[part].bodies
    ]
    if unknown:
        text = _("Not the code or full name of an organisation in the register: %(names)s.")
        raise Invalid({"names": [text % {"names": "、".join(dict.fromkeys(unknown))}]})
    for name, named in parts.items():
        bodies: dict[Organisation, None] = {}
        for part in named:
            bodies |= dict.fromkeys(register.known[part].bodies)
        if bodies:
            aliases.remember(
                name, list(bodies), owner=register.owner, by=context.by, now=context.now
            )


def _parts(answer: str) -> list[str]:
    return [part for part in map(str.strip, SEPARATORS.split(answer)) if part]
