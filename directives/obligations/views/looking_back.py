"""Looking back at closed work: the page of a document, and results."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.numbers import whole_number
from directives.base.refusals import Invalid
from directives.base.states import LOOK_BACK_MOVES
from directives.core.rules import may
from directives.models import Document, LookBack, LookBackRule
from directives.models.documents import HEAVY
from directives.obligations.commands.looking_back import (
    open_look_backs,
    record_look_back,
    save_rule,
)
from directives.obligations.forms.looking_back import ResultForm, RuleForm
from directives.obligations.forms.obligations import field_errors
from directives.obligations.queries.looking_back import look_back_page
from directives.obligations.queries.obligation import visible_obligations
from directives.web.doors import demand, page, redirect_back, write
from directives.web.requests import SignedInRequest


def _document(request: SignedInRequest, pk: int) -> Document:
    """The document, for supervisors. Raises Http404 or PermissionDenied."""
    documents = Document.objects.visible_to(request.user).select_related("organisation")
    document = get_object_or_404(documents.defer(*HEAVY), pk=pk)
    if not request.user.supervises:
        raise PermissionDenied
    return document


def _answer(
    request: SignedInRequest, document: Document, form: RuleForm | None = None, status: int = 200
) -> HttpResponse:
    details = look_back_page(document, request.user, today=request.today)
    stored = details.rule or LookBackRule(document=document, version=0)
    context = {
        "document": document,
        "details": details,
        "may_set": may(request.user, "own", document),
        "form": form or RuleForm(instance=stored, initial={"version": stored.version}),
    }
    return page(request, "directives/look_backs/page.html", context, status=status)


@require_GET
def look_backs(request: SignedInRequest, pk: int) -> HttpResponse:
    return _answer(request, _document(request, pk))


@write(form="look_backs")
def look_back_rule(request: SignedInRequest, pk: int) -> HttpResponse:
    document, form = _document(request, pk), RuleForm(request.POST)
    demand(request.user, "own", document)
    if not form.is_valid():
        return _answer(request, document, form, 422)
    version = form.cleaned_data["version"]
    save_rule(document=document, rule=form.rule, version=version, by=request.user, now=request.now)
    messages.success(request, _("Saved."))
    return redirect("look_backs", pk)


@write(form="look_backs")
def look_back_open(request: SignedInRequest, pk: int) -> HttpResponse:
    document = _document(request, pk)
    numbers = map(whole_number, request.POST.getlist("row"))
    chosen = {number for number in numbers if number is not None}
    details = look_back_page(document, request.user, today=request.today)
    why = {line.row.pk: line.why for line in details.proposals}
    rows = visible_obligations(request.user).filter(document=document, pk__in=chosen)
    made = open_look_backs(
        obligations=list(rows.order_by("pk")),
        why={row: why.get(row, ("chosen",)) for row in chosen},
        draw=details.draw,
        by=request.user,
        now=request.now,
    )
    messages.success(request, _("Look-backs planned: %(count)s.") % {"count": len(made)})
    return redirect_back(request, reverse("look_backs", args=[pk]))


def _page_of(request: SignedInRequest, pk: int, action: str) -> str:
    row = get_object_or_404(LookBack.objects.visible_to(request.user), pk=pk)
    return reverse("obligation", args=[row.obligation_id])


@write(form=_page_of)
def look_back_result(request: SignedInRequest, pk: int, action: str) -> HttpResponse:
    related = ("obligation__organisation", "obligation__directive", "obligation__document")
    rows = LookBack.objects.visible_to(request.user).select_related(*related)
    row, form = get_object_or_404(rows, pk=pk), ResultForm(request.POST)
    if f"look_back_{action}" not in LOOK_BACK_MOVES:
        raise Http404
    demand(request.user, "oversee", row.obligation)
    if not form.is_valid():
        raise Invalid(field_errors(form))
    record_look_back(
        look_back=row,
        action=f"look_back_{action}",
        files=request.FILES.getlist("files"),
        by=request.user,
        now=request.now,
        **form.cleaned_data,
    )
    messages.success(
        request, _("Done: %(move)s.") % {"move": LOOK_BACK_MOVES[f"look_back_{action}"].label}
    )
    return redirect("obligation", row.obligation_id)
