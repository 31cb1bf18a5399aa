"""Every address of the product; tests walk this list."""

from django.urls import path, register_converter
from django.urls.converters import IntConverter

from directives.dashboard import views as dashboard
from directives.documents.views import (
    desk,
    directives,
    document_changes,
    documents,
    new_document,
)
from directives.downloads.views import exports, jobs
from directives.indicators.views import figures, indicators, statistics
from directives.intakes.views import fillable, intakes
from directives.my_work import views as mine
from directives.obligations.views import (
    as_said,
    delegating,
    extensions,
    handing_over,
    issuing,
    looking_back,
    obligations,
)
from directives.organisations import views as organisations
from directives.plans.views import files, log, measures, plans
from directives.record import views as events
from directives.replies.views import instructing, support
from directives.replies.views import requests as asked
from directives.reports.views import cycles, entries, papers, planned_cycles, reports, reviews
from directives.web import health, help, session


class Id(IntConverter):
    """The number of a row; one that no row can have is no address of the product."""

    regex = "[0-9]{1,15}"


register_converter(Id, "id")

urlpatterns = [
    path("script/", session.set_script, name="set_script"),
    path("session/second-step/", session.second_factor, name="second_factor"),
    path("session/stay/", session.session_stay, name="session_stay"),
    path("sessions/", session.sessions, name="sessions"),
    path("sessions/end/", session.sessions_end, name="sessions_end"),
    path("sessions/<id:pk>/end/", session.session_end, name="session_end"),
    path("", mine.my_work, name="my_work"),
    path("notices/", mine.notices, name="notices"),
    path("notices/read/", mine.notices_read, name="notices_read"),
    path("notices/<id:pk>/open/", mine.notice_open, name="notice_open"),
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("documents/", documents.documents, name="documents"),
    path("documents/new/", new_document.document_new, name="document_new"),
    path("documents/new/<id:pk>/", new_document.document_preview, name="document_preview"),
    path("documents/register/", new_document.document_register, name="document_register"),
    path("documents/<id:pk>/", documents.document, name="document"),
    path("documents/<id:pk>/correct/", document_changes.document_correct, name="document_correct"),
    path(
        "documents/<id:pk>/correct/save/",
        document_changes.document_correct_save,
        name="document_correct_save",
    ),
    path("documents/<id:pk>/again/", document_changes.document_again, name="document_again"),
    path(
        "documents/<id:pk>/again/read/",
        document_changes.document_read_anew,
        name="document_read_anew",
    ),
    path(
        "documents/<id:pk>/again/withdraw/",
        document_changes.document_withdraw,
        name="document_withdraw",
    ),
    path("documents/<id:pk>/source/", documents.document_source, name="document_source"),
    path(
        "documents/<id:pk>/repairs/<id:repair>/decide/",
        documents.repair_decide,
        name="repair_decide",
    ),
    path("documents/<id:pk>/text/", desk.document_text, name="document_text"),
    path("documents/<id:pk>/desk/", desk.desk, name="desk"),
    path("documents/<id:pk>/desk/act/", desk.desk_act, name="desk_act"),
    path("documents/<id:pk>/desk/undo/", desk.desk_undo, name="desk_undo"),
    path("documents/<id:pk>/desk/<id:row>/", desk.desk_row, name="desk_row"),
    path("documents/<id:pk>/desk/<id:row>/save/", desk.desk_row_save, name="desk_row_save"),
    path("documents/<id:pk>/desk/<id:row>/text/", desk.desk_row_text, name="desk_row_text"),
    path("documents/<id:pk>/matrix/", documents.matrix, name="matrix"),
    path("documents/<id:pk>/issue/", issuing.issue_choose, name="issue_choose"),
    path("documents/<id:pk>/issue/as-said/", as_said.issue_as_said, name="issue_as_said"),
    path(
        "documents/<id:pk>/issue/as-said/preview/",
        as_said.issue_as_said_preview,
        name="issue_as_said_preview",
    ),
    path(
        "documents/<id:pk>/issue/as-said/confirm/",
        as_said.issue_as_said_confirm,
        name="issue_as_said_confirm",
    ),
    path("documents/<id:pk>/issue/terms/", issuing.issue_terms, name="issue_terms"),
    path("documents/<id:pk>/issue/preview/", issuing.issue_preview, name="issue_preview"),
    path("documents/<id:pk>/issue/confirm/", issuing.issue_confirm, name="issue_confirm"),
    path("documents/<id:pk>/cycles/new/", cycles.cycle_new, name="cycle_new"),
    path("documents/<id:pk>/cycles/open/", cycles.cycle_open, name="cycle_open"),
    path("documents/<id:pk>/cycles/plan/", planned_cycles.cycle_plan, name="cycle_plan"),
    path(
        "documents/<id:pk>/cycles/plan/save/",
        planned_cycles.cycle_plan_save,
        name="cycle_plan_save",
    ),
    path("cycles/planned/<id:pk>/", planned_cycles.planned_cycle, name="planned_cycle"),
    path(
        "cycles/planned/<id:pk>/save/",
        planned_cycles.planned_cycle_save,
        name="planned_cycle_save",
    ),
    path(
        "cycles/planned/<id:pk>/delete/",
        planned_cycles.planned_cycle_delete,
        name="planned_cycle_delete",
    ),
    path(
        "cycles/planned/<id:pk>/open/",
        planned_cycles.planned_cycle_open,
        name="planned_cycle_open",
    ),
    path("jobs/<id:pk>/", jobs.job, name="job"),
    path("jobs/<id:pk>/go-on/", jobs.job_go_on, name="job_go_on"),
    path("jobs/<id:pk>/call-off/", jobs.job_call_off, name="job_call_off"),
    path("directives/<id:pk>/", directives.directive, name="directive"),
    path("directives/<id:pk>/support/", support.support_page, name="support"),
    path("directives/<id:pk>/support/ask/", support.support_ask, name="support_ask"),
    path("instructions/new/", instructing.instruct, name="instruct"),
    path("instructions/save/", instructing.instruct_save, name="instruct_save"),
    path("requests/", asked.reply_requests, name="reply_requests"),
    path("requests/<id:pk>/", asked.reply_request, name="reply_request"),
    path("requests/<id:pk>/reply/", asked.reply_give, name="reply_give"),
    path("requests/<id:pk>/<slug:action>/", asked.reply_decide, name="reply_decide"),
    path("directives/<id:pk>/correct/", directives.directive_correct, name="directive_correct"),
    path(
        "directives/<id:pk>/correct/save/",
        directives.directive_correct_save,
        name="directive_correct_save",
    ),
    path("organisations/", organisations.organisations, name="organisations"),
    path("organisations/<id:pk>/", organisations.organisation, name="organisation"),
    path("obligations/", obligations.obligations, name="obligations"),
    path("obligations/<id:pk>/", obligations.obligation, name="obligation"),
    path("obligations/acknowledge/", obligations.acknowledge_many, name="acknowledge_many"),
    path(
        "obligations/<id:pk>/move/<slug:action>/",
        obligations.obligation_move,
        name="obligation_move",
    ),
    path("obligations/<id:pk>/break-down/", delegating.break_down, name="break_down"),
    path(
        "obligations/<id:pk>/break-down/save/",
        delegating.break_down_save,
        name="break_down_save",
    ),
    path("obligations/<id:pk>/breakdown/", delegating.breakdown, name="breakdown"),
    path("obligations/<id:pk>/release/", delegating.part_release, name="part_release"),
    path("documents/<id:pk>/look-backs/", looking_back.look_backs, name="look_backs"),
    path("documents/<id:pk>/look-backs/rule/", looking_back.look_back_rule, name="look_back_rule"),
    path("documents/<id:pk>/look-backs/open/", looking_back.look_back_open, name="look_back_open"),
    path(
        "look-backs/<id:pk>/<slug:action>/", looking_back.look_back_result, name="look_back_result"
    ),
    path("obligations/<id:pk>/hand-over/", handing_over.hand_over, name="hand_over"),
    path("obligations/<id:pk>/hand-over/save/", handing_over.hand_over_save, name="hand_over_save"),
    path("obligations/<id:pk>/items/<id:state>/", obligations.item_state, name="item_state"),
    path("obligations/due/", extensions.due_correct, name="due_correct"),
    path("obligations/due/save/", extensions.due_correct_save, name="due_correct_save"),
    path("extensions/", extensions.extensions, name="extensions"),
    path("extensions/new/", extensions.extension_new, name="extension_new"),
    path("extensions/ask/", extensions.extension_ask, name="extension_ask"),
    path("extensions/decide/", extensions.extension_decide, name="extension_decide"),
    path("plans/", plans.plans, name="plans"),
    path("plans/start/", plans.plan_start, name="plan_start"),
    path("plans/<id:pk>/", plans.plan, name="plan"),
    path("plans/<id:pk>/paper/", papers.plan_as_paper, name="plan_paper"),
    path("plans/<id:pk>/save/", plans.plan_save, name="plan_save"),
    path("plans/<id:pk>/move/<slug:action>/", plans.plan_move, name="plan_move"),
    path("plans/<id:pk>/measures/add/", measures.measure_add, name="measure_add"),
    path("measures/<id:pk>/", measures.measure_edit, name="measure_edit"),
    path("measures/<id:pk>/save/", measures.measure_save, name="measure_save"),
    path("measures/<id:pk>/delete/", measures.measure_delete, name="measure_delete"),
    path("measures/<id:pk>/done/", measures.measure_done, name="measure_done"),
    path("log/", log.log, name="log"),
    path("log/add/", log.log_add, name="log_add"),
    path("log/<id:pk>/", log.log_entry, name="log_entry"),
    path("log/<id:pk>/edit/", log.log_edit, name="log_edit"),
    path("log/<id:pk>/withdraw/", log.log_withdraw, name="log_withdraw"),
    path("log/<id:pk>/correct/", log.log_correct, name="log_correct"),
    path("files/<id:pk>/", files.attachment, name="attachment"),
    path("files/add/", files.attachment_add, name="attachment_add"),
    path("files/<id:pk>/remove/", files.attachment_remove, name="attachment_remove"),
    path("reports/", reports.reports, name="reports"),
    path("reports/<id:pk>/", reports.report, name="report"),
    path("reports/<id:pk>/offline/", fillable.report_offline, name="report_offline"),
    path("reports/<id:pk>/paper/", papers.report_as_paper, name="report_paper"),
    path("reports/<id:pk>/begin/", reports.report_begin, name="report_begin"),
    path("reports/<id:pk>/redraft/", reports.report_redraft, name="report_redraft"),
    path("reports/<id:pk>/unchanged/", reports.report_unchanged, name="report_unchanged"),
    path("reports/<id:pk>/hand-in/", reports.report_hand_in, name="report_hand_in"),
    path("reports/<id:pk>/sign/", reports.report_sign, name="report_sign"),
    path("submissions/<id:pk>/", reports.submission, name="submission"),
    path("submissions/<id:pk>/paper/", papers.submission_as_paper, name="submission_paper"),
    path("entries/<id:pk>/save/", entries.entry_save, name="entry_save"),
    path("entries/<id:pk>/recall/", entries.entry_recall, name="entry_recall"),
    path("reports/<id:pk>/review/", reviews.report_review, name="report_review"),
    path("reports/<id:pk>/decide/", reviews.report_decide, name="report_decide"),
    path("plans/<id:pk>/review/", reviews.plan_review, name="plan_review"),
    path("plans/<id:pk>/decide/", reviews.plan_decide, name="plan_decide"),
    path("statistics/", statistics.statistics, name="statistics"),
    path("statistics/<id:pk>/", statistics.indicator, name="indicator"),
    path("statistics/<id:pk>/missing/", statistics.indicator_missing, name="indicator_missing"),
    path("statistics/report/<id:pk>/", figures.figures, name="figures"),
    path("statistics/report/<id:pk>/save/", figures.figures_save, name="figures_save"),
    path("documents/<id:pk>/indicators/", indicators.indicators, name="indicators"),
    path("documents/<id:pk>/indicators/add/", indicators.indicator_add, name="indicator_add"),
    path("indicators/<id:pk>/", indicators.indicator_edit, name="indicator_edit"),
    path("indicators/<id:pk>/save/", indicators.indicator_save, name="indicator_save"),
    path(
        "indicators/<id:pk>/move/<slug:action>/", indicators.indicator_move, name="indicator_move"
    ),
    path("events/", events.events, name="events"),
    path("exports/", exports.exports, name="exports"),
    path("exports/new/", exports.export_new, name="export_new"),
    path("exports/ask/", exports.export_ask, name="export_ask"),
    path("exports/<id:pk>/", exports.export, name="export"),
    path("exports/<id:pk>/file/", exports.export_file, name="export_file"),
    path("exports/<id:pk>/cancel/", exports.export_cancel, name="export_cancel"),
    path("exports/<id:pk>/delete/", exports.export_delete, name="export_delete"),
    path("exports/columns/<slug:key>/", exports.export_columns, name="export_columns"),
    path(
        "exports/columns/<slug:key>/save/", exports.export_columns_save, name="export_columns_save"
    ),
    path("intakes/", intakes.intakes, name="intakes"),
    path("intakes/new/<slug:kind>/", intakes.intake_new, name="intake_new"),
    path("intakes/new/<slug:kind>/template/", fillable.intake_template, name="intake_template"),
    path("intakes/<id:pk>/marked/", fillable.intake_marked, name="intake_marked"),
    path("intakes/new/<slug:kind>/upload/", intakes.intake_upload, name="intake_upload"),
    path("intakes/<id:pk>/", intakes.intake, name="intake"),
    path("intakes/<id:pk>/columns/", intakes.intake_columns, name="intake_columns"),
    path("intakes/<id:pk>/match/", intakes.intake_match, name="intake_match"),
    path("intakes/<id:pk>/check/", intakes.intake_check, name="intake_check"),
    path("intakes/<id:pk>/names/", intakes.intake_names, name="intake_names"),
    path("intakes/<id:pk>/choose/", intakes.intake_choose, name="intake_choose"),
    path("intakes/<id:pk>/apply/", intakes.intake_apply, name="intake_apply"),
    path("intakes/<id:pk>/undo/", intakes.intake_undo, name="intake_undo"),
    path("intakes/<id:pk>/discard/", intakes.intake_discard, name="intake_discard"),
    path("intakes/<id:pk>/faults/", intakes.intake_faults, name="intake_faults"),
    path("help/", help.help, name="help"),
    path("help/lights/", help.lights, name="lights"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
