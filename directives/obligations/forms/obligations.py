"""What people say about an obligation. Forms check; commands write."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST
from directives.base.refusals import Refusal
from directives.base.states import ITEM_STATES
from directives.base.wording import localized
from directives.models import ItemState
from directives.obligations.commands.issuing import wrong_plan_day


def field_errors(form: forms.BaseForm) -> dict[str, list[str]]:
    """The errors of a form by field, as `Invalid` takes them."""
    return {name: [str(error) for error in errors] for name, errors in form.errors.items()}


class DayInput(forms.DateInput):
    """The browser's own date field."""

    input_type = "date"

    def __init__(self, attrs: dict | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class MoveForm(forms.Form):
    """The reason for a move, and the version of the obligation that the person saw.

    `items` are those that are not established: each is asked why, where the move closes the work.
    """

    version = forms.IntegerField(min_value=1, max_value=LARGEST, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, items: Iterable[ItemState] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items = {f"open-{item.pk}": item for item in items}
        for name, item in self.items.items():
            label = (
                f"{item.item.number}. {localized(item.item, 'name')} · {item.get_state_display()}"
            )
            area = forms.Textarea(attrs={"rows": 2})
            self.fields[name] = forms.CharField(
                label=label, initial=item.open_reason, max_length=200, required=False, widget=area
            )  # fmt: skip

    @property
    def asked(self) -> list[forms.BoundField]:
        """A field for each item that is not established."""
        return [self[name] for name in self.items]

    def move(self) -> dict[str, Any]:
        """What `supervising.move_obligation` is to be told."""
        cleaned = self.cleaned_data
        reasons = {item.pk: cleaned[name] for name, item in self.items.items()}
        return {"version": cleaned["version"], "reason": cleaned["reason"], "open_reasons": reasons}

    def refuse(self, refusal: Refusal) -> None:
        """Show at each field what the command has against it."""
        for name, texts in getattr(refusal, "errors", {}).items():
            if name in self.items and not self.has_error(name):
                self.add_error(name, texts)


class ItemForm(forms.Form):
    """How far a body has got with one named item."""

    version = forms.IntegerField(min_value=1, max_value=LARGEST, widget=forms.HiddenInput)
    state = forms.ChoiceField(label=_("State"), choices=ITEM_STATES, widget=forms.RadioSelect)
    on = forms.DateField(label=_("Date"), required=False, widget=DayInput)
    evidence = forms.CharField(
        label=_("Evidence"),
        required=False,
        max_length=300,
        help_text=_("Number and title of the paper, or where it can be found."),
    )


class TermsForm(forms.ModelForm):
    """The terms of an obligation as administrators mend them."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if said := wrong_plan_day(cleaned.get("deliverable", ""), cleaned.get("plan_due_on")):
            self.add_error("plan_due_on", said)
        return cleaned
