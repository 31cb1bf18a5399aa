"""Organisations: a tree by `parent` and also by `path`, so that a subtree is an index range."""

from datetime import date

from django.db import models, transaction
from django.db.models import Q
from django.dispatch import Signal
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base import tree_lock
from directives.models.people import User
from directives.models.scope import in_subtree

became_branch = Signal()  # a body (`organisation`) got its first child
STEP = 6  # characters of one level in a path: base 36 of the row's id
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

LEVELS = (
    ("central", pgettext_lazy("level", "Central")),
    ("provincial", pgettext_lazy("level", "Provincial")),
    ("municipal", pgettext_lazy("level", "Municipal")),
    ("county", pgettext_lazy("level", "County")),
    ("grassroots", pgettext_lazy("level", "Grass-roots")),
)
KINDS = (
    ("centre", _("Central Committee")),
    ("provincial_committee", _("Provincial Party committee")),
    ("mass_organisation", _("Mass organisation")),
    ("state_organ", _("State organ’s Party group")),
    ("party_department", _("Party department")),
    ("military", _("Military")),
    ("committee", _("Party committee")),
    ("discipline", _("Discipline inspection and supervision")),
    ("congress", _("People’s congress")),
    ("government", _("People’s government")),
    ("cppcc", _("Political consultative conference")),
    ("department", _("Government department")),
    ("court", _("People’s court")),
    ("procuratorate", _("People’s procuratorate")),
    ("zone", _("Development zone")),
    ("subdistrict", _("Subdistrict office")),
    ("township", _("Township or town")),
    ("community", _("Village or community")),
    ("enterprise", _("Enterprise")),
    ("school", _("School or university")),
    ("hospital", _("Hospital")),
    ("institution", _("Public institution")),
    ("other", _("Other")),
)


def step(number: int) -> str:
    """One level of a path: `number` in base 36, padded, so that texts sort as numbers do."""
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text.rjust(STEP, "0")


def ancestors(path: str) -> list[int]:
    """Ids from the root down to and including the body of this path."""
    return [int(path[i : i + STEP], 36) for i in range(0, len(path), STEP)]


class OrganisationQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "OrganisationQuerySet":
        """All organisations, for everybody with a membership and for administrators."""
        return self if user.held_memberships or user.is_staff else self.none()

    def under(self, organisation: "Organisation") -> "OrganisationQuerySet":
        """The organisation and all below it."""
        return self.filter(in_subtree(organisation.path, "path"))

    def existing_on(self, day: date) -> "OrganisationQuerySet":
        """Organisations that exist on that day."""
        return self.filter(
            Q(valid_from=None) | Q(valid_from__lte=day), Q(valid_to=None) | Q(valid_to__gt=day)
        )


class Organisation(models.Model):
    """An organisation, or body (单位). `valid_to` is the first day on which it no longer exists."""

    code = models.CharField(pgettext_lazy("body", "code"), max_length=20, unique=True)
    name_hans = models.CharField(_("name"), max_length=120)
    name_hant = models.CharField(_("name in Traditional script"), max_length=120, blank=True)
    full_name = models.CharField(_("full name"), max_length=200, blank=True)
    level = models.CharField(_("level"), max_length=12, choices=LEVELS, default="central")
    kind = models.CharField(
        _("kind of organisation"), max_length=24, choices=KINDS, default="other"
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent"),
    )
    path = models.CharField(max_length=STEP * 12, db_index=True, editable=False, default="")
    valid_from = models.DateField(_("exists from"), null=True, blank=True)
    valid_to = models.DateField(_("exists until"), null=True, blank=True)
    successor = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name=_("successor"),
    )
    # Has children, so tallies are kept for it
    branch = models.BooleanField(default=False, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from=None)
                | Q(valid_to=None)
                | Q(valid_from__lt=models.F("valid_to")),
                name="organisation_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=~Q(parent=models.F("id")), name="organisation_is_not_its_own_parent"
            ),
        ]

    def __str__(self) -> str:
        return self.name_hans

    @transaction.atomic
    def save(self, *args, **kwargs) -> None:
        """Save; a new body also gets its path and makes its parent a branch.

        Later saves do not write the place in the tree, which may be outdated in memory. Only the
        commands of organisations move bodies.
        """
        if self.path and not self._state.adding:
            tree_fields = ("id", "parent", "path", "branch")
            fields = [f.name for f in self._meta.concrete_fields if f.name not in tree_fields]
            super().save(*args, **{"update_fields": fields} | kwargs)
            return
        tree_lock.hold_exclusively()
        super().save(*args, **kwargs)
        if self.path:
            return
        parents = Organisation.objects.filter(pk__in=[self.parent_id] if self.parent_id else [])
        parent_path, is_branch = parents.values_list("path", "branch").first() or ("", True)
        self.path = parent_path + step(self.pk)
        Organisation.objects.filter(pk=self.pk).update(path=self.path)
        if not is_branch:
            parents.update(branch=True)
            became_branch.send(Organisation, organisation=parents.get())

    @property
    def ancestor_ids(self) -> list[int]:
        """Ids from the root down to and including this body, read from the path."""
        return ancestors(self.path)

    @property
    def depth(self) -> int:
        """0 for a root."""
        return len(self.path) // STEP - 1

    @property
    def strict_ancestor_ids(self) -> list[int]:
        """Ids from the root down to the parent."""
        return ancestors(self.path)[:-1]
