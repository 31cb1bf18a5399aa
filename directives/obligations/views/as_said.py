"""Assigning directives (交办) as the document says: one page, then preview and confirm."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from directives.base.refusals import Stale
from directives.base.states import PARTS
from directives.downloads.queries.jobs import under_way
from directives.models import Document
from directives.models.documents import HEAVY
from directives.obligations.commands import bulk_issuing
from directives.obligations.commands.as_said import issue_as_said as issue_shares
from directives.obligations.forms.as_said import NOBODY, AsSaidForm, key_of, stored_draft
from directives.obligations.queries import as_said as queries
from directives.organisations.commands.aliases import remember
from directives.web.doors import demand, page, tell_stored, write
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/issuing/"


def _document(request: SignedInRequest, pk: int) -> Document:
    """Return the document. Raises Http404 or NotAllowed."""
    documents = Document.objects.visible_to(request.user).select_related("organisation")
    document = get_object_or_404(documents.defer(*HEAVY), pk=pk)
    demand(request.user, "own", document)
    return document


def _form(request: SignedInRequest, document: Document, data: QueryDict | None) -> AsSaidForm:
    proposal = queries.proposal(document, request.user, today=request.today)
    return AsSaidForm(
        data, document=document, user=request.user, proposal=proposal, today=request.today
    )


@require_http_methods(["GET", "POST"])
def issue_as_said(request: SignedInRequest, pk: int) -> HttpResponse:
    document = _document(request, pk)
    is_sent = request.method == "POST"
    data = request.POST if is_sent else stored_draft(request.session, document)
    form = _form(request, document, data)
    if is_sent:
        form.store(request.session)
        if form.is_valid():
            return tell_stored(request, redirect("issue_as_said_preview", pk))
    form.is_valid()  # of a draft too: its faults are shown at once
    context = {
        "document": document,
        "form": form,
        "proposal": form.proposal,
        "parts": PARTS,
        "nobody": NOBODY,
        "offered": queries.bodies_to_offer(request.user, today=request.today),
        "jobs": under_way(request.user, document),
    }
    return page(request, TEMPLATES + "as_said.html", context, status=422 if is_sent else 200)


@require_GET
def issue_as_said_preview(request: SignedInRequest, pk: int) -> HttpResponse:
    document = _document(request, pk)
    form = _form(request, document, stored_draft(request.session, document))
    if not form.is_valid():
        return redirect("issue_as_said", pk)
    context = {
        "document": document,
        "form": form,
        "terms": form.common,
        "preview": queries.said_preview(form.shares),
        "left": form.left_out(),
    }
    return page(request, TEMPLATES + "as_said_preview.html", context)


@write(form="issue_as_said_preview")
def issue_as_said_confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    document = _document(request, pk)
    form = _form(request, document, stored_draft(request.session, document))
    if not form.is_valid() or request.POST.get("digest") != form.digest:
        raise Stale(
            _(
                "The selection has changed since this preview, perhaps in another tab."
                " Check the preview again."
            )
        )
    for name, bodies in form.to_remember.items():
        remember(name, bodies, owner=document.organisation, by=request.user, now=request.now)
    target = _assign(request, document, form)
    # Only now: after an exception the draft is still in the session.
    request.session.pop(key_of(document), None)
    return redirect(target)


def _assign(request: SignedInRequest, document: Document, form: AsSaidForm) -> str:
    """Assign what the form says, or start the job that does. Returns where to go."""
    common: dict[str, Any] = {
        "document": document,
        "shares": form.shares,
        "common": form.common,
        "by": request.user,
        "now": request.now,
    }
    pairs = queries.said_preview(form.shares)
    if pairs.new > bulk_issuing.AT_ONCE:
        return reverse("job", args=[bulk_issuing.issue_said_in_parts(**common).pk])
    created = issue_shares(**common)
    figures = {"made": len(created), "left": pairs.pairs - len(created)}
    messages.success(
        request,
        _("Assigned: %(made)s obligations. %(left)s existed already and were left unchanged.")
        % figures,
    )
    return f"{reverse('obligations')}?document={document.pk}&state=assigned"
