"""Tags of the register: texts of directives with their items marked, states of items, repairs."""

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from directives.base.states import ESTABLISHED, IN_PROGRESS
from directives.base.wording import localized, localized_text
from directives.documents.ingest.repair import ANNOTATION, PUNCTUATION
from directives.documents.queries.desk_source import Bit
from directives.documents.queries.directive import Piece, pieces
from directives.documents.queries.preview import SectionPreview
from directives.documents.queries.source import kind_word, reason_word
from directives.models import Directive, LeftOut, Repair, Section
from directives.models.documents import PROPOSED, REFUSED

register = template.Library()


def _rectangle(css_class: str, corner: float, side: float) -> SafeString:
    return format_html(
        '<rect class="{0}" x="{1}" y="{1}" width="{2}" height="{2}" rx="2"/>',
        css_class,
        corner,
        side,
    )


EMPTY = _rectangle("y0", 1.5, 13)
ITEM_SQUARES = {
    ESTABLISHED: _rectangle("y1", 1, 14),
    IN_PROGRESS: EMPTY + format_html('<path class="yh" d="{}"/>', "M2 14V8h12v6z"),
}


ENCODINGS = {
    "utf-8": "UTF-8",
    "gb18030": "GB18030",
    "big5hkscs": "Big5",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16 BE",
}


@register.filter
def damage_kind(repair: Repair) -> str | Promise:
    """The kind of damage that a repair corrects."""
    return kind_word(repair.kind)


@register.filter
def why_left_out(row: LeftOut) -> str | Promise:
    """Why a line does not belong to the document."""
    return reason_word(row.reason)


@register.filter
def section_name(section: Section) -> str:
    """The number and title of a section, in the script of the reader."""
    if section.title:
        return f"{localized_text(section.label)}{localized(section, 'title')}"
    return localized_text(section.number) or _without_heading(
        in_part=bool(section.part_id), is_first=not section.order
    )


@register.filter
def read_section_name(section: SectionPreview) -> str:
    """As `section_name`, of a section that is not stored yet."""
    if section.title:
        return localized_text(section.label + section.title)
    return localized_text(section.number) or _without_heading(
        in_part=section.in_part, is_first=section.is_first
    )


def _without_heading(*, in_part: bool, is_first: bool) -> str:
    if in_part:
        return _("Text without a heading")
    return pgettext("section", "Opening") if is_first else pgettext("section", "Closing")


@register.filter
def section_path(section: Section) -> str:
    """As `section_name`, behind the label of the annex or plan that the section is in."""
    name = section_name(section)
    return f"{localized_text(section.part.label)} · {name}" if section.part else name


@register.filter
def encoding_name(encoding: str) -> str:
    """The name of an encoding as people know it."""
    return ENCODINGS.get(encoding, encoding)


@register.filter
def pieces_of(directive: Directive) -> tuple[Piece, ...]:
    """The text of a directive in the reader's script, split at its items."""
    items = list(directive.items.all())
    return pieces(
        localized(directive, "text"),
        directive.text,
        items,
        [localized(item, "name") for item in items],
    )


@register.simple_tag
def item_square(state: str) -> SafeString:
    """A square: full (established), half (underway) or empty."""
    return format_html(
        '<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{}</svg>',
        ITEM_SQUARES.get(state, EMPTY),
    )


@register.filter
def mark_class(repair: Repair) -> str:
    """How a repair is marked in the source: small ones quietly, doubtful ones loudly."""
    if repair.state == PROPOSED:
        return "maybe"
    if repair.state == REFUSED:
        return "kept"
    return "small" if repair.kind in (ANNOTATION, PUNCTUATION) else ""


@register.filter
def read_as(bit: Bit) -> str:
    """A stretch of the source; of a repaired one what was saved, struck out, and what it reads."""
    repair = bit.repair
    if repair is None:
        return bit.text
    saved = format_html("<del>{}</del>", repair.before) if repair.before else ""
    reads = repair.after if repair.state != REFUSED else ""
    new = format_html("<ins>{}</ins>", reads) if reads else ""
    return format_html('<mark class="{}">{}{}</mark>', mark_class(repair), saved, new)
