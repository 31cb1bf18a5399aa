"""The background jobs that the worker runs, by the name stored in their rows."""

from directives.core import relighting
from directives.core.jobs import Act
from directives.documents.commands import slow_reading, slow_registering
from directives.downloads import export_job
from directives.intakes import applying, checking, undoing
from directives.obligations.commands import bulk_issuing
from directives.reports.commands import cycles

ACTS: dict[str, Act] = {
    "issue": bulk_issuing.ACT,
    "open_cycle": cycles.ACT,
    "relight": relighting.ACT,
    "check": checking.ACT,
    "apply": applying.ACT,
    "undo": undoing.ACT,
    "export": export_job.ACT,
    "read": slow_reading.ACT,
    "register": slow_registering.ACT,
}
