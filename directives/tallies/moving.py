"""Moving counts when the tree changes: a first child, another kind, another parent.

Each function holds the tree lock exclusively, so that nobody writes counts meanwhile.
"""

from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.dispatch import receiver

from directives.base import tree_lock
from directives.models import (
    DocumentTotal,
    FigureTotal,
    Mark,
    Obligation,
    Organisation,
    OverallMark,
    Tally,
    Total,
)
from directives.models.organisations import became_branch
from directives.tallies.delta import lock_bodies
from directives.tallies.gathering import write_pending
from directives.tallies.sql.recounts import fill
from directives.tallies.sql.upserts import add_counts, upserts, write

OF_BRANCHES = (Tally, Mark, OverallMark)


@receiver(became_branch)
@transaction.atomic
def open_scope(sender: type, organisation: Organisation, **kwargs: object) -> None:
    """Begin all counts of a body that gets its first child, with those of its own obligations."""
    tree_lock.hold_exclusively()
    write_pending()
    close_scope(organisation.pk)
    for model in OF_BRANCHES:
        fill(model, body=organisation.pk)


def close_scope(scope: int) -> None:
    """Delete the counts that only bodies with children have."""
    for model in OF_BRANCHES:
        model.objects.filter(scope=scope).delete()


@transaction.atomic
def change_kind(organisation: Organisation, *, kind: str, was: str | None = None) -> None:
    """Change the kind of a body, and count its obligations under the new kind.

    `was` is the old kind if the new one is stored already.
    """
    tree_lock.hold_exclusively()
    write_pending()
    was = was or Organisation.objects.values_list("kind", flat=True).get(pk=organisation.pk)
    scopes = lock_bodies([organisation.pk])[organisation.pk].scopes
    Organisation.objects.filter(pk=organisation.pk).update(kind=kind)
    counts: Counter[tuple[int, int, int, str, str, str]] = Counter()
    percents: Counter[tuple[int, int, int, str, str, str]] = Counter()
    obligations = Obligation.objects.counted().filter(organisation=organisation)
    for document, directive, state, light, percent in obligations.values_list(
        "document_id", "directive_id", "state", "light", "percent"
    ):
        for scope in scopes:
            for name, sign in ((was, -1), (kind, 1)):
                counts[scope, document, directive, name, state, light] += sign
                percents[scope, document, directive, name, state, light] += sign * percent
    write(upserts(Tally, counts, percents))


@transaction.atomic
def relocate(
    organisation: Organisation, *, old_ancestors: Sequence[int], new_ancestors: Sequence[int]
) -> None:
    """Move the counts of a subtree from some ancestors (ids) to others."""
    tree_lock.hold_exclusively()
    write_pending()
    if not organisation.branch:  # all its counts are needed here, and are deleted again below
        open_scope(Organisation, organisation)
    for model in (Tally, Total, DocumentTotal, Mark, OverallMark, FigureTotal):
        for scope, sign in (
            *((pk, "-") for pk in old_ancestors),
            *((pk, "") for pk in new_ancestors),
        ):
            add_counts(model, organisation.pk, scope, sign)
    if not organisation.branch:
        close_scope(organisation.pk)
