"""The words beside the figures of the dashboard."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = str | Promise

MISSED = {  # a clock that has run out
    "receipt": _("Receipt not acknowledged"),
    "plan": _("Plan not filed"),
    "report": _("Report not filed"),
    "completion": _("Not completed"),
}
RUNS_OUT = {  # a clock that runs out on a day
    "receipt": _("Receipt due"),
    "plan": _("Plan due"),
    "report": _("Report due"),
    "completion": _("Completion due"),
}
CAUSES = {
    "near": _("Near due"),
    "returned": _("Returned, to be revised"),
    "behind": _("Behind schedule"),
    "silent": _("Nothing heard"),
}
COVERED = {
    "receipt": _("Receipt acknowledged"),
    "plan": _("Plan filed"),
    "report": _("Report of this cycle in"),
}
HAPPENED = {
    "worse": _("newly overdue"),
    "better": _("no longer overdue"),
    "issued": _("assigned"),
    "received": _("acknowledged"),
    "disputed": _("disputed"),
    "plans": _("plans handed in"),
    "reports": _("report entries handed in"),
    "accepted": _("accepted"),
    "returned": _("returned for revision"),
    "closing": _("close-outs requested"),
    "closed": pgettext_lazy("since yesterday", "closed"),
}
WHOSE = {  # who must act next
    "staff": _("The body's staff"),
    "manager": _("The body's manager"),
    "supervisor": pgettext_lazy("whose move", "Supervisor"),
}
