"""Breaking an obligation down to bodies below (分解到下级), and undoing it part by part."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from directives import tallies
from directives.base.refusals import Invalid, NotAllowed, Stale
from directives.base.states import (
    ASSIGNED,
    CLOSED,
    OBLIGATION_MOVES,
    RESPONSIBLE,
    SUPPORTING,
    WITHDRAWN,
)
from directives.base.wording import localized
from directives.core import notices
from directives.core.parts import rows_above
from directives.core.rules import may
from directives.core.transitions import (
    change_within,
    follow_parts,
    lock_rows,
    move,
    relight,
)
from directives.models import CalendarDay, Obligation, Organisation, User
from directives.obligations.commands.issuing import (
    Terms,
    acknowledgement_day,
    fault_of_organisation,
    store_assigned,
    unsaved_obligation,
    wrong_plan_day,
)

MOST_BODIES = 500  # in one act
DOWNWARD = frozenset({"withdraw", "withdraw_part"})  # moves that take the parts out as well
CARRIED = frozenset({"suspend", "resume"})  # moves that the parts make as well


@dataclass(frozen=True, slots=True)
class Share:
    """A body that gets a part; what is empty is as for all."""

    organisation: Organisation
    due_on: date | None = None
    leader: str = ""
    contact: str = ""

    @property
    def day_field(self) -> str:
        """The name of its field with the day, for errors."""
        return f"due-{self.organisation.pk}"


@dataclass(frozen=True, slots=True)
class PartTerms:
    """What is asked of all bodies. Days are Asia/Shanghai days."""

    asks: str = ""
    deliverable: str = ""
    plan_due_on: date | None = None
    due_on: date | None = None  # None: the day of the obligation that is broken down
    later: bool = False  # a day after that one is meant


@dataclass(frozen=True, slots=True)
class BrokenDown:
    """What an act made of the bodies: new parts, linked rows, and withdrawn ones assigned again."""

    new: Sequence[Obligation] = ()
    linked: Sequence[Obligation] = ()
    again: Sequence[Obligation] = ()

    @property
    def count(self) -> int:
        return len(self.new) + len(self.linked) + len(self.again)


@dataclass(slots=True)
class _Act:
    """One act while it is checked: the row, what is asked, and which bodies have it already."""

    row: Obligation
    terms: PartTerms
    today: date
    existing: Mapping[int, Obligation]  # rows of the same directive, by organisation (id)
    above: frozenset[int]  # rows (ids) that it is broken down from itself
    errors: dict[str, list[str]] = field(default_factory=dict)

    def day_of(self, share: Share) -> date | None:
        return share.due_on or self.terms.due_on or self.row.due_on

    def fault(self, name: str, text: str) -> None:
        texts = self.errors.setdefault(name, [])
        if text not in texts:
            texts.append(text)


@tallies.counted()
def break_down(
    *,
    obligation: Obligation,
    shares: Sequence[Share],
    terms: PartTerms,
    by: User | None,
    now: datetime,
    version: int | None = None,
) -> BrokenDown:
    """Give bodies below their parts of an obligation.

    A body that has the directive already is linked with its own terms, and one whose row was
    withdrawn gets it again. The row has its organisation, directive and document loaded. Raises
    NotAllowed, IllegalMove, Stale, or Invalid with every fault at once; nothing is changed then.
    """
    if version is not None and version != obligation.version:
        raise Stale(theirs=obligation)
    today = timezone.localdate(now)
    bodies = [share.organisation.pk for share in shares]
    rows = Obligation.objects.filter(directive=obligation.directive_id, organisation__in=bodies)
    above = rows_above([obligation.pk])
    lock_rows(Obligation.objects.filter(pk__in=above | set(rows.values_list("pk", flat=True))))
    existing = {row.organisation_id: row for row in rows.select_related("organisation")}
    move(obligation, "break_down", by=by, now=now)
    act = _Act(obligation, terms, today, existing, frozenset(above))
    _check(act, shares)
    new = [share for share in shares if share.organisation.pk not in existing]
    known = [
        (share, existing[pk]) for share, pk in zip(shares, bodies, strict=True) if pk in existing
    ]
    again = [(share, row) for share, row in known if row.state == WITHDRAWN]
    broken = BrokenDown(
        new=_add(act, new, by=by, now=now),
        linked=_link(act, [row for _share, row in known if row.state != WITHDRAWN], by=by, now=now),
        again=_assign_again(act, again, by=by, now=now),
    )
    follow_parts({obligation.pk}, now)
    _notify(obligation, broken, by=by, now=now)
    return broken


# what is wrong with it


def _check(act: _Act, shares: Sequence[Share]) -> None:
    """Raise Invalid with every fault, by the field of the form."""
    if not shares:
        act.fault("bodies", _("Choose at least one organisation."))
    if len(shares) > MOST_BODIES:
        words = {"limit": MOST_BODIES, "count": len(shares)}
        act.fault(
            "bodies",
            _("%(count)s organisations are chosen; at most %(limit)s at once. Choose fewer.")
            % words,
        )
    for share in shares:
        for text in _faults_of_body(act, share.organisation):
            act.fault("bodies", text)
        if share.organisation.pk not in act.existing or _is_withdrawn(act, share):
            _check_day(act, share)
    _check_plan(act)
    if act.errors:
        raise Invalid(act.errors)


def _is_withdrawn(act: _Act, share: Share) -> bool:
    return act.existing[share.organisation.pk].state == WITHDRAWN


def _faults_of_body(act: _Act, body: Organisation) -> Iterator[str]:
    own = act.row.organisation
    names = {"body": localized(body, "name"), "own": localized(own, "name")}
    if body.pk == own.pk or not body.path.startswith(own.path):
        yield (_("%(body)s is not below %(own)s: only organisations below get parts.") % names)
        return
    if fault := fault_of_organisation(body, act.today):
        yield fault
    row = act.existing.get(body.pk)
    if row is None or row.state == WITHDRAWN:
        return
    if row.pk in act.above:
        yield _("This obligation is itself a part of the one of %(body)s.") % names
    elif row.broken_from_id == act.row.pk:
        yield _("%(body)s has its part already.") % names
    elif row.broken_from_id is not None:
        yield _("The obligation of %(body)s is already a part of another one.") % names


def _check_day(act: _Act, share: Share) -> None:
    """The day of a part: not passed, and not after that of the whole unless that is meant."""
    day, whole = act.day_of(share), act.row.due_on
    name = share.day_field if share.due_on else "due_on"
    if day is not None and day < act.today:
        if share.due_on or act.terms.due_on:
            act.fault(name, _("This date has passed; choose today or later."))
        else:
            words = {"day": day.isoformat()}
            act.fault(
                name,
                _("It was due on %(day)s: give its parts a date of their own.") % words,
            )
    elif whole is not None and day is not None and day > whole and not act.terms.later:
        act.fault(
            name,
            _("%(day)s is after %(whole)s, when the obligation itself is due. Confirm if intended.")
            % {"day": day.isoformat(), "whole": whole.isoformat()},
        )


def _check_plan(act: _Act) -> None:
    terms = act.terms
    if fault := wrong_plan_day(terms.deliverable, terms.plan_due_on):
        act.fault("plan_due_on", fault)
    elif terms.plan_due_on is not None and terms.plan_due_on < act.today:
        act.fault("plan_due_on", _("This date has passed; choose today or later."))


# the parts


def _starts_on(act: _Act, due_on: date | None) -> date:
    """The whole starts first, and nothing starts before it is assigned or after it is due."""
    start = max(act.today, act.row.starts_on)
    return start if due_on is None else min(start, due_on)


def _add(act: _Act, shares: Sequence[Share], *, by: User | None, now: datetime) -> list[Obligation]:
    """Create the parts of bodies that do not have the directive."""
    workdays = CalendarDay.objects.workdays(act.today)
    acknowledge_by = acknowledgement_day(act.today, workdays)
    part = SUPPORTING if act.row.part == SUPPORTING else RESPONSIBLE
    created = []
    for share in shares:
        day = act.day_of(share)
        terms = Terms(
            part=part,
            deliverable=act.terms.deliverable,
            starts_on=_starts_on(act, day),
            plan_due_on=act.terms.plan_due_on,
            due_on=day,
        )
        row = unsaved_obligation(act.row.directive, share.organisation, terms, act.today)
        row.broken_from_id, row.asks = act.row.pk, act.terms.asks.strip()
        row.leader, row.contact = share.leader, share.contact
        row.acknowledge_by, row.moved_at = acknowledge_by, now
        relight(row, today=act.today, workdays=workdays)
        created.append(row)
    store_assigned(
        created, by=by, now=now, origin_of=lambda row: {"broken_from": row.broken_from_id}
    )
    return created


def _link(
    act: _Act, rows: Sequence[Obligation], *, by: User | None, now: datetime
) -> Sequence[Obligation]:
    """Make rows that bodies have already parts; they keep their own terms."""
    fields = {"broken_from_id": act.row.pk, "owed_before": True}
    change_within(rows, fields, action="link_part", by=by, now=now)
    return rows


def _assign_again(
    act: _Act, known: Sequence[tuple[Share, Obligation]], *, by: User | None, now: datetime
) -> list[Obligation]:
    """Give bodies whose rows were withdrawn their parts with these."""
    workdays = CalendarDay.objects.workdays(act.today)
    fields = {
        "state": ASSIGNED,
        "broken_from_id": act.row.pk,
        "owed_before": False,
        "asks": act.terms.asks.strip(),
        "deliverable": act.terms.deliverable,
        "plan_due_on": act.terms.plan_due_on,
        "acknowledge_by": acknowledgement_day(act.today, workdays),
        "handed_to_id": None,
        "reason": "",
        "moved_at": now,
    }
    changes: dict[int, dict[str, Any]] = {}
    for share, row in known:
        day = act.day_of(share)
        changes[row.pk] = {
            "due_on": day,
            "original_due_on": day,
            "starts_on": _starts_on(act, day),
            "leader": share.leader,
            "contact": share.contact,
        }
    rows = [row for _share, row in known]
    change_within(rows, fields, changes_by_id=changes, action="reinstate", by=by, now=now)
    return rows


def _notify(row: Obligation, broken: BrokenDown, *, by: User | None, now: datetime) -> None:
    if by is not None:
        notices.notify_broken_down(row, [*broken.new, *broken.again], "broken_down", now=now)
        notices.notify_broken_down(row, broken.linked, "linked", now=now)


# what follows from moves of the whole, and taking parts out


def carry_down(
    obligation: Obligation, action: str, *, by: User | None, now: datetime, reason: str
) -> None:
    """Do with the parts, at every level, what a move of the whole means for them.

    Withdrawn, it takes its parts with it; those that are closed, or that their bodies owed before,
    become obligations of their own. Suspended or resumed, so are the parts in the state for it.
    """
    rows = list(_parts_of([obligation.pk])) if obligation.parts else []
    if not rows:
        return
    if action in CARRIED:
        _carry(rows, action, by=by, now=now, reason=reason)
    elif action in DOWNWARD:
        kept = [row for row in rows if row.owed_before or row.state == CLOSED]
        taken = [row for row in rows if row not in kept]
        fields = {"state": WITHDRAWN, "acknowledge_by": None, "reason": reason, "moved_at": now}
        change_within(taken, fields, action="withdraw", by=by, now=now, reason=reason)
        _release(kept, by=by, now=now, reason=reason)
        for row in taken:
            carry_down(row, action, by=by, now=now, reason=reason)
    obligation.refresh_from_db(fields=["parts", "percent", "version"])


def _carry(
    rows: Sequence[Obligation], action: str, *, by: User | None, now: datetime, reason: str
) -> None:
    step = OBLIGATION_MOVES[action]
    while rows:
        moving = [row for row in rows if row.state in step.sources]
        fields = {"state": step.target, "reason": reason, "moved_at": now, "asked_by_id": None}
        change_within(moving, fields, action=action, by=by, now=now, reason=reason)
        rows = list(_parts_of([row.pk for row in rows if row.parts]))


def _parts_of(ids: Iterable[int]) -> Iterable[Obligation]:
    return Obligation.objects.live().filter(broken_from__in=ids).select_related("organisation")


def _release(rows: Sequence[Obligation], *, by: User | None, now: datetime, reason: str) -> None:
    fields = {"broken_from_id": None, "owed_before": False}
    change_within(rows, fields, action="release_part", by=by, now=now, reason=reason)


@tallies.counted()
def release(
    *, part: Obligation, by: User | None, now: datetime, version: int | None = None
) -> Obligation:
    """Make a part that its body owed before an obligation of its own again.

    Raises NotAllowed, or Stale.
    """
    if not may(by, "release", part):
        raise NotAllowed(_("Parts are released by those who oversee them."))
    if version is not None and version != part.version:
        raise Stale(theirs=part)
    _release([part], by=by, now=now, reason="")
    return part
