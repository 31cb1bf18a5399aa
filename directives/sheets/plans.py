"""Plans and the log as spreadsheets: their columns."""

from django.utils.translation import gettext_lazy as _

from directives.sheets.out import Column
from directives.wording import picked

PLAN_COLUMNS = (
    Column(_("Code of the body"), lambda plan: plan.organisation.code, width=12),
    Column(_("Body"), lambda plan: picked(plan.organisation, "name"), width=24),
    Column(_("Document"), lambda plan: picked(plan.document, "title"), width=36),
    Column(_("Kind of paper"), lambda plan: plan.get_kind_display(), width=12),
    Column(_("Title"), lambda plan: plan.title, width=40),
    Column(_("State"), lambda plan: plan.get_state_display(), width=10),
    Column(_("Measures"), lambda plan: plan.measure_count, kind="number"),
    Column(_("Directives covered"), lambda plan: plan.covered_count, kind="number"),
    Column(_("Directives owed"), lambda plan: plan.owed_count, kind="number"),
    Column(_("Due on"), lambda plan: plan.due_on, kind="date"),
    Column(_("Handed in at"), lambda plan: plan.submitted_at, kind="moment"),
    Column(_("Decided at"), lambda plan: plan.decided_at, kind="moment"),
    Column(_("Reason"), lambda plan: plan.reason, width=40),
)
LOG_COLUMNS = (
    Column(_("Day"), lambda row: row.entry.on, kind="date"),
    Column(_("Body"), lambda row: picked(row.entry.measure.plan.organisation, "name"), width=24),
    Column(_("Clauses"), lambda row: row.codes, width=18),
    Column(_("Measure"), lambda row: row.entry.measure.text, width=40),
    Column(_("What was done"), lambda row: row.entry.text, width=60),
    Column(_("Evidence"), lambda row: "、".join(file.name for file in row.files.files), width=30),
    Column(_("Written by"), lambda row: str(row.entry.by), width=12),
)
