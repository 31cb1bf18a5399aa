"""A reporting cycle as a supervisor opens it. The form checks; `commands.open_cycle` writes."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from directives.models.reports import PERIODS
from directives.obligations.forms.obligations import DayInput
from directives.reports.queries.cycles import NextCycle

NUMBERS = {"quarter": 4, "half": 2, "year": 1}


class CycleForm(forms.Form):
    """Year, period and which of them; when it opens and when reports are due."""

    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)
    period = forms.ChoiceField(label=_("Frequency"), choices=PERIODS)
    number = forms.IntegerField(
        label=_("Which of the year"),
        min_value=1,
        max_value=4,
        help_text=_("1 to 4 for a quarter, 1 or 2 for a half-year, 1 for a year."),
    )
    opens_on = forms.DateField(label=_("Opens on"), widget=DayInput)
    due_on = forms.DateField(label=_("Reports due on"), widget=DayInput)

    @classmethod
    def proposing(cls, proposal: NextCycle) -> "CycleForm":
        """A form filled with the cycle that would come next."""
        return cls(initial={name: getattr(proposal, name) for name in cls.base_fields})

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if said.get("number") and said.get("period") and said["number"] > NUMBERS[said["period"]]:
            self.add_error(
                "number", _("There is no such period: a year has four quarters and two halves.")
            )
        return said
