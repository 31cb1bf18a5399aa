"""The figures of bodies with few obligations, computed from the rows."""

from collections.abc import Iterable, Sequence
from operator import attrgetter

from directives.core.scope import Lights
from directives.dashboard.queries.choice import BoardChoice
from directives.dashboard.queries.counts import (
    BoardLights,
    Task,
    Vantage,
    board_lights,
    of_document,
)
from directives.models import Obligation, Organisation
from directives.models.scope import in_subtree

NAMES = ("code", "order", "text", "text_hans", "text_hant")
FEW_ROWS, FEW_BODIES = 2_000, 300
COLUMNS = (
    *("state", "percent", "starts_on", "due_on", "light", "light_code", "light_on"),
    *("deliverable", "acknowledge_by", "plan_due_on", "report_due_on", "reply_due_on", "parts"),
    *("organisation_id", "document_id", "directive_id", "section_id"),
)


def rows(view: Vantage, document: int | None, choice: BoardChoice) -> list[Obligation]:
    """The live obligations of the body under the filter, in one query.

    They have their directives loaded if they are of one document.
    """
    obligations = Obligation.objects.live().filter(
        organisation=view.body.pk, **of_document(document), **choice.row_conditions()
    )
    if document is None:
        return list(obligations.only(*COLUMNS))
    obligations = obligations.select_related("directive").only(
        *COLUMNS, *(f"directive__{name}" for name in NAMES)
    )
    return list(obligations.order_by("directive__order"))


def are_few(view: Vantage, total: int) -> bool:
    """Whether so few bodies have so few rows (`total`) that these are read. One query."""
    if total > FEW_ROWS:
        return False
    below = Organisation.objects.filter(in_subtree(view.body.path, "path"))
    return below[: FEW_BODIES + 1].count() <= FEW_BODIES


def rows_below(view: Vantage, document: int | None, choice: BoardChoice) -> list[Obligation]:
    """The live obligations of the body and all below it under the filter, in one query."""
    bodies = Organisation.objects.filter(in_subtree(view.body.path, "path")).values("pk")
    obligations = Obligation.objects.live().filter(
        organisation__in=bodies, **of_document(document), **choice.row_conditions()
    )
    return list(obligations.only(*COLUMNS))


def lights_of_rows(
    view: Vantage, document: int | None, obligations: Iterable[Obligation]
) -> BoardLights:
    """The lights of these rows by section, or by document for all documents."""
    part = attrgetter("section_id" if document else "document_id")
    return board_lights((view.body.pk, part(row), row.light, 1, row.percent) for row in obligations)


def tasks(obligations: Sequence[Obligation]) -> tuple[tuple[Task, Lights], ...]:
    """Each directive with the body's obligation, and its light."""
    return tuple(
        (_task(row), Lights(**{row.light: 1}, percent_sum=row.percent)) for row in obligations
    )


def _task(row: Obligation) -> Task:
    directive = row.directive
    return Task(
        directive.pk,
        directive.code,
        directive.order,
        row.section_id,
        directive.text,
        directive.text_hans,
        directive.text_hant,
        row,
    )
