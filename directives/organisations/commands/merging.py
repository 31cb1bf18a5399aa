"""Merging a body into another (撤并), which takes over its work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from directives.base import tree_lock
from directives.base.refusals import Invalid, Stale
from directives.base.states import CLOSED, WITHDRAWN
from directives.core import audit, notices
from directives.core.parts import rows_above
from directives.core.transitions import change_obligations
from directives.models import Document, Obligation, Organisation, User
from directives.organisations.commands.tree import demand
from directives.tallies import count_items, counted, pending_delta


@dataclass(frozen=True, slots=True)
class Merged:
    """The effects of a merger, done or planned."""

    body: Organisation
    successor: Organisation
    transferred: int  # obligations
    withdrawn: int  # obligations for directives that the successor already has


def reasons_unmergeable(body: Organisation, now: datetime) -> list[str]:
    """The reasons why a body cannot be merged into any other, each with a remedy."""
    today, names, reasons = timezone.localdate(now), {"body": body.name_hans}, []
    if Organisation.objects.filter(parent=body).exists():
        reasons.append(_("%(body)s has organisations below it. Move or merge these first.") % names)
    if body.valid_to is not None and body.valid_to <= today:
        reasons.append(_("%(body)s is already abolished.") % names)
    if body.valid_from is not None and body.valid_from >= today:
        reasons.append(
            _("%(body)s was founded today or later. Correct the date or wait until tomorrow.")
            % names
        )
    return reasons


def merge_obstacles(body: Organisation, successor: Organisation, now: datetime) -> list[str]:
    """The reasons why one body cannot be merged into another, each with a remedy."""
    today, names = timezone.localdate(now), {"body": body.name_hans, "into": successor.name_hans}
    if body.pk == successor.pk:
        return [_("%(body)s cannot be merged into itself.") % names]
    reasons = reasons_unmergeable(body, now)
    if successor.valid_to is not None and successor.valid_to <= today:
        reasons.append(_("%(into)s was abolished. Choose its successor.") % names)
    if _is_succeeded_by(successor, body):
        reasons.append(_("%(body)s is already named as the successor of %(into)s.") % names)
    return reasons


def _is_succeeded_by(body: Organisation, target: Organisation) -> bool:
    """Whether `target` is among the successors of a body."""
    visited, successor_id = {body.pk}, body.successor_id
    while successor_id is not None and successor_id not in visited:
        if successor_id == target.pk:
            return True
        visited.add(successor_id)
        successor_id = Organisation.objects.values_list("successor_id", flat=True).get(
            pk=successor_id
        )
    return False


def preview_merge(body: Organisation, *, successor: Organisation) -> Merged:
    rows = Obligation.objects.live().filter(organisation=body)
    duplicates = rows.filter(directive__in=_directives_of(successor)).exclude(state=CLOSED)
    transferred = rows.exclude(directive__in=_directives_of(successor))
    return Merged(body, successor, transferred.count(), duplicates.count())


def _directives_of(successor: Organisation) -> QuerySet[Any, Any]:
    """Directives for which the successor has an obligation, even a withdrawn one."""
    return Obligation.objects.filter(organisation=successor).values("directive")


@counted()
def merge_bodies(
    body: Organisation,
    *,
    successor: Organisation,
    by: User | None,
    now: datetime,
    version: int | None = None,
) -> Merged:
    """Abolish a body as of today, and transfer its work to another.

    Its documents are transferred, and its obligations with their state and clocks. An obligation
    that the successor has already is withdrawn unless it is closed; in a breakdown the successor's
    takes its place. Plans, reports and the audit log stay. The people of both are notified. Raises
    NotAllowed, Stale, or Invalid with every obstacle.
    """
    demand(by)
    _lock_obligations(body, successor)
    tree_lock.hold_exclusively()
    body = Organisation.objects.get(pk=body.pk)
    successor = Organisation.objects.get(pk=successor.pk)
    if version not in (None, body.version):
        raise Stale(theirs=body)
    if reasons := merge_obstacles(body, successor, now):
        raise Invalid({"into": reasons})
    rows = list(Obligation.objects.live().filter(organisation=body).select_related("organisation"))
    owed = set(_directives_of(successor).values_list("directive", flat=True))
    transferred = [row for row in rows if row.directive_id not in owed]
    duplicates = [row for row in rows if row.directive_id in owed and row.state != CLOSED]
    names = {"body": body.name_hans, "into": successor.name_hans}
    with translation.override("zh-hans"):  # stored for all readers
        reason = _("%(body)s was merged into %(into)s.") % names
    _withdraw(duplicates, successor, reason, by, now)
    _hand_over(transferred, successor, reason, by, now)
    _hand_over_documents(body, successor, reason, by, now)
    _abolish(body, successor, reason, by, now)
    merged = Merged(body, successor, len(transferred), len(duplicates))
    notices.notify_merged(
        body, successor, over=len(transferred), withdrawn=len(duplicates), now=now
    )
    return merged


def _lock_obligations(body: Organisation, successor: Organisation) -> None:
    # With those of which they are parts, their parts, and what the successor has. Before the tree,
    # in the order in which starting a report locks them: its transaction may wait for the tree
    # lock. no_key: PostgreSQL checks foreign keys to these rows when another holder of the tree
    # lock commits.
    rows = Obligation.objects.select_for_update(no_key=True, of=("self",))
    own = Obligation.objects.filter(organisation=body.pk)
    in_breakdowns = own.filter(Q(parts__gt=0) | Q(broken_from__isnull=False))
    concerned = (
        Q(organisation=body.pk)
        | Q(broken_from__in=own.values("pk"))
        | Q(pk__in=own.values("broken_from"))
        | Q(organisation=successor.pk, directive__in=in_breakdowns.values("directive"))
    )
    list(rows.filter(concerned).order_by("directive__order", "pk").values_list("pk"))


def _withdraw(
    rows: Sequence[Obligation], successor: Organisation, reason: str, by: User | None, now: datetime
) -> None:
    fields = {"state": WITHDRAWN, "acknowledge_by": None, "reason": reason, "moved_at": now}
    change_obligations(rows, fields, action="withdraw", by=by, now=now, reason=reason)
    _hand_over_parts(rows, successor, reason, by, now)


def _hand_over_parts(
    withdrawn: Sequence[Obligation],
    successor: Organisation,
    reason: str,
    by: User | None,
    now: datetime,
) -> None:
    """Give the successor's obligation the parts of a withdrawn one, and make it a part as well."""
    rows = Obligation.objects.live().select_related("organisation")
    theirs = {
        row.directive_id: row
        for row in rows.filter(
            organisation=successor, directive__in=[row.directive_id for row in withdrawn]
        )
    }
    change = partial(change_obligations, action="hand_over", by=by, now=now, reason=reason)
    for row in withdrawn:
        heir = theirs.get(row.directive_id)
        taken = [part for part in rows.filter(broken_from=row.pk) if part != heir]
        change(taken, {"broken_from_id": heir.pk if heir else None})
        if heir is None or heir.broken_from_id not in (None, row.pk):
            continue
        heir.refresh_from_db()  # its parts have changed
        whole = row.broken_from_id
        if whole is not None and heir.pk not in rows_above([whole]):
            fields = {"broken_from_id": whole, "owed_before": True}
            change([heir], fields)
        elif heir.broken_from_id is not None:
            change([heir], {"broken_from_id": None, "owed_before": False})


