"""The kinds of tables that can be imported, by key."""

from directives.documents.imports.directives import DIRECTIVES
from directives.indicators.imports import STATISTICS
from directives.obligations.imports.obligations import OBLIGATIONS
from directives.organisations.imports.bodies import BODIES
from directives.organisations.imports.calendar import CALENDAR
from directives.organisations.imports.people import PEOPLE
from directives.plans.imports.breakdown import BREAKDOWN
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
        BREAKDOWN,
        DIRECTIVES,
        OBLIGATIONS,
        MEASURES,
        LOG,
        ENTRIES,
        STATISTICS,
    )
}
