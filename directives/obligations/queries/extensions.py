"""What the pages of extensions show: requests, and the obligations that can be ticked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from directives.base.states import EXTENDABLE, OPEN, REQUESTED, WORKING
from directives.core.deciders import Deciders, deciders
from directives.core.transitions import can_act, can_move
from directives.models import Extension, Obligation, User
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.models.extensions import WAITING
from directives.models.scope import in_bodies, in_supervised
from directives.obligations.commands.extending import fault_of_asking
from directives.obligations.queries.obligation import visible_obligations

SHOWN = 100  # rows of one page
DECIDED_SHOWN = 50
HEAVY = tuple(f"obligation__{name}" for name in HEAVY_OF_DOCUMENT)


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests that a person sees: to decide and of others, oldest first; the last decisions.

    With `more`, there are others to decide that are not shown.
    """

    to_decide: tuple[Extension, ...]
    waiting: tuple[Extension, ...]
    decided: tuple[Extension, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """An obligation to tick; `fault` says why it cannot be."""

    row: Obligation
    picked: bool
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ExtensionsOfRow:
    """The requests of one obligation, newest first, and what the user may do about its day.

    `to_decide` waits for the user; `deciders` are others, if the user asked for it themselves.
    """

    requests: tuple[Extension, ...]
    to_decide: Extension | None
    may_ask: bool
    may_correct: bool
    deciders: Deciders | None

    @property
    def offers(self) -> bool:
        """Whether the user can ask or decide, or learns who decides."""
        return bool(self.may_ask or self.to_decide or self.deciders)


def extensions_of(row: Obligation, user: User, today: date) -> ExtensionsOfRow:
    """Return the requests of one obligation, in one query."""
    people = ("asked_by", "decided_by")
    requests = tuple(row.extensions.select_related(*people).order_by("-asked_at", "-pk"))
    for request in requests:
        request.obligation = row
    waiting = next((request for request in requests if request.state == REQUESTED), None)
    if row.state not in EXTENDABLE:
        waiting = None
    is_timely = waiting is None and row.due_on is not None and row.due_on >= today
    return ExtensionsOfRow(
        requests,
        waiting if waiting and can_move(waiting, "grant_extension", user) else None,
        is_timely and can_act(row, "ask_extension", user),
        can_act(row, "correct_due", user),
        deciders(waiting, user) if waiting else None,
    )


def loaded_extensions(user: User) -> QuerySet[Extension]:
    """The requests that the user sees, with what a page shows of each."""
    return (
        Extension.objects.visible_to(user)
        .select_related(
            *("obligation__organisation", "obligation__directive", "obligation__document"),
            *("asked_by", "decided_by"),
        )
        .defer(*HEAVY)
    )


def requests_of(user: User) -> Requests:
    """Return the requests that the user sees, in three queries."""
    rows = loaded_extensions(user)
    in_order = rows.filter(WAITING).order_by("asked_at", "pk")
    below = in_supervised(user, "obligation__organisation")
    to_decide = list(in_order.filter(below).exclude(asked_by=user)[: SHOWN + 1])
    waiting = in_order.exclude(pk__in=[request.pk for request in to_decide])
    decided = rows.exclude(state=REQUESTED).order_by("-decided_at", "-pk")
    return Requests(
        tuple(to_decide[:SHOWN]),
        tuple(
            request for request in waiting[:SHOWN] if not can_move(request, "grant_extension", user)
        ),
        tuple(decided[:DECIDED_SHOWN]),
        len(to_decide) > SHOWN,
    )


def to_extend(user: User, picked: Iterable[int], today: date) -> tuple[Choice, ...]:
    """The picked obligations, then others of the same bodies and documents, by due date.

    Without any picked, all that the user may ask to extend, of all bodies for which they work.
    """
    rows = visible_obligations(user).filter(in_bodies(user.in_role(*WORKING), "organisation"))
    chosen = list(rows.filter(pk__in=[*picked]).order_by("due_on", "directive__order", "pk"))
    requested = Extension.objects.filter(obligation__in=chosen, state=REQUESTED)
    waiting = set(requested.values_list("obligation", flat=True))
    choices = [_choice(row, user, today, waits=row.pk in waiting) for row in chosen]
    others = rows.filter(state__in=EXTENDABLE, due_on__gte=today).exclude(
        pk__in=Extension.objects.filter(state=REQUESTED).values("obligation")
    )
    if chosen:
        others = _like(others, chosen)
    others = others.order_by("due_on", "document", "directive__order", "pk")
    return (*choices, *(Choice(row, picked=False) for row in others[:SHOWN]))


def _choice(row: Obligation, user: User, today: date, *, waits: bool) -> Choice:
    if waits:
        return Choice(row, False, _("An extension was requested already and waits for a decision."))
    fault = fault_of_asking(row, None, today)
    if not fault and not can_act(row, "ask_extension", user):
        fault = str(row.get_state_display())
    return Choice(row, not fault, fault)


def to_correct(user: User, picked: Iterable[int]) -> tuple[Choice, ...]:
    """The picked obligations that the user oversees, then others that have the same due date.

    The others are of the same documents: a wrong day is often wrong in many rows.
    """
    rows = visible_obligations(user).filter(in_supervised(user, "organisation"), state__in=OPEN)
    chosen = list(rows.filter(pk__in=[*picked]).order_by("due_on", "directive__order", "pk"))
    if not chosen:
        return ()
    others = rows.exclude(pk__in=[row.pk for row in chosen]).filter(
        document__in={row.document_id for row in chosen},
        due_on__in={row.due_on for row in chosen if row.due_on},
    )
    others = others.order_by("directive__order", "organisation__path")
    return (
        *(Choice(row, picked=True) for row in chosen),
        *(Choice(row, picked=False) for row in others[:SHOWN]),
    )


def _like(others: QuerySet[Obligation], chosen: list[Obligation]) -> QuerySet[Obligation]:
    """Limit rows to others of the same bodies and documents."""
    return others.exclude(pk__in=[row.pk for row in chosen]).filter(
        organisation__in={row.organisation_id for row in chosen},
        document__in={row.document_id for row in chosen},
    )
