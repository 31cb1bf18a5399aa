"""The form with which disputed obligations are handed over to another organisation."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST, whole_number
from directives.obligations.commands.handing_over import DAYS, KEEP


class HandoverForm(forms.Form):
    """Who takes them, with which dates, and why; `versions` are those of the chosen rows by id."""

    body = forms.IntegerField(
        label=_("To which organisation"),
        min_value=1,
        max_value=LARGEST,
        error_messages={"required": _("Choose an organisation.")},
    )
    days = forms.ChoiceField(label=_("Dates"), choices=DAYS, initial=KEEP, widget=forms.RadioSelect)
    link = forms.BooleanField(
        label=_("Link directives that it already has to its own obligations"), required=False
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Give a reason: the recipient will act on it.")},
    )

    def __init__(self, data: QueryDict | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.versions = dict(
            filter(None, (_row_of(text) for text in (data or QueryDict()).getlist("row")))
        )


def _row_of(text: str) -> tuple[int, int] | None:
    """The id and version of a ticked row, from “id.version”."""
    pk, _dot, version = text.partition(".")
    number, seen = whole_number(pk), whole_number(version)
    return None if number is None or seen is None else (number, seen)
