"""Forms of obligations: moves, items, and their terms in the admin site."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST
from directives.base.refusals import Refusal
from directives.base.states import ITEM_STATES
from directives.base.wording import localized
from directives.models import ItemState
from directives.obligations.commands.closing import Evidence
from directives.obligations.commands.issuing import wrong_plan_day
from directives.obligations.queries.closing import Nameable

GONE = _("Some of the evidence is no longer there, or was not submitted. Choose again.")


def field_errors(form: forms.BaseForm) -> dict[str, list[str]]:
    """The errors of a form by field, in the form that `Invalid` takes."""
    return {name: [str(error) for error in errors] for name, errors in form.errors.items()}


class DayInput(forms.DateInput):
    """The browser's own date field."""

    input_type = "date"

    def __init__(self, attrs: dict | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


def _ids(keys: Iterable[str], kind: str) -> frozenset[int]:
    """The ids of the chosen evidence of a kind."""
    return frozenset(int(key.removeprefix(kind)) for key in keys if key.startswith(kind))


class MoveForm(forms.Form):
    """The reason for a move, and the version of the obligation that the user saw.

    `items` are those not established: a move that closes the work asks the reason for each.
    `evidence` is what a request to close may name.
    """

    version = forms.IntegerField(min_value=1, max_value=LARGEST, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(
        self,
        *args: Any,
        items: Iterable[ItemState] = (),
        evidence: Nameable | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = evidence.choices if evidence else []
        self.fields["evidence"] = forms.MultipleChoiceField(
            choices=choices, required=False, error_messages={"invalid_choice": GONE}
        )
        self.items = {f"open-{item.pk}": item for item in items}
        for name, item in self.items.items():
            title = f"{item.item.number}. {localized(item.item, 'name')}"
            self.fields[name] = forms.CharField(
                label=f"{title} · {item.get_state_display()}",
                initial=item.open_reason,
                max_length=200,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    @property
    def reason_fields(self) -> list[forms.BoundField]:
        """A field for each item that is not established."""
        return [self[name] for name in self.items]

    def move(self) -> dict[str, Any]:
        """The arguments of `supervising.move_obligation`."""
        cleaned = self.cleaned_data
        reasons = {item.pk: cleaned[name] for name, item in self.items.items()}
        return {
            "version": cleaned["version"],
            "reason": cleaned["reason"],
            "open_reasons": reasons,
            "evidence": Evidence(
                _ids(cleaned["evidence"], "log-"), _ids(cleaned["evidence"], "file-")
            ),
        }

    def add_errors(self, refusal: Refusal) -> None:
        """Add the errors of a refused command to the fields of items."""
        for name, texts in getattr(refusal, "errors", {}).items():
            if name in self.items and not self.has_error(name):
                self.add_error(name, texts)


class ItemForm(forms.Form):
    """The state of one item, since when, and the evidence."""

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
    """The terms of an obligation in the admin site, which changes no days."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if message := wrong_plan_day(cleaned.get("deliverable", ""), self.instance.plan_due_on):
            self.add_error("deliverable", message)
        return cleaned
