"""Documents: the list, one beside its source, doubtful places, the matrix."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.numbers import whole_number
from directives.base.refusals import Invalid
from directives.base.states import LIGHTS
from directives.core import audit
from directives.core.rules import may
from directives.documents.commands import correcting
from directives.documents.forms import RepairForm
from directives.documents.queries import register
from directives.documents.queries.desk import unread_count
from directives.documents.queries.filters import DirectiveFilter, DocumentFilter, MatrixFilter
from directives.documents.queries.frame import frame_rows
from directives.downloads.exporting import answer
from directives.models import Document, Repair
from directives.models.documents import HEAVY, KINDS
from directives.models.organisations import KINDS as BODY_KINDS
from directives.obligations.queries.listing import nearby_bodies
from directives.obligations.queries.matrix import axes, matrix_of
from directives.tables.formats import wants_file
from directives.web.doors import demand, page, paged, redirect_back, write
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/documents/"


@require_GET
def documents(request: SignedInRequest) -> HttpResponseBase:
    if wants_file(request):
        return answer(request, "documents")
    document_filter = DocumentFilter.of(request.GET)
    documents_page = paged(request, register.matching_documents(request.user, q=document_filter.q))
    context = {
        "filter": document_filter,
        "page": documents_page,
        "rows": register.document_rows(request.user, list(documents_page)),
        "may_register": may(request.user, "register"),
    }
    return page(request, TEMPLATES + "list.html", context)


def _documents(request: SignedInRequest) -> QuerySet[Document]:
    return Document.objects.visible_to(request.user).select_related("organisation")


@require_GET
def document(request: SignedInRequest, pk: int) -> HttpResponseBase:
    if wants_file(request):
        return answer(request, "directives", {"pk": pk})
    row = get_object_or_404(_documents(request).defer("source"), pk=pk)
    context = _document_context(request, row, DirectiveFilter.of(request.GET))
    return page(request, TEMPLATES + "document.html", context)


def _document_context(
    request: SignedInRequest,
    row: Document,
    directive_filter: DirectiveFilter,
    typed: dict[str, Any] | None = None,
) -> dict[str, Any]:
    directives = register.matching_directives(
        row, q=directive_filter.q, kind=directive_filter.kind, section=directive_filter.section
    )
    return {
        "document": row,
        "filter": directive_filter,
        "view": register.document_view(request.user, row, directives),
        "kinds": KINDS,
        "frame": tuple(frame_rows(row)),
        "sections": row.sections.select_related("part").order_by("order"),
        "typed": typed,
        "may_issue": may(request.user, "own", row),
        "unread": unread_count(row),
    }


@require_GET
def document_source(request: SignedInRequest, pk: int) -> HttpResponse:
    """The bytes as saved, as a file of plain text that no browser runs or sniffs."""
    row = get_object_or_404(
        Document.objects.visible_to(request.user).only("source", "source_name", "sha256"), pk=pk
    )
    audit.record_taken("view_source", row, by=request.user, now=request.now, sha256=row.sha256)
    response = HttpResponse(bytes(row.source), content_type="text/plain")
    response["Content-Disposition"] = content_disposition_header(True, row.source_name)
    response["X-Content-Type-Options"] = "nosniff"
    return response


@write
def repair_decide(request: SignedInRequest, pk: int, repair: int) -> HttpResponse:
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
    return redirect_back(request, f"{reverse('document', args=[pk])}#waiting")


def _repair_again(request: SignedInRequest, repair: Repair, form: RepairForm) -> HttpResponse:
    """The page of the document with the form as it was sent."""
    row = get_object_or_404(_documents(request).defer("source"), pk=repair.document_id)
    typed = {"repair": repair.pk, "form": form}
    context = _document_context(request, row, DirectiveFilter(), typed)
    return page(request, TEMPLATES + "document.html", context, status=422)


@require_GET
def matrix(request: SignedInRequest, pk: int) -> HttpResponseBase:
    if wants_file(request):
        return answer(request, "matrix", {"pk": pk})
    row = get_object_or_404(_documents(request).defer(*HEAVY), pk=pk)
    matrix_filter = MatrixFilter.of(request.GET)
    bodies = nearby_bodies(request.user, whole_number(matrix_filter.body))
    top_body = next((body for body in bodies if str(body.pk) == matrix_filter.body), None)
    matrix_axes = axes(
        request.user,
        row,
        section=matrix_filter.section,
        kind=matrix_filter.body_kind,
        light=matrix_filter.light,
        body=top_body,
        query=request.GET,
    )
    context = {
        "document": row,
        "filter": matrix_filter,
        "top_body": top_body,
        "bodies": bodies,
        "matrix": matrix_of(matrix_axes, request.GET),
        "sections": row.sections.select_related("part").order_by("order"),
        "kinds": BODY_KINDS,
        "lights": LIGHTS,
        "may_issue": may(request.user, "own", row),
    }
    return page(request, TEMPLATES + "matrix.html", context)
