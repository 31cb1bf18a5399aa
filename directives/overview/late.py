"""Who is late and why: overdue obligations, the longest overdue first, each with whose move it is."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from directives.models import Obligation, Plan, ReportEntry
from directives.overview import captions
from directives.overview.counts import Vantage
from directives.states import AWAITING, DISPUTED


@dataclass(frozen=True, slots=True)
class Late:
    """An overdue obligation and whose move it is: staff, manager or supervisor."""

    obligation: Obligation
    whose: str

    @property
    def whose_words(self) -> captions.Words:
        return captions.WHOSE[self.whose]


class Rows:
    """Overdue rows, read when they are asked for."""

    def __init__(self, rows: QuerySet[Obligation]) -> None:
        self.rows = rows

    def __getitem__(self, part: slice) -> tuple[Late, ...]:
        return tuple(Late(row, whose_move(row)) for row in self.rows[part])

    def __iter__(self) -> Iterator[Late]:
        return (Late(row, whose_move(row)) for row in self.rows.iterator(chunk_size=500))


def late_rows(view: Vantage, document: int) -> Rows:
    """Every overdue obligation in view, the longest overdue first, for a page to slice or a sheet to walk through."""
    plans = Plan.objects.filter(organisation=OuterRef("organisation"), document=document, live=True)
    entries = ReportEntry.objects.filter(obligation=OuterRef("pk")).order_by("-report__cycle__due_on")
    names = ("code", "text", "text_hans", "text_hant")
    rows: QuerySet[Obligation] = (
        Obligation.objects.overdue()
        .filter(view.condition(), document=document)
        .select_related("directive", "organisation")
        .only(
            "state", "percent", "starts_on", "due_on", "light", "light_code", "light_on", *(f"directive__{name}" for name in names),
            "organisation__code", "organisation__name_hans", "organisation__name_hant",
        )
        .annotate(plan=Subquery(plans.values("state")[:1]), entry=Subquery(entries.values("state")[:1]))
        .order_by("light_on", "organisation__code", "directive__order")
    )  # fmt: skip
    return Rows(rows)


def whose_move(row: Obligation) -> str:
    """Who must act next on an overdue obligation that `late_rows` read."""
    clock = row.light_code.partition("_")[0]
    if row.state == DISPUTED:
        return "supervisor"
    return "manager" if {"plan": row.plan, "report": row.entry}.get(clock) == AWAITING else "staff"
