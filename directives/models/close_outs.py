"""Requests to close obligations, with the evidence that they rest on."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.states import CLOSE_OUT_STATES, CLOSE_REQUESTED
from directives.models.obligations import Obligation
from directives.models.people import User
from directives.models.plans import LogEntry
from directives.models.reports import Attachment
from directives.models.scope import ScopedQuerySet


class CloseOutQuerySet(ScopedQuerySet):
    owner = "obligation__organisation"


class CloseOut(models.Model):
    """A request to close an obligation (销号申请), and what was decided on it.

    It is written with the moves of the obligation and kept when it is refused. What was closed by
    the system, or before requests were kept, has none.
    """

    obligation = models.ForeignKey(Obligation, models.CASCADE, related_name="close_outs")
    state = models.CharField(
        _("state"), max_length=12, choices=CLOSE_OUT_STATES, default=CLOSE_REQUESTED
    )
    text = models.TextField(_("what was achieved"))
    percent = models.PositiveSmallIntegerField(_("percent complete"))  # when it was requested
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    asked_at = models.DateTimeField(pgettext_lazy("close-out", "requested at"))
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    reason = models.TextField(_("reason"), blank=True)  # of the decision

    objects = CloseOutQuerySet.as_manager()

    class Meta:
        verbose_name = _("close request")
        verbose_name_plural = pgettext_lazy("close-out", "close requests")
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["obligation"],
                condition=Q(state=CLOSE_REQUESTED),
                name="one_open_close_request",
            ),
            models.CheckConstraint(
                condition=Q(state=CLOSE_REQUESTED, decided_at=None)
                | (~Q(state=CLOSE_REQUESTED) & Q(decided_at__isnull=False) & ~Q(reason="")),
                name="close_request_decided_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.obligation} · {self.get_state_display()}"


class CloseOutEvidence(models.Model):
    """A log entry or a file that a request to close names. It cannot be deleted any more."""

    close_out = models.ForeignKey(CloseOut, models.CASCADE, related_name="evidence")
    log_entry = models.ForeignKey(LogEntry, models.PROTECT, null=True, related_name="close_outs")
    file = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="close_outs")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(log_entry=None, file__isnull=False)
                | Q(log_entry__isnull=False, file=None),
                name="close_evidence_is_one_thing",
            )
        ]
