"""What a submission keeps of names: those of the body, the document, the directives and the people,
as of then.
"""

from typing import Any

from directives.models import Directive, Document, Organisation, User


def copy_body(body: Organisation) -> dict[str, Any]:
    """A body as submissions keep it, with the name of the one to which its papers go."""
    above = body.parent
    return {"code": body.code, **_names(body), "parent": _names(above) if above else None}


def _names(body: Organisation) -> dict[str, str]:
    return {"name_hans": body.name_hans, "name_hant": body.name_hant, "full_name": body.full_name}


def copy_document(document: Document) -> dict[str, Any]:
    names = ("title", "title_hans", "title_hant")
    return {
        "id": document.pk,
        **{name: getattr(document, name) for name in names},
        "fictional": document.fictional,
    }


def copy_directive(directive: Directive) -> dict[str, Any]:
    """Its code and words, and the section under which papers print it.

    It comes with its section.
    """
    section = directive.section
    words = {name: getattr(directive, name) for name in ("code", "text", "text_hans", "text_hant")}
    titles = {name: getattr(section, name) for name in ("title", "title_hans", "title_hant")}
    return {**words, "section": {"order": section.order, **titles}}


def copy_person(person: User | None) -> dict[str, Any] | None:
    return {"id": person.pk, "name": str(person)} if person else None
