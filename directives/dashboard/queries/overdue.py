"""Overdue obligations, the longest overdue first, and who has to act next.

A dashboard shows a few of possibly millions of rows. If many rows in view are overdue, as at the
root, scanning the index of all overdue rows (document, light, light_on) from the oldest soon finds
enough. If few are, as in a county, they are read by the index of each body (organisation, document,
light) and sorted. For all documents, both ways have partial indexes of overdue rows. The number of
overdue rows in view is known from the stored totals; at FEW_ROWS both ways read about a thousand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from directives.base.states import AWAITING, DISPUTED
from directives.core import captions
from directives.dashboard.queries.choice import BoardChoice
from directives.dashboard.queries.counts import Vantage, of_document
from directives.models import Directive, Obligation, Organisation, Plan, ReportEntry
from directives.models.scope import in_subtree

FEW_ROWS = 1000  # up to so many overdue rows in view are read by body


@dataclass(frozen=True, slots=True)
class OverdueRow:
    """An overdue obligation, and who has to act next: staff, manager or supervisor."""

    obligation: Obligation
    next_actor: str

    @property
    def next_actor_label(self) -> captions.Caption:
        return captions.NEXT_ACTORS[self.next_actor]


def _rows_by_body(view: Vantage, document: int | None, choice: BoardChoice) -> QuerySet[Obligation]:
    """Overdue rows, read by the bodies in view."""
    rows = (
        Obligation.objects.counted()
        .overdue()
        .filter(**of_document(document), **choice.row_conditions())
    )
    if not view.has_counts:
        return rows.filter(organisation=view.body.pk)
    below = Organisation.objects.filter(in_subtree(view.body.path, "path"))
    return rows.filter(organisation__in=below.values("pk"))


def _rows_by_index(view: Vantage, document: int | None, choice: BoardChoice) -> QuerySet:
    """Overdue rows, written so that the database scans their index and checks each row.

    Every other condition is a subquery or an addition of 0, for which no index can be used.
    """
    body = Organisation.objects.filter(pk=OuterRef("organisation"))
    rows = (
        Obligation.objects.counted()
        .overdue()
        .filter(**of_document(document))
        .alias(path=Subquery(body.values("path")))
    )
    rows = rows.filter(in_subtree(view.body.path, "path"))
    if choice.section:
        rows = rows.alias(its_section=F("section_id") + 0).filter(its_section=choice.section)
    if choice.directive:
        rows = rows.alias(its_directive=F("directive_id") + 0).filter(
            its_directive=choice.directive
        )
    if choice.kind:
        rows = rows.alias(its_body=Subquery(body.values("kind"))).filter(its_body=choice.kind)
    if choice.about:
        about = Directive.objects.filter(pk=OuterRef("directive")).values("kind")
        rows = rows.alias(its_kind=Subquery(about)).filter(its_kind=choice.about)
    return rows


def longest_overdue(
    view: Vantage, document: int | None, choice: BoardChoice, *, red: int, limit: int
) -> tuple[OverdueRow, ...]:
    """The longest overdue rows in view, in one query; `red` is the number of all overdue rows."""
    if red > FEW_ROWS and view.has_counts:
        first = _rows_by_index(view, document, choice).order_by("light_on")
    else:  # ordered by an expression, so that the index of all overdue rows is not scanned
        first = _rows_by_body(view, document, choice).order_by(
            Coalesce("light_on", Value(date.max))
        )
    rows = _with_texts(Obligation.objects.filter(pk__in=first.values("pk")[:limit]))
    return tuple(OverdueRow(row, next_actor_of(row)) for row in rows)


def overdue_rows(view: Vantage, document: int | None, choice: BoardChoice) -> Iterator[OverdueRow]:
    """Every overdue obligation in view, streamed for an export."""
    rows = _with_texts(_rows_by_body(view, document, choice))
    return (OverdueRow(row, next_actor_of(row)) for row in rows.iterator(chunk_size=500))


def _with_texts(rows: QuerySet[Obligation]) -> QuerySet[Obligation]:
    """The rows with their texts and names, and the states of their plan and last report entry."""
    plans = Plan.objects.filter(
        organisation=OuterRef("organisation"), document=OuterRef("document"), live=True
    )
    entries = ReportEntry.objects.filter(obligation=OuterRef("pk")).order_by(
        "-report__cycle__due_on", "-report__cycle_id"
    )
    return (
        rows.select_related("directive", "organisation")
        .only(
            *("document_id", "state", "percent", "starts_on", "due_on"),
            *("light", "light_code", "light_on"),
            *(f"directive__{name}" for name in ("code", "text", "text_hans", "text_hant")),
            *(f"organisation__{name}" for name in ("code", "name_hans", "name_hant")),
        )
        .annotate(
            plan=Subquery(plans.values("state")[:1]), entry=Subquery(entries.values("state")[:1])
        )
        .order_by("light_on", "organisation__code", "directive__order")
    )


def next_actor_of(row: Any) -> str:
    """Who has to act next on an overdue obligation annotated by `_with_words`."""
    if row.state == DISPUTED:
        return "supervisor"
    states = {"plan": row.plan, "report": row.entry}
    awaiting = states.get(row.light_code.partition("_")[0]) == AWAITING
    return "manager" if awaiting else "staff"
