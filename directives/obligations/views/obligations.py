"""Pages of obligations: the list, one obligation, its moves and items."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.numbers import whole_number
from directives.base.refusals import Invalid, Stale
from directives.base.states import ASSIGNED, ESTABLISHED, ITEM_STATES, OBLIGATION_MOVES, OPEN, STAFF
from directives.core.rules import may
from directives.downloads.exporting import answer
from directives.models import ItemState, Obligation
from directives.obligations.commands.supervising import acknowledge_many as acknowledge_all
from directives.obligations.commands.supervising import move_obligation, set_item
from directives.obligations.forms.obligations import ItemForm, MoveForm, field_errors
from directives.obligations.queries.closing import nameable
from directives.obligations.queries.extensions import extensions_of
from directives.obligations.queries.filters import Labels, ObligationFilter
from directives.obligations.queries.listing import filter_options, listing
from directives.obligations.queries.obligation import (
    obligation_page,
    open_items,
    steps,
    visible_obligations,
)
from directives.tables.formats import wants_file
from directives.templatetags.tracker import query
from directives.web.doors import page, redirect_back, write
from directives.web.requests import SignedInRequest

ITEM = "directives/obligations/_item.html"
AT_ONCE = 2_000  # obligations acknowledged by one request, in one transaction


@require_GET
def obligations(request: SignedInRequest) -> HttpResponseBase:
    if wants_file(request):
        return answer(request, "ledger")
    obligation_filter = ObligationFilter.of(request.GET)
    options = filter_options(request.user, obligation_filter)
    if options.contradictory:
        return redirect(request.path + query(request, section=""))
    result = listing(request.user, options, request.GET, today=request.today)
    if not result.page.rows and result.page.is_stale:
        return redirect(request.path + query(request))
    context = {
        "list": result,
        "page": result.page,
        "rows": result.page.rows,
        "filter": obligation_filter,
        "labels": Labels.for_reader(oversees=request.user.oversees),
        "acknowledging_bodies": request.user.bodies_as(STAFF),
    }
    return page(
        request,
        "directives/obligations/list.html",
        context,
        fragment="directives/obligations/_list.html",
    )


def _context(request: SignedInRequest, row: Obligation, **extra: object) -> dict[str, object]:
    details = obligation_page(row, request.user, today=request.today, workdays=request.workdays)
    can_edit = may(request.user, "work", row) and row.state in OPEN
    items: list[ItemState] = []
    if any(step.settles for step in details.steps):
        items = [item for item in details.items if item.state != ESTABLISHED]
    return {
        "details": details,
        "extensions": extensions_of(row, request.user, request.today),
        "row": row,
        "can_edit": can_edit,
        "item_states": ITEM_STATES,
        "closing_form": MoveForm(items=items, evidence=details.nameable),
        **extra,
    }


@require_GET
def obligation(request: SignedInRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(visible_obligations(request.user), pk=pk)
    return page(request, "directives/obligations/detail.html", _context(request, row))


@write
def obligation_move(request: SignedInRequest, pk: int, action: str) -> HttpResponse:
    row = get_object_or_404(visible_obligations(request.user), pk=pk)
    if action not in OBLIGATION_MOVES:
        raise Http404
    evidence = nameable(row) if action == "request_close" else None
    form = MoveForm(request.POST, items=open_items(row, action), evidence=evidence)
    try:
        if not form.is_valid():
            raise Invalid(field_errors(form))
        move_obligation(
            obligation=row, action=action, by=request.user, now=request.now, **form.move()
        )
    except (Invalid, Stale) as refusal:
        form.add_errors(refusal)
        row = get_object_or_404(visible_obligations(request.user), pk=pk)
        move_unavailable = action not in {step.action for step in steps(row, request.user)}
        context = _context(
            request,
            row,
            refusal=refusal,
            attempted_action=action,
            form=form,
            move_unavailable=move_unavailable,
        )
        context |= {"closing_form": form} if form.items else {}
        return render(request, "directives/obligations/detail.html", context, status=refusal.status)
    messages.success(request, _("Done: %(move)s.") % {"move": OBLIGATION_MOVES[action].label})
    return redirect_back(request, reverse("obligation", args=[pk]))


@write
def acknowledge_many(request: SignedInRequest) -> HttpResponse:
    bodies = [*request.user.bodies_as(STAFF)]
    ordered = Obligation.objects.select_related("organisation").order_by("pk")
    if request.POST.get("all"):
        rows = ObligationFilter.of(request.POST).apply(ordered, request.today)
        rows = rows.filter(state=ASSIGNED, organisation__in=bodies)
    else:
        selected_ids = [
            pk for text in request.POST.getlist("pick") if (pk := whole_number(text)) is not None
        ]
        rows = ordered.visible_to(request.user).filter(pk__in=selected_ids[:AT_ONCE])
    to_acknowledge = list(rows[: AT_ONCE + 1])
    if not to_acknowledge:
        messages.warning(request, _("Select at least one row first."))
        return redirect_back(request, "/obligations/")
    count = acknowledge_all(obligations=to_acknowledge[:AT_ONCE], by=request.user, now=request.now)
    messages.success(request, _("Acknowledged: %(count)s.") % {"count": count})
    if len(to_acknowledge) > AT_ONCE:
        messages.warning(request, _("More to acknowledge: acknowledge the rest in the same way."))
    return redirect_back(request, "/obligations/")


@write
def item_state(request: SignedInRequest, pk: int, state: int) -> HttpResponse:
    row = get_object_or_404(visible_obligations(request.user), pk=pk)
    item = get_object_or_404(
        ItemState.objects.filter(obligation=row).select_related("item"), pk=state
    )
    item.obligation, form = row, ItemForm(request.POST)
    context = {
        "row": row,
        "item": item,
        "form": form,
        "can_edit": True,
        "open": True,
        "item_states": ITEM_STATES,
    }
    try:
        if not form.is_valid():
            raise Invalid(field_errors(form))
        set_item(item=item, by=request.user, now=request.now, **form.cleaned_data)
    except (Invalid, Stale) as refusal:
        context |= {"refusal": refusal, "item": getattr(refusal, "theirs", None) or item}
        template = ITEM if request.htmx else "directives/obligations/item.html"
        return render(request, template, context, status=refusal.status)
    if request.htmx:
        context |= {"open": False, "form": None}
        return render(request, ITEM, context)
    return redirect(f"{reverse('obligation', args=[pk])}#item-{item.pk}")
