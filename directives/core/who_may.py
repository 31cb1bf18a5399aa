"""The table of what may be done in which state, and by whom: the moves with their rights in words.

The predicates of `rules.RIGHTS` decide. HOLDERS says the same of each right, for the help page; a
test walks every state, act and role and holds the two together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Field, Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.states import MANAGER, OBLIGATION_ACTS, STAFF, VIEWER, Move
from directives.core.deciding import TABLES
from directives.models import Obligation

OWN_SUPERVISOR, SUPERVISOR_ABOVE = "own_supervisor", "supervisor_above"
POSITIONS: Mapping[str, Promise] = {
    STAFF: pgettext_lazy("role", "Staff"),
    MANAGER: pgettext_lazy("role", "Manager"),
    OWN_SUPERVISOR: _("Supervisor of the organisation itself"),
    SUPERVISOR_ABOVE: _("Supervisor above"),
    VIEWER: pgettext_lazy("role", "Viewer"),
}
# right → the positions that have it
HOLDERS: Mapping[str, tuple[str, ...]] = {
    "receive": (STAFF,),
    "work": (STAFF, MANAGER),
    "draft": (STAFF, MANAGER),
    "sign": (MANAGER,),
    "hand_in": (STAFF, MANAGER),
    "review": (SUPERVISOR_ABOVE,),
    "oversee": (SUPERVISOR_ABOVE,),
    "oversee_part": (SUPERVISOR_ABOVE,),
    "delegate": (MANAGER, OWN_SUPERVISOR),
    "settle": (SUPERVISOR_ABOVE,),
}
# right → under what condition, where the state alone does not say it
CONDITIONS: Mapping[str, Promise] = {
    "hand_in": _("Staff: only where the organisation has no manager."),
    "review": _("A part of an obligation: also whoever may break that obligation down."),
    "oversee": _("A part of an obligation: also whoever may break that obligation down."),
    "oversee_part": _("Only a part of an obligation; also whoever may break that obligation down."),
    "settle": _(
        "Whoever asked: the lead organisation, or who wrote the instruction; supervisors of the "
        "organisation that asked, and above it."
    ),
    "delegate": _("The manager: only where the organisation has no supervisor of its own."),
}


@dataclass(frozen=True, slots=True)
class ActLine:
    """One act: from which states, to which, by whom. `target` is empty if the state stays."""

    action: str
    label: str | Promise
    sources: tuple[str | Promise, ...]
    target: str | Promise
    holders: tuple[tuple[Promise, bool], ...]  # every position, and whether it may
    notes: tuple[Promise, ...]


@dataclass(frozen=True, slots=True)
class ActTable:
    """The acts on one kind of row."""

    key: str
    name: str | Promise
    lines: tuple[ActLine, ...]


def act_tables() -> Iterator[ActTable]:
    """Yield the table of each kind of row that has states."""
    for model, moves in TABLES.items():
        acts = {**moves, **OBLIGATION_ACTS} if model is Obligation else moves
        state = model._meta.get_field("state")
        assert isinstance(state, Field)
        states = dict(state.flatchoices)
        lines = (_line(action, step, states) for action, step in acts.items())
        yield ActTable(str(model._meta.model_name), _name(model), tuple(lines))


def _name(model: type[Model]) -> str | Promise:
    return model._meta.verbose_name or str(model._meta.model_name)


def _line(action: str, step: Move, states: Mapping[str, str | Promise]) -> ActLine:
    notes: list[Promise] = []
    if step.reasoned:
        notes.append(_("A reason is required."))
    if step.decides:
        notes.append(_("Not by whoever requested or submitted it."))
    if step.settles:
        notes.append(_("Each item is established, or has a reason why it is not."))
    if step.right in CONDITIONS:
        notes.append(CONDITIONS[step.right])
    return ActLine(
        action,
        step.label,
        tuple(word for state, word in states.items() if state in step.sources),
        states.get(step.target, ""),
        tuple((word, position in HOLDERS[step.right]) for position, word in POSITIONS.items()),
        tuple(notes),
    )
