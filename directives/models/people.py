"""People and their memberships of bodies."""

from functools import cached_property

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from directives.states import MANAGER, ROLES, STAFF, SUPERVISOR, VIEWER

UNREAD_SHOWN = 100  # unread notices are counted up to here
SECOND_FACTORS = ("totp", "webauthn")  # recovery codes stand in for one of these


class User(AbstractUser):
    """A person who signs in. What they may do follows from their memberships, never from this row alone."""

    full_name = models.CharField(_("name"), max_length=60, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    made_up = models.BooleanField(default=False, db_default=False, editable=False)  # never signs in to production
    password_given = models.BooleanField(_("password was given"), default=False, db_default=False, editable=False)
    password_set_at = models.DateTimeField(null=True, editable=False)  # null: when the account was made
    sign_ins_without_factor = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)

    among_fiction: bool | None = None  # whether the installation holds fictional data, where the sign-in has read it

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.full_name or self.username

    @cached_property
    def standing(self) -> tuple["Membership", ...]:
        """This person's memberships with their bodies: one query, kept for the life of the object."""
        if not self.is_active:
            return ()
        return tuple(self.memberships.select_related("organisation").order_by("id"))

    @cached_property
    def unread(self) -> int:
        """Unread notices, counted up to UNREAD_SHOWN."""
        return self.notices.filter(read_at=None).order_by()[:UNREAD_SHOWN].count()

    @cached_property
    def has_factor(self) -> bool:
        """Whether a sign-in takes more than the password: an authenticator app or a passkey."""
        return self.authenticator_set.filter(type__in=SECOND_FACTORS).exists()

    def in_role(self, *roles: str) -> tuple["Membership", ...]:
        """Their memberships in any of these roles."""
        return tuple(m for m in self.standing if m.role in roles)

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

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name=_("person"))
    organisation = models.ForeignKey("Organisation", models.PROTECT, related_name="memberships", verbose_name=_("body"))
    role = models.CharField(_("role"), max_length=12, choices=ROLES)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["user", "organisation", "role"], name="one_membership_per_role")]

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation} · {self.get_role_display()}"
