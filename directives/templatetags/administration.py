"""Words of the admin's pages of tables."""

from django import template
from django.db.models.options import Options

from directives.intakes.safe_resource import heading_of

register = template.Library()


@register.filter
def heading_in(name: str, opts: Options) -> str:
    """A column of a table file by its word beside its name in the file."""
    return heading_of(opts.model, name)
