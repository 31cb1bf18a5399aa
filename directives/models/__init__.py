"""The models, with their constraints and the rules who sees which row. Commands change rows."""

from directives.models.audit import Event, RefusalCount, Seal, Unsealed
from directives.models.body_names import BodyAlias, BodyClass, BodyName
from directives.models.close_outs import CloseOut, CloseOutEvidence
from directives.models.documents import (
    Addressee,
    DeskAct,
    Directive,
    Document,
    DocumentPart,
    Item,
    LeftOut,
    Repair,
    Section,
)
from directives.models.exports import Export, ListChoice
from directives.models.extensions import Extension
from directives.models.indicators import Figure, FigureTotal, Indicator
from directives.models.intakes import Intake, IntakeRow, Matching
from directives.models.jobs import BackgroundJob, CalendarDay, FormKey, JobProgress, JobRun, Notice
from directives.models.look_backs import LookBack, LookBackRule
from directives.models.obligations import ItemState, Obligation
from directives.models.organisations import Organisation
from directives.models.people import Membership, PendingRight, User
from directives.models.plans import LogEntry, Measure, Plan
from directives.models.replies import ReplyRequest
from directives.models.reports import (
    Attachment,
    Cycle,
    LogUse,
    PlannedCycle,
    ProgressReport,
    ReportEntry,
    Submission,
    Verdict,
)
from directives.models.sign_ins import FormerPassword, OpenSession, SignInAttempt
from directives.models.tallies import (
    ALWAYS,
    DocumentTotal,
    Mark,
    OverallDay,
    OverallMark,
    Owing,
    Tally,
    TallyDay,
    Total,
)

__all__ = [
    "ALWAYS",
    "Addressee",
    "Attachment",
    "CalendarDay",
    "BackgroundJob",
    "BodyAlias",
    "BodyClass",
    "BodyName",
    "CloseOut",
    "CloseOutEvidence",
    "Cycle",
    "PlannedCycle",
    "DeskAct",
    "Directive",
    "Document",
    "DocumentPart",
    "DocumentTotal",
    "Event",
    "Export",
    "Extension",
    "Figure",
    "FigureTotal",
    "FormKey",
    "FormerPassword",
    "Indicator",
    "Intake",
    "IntakeRow",
    "Item",
    "ItemState",
    "JobProgress",
    "JobRun",
    "LeftOut",
    "ListChoice",
    "LogEntry",
    "LogUse",
    "LookBack",
    "LookBackRule",
    "Mark",
    "Matching",
    "Measure",
    "Membership",
    "Notice",
    "Obligation",
    "OpenSession",
    "Organisation",
    "OverallDay",
    "OverallMark",
    "Owing",
    "PendingRight",
    "Plan",
    "ProgressReport",
    "RefusalCount",
    "Repair",
    "ReplyRequest",
    "ReportEntry",
    "Seal",
    "Section",
    "SignInAttempt",
    "Submission",
    "Tally",
    "TallyDay",
    "Total",
    "Unsealed",
    "User",
    "Verdict",
]
