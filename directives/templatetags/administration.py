"""A filter for the admin's pages of import and export."""

from django import template
from django.db.models.options import Options

from directives.intakes.safe_resource import heading_of

register = template.Library()


@register.filter
def heading_in(name: str, opts: Options) -> str:
    """The heading of a column: its label and its name in the file."""
    return heading_of(opts.model, name)
