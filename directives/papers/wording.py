"""The language of papers, and phrases that all papers share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from directives.base.wording import localized, localized_text
from directives.models import Organisation
from directives.reports.queries.submissions import Cover

HANT, HANS = "zh-hant", "zh-hans"


@contextmanager
def chinese_of_reader() -> Iterator[bool]:
    """Activate Chinese in the script of the reader; yields whether it is Traditional."""
    traditional = get_language() == HANT
    with override(HANT if traditional else HANS):
        yield traditional


def full_name(body: Any) -> str:
    """The name with which a body signs."""
    return localized_text(body.full_name) or localized(body, "name")


def recipient_of(body: Organisation) -> str:
    """The recipient of a body's papers: its parent."""
    return full_name(body.parent) if body.parent else ""


def demo_notice(fictional: bool) -> str:
    """The notice on every page of a paper with demo data."""
    return _("Demo data: progress and figures are fictional") if fictional else ""


def title_of_section(section: Any) -> str:
    return localized(section, "title") or _("Closing paragraph")


def present_names_note(cover: Cover) -> str:
    """A note on names in the paper of a submission that are today's; "" if there are none."""
    names = [localized(cover.body, "name")] if not cover.body.is_stored else []
    names += [f"《{localized(cover.document, 'title')}》"] if not cover.document.is_stored else []
    if not names:
        return ""
    text = _("Names as of today (those used at the time were not kept): %(names)s.")
    return text % {"names": "、".join(names)}
