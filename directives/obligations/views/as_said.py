"""Assigning directives (交办) as the document says: one page, then preview and confirm."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

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
from directives.obligations.commands.as_said import beside_present_leads
from directives.obligations.commands.as_said import issue_as_said as issue_shares
from directives.obligations.forms.as_said import NOBODY, AsSaidForm, key_of, stored_draft
from directives.obligations.forms.said_groups import (
    groups_of,
    keys_of,
    keys_shown,
    with_folded,
)
from directives.obligations.queries import as_said as queries
from directives.obligations.queries.as_said import Proposal
from directives.organisations.commands.aliases import remember
from directives.web.doors import demand, page, tell_stored, write
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/issuing/"
BOTH = "both"  # a new lead beside a present one; otherwise it is responsible


def _document(request: SignedInRequest, pk: int) -> Document:
    """Return the document. Raises Http404 or NotAllowed."""
    documents = Document.objects.visible_to(request.user).select_related("organisation")
    document = get_object_or_404(documents.defer(*HEAVY), pk=pk)
    demand(request.user, "own", document)
    return document


def _form(
    request: SignedInRequest,
    document: Document,
    data: QueryDict | None,
    proposal: Proposal | None = None,
) -> AsSaidForm:
    proposal = proposal or queries.proposal(document, request.user, today=request.today)
    return AsSaidForm(
        data, document=document, user=request.user, proposal=proposal, today=request.today
    )


@require_http_methods(["GET", "POST"])
def issue_as_said(request: SignedInRequest, pk: int) -> HttpResponse:
    """The form of all rows; of a long one, the rows of the groups that `open` names."""
    document = _document(request, pk)
    draft = stored_draft(request.session, document)
    if request.method == "GET":
        form = _form(request, document, draft)
        form.is_valid()  # of a draft too: its faults are shown at once
        return _rows_page(request, form, keys_of(request.GET.getlist("open")))
    proposal = queries.proposal(document, request.user, today=request.today)
    form = _form(request, document, with_folded(request.POST, draft, proposal), proposal)
    form.store(request.session)
    shown = keys_shown(request.POST, proposal)
    if opened := keys_of(request.POST.getlist("open")):
        address = (
            f"{reverse('issue_as_said', args=[pk])}?{urlencode({'open': [*shown, *opened]}, True)}"
        )
        return tell_stored(request, redirect(f"{address}#g-{opened[0]}"))
    if form.is_valid():
        return tell_stored(request, redirect("issue_as_said_preview", pk))
    return _rows_page(request, form, shown, status=422)


def _rows_page(
    request: SignedInRequest, form: AsSaidForm, opened: Sequence[int], *, status: int = 200
) -> HttpResponse:
    """The page, or for htmx only the opened rows."""
    groups = groups_of(form, opened)
    context = {"document": form.document, "form": form, "parts": PARTS, "groups": groups}
    if request.htmx and opened:
        context["groups"] = [group for group in groups if group.key in opened]
        return page(request, TEMPLATES + "_said_groups.html", context)
    context |= {
        "proposal": form.proposal,
        "nobody": NOBODY,
        "offered": queries.bodies_to_offer(request.user, today=request.today),
        "jobs": under_way(request.user, form.document),
    }
    return page(request, TEMPLATES + "as_said.html", context, status=status)


@require_GET
def issue_as_said_preview(request: SignedInRequest, pk: int) -> HttpResponse:
    document = _document(request, pk)
    form = _form(request, document, stored_draft(request.session, document))
    if not form.is_valid():
        return redirect("issue_as_said", pk)
    led = queries.led_already(form.shares)
    context = {
        "document": document,
        "form": form,
        "led": led,
        "digest": form.digest_with(led),
        "terms": form.common,
        "preview": queries.said_preview(form.shares),
        "left": form.left_out(),
    }
    return page(request, TEMPLATES + "as_said_preview.html", context)


@write(form="issue_as_said_preview")
def issue_as_said_confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    document = _document(request, pk)
    form = _form(request, document, stored_draft(request.session, document))
    led = queries.led_already(form.shares) if form.is_valid() else []
    if not form.is_valid() or request.POST.get("digest") != form.digest_with(led):
        raise Stale(
            _(
                "The selection has changed since this preview, perhaps in another tab."
                " Check the preview again."
            )
        )
    for name, bodies in form.to_remember.items():
        remember(name, bodies, owner=document.organisation, by=request.user, now=request.now)
    if request.POST.get("leads") != BOTH:
        form.shares = beside_present_leads(form.shares, {row.directive.pk for row in led})
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
