"""Forms of the register: a new document, doubtful places, the reading of a directive."""

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from directives.base.numbers import LARGEST, whole_number
from directives.base.states import PARTS, RESPONSIBLE
from directives.base.wording import localized_text
from directives.documents.commands.correcting import (
    PLAIN_FIELDS,
    Correction,
    Decision,
    NamedAddressee,
)
from directives.documents.commands.frames import FrameWords
from directives.documents.commands.registering import possible_owners
from directives.documents.commands.slow_reading import Upload
from directives.documents.ingest.reading import ISSUER, TITLE
from directives.documents.ingest.sources import LIMIT, content_of_pasted
from directives.documents.queries.frame import ReadLine
from directives.intakes.forms import owner_field
from directives.models import Directive, Organisation, User
from directives.models.documents import (
    BASES,
    CADENCES,
    ENCODING,
    INTERVALS,
    KINDS,
    MODALITIES,
    UNSTATED,
)

# a new document

TOO_LARGE = _("The file is larger than 20 MB. Save only the text of the document.")
INCOMPLETE = _("The file did not arrive completely. Choose it again.")


class UploadForm(forms.Form):
    """A file, or what was pasted: its words in `text`, its HTML in `html` if a script took it."""

    file = forms.FileField(
        label=pgettext_lazy("document", "File"),
        required=False,
        max_length=200,
        allow_empty_file=True,  # the reader of documents says what an empty file lacks
        help_text=_(
            "Word document (.docx), PDF with text, saved web page or plain text (UTF-8, UTF-16, "
            "GB18030 or Big5), at most 20 MB."
        ),
        widget=forms.FileInput(
            attrs={"accept": ".docx,.pdf,.txt,.md,.htm,.html,text/plain,text/html,application/pdf"}
        ),
    )
    text = forms.CharField(
        label=_("Or paste the text"),
        required=False,
        help_text=_("Copy the whole document in Word, WPS or the browser, then paste it here."),
        widget=forms.Textarea(attrs={"rows": 8, "data-paste": True}),
    )
    # No hidden input: drafts.js keeps what is in text areas.
    html = forms.CharField(required=False, widget=forms.Textarea(attrs={"hidden": True}))

    def clean_file(self) -> UploadedFile | None:
        file = self.cleaned_data["file"]
        if file is not None and file.size > LIMIT:
            raise ValidationError(TOO_LARGE)
        return file

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "file" in self.errors:
            return data
        if data.get("file") is None and not data.get("text"):
            self.add_error("file", _("Choose a file, or paste the text."))
        elif data.get("file") is not None and data.get("text"):
            self.add_error(
                "file", _("There is a file and pasted text. Clear the text, or choose no file.")
            )
        elif len(content_of_pasted(data.get("html") or data["text"])) > LIMIT:
            self.add_error("text", TOO_LARGE)
        return data

    @property
    def upload(self) -> Upload:
        file, html = self.cleaned_data["file"], self.cleaned_data["html"]
        if file is not None:
            return Upload(file.read(), file.name)
        name = _("Pasted text") + (".html" if html else ".txt")
        return Upload(content_of_pasted(html or self.cleaned_data["text"]), name, "utf-8")


def packed(source: bytes) -> str:
    """The bytes of a file, for the hidden field from the preview to the registration."""
    return base64.b64encode(zlib.compress(source)).decode("ascii")


class SourceForm(forms.Form):
    """A file that came back from its preview, or the job that read it.

    `cleaned_data["source"]` are its bytes, `cleaned_data["job"]` is the id of the job.
    """

    source = forms.CharField(required=False, widget=forms.HiddenInput)
    source_name = forms.CharField(max_length=200, widget=forms.HiddenInput)
    encoding = forms.CharField(required=False, max_length=ENCODING, widget=forms.HiddenInput)
    job = forms.IntegerField(required=False, max_value=LARGEST, widget=forms.HiddenInput)

    @classmethod
    def initial_of(cls, upload: Upload, job: int | None = None) -> dict[str, Any]:
        if job is not None:
            return {"source_name": upload.name, "encoding": upload.encoding, "job": job}
        return {
            "source": packed(upload.content),
            "source_name": upload.name,
            "encoding": upload.encoding,
        }

    def clean_source(self) -> bytes:
        if not self.cleaned_data["source"]:
            return b""
        try:
            packed_bytes = base64.b64decode(self.cleaned_data["source"], validate=True)
            # The size is limited: a small field can unpack to gigabytes of zeros.
            source = zlib.decompressobj().decompress(packed_bytes, LIMIT + 1)
        except (binascii.Error, zlib.error, ValueError) as fault:
            raise ValidationError(INCOMPLETE) from fault
        if len(source) > LIMIT:
            raise ValidationError(TOO_LARGE)
        return source

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("source") and not data.get("job") and "source" not in self.errors:
            self.add_error("source", INCOMPLETE)
        return data

    @property
    def upload(self) -> Upload:
        data = self.cleaned_data
        return Upload(data["source"], data["source_name"], data["encoding"])

    @property
    def incomplete(self) -> list[str]:
        """Why there is no file to read."""
        faults = self.errors.get("source") or [INCOMPLETE]
        return list(map(str, faults))


