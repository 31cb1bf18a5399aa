"""Of which documents a dashboard speaks, and of which sections."""

from directives.dashboard.queries.choice import Choice
from directives.models import Cycle, Directive, Document, Section, User


def documents_in_view(user: User) -> tuple[Document, ...]:
    """Every document that the person sees, the newest first, with its names and its body's place alone."""
    names = ("title", "title_hans", "title_hant", "fictional", "script", "organisation__path")
    rows = Document.objects.visible_to(user).select_related("organisation").only(*names)
    return tuple(rows.order_by("-registered_at", "-pk"))


def sections_of(document: Document) -> tuple[Section, ...]:
    """The sections of a document, in its order."""
    names = ("number", "order", "title", "title_hans", "title_hant", "document_id")
    rows = Section.objects.filter(document=document).only(*names)
    return tuple(rows.order_by("order"))


def document_of(choice: Choice) -> int | None:
    """The document (id) that a choice names, by itself or by a part of it. At most one query."""
    named = ((Section, choice.section), (Directive, choice.directive), (Cycle, choice.cycle))
    part = next(((model, pk) for model, pk in named if pk), None)
    if choice.document is not None or part is None:
        return choice.document
    return part[0].objects.filter(pk=part[1]).values_list("document_id", flat=True).first()
