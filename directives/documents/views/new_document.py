"""A new document: a file or pasted text, the preview of what was read, its registration."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from directives.documents.commands import registering
from directives.documents.commands.frames import frame_read
from directives.documents.commands.same_text import same_file, same_text
from directives.documents.forms import (
    FrameForm,
    RegisterForm,
    SourceForm,
    Upload,
    UploadForm,
)
from directives.documents.ingest.reading import Reading, read
from directives.documents.ingest.sources import MESSAGES, DocumentError, other_readings
from directives.documents.queries.frame import lines_read
from directives.documents.queries.preview import preview_of
from directives.models import Document
from directives.models.documents import PROPOSED
from directives.web.doors import demand, page, tell_stored, write
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/documents/"
# Refusals of a text that may only have been read in the wrong encoding
IN_ANOTHER_ENCODING = ("encoding", "garbled", "no_section", "binary")


@dataclass(frozen=True, slots=True)
class Forms:
    """The forms of a preview: what is stored beside the title, number and so on."""

    register: RegisterForm
    frame: FrameForm
    same: Document | None  # with the same text

    @classmethod
    def of(
        cls, request: SignedInRequest, upload: Upload, reading: Reading, *, sent: bool
    ) -> "Forms":
        data = request.POST if sent else None
        register = RegisterForm(request.user, data, initial=RegisterForm.initial_of(upload))
        same = same_text(request.user, reading)
        if same is not None:
            register.ask_again()
        frame = frame_read(reading)
        lines = lines_read(frame, reading.text_read, _places(reading))
        return cls(register, FrameForm(data, frame=frame, read_from=lines), same)

    def is_valid(self) -> bool:
        return all([self.register.is_valid(), self.frame.is_valid()])


def _places(reading: Reading) -> list[tuple[str, int, int]]:
    return [(field, *place) for field, place in reading.frame.places]


@require_http_methods(["GET", "POST"])
def document_new(request: SignedInRequest) -> HttpResponse:
    """The form for a file or pasted text; posted, its preview: nothing is stored yet.

    The preview posts the file again with another encoding.
    """
    demand(request.user, "register")
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "GET":
        return page(request, TEMPLATES + "new.html", {"form": form})
    if "source" in request.POST:
        again = SourceForm(request.POST)
        if not again.is_valid():
            return _choose_again(request, again.incomplete)
        upload = again.upload
    elif form.is_valid():
        upload = form.upload
    else:
        return page(request, TEMPLATES + "new.html", {"form": form}, status=422)
    try:
        reading = _read(upload)
    except DocumentError as fault:
        return _refused(request, form, upload, fault)
    forms = Forms.of(request, upload, reading, sent=False)
    return tell_stored(request, _preview(request, forms, reading, upload))


def _read(upload: Upload) -> Reading:
    """Raises DocumentError, also where the bytes are registered already."""
    reading = read(upload.content, name=upload.name, encoding=upload.encoding)
    registered = Document.objects.filter(sha256=reading.sha256).only("title").first()
    if registered is not None:
        raise DocumentError.repeated(registered.title)
    return reading


def _preview(
    request: SignedInRequest, forms: Forms, reading: Reading, upload: Upload, status: int = 200
) -> HttpResponse:
    context = {
        "form": forms.register,
        "frame": forms.frame,
        "same": forms.same,
        "preview": preview_of(reading),
        "upload": upload,
        "alternatives": reading.alternatives,
        "again": forms.register.initial,
    }
    return page(request, TEMPLATES + "preview.html", context, status=status)


def message_of(fault: DocumentError) -> str:
    """The message of the error in the language of the reader."""
    return _(MESSAGES[fault.code]) % fault.params


def _refused(
    request: SignedInRequest, form: UploadForm, upload: Upload, fault: DocumentError
) -> HttpResponse:
    """The form again with the reason, and what the text would be in other encodings."""
    if "source" in request.POST:
        form = _faulty([message_of(fault)])
    else:
        form.add_error("file" if form.cleaned_data["file"] else "text", message_of(fault))
    context: dict[str, Any] = {"form": form}
    if fault.code in IN_ANOTHER_ENCODING:
        others = other_readings(upload.content, encoding=upload.encoding)
        context |= {"alternatives": others, "again": SourceForm.initial_of(upload)}
    if fault.code == "repeated":
        context["registered"] = same_file(request.user, upload.content)
    return page(request, TEMPLATES + "new.html", context, status=422)


@write(form="document_new")
def document_register(request: SignedInRequest) -> HttpResponse:
    demand(request.user, "register")
    sent = SourceForm(request.POST)
    if not sent.is_valid():
        return _choose_again(request, sent.incomplete)
    upload = sent.upload
    try:
        reading = _read(upload)
        forms = Forms.of(request, upload, reading, sent=True)
        if not forms.is_valid():
            return _preview(request, forms, reading, upload, status=422)
        document = registering.register_document(
            reading=reading,
            source=upload.content,
            source_name=upload.name,
            by=request.user,
            now=request.now,
            organisation=forms.register.owner,
            fictional=forms.register.cleaned_data["fictional"],
            frame=forms.frame.frame,
        )
    except DocumentError as fault:
        return _choose_again(request, [message_of(fault)])
    messages.success(request, _next_step(document))
    return redirect("document", document.pk)


def _next_step(document: Document) -> str:
    if document.repairs.filter(state=PROPOSED).exists():
        return _(
            "The document is registered. Decide its doubtful places, then assign its directives."
        )
    return _(
        "The document is registered. Check the directives as they were read, then assign them."
    )


def _choose_again(request: SignedInRequest, faults: list[str]) -> HttpResponse:
    return page(request, TEMPLATES + "new.html", {"form": _faulty(faults)}, status=422)


def _faulty(faults: list[str]) -> UploadForm:
    form = UploadForm({})
    form.full_clean()
    form.errors["file"] = form.error_class(faults)
    return form