def _hand_over(
    rows: Sequence[Obligation], successor: Organisation, reason: str, by: User | None, now: datetime
) -> None:
    delta = pending_delta()
    count_items(delta, rows, -1)
    change_obligations(
        rows, {"organisation": successor}, action="hand_over", by=by, now=now, reason=reason
    )
    count_items(delta, rows)


def _hand_over_documents(
    body: Organisation, successor: Organisation, reason: str, by: User | None, now: datetime
) -> None:
    owned = Document.objects.filter(organisation=body)
    documents = list(owned.select_for_update(no_key=True).only("organisation").order_by("pk"))
    owned.update(organisation=successor, version=F("version") + 1)
    before, after = {"organisation": body.name_hans}, {"organisation": successor.name_hans}
    for document in documents:
        document.organisation = successor
    changes = [audit.Change(row, before, after) for row in documents]
    audit.record_many("own", changes, by=by, now=now, reason=reason)


def _abolish(
    body: Organisation, successor: Organisation, reason: str, by: User | None, now: datetime
) -> None:
    before: dict[str, Any] = {"valid_to": body.valid_to, "successor_id": body.successor_id}
    after: dict[str, Any] = {"valid_to": timezone.localdate(now), "successor_id": successor.pk}
    Organisation.objects.filter(pk=body.pk).update(**after, version=F("version") + 1)
    body.refresh_from_db()
    audit.record("merge", body, by=by, now=now, before=before, after=after, reason=reason)
