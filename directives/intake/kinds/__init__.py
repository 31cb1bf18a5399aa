"""What kinds of tables can be brought in."""

from directives.intake.fields import Kind
from directives.intake.kinds.bodies import BODIES
from directives.intake.kinds.calendar import CALENDAR
from directives.intake.kinds.directives import DIRECTIVES
from directives.intake.kinds.entries import ENTRIES
from directives.intake.kinds.log import LOG
from directives.intake.kinds.measures import MEASURES
from directives.intake.kinds.obligations import OBLIGATIONS
from directives.intake.kinds.people import PEOPLE
from directives.intake.kinds.statistics import STATISTICS
from directives.intake.kinds.tasks import TASKS

KINDS: dict[str, Kind] = {
    kind.key: kind for kind in (BODIES, PEOPLE, CALENDAR, TASKS, DIRECTIVES, OBLIGATIONS, MEASURES, LOG, ENTRIES, STATISTICS)
}
