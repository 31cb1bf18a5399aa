"""What people say about an obligation: a reason for a move, how far an item has got. Forms check; commands write."""

from django import forms
from django.utils.translation import gettext_lazy as _

from directives.issuing import wrong_plan_day
from directives.states import ITEM_STATES


class DayInput(forms.DateInput):
    """The browser's own date field."""

    input_type = "date"

    def __init__(self, attrs: dict | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class MoveForm(forms.Form):
    """The reason for a move, and the version of the obligation that the person saw."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Reason"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class ItemForm(forms.Form):
    """How far a body has got with one named item."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    state = forms.ChoiceField(label=_("State"), choices=ITEM_STATES, widget=forms.RadioSelect)
    on = forms.DateField(label=_("Day"), required=False, widget=DayInput)
    evidence = forms.CharField(
        label=_("Evidence"), required=False, max_length=300, help_text=_("Number and title of the paper, or where it can be found.")
    )


class TermsForm(forms.ModelForm):
    """The terms of an obligation as administrators mend them."""

    def clean(self) -> dict:
        cleaned = super().clean()
        if said := wrong_plan_day(cleaned.get("deliverable", ""), cleaned.get("plan_due_on")):
            self.add_error("plan_due_on", said)
        return cleaned
