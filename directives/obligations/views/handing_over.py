"""Handing disputed obligations over to another organisation."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.numbers import whole_number
from directives.base.refusals import IllegalMove, Invalid, Stale
from directives.core.transitions import can_move
from directives.models import Obligation
from directives.obligations.commands import handing_over
from directives.obligations.commands.choosing import candidates
from directives.obligations.forms.handing_over import HandoverForm
from directives.obligations.queries.handing_over import disputed_rows, handover_page
from directives.obligations.queries.obligation import visible_obligations
from directives.web.doors import demand, page, write
from directives.web.requests import SignedInRequest

HERE = "directives/handing_over/page.html"
BODIES = "directives/handing_over/_bodies.html"


def _row(request: SignedInRequest, pk: int) -> Obligation:
    """Return the obligation. Raises Http404 or PermissionDenied."""
    row = get_object_or_404(visible_obligations(request.user), pk=pk)
    demand(request.user, "oversee", row)
    return row


def _answer(
    request: SignedInRequest, row: Obligation, form: HandoverForm, *, status: int = 200
) -> HttpResponse:
    fields = request.POST if form.is_bound else request.GET
    chosen = HandoverForm(fields).versions.keys() or ({row.pk} if not form.is_bound else ())
    details = handover_page(
        row,
        request.user,
        chosen=chosen,
        body=whole_number(fields.get("body", "")),
        q=fields.get("q", "").strip()[:60],
        today=request.today,
        workdays=request.workdays,
    )
    context = {"row": row, "details": details, "form": form, "q": fields.get("q", "")}
    return page(request, HERE, context, fragment=BODIES, status=status)


@require_GET
def hand_over(request: SignedInRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    if not can_move(row, "redirect", request.user):
        return redirect("obligation", pk)
    return _answer(request, row, HandoverForm())


@write(form="hand_over")
def hand_over_save(request: SignedInRequest, pk: int) -> HttpResponse:
    row, form = _row(request, pk), HandoverForm(request.POST)
    if not can_move(row, "redirect", request.user):
        raise IllegalMove(_("This is no longer disputed."))
    body = candidates(request.user).filter(pk=whole_number(request.POST.get("body", ""))).first()
    try:
        if not form.is_valid():
            return _answer(request, row, form, status=422)
        if body is None:
            raise Invalid({"body": [_("Choose an organisation.")]})
        rows = [each for each in disputed_rows(row, request.user) if each.pk in form.versions]
        if {each.pk: each.version for each in rows} != form.versions:
            raise Stale
        cleaned = {name: form.cleaned_data[name] for name in ("days", "reason", "link")}
        targets = handing_over.hand_over(
            obligations=rows, body=body, by=request.user, now=request.now, **cleaned
        )
    except Invalid as refusal:
        refusal.add_to(form)
        return _answer(request, row, form, status=422)
    words = {"count": len(targets), "body": body.name_hans}
    messages.success(request, _("Handed over to %(body)s: %(count)s.") % words)
    return redirect("obligation", targets[0].pk)
