"""The forms of look-backs: the rule of a document, and a result."""

from django import forms
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST
from directives.models import LookBackRule
from directives.obligations.commands.looking_back import Rule
from directives.obligations.forms.obligations import DayInput


class RuleForm(forms.ModelForm):
    """The share at random, and the risks that are looked for."""

    share = forms.IntegerField(
        label=_("At random, percent of what is closed"), min_value=0, max_value=100
    )
    version = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)

    class Meta:
        model = LookBackRule
        fields = ("share", "no_evidence", "overdue", "one_jump", "excused")

    @property
    def rule(self) -> Rule:
        return Rule(**{name: self.cleaned_data[name] for name in self.Meta.fields})


class ResultForm(forms.Form):
    """What a look-back found, and when; files come beside it."""

    version = forms.IntegerField(min_value=1, max_value=LARGEST, widget=forms.HiddenInput)
    looked_on = forms.DateField(label=_("Date"), required=False, widget=DayInput)
    reason = forms.CharField(
        label=_("What was found"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
