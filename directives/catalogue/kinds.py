"""The kinds of tables that can be imported, by key."""

from directives.documents.imports.directives import DIRECTIVES
from directives.documents.imports.tasks import TASKS
from directives.indicators.imports import STATISTICS
from directives.obligations.imports.obligations import OBLIGATIONS
from directives.organisations.imports.bodies import BODIES
from directives.organisations.imports.calendar import CALENDAR
from directives.organisations.imports.people import PEOPLE
from directives.plans.imports.log import LOG
from directives.plans.imports.measures import MEASURES
from directives.reports.imports.entries import ENTRIES
from directives.tables.fields import TableKind

KINDS: dict[str, TableKind] = {
    kind.key: kind
    for kind in (
        BODIES,
        PEOPLE,
        CALENDAR,
        TASKS,
        DIRECTIVES,
        OBLIGATIONS,
        MEASURES,
        LOG,
        ENTRIES,
        STATISTICS,
    )
}
