"""Forms of the admin for bodies."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST
from directives.base.refusals import Stale
from directives.base.script import fold
from directives.models import BodyAlias, BodyClass, Organisation
from directives.models.body_names import CLASS_LEVELS
from directives.models.organisations import KINDS


class VersionedForm(forms.ModelForm):
    """A row in the admin; `seen` is the version shown to the person."""

    seen = forms.IntegerField(
        label=_("Version"), max_value=LARGEST, widget=forms.HiddenInput, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.instance.version

    def clean(self) -> dict[str, Any]:
        super().clean()
        model = type(self.instance)
        stored = model._default_manager.filter(pk=self.instance.pk).first()
        if stored is not None and self.cleaned_data.get("seen") != stored.version:
            raise forms.ValidationError(str(Stale()))
        return self.cleaned_data


class AliasForm(VersionedForm):
    class Meta:
        model = BodyAlias
        fields = ("name", "owner", "bodies")


class ClassForm(VersionedForm):
    kinds = forms.MultipleChoiceField(
        label=_("Kinds of organisations"),
        choices=KINDS,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("None: organisations of every kind."),
    )
    levels = forms.MultipleChoiceField(
        label=_("Levels"),
        choices=CLASS_LEVELS,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("None: organisations of every level."),
    )

    class Meta:
        model = BodyClass
        fields = ("name", "kinds", "levels", "word", "topmost")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        same = BodyClass.objects.filter(key=fold(name)).exclude(pk=self.instance.pk)
        if same.exists():
            raise forms.ValidationError(_("There is a class of this name already."))
        return name


class BodyForm(VersionedForm):
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

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned, body = self.cleaned_data, self.instance
        if body.pk is None:
            return cleaned
        stored = Organisation.objects.get(pk=body.pk)
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
