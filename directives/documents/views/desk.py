"""The desk, on which a reading is compared with its source before it is issued; a clean view."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET

from directives.base.refusals import Invalid, NotAllowed, Refusal, Stale
from directives.base.states import PARTS
from directives.core.rules import may
from directives.documents.commands import correcting, desk_words
from directives.documents.commands import desk as acts
from directives.documents.forms import CorrectionForms, DeskForm, WordsForm
from directives.documents.queries import desk_page
from directives.models import Directive, Document
from directives.models.documents import INTERVALS, KINDS
from directives.web.doors import demand, page, redirect_back, seen_version, write
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/documents/"
Act = Callable[..., object]

# The acts on several rows; each takes what its fields of the form say.
ACTS: dict[str, Act] = {
    "read": lambda data, **common: acts.mark_read(**common),
    "unread": lambda data, **common: acts.mark_read(read=False, **common),
    **dict.fromkeys(
        acts.STATUSES, lambda data, **common: acts.set_status(status=data["act"], **common)
    ),
    "drop": lambda data, **common: acts.drop(**common),
    "restore": lambda data, **common: acts.restore(**common),
    "merge": lambda data, **common: desk_words.merge(**common),
    "kind": lambda data, **common: acts.set_kind(kind=data["kind"], **common),
    "body": lambda data, **common: _set_body(data, alone=False, **common),
    "body_alone": lambda data, **common: _set_body(data, alone=True, **common),
    "deadline": lambda data, **common: acts.set_deadline(
        deadline=acts.Deadline(data["on"], data["every"]), **common
    ),
}


def _set_body(data: dict[str, Any], **common: Any) -> object:
    return acts.set_body(name=data["name"], role=data["role"] or PARTS[1][0], **common)


def _document(request: SignedInRequest, pk: int) -> Document:
    """The document. Raises Http404, or PermissionDenied for who may only see it."""
    documents = Document.objects.visible_to(request.user).select_related("organisation")
    document = get_object_or_404(documents.defer("source"), pk=pk)
    demand(request.user, "own", document)
    return document


@require_GET
def desk(request: SignedInRequest, pk: int) -> HttpResponse:
    document = _document(request, pk)
    context = {
        "document": document,
        "view": desk_page.desk_view(document, request.GET, today=request.today),
        "sections": document.sections.select_related("part").order_by("order"),
        "kinds": KINDS[:-1],
        "roles": PARTS,
        "intervals": INTERVALS,
        "here": request.get_full_path(),
    }
    return page(request, TEMPLATES + "desk.html", context, fragment=TEMPLATES + "_desk.html")


@write(form="desk")
def desk_act(request: SignedInRequest, pk: int) -> HttpResponse:
    """An act on the selected rows; why one is refused is told on the desk."""
    document = _document(request, pk)
    form = DeskForm.of(request.POST)
    try:
        if not form.is_valid():
            raise Invalid({name: list(map(str, faults)) for name, faults in form.errors.items()})
        data = form.cleaned_data
        ACTS[data["act"]](
            data, document=document, seen=data["row"], by=request.user, now=request.now
        )
    except NotAllowed:
        raise
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    return redirect_back(request, reverse("desk", args=[pk]))


@write(form="desk")
def desk_undo(request: SignedInRequest, pk: int) -> HttpResponse:
    document = _document(request, pk)
    try:
        acts.undo(document=document, number=seen_version(request), by=request.user, now=request.now)
    except Invalid as refusal:
        messages.warning(request, str(refusal))
    return redirect_back(request, reverse("desk", args=[pk]))


# one row


def _row(document: Document, row: int) -> Directive:
    rows = desk_page.desk_rows_of(document).select_related("section", "checked_by")
    directive = get_object_or_404(rows.prefetch_related("items"), pk=row)
    directive.document = document
    return directive


def _editor(
    request: SignedInRequest,
    directive: Directive,
    *,
    forms: CorrectionForms | None = None,
    typed: dict[str, str] | None = None,
    fault: str = "",
    status: int = 200,
) -> HttpResponse:
    """What can be done with one row, with what was typed and why it was refused."""
    document = directive.document
    start, end = directive.source_start, directive.source_end
    shown = request.GET.urlencode() if request.method == "GET" else ""
    back = f"{reverse('desk', args=[document.pk])}{f'?{shown}' if shown else ''}"
    context = {
        "document": document,
        "row": desk_page.desk_row(document, directive, today=request.today),
        "directive": directive,
        "forms": forms or CorrectionForms(directive, correcting.reading_of(directive)),
        "typed": typed or {},
        "fault": fault,
        "source": document.text_read[start:end] if start is not None else "",
        "repairs": desk_page.undecided_in(directive),
        "back": request.POST.get("next", back),
    }
    response = page(
        request,
        TEMPLATES + "desk_row.html",
        context,
        fragment=TEMPLATES + "_desk_edit.html",
        status=status,
    )
    if status >= 400 and request.htmx:
        response["HX-Retarget"], response["HX-Reswap"] = f"#e{directive.pk}", "innerHTML"
    return response


@require_GET
def desk_row(request: SignedInRequest, pk: int, row: int) -> HttpResponse:
    return _editor(request, _row(_document(request, pk), row))


@write(form="desk_row")
def desk_row_save(request: SignedInRequest, pk: int, row: int) -> HttpResponse:
    """Store the reading of one row, as its own page does."""
    directive = _row(_document(request, pk), row)
    forms = CorrectionForms(directive, correcting.reading_of(directive), request.POST)
    if not forms.is_valid():
        return _editor(request, directive, forms=forms, status=422)
    try:
        acts.correct_reading(
            document=directive.document,
            directive=directive,
            correction=forms.correction,
            version=forms.version,
            reason=forms.form.cleaned_data["reason"],
            by=request.user,
            now=request.now,
        )
    except Invalid as refusal:
        refusal.add_to(forms.form)
        return _editor(request, directive, forms=forms, status=422)
    except Stale as refusal:
        return _editor(request, directive, forms=forms, fault=str(refusal), status=409)
    return _back_to(request, directive)


@write(form="desk_row")
def desk_row_text(request: SignedInRequest, pk: int, row: int) -> HttpResponse:
    """Correct or cut the words of one row, name its items, or add a row behind it."""
    directive = _row(_document(request, pk), row)
    form = WordsForm(request.POST)
    if not form.is_valid():
        return _editor(request, directive, fault=str(form.errors), status=422)
    data = form.cleaned_data
    common: dict[str, Any] = {
        "document": directive.document,
        "by": request.user,
        "now": request.now,
    }
    seen = {directive.pk: data["version"]}
    try:
        match data["act"]:
            case "words":
                desk_words.correct_words(seen=seen, text=data["text"], **common)
            case "split":
                desk_words.split(seen=seen, text=data["text"], **common)
            case "items":
                desk_words.set_items(seen=seen, names=data["text"].splitlines(), **common)
            case "add":
                desk_words.add(after=directive, text=data["text"], **common)
    except (Invalid, Stale) as refusal:
        typed = {f"{data['act']}_text": data["text"]}
        status = refusal.status
        return _editor(request, directive, typed=typed, fault=str(refusal), status=status)
    return _back_to(request, directive)


def _back_to(request: SignedInRequest, directive: Directive) -> HttpResponse:
    desk = reverse("desk", args=[directive.document_id])
    response = redirect_back(request, desk)
    response["Location"] = f"{response['Location']}#d{directive.pk}"
    return response


# for readers


@require_GET
def document_text(request: SignedInRequest, pk: int) -> HttpResponse:
    """The document as it reads, without marks."""
    documents = Document.objects.visible_to(request.user).select_related("organisation")
    document = get_object_or_404(documents.defer("source"), pk=pk)
    context = {
        "document": document,
        "sections": desk_page.clean_text(document),
        "may_correct": may(request.user, "own", document),
    }
    return page(request, TEMPLATES + "text.html", context)
