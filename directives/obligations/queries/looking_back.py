"""Which closed obligations are proposed for looking back, and what was found at others."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.functional import Promise

from directives.base.states import (
    ACCEPTED,
    CLOSE_VERIFIED,
    CLOSED,
    LOOK_BACK_MOVES,
    LOOK_BACK_PLANNED,
    LOOK_BACK_REASONS,
    SUPERVISOR,
)
from directives.core.rules import may
from directives.core.transitions import open_moves
from directives.models import (
    CloseOutEvidence,
    Document,
    ItemState,
    LookBack,
    LookBackRule,
    Obligation,
    ReportEntry,
    User,
)
from directives.models.scope import in_subtrees, in_supervised

LOOKED_AT = 2000  # closed obligations, the latest, among which proposals are looked for
PROPOSED = 100  # proposals listed
LISTED = 100  # look-backs listed
SHOWN = 8  # planned look-backs on My work
WORDS = dict(LOOK_BACK_REASONS)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A closed obligation that is proposed, with the reasons (keys of LOOK_BACK_REASONS)."""

    row: Obligation
    why: tuple[str, ...]

    @property
    def words(self) -> list[str | Promise]:
        return [WORDS[key] for key in self.why]


@dataclass(frozen=True, slots=True)
class LookBackPage:
    rule: LookBackRule | None
    draw: str  # the seed of the day
    proposals: tuple[Proposal, ...]
    closed: int  # closed obligations that were looked through
    cut_off: bool  # there are more
    planned: tuple[LookBack, ...]
    done: tuple[LookBack, ...]


def draw_of(rule: LookBackRule, today: date) -> str:
    """The seed of a day: with it and the id of a row, anybody can compute whether it was drawn."""
    return f"{rule.seed}:{today.isoformat()}"


def is_drawn(draw: str, pk: int, share: int) -> bool:
    """Whether a row (id) is among the share, in percent, that is drawn at random."""
    return int(sha256(f"{draw}:{pk}".encode()).hexdigest()[:8], 16) % 100 < share


def _closed_rows(document: Document, user: User) -> QuerySet[Obligation]:
    """Closed obligations below the user that nobody has looked back at, the latest first."""
    rows = Obligation.objects.filter(document=document, state=CLOSED, looked_back="", parts=0)
    below = rows.filter(in_supervised(user, "organisation"))
    evidence = CloseOutEvidence.objects.filter(
        close_out__obligation=OuterRef("pk"), close_out__state=CLOSE_VERIFIED
    )
    between = ReportEntry.objects.filter(
        obligation=OuterRef("pk"), state=ACCEPTED, percent__gt=0, percent__lt=100
    )
    excused = ItemState.objects.filter(obligation=OuterRef("pk")).exclude(open_reason="")
    return (
        below.annotate(
            named=Exists(evidence),
            excused=Exists(excused),
            jumped=~Exists(between) & Q(closed_on__lt=F("due_on")),
            late=Q(closed_on__gt=F("due_on")),
        )
        .select_related("organisation", "directive")
        .order_by("-closed_on", "-pk")
    )


def _why(row: Obligation, rule: LookBackRule, draw: str) -> Iterator[str]:
    if is_drawn(draw, row.pk, rule.share):
        yield "random"
    # annotations of `_closed_rows`
    risks = {
        "no_evidence": rule.no_evidence and not row.named,  # type: ignore[attr-defined]
        "overdue": rule.overdue and row.late,  # type: ignore[attr-defined]
        "one_jump": rule.one_jump and row.jumped,  # type: ignore[attr-defined]
        "excused": rule.excused and row.excused,  # type: ignore[attr-defined]
    }
    yield from (key for key, applies in risks.items() if applies)


def proposals(
    document: Document, user: User, rule: LookBackRule, *, today: date
) -> tuple[list[Proposal], int]:
    """What the rule proposes on this day, most reasons first, and how many rows it looked at."""
    draw = draw_of(rule, today)
    rows = list(_closed_rows(document, user)[: LOOKED_AT + 1])
    lines = [Proposal(row, tuple(_why(row, rule, draw))) for row in rows[:LOOKED_AT]]
    proposed = [line for line in lines if line.why]
    return sorted(proposed, key=lambda line: -len(line.why))[:PROPOSED], len(rows)


def look_back_page(document: Document, user: User, *, today: date) -> LookBackPage:
    rule = LookBackRule.objects.filter(document=document).first()
    shown_rule = rule or LookBackRule(document=document)
    proposed, looked_at = proposals(document, user, shown_rule, today=today) if rule else ([], 0)
    look_backs = (
        LookBack.objects.visible_to(user)
        .filter(obligation__document=document)
        .select_related("obligation__organisation", "obligation__directive", "done_by")
        .order_by("-opened_at", "-pk")
    )
    return LookBackPage(
        rule=rule,
        draw=draw_of(rule, today) if rule else "",
        proposals=tuple(proposed),
        closed=min(looked_at, LOOKED_AT),
        cut_off=looked_at > LOOKED_AT,
        planned=tuple(look_backs.planned()[:LISTED]),
        done=tuple(look_backs.exclude(state=LOOK_BACK_PLANNED)[:LISTED]),
    )


# one obligation, and My work


@dataclass(frozen=True, slots=True)
class LookBackLine:
    """A look-back at an obligation; `moves` are (action, label) that the user may make on it."""

    look_back: LookBack
    moves: tuple[tuple[str, str | Promise], ...]

    @property
    def words(self) -> list[str | Promise]:
        return [WORDS[key] for key in self.look_back.why]


def look_backs_at(row: Obligation, user: User) -> tuple[LookBackLine, ...]:
    """The look-backs at an obligation, the newest first."""
    rows = LookBack.objects.filter(obligation=row).select_related("done_by", "opened_by")
    lines = []
    for look_back in rows.prefetch_related("files"):
        look_back.obligation = row
        moves = ((action, LOOK_BACK_MOVES[action].label) for action in open_moves(look_back, user))
        lines.append(LookBackLine(look_back, tuple(moves)))
    return tuple(lines)


def planned_look_backs(user: User) -> tuple[LookBack, ...]:
    """The look-backs that wait for the user as a supervisor, the oldest first."""
    if not user.in_role(SUPERVISOR):
        return ()
    # Few are planned: they are read by their index, not the obligations of all bodies below.
    below = Obligation.objects.filter(
        in_subtrees(user.in_role(SUPERVISOR), "organisation__path"), pk=OuterRef("obligation")
    )
    order = ("opened_at", "pk")
    first = LookBack.objects.planned().filter(Exists(below)).order_by(*order)
    rows = LookBack.objects.filter(pk__in=first.values("pk")[: SHOWN * 2]).order_by(*order)
    rows = rows.select_related("obligation__organisation", "obligation__directive")
    return tuple(row for row in rows if may(user, "oversee", row.obligation))[:SHOWN]
