"""Documents: the list, one beside its source, a new one, its doubtful places, and the matrix of who owes what."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from directives.base.numbers import whole
from directives.base.refusals import Invalid
from directives.base.states import LIGHTS
from directives.core import audit
from directives.core.rules import may
from directives.documents.commands import correcting, registering
from directives.documents.forms import RegisterForm, RepairForm, UploadForm, packed
from directives.documents.ingest.reading import read
from directives.documents.ingest.sources import MESSAGES, DocumentError
from directives.documents.queries import register
from directives.documents.queries.filters import DirectiveFilter, DocumentFilter, MatrixFilter
from directives.documents.queries.preview import preview_of
from directives.downloads.exporting import answer
from directives.models import Document, Repair
from directives.models.documents import HEAVY, KINDS, PROPOSED
from directives.models.organisations import KINDS as BODY_KINDS
from directives.obligations.queries.listing import nearby_bodies
from directives.obligations.queries.matrix import axes, matrix_of
from directives.tables.formats import wants_file
from directives.web.doors import demand, page, paged, tell_stored, write

HERE = "directives/documents/"


@require_GET
def documents(request):
    if wants_file(request):
        return answer(request, "documents")
    chosen = DocumentFilter.of(request.GET)
    found = register.matching_documents(request.user, q=chosen.q)
    shown = paged(request, found)
    rows = register.document_rows(request.user, list(shown))
    context = {
        "chosen": chosen,
        "page": shown,
        "rows": rows,
        "may_register": may(request.user, "register"),
    }
    return page(request, HERE + "list.html", context)


@require_http_methods(["GET", "POST"])
def document_new(request):
    """A file to choose; posted, it is read and shown, and nothing is stored yet."""
    demand(request.user, "register")
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "GET" or not form.is_valid():
        return page(
            request,
            HERE + "new.html",
            {"form": form},
            status=422 if request.method == "POST" else 200,
        )
    file = form.cleaned_data["file"]
    source = file.read()
    try:
        reading = read(source, name=file.name)
        known = Document.objects.filter(sha256=reading.sha256).only("title").first()
        if known is not None:
            raise DocumentError.repeated(known.title)
    except DocumentError as fault:
        form.add_error("file", worded(fault))
        return page(request, HERE + "new.html", {"form": form}, status=422)
    confirm = RegisterForm(
        request.user, initial={"source": packed(source), "source_name": file.name}
    )
    return tell_stored(request, _preview(request, confirm, reading, file.name))


def _preview(request, form, reading, name, status=200):
    context = {"form": form, "preview": preview_of(reading), "file_name": name}
    return page(request, HERE + "preview.html", context, status=status)


def worded(fault: DocumentError) -> str:
    """Why a document cannot be taken, in the reader's language."""
    return _(MESSAGES[fault.code]) % fault.params


@write(form="document_new")
def document_register(request):
    demand(request.user, "register")
    form = RegisterForm(request.user, request.POST)
    sound = form.is_valid()
    if "source" in form.errors or "source_name" in form.errors:
        return _choose_again(
            request,
            form.errors.get("source")
            or [_("The file did not arrive completely. Choose it again.")],
        )
    source, name = form.cleaned_data["source"], form.cleaned_data["source_name"]
    try:
        reading = read(source, name=name)
        if not sound:  # which body owns it was not said
            return _preview(request, form, reading, name, status=422)
        document = registering.register_document(
            reading=reading,
            source=source,
            source_name=name,
            by=request.user,
            now=request.now,
            organisation=form.owner,
            fictional=form.cleaned_data["fictional"],
        )
    except DocumentError as fault:
        return _choose_again(request, [worded(fault)])
    if document.repairs.filter(state=PROPOSED).exists():
        messages.success(
            request,
            _(
                "The document is registered. Decide its doubtful places, then assign its "
                "directives."
            ),
        )
    else:
        messages.success(
            request,
            _(
                "The document is registered. Check the directives as they were read, then assign "
                "them."
            ),
        )
    return redirect("document", document.pk)


def _choose_again(request, faults):
    form = UploadForm({})
    form.full_clean()
    form.errors["file"] = form.error_class(faults)
    return page(request, HERE + "new.html", {"form": form}, status=422)


def _documents(request):
    """The documents that this person sees, each with the body that owns it."""
    return Document.objects.visible_to(request.user).select_related("organisation")


@require_GET
def document(request, pk):
    if wants_file(request):
        return answer(request, "directives", {"pk": pk})
    found = get_object_or_404(_documents(request).defer("source"), pk=pk)
    chosen = DirectiveFilter.of(request.GET)
    directives = register.matching_directives(
        found, q=chosen.q, kind=chosen.kind, section=chosen.section
    )
    return page(
        request, HERE + "document.html", _document_context(request, found, chosen, directives)
    )


def _document_context(request, found, chosen, directives, typed=None):
    return {
        "document": found,
        "chosen": chosen,
        "view": register.document_view(request.user, found, directives),
        "kinds": KINDS,
        "sections": found.sections.order_by("order"),
        "typed": typed,
        "may_issue": may(request.user, "own", found),
    }


@require_GET
def document_source(request, pk):
    """The bytes as they were saved, as a file of plain text: never run, never sniffed."""
    found = get_object_or_404(
        Document.objects.visible_to(request.user).only("source", "source_name", "sha256"), pk=pk
    )
    audit.record_taken("view_source", found, by=request.user, now=request.now, sha256=found.sha256)
    response = HttpResponse(bytes(found.source), content_type="text/plain")
    response.headers["Content-Disposition"] = content_disposition_header(True, found.source_name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@write
def repair_decide(request, pk, repair):
    rows = Repair.objects.visible_to(request.user).select_related("document__organisation")
    row = get_object_or_404(rows, pk=repair, document=pk)
    demand(request.user, "own", row)
    form = RepairForm(request.POST)
    if not form.is_valid():
        return _repair_again(request, row, form)
    try:
        correcting.decide_repair(
            repair=row,
            decision=form.verdict,
            version=form.cleaned_data["version"],
            by=request.user,
            now=request.now,
        )
    except Invalid as refusal:
        form.add_error(None, str(refusal))
        return _repair_again(request, row, form)
    messages.success(request, _("Decided. The document’s text is updated."))
    return redirect(f"{reverse('document', args=[pk])}#waiting")


def _repair_again(request, row, form):
    """The page of the document with what was typed in its place."""
    found = get_object_or_404(_documents(request).defer("source"), pk=row.document_id)
    chosen = DirectiveFilter()
    context = _document_context(
        request,
        found,
        chosen,
        register.matching_directives(found),
        {"repair": row.pk, "form": form},
    )
    return page(request, HERE + "document.html", context, status=422)


@require_GET
def matrix(request, pk):
    if wants_file(request):
        return answer(request, "matrix", {"pk": pk})
    found = get_object_or_404(_documents(request).defer(*HEAVY), pk=pk)
    chosen = MatrixFilter.of(request.GET)
    bodies = nearby_bodies(request.user, whole(chosen.body))
    top = next((body for body in bodies if str(body.pk) == chosen.body), None)
    asked_for = {"section": chosen.section, "kind": chosen.body_kind, "light": chosen.light}
    lines = axes(request.user, found, **asked_for, body=top, query=request.GET)
    context = {
        "document": found,
        "chosen": chosen,
        "top": top,
        "bodies": bodies,
        "matrix": matrix_of(lines, request.GET),
        "sections": found.sections.order_by("order"),
        "kinds": BODY_KINDS,
        "lights": LIGHTS,
        "may_issue": may(request.user, "own", found),
    }
    return page(request, HERE + "matrix.html", context)
