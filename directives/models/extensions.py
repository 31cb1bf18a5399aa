"""Requests for a later day of completion (延期申请)."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from directives.base.states import EXTENDABLE, EXTENSION_STATES, GRANTED, REQUESTED
from directives.models.obligations import Obligation
from directives.models.people import User
from directives.models.scope import ScopedQuerySet

# Not of an obligation that is closed or disputed by now
WAITING = Q(state=REQUESTED, obligation__state__in=EXTENDABLE)


class ExtensionQuerySet(ScopedQuerySet):
    owner = "obligation__organisation"

    def waiting(self) -> "ExtensionQuerySet":
        """Requests to decide."""
        return self.filter(WAITING)


class Extension(models.Model):
    """A request of a body to complete one obligation later, and what was decided.

    Several asked for in one form have the same `asked_at`.
    """

    obligation = models.ForeignKey(Obligation, models.PROTECT, related_name="extensions")
    old_due_on = models.DateField(_("due date when requested"))
    asked_due_on = models.DateField(_("due date requested"))
    reason = models.CharField(_("reason"), max_length=500)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    asked_at = models.DateTimeField()
    state = models.CharField(_("state"), max_length=12, choices=EXTENSION_STATES, default=REQUESTED)
    granted_due_on = models.DateField(_("due date granted"), null=True, blank=True)
    decision_reason = models.CharField(_("reason of the decision"), max_length=500, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ExtensionQuerySet.as_manager()

    class Meta:
        verbose_name = _("extension request")
        verbose_name_plural = _("extension requests")
        constraints = [
            models.UniqueConstraint(
                fields=["obligation"], condition=Q(state=REQUESTED), name="one_open_extension"
            ),
            models.CheckConstraint(
                condition=Q(asked_due_on__gt=F("old_due_on")), name="extension_asks_for_a_later_day"
            ),
            models.CheckConstraint(
                condition=Q(state=REQUESTED) | Q(decided_at__isnull=False),
                name="decided_extension_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=GRANTED) | Q(granted_due_on__isnull=False),
                name="granted_extension_has_its_day",
            ),
        ]
        indexes = [
            models.Index(fields=["asked_at"], name="extension_waits", condition=Q(state=REQUESTED)),
        ]

    def __str__(self) -> str:
        return f"{self.obligation} · {self.asked_due_on.isoformat()}"
