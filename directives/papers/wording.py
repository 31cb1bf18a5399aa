"""In which language a paper is written, and what every paper of a body under a document says of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from directives.models import Document, Organisation
from directives.wording import picked, scripted

HANT, HANS = "zh-hant", "zh-hans"


@contextmanager
def chinese_of_reader() -> Iterator[bool]:
    """Official papers are written in Chinese: in the reader's script, for a reader in English in Simplified. Gives: Traditional."""
    traditional = get_language() == HANT
    with override(HANT if traditional else HANS):
        yield traditional


def full_name(body: Organisation) -> str:
    """The name by which a body signs."""
    return scripted(body.full_name) or picked(body, "name")


def recipient_of(body: Organisation) -> str:
    """To whom a body's papers go: the body above it."""
    return full_name(body.parent) if body.parent else ""


def demo(document: Document) -> str:
    """What a paper on made-up data says of itself, on every page."""
    return _("Demo data: progress and figures are fictional") if document.fictional else ""
