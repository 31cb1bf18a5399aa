"""Who is late and why: overdue obligations, the longest overdue first, and whose move it is.

Few rows of millions are shown. Where much is overdue in view, as at the root, they are met soon by
walking the index of all overdue rows from the oldest on (document, light, light_on). Where little
is, as in a county, its rows are read through the index of each body (organisation, document, light)
and sorted. Of all documents both ways have an index of their own, of overdue rows alone. The number
of overdue rows in view is known from the kept totals; at FEW either way reads about a thousand.
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
from directives.models.scope import PATH_END

FEW = 1000  # overdue rows in view up to which their own indexes are read


@dataclass(frozen=True, slots=True)
class Late:
    """An overdue obligation and whose move it is: staff, manager or supervisor."""

    obligation: Obligation
    whose: str

    @property
    def whose_words(self) -> captions.Words:
        return captions.WHOSE[self.whose]


def _near(view: Vantage, document: int | None, choice: BoardChoice) -> QuerySet[Obligation]:
    """Overdue rows through the bodies in view."""
    rows = Obligation.objects.overdue().filter(**of_document(document), **choice.of_rows())
    if not view.counted:
        return rows.filter(organisation=view.body.pk)
    below = Organisation.objects.filter(
        path__gte=view.body.path, path__lte=view.body.path + PATH_END
    )
    return rows.filter(organisation__in=below.values("pk"))


def _walk(view: Vantage, document: int | None, choice: BoardChoice) -> QuerySet:
    """Overdue rows in the order of their index, each asked where it lies and what it is.

    Every condition is written so that neither engine can begin with it: as a subquery about the
    row, or a sum with nothing.
    """
    body = Organisation.objects.filter(pk=OuterRef("organisation"))
    rows = (
        Obligation.objects.overdue()
        .filter(**of_document(document))
        .alias(lies=Subquery(body.values("path")))
    )
    rows = rows.filter(lies__gte=view.body.path, lies__lte=view.body.path + PATH_END)
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


def oldest(
    view: Vantage, document: int | None, choice: BoardChoice, *, red: int, limit: int
) -> tuple[Late, ...]:
    """The longest overdue rows in view; `red` is how many are overdue. One query."""
    if red > FEW and view.counted:
        first = _walk(view, document, choice).order_by("light_on")
    else:  # an expression: no engine walks the index of the nation for it
        first = _near(view, document, choice).order_by(Coalesce("light_on", Value(date.max)))
    rows = _with_words(Obligation.objects.filter(pk__in=first.values("pk")[:limit]))
    return tuple(Late(row, whose_move(row)) for row in rows)


def late_rows(view: Vantage, document: int | None, choice: BoardChoice) -> Iterator[Late]:
    """Every overdue obligation in view, for a sheet to walk through."""
    rows = _with_words(_near(view, document, choice))
    return (Late(row, whose_move(row)) for row in rows.iterator(chunk_size=500))


def _with_words(rows: QuerySet[Obligation]) -> QuerySet[Obligation]:
    """The rows with their words, and the states of their plan and last report entry."""
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


def whose_move(row: Any) -> str:
    """Who must act next on an overdue obligation, as `_with_words` annotates it."""
    if row.state == DISPUTED:
        return "supervisor"
    states = {"plan": row.plan, "report": row.entry}
    awaiting = states.get(row.light_code.partition("_")[0]) == AWAITING
    return "manager" if awaiting else "staff"
