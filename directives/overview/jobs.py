"""Long acts and how far they have come, for whoever asked for them."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directives.models import Document, JobProgress, User
from directives.models.documents import HEAVY_OF_DOCUMENT

TITLES: dict[str, str | Promise] = {"issue": _("Assigning directives"), "open_cycle": _("Opening a reporting cycle")}


def found(user: User) -> QuerySet[JobProgress]:
    """The long acts that this person asked for, each with its document."""
    return JobProgress.objects.visible_to(user).select_related("document").defer(*HEAVY_OF_DOCUMENT)


def under_way(user: User, document: Document) -> Sequence[JobProgress]:
    """Those about a document that have not come to their end."""
    return tuple(JobProgress.objects.visible_to(user).filter(document=document, finished_at=None).order_by("-pk")[:5])
