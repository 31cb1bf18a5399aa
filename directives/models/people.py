"""People and their memberships of bodies."""

from functools import cached_property

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from directives.base.duties import AUDITOR, DUTIES, SECURITY, SYSTEM
from directives.base.states import MANAGER, ROLES, STAFF, SUPERVISOR, VIEWER

UNREAD_SHOWN = 100  # unread notices are counted up to here
SECOND_FACTORS = ("totp", "webauthn")  # recovery codes stand in for one of these
# Rights that a second person confirms before they are given.
CONFIRMED_RIGHTS = (
    *((role, label) for role, label in ROLES if role == SUPERVISOR),
    *((duty.key, duty.name) for duty in DUTIES.values()),
)


class User(AbstractUser):
    """A person who signs in.

    What they may do follows from their memberships in bodies and their duties of the whole
    installation.
    """

    full_name = models.CharField(_("name"), max_length=60, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    # Never signs in to production
    made_up = models.BooleanField(default=False, db_default=False, editable=False)
    password_given = models.BooleanField(
        _("password set by someone else"), default=False, db_default=False, editable=False
    )
    # Null: when the account was made
    password_set_at = models.DateTimeField(null=True, editable=False)
    sign_ins_without_factor = models.PositiveSmallIntegerField(
        default=0, db_default=0, editable=False
    )
    # Given and taken away by organisations/commands/rights.py alone, as is_staff, which goes with
    # the first two.
    is_system_administrator = models.BooleanField(
        DUTIES[SYSTEM].name, default=False, db_default=False
    )
    is_security_administrator = models.BooleanField(
        DUTIES[SECURITY].name, default=False, db_default=False
    )
    is_auditor = models.BooleanField(DUTIES[AUDITOR].name, default=False, db_default=False)

    among_fiction: bool | None = (
        None  # whether the installation holds fictional data, where the sign-in has read it
    )

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.full_name or self.username

    @cached_property
    def held_memberships(self) -> tuple["Membership", ...]:
        """This person's memberships with their organisations; none if they are not active."""
        if not self.is_active:
            return ()
        return tuple(self.memberships.select_related("organisation").order_by("id"))

    @property
    def duties(self) -> frozenset[str]:
        """The keys of the duties that they hold."""
        return frozenset(key for key, duty in DUTIES.items() if getattr(self, duty.field))

    @property
    def duty_names(self) -> tuple[str, ...]:
        return tuple(str(duty.name) for duty in DUTIES.values() if getattr(self, duty.field))

    @property
    def sees_whole_record(self) -> bool:
        """An auditor with its reasons and values, an administrator without."""
        return self.is_staff or self.is_auditor

    @property
    def only_audits(self) -> bool:
        """Nothing but the record is theirs to see."""
        return self.is_auditor and not self.is_staff and not self.held_memberships

    @cached_property
    def unread(self) -> int:
        """Unread notices, counted up to UNREAD_SHOWN."""
        return self.notices.filter(read_at=None).order_by()[:UNREAD_SHOWN].count()

    @cached_property
    def has_factor(self) -> bool:
        """Whether a sign-in takes more than the password: an authenticator app or a passkey."""
        # Of allauth, which has no types.
        return self.authenticator_set.filter(  # type: ignore[attr-defined]
            type__in=SECOND_FACTORS
        ).exists()

    def in_role(self, *roles: str) -> tuple["Membership", ...]:
        """Their memberships in any of these roles."""
        return tuple(m for m in self.held_memberships if m.role in roles)

    @property
    def works(self) -> bool:
        """Fills in for a body, as staff or manager."""
        return bool(self.in_role(STAFF, MANAGER))

    @property
    def supervises(self) -> bool:
        return bool(self.in_role(SUPERVISOR))

    @property
    def oversees(self) -> bool:
        """Sees the work of a subtree: manager, supervisor or viewer."""
        return bool(self.in_role(MANAGER, SUPERVISOR, VIEWER))

    @property
    def exports(self) -> bool:
        """Takes lists away as files."""
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
        """Those who could confirm one see all of them."""
        return self if user.is_security_administrator or user.is_superuser else self.none()


class PendingRight(models.Model):
    """A role in a body, or a duty, that was asked for a person and gives nothing until a second
    person confirms it.
    """

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
