"""Forms of inputs, instructions and replies. They check input; commands check rights and states."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST
from directives.models import Obligation
from directives.obligations.forms.obligations import DayInput
from directives.replies.commands import TEXT_LIMIT


class RequestText(forms.CharField):
    """Text with the line ends of one kind, whatever the browser sends."""

    def __init__(self, *, label: Any, required: Any) -> None:
        super().__init__(
            label=label,
            max_length=TEXT_LIMIT,
            widget=forms.Textarea(attrs={"rows": 4}),
            error_messages={"required": required},
        )

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n").strip()


class AskForm(forms.Form):
    """What supporting bodies are asked for, by when; `rows` are those that may be chosen."""

    to = forms.ModelMultipleChoiceField(
        Obligation.objects.none(),
        label=_("Organisations"),
        error_messages={"required": _("Choose at least one organisation.")},
    )
    text = RequestText(label=_("What is asked"), required=_("Enter what is asked."))
    due_on = forms.DateField(label=_("Reply by"), widget=DayInput)

    def __init__(self, *args: Any, rows: QuerySet[Obligation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = rows

    @property
    def chosen(self) -> list[str]:
        """The ids of the ticked obligations, valid or not."""
        return [str(value) for value in self["to"].value() or []]


class InstructionForm(AskForm):
    """An instruction on obligations, or, without `rows`, on a body as a whole."""

    def __init__(self, *args: Any, rows: QuerySet[Obligation] | None, **kwargs: Any) -> None:
        super().__init__(*args, rows=Obligation.objects.none() if rows is None else rows, **kwargs)
        self.fields["text"].label = _("Text of the instruction")
        if rows is None:
            del self.fields["to"]

    @property
    def obligations(self) -> list[Obligation]:
        """The chosen obligations, once the form is valid."""
        return list(self.cleaned_data.get("to") or ())


class ReplyForm(forms.Form):
    """A reply, and the version that the person saw."""

    version = forms.IntegerField(min_value=1, max_value=LARGEST, widget=forms.HiddenInput)
    reply = RequestText(label=_("Text of the reply"), required=_("Enter the reply."))


class DecisionForm(forms.Form):
    """The reason for a decision on a reply, and the version that the person saw."""

    version = forms.IntegerField(min_value=1, max_value=LARGEST, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
