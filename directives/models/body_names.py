"""The names by which bodies are found in documents."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver

from directives.base.body_names import BASES, keys_of
from directives.models.organisations import Organisation
from directives.models.sql import insert


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
