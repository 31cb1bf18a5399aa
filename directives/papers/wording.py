"""In which language a paper is written, and what every paper of a body under a document says of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from directives.base.wording import picked, scripted
from directives.models import Organisation
from directives.reports.queries.submissions import Cover

HANT, HANS = "zh-hant", "zh-hans"


@contextmanager
def chinese_of_reader() -> Iterator[bool]:
    """Official papers are written in Chinese: in the reader's script, for a reader in English in Simplified. Gives: Traditional."""
    traditional = get_language() == HANT
    with override(HANT if traditional else HANS):
        yield traditional


def full_name(body: Any) -> str:
    """The name by which a body signs."""
    return scripted(body.full_name) or picked(body, "name")


def recipient_of(body: Organisation) -> str:
    """To whom a body's papers go: the body above it."""
    return full_name(body.parent) if body.parent else ""


def demo_notice(fictional: bool) -> str:
    """What a paper on made-up data says of itself, on every page."""
    return _("Demo data: progress and figures are fictional") if fictional else ""


def title_of_section(section: Any) -> str:
    return picked(section, "title") or _("Closing paragraph")


def present_names_note(cover: Cover) -> str:
    """Which names of a submission's paper are as of today; empty where all are as of then."""
    names = [picked(cover.body, "name")] if not cover.body.kept else []
    names += [f"《{picked(cover.document, 'title')}》"] if not cover.document.kept else []
    told = {"names": "、".join(names)}
    return (
        _("Names as of today (those used at the time were not kept): %(names)s.") % told
        if names
        else ""
    )
