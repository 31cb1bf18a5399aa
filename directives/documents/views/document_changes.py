"""A stored document: its frame corrected, read anew or withdrawn."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import Invalid
from directives.documents.commands import frames, withdrawing
from directives.documents.forms import ReadAnewForm, StoredFrameForm, WithdrawForm
from directives.documents.queries.frame import lines_read
from directives.models import Document
from directives.web.doors import demand, page, write
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/documents/"


def _own_document(request: SignedInRequest, pk: int) -> Document:
    rows = Document.objects.visible_to(request.user).select_related("organisation")
    row = get_object_or_404(rows.defer("source", "text_repaired"), pk=pk)
    demand(request.user, "own", row)
    return row


@require_GET
def document_correct(request: SignedInRequest, pk: int) -> HttpResponse:
    row = _own_document(request, pk)
    frame = frames.frame_stored(row)
    lines = lines_read(frame, row.text_read, row.frame_places)
    form = StoredFrameForm(initial=frame.values | {"version": row.version}, read_from=lines)
    return page(request, TEMPLATES + "correct.html", {"document": row, "form": form})


@write
def document_correct_save(request: SignedInRequest, pk: int) -> HttpResponse:
    row = _own_document(request, pk)
    form = StoredFrameForm(request.POST)
    if not form.is_valid():
        context = {"document": row, "form": form}
        return page(request, TEMPLATES + "correct.html", context, status=422)
    version = form.cleaned_data["version"]
    frames.correct_frame(
        document=row, frame=form.frame, version=version, by=request.user, now=request.now
    )
    messages.success(request, _("Corrected; the earlier words are kept in the audit log."))
    return redirect("document", row.pk)


@require_GET
def document_again(request: SignedInRequest, pk: int) -> HttpResponse:
    """Read again or withdraw: what would be lost, or what the document is used by."""
    return _again(request, _own_document(request, pk))


def _again(
    request: SignedInRequest, row: Document, form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    lost = withdrawing.corrected_count(row)
    context = {
        "document": row,
        "uses": withdrawing.uses_of(row),
        "lost": lost,
        "is_readable": withdrawing.is_readable(row),
        "anew": ReadAnewForm(initial={"lost": lost, "version": row.version}),
        "form": form or WithdrawForm(initial={"version": row.version}),
    }
    return page(request, TEMPLATES + "again.html", context, status=status)


@write
def document_read_anew(request: SignedInRequest, pk: int) -> HttpResponse:
    row = _own_document(request, pk)
    form = ReadAnewForm(request.POST)
    if not form.is_valid():
        return _again(request, row, status=422)
    withdrawing.read_anew(document=row, **form.cleaned_data, by=request.user, now=request.now)
    messages.success(request, _("The document has been read again. Check its directives."))
    return redirect("document", row.pk)


@write
def document_withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    row = _own_document(request, pk)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        return _again(request, row, form, status=422)
    try:
        withdrawing.withdraw_document(
            document=row, **form.cleaned_data, by=request.user, now=request.now
        )
    except Invalid as refusal:
        refusal.add_to(form)
        return _again(request, row, form, status=422)
    messages.success(request, _("The document is withdrawn; what was done stays in the audit log."))
    return redirect("documents")
