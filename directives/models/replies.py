"""What a body is asked to reply to by a day: inputs for the lead, and instructions."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from directives.base.states import (
    ASKED_AS,
    INPUT,
    INSTRUCTION,
    LEAD,
    OPEN,
    REPLIED,
    REPLY_ASKED,
    REPLY_GIVEN,
    REPLY_KINDS,
    REPLY_OWED,
    REPLY_STATES,
)
from directives.models.documents import Directive, Document
from directives.models.obligations import Obligation
from directives.models.organisations import Organisation
from directives.models.people import User
from directives.models.scope import ScopedQuerySet, in_view, in_worked_for


class ReplyRequestQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        """What visible bodies are asked; inputs also to those who lead the directive."""
        led = Obligation.objects.supporting(user).values("pk")
        asked_by_own_body = Q(asked_as=LEAD) & in_worked_for(user, "asking_body")
        inputs = Q(kind=INPUT) & (Q(obligation__in=led) | asked_by_own_body)
        return self.filter(in_view(user, self.owner) | inputs)

    def waiting(self) -> "ReplyRequestQuerySet":
        """Those not replied to, unless their obligation is closed or withdrawn."""
        still_open = Q(obligation=None) | Q(obligation__state__in=OPEN)
        return self.filter(still_open, state__in=REPLY_OWED)


class ReplyRequest(models.Model):
    """Something asked of a body, to be replied to by a day.

    An input (配合材料) is asked of a supporting body, for the lead's report or by a supervisor; an
    instruction (批示) is what a leader writes on an obligation, or on a body as a whole: then it
    has no obligation.
    """

    kind = models.CharField(_("kind"), max_length=12, choices=REPLY_KINDS)
    obligation = models.ForeignKey(
        Obligation, models.PROTECT, null=True, related_name="reply_requests"
    )
    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="+")
    directive = models.ForeignKey(
        Directive, models.PROTECT, null=True, related_name="reply_requests"
    )
    # Who has to reply
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="reply_requests", verbose_name=_("organisation")
    )
    text = models.TextField(_("what is asked"))
    due_on = models.DateField(_("reply due"))
    asked_at = models.DateTimeField(_("asked at"))
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # For which body, and in what capacity, it was asked
    asking_body = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="requests_made"
    )
    asked_as = models.CharField(max_length=12, choices=ASKED_AS)
    state = models.CharField(_("state"), max_length=12, choices=REPLY_STATES, default=REPLY_ASKED)
    reply = models.TextField(_("reply"), blank=True)
    replied_at = models.DateTimeField(_("replied at"), null=True)
    replied_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    reason = models.TextField(blank=True)  # of the last return or withdrawal
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ReplyRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("input or instruction")
        verbose_name_plural = _("inputs and instructions")
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind=INPUT) | Q(obligation__isnull=False),
                name="input_is_on_an_obligation",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(REPLY_GIVEN)) | Q(replied_at__isnull=False),
                name="reply_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("settled", "returned"))
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="reply_verdict_names_who",
            ),
            models.CheckConstraint(
                condition=~Q(state="returned") | ~Q(reason=""), name="reply_return_has_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["-asked_at", "-id"], name="reply_request_newest"),
            models.Index(
                fields=["organisation", "due_on"],
                name="reply_owed",
                condition=Q(state__in=sorted(REPLY_OWED)),
            ),
            models.Index(
                fields=["asking_body"], name="reply_to_settle", condition=Q(state=REPLIED)
            ),
        ]

    def __str__(self) -> str:
        return self.text[:40]

    @property
    def is_instruction(self) -> bool:
        return self.kind == INSTRUCTION

    @property
    def is_owed(self) -> bool:
        return self.state in REPLY_OWED
