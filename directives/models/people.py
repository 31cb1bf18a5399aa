"""People, their memberships in organisations, and rights that wait for confirmation."""

from functools import cached_property
from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from directives.base.duties import AUDITOR, DUTIES, SECURITY, SYSTEM
from directives.base.states import MANAGER, OVERSEEING, ROLES, STAFF, SUPERVISOR, WORKING

if TYPE_CHECKING:
    from directives.models.organisations import Organisation

UNREAD_SHOWN = 100  # unread notices are counted up to here
SECOND_FACTORS = ("totp", "webauthn")  # recovery codes only replace one of these
# Rights that a second person must confirm
CONFIRMED_RIGHTS = (
    *((role, label) for role, label in ROLES if role == SUPERVISOR),
    *((duty.key, duty.name) for duty in DUTIES.values()),
)


class User(AbstractUser):
    """A person with an account.

    Their permissions follow from their memberships in organisations and their duties in the whole
    installation.
    """

    full_name = models.CharField(_("name"), max_length=60, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    # Cannot sign in to production
    made_up = models.BooleanField(default=False, db_default=False, editable=False)
    password_given = models.BooleanField(
        _("password set by someone else"), default=False, db_default=False, editable=False
    )
    # Null: when the account was created
    password_set_at = models.DateTimeField(null=True, editable=False)
    sign_ins_without_factor = models.PositiveSmallIntegerField(
        default=0, db_default=0, editable=False
    )
    # Only organisations/commands/rights.py writes these, and is_staff, which the first two imply.
    is_system_administrator = models.BooleanField(
        DUTIES[SYSTEM].name, default=False, db_default=False
    )
    is_security_administrator = models.BooleanField(
        DUTIES[SECURITY].name, default=False, db_default=False
    )
    is_auditor = models.BooleanField(DUTIES[AUDITOR].name, default=False, db_default=False)

    # Whether the installation has fictional data; None if the sign-in has not loaded it
    among_fiction: bool | None = None

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.full_name or self.username

    @cached_property
    def held_memberships(self) -> tuple["Membership", ...]:
        """The memberships of an active person, with their organisations."""
        if not self.is_active:
            return ()
        return tuple(self.memberships.select_related("organisation").order_by("id"))

    @property
    def duties(self) -> frozenset[str]:
        """The keys of their duties."""
        return frozenset(key for key, duty in DUTIES.items() if getattr(self, duty.field))

    @property
    def duty_names(self) -> tuple[str, ...]:
        return tuple(str(duty.name) for duty in DUTIES.values() if getattr(self, duty.field))

    @property
    def sees_whole_record(self) -> bool:
        """Whether they see all audit events; only auditors see all reasons and values."""
        return self.is_staff or self.is_auditor

    @property
    def only_audits(self) -> bool:
        """Whether they see nothing but the audit record."""
        return self.is_auditor and not self.is_staff and not self.held_memberships

    @cached_property
    def unread(self) -> int:
        """Unread notices, counted up to UNREAD_SHOWN."""
        return self.notices.filter(read_at=None).order_by()[:UNREAD_SHOWN].count()

    @cached_property
    def has_factor(self) -> bool:
        """Whether they have a second factor: an authenticator app or a passkey."""
        # A relation of allauth, which has no type hints
        return self.authenticator_set.filter(  # type: ignore[attr-defined]
            type__in=SECOND_FACTORS
        ).exists()

    def in_role(self, *roles: str) -> tuple["Membership", ...]:
        """Their memberships in any of these roles."""
        return tuple(m for m in self.held_memberships if m.role in roles)

    def bodies_as(self, *roles: str) -> dict[int, "Organisation"]:
        """The bodies in which they have any of these roles, by id."""
        return {m.organisation_id: m.organisation for m in self.in_role(*roles)}

    @property
    def works(self) -> bool:
        """Whether they work for a body, as staff or manager."""
        return bool(self.in_role(*WORKING))

    @property
    def supervises(self) -> bool:
        return bool(self.in_role(SUPERVISOR))

    @property
    def oversees(self) -> bool:
        """Whether they see a subtree, as manager, supervisor or viewer."""
        return bool(self.in_role(*OVERSEEING))

    @property
    def exports(self) -> bool:
        """Whether they may export lists."""
        return bool(self.in_role(STAFF, MANAGER, SUPERVISOR))


class Membership(models.Model):
    """A person's role in a body (成员)."""

    user = models.ForeignKey(
        User, models.CASCADE, related_name="memberships", verbose_name=_("person")
    )
    organisation = models.ForeignKey(
        "Organisation", models.PROTECT, related_name="memberships", verbose_name=_("organisation")
    )
    role = models.CharField(_("role"), max_length=12, choices=ROLES)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation", "role"], name="one_membership_per_role"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation} · {self.get_role_display()}"


class PendingRightQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "PendingRightQuerySet":
        """All, for those who may confirm them."""
        return self if user.is_security_administrator or user.is_superuser else self.none()


class PendingRight(models.Model):
    """A role or duty that was requested for a person, without effect until it is confirmed."""

    person = models.ForeignKey(
        User, models.CASCADE, related_name="pending_rights", verbose_name=_("person")
    )
    right = models.CharField(_("right"), max_length=30, choices=CONFIRMED_RIGHTS)
    organisation = models.ForeignKey(
        "Organisation", models.CASCADE, null=True, related_name="+", verbose_name=_("organisation")
    )
    asked_by = models.ForeignKey(
        User, models.CASCADE, related_name="+", verbose_name=_("requested by")
    )
    asked_at = models.DateTimeField(_("requested at"))
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = PendingRightQuerySet.as_manager()

    class Meta:
        verbose_name = _("right waiting for confirmation")
        verbose_name_plural = _("rights waiting for confirmation")
        ordering = ["asked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "right", "organisation"], name="one_pending_role"
            ),
            models.UniqueConstraint(
                fields=["person", "right"], condition=Q(organisation=None), name="one_pending_duty"
            ),
            models.CheckConstraint(
                condition=Q(right=SUPERVISOR, organisation__isnull=False)
                | (~Q(right=SUPERVISOR) & Q(organisation=None)),
                name="pending_role_in_a_body",
            ),
        ]

    def __str__(self) -> str:
        return " · ".join(
            str(part) for part in (self.person, self.organisation, self.get_right_display()) if part
        )
