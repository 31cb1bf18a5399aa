"""Forms of the admin for bodies."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST
from directives.base.refusals import Stale
from directives.models import Organisation


class BodyForm(forms.ModelForm):
    """A body in the admin; `seen` is the version shown to the person."""

    seen = forms.IntegerField(
        label=_("Version"), max_value=LARGEST, widget=forms.HiddenInput, required=False
    )

    class Meta:
        model = Organisation
        fields = (
            "code",
            "name_hans",
            "name_hant",
            "full_name",
            "level",
            "kind",
            "parent",
            "valid_from",
            "valid_to",
            "successor",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.instance.version

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned, body = self.cleaned_data, self.instance
        if body.pk is None:
            return cleaned
        stored = Organisation.objects.get(pk=body.pk)
        if cleaned.get("seen") != stored.version:
            raise forms.ValidationError(str(Stale()))
        parent = cleaned.get("parent")
        if parent is not None and parent.path.startswith(stored.path):
            self.add_error("parent", _("An organisation cannot be below itself."))
        return cleaned


class MergeForm(forms.Form):
    into = forms.CharField(label=_("Code of the successor"), max_length=20)
    version = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)

    def clean_into(self) -> Organisation:
        body = Organisation.objects.filter(code=self.cleaned_data["into"].strip()).first()
        if body is None:
            raise forms.ValidationError(_("No organisation has this code."))
        return body
