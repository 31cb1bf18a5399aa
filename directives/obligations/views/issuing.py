"""Assigning directives (交办) in three steps: directives and bodies, terms, preview."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from directives.base.refusals import Invalid, Stale
from directives.downloads.queries.jobs import under_way
from directives.models import Document
from directives.models.documents import HEAVY, KINDS
from directives.models.organisations import LEVELS
from directives.obligations.commands import bulk_issuing, choosing, issuing
from directives.obligations.commands.choosing import BodyGroup, Choice
from directives.obligations.forms.issuing import MAX_GROUPS, ChoiceForm, Draft, TermsForm
from directives.obligations.queries import issuing as queries
from directives.obligations.queries.bulk_issuing import bulk_preview
from directives.obligations.queries.issuing import Selection
from directives.web.doors import demand, page, tell_stored, write
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/issuing/"
Cleaned = dict[str, Any]  # cleaned data of ChoiceForm


def _document_and_draft(request: SignedInRequest, pk: int) -> tuple[Document, Draft]:
    """Return the document and the draft. Raises Http404 or NotAllowed."""
    documents = Document.objects.visible_to(request.user).select_related("organisation")
    document = get_object_or_404(documents.defer(*HEAVY), pk=pk)
    demand(request.user, "own", document)
    return document, Draft.of(request.session, document)


def _selected(request: SignedInRequest, document: Document, draft: Draft) -> Selection:
    return queries.selection(document, request.user, draft.choice, today=request.today)


@require_http_methods(["GET", "POST"])
def issue_choose(request: SignedInRequest, pk: int) -> HttpResponse:
    document, draft = _document_and_draft(request, pk)
    if request.method == "POST":
        return _store_choice(request, document, draft)
    draft = draft.with_query(request.GET)
    choices = queries.choices(document, request.user, draft.choice, today=request.today)
    context = {
        "document": document,
        "draft": draft,
        "choices": choices,
        "directive_kinds": KINDS[:-1],
        "levels": LEVELS,
        "form": ChoiceForm(),
        "jobs": under_way(request.user, document),
    }
    return page(request, TEMPLATES + "choose.html", context)


def _store_choice(request: SignedInRequest, document: Document, draft: Draft) -> HttpResponse:
    """Store the selection, extend it if the button says so, and go on or return."""
    form = ChoiceForm(request.POST)
    form.is_valid()  # an invalid condition is ignored
    cleaned, act = form.cleaned_data, request.POST.get("act", "next")
    draft = draft.with_choice(
        directives=cleaned["directive"],
        groups=cleaned["pick"],
        bodies=cleaned["body"],
        addressed=cleaned["addressed"],
    )
    if act in ACTS:
        draft = ACTS[act](request, document, draft, cleaned)
    draft.store(request.session, document)
    return tell_stored(request, _after_choice(request, document, draft, act))


def _after_choice(
    request: SignedInRequest, document: Document, draft: Draft, act: str
) -> HttpResponse:
    if act in ACTS:
        return redirect("issue_preview" if act == "succeed" else "issue_choose", document.pk)
    if not draft.directives or not (draft.bodies or draft.groups):
        messages.warning(request, _("Select at least one directive and one organisation."))
        return redirect("issue_choose", document.pk)
    return redirect("issue_terms", document.pk)


def _add(request: SignedInRequest, document: Document, draft: Draft, cleaned: Cleaned) -> Draft:
    """Select the bodies with these conditions, or their group if there are too many."""
    conditions = {name: cleaned.get(name) or "" for name in ("kind", "level", "q")}
    if not conditions["q"] and queries.is_large(request.user, request.today):
        group = BodyGroup(cleaned.get("below"), conditions["level"], conditions["kind"])
        return draft.with_choice(groups=tuple(dict.fromkeys((*draft.groups, group)))[:MAX_GROUPS])
    matching_bodies = queries.matching(
        choosing.candidates(request.user),
        **conditions,
        below=cleaned.get("below"),
        today=request.today,
    )
    bodies = frozenset(matching_bodies.values_list("pk", flat=True)[: queries.LISTED + 1])
    if len(draft.bodies | bodies) > queries.LISTED:
        messages.warning(
            request,
            _(
                "Too many to list. Enter more of the name, or leave it empty and choose by level"
                " and kind."
            ),
        )
        return draft
    messages.info(
        request,
        _("Organisations selected by these conditions: %(count)s.") % {"count": len(bodies)},
    )
    return draft.with_choice(bodies=draft.bodies | bodies)


def _directives(
    request: SignedInRequest, document: Document, draft: Draft, cleaned: Cleaned
) -> Draft:
    """Select the directives of a kind, or all."""
    rows = document.directives.filter(statement=False)
    kind = cleaned.get("directive_kind")
    rows = rows.filter(kind=kind) if kind else rows
    return draft.with_choice(
        directives=draft.directives | frozenset(rows.values_list("pk", flat=True))
    )


def _clear(request: SignedInRequest, document: Document, draft: Draft, cleaned: Cleaned) -> Draft:
    return Draft(terms=draft.terms)


def _succeed(request: SignedInRequest, document: Document, draft: Draft, cleaned: Cleaned) -> Draft:
    """Replace selected bodies that no longer exist by their successors."""
    stored = Draft.of(request.session, document)
    abolished = _selected(request, document, stored).refused
    successors = {body.successor_id for body in abolished if body.successor_id}
    return stored.with_choice(bodies=stored.bodies - {body.pk for body in abolished} | successors)


ACTS = {
    "add": _add,
    "directives": _directives,
    "clear": _clear,
    "succeed": _succeed,
}


@require_http_methods(["GET", "POST"])
def issue_terms(request: SignedInRequest, pk: int) -> HttpResponse:
    document, draft = _document_and_draft(request, pk)
    selected = _selected(request, document, draft)
    if not selected.directives or not (selected.count or selected.refused):
        return redirect("issue_choose", pk)
    data = request.POST if request.method == "POST" else draft.terms or None
    form = TermsForm(data, bodies=selected.bodies)
    if request.method == "POST":
        replace(draft, terms=form.as_typed()).store(request.session, document)
        if _is_assignable(form, document, selected, draft.choice, request):
            return tell_stored(request, redirect("issue_preview", pk))
    receipt = issuing.acknowledgement_day(request.today, request.workdays)
    context = {
        "document": document,
        "form": form,
        "selected": selected,
        "receipt_on": receipt,
        "days": settings.ACKNOWLEDGE_DAYS,
    }
    return page(
        request, TEMPLATES + "terms.html", context, status=422 if request.method == "POST" else 200
    )


def _is_assignable(
    form: TermsForm,
    document: Document,
    selected: Selection,
    choice: Choice,
    request: SignedInRequest,
) -> bool:
    """Whether the directives can be assigned on these terms; adds the faults to the form."""
    if not form.is_valid():
        return False
    try:
        bodies = selected.bodies or choosing.chosen_bodies(request.user, choice, request.today)[:1]
        issuing.check(
            document, selected.directives, list(bodies), form.terms, request.user, request.today
        )
    except Invalid as refusal:
        refusal.add_to(form)
    return form.is_valid()


def _preview(request: SignedInRequest, document: Document, draft: Draft) -> dict[str, Any]:
    """The template context of the third step."""
    selected = _selected(request, document, draft)
    form = TermsForm(draft.terms or {"part": "responsible"}, bodies=selected.bodies)
    is_assignable = _is_assignable(form, document, selected, draft.choice, request)
    context = {
        "document": document,
        "draft": draft,
        "selected": selected,
        "form": form,
        "is_assignable": is_assignable,
        "terms": form.terms if is_assignable else None,
    }
    if selected.total:
        bulk = bulk_preview(document, request.user, draft.choice, selected, today=request.today)
        return context | {"bulk": bulk}
    preview = issuing.preview(
        directives=selected.directives, organisations=selected.bodies, pairs=selected.pairs
    )
    return context | {"preview": preview, "lines": queries.table(preview)}


@require_GET
def issue_preview(request: SignedInRequest, pk: int) -> HttpResponse:
    document, draft = _document_and_draft(request, pk)
    context = _preview(request, document, draft)
    if not context["selected"].directives:
        return redirect("issue_choose", pk)
    return page(request, TEMPLATES + "preview.html", context)


@write
def issue_confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    document, draft = _document_and_draft(request, pk)
    if request.POST.get("digest") != draft.digest:
        raise Stale(
            _(
                "The selection has changed since this preview, perhaps in another tab."
                " Check the preview again."
            )
        )
    context = _preview(request, document, draft)
    if not context["is_assignable"]:
        return page(request, TEMPLATES + "preview.html", context, status=422)
    common = {
        "document": document,
        "terms": context["terms"],
        "by": request.user,
        "now": request.now,
    }
    if "bulk" in context or context["preview"].new_count > bulk_issuing.AT_ONCE:
        job = bulk_issuing.issue_in_parts(choice=draft.choice, **common)
        target = reverse("job", args=[job.pk])
    else:
        selected = context["selected"]
        created = issuing.issue(
            directives=selected.directives,
            organisations=selected.bodies,
            pairs=selected.pairs,
            **common,
        )
        figures = {"made": len(created), "left": context["preview"].pairs - len(created)}
        messages.success(
            request,
            _("Assigned: %(made)s obligations. %(left)s existed already and were left unchanged.")
            % figures,
        )
        target = f"{reverse('obligations')}?document={document.pk}&state=assigned"
    # Only now: after an exception the draft is still in the session.
    request.session.pop(Draft.key(document), None)
    return redirect(target)
