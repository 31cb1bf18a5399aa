"""Columns of the spreadsheets of plans, measures and the log."""

from django.utils.translation import gettext_lazy as _

from directives.base.wording import localized
from directives.tables.book import Column, path_to

PLAN = path_to("plan")
PLAN_COLUMNS = (
    Column(
        "organisation", _("Code of the organisation"), lambda plan: plan.organisation.code, width=12
    ),
    Column("name", _("Organisation"), lambda plan: localized(plan.organisation, "name"), width=24),
    Column("document", _("Document"), lambda plan: localized(plan.document, "title"), width=36),
    Column("kind", _("Kind of paper"), lambda plan: plan.get_kind_display(), width=12),
    Column("title", _("Title"), lambda plan: plan.title, width=40, link=lambda plan: PLAN(plan.pk)),
    Column("state", _("State"), lambda plan: plan.get_state_display(), width=10),
    Column("measures", _("Measures"), lambda plan: plan.measure_count, kind="number"),
    Column("covered", _("Directives covered"), lambda plan: plan.covered_count, kind="number"),
    Column("owed", _("Directives assigned"), lambda plan: plan.owed_count, kind="number"),
    Column("due_on", _("Due on"), lambda plan: plan.due_on, kind="date"),
    Column("submitted_at", _("Submitted at"), lambda plan: plan.submitted_at, kind="moment"),
    Column("decided_at", _("Decided at"), lambda plan: plan.decided_at, kind="moment"),
    Column("reason", _("Reason"), lambda plan: plan.reason, width=40),
)
MEASURE_COLUMNS = (
    Column("number", _("Number"), lambda line: line.number, kind="number", width=6),
    Column("text", _("Measure"), lambda line: line.text, width=48),
    Column(
        "directives",
        _("Serves"),
        lambda line: "、".join(served.code for served in line.serves),
        width=20,
    ),
    Column("responsible", _("Who"), lambda line: line.responsible, width=14),
    Column("due_on", _("Due on"), lambda line: line.due_on, kind="date"),
    Column("result", _("Form of result"), lambda line: line.result, width=24),
    Column("done_on", _("Done on"), lambda line: line.done_on, kind="date"),
    Column("logged", _("Log entries"), lambda line: line.log_count, kind="number"),
    Column("last_on", _("Last logged on"), lambda line: line.last_on, kind="date"),
    Column("id", _("Record ID"), lambda line: line.pk or None, kind="id", width=8),
    Column("version", _("Version"), lambda line: line.version or None, kind="id", width=6),
)
LOG_COLUMNS = (
    Column("on", _("Date"), lambda row: row.entry.on, kind="date"),
    Column(
        "organisation",
        _("Organisation"),
        lambda row: localized(row.entry.measure.plan.organisation, "name"),
        width=24,
    ),
    Column("codes", _("Directive codes"), lambda row: row.codes, width=18),
    Column("measure", _("Measure"), lambda row: row.entry.measure.text, width=40),
    Column("text", _("What was done"), lambda row: row.entry.text, width=60),
    Column(
        "evidence",
        _("Evidence"),
        lambda row: "、".join(file.name for file in row.files.files),
        width=30,
    ),
    Column("by", _("Entered by"), lambda row: str(row.entry.by), width=12),
    Column("amended", _("Correction"), lambda row: row.amended, width=18),
)
