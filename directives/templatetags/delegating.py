"""The cells in which one organisation gets a day, a leader and a contact of its own."""

from collections.abc import Mapping, Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from directives.base.wording import localized
from directives.models import Organisation
from directives.obligations.forms.delegating import BreakDownForm

register = template.Library()


@register.simple_tag
def share_cells(
    body: Organisation, form: BreakDownForm, errors: Mapping[str, Sequence[str]]
) -> SafeString:
    """Three cells of a row, with what was typed and what is wrong with the day."""
    cells = (
        ("due", "date", gettext("Complete by"), ""),
        ("leader", "text", gettext("Responsible leader"), "60"),
        ("contact", "text", gettext("Contact and telephone"), "100"),
    )
    html = (
        (_cell(f"{key}-{body.pk}", kind, label, limit, body, form, errors),)
        for key, kind, label, limit in cells
    )
    return format_html_join("", "{}", html)


def _cell(
    name: str,
    kind: str,
    label: str,
    limit: str,
    body: Organisation,
    form: BreakDownForm,
    errors: Mapping[str, Sequence[str]],
) -> SafeString:
    faults = format_html_join(
        "", '<p class="error">{}</p>', ((text,) for text in errors.get(name, ()))
    )
    return format_html(
        '<td data-k="{}">'
        '<input class="in" type="{}" name="{}" value="{}"{} aria-label="{}">{}</td>',
        label,
        kind,
        name,
        form.typed(name),
        format_html(' maxlength="{}"', limit) if limit else "",
        f"{label} · {localized(body, 'name')}",
        faults,
    )
