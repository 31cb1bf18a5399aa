"""The columns of the register's lists: documents, directives, bodies, the matrix."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from directives.base.states import LIGHTS
from directives.base.wording import localized, localized_text
from directives.core.scope import Lights
from directives.documents.commands.correcting import NamedAddressee
from directives.documents.queries.register import DirectiveRow
from directives.models import Directive, Organisation
from directives.obligations.queries.matrix import Cell
from directives.organisations.queries.bodies import BodyLine
from directives.tables.book import Column, GroupPath, path_to

LIGHT_WORDS = dict(LIGHTS)
DOCUMENT, DIRECTIVE, BODY = path_to("document"), path_to("directive"), path_to("organisation")


def light_columns() -> tuple[Column, ...]:
    """The number of obligations, and how many are in each light."""

    def count(colour: str) -> Column:
        return Column(colour, LIGHT_WORDS[colour], lambda row: _lights(row).count(colour), "number")

    return (
        Column("obligations", _("Obligations"), lambda row: _lights(row).total, "number"),
        *map(count, LIGHT_WORDS),
    )


def _lights(row: Any) -> Lights:
    return row.lights or Lights()  # None for a body that the user may not see


DOCUMENTS = (
    Column(
        "title",
        _("Title"),
        lambda row: localized(row.document, "title"),
        width=48,
        link=lambda row: DOCUMENT(row.document.pk),
    ),
    Column("issuer", _("Issuer"), lambda row: localized_text(row.document.issuer), width=20),
    Column(
        "issued_on",
        pgettext_lazy("document", "Issued on"),
        lambda row: row.document.issued_on,
        "date",
    ),
    Column("registered_at", _("Registered"), lambda row: row.document.registered_at, "moment"),
    Column("sections", _("Sections"), lambda row: row.sections, "number"),
    Column("directives", _("Directives"), lambda row: row.directives, "number"),
    Column("statements", _("Statements"), lambda row: row.statements, "number"),
    Column("doubtful", _("Doubtful places"), lambda row: row.undecided, "number"),
    Column("bodies", _("Organisations"), lambda row: row.bodies, "number"),
    *light_columns(),
)


def addressees_in_words(directive: Directive) -> str:
    """One a line, as `imports.directives` reads them back."""
    addressees = [
        NamedAddressee(who.name, who.basis, who.source, who.role)
        for who in directive.addressees.all()
    ]
    return "\n".join(who.in_words if who.name else f"({who.in_words})" for who in addressees)


def _part(row: DirectiveRow) -> str:
    part = row.directive.section.part
    return f"{localized_text(part.label)} {localized(part, 'title')}".strip() if part else ""


DIRECTIVES = (
    Column(
        "code",
        pgettext_lazy("directive", "Code"),
        lambda row: row.directive.code,
        width=10,
        link=lambda row: DIRECTIVE(row.directive.pk),
    ),
    Column("part", _("Annex or plan"), _part, width=20),
    Column(
        "section", _("Section"), lambda row: localized(row.directive.section, "title"), width=28
    ),
    Column("text", _("Directive"), lambda row: localized(row.directive, "text"), width=60),
    Column(
        "items",
        _("Items"),
        lambda row: "\n".join(localized(item, "name") for item in row.directive.items.all()),
        width=32,
    ),
    Column("addressees", _("Addressees"), lambda row: addressees_in_words(row.directive), width=28),
    Column("kind", _("Kind"), lambda row: row.directive.get_kind_display(), width=12),
    Column(
        "modality", _("How binding"), lambda row: localized_text(row.directive.modality), width=8
    ),
    Column(
        "cadence",
        pgettext_lazy("directive", "Frequency"),
        lambda row: row.directive.cadence_word,
        width=12,
    ),
    Column(
        "due_words",
        _("Deadline as worded"),
        lambda row: localized_text(row.directive.due_words),
        width=16,
    ),
    Column("due_on", _("Due date in the document"), lambda row: row.directive.due_on, "date"),
    Column(
        "due_every",
        _("Interval in the document"),
        lambda row: row.directive.get_due_every_display(),
        width=10,
    ),
    *light_columns(),
)


def section_of(row: DirectiveRow) -> GroupPath:
    """The section of a directive, as a path."""
    section = row.directive.section
    return (
        (section.pk, f"{localized_text(section.number)} {localized(section, 'title')}".strip()),
        (row.directive.pk, row.directive.code),
    )


def _successor(row: BodyLine) -> str:
    return localized(row.body.successor, "name") if row.body.successor else ""


BODIES = (
    Column(
        "code", _("Code"), lambda row: row.body.code, width=10, link=lambda row: BODY(row.body.pk)
    ),
    Column(
        "name_hans",
        pgettext_lazy("body", "Name"),
        lambda row: localized(row.body, "name"),
        width=28,
    ),
    Column("full_name", _("Full name"), lambda row: localized_text(row.body.full_name), width=36),
    Column("level", _("Level"), lambda row: row.body.get_level_display(), width=10),
    Column("kind", _("Kind of organisation"), lambda row: row.body.get_kind_display(), width=18),
    Column(
        "parent",
        _("Parent"),
        lambda row: localized(row.body.parent, "name") if row.body.parent else "",
        width=24,
    ),
    Column("valid_from", _("Exists from"), lambda row: row.body.valid_from, "date"),
    Column("valid_to", _("Exists until"), lambda row: row.body.valid_to, "date"),
    Column("successor", _("Successor"), _successor, width=24),
    *light_columns(),
    Column("id", _("Record ID"), lambda row: row.body.pk, "id", 8),
    Column("version", _("Version"), lambda row: row.body.version, "id", 6),
)


def matrix_columns(bodies: Iterable[Organisation]) -> tuple[Column, ...]:
    """Code and text of each directive, then its light and percent at each body."""

    def body_column(place: int, body: Organisation) -> Column:
        return Column(
            f"body-{body.pk}",
            localized(body, "name"),
            lambda row: cell_words(row.cells[place]),
            width=14,
            light=lambda row: row.cells[place].light,
        )

    head = (
        Column(
            "code", pgettext_lazy("directive", "Code"), lambda row: row.directive.code, width=10
        ),
        Column("text", _("Directive"), lambda row: localized(row.directive, "text"), width=60),
    )
    return head + tuple(body_column(place, body) for place, body in enumerate(bodies))


def cell_words(cell: Cell) -> str:
    """Light and percent of an obligation; "" where there is none."""
    if cell.pk is None:
        return ""
    return gettext("%(light)s %(percent)s%%") % {
        "light": LIGHT_WORDS[cell.light],
        "percent": cell.percent,
    }
