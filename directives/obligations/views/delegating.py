"""Pages of delegation: breaking an obligation down, and the tree of its parts."""

from collections.abc import Mapping, Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import Invalid, Stale
from directives.base.states import OBLIGATION_MOVES
from directives.core.transitions import can_move, demand_state
from directives.models import Obligation
from directives.obligations.commands import delegating
from directives.obligations.forms.delegating import BreakDownForm
from directives.obligations.forms.obligations import MoveForm
from directives.obligations.queries import delegating as queries
from directives.obligations.queries.obligation import visible_obligations
from directives.web.doors import demand, page, write
from directives.web.requests import SignedInRequest

TEMPLATES = "directives/delegating/"


def _row(request: SignedInRequest, pk: int) -> Obligation:
    """Return the obligation. Raises Http404 or PermissionDenied."""
    row = get_object_or_404(visible_obligations(request.user), pk=pk)
    demand(request.user, "delegate", row)
    return row


def _answer(
    request: SignedInRequest,
    row: Obligation,
    form: BreakDownForm,
    *,
    status: int = 200,
    errors: Mapping[str, Sequence[str]] | None = None,
) -> HttpResponse:
    """Answer with the page; `errors` are those of single organisations, by field."""
    typed = form if form.is_bound else BreakDownForm(request.GET)
    q = request.GET.get("q", "").strip()[:60]
    details = queries.break_down_page(
        row, chosen=typed.bodies, all_below=typed.all_below, q=q, today=request.today
    )
    context = {"row": row, "details": details, "form": form, "typed": typed, "q": q}
    context["errors"] = errors or {}
    fragment = TEMPLATES + "_bodies.html"
    return page(request, TEMPLATES + "break_down.html", context, fragment=fragment, status=status)


@require_GET
def break_down(request: SignedInRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    if not can_move(row, "break_down", request.user):
        return redirect("obligation", pk)
    return _answer(request, row, BreakDownForm(initial={"version": row.version}))


@write(form="break_down")
def break_down_save(request: SignedInRequest, pk: int) -> HttpResponse:
    row, form = _row(request, pk), BreakDownForm(request.POST)
    demand_state(row, OBLIGATION_MOVES["break_down"])
    if not form.is_valid():
        return _answer(request, row, form, status=422)
    try:
        broken = delegating.break_down(
            obligation=row,
            shares=form.shares(_chosen(request, row, form)),
            terms=form.terms,
            by=request.user,
            now=request.now,
            version=form.cleaned_data["version"],
        )
    except Invalid as refusal:
        row = _row(request, pk)  # as stored: the command had changed the one in memory
        of_one = {name: texts for name, texts in refusal.errors.items() if name.startswith("due-")}
        Invalid({k: v for k, v in refusal.errors.items() if k not in of_one}).add_to(form)
        return _answer(request, row, form, status=422, errors=of_one)
    except Stale as refusal:
        form.add_error(None, str(refusal))
        return _answer(request, _row(request, pk), form, status=refusal.status)
    counts = {"count": broken.count, "linked": len(broken.linked)}
    messages.success(
        request, _("Broken down: %(count)s parts, %(linked)s of them assigned before.") % counts
    )
    return redirect("breakdown", pk)


def _chosen(request: SignedInRequest, row: Obligation, form: BreakDownForm) -> list:
    """The chosen organisations below, or those directly below that are free."""
    below = queries.bodies_below(row, request.today)
    chosen = {body.pk: body for body in below.filter(pk__in=sorted(form.bodies))}
    if form.all_below:
        children = queries.free_children(row, request.today)
        limit = delegating.MOST_BODIES + 1
        chosen |= {body.pk: body for body in children[:limit]}
    return list(chosen.values())


@require_GET
def breakdown(request: SignedInRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(visible_obligations(request.user), pk=pk)
    lines = queries.tree(row, request.user)
    context = {
        "row": row,
        "lines": lines,
        "top": lines[0].row,
        "can_break_down": can_move(row, "break_down", request.user),
    }
    return page(request, TEMPLATES + "tree.html", context)


@write(form="obligation")
def part_release(request: SignedInRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(visible_obligations(request.user), pk=pk)
    demand(request.user, "release", row)
    form = MoveForm(request.POST)
    form.is_valid()
    version = form.cleaned_data.get("version")
    delegating.release(part=row, by=request.user, now=request.now, version=version)
    messages.success(request, _("It is an obligation of its own again."))
    return redirect("obligation", pk)
