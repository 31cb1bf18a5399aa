"""A new document: a file or pasted text, the preview of what was read, its registration."""

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from directives.base.refusals import Refusal
from directives.core.rules import may
from directives.documents.commands import registering, slow_reading, slow_registering
from directives.documents.commands.frames import frame_read
from directives.documents.commands.same_text import same_file, same_text
from directives.documents.commands.slow_reading import Upload
from directives.documents.forms import FrameForm, RegisterForm, SourceForm, UploadForm
from directives.documents.ingest.reading import Reading, read
from directives.documents.ingest.sources import DocumentError, other_readings
from directives.documents.queries.frame import lines_read
from directives.documents.queries.preview import preview_of
from directives.models import Document, JobProgress
from directives.models.documents import PROPOSED
from directives.models.jobs import DONE
from directives.web.doors import demand, page, tell_stored, write
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/documents/"
# Refusals of a text that may only have been read in the wrong encoding
IN_ANOTHER_ENCODING = ("encoding", "garbled", "no_section", "binary")


@dataclass(frozen=True, slots=True)
class Sent:
    """A document that a form brought: its bytes, or the job of the worker that read them."""

    upload: Upload
    job: JobProgress | None = None

    @classmethod
    def of(cls, request: SignedInRequest, form: SourceForm) -> "Sent":
        """Raises Http404, or Refusal if the file of the job is no longer kept."""
        if form.cleaned_data["job"] is None:
            return cls(form.upload)
        job = _own_reading(request, form.cleaned_data["job"])
        return cls(replace(slow_reading.upload_of(job), encoding=form.upload.encoding), job)

    def read(self) -> Reading:
        """Raises DocumentError, also where the bytes are registered already, or Refusal."""
        upload = self.upload
        reading = (
            read(upload.content, name=upload.name, encoding=upload.encoding)
            if self.job is None
            else slow_reading.reading_of(self.job)
        )
        registering.check(reading, upload.name)
        return reading


def _own_reading(request: SignedInRequest, pk: int) -> JobProgress:
    rows = JobProgress.objects.visible_to(request.user)
    return get_object_or_404(rows.filter(kind=slow_reading.KIND, state=DONE), pk=pk)


@dataclass(frozen=True, slots=True)
class Forms:
    """The forms of a preview: what is stored beside the title, number and so on."""

    register: RegisterForm
    frame: FrameForm
    same: Document | None  # with the same text

    @classmethod
    def of(
        cls, request: SignedInRequest, sent: Sent, reading: Reading, *, posted: bool = False
    ) -> "Forms":
        data = request.POST if posted else None
        initial = SourceForm.initial_of(sent.upload, sent.job.pk if sent.job else None)
        register = RegisterForm(request.user, data, initial=initial)
        same = same_text(request.user, reading)
        if same is not None:
            register.ask_again()
        frame = frame_read(reading)
        places = [(field, *place) for field, place in reading.frame.places]
        lines = lines_read(frame, reading.text_read, places)
        return cls(register, FrameForm(data, frame=frame, read_from=lines), same)

    def is_valid(self) -> bool:
        return all([self.register.is_valid(), self.frame.is_valid()])


@require_http_methods(["GET", "POST"])
def document_new(request: SignedInRequest) -> HttpResponse:
    """The form for a file or pasted text; posted, its preview: nothing is stored yet.

    The preview posts the file again with another encoding. A long document is left to the worker.
    """
    demand(request.user, "register")
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "GET":
        return page(request, TEMPLATES + "new.html", {"form": form})
    again = SourceForm(request.POST) if {"source", "job"} & set(request.POST) else None
    if again is not None and not again.is_valid():
        return _choose_again(request, again.incomplete)
    if again is None and not form.is_valid():
        return page(request, TEMPLATES + "new.html", {"form": form}, status=422)
    try:
        sent = Sent(form.upload) if again is None else Sent(Sent.of(request, again).upload)
        if sent.upload.is_slow:
            job = slow_reading.start_reading(upload=sent.upload, by=request.user, now=request.now)
            return tell_stored(request, redirect("job", job.pk))
        return tell_stored(request, _preview(request, sent, sent.read()))
    except DocumentError as fault:
        return _refused(request, form, sent.upload, fault)
    except Refusal as refusal:
        return _choose_again(request, [str(refusal)])


@require_GET
def document_preview(request: SignedInRequest, pk: int) -> HttpResponse:
    """The preview of a document that the worker read."""
    job = _own_reading(request, pk)
    demand(request.user, "register")
    try:
        sent = Sent(slow_reading.upload_of(job), job)
        return _preview(request, sent, sent.read())
    except DocumentError as fault:
        return _choose_again(request, [slow_reading.message_of(fault)])
    except Refusal as refusal:
        return _choose_again(request, [str(refusal)])


def _preview(
    request: SignedInRequest, sent: Sent, reading: Reading, forms: Forms | None = None
) -> HttpResponse:
    """`forms` are those that were sent with faults."""
    status = 200 if forms is None else 422
    forms = forms or Forms.of(request, sent, reading)
    context = {
        "form": forms.register,
        "frame": forms.frame,
        "same": forms.same,
        "preview": preview_of(reading),
        "upload": sent.upload,
        "alternatives": reading.alternatives,
        "again": forms.register.initial,
    }
    return page(request, TEMPLATES + "preview.html", context, status=status)


def _refused(
    request: SignedInRequest, form: UploadForm, upload: Upload, fault: DocumentError
) -> HttpResponse:
    """The form again with the reason, and what the text would be in other encodings."""
    if form.errors:  # the file came back from its preview
        form = _faulty([slow_reading.message_of(fault)])
    else:
        form.add_error(
            "file" if form.cleaned_data["file"] else "text", slow_reading.message_of(fault)
        )
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
    form = SourceForm(request.POST)
    if not form.is_valid():
        return _choose_again(request, form.incomplete)
    sent = Sent.of(request, form)
    try:
        reading = sent.read()
        forms = Forms.of(request, sent, reading, posted=True)
        if not forms.is_valid():
            return _preview(request, sent, reading, forms)
        return redirect(_register(request, sent, reading, forms))
    except DocumentError as fault:
        return _choose_again(request, [slow_reading.message_of(fault)])


def _register(request: SignedInRequest, sent: Sent, reading: Reading, forms: Forms) -> str:
    """Register the document, or start the job that does. Returns where to go."""
    common: dict[str, Any] = {
        "reading": reading,
        "by": request.user,
        "now": request.now,
        "organisation": forms.register.owner,
        "fictional": forms.register.cleaned_data["fictional"],
        "frame": forms.frame.frame,
    }
    if slow_registering.is_slow(reading):
        job = slow_registering.start_registering(upload=sent.upload, read_by=sent.job, **common)
        return reverse("job", args=[job.pk])
    source, name = sent.upload.content, sent.upload.name
    document = registering.register_document(source=source, source_name=name, **common)
    messages.success(request, _next_step(document))
    return reverse("desk" if may(request.user, "own", document) else "document", args=[document.pk])


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
