"""The names by which bodies are found in documents."""

from collections.abc import Iterable, Sequence
from itertools import chain, product
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.body_names import BASES, keys_of
from directives.base.script import fold
from directives.models.organisations import KINDS, LEVELS, Organisation, ancestors
from directives.models.people import User
from directives.models.sql import insert

# Levels of a class that depend on whose document it is
OWN, NEXT = "own", "next"
CLASS_LEVELS = (
    *LEVELS,
    (OWN, pgettext_lazy("level", "The level of the document’s organisation")),
    (NEXT, pgettext_lazy("level", "The level below it")),
)


class BodyName(models.Model):
    """A key by which a body is found, computed from its names (`index_names`)."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="names", db_index=False
    )
    key = models.CharField(max_length=200)  # folded
    basis = models.CharField(max_length=10, choices=[(basis, basis) for basis in BASES])
    place = models.CharField(max_length=200, blank=True)  # what a short name leaves out

    class Meta:
        indexes = [models.Index(fields=["key"], name="body_name_by_key")]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "key"], name="body_has_a_key_once")
        ]

    def __str__(self) -> str:
        return self.key


def names_of(body: Organisation) -> list[BodyName]:
    """The keys of a body."""
    keys = keys_of(body.name_hans, body.name_hant, body.full_name)
    return [BodyName(organisation=body, key=key, **found) for key, found in keys.items()]


def index_names(bodies: Sequence[Organisation]) -> None:
    """Store the keys of these bodies after their names have changed, in at most three queries."""
    stored = {
        (name.organisation_id, name.key): name
        for name in BodyName.objects.filter(organisation__in=bodies)
    }
    missing = []
    for name in (name for body in bodies for name in names_of(body)):
        known = stored.get((name.organisation_id, name.key))
        if known is not None and (known.basis, known.place) == (name.basis, name.place):
            del stored[name.organisation_id, name.key]
        else:
            missing.append(name)
    if stored:
        BodyName.objects.filter(pk__in=[name.pk for name in stored.values()]).delete()
    insert(BodyName, missing)


@receiver(post_save, sender=Organisation, dispatch_uid="a body is saved")
def _index_saved(instance: Organisation, created: bool, **_signal: Any) -> None:
    if created:
        insert(BodyName, names_of(instance))
    else:
        index_names([instance])


def keyed(keys: Iterable[str]) -> models.QuerySet[BodyName]:
    """The rows with these keys, each with its body and the body above."""
    rows = BodyName.objects.filter(key__in={*keys} - {""})
    return rows.select_related("organisation__parent").order_by("organisation__code")


class BodyAliasQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "BodyAliasQuerySet":
        """All, for everybody who sees the register of bodies."""
        return self if user.held_memberships or user.is_staff else self.none()

    def for_documents_of(self, owner: Organisation | None) -> "BodyAliasQuerySet":
        """Those that hold in documents of this body: for all documents, or for a subtree."""
        above = ancestors(owner.path) if owner else []
        return self.filter(Q(owner=None) | Q(owner__in=above))


class BodyAlias(models.Model):
    """What a name in documents means by a person's word, where the register does not say it.

    It holds in documents of `owner` and of bodies below, or everywhere; the nearest one decides.
    """

    name = models.CharField(_("name in documents"), max_length=200)
    key = models.CharField(max_length=200, editable=False)
    owner = models.ForeignKey(
        Organisation,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="aliases",
        verbose_name=_("in documents of"),
        help_text=_("And of the organisations below it. Empty: in all documents."),
    )
    bodies = models.ManyToManyField(
        Organisation, related_name="aliased", verbose_name=_("organisations meant")
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = BodyAliasQuerySet.as_manager()

    class Meta:
        verbose_name = _("name with its organisations")
        verbose_name_plural = _("names with their organisations")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["key", "owner"], name="alias_is_told_once"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(owner=None), name="alias_for_all_is_told_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key = fold(self.name)
        super().save(*args, **kwargs)


class BodyClassQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "BodyClassQuerySet":
        """All, for everybody who sees the register of bodies."""
        return self if user.held_memberships or user.is_staff else self.none()


class BodyClass(models.Model):
    """A name of documents for all bodies of some kinds and levels: 各区县, 各部门, 各级党委."""

    name = models.CharField(_("name in documents"), max_length=100)
    key = models.CharField(max_length=100, unique=True, editable=False)
    kinds = models.JSONField(_("kinds of organisations"), default=list, blank=True)
    levels = models.JSONField(_("levels"), default=list, blank=True)
    word = models.CharField(
        _("word in their names"),
        max_length=40,
        blank=True,
        help_text=_("Only organisations with this word."),
    )
    topmost = models.BooleanField(
        _("topmost only"),
        default=False,
        help_text=_("Leave out organisations that are below another one of the same class."),
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = BodyClassQuerySet.as_manager()

    class Meta:
        verbose_name = _("class of organisations")
        verbose_name_plural = _("classes of organisations")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key = fold(self.name)
        super().save(*args, **kwargs)

    def levels_for(self, owner: Organisation | None) -> frozenset[str]:
        """The levels of its bodies in a document of `owner`."""
        order = [level for level, _label in LEVELS]
        own = order.index(owner.level) if owner else 0
        relative = {OWN: order[own : own + 1], NEXT: order[own + 1 : own + 2]}
        meant = (relative.get(level, [level]) for level in self.levels)
        return frozenset(chain.from_iterable(meant)) if self.levels else frozenset(order)

    def condition(self, owner: Organisation | None) -> Q:
        """Its bodies in a document of `owner`, wherever they are."""
        found = Q(level__in=sorted(self.levels_for(owner)))
        found &= Q(kind__in=self.kinds) if self.kinds else Q()
        return found & (Q(name_hans__contains=self.word) if self.word else Q())

    def takes(self, body: Organisation, owner: Organisation | None) -> bool:
        """Whether the body is one of its bodies in a document of `owner`."""
        return (
            body.level in self.levels_for(owner)
            and (not self.kinds or body.kind in self.kinds)
            and self.word in body.name_hans
        )

    def groups(self, owner: Organisation | None) -> frozenset[tuple[str, str]]:
        """The (kind, level) of its bodies, if these alone decide."""
        kinds = self.kinds or [kind for kind, _label in KINDS]
        return frozenset() if self.word else frozenset(product(kinds, self.levels_for(owner)))
