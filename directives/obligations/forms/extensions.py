"""Forms of later days of completion: asked for, decided, corrected."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import whole_number
from directives.obligations.forms.obligations import DayInput

VERSION = "version-"  # before the id of a row in the name of the field with its version
MOST = 500  # rows of one form


def picked_ids(data: QueryDict) -> list[int]:
    """The ids of the ticked rows, each once."""
    ids = (whole_number(text) for text in data.getlist("pick")[:MOST])
    return [*dict.fromkeys(pk for pk in ids if pk is not None)]


def seen_versions(data: Mapping[str, Any]) -> dict[int, int]:
    """The versions that the user saw, by id of the row."""
    named = (
        (whole_number(name.removeprefix(VERSION)), whole_number(str(value)))
        for name, value in data.items()
        if name.startswith(VERSION)
    )
    return {pk: version for pk, version in named if pk is not None and version is not None}


class AskForm(forms.Form):
    """One new day and one reason for all ticked obligations."""

    due_on = forms.DateField(label=_("New due date"), widget=DayInput({"autofocus": True}))
    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class CorrectionForm(AskForm):
    """The right day and why the other one was wrong."""

    due_on = forms.DateField(label=_("Correct due date"), widget=DayInput({"autofocus": True}))


class DecisionForm(forms.Form):
    """A decision on one or several requests; without a day each gets the one it asks for."""

    due_on = forms.DateField(label=_("Due date granted"), required=False, widget=DayInput)
    reason = forms.CharField(
        label=_("Reason"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    action = forms.ChoiceField(
        choices=[("grant_extension", ""), ("refuse_extension", "")], widget=forms.HiddenInput
    )
