"""Who leads a directive, how far each supporting body is, and asking them for inputs."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.base.refusals import IllegalMove, Invalid
from directives.models import Directive
from directives.models.documents import HEAVY_OF_DOCUMENT
from directives.replies.commands import ask_inputs
from directives.replies.forms import AskForm
from directives.replies.queries.support import may_ask_any, support, supporting_rows
from directives.web.doors import page, paged, write
from directives.web.requests import SignedInRequest


def _directive(request: SignedInRequest, pk: int) -> Directive:
    rows = Directive.objects.visible_to(request.user).select_related("document", "section")
    return get_object_or_404(rows.defer(*HEAVY_OF_DOCUMENT), pk=pk)


def _page(
    request: SignedInRequest, directive: Directive, form: AskForm | None = None, status: int = 200
) -> HttpResponse:
    rows = supporting_rows(request.user, directive)
    shown = paged(request, rows)
    view = support(
        directive,
        list(shown.object_list),
        request.user,
        today=request.today,
        workdays=request.workdays,
    )
    form = form or AskForm(rows=rows)
    context = {"view": view, "directive": directive, "page": shown, "form": form}
    return page(request, "directives/replies/support.html", context, status=status)


@require_GET
def support_page(request: SignedInRequest, pk: int) -> HttpResponse:
    return _page(request, _directive(request, pk))


@write
def support_ask(request: SignedInRequest, pk: int) -> HttpResponse:
    directive = _directive(request, pk)
    if not may_ask_any(request.user, directive):
        raise PermissionDenied
    form = AskForm(request.POST, rows=supporting_rows(request.user, directive))
    if form.is_valid():
        asked = {name: form.cleaned_data[name] for name in ("text", "due_on")}
        try:
            count = len(
                ask_inputs(
                    obligations=form.cleaned_data["to"], **asked, by=request.user, now=request.now
                )
            )
        except Invalid as refusal:
            refusal.add_to(form)
        except IllegalMove as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Asked: %(count)s.") % {"count": count})
            return redirect("support", pk)
    return _page(request, directive, form, status=422)
