"""Names of exported files and their formats."""

from django import template

from directives.base.wording import localized_text
from directives.catalogue.lists import list_name
from directives.models import Export
from directives.tables.book import StrOrPromise
from directives.tables.formats import FORMATS

register = template.Library()
SHORT = {"xlsx": "Excel", "csv": "CSV", "csv-gb": "CSV GB18030"}

register.filter("list_name", list_name)


@register.filter
def format_name(key: str) -> StrOrPromise:
    """Excel, CSV, CSV GB18030."""
    return SHORT.get(key, key)


@register.simple_tag
def formats() -> list[tuple[str, str]]:
    """The formats to choose from: (key, name)."""
    return [(key, SHORT[key]) for key in FORMATS]


@register.filter
def file_title(export: Export) -> StrOrPromise:
    """The name of the file in the reader's script, or of the list until the file is made."""
    return localized_text(export.name) if export.name else list_name(export.list)
