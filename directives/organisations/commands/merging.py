"""A body merged into another (撤并): its work goes over, what it filed stays with it as history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from directives.base import tree_lock
from directives.base.refusals import Invalid, Stale
from directives.base.states import CLOSED, WITHDRAWN
from directives.core import audit, notices
from directives.core.transitions import change_obligations
from directives.models import Document, Obligation, Organisation, User
from directives.organisations.commands.tree import demand
from directives.tallies import count_items, counted, gathering


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merger did, or would do: obligations that go over, and those withdrawn because the successor owes them itself."""

    body: Organisation
    into: Organisation
    over: int
    withdrawn: int


def reasons_unmergeable(body: Organisation, now: datetime) -> list[str]:
    """All that stands against merging a body at all, in words, with what to do first."""
    today, names, found = timezone.localdate(now), {"body": body.name_hans}, []
    if Organisation.objects.filter(parent=body).exists():
        found.append(_("%(body)s has organisations below it. Move or merge these first.") % names)
    if body.valid_to is not None and body.valid_to <= today:
        found.append(_("%(body)s is already abolished.") % names)
    if body.valid_from is not None and body.valid_from >= today:
        found.append(
            _("%(body)s was founded today or later. Correct the date or wait until tomorrow.")
            % names
        )
    return found


def merge_obstacles(body: Organisation, into: Organisation, now: datetime) -> list[str]:
    """All that stands against merging one body into another, in words, with what to do first."""
    today, names = timezone.localdate(now), {"body": body.name_hans, "into": into.name_hans}
    if body.pk == into.pk:
        return [_("%(body)s cannot be merged into itself.") % names]
    found = reasons_unmergeable(body, now)
    if into.valid_to is not None and into.valid_to <= today:
        found.append(_("%(into)s was abolished. Choose its successor.") % names)
    if _leads_back(into, body):
        found.append(_("%(body)s is already named as the successor of %(into)s.") % names)
    return found


def _leads_back(body: Organisation, to: Organisation) -> bool:
    """The chain of successors of a body comes to another."""
    seen, at = {body.pk}, body.successor_id
    while at is not None and at not in seen:
        if at == to.pk:
            return True
        seen.add(at)
        at = Organisation.objects.values_list("successor_id", flat=True).get(pk=at)
    return False


def preview_merge(body: Organisation, *, into: Organisation) -> Merged:
    """What merging would do."""
    rows = Obligation.objects.live().filter(organisation=body)
    double = rows.filter(directive__in=_owed(into))
    return Merged(
        body,
        into,
        rows.exclude(directive__in=_owed(into)).count(),
        double.exclude(state=CLOSED).count(),
    )


def _owed(into: Organisation) -> QuerySet:
    """Directives of which the successor has an obligation, be it a withdrawn one: there is one for each pair."""
    return Obligation.objects.filter(organisation=into).values("directive")


@counted()
def merge_bodies(
    body: Organisation,
    *,
    into: Organisation,
    by: User | None,
    now: datetime,
    version: int | None = None,
) -> Merged:
    """Let a body cease to exist today and another take its work over.

    Obligations go over with their state and clocks, and the documents that it registered; what the successor owes already is
    withdrawn, unless it is closed: that stays as it is, as plans, reports and the record do. The people of both are told.
    Raises NotAllowed, Stale, or Invalid with all that stands against it.
    """
    demand(by)
    # Whoever holds one of these may be waiting for the lock of the tree: the rows first, in the order in which reports are begun. Without
    # their keys: whoever filed something about one shares the lock when PostgreSQL looks, at the commit, whether it is there.
    locked = (
        Obligation.objects.select_for_update(no_key=True, of=("self",))
        .filter(organisation=body.pk)
        .order_by("directive__order", "pk")
    )
    list(locked.values_list("pk"))
    tree_lock.hold_alone()
    body, into = Organisation.objects.get(pk=body.pk), Organisation.objects.get(pk=into.pk)
    if version not in (None, body.version):
        raise Stale(theirs=body)
    found = merge_obstacles(body, into, now)
    if found:
        raise Invalid({"into": found})
    rows = list(Obligation.objects.live().filter(organisation=body).select_related("organisation"))
    owed = set(_owed(into).values_list("directive", flat=True))
    over = [row for row in rows if row.directive_id not in owed]
    double = [row for row in rows if row.directive_id in owed and row.state != CLOSED]
    with translation.override(
        "zh-hans"
    ):  # stored words: the bodies' own language, whoever reads them
        reason = _("%(body)s was merged into %(into)s.") % {
            "body": body.name_hans,
            "into": into.name_hans,
        }
    _withdraw(double, reason, by, now)
    _hand_over(over, into, reason, by, now)
    _own(body, into, reason, by, now)
    _end(body, into, reason, by, now)
    merged = Merged(body, into, len(over), len(double))
    notices.merged(body, into, over=len(over), withdrawn=len(double), now=now)
    return merged


def _withdraw(rows: Sequence[Obligation], reason: str, by: User | None, now: datetime) -> None:
    fields = {"state": WITHDRAWN, "acknowledge_by": None, "reason": reason, "moved_at": now}
    change_obligations(rows, fields, action="withdraw", by=by, now=now, reason=reason)


def _hand_over(
    rows: Sequence[Obligation], into: Organisation, reason: str, by: User | None, now: datetime
) -> None:
    """State, percent and clocks go along; so do the items."""
    delta = gathering()
    count_items(delta, rows, -1)
    change_obligations(
        rows, {"organisation": into}, action="hand_over", by=by, now=now, reason=reason
    )
    count_items(delta, rows)


def _own(
    body: Organisation, into: Organisation, reason: str, by: User | None, now: datetime
) -> None:
    """What the body registered belongs to its successor."""
    documents = list(
        Document.objects.select_for_update(no_key=True)
        .filter(organisation=body)
        .only("organisation")
        .order_by("pk")
    )
    Document.objects.filter(organisation=body).update(organisation=into, version=F("version") + 1)
    before, after = {"organisation": body.name_hans}, {"organisation": into.name_hans}
    for document in documents:
        document.organisation = into
    audit.record_many(
        "own",
        [audit.Change(row, before, after) for row in documents],
        by=by,
        now=now,
        reason=reason,
    )


def _end(
    body: Organisation, into: Organisation, reason: str, by: User | None, now: datetime
) -> None:
    """The body exists no longer from today on."""
    before: dict[str, Any] = {"valid_to": body.valid_to, "successor_id": body.successor_id}
    after: dict[str, Any] = {"valid_to": timezone.localdate(now), "successor_id": into.pk}
    Organisation.objects.filter(pk=body.pk).update(**after, version=F("version") + 1)
    body.refresh_from_db()
    audit.record("merge", body, by=by, now=now, before=before, after=after, reason=reason)
