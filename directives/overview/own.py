"""What one body owes itself, from its own few rows: the same that is counted for bodies with others below them."""

from collections.abc import Iterable, Sequence

from directives.models import Obligation
from directives.overview.choice import Choice
from directives.overview.counts import Ground, Task, Vantage
from directives.overview.counts import ground as gathered
from directives.overview.scope import Lights

NAMES = ("code", "order", "text", "text_hans", "text_hant")
READ = (
    "state", "percent", "starts_on", "due_on", "light", "light_code", "light_on", "deliverable", "acknowledge_by", "plan_due_on",
    "report_due_on", "organisation_id", "document_id", "directive_id", "section_id",
)  # fmt: skip


def rows(view: Vantage, document: int, choice: Choice) -> list[Obligation]:
    """The obligations of the body under the filter, each with its directive, in the document's order: one query."""
    found = Obligation.objects.live().filter(organisation=view.body.pk, document=document, **choice.of_rows())
    found = found.select_related("directive").only(*READ, *(f"directive__{name}" for name in NAMES))
    return list(found.order_by("directive__order"))


def ground(view: Vantage, found: Iterable[Obligation]) -> Ground:
    """Their lights by section."""
    return gathered((view.body.pk, row.section_id, row.light, 1, row.percent) for row in found)


def tasks(found: Sequence[Obligation]) -> tuple[tuple[Task, Lights], ...]:
    """Each directive with the body's obligation."""
    return tuple((_task(row), Lights(**{row.light: 1}, percent_sum=row.percent)) for row in found)


def _task(row: Obligation) -> Task:
    told = row.directive
    return Task(told.pk, told.code, told.order, row.section_id, told.text, told.text_hans, told.text_hant, row)
