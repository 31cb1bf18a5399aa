"""Looking back at closed work: by which rule it is proposed, and what was found."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from directives.base.states import LOOK_BACK_PLANNED, LOOK_BACK_STATES
from directives.models.documents import Document
from directives.models.obligations import Obligation
from directives.models.people import User
from directives.models.scope import ScopedQuerySet


class LookBackRule(models.Model):
    """Which closed obligations of a document are proposed for looking back (回头看).

    `share` percent are proposed at random, and besides those with a risk that is set. `seed` makes
    the choice the same all day, and shows later why a row was chosen.
    """

    document = models.OneToOneField(Document, models.CASCADE, related_name="look_back_rule")
    share = models.PositiveSmallIntegerField(_("share at random"), default=10)
    no_evidence = models.BooleanField(_("closed without evidence"), default=True)
    overdue = models.BooleanField(_("closed after it was overdue"), default=True)
    one_jump = models.BooleanField(_("closed early, in one jump to 100%"), default=True)
    excused = models.BooleanField(_("closed with items not established"), default=True)
    seed = models.CharField(max_length=32, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("rule of look-backs")
        verbose_name_plural = _("rules of look-backs")
        constraints = [
            models.CheckConstraint(
                condition=Q(share__gte=0, share__lte=100), name="look_back_share_0_to_100"
            )
        ]

    def __str__(self) -> str:
        return f"{self.document} · {self.share}%"


class LookBackQuerySet(ScopedQuerySet):
    owner = "obligation__organisation"

    def planned(self) -> "LookBackQuerySet":
        return self.filter(state=LOOK_BACK_PLANNED)


class LookBack(models.Model):
    """A look back at one closed obligation, with its result.

    `why` are keys of LOOK_BACK_REASONS as of `proposed_on`; `draw` is the seed of that day.
    """

    obligation = models.ForeignKey(Obligation, models.CASCADE, related_name="look_backs")
    state = models.CharField(
        _("state"), max_length=12, choices=LOOK_BACK_STATES, default=LOOK_BACK_PLANNED
    )
    why = models.JSONField(default=list)
    proposed_on = models.DateField()
    draw = models.CharField(max_length=64, blank=True)
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    opened_at = models.DateTimeField()
    looked_on = models.DateField(_("looked back on"), null=True)
    text = models.TextField(_("what was found"), blank=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    done_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = LookBackQuerySet.as_manager()

    class Meta:
        verbose_name = _("look-back")
        verbose_name_plural = _("look-backs")
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["obligation"],
                condition=Q(state=LOOK_BACK_PLANNED),
                name="one_planned_look_back",
            ),
            models.CheckConstraint(
                condition=Q(state=LOOK_BACK_PLANNED)
                | Q(done_at__isnull=False, looked_on__isnull=False) & ~Q(text=""),
                name="look_back_has_its_result",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.obligation} · {self.get_state_display()}"
