"""The append-only audit record of every change, and the seals that prove it complete."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from directives.models.organisations import Organisation
from directives.models.people import User
from directives.models.scope import ScopedQuerySet


class EventQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        """As ScopedQuerySet; auditors and administrators see every event.

        Administrators do not see reasons and values of them all: see `readable_by`.
        """
        return self if user.sees_whole_record else super().visible_to(user)

    def readable_by(self, user: User) -> Self:
        """The events whose reasons and values this person may read."""
        return self if user.is_auditor else super().visible_to(user)


class Event(models.Model):
    """One change, written in its transaction. A trigger refuses updates and deletions."""

    at = models.DateTimeField()
    by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("user")
    )  # null: the system
    action = models.CharField(_("action"), max_length=40)
    subject_type = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("organisation"),
        db_index=False,
    )
    document_id = models.BigIntegerField(null=True)
    directive_id = models.BigIntegerField(null=True)
    obligation_id = models.BigIntegerField(null=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(_("reason"), blank=True)
    address = models.CharField(
        _("from address"), max_length=45, blank=True, default="", db_default=""
    )  # "": not written by a request
    # Id of the request, or name of the task
    request = models.CharField(_("request"), max_length=40, blank=True, default="", db_default="")

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-id"], name="event_of_subject"),
            models.Index(fields=["obligation_id", "-id"], name="event_of_obligation"),
            models.Index(fields=["directive_id", "-id"], name="event_of_directive"),
            models.Index(fields=["organisation", "-id"], name="event_of_body"),
            models.Index(fields=["document_id", "at"], name="event_by_time"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Unsealed(models.Model):
    """An event that no seal covers yet; deleted when it is sealed.

    `mac` is a code that only the product can make (`event_codes.mac_of`).
    """

    event = models.OneToOneField(Event, models.DO_NOTHING, primary_key=True, related_name="+")
    mac = models.CharField(max_length=64, blank=True, default="", db_default="")


class RefusalCount(models.Model):
    """How often a person was recently refused something: see `core.denials`."""

    user = models.OneToOneField(User, models.CASCADE, related_name="+")
    since = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.user} · {self.count}"


class Seal(models.Model):
    """A seal over a range of events, chained to the seal before by its hash.

    The fields from `number` on are empty in seals from before signing began.
    """

    at = models.DateTimeField()
    ranges = models.JSONField()  # [[first, last], …] of event ids, both included
    count = models.PositiveIntegerField()
    rows_hash = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, unique=True)
    number = models.PositiveBigIntegerField(null=True)
    total = models.PositiveBigIntegerField(null=True)  # events up to this seal
    # Root of the Merkle tree over all these events, and its frontier (sealing.merkle)
    root = models.CharField(max_length=64, blank=True, default="", db_default="")
    tree = models.JSONField(null=True)
    # Public keys of the signatures of this and of the next seal
    key = models.CharField(max_length=64, blank=True, default="", db_default="")
    next_key = models.CharField(max_length=64, blank=True, default="", db_default="")
    signature = models.CharField(max_length=128, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("tamper check")
        verbose_name_plural = _("tamper checks")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"#{self.pk}"
