"""The labels of the figures on the dashboard."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Caption = str | Promise

OVERDUE_LABELS = {  # clock → label once its day has passed
    "receipt": _("Not acknowledged"),
    "plan": _("Plan not submitted"),
    "report": _("Report not submitted"),
    "completion": _("Not completed"),
    "reply": _("Not replied"),
}
DUE_LABELS = {  # clock → label before a day
    "receipt": _("Acknowledge by"),
    "plan": _("Plan due"),
    "report": _("Report due"),
    "completion": _("Completion due"),
    "reply": _("Reply due"),
}
CAUSES = {
    "near": _("Near due"),
    "returned": _("Returned, to be revised"),
    "behind": _("Behind schedule"),
    "silent": _("No recent activity"),
}
COVERED = {
    "receipt": _("Acknowledged"),
    "plan": _("Plan submitted"),
    "report": _("Reports submitted this cycle"),
}
ACT_LABELS = {
    "worse": _("newly overdue"),
    "better": _("no longer overdue"),
    "issued": _("assigned"),
    "received": _("acknowledged"),
    "disputed": _("disputed"),
    "plans": _("plans submitted"),
    "reports": _("report entries submitted"),
    "accepted": _("accepted"),
    "returned": _("returned for revision"),
    "closing": _("close requests"),
    "closed": pgettext_lazy("since yesterday", "closed"),
}
NEXT_ACTORS = {  # who must act next
    "staff": _("The organisation’s staff"),
    "manager": _("The organisation’s manager"),
    "supervisor": pgettext_lazy("whose move", "Supervisor"),
}
