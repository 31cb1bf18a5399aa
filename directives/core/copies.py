"""Copies of names that a submission keeps, as they were when it was handed in."""

from typing import Any

from directives.models import Directive, Document, Organisation, User


def copy_body(body: Organisation) -> dict[str, Any]:
    """The names of a body, and of its parent, to which its papers go."""
    parent = body.parent
    return {"code": body.code, **_names(body), "parent": _names(parent) if parent else None}


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
    """The code and text of a directive (read with its section), and the section's titles."""
    section = directive.section
    words = {name: getattr(directive, name) for name in ("code", "text", "text_hans", "text_hant")}
    titles = {name: getattr(section, name) for name in ("title", "title_hans", "title_hant")}
    return {**words, "section": {"order": section.order, **titles}}


def copy_person(person: User | None) -> dict[str, Any] | None:
    return {"id": person.pk, "name": str(person)} if person else None
