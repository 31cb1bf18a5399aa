"""Tags of a report that is filled in."""

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from directives.overview.around import Around

register = template.Library()


@register.simple_tag
def ready_entries(sheet: Around) -> SafeString:
    """A hidden field for each entry that is ready. Drawn at once: each save draws the hand-in bar of a long report anew."""
    return format_html_join("", '<input type="hidden" name="entry" value="{}">', ((line.pk,) for line in sheet.lines if line.ready))
