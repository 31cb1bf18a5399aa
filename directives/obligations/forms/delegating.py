"""The form with which an obligation is broken down to organisations below."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST, iso_date, whole_number
from directives.base.states import DELIVERABLES
from directives.models import Organisation
from directives.obligations.commands.delegating import PartTerms, Share
from directives.obligations.forms.obligations import DayInput

ALL_BELOW = "all"  # value of `body`: every organisation directly below


class BreakDownForm(forms.Form):
    """What is asked of all, and by when; `bodies` are the chosen organisations (ids)."""

    version = forms.IntegerField(min_value=1, max_value=LARGEST, widget=forms.HiddenInput)
    asks = forms.CharField(
        label=_("What is asked"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    due_on = forms.DateField(label=_("Complete by"), required=False, widget=DayInput)
    later = forms.BooleanField(
        label=_("Dates after that of the obligation itself are intended"), required=False
    )
    deliverable = forms.ChoiceField(label=_("Deliverable"), choices=DELIVERABLES, required=False)
    plan_due_on = forms.DateField(label=_("Deliverable due"), required=False, widget=DayInput)

    def __init__(self, data: QueryDict | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        given = (data or QueryDict()).getlist("body")
        self.all_below = ALL_BELOW in given
        self.bodies = {pk for text in given if (pk := whole_number(text)) is not None}

    def typed(self, name: str) -> str:
        """What was typed for one organisation in a field such as due-7."""
        return str(self.data.get(name, "")).strip()

    def shares(self, bodies: Iterable[Organisation]) -> list[Share]:
        return [
            Share(
                body,
                self.day_of(body),
                self.typed(f"leader-{body.pk}")[:60],
                self.typed(f"contact-{body.pk}")[:100],
            )
            for body in bodies
        ]

    def day_of(self, body: Organisation) -> date | None:
        return iso_date(self.typed(f"due-{body.pk}"))

    def clean(self) -> dict[str, Any]:
        for name in self.data:
            text = self.typed(name)
            if name.startswith("due-") and text and iso_date(text) is None:
                self.add_error(None, _("Enter a valid date."))
        return super().clean() or {}

    @property
    def terms(self) -> PartTerms:
        names = ("asks", "deliverable", "plan_due_on", "due_on", "later")
        return PartTerms(**{name: self.cleaned_data[name] for name in names})