class RegisterForm(SourceForm):
    """The form of the preview, beside its `FrameForm`."""

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

    def ask_again(self) -> None:
        """Ask whether a text that is registered already is to be registered all the same."""
        self.fields["again"] = forms.BooleanField(
            label=_("Register this document all the same"),
            error_messages={
                "required": _(
                    "The same text is registered already. Select this to register it twice."
                )
            },
        )


# title, number and so on


class LinesField(forms.CharField):
    """Several names, one a line; `cleaned_data` has them without empty lines."""

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 3})
        super().__init__(required=False, max_length=4000, widget=widget, **options)

    def clean(self, value: Any) -> tuple[str, ...]:
        lines = map(str.strip, super().clean(value).splitlines())
        return tuple(line for line in lines if line)


class FrameForm(forms.Form):
    """Title, number, issuers and so on of a document.

    `read_from` says under each field where in the text it was read.
    """

    title = forms.CharField(
        label=_("Title"),
        max_length=TITLE,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Enter the title of the document.")},
    )
    number = forms.CharField(label=_("Document number"), required=False, max_length=60)
    issuer = forms.CharField(label=_("Issuer"), required=False, max_length=ISSUER)
    issued_on = forms.DateField(
        label=pgettext_lazy("document", "Issued on"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("This is not a date. Write it as 2026-10-13.")},
    )
    recipients = LinesField(label=_("Recipients, one per line"))
    annexes = LinesField(label=_("Annexes, one per line"))

    def __init__(
        self,
        *args: Any,
        frame: FrameWords | None = None,
        read_from: Mapping[str, Sequence[ReadLine]] | None = None,
        **kwargs: Any,
    ) -> None:
        if frame is not None:
            kwargs["initial"] = frame.values
        super().__init__(*args, **kwargs)
        for name, lines in (read_from or {}).items():
            self.fields[name].help_text = _said(lines)

    def clean_title(self) -> str:
        return " ".join(self.cleaned_data["title"].split())

    @property
    def frame(self) -> FrameWords:
        return FrameWords(**self.cleaned_data)


class StoredFrameForm(FrameForm):
    """The same of a stored document, with the version that the person saw."""

    version = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)

    @property
    def frame(self) -> FrameWords:
        data = self.cleaned_data
        return FrameWords(**{name: data[name] for name in data if name != "version"})


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason for withdrawing"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept in the audit log. The document and its directives are deleted."),
    )
    version = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)


class ReadAnewForm(forms.Form):
    lost = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)
    version = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)


def _said(lines: Sequence[ReadLine]) -> SafeString:
    """The lines that a field was read from, with their numbers."""
    words = gettext("line %(number)s")
    return format_html_join(
        "", '<span class="ln">{}</span>{} ', ((words % {"number": n}, text) for n, text in lines)
    )


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
        label=_("Due date in the document"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("This is not a date. Write it as 2026-10-13.")},
    )
    due_every = forms.ChoiceField(
        label=_("Interval in the document"),
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


# the desk

DESK_ACTS = (
    *("read", "unread", "directive", "statement", "heading", "drop", "restore", "merge"),
    *("kind", "body", "body_alone", "deadline"),
)


class RowField(forms.Field):
    """Rows with the versions that the person saw: 12:3 is version 3 of row 12."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> dict[int, int]:
        rows = {}
        for text in value or ():
            pk, _colon, version = str(text).partition(":")
            row, seen = whole_number(pk), whole_number(version)
            if row is None or seen is None:
                raise ValidationError(_("This form is out of date. Reload the page."))
            rows[row] = seen
        if not rows:
            raise ValidationError(_("Select at least one row."))
        return rows


class DeskForm(forms.Form):
    """An act on the selected rows of the desk, with what it sets."""

    act = forms.ChoiceField(choices=[(act, "") for act in DESK_ACTS])
    row = RowField()
    kind = forms.ChoiceField(choices=KINDS[:-1], required=False)
    name = forms.CharField(max_length=100, required=False)
    role = forms.ChoiceField(choices=PARTS, required=False)
    on = forms.DateField(required=False)
    every = forms.ChoiceField(choices=[("", ""), *INTERVALS], required=False)

    @classmethod
    def of(cls, sent: QueryDict) -> "DeskForm":
        """The form as sent; the button of a single row says act and row in one value."""
        act, blank, row = sent.get("one", "").partition(" ")
        if blank:
            sent = sent.copy()
            sent["act"] = act
            sent.setlist("row", [row])
        return cls(sent)

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.cleaned_data.get("act") == "kind" and not self.cleaned_data.get("kind"):
            self.add_error("kind", _("Choose a kind."))
        return self.cleaned_data


class WordsForm(forms.Form):
    """The words of one row of the desk, its items, or a row behind it."""

    act = forms.ChoiceField(choices=[(act, "") for act in ("words", "split", "items", "add")])
    text = forms.CharField(max_length=20_000, required=False, strip=False)
    version = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)
