"""Forms of the register: a new document, doubtful places, the reading of a directive."""

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.numbers import LARGEST
from directives.base.states import PARTS, RESPONSIBLE
from directives.base.wording import localized_text
from directives.documents.commands.correcting import (
    PLAIN_FIELDS,
    Correction,
    Decision,
    NamedAddressee,
)
from directives.documents.commands.registering import possible_owners
from directives.documents.ingest.sources import LIMIT
from directives.intakes.forms import owner_field
from directives.models import Directive, Organisation, User
from directives.models.documents import BASES, CADENCES, INTERVALS, KINDS, MODALITIES, UNSTATED

# a new document


class UploadForm(forms.Form):
    file = forms.FileField(
        label=pgettext_lazy("document", "File"),
        error_messages={"required": _("Choose a file first.")},
        max_length=200,
        allow_empty_file=True,  # the reader of documents says what an empty file lacks
        help_text=_(
            "Word document (.docx), PDF with text, saved web page or plain text (UTF-8, UTF-16, "
            "GB18030 or Big5), at most 20 MB."
        ),
        widget=forms.FileInput(
            attrs={"accept": ".docx,.pdf,.txt,.htm,.html,text/plain,text/html,application/pdf"}
        ),
    )

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        if file.size > LIMIT:
            raise ValidationError(
                _("The file is larger than 20 MB. Save only the text of the document.")
            )
        return file


def packed(source: bytes) -> str:
    """The bytes of a file, for the hidden field from the preview to the registration."""
    return base64.b64encode(zlib.compress(source)).decode("ascii")


class RegisterForm(forms.Form):
    """The form of the preview; `cleaned_data["source"]` are the bytes of the file."""

    source = forms.CharField(widget=forms.HiddenInput)
    source_name = forms.CharField(max_length=200, widget=forms.HiddenInput)
    fictional = forms.BooleanField(
        required=False, label=_("Progress on this document is fictional (demonstration)")
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(possible_owners(user)) > 1:
            self.fields["organisation"] = owner_field(user)

    @property
    def owner(self) -> Organisation | None:
        """The chosen body; None where there is no choice."""
        return self.cleaned_data.get("organisation")

    def clean_source(self) -> bytes:
        try:
            packed_bytes = base64.b64decode(self.cleaned_data["source"], validate=True)
            # The size is limited: a small field can unpack to gigabytes of zeros.
            source = zlib.decompressobj().decompress(packed_bytes, LIMIT + 1)
        except (binascii.Error, zlib.error, ValueError) as fault:
            raise ValidationError(
                _("The file did not arrive completely. Choose it again.")
            ) from fault
        if len(source) > LIMIT:
            raise ValidationError(
                _("The file is larger than 20 MB. Save only the text of the document.")
            )
        return source


# doubtful places


class RepairForm(forms.Form):
    decision = forms.ChoiceField(choices=[("confirm", ""), ("refuse", "")])
    reads = forms.CharField(label=_("Correct text"), max_length=200, required=False, strip=False)
    who = forms.CharField(label=_("Who checked the original"), max_length=100)
    why = forms.CharField(label=_("Compared with what, and why you are sure"), max_length=500)
    version = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        if data.get("decision") == "confirm" and not data.get("reads"):
            self.add_error("reads", _("Enter the correct text."))
        return data

    @property
    def verdict(self) -> Decision:
        data = self.cleaned_data
        return Decision(data["decision"] == "confirm", data["reads"], data["who"], data["why"])


# the reading of a directive


def modalities() -> list[tuple[str, str | Promise]]:
    """The choices, in the script of the reader."""
    return [("", _("None")), *((word, localized_text(word)) for word, _label in MODALITIES)]


class CorrectionForm(forms.Form):
    """The reading of a directive without its addressees."""

    statement = forms.BooleanField(
        required=False, label=_("This is a statement: it requires nothing and cannot be assigned")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS)
    modality = forms.ChoiceField(label=_("How binding"), required=False, choices=modalities)
    cadence = forms.ChoiceField(
        label=pgettext_lazy("directive", "Frequency"),
        required=False,
        choices=[("", _("None")), *CADENCES],
    )
    due_words = forms.CharField(label=_("Deadline as worded"), required=False, max_length=100)
    due_on = forms.DateField(
        label=_("Day that the words mean"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("This is not a date. Write it as 2026-10-13.")},
    )
    due_every = forms.ChoiceField(
        label=_("Interval that the words mean"),
        required=False,
        choices=[("", _("None")), *INTERVALS],
    )
    reason = forms.CharField(
        label=_("Reason for correction"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept in the audit log with the earlier text."),
    )
    version = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)


class AddresseeForm(forms.Form):
    """One addressee. A row without a name is removed, unless its basis is "unstated"."""

    name = forms.CharField(label=_("Name"), required=False, max_length=100)
    role = forms.ChoiceField(
        label=pgettext_lazy("addressee", "Role"), required=False, choices=PARTS, initial=RESPONSIBLE
    )
    basis = forms.ChoiceField(label=_("Basis"), choices=BASES)
    source = forms.CharField(label=_("Carried from (code)"), required=False, max_length=20)

    @property
    def addressee(self) -> NamedAddressee | None:
        data = self.cleaned_data
        if not data["name"] and data["basis"] != UNSTATED:
            return None
        role = data["role"] or self.initial.get("role", RESPONSIBLE)
        return NamedAddressee(data["name"], data["basis"], data["source"], role)


AddresseeFormSet = forms.formset_factory(AddresseeForm, extra=2, max_num=40, absolute_max=40)


class CorrectionForms:
    """The form of a directive's reading together with the formset of its addressees."""

    def __init__(
        self, directive: Directive, reading: Correction, data: Mapping[str, str] | None = None
    ) -> None:
        initial = {name: getattr(reading, name) for name in PLAIN_FIELDS}
        initial["due_words"] = localized_text(reading.due_words)
        rows = [
            {
                "name": localized_text(row.name),
                "role": row.role,
                "basis": row.basis,
                "source": localized_text(row.source),
            }
            for row in reading.addressees
        ]
        self.form = CorrectionForm(data, initial={**initial, "version": directive.version})
        self.addressees = AddresseeFormSet(data, initial=rows, prefix="who")

    def is_valid(self) -> bool:
        return all([self.form.is_valid(), self.addressees.is_valid()])

    @property
    def version(self) -> int:
        return self.form.cleaned_data["version"]

    @property
    def correction(self) -> Correction:
        data = self.form.cleaned_data
        addressees = [row.addressee for row in self.addressees if row.has_changed() or row.initial]
        return Correction(
            addressees=tuple(addressee for addressee in addressees if addressee),
            **{name: data[name] for name in PLAIN_FIELDS},
        )
